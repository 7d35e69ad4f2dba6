"""The grammar of 界址点 text: a file becomes attributes, parcels and points, each with its line and column.

What writers are known to get wrong is noted with the parcel; everything else is a fault.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from qy_gis.parcels.boundary_dialects import (
    HEADER_TEXT,
    NINE,
    POINT_TEXT,
    RING_FIRST,
    RING_LAST,
    SATELLITE,
    SECTIONS,
)
from qy_gis.parcels.coordinates import is_degrees, is_east, is_north
from qy_gis.parcels.limits import check_time
from qy_gis.parcels.repairs import Faults, Notes, note
from qy_gis.parcels.rings import SAME_M, Point


class Field(NamedTuple):
    """What stands between two commas, and where: line and column count from 1."""

    text: str
    line: int
    column: int


class Parcel(NamedTuple):
    """One parcel as written: its header, layout of its points, the points, lines that are none, and repairs so far."""

    header: dict[str, Field]
    layout: list[tuple[str, ...]]
    points: list[Point]
    unread: list[int]
    notes: Notes

    @property
    def line(self) -> int:
        """The line of the header."""
        return self.header["@"].line


class Boundary(NamedTuple):
    """A whole file: attributes by key, parcels, and what was repaired outside any parcel."""

    attributes: dict[str, Field]
    parcels: list[Parcel]
    notes: Notes


def parse_boundary(text: str, faults: Faults) -> Boundary:
    """Return what a file says; what is against the grammar is added to the faults."""
    found = Boundary({}, [], {})
    section, seen = "", set()
    for line, raw in _lines(text):
        if line % 10_000 == 0:
            check_time("the file")
        name = plain(raw).replace("【", "[").replace("】", "]")
        if name.startswith("["):
            section = name
            seen.add(name)
            if name not in SECTIONS:
                faults.append((line, 1, f"found the section {raw[:60]!r}; accepted are {', '.join(SECTIONS)}"))
            elif name != raw.strip():
                note(found.notes, "全角标点 / full-width punctuation", line, raw.strip(), name)
        elif section == "[地块坐标]":
            _parse_parcel_line(line, raw, found.parcels, faults)
        elif section == "[属性描述]":
            _parse_attribute(line, raw, found, faults)
        elif not section:
            faults.append(
                (line, 1, f"found {raw.strip()[:60]!r} before any section; accepted are {', '.join(SECTIONS)}")
            )
    if "[地块坐标]" not in seen:
        faults.append((1, 1, "there is no section [地块坐标]"))
    elif not found.parcels and not faults:
        faults.append((1, 1, f"there is no parcel in [地块坐标]; accepted is a header {HEADER_TEXT} and its points"))
    return found


def plain(text: str) -> str:
    """Return text with half-width letters, figures and punctuation, without blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if raw.strip():
            yield number, raw


def _parse_attribute(line: int, raw: str, found: Boundary, faults: Faults) -> None:
    key, equals, value = (part.strip() for part in plain(raw).partition("="))
    attributes = found.attributes
    if not equals:
        faults.append((line, 1, f"found {raw.strip()[:60]!r} in [属性描述]; accepted is key=value"))
        return
    column = re.search("[=＝]", raw)
    place = Field(value, line, column.end() + 1 if column else 1)
    if key in attributes and attributes[key].text != value:
        before = attributes[key]
        faults.append((line, place.column, f"found {key}={value!r}, but line {before.line} has {before.text!r}"))
        return
    if "=" not in raw:
        note(found.notes, "全角标点 / full-width punctuation", line, raw.strip(), f"{key}={value}")
    attributes[key] = place


def _split(line: int, raw: str) -> list[Field]:
    """Return the fields of a line with their places; commas at its end are nothing."""
    fields, column = [], 1
    for part in raw.split(","):
        fields.append(Field(part.strip(), line, column + len(part) - len(part.lstrip())))
        column += len(part) + 1
    while len(fields) > 1 and not fields[-1].text:
        fields.pop()
    return fields


def _parse_parcel_line(line: int, raw: str, parcels: list[Parcel], faults: Faults) -> None:
    """Add a header as a new parcel, or a point to the last one."""
    # A name may hold a full-width comma: it separates only in a line that makes no sense otherwise.
    for text in (raw, unicodedata.normalize("NFKC", raw)):
        header = _read_header(_split(line, text))
        if header is not None:
            notes: Notes = {}
            if header["@"].text != "@":
                note(notes, "地块行缺 @ / header without @", line, "", "@")
            if text != raw:
                note(notes, "全角标点 / full-width punctuation", line, raw.strip(), text.strip())
            parcels.append(Parcel(header, [], [], [], notes))
            return
    fields = _split(line, unicodedata.normalize("NFKC", raw))
    if len(fields) > 1 and fields[-1].text == "@":
        found = f"found a header of {len(fields)} fields: {raw.strip()[:60]!r}"
        accepted = f"accepted are 9, {HEADER_TEXT}, or the 5 of other dialects, none with a comma in it"
        faults.append((line, 1, f"{found}; {accepted}"))
        # Its points are no fault of their own.
        parcels.append(Parcel({**dict.fromkeys(NINE, Field("", line, 1)), "@": fields[-1]}, [], [], [line], {}))
        return
    if not parcels:
        faults.append(
            (line, 1, f"found {raw.strip()[:60]!r} before any parcel; accepted is a header {HEADER_TEXT} first")
        )
        return
    if fault := _parse_point(raw, fields, parcels[-1]):
        parcels[-1].unread.append(line)
        faults.append(fault)


def _read_header(fields: list[Field]) -> dict[str, Field] | None:
    """Return the fields of a header by name, None if the line is none."""
    line, end = fields[0].line, fields[-1]
    if len(fields) == 9 and end.text == "@":
        return dict(zip(NINE, fields, strict=True))
    if len(fields) == 5 and end.text == "@":
        # 一张图 has the same number of fields; which of the two it is, its coordinates tell.
        return dict(zip(SATELLITE, fields, strict=True))
    # Without the @ only a header of nine fields can be told from a point, by its length.
    if 6 < len(fields) < 9 and not end.text.endswith("@"):
        blanks = [Field("", line, end.column + len(end.text))] * (9 - len(fields))
        return dict(zip(NINE, [*fields, *blanks], strict=True))
    return None


def _parse_point(raw: str, fields: list[Field], parcel: Parcel) -> tuple[int, int, str] | None:
    """Add a point to a parcel, or return what is wrong with it, and where."""
    line, first = fields[0].line, fields[0]
    layout = {4: RING_FIRST, 5: RING_LAST}.get(len(fields))
    if layout is None or not first.text:
        found = f"found {raw.strip()[:60]!r} with {len(fields)} fields"
        accepted = f"a header of 9 fields {HEADER_TEXT} and points {POINT_TEXT[RING_FIRST]}"
        return line, first.column, f"{found}; accepted are {accepted}, or one of the other dialects"
    if parcel.layout and parcel.layout[0] != layout:
        return line, first.column, f"found a point of {len(fields)} fields; those before have {len(parcel.layout[0])}"
    named = dict(zip(layout, fields, strict=True))
    numbers: list[float] = []
    for key in ("ring", "x", "y"):
        try:
            # Python takes an underscore for a separator of thousands.
            digits = named[key].text.replace("_", "?")
            numbers.append(int(digits) if key == "ring" else float(digits))
        except ValueError:
            place = named[key]
            found = f"found {place.text[:40]!r} in {raw.strip()[:60]!r}"
            return (
                line,
                place.column,
                f"{found}; accepted is {POINT_TEXT[layout]} with 圈号 a whole number, X and Y in metres",
            )
    ring, x, y = numbers
    if x == y and (closed := _find_closed(parcel, first.text, int(ring), x)):
        what = "闭合点 X 写了两次,按首点读 / closing point with X twice: read as the first"
        note(parcel.notes, what, line, f"{x},{y}", f"{closed.north},{closed.east}")
        parcel.points.append(closed._replace(line=line))
        return None
    # Degrees are written as longitude, latitude; metres as north, east.
    in_degrees = is_degrees(x, y) or is_degrees(y, x)
    swapped = is_degrees(y, x) if in_degrees else is_north(y) and is_east(x)
    if not in_degrees and not swapped and not (is_north(x) and is_east(y)):
        found = f"found X={named['x'].text[:40]}, Y={named['y'].text[:40]}"
        return (
            line,
            named["x"].column,
            f"{found}; accepted are metres, X (north) of 1.8 to 6.0 million and Y (east) of 6 digits, with the number "
            "of the zone in front or not, or degrees in China, longitude first",
        )
    if raw.strip() != plain(raw):
        note(parcel.notes, "全角字符 / full-width characters", line, raw.strip(), ",".join(f.text for f in fields))
    if first.text.isdigit():
        note(parcel.notes, "点号缺 J / point number without J", line, first.text, f"J{first.text}")
    if swapped:
        note(parcel.notes, "X、Y 颠倒 / X and Y swapped", line, f"{x},{y}", f"{y},{x}")
    north, east = (y, x) if swapped != in_degrees else (x, y)
    parcel.layout[:] = [layout]
    parcel.points.append(Point(line, first.text.upper().removeprefix("J"), int(ring), north, east))
    return None


def _find_closed(parcel: Parcel, number: str, ring: int, north: float) -> Point | None:
    """Return the point that one with only a northing closes the ring at: the last of its number and its place."""
    name = number.upper().removeprefix("J")
    same = (p for p in reversed(parcel.points) if (p.number, p.ring) == (name, ring) and abs(p.north - north) <= SAME_M)
    return next(same, None)
