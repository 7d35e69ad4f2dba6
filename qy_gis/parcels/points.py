"""Tables with a row for each boundary point: what each row and each column is, and the parcels they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import CRSError, SourceError
from qy_gis.measure.crs import ZONES, check_crs, grid_epsg
from qy_gis.parcels.blocks import Block, Row, build_blocks
from qy_gis.parcels.coordinates import recognise, zone_prefix
from qy_gis.parcels.headings import IDS, NAMES, NUMBERS, Roles, find_roles, is_axis, is_id, is_of_points, plain_heading
from qy_gis.parcels.limits import check_time
from qy_gis.parcels.pasted import Rows
from qy_gis.parcels.repairs import Faults, Notes, TextFault, as_repairs, dump_repairs, gather_faults, list_faults, note
from qy_gis.parcels.rings import Point
from qy_gis.parcels.values import is_number, to_number

#: A column in blocks has at least so many rows of each value: fewer points are no parcel.
_FEWEST = 3

#: What a row without coordinates may be about at the foot of a table or of its page.
_FOOT = re.compile(
    r"面积|合计|总计|小计|周长|制表|制图|绘图|计算|审核|校核|检查|复核|填表|测量|日期|备注|说明|单位|坐标系|注[::]"
    r"|第.{0,6}页|共.{0,6}页|^s\s*=|area|total|note|page|checked|date",
    re.IGNORECASE,
)
_EDGE = re.compile(r"[A-Za-z]{0,3}[0-9]+\s*[-—~～至→]+\s*[A-Za-z]{0,3}[0-9]+")
_NAMED_POINT = re.compile(r"[A-Za-z]{0,3}[-.]?[0-9]{1,6}")
_OLD_DATUM = re.compile(r"北京\s*(19)?54|(19)?54\s*年?\s*北京|西安\s*(19)?80|(19)?80\s*年?\s*西安|beijing|xi'?an", re.I)

#: The column with the text above a block of points.
_CAPTION = "地块名称"


class Table(NamedTuple):
    """Rows of text under headings, with the line of each; what the columns are for; what was left out."""

    headings: list[str]
    rows: Rows
    roles: Roles
    notes: Notes


class _Points(NamedTuple):
    """The rows of points by line, what stands above each and the text there, and their coordinates as written."""

    lines: list[int]
    cells: list[list[str]]
    above: list[str]
    captions: list[str]
    north: NDArray[np.float64]
    east: NDArray[np.float64]


class _Key(NamedTuple):
    """What tells the parcels apart: each row's text, whether it is an id, the column."""

    values: list[str]
    by_id: bool
    column: int | None


def read_points(table: Table, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return the parcels of a table of points.

    The columns of the result are those of the table that have one value for each parcel, ``parcel_id`` if the points
    are told apart by an id, and ``source_repairs``.

    Raises
    ------
    SourceError
        Coordinates that are no numbers, or points of which it cannot be told what parcel they are of.
    CRSError
        The grid is not known, or old, or contradicts the numbers of zones in the table.
    """
    points = _read_rows(table, title)
    crs = _zoned_crs(table, points, title) or crs
    first, second = points.north, points.east
    # Under X and Y, X is north as in every survey; but programs and tables of degrees put the longitude there.
    plain = plain_heading(table.headings[table.roles.columns["north"]])
    degrees = bool((np.abs(np.concatenate([first, second])) <= 180).all())
    east_first = (degrees and plain.startswith("x")) or table.roles.x_is_east
    known = recognise(first, second, crs=crs, north_first=not east_first, title=title)
    north, east = (first, second) if known.north_first else (second, first)

    numbers, key = _find_number_and_key(table, points)
    ring = table.roles.columns.get("ring")
    # QGIS counts rings from 0.
    first_ring = 1 if ring is not None and any(_cell(cells, ring) == "0" for cells in points.cells) else 0
    rows = [
        Row(
            i,
            Point(line, _number(cells, numbers), _ring(cells, ring) + first_ring, float(north[i]), float(east[i])),
            value,
            above,
        )
        for i, (line, cells, value, above) in enumerate(
            zip(points.lines, points.cells, key.values, points.above, strict=True)
        )
    ]
    faults: Faults = _find_gaps(table, points, key)
    built = build_blocks(rows, by_id=key.by_id, faults=faults)
    attributes = _attributes(table, numbers)
    if not faults:
        attributes = _parcels_own(table, points, attributes, [block for _, block in built], key, faults)
    if faults:
        raise gather_faults(SourceError, faults, en=f"{title} cannot be read", zh=f"{title} 无法读取")
    general = [*as_repairs(table.notes), *known.repairs]
    frame = []
    for outline, block in built:
        check_time(title)
        own = {table.headings[at]: _first(points.cells, block.rows, at) for at in attributes}
        if caption := points.captions[block.rows[0]]:
            own.setdefault(_CAPTION, caption)
        if key.by_id:
            own.setdefault("parcel_id", key.values[block.rows[0]])
        frame.append({**own, SOURCE_REPAIRS: dump_repairs([*general, *as_repairs(block.notes)]), "geometry": outline})
    return gpd.GeoDataFrame(pd.DataFrame(frame), geometry="geometry", crs=known.crs)


# Rows: points, and what stands between them.


def _read_rows(table: Table, title: str) -> _Points:
    """Return the points of a table; what is none is noted, or a fault."""
    lines: list[int] = []
    cells_of, above, captions, values = [], [], [], []
    faults: list[tuple[int, str]] = []
    between = caption = ""
    left_out: list[tuple[int, str]] = []
    for line, cells in table.rows:
        if line % 10_000 == 0:
            check_time(title)
        kind, pair = _kind(cells, table)
        if kind == "point":
            lines.append(line)
            cells_of.append(cells)
            above.append(between)
            captions.append(caption)
            values.append(pair)
            between = ""
        elif kind == "fault":
            at = [table.roles.columns[axis] for axis in ("north", "east")]
            wrong = [i for i, value in zip(at, pair, strict=True) if value is None]
            faults += [(line, f"{table.headings[i]!r} = {_cell(cells, i)!r}") for i in wrong]
        elif kind == "blank":
            # A blank line between a caption and its points parts nothing.
            caption = caption if between == "caption" else ""
            between = between or "blank"
        elif kind == "heading":
            between = "heading"
        else:
            text = " ".join(cell for cell in cells if cell)
            check_old_datum(text, line, title)
            left_out.append((line, text))
            if kind == "text":
                is_foot = _FOOT.search(text) is not None
                caption = "" if is_foot else text.rstrip(":： ")
                between = "foot" if is_foot and between != "caption" else "caption"
    if faults:
        raise _not_numbers(faults, title)
    if not values:
        raise SourceError(
            f"{title} has headings, but no points; accepted is a row for each point",
            zh=f"{title} 只有表头，没有界址点；每点须占一行",
        )
    if len({*captions}) == 1:
        # The one line above all points is a title.
        captions = [""] * len(captions)
    for line, text in left_out:
        if text.rstrip(":： ") not in captions:
            note(table.notes, "无坐标的行略去 / row without coordinates left out", line, text, "")
    _note_heights(table, lines, cells_of)
    numbers = np.array(values, dtype=float)
    return _Points(lines, cells_of, _unless_spaced(["", *above[1:]]), captions, numbers[:, 0], numbers[:, 1])


def _note_heights(table: Table, lines: list[int], cells_of: list[list[str]]) -> None:
    """Note that heights are dropped; a height of 0 in all points is none."""
    at = table.roles.columns.get("height")
    for line, cells in zip(lines, cells_of, strict=True):
        if (text := _cell(cells, at)) and to_number(text) != 0:
            note(table.notes, "去除高程 Z / Z dropped", line, f"Z = {text[:40]}", "")


def _kind(cells: list[str], table: Table) -> tuple[str, list[float | None]]:
    """Return what a row is (point, fault, blank, heading, measure, text), and its coordinates as far as they are."""
    if not any(cells):
        return "blank", []
    columns = table.roles.columns
    texts = [_cell(cells, columns[axis]) for axis in ("north", "east")]
    pair = [to_number(text) for text in texts]
    if None not in pair:
        return "point", pair
    if find_roles(cells).are_known:
        return "heading", []
    is_named = _NAMED_POINT.fullmatch(_cell(cells, columns.get("number"))) is not None
    alone = sum(map(bool, cells)) == 1
    is_point = is_named or any(value is not None for value in pair) or (any(texts) and not alone)
    if is_point and not _FOOT.search(" ".join(cells)):
        return "fault", pair
    return ("measure" if _is_measure(cells) else "text"), []


def _cell(cells: Sequence[str], at: int | None) -> str:
    return cells[at] if at is not None and at < len(cells) else ""


def _is_measure(cells: list[str]) -> bool:
    """Return whether a row has nothing but a length, as between the points of a 界址点成果表."""
    texts = [cell for cell in cells if cell]
    return is_number(texts[-1]) and all(_EDGE.fullmatch(text) for text in texts[:-1])


def _unless_spaced(above: list[str]) -> list[str]:
    """Return what stands above each point; blank lines above every one of them are only wide spacing."""
    if len(above) > _FEWEST and all(one == "blank" for one in above[1:]):
        return [""] * len(above)
    return above


def check_old_datum(text: str, line: int, title: str) -> None:
    """Raise an error if a line of a table says that it is on an old datum."""
    if _OLD_DATUM.search(text):
        raise CRSError(
            f"{title}, line {line}: found {text[:60]!r}; accepted is CGCS2000. Transformations from Beijing 1954 and "
            "Xi'an 1980 are classified: have the coordinates converted by the surveying office first",
            zh=f"{title} 第 {line} 行：{text[:60]!r}；只接受 2000 国家大地坐标系。1954 北京、1980 "
            "西安坐标系的转换参数涉密，"
            "请先由测绘单位转换坐标",
        )


def _not_numbers(faults: list[tuple[int, str]], title: str) -> SourceError:
    accepted = (
        "metres or degrees: 2622000.000, 2,622,000.000, 113.0509, 113°03′03.2″; in a workbook, numbers with all "
        "their digits (no 3.84E+07)"
    )
    zh = "米或度：2622000.000、2,622,000.000、113.0509、113°03′03.2″；工作簿中须为保留全部位数的数字（不是 3.84E+07）"
    return SourceError(
        f"{title}: coordinates that are no numbers; accepted are {accepted}:\n"
        + list_faults([f"line {line}: {text}" for line, text in faults]),
        zh=f"{title}：坐标不是数字；接受{zh}：\n"
        + list_faults([f"第 {line} 行：{text}" for line, text in faults], zh=True),
    )


# Columns: the number of the point, what tells parcels apart, what is of the parcel and what of the point.


def _find_number_and_key(table: Table, points: _Points) -> tuple[int | None, _Key]:
    """Return the column with the numbers of the points, if there is one, and what tells the parcels apart."""
    plain = [plain_heading(heading) for heading in table.headings]
    used = {at for role, at in table.roles.columns.items() if role != "number"}
    number = table.roles.columns.get("number")
    ids, numbers, names = (
        [plain.index(name) for name in dict.fromkeys(group) if name in plain and plain.index(name) not in used]
        for group in (IDS, NUMBERS, NAMES)
    )
    ids += [at for at, heading in enumerate(table.headings) if at not in (*used, *ids) and is_id(heading)]
    # A number that stands still for several points is that of a parcel.
    if number is not None and is_still(_filled(points, number)):
        numbers, number = [number, *numbers], None
    known = [at for at in dict.fromkeys([*ids, *numbers, *names]) if at != number]
    counting = [at for at in known if not is_still(_filled(points, at))]
    if number is None and counting:
        # All different, or counting up: it numbers the points.
        number = min(counting, key=lambda at: (at not in numbers, at))
    still = [at for at in known if at not in counting and any(_filled(points, at))]
    varying = [at for at in still if len({*_filled(points, at)}) > 1]
    if chosen := (varying or still):
        by_id = chosen[0] in ids or (chosen[0] in numbers and bool(varying))
        return number, _Key(_filled(points, chosen[0]), by_id, chosen[0])
    return number, _find_unnamed_key(table, points, {*used, number, *counting})


def _find_gaps(table: Table, points: _Points, key: _Key) -> Faults:
    """Return the rows without an id or a name below rows that all have theirs: no merged cell would leave them so."""
    if key.column is None:
        return []
    cells = [_cell(cells, key.column) for cells in points.cells]
    heading = table.headings[key.column]
    return [
        TextFault(
            points.lines[i],
            1,
            f"found no {heading!r}, which the rows above have each; accepted is one in every row of a "
            "parcel, or in its "
            "first row alone",
            f"未填“{heading}”，而上方各行均已填写；须每行填写，或只在地块首行填写",
        )
        for i in range(2, len(cells))
        if not cells[i] and cells[i - 1] and cells[i - 1] == cells[i - 2]
    ]


def _find_unnamed_key(table: Table, points: _Points, used: set[int | None]) -> _Key:
    """Return as key a column of unknown heading that changes in blocks; what is said in between parts blocks anyway."""
    for at, heading in enumerate(table.headings):
        if at not in used and heading and not is_of_points(heading) and _is_in_blocks(_filled(points, at)):
            line = next(n for n, cells in zip(points.lines, points.cells, strict=True) if _cell(cells, at))
            what = "无地块编号,按此列分块 / no id of the parcels: told apart by this column"
            note(table.notes, what, line, "", heading)
            return _Key(_filled(points, at), False, at)
    return _Key([""] * len(points.lines), False, None)


def _filled(points: _Points, at: int) -> list[str]:
    """Return the cells of a column; a blank one is that of the row above, as in merged cells."""
    found, current = [], ""
    for cells in points.cells:
        current = _cell(cells, at) or current
        found.append(current)
    return found


def _runs(values: list[str]) -> list[int]:
    """Return how long each value stands still."""
    changes = [i for i in range(1, len(values)) if values[i] != values[i - 1]]
    return [after - before for before, after in pairwise([0, *changes, len(values)])]


def is_still(values: list[str]) -> bool:
    """Return whether a column keeps its value from point to point, and does not number them."""
    # Where a ring closes with its first number and the next begins, a number stands twice.
    return len(values) < _FEWEST or 2 * len(_runs(values)) <= len(values)


def _is_in_blocks(values: list[str]) -> bool:
    return len({*values} - {""}) > 1 and min(_runs(values)) >= _FEWEST


def _attributes(table: Table, number: int | None) -> list[int]:
    """Return the columns that are neither coordinates nor numbers of points; of equal headings, the first."""
    used = {*table.roles.columns.values(), number} if "outline" not in table.roles.columns else {number}
    used -= {table.roles.columns.get("number")} - {number}
    found: dict[str, int] = {}
    for at, heading in enumerate(table.headings):
        if at not in used and heading and heading != "geometry":
            found.setdefault(heading, at)
    return list(found.values())


def _parcels_own(
    table: Table, points: _Points, attributes: list[int], blocks: list[Block], key: _Key, faults: Faults
) -> list[int]:
    """Return the columns with one value for each parcel; one that changes within one is a fault, or is left out."""
    kept, of_points = [], []
    for at in attributes:
        changed = next((found for block in blocks if (found := _changes(points, block, at))), None)
        heading = table.headings[at]
        if changed is None or at == key.column:
            kept.append(at)
        elif is_of_points(heading) or is_axis(heading) or not is_still([_cell(cells, at) for cells in points.cells]):
            of_points.append(at)
        else:
            line, before, after = changed
            faults.append(
                TextFault(
                    line,
                    1,
                    f"{heading!r} changes from {before!r} to {after!r} within one parcel; accepted is one value for a "
                    "parcel: give each parcel its own 地块编号, or delete the column if it is of the points",
                    f"“{heading}”在同一地块内由 {before!r} 变为 {after!r}；"
                    "每个地块只接受一个值：请为各地块分别填写地块编号，"
                    "若该列属于界址点，请删去",
                )
            )
    if of_points:
        named = ", ".join(table.headings[at] for at in of_points)
        note(table.notes, "界址点自身的列略去 / columns of single points left out", points.lines[0], named, "")
    return kept


def _changes(points: _Points, block: Block, at: int) -> tuple[int, str, str] | None:
    """Return where a column changes within a parcel: line, the value before, the value there."""
    before = ""
    for i in block.rows:
        value = _cell(points.cells[i], at)
        if value and before and value != before:
            return points.lines[i], before, value
        before = value or before
    return None


def _first(cells: list[list[str]], rows: list[int], at: int) -> str:
    return next((value for i in rows if (value := _cell(cells[i], at))), "")


def _number(cells: list[str], at: int | None) -> str:
    return _cell(cells, at).upper().removeprefix("J")


def _ring(cells: list[str], at: int | None) -> int:
    text = _cell(cells, at)
    return int(text) if text.isdecimal() and len(text) < 10 else 1


# The zone.


def _zoned_crs(table: Table, points: _Points, title: str) -> Any:
    """Return the grid of the zone that a column states; None if none does."""
    at = table.roles.columns.get("zone")
    if at is None:
        return None
    stated: dict[str, int] = {}
    for line, text in zip(points.lines, _filled(points, at), strict=True):
        if text:
            stated.setdefault(text, line)
    zones = {text: _zone(text) for text in stated}
    if not stated:
        return None
    if len({*zones.values()}) > 1 or None in zones.values():
        where = ", ".join(f"{text!r} (line {line})" for text, line in stated.items())
        places = "、".join(f"{text!r}（第 {line} 行）" for text, line in stated.items())
        raise CRSError(
            f"{title}: found the zones {where}; accepted is one 3-degree zone for all points, {ZONES[0]} to "
            f"{ZONES[-1]}, or its central meridian: give each zone its own file",
            zh=f"{title}：带号为 {places}；所有点只接受同一个三度带带号（{ZONES[0]}–{ZONES[-1]}）或其中央经线，"
            "不同带请分成不同文件",
        )
    zone = next(iter(zones.values()))
    eastings = [value for pair in zip(points.north, points.east, strict=True) for value in pair if value >= 1e7]
    prefixes = {zone_prefix(value) for value in eastings}
    if prefixes - {zone}:
        raise CRSError(
            f"{title}: the table states zone {zone}, but eastings have the prefix {sorted(map(str, prefixes))}; "
            "correct the column or the coordinates",
            zh=f"{title}：表中带号为 {zone}，而横坐标的带号为 {sorted(map(str, prefixes))}；请改正带号或坐标",
        )
    return check_crs(grid_epsg(zone or 0, prefixed=bool(prefixes))) if points.north.max() > 180 else None


def _zone(text: str) -> int | None:
    """Return the 3-degree zone that a number of one, or its central meridian, means."""
    found = re.fullmatch(r"([0-9]{2,3})(?:\.0*)?\s*(?:号|带|号带|°|度|e)?", text, re.IGNORECASE)
    if not found:
        return None
    value = int(found[1])
    zone, rest = divmod(value, 3) if value > ZONES[-1] else (value, 0)
    return zone if zone in ZONES and not rest else None
