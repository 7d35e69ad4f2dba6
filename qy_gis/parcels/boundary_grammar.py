"""The grammar of 界址点 text: a file becomes attributes, parcels and points, each with its line and column.

What writers are known to get wrong is noted with the parcel; everything else is a fault.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from qy_gis.parcels.boundary_dialects import (
    EXTENDED,
    EXTENSION,
    HEADER_TEXT,
    NINE,
    POINT_TEXT,
    RING_FIRST,
    RING_LAST,
    SATELLITE,
    SECTIONS,
    WITH_HEIGHT,
)
from qy_gis.parcels.coordinates import is_degrees, is_east, is_north
from qy_gis.parcels.limits import check_time
from qy_gis.parcels.repairs import Faults, Notes, TextFault, note
from qy_gis.parcels.rings import SAME_M, Point
from qy_gis.parcels.values import to_number

#: What a parcel is, in the field 图形属性.
_SHAPES = ("面", "线", "点")

#: Points with blanks between their fields.
_BLANKS = re.compile(r"\s*[A-Za-z]{0,3}[0-9]{1,6}\s+[-+0-9.]+\s+[-+0-9.]+(\s+[-+0-9.]+){1,2}\s*")


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
            if name == EXTENSION:
                note(found.notes, "[扩展信息] 略去 / section left out", line, raw.strip(), "")
            elif name not in SECTIONS:
                accepted = ", ".join(SECTIONS)
                faults.append(
                    TextFault(
                        line,
                        1,
                        f"found the section {raw[:60]!r}; accepted are {accepted}",
                        f"有段 {raw[:60]!r}；接受 {accepted}",
                    )
                )
            elif name != raw.strip():
                note(found.notes, "全角标点 / full-width punctuation", line, raw.strip(), name)
        elif section == "[地块坐标]":
            _parse_parcel_line(line, raw, found.parcels, faults)
        elif section == "[属性描述]":
            _parse_attribute(line, raw, found, faults)
        elif not section:
            accepted = ", ".join(SECTIONS)
            text = raw.strip()[:60]
            faults.append(
                TextFault(
                    line,
                    1,
                    f"found {text!r} before any section; accepted are {accepted}",
                    f"各段之前有 {text!r}；接受 {accepted}",
                )
            )
    if "[地块坐标]" not in seen:
        faults.append(
            TextFault(
                1, 1, "there is no section [地块坐标]; add it above the parcels", "缺少 [地块坐标] 段，请补在地块之前"
            )
        )
    elif not found.parcels and not faults:
        faults.append(
            TextFault(
                1,
                1,
                f"there is no parcel in [地块坐标]; accepted is a header {HEADER_TEXT} and its points",
                f"[地块坐标] 中没有地块；接受地块行 {HEADER_TEXT} 及其界址点",
            )
        )
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
        text = raw.strip()[:60]
        faults.append(
            TextFault(
                line,
                1,
                f"found {text!r} in [属性描述]; accepted is key=value",
                f"[属性描述] 中有 {text!r}；接受 键=值",
            )
        )
        return
    column = re.search("[=＝]", raw)
    place = Field(value, line, column.end() + 1 if column else 1)
    if key in attributes and attributes[key].text != value:
        before = attributes[key]
        faults.append(
            TextFault(
                line,
                place.column,
                f"found {key}={value!r}, but line {before.line} has {before.text!r}; accepted is one value",
                f"{key}={value!r}，而第 {before.line} 行为 {before.text!r}；只接受一个值",
            )
        )
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


def _with_commas(line: int, raw: str, notes: Notes) -> str:
    """Return a line whose fields tabs or blanks part with commas between them."""
    if "," in unicodedata.normalize("NFKC", raw):
        return raw
    if "\t" in raw:
        note(notes, "以制表符分隔 / tabs between fields", line, raw.strip(), "")
        return raw.replace("\t", ",")
    if _BLANKS.fullmatch(raw):
        note(notes, "以空格分隔 / blanks between fields", line, raw.strip(), "")
        return ",".join(raw.split())
    return raw


def _parse_parcel_line(line: int, raw: str, parcels: list[Parcel], faults: Faults) -> None:
    """Add a header as a new parcel, or a point to the last one."""
    notes: Notes = {}
    with_commas = _with_commas(line, raw, notes)
    # A name may hold a full-width comma: it separates only in a line that makes no sense otherwise.
    for text in (with_commas, unicodedata.normalize("NFKC", with_commas)):
        header = _read_header(_split(line, text), text.count(","))
        if header is not None:
            if header["@"].text != "@":
                note(notes, "地块行缺 @ / header without @", line, "", "@")
            if text != with_commas:
                note(notes, "全角标点 / full-width punctuation", line, raw.strip(), text.strip())
            parcels.append(Parcel(header, [], [], [], notes))
            return
    fields = _split(line, unicodedata.normalize("NFKC", with_commas))
    if len(fields) > 1 and fields[-1].text == "@":
        text = raw.strip()[:60]
        faults.append(
            TextFault(
                line,
                1,
                f"found a header of {len(fields)} fields: {text!r}; accepted are 9, {HEADER_TEXT}, the 12 or 14 of "
                "some offices with 图形属性 (面) in the fifth, or the 5 of other dialects, none with a comma in it",
                f"地块行有 {len(fields)} 项：{text!r}；接受 9 项 {HEADER_TEXT}、部分地方的 12 或 14 "
                "项（第五项为图形属性“面”），"
                "或其他格式的 5 项，各项内不得有逗号",
            )
        )
        # Its points are no fault of their own.
        parcels.append(Parcel({**dict.fromkeys(NINE, Field("", line, 1)), "@": fields[-1]}, [], [], [line], {}))
        return
    if not parcels:
        text = raw.strip()[:60]
        faults.append(
            TextFault(
                line,
                1,
                f"found {text!r} before any parcel; accepted is a header {HEADER_TEXT} first",
                f"第一个地块之前有 {text!r}；须先有地块行 {HEADER_TEXT}",
            )
        )
        return
    for what, places in notes.items():
        parcels[-1].notes.setdefault(what, []).extend(places)
    if fault := _parse_point(raw, fields, parcels[-1]):
        parcels[-1].unread.append(line)
        faults.append(fault)


def _read_header(fields: list[Field], commas: int) -> dict[str, Field] | None:
    """Return the fields of a header by name, None if the line is none."""
    line, end = fields[0].line, fields[-1]
    if end.text == "@":
        if len(fields) == len(NINE):
            return dict(zip(NINE, fields, strict=True))
        if len(fields) == len(SATELLITE):
            # 一张图 has the same number of fields; which of the two it is, its coordinates tell.
            return dict(zip(SATELLITE, fields, strict=True))
        if len(fields) in EXTENDED and fields[4].text in _SHAPES:
            return _extend(fields[:-1], end)
        return None
    if end.text.endswith("@"):
        return None
    # Without the @, a header is told from a point by its 图形属性, which is no number, or by its length.
    short = len(fields) in (3, 4) and fields[2].text in _SHAPES
    with_shape = 4 < len(fields) < 9 and fields[4].text in _SHAPES
    blank_tail = 2 < len(fields) < 9 and commas == len(NINE) - 1 and not _is_point(fields)
    extended = len(fields) + 1 in EXTENDED and fields[4].text in _SHAPES
    if not (short or with_shape or blank_tail or extended or 6 < len(fields) < 9):
        return None
    if extended:
        return _extend(fields, end)
    names = SATELLITE if short else NINE
    blanks = [Field("", line, end.column + len(end.text))] * (len(names) - len(fields))
    return dict(zip(names, [*fields, *blanks], strict=True))


def _extend(fields: list[Field], end: Field) -> dict[str, Field]:
    """Return a header of nine fields with those that an office added behind the eighth in one."""
    more = Field(",".join(field.text for field in fields[8:]), end.line, fields[8].column)
    return {**dict(zip(NINE, [*fields[:8], end], strict=True)), "more": more}


def _is_point(fields: list[Field]) -> bool:
    """Return whether a line is a point, and no header: two fields side by side are coordinates."""
    numbers = [to_number(field.text) for field in fields]
    return any(a is not None and b is not None and (_is_pair(a, b) or _is_pair(b, a)) for a, b in pairwise(numbers))


def _is_pair(x: float, y: float) -> bool:
    return (is_north(x) and is_east(y)) or is_degrees(x, y)


def _find_layout(fields: list[Field], parcel: Parcel) -> tuple[str, ...] | None:
    """Return the layout of a point: with 5 fields, the ring or the height comes last."""
    if len(fields) == 4:
        return RING_FIRST
    if len(fields) != 5:
        return None
    if parcel.layout and parcel.layout[0] in (RING_LAST, WITH_HEIGHT):
        return parcel.layout[0]
    return WITH_HEIGHT if fields[1].text.isdecimal() and _is_point(fields[2:4]) else RING_LAST


def _parse_point(raw: str, fields: list[Field], parcel: Parcel) -> TextFault | None:
    """Add a point to a parcel, or return what is wrong with it, and where."""
    line, first = fields[0].line, fields[0]
    layout = _find_layout(fields, parcel)
    if layout is None or not first.text:
        text = raw.strip()[:60]
        points = POINT_TEXT[RING_FIRST]
        return TextFault(
            line,
            first.column,
            f"found {text!r} with {len(fields)} fields; accepted are a header of 9 fields {HEADER_TEXT} and points "
            f"{points}, or one of the other dialects",
            f"{text!r} 有 {len(fields)} 项；接受 9 项的地块行 {HEADER_TEXT} 和界址点 {points}，或其他格式",
        )
    if parcel.layout and parcel.layout[0] != layout:
        before = len(parcel.layout[0])
        return TextFault(
            line,
            first.column,
            f"found a point of {len(fields)} fields; those before have {before}; accepted is one layout for a parcel",
            f"界址点有 {len(fields)} 项，而之前的有 {before} 项；一个地块只接受一种写法",
        )
    named = dict(zip(layout, fields, strict=True))
    numbers = {key: to_number(named[key].text) for key in ("x", "y")}
    ring = int(named["ring"].text) if re.fullmatch("-?[0-9]{1,9}", named["ring"].text) else None
    wrong = "ring" if ring is None else next((key for key, value in numbers.items() if value is None), None)
    x, y = numbers["x"], numbers["y"]
    if wrong or ring is None or x is None or y is None:
        place = named[wrong or "ring"]
        return TextFault(
            line,
            place.column,
            f"found {place.text[:40]!r} in {raw.strip()[:60]!r}; accepted is {POINT_TEXT[layout]} with 圈号 a whole "
            "number, X and Y in metres or degrees",
            f"{raw.strip()[:60]!r} 中有 {place.text[:40]!r}；接受 {POINT_TEXT[layout]}，圈号为整数，X、Y 为米或度",
        )
    if x == y and (closed := _find_closed(parcel, first.text, ring, x)):
        what = "闭合点 X 写了两次,按首点读 / closing point with X twice: read as the first"
        note(parcel.notes, what, line, f"{x},{y}", f"{closed.north},{closed.east}")
        parcel.points.append(closed._replace(line=line))
        return None
    # Degrees are written as longitude, latitude; metres as north, east.
    in_degrees = is_degrees(x, y) or is_degrees(y, x)
    swapped = is_degrees(y, x) if in_degrees else is_north(y) and is_east(x)
    if not in_degrees and not swapped and not (is_north(x) and is_east(y)):
        found = f"X={named['x'].text[:40]}, Y={named['y'].text[:40]}"
        return TextFault(
            line,
            named["x"].column,
            f"found {found}; accepted are metres, X (north) of 1.8 to 6.0 million and Y (east) of 6 digits, with the "
            "number of the zone in front or not, or degrees in China, longitude first",
            f"{found}；接受米（X 为北，180 万至 600 万；Y 为东，6 位，可前加带号），或中国境内的经纬度（经度在前）",
        )
    if raw.strip() != plain(raw):
        note(parcel.notes, "全角字符 / full-width characters", line, raw.strip(), ",".join(f.text for f in fields))
    if first.text.isdigit():
        note(parcel.notes, "点号缺 J / point number without J", line, first.text, f"J{first.text}")
    if swapped:
        note(parcel.notes, "X、Y 颠倒 / X and Y swapped", line, f"{x},{y}", f"{y},{x}")
    if layout == WITH_HEIGHT:
        note(parcel.notes, "去除高程 Z / Z dropped", line, f"Z = {named['height'].text[:40]}", "")
    north, east = (y, x) if swapped != in_degrees else (x, y)
    parcel.layout[:] = [layout]
    parcel.points.append(Point(line, first.text.upper().removeprefix("J"), ring, north, east))
    return None


def _find_closed(parcel: Parcel, number: str, ring: int, north: float) -> Point | None:
    """Return the point that one with only a northing closes the ring at: the last of its number and its place."""
    name = number.upper().removeprefix("J")
    same = (p for p in reversed(parcel.points) if (p.number, p.ring) == (name, ring) and abs(p.north - north) <= SAME_M)
    return next(same, None)
