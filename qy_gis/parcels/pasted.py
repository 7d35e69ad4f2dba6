"""Text to rows: which mark parts the columns, points in one line, in sentences, copied out of a KML."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from qy_gis.errors import SourceError
from qy_gis.parcels.headings import find_roles
from qy_gis.parcels.limits import MAX_TEXT_BYTES, check_time
from qy_gis.parcels.values import is_number

#: The rows of a table by the number of their line; a row without cells is one left blank.
Rows: TypeAlias = list[tuple[int, list[str]]]

#: A table shows itself within so many lines.
LOOK = 30

_MARKS = ("\t", ";", ",", "|")
_PLAIN = r"[-+]?[0-9]+(?:\.[0-9]*)?"

#: A point as KML has it: longitude, latitude and perhaps height, without blanks.
_KML_POINT = re.compile(rf"{_PLAIN},{_PLAIN}(?:,{_PLAIN})?")

#: Coordinates in a sentence: the name of an axis, perhaps 坐标, a mark, the number. A letter needs the mark, as J1 or
#: E1 may be the number of a point, or is in front of degrees.
_ANGLE = r"[0-9]{1,3}[°度][0-9.]*(?:[′'’分][0-9.]*(?:[″\"”秒]|''|′′|’’)?)?"
_LABEL = re.compile(
    r"(?<![A-Za-z])(?:(?P<word>东经|北纬|经度|纬度|横坐标|纵坐标|东坐标|北坐标|lon|lat)|(?P<letter>[XYZHNEBL])(?:(?P<index>[0-9]{1,4})(?=\s*[=:]))?)"
    r"(?:坐标|值)?(?:\([^()]{0,8}\))?\s*"
    rf"(?:[=:为]\s*|(?(word)|(?=[0-9]{{1,3}}[°度.])))(?P<value>{_ANGLE}|{_PLAIN})",
    re.IGNORECASE,
)
#: What in front of a point of a sentence says which parcel it is of, and words for the point itself.
_PARCEL = re.compile(r"[0-9A-Za-z]{0,20}[\u4e00-\u9fff]{2,}[0-9A-Za-z]*|parcel[^\s:,;]*", re.IGNORECASE)
_CORNER = re.compile("[点角桩位处顶]|界址|坐标|起|终|分别|依次|其中|以下|如下|[东南西北]{2}")

_NORTH = ("x", "n", "b", "lat", "纬度", "北纬", "纵坐标", "北坐标")
_EAST = ("y", "e", "l", "lon", "经度", "东经", "横坐标", "东坐标")


def split_text(text: str, title: str) -> Rows:
    """Return the rows of a text with the number of their line; blank lines are rows without cells.

    Raises
    ------
    SourceError
        A quoted cell does not end.
    """
    text = re.sub(r"</?coordinates>", "\n", text).replace("\r\n", "\n").replace("\r", "\n")
    if sentences := _read_sentences(text):
        return sentences
    text = _unfold(_close_up(text))
    lines = text.split("\n")
    mark, full_width = _find_mark(lines)
    if mark == " ":
        return [(number, line.split()) for number, line in enumerate(lines, start=1)]
    if full_width:
        text = text.replace("，", ",").replace("；", ";").replace("｜", "|")
    if mark == "|":
        text = _strip_pipes(text)
    elif mark != ";":
        # Pasted points may end in a semicolon.
        text = re.sub(r"[;；][ \t]*$", "", text, flags=re.MULTILINE)
    return _split_rows(text, mark, title)


def has_sentences(text: str) -> bool:
    """Return whether a text has points in sentences.

    Examples
    --------
    >>> has_sentences("J1：X=2622000，Y=38403200；J2：X=2622150，Y=38403200；J3：X=2622150，Y=38403000")
    True
    """
    return bool(_read_sentences(text))


def _split_rows(text: str, mark: str, title: str) -> Rows:
    rows: Rows = []
    with _long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
        try:
            for row in reader:
                if reader.line_num % 10_000 == 0:
                    check_time(title)
                cells = [cell.strip() for cell in row]
                rows.append((reader.line_num, cells if any(cells) else []))
        except csv.Error as error:
            raise SourceError(
                f"{title}, line {reader.line_num}: a cell is not closed or too long; accepted is a table of text, each "
                "quoted cell with its closing quote",
                zh=f"{title} 第 {reader.line_num} 行：单元格未结束或过长；只接受文本表格，带引号的单元格须有后引号",
            ) from error
    return rows


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field of a CSV be as long as an outline, and leave the limit of the module as it was."""
    before = csv.field_size_limit(MAX_TEXT_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _find_mark(lines: list[str]) -> tuple[str, bool]:
    """Return what parts the columns, and whether it is full-width: found at the first line that is of a table."""
    first = [line for line in lines if line.strip()][:LOOK]
    for line in first:
        half = line.replace("，", ",").replace("；", ";").replace("｜", "|")
        # A line with a WKT has commas inside it, so the other marks come first.
        for mark in _MARKS:
            cells = [cell.strip().strip('";') for cell in half.split(mark)]
            if len(cells) < 2 or (mark == ";" and not any(cells[1:])):
                continue
            numbers = sum(is_number(cell) for cell in cells)
            if numbers >= 2 or _is_heading(cells):
                return mark, mark not in line
    line = first[0] if first else ""
    plain = unicodedata.normalize("NFKC", line)
    mark = next((mark for mark in _MARKS if mark in plain), " ")
    return mark, mark not in line


def _is_heading(cells: list[str]) -> bool:
    try:
        return find_roles(cells).are_known
    except ValueError:
        # Two columns of one axis are a heading too, which is told later.
        return True


def _strip_pipes(text: str) -> str:
    """Return the lines of a table in Markdown without its frame; the rule under the headings goes."""
    lines = [line.strip().removeprefix("|").removesuffix("|") for line in text.split("\n")]
    return "\n".join(lines[i] for i in range(len(lines)) if not lines[i] or lines[i].strip("-:| ")) + "\n"


def _close_up(text: str) -> str:
    """Return text without the blanks inside degrees, minutes and seconds: ``113° 03′ 12″``."""
    return re.sub(r"(?<=[0-9])\s?([°º度])[ ]*(?=[0-9])|(?<=[0-9])([′'’分])[ ]+(?=[0-9])", r"\1\2", text)


def _unfold(text: str) -> str:
    """Return points in one line, as ``x,y;x,y``, ``x y,x y`` or ``x,y,h x,y,h``, in a line each; other text as it is.

    A line of points is a ring, with a blank line behind it; points out of a KML may take several lines as well.
    """
    lines = [line.strip() for line in text.split("\n")]
    filled = [line for line in lines if line]
    if filled and all(_KML_POINT.fullmatch(token) for line in filled for token in line.split()):
        # A line for each point is a table already.
        if len(filled) < len(text.split()):
            return "\n\n".join(_part_kml(block) for block in re.split(r"\n\s*\n", "\n".join(lines).strip()))
        return text
    rings = [_unfold_line(line) for line in filled]
    return "\n\n".join("\n".join(points) for points in rings) if rings and all(rings) else text


def _part_kml(block: str) -> str:
    """Return points out of a KML in a line each, and a blank line between rings."""
    lines = [line.split() for line in block.split("\n")]
    points = [point for line in lines for point in line]
    each_closed = all(len(line) > 3 and line[0] == line[-1] for line in lines)
    # One ring may be broken into lines anywhere; several that are left open are told by having points enough.
    if each_closed or (points[0] != points[-1] and all(len(line) > 2 for line in lines)):
        return "\n\n".join("\n".join(line) for line in lines)
    return "\n".join(points)


def _unfold_line(line: str) -> list[str]:
    """Return the points of a line, three or more; none if it is something else."""
    plain = unicodedata.normalize("NFKC", line)
    for between, within in ((";", r"\s*[,\s]\s*"), (",", r"\s+"), ("|", r"\s*[,\s]\s*")):
        points = [point.strip() for point in plain.split(between) if point.strip()]
        if len(points) >= 3 and all(re.fullmatch(_PLAIN + within + _PLAIN, point) for point in points):
            return points
    return []


def _read_sentences(text: str) -> Rows:
    """Return the points of sentences such as ``J1：X=2622000，Y=38403200`` as a table; no rows if there are none."""
    rows: Rows = []
    points = 0
    plain = unicodedata.normalize("NFKC", text.translate({ord("º"): "°", ord("˚"): "°"}))
    for number, line in enumerate(plain.split("\n"), start=1):
        read = _pair(line, list(_LABEL.finditer(line)))
        if not read:
            rows.append((number, [line.strip()] if line.strip() else []))
            continue
        points += sum(len(cells) > 1 for cells in read)
        rows += [(number, cells) for cells in read]
    if points < 3 or any(_is_heading(re.split("[\t;,|]", line)) for line in plain.split("\n")[:LOOK]):
        return []
    return [(1, ["点号", "北坐标", "东坐标", "高程"]), *rows]


def _pair(line: str, found: list[re.Match[str]]) -> list[list[str]]:
    """Return the points of a line, each from a northing and an easting next to one another, in rows of a table."""
    rows: list[list[str]] = []
    start = at = 0
    while at + 1 < len(found):
        one, other = found[at], found[at + 1]
        axes = [_axis(match) for match in (one, other)]
        if set(axes) != {"north", "east"}:
            return []
        values = [one["value"], other["value"]] if axes[0] == "north" else [other["value"], one["value"]]
        before = line[start : one.start()]
        if (parcel := _PARCEL.search(before)) and not _CORNER.search(parcel[0]):
            rows.append([parcel[0]])
            before = before[parcel.end() :]
        label = re.findall(r"[A-Za-z]{0,3}-?[0-9]+", before)
        at, start = at + 2, other.end()
        height = ""
        if at < len(found) and _axis(found[at]) == "height":
            height, start = found[at]["value"], found[at].end()
            at += 1
        rows.append([label[-1] if label else one["index"] or "", *values, height])
    return rows if at == len(found) else []


def _axis(label: re.Match[str]) -> str:
    name = (label["word"] or label["letter"]).casefold()
    return "north" if name in _NORTH else "east" if name in _EAST else "height"
