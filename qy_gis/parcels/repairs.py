"""What was repaired while reading: nothing is changed in a parcel without being listed with the result."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypedDict, TypeVar

import geopandas as gpd

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import QyGisError

E = TypeVar("E", bound=QyGisError)


class TextFault(NamedTuple):
    """What is wrong in a text file, and where: line and column count from 1."""

    line: int
    column: int
    en: str
    zh: str


#: All that is wrong in a text file.
Faults: TypeAlias = list[TextFault]

#: Repairs of a text file by what was done: line, before and after of each place.
Notes: TypeAlias = dict[str, list[tuple[int, str, str]]]


class Repair(TypedDict):
    """One repair, as it stands in the JSON of the column ``source_repairs``."""

    line: int | None
    what: str
    before: str
    after: str


def dump_repairs(repairs: Sequence[Repair]) -> str:
    """Return repairs as the JSON text of ``source_repairs``; "[]" for none."""
    return json.dumps(list(repairs), ensure_ascii=False)


#: Repairs of many parcels: lists by the place of the parcel, for those that had any.
Repairs: TypeAlias = defaultdict[int, list[Repair]]


def add_repair(text: str, repair: Repair) -> str:
    """Return the JSON text of repairs with one more.

    Examples
    --------
    >>> add_repair("[]", Repair(line=1, what="w", before="b", after="a"))
    '[{"line": 1, "what": "w", "before": "b", "after": "a"}]'
    """
    return dump_repairs([*json.loads(text), repair])


def join_repairs(text: str, other: str) -> str:
    """Return the JSON texts of two lists of repairs as one."""
    return dump_repairs([*json.loads(text), *json.loads(other)])


def tell(frame: gpd.GeoDataFrame, what: str, before: str, after: str) -> gpd.GeoDataFrame:
    """Return parcels with one more repair in each, which concerns the whole file."""
    repair = Repair(line=None, what=what, before=before, after=after)
    earlier = frame[SOURCE_REPAIRS] if SOURCE_REPAIRS in frame.columns else ["[]"] * len(frame)
    return frame.assign(**{SOURCE_REPAIRS: [add_repair(text, repair) for text in earlier]})


def count_kinds(kinds: Iterable[str]) -> str:
    """Return how many there are of each kind.

    Examples
    --------
    >>> count_kinds(["Point", "LineString", "Point"])
    '2 Point, 1 LineString'
    """
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kinds).items())


def list_faults(faults: Sequence[str], *, shown: int = 20, zh: bool = False) -> str:
    """Return faults as lines of a message, the first ``shown`` of them and how many more there are."""
    lines = [f"- {fault}" for fault in faults[:shown]]
    if len(faults) > shown:
        more = len(faults) - shown
        lines.append(f"- 另有 {more} 处" if zh else f"- and {more} more")
    return "\n".join(lines)


def gather_faults(kind: type[E], faults: Faults, *, en: str, zh: str) -> E:
    """Return the error that lists all faults of a text file, in the order of the file.

    Parameters
    ----------
    kind
        The error to make.
    faults
        What is wrong, by line and column.
    en, zh
        What cannot be done, in English and in Chinese: the first line of the message, without a colon.
    """
    ordered = sorted(faults)
    english = list_faults([f"line {one.line}, column {one.column}: {one.en}" for one in ordered])
    chinese = list_faults([f"第 {one.line} 行第 {one.column} 列：{one.zh}" for one in ordered], zh=True)
    return kind(f"{en}:\n{english}", zh=f"{zh}：\n{chinese}")


def note(notes: Notes, what: str, line: int, before: str, after: str) -> None:
    """Add one place where something was repaired."""
    notes.setdefault(what, []).append((line, before, after))


def as_repairs(notes: Notes) -> list[Repair]:
    """Return one repair for each kind: the first place, and how many there are."""
    return [
        Repair(
            line=places[0][0],
            what=what if len(places) == 1 else f"{what} ({len(places)} 处 / places)",
            before=places[0][1],
            after=places[0][2],
        )
        for what, places in notes.items()
    ]
