"""Parcels from tables: CSV and pasted text, with a WKT column or one row for each boundary point."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.coordinates import place_outlines, recognise
from qy_gis.parcels.limits import MAX_TEXT_BYTES, check_features, check_time, decode_text, read_bytes
from qy_gis.parcels.prepare import HEADINGS
from qy_gis.parcels.repairs import Faults, Notes, add_repair, as_repairs, dump_repairs, list_faults, list_places, note
from qy_gis.parcels.rings import Point, check_rings, nest_rings, split_rings
from qy_gis.parcels.text import parse_wkt

#: Headings of the columns that make an outline; blanks, units in brackets and letter case do not matter.
OUTLINE_HEADINGS = {
    "wkt": ("wkt", "geometry", "geom", "the_geom", "shape", "几何", "图形", "坐标串"),
    "north": ("x", "x坐标", "北坐标", "纵坐标", "north", "northing", "纬度", "lat", "latitude"),
    "east": ("y", "y坐标", "东坐标", "横坐标", "east", "easting", "经度", "lon", "lng", "long", "longitude"),
    "number": ("点号", "序号", "界址点号", "界址点", "点名", "point", "no", "no."),
    "ring": ("圈号", "环号", "地块圈号", "ring"),
    "crs": ("crs", "坐标系", "srid", "epsg"),
}

#: What the columns are in a table of numbers without headings, by how many there are.
_BARE = {2: ("north", "east"), 3: ("number", "north", "east"), 4: ("number", "ring", "north", "east")}

#: No known heading is longer, and looking for brackets in a very long one takes very long.
_LONGEST_HEADING = 60

_SRID = re.compile(r"\s*SRID\s*=\s*([0-9]{1,6})\s*;", re.IGNORECASE)

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")


class Table(NamedTuple):
    """Rows of text under headings, with the line of each; what the columns of the outline are; what was left out."""

    headings: list[str]
    rows: list[list[str]]
    lines: list[int]
    roles: dict[str, int]
    notes: Notes


def read_csv(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a table of text: comma, semicolon, tab or blank between columns, with or without headings.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if layer is not None:
        raise ArgumentError(f"layer={layer!r}: {title} is a table, which has no layers")
    text = decode_text(read_bytes(path, title), encoding, title)
    return read_table(_split_text(text, title), crs=crs, title=title)


def _split_text(text: str, title: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a text that are not empty, with their line numbers."""
    text = _unfold(text)
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = unicodedata.normalize("NFKC", first)
    # A first line with a WKT has commas inside it, so the separators of a table come first.
    separator = next((mark for mark in ("\t", ";", ",") if mark in plain), " ")
    if separator == " ":
        return [(n, line.split()) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if separator not in first:
        text = text.replace("，", ",").replace("；", ";")
    with _long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = []
        try:
            for row in reader:
                if reader.line_num % 10_000 == 0:
                    check_time(title)
                if any(cell.strip() for cell in row):
                    rows.append((reader.line_num, [cell.strip() for cell in row]))
        except csv.Error as error:
            raise SourceError(f"{title}, line {reader.line_num}: {error}") from error
    return rows


def _unfold(text: str) -> str:
    """Return points pasted in one line, as ``x,y;x,y`` or ``x y,x y``, in a line each; other text as it is."""
    line = text.strip()
    if "\n" in line or "\r" in line:
        return text
    number = r"[-+]?[0-9]+(?:\.[0-9]*)?"
    for between, within in ((";", r"\s*[,\s]\s*"), (",", r"\s+")):
        points = [point.strip() for point in unicodedata.normalize("NFKC", line).split(between) if point.strip()]
        if len(points) >= 3 and all(re.fullmatch(number + within + number, point) for point in points):
            return "\n".join(points)
    return text


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field of a CSV be as long as an outline, and leave the limit of the module as it was."""
    before = csv.field_size_limit(MAX_TEXT_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_table(numbered: Sequence[tuple[int, list[str]]], *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return the parcels of a table, given as its rows of text that are not empty, with their numbers."""
    if not numbered:
        raise SourceError(f"{title} is empty; accepted is a table with headings, and a row for each parcel or point")
    check_features(len(numbered), title)
    table = _find_headings(numbered, title)
    # What the table says comes first: read_parcels holds a CRS that is given against it.
    crs = _stated_crs(table, title) or crs
    if "wkt" in table.roles:
        return _read_outlines(table, crs=crs, title=title)
    return _read_points(table, crs=crs, title=title)


def _find_headings(numbered: Sequence[tuple[int, list[str]]], title: str) -> Table:
    lines, rows = [line for line, _ in numbered], [row for _, row in numbered]
    cells = [cell for cell in rows[0] if cell]
    if len(cells) >= 2 and all(_NUMBER.fullmatch(_half(cell)) for cell in cells[-2:]):
        width = max(len(row) for row in rows)
        if width not in _BARE:
            raise SourceError(
                f"{title}, line {lines[0]}: found {width} columns of numbers without headings; accepted are 2 to 4 "
                "(点号, 圈号, X, Y), or headings"
            )
        return Table([], rows, lines, {role: at for at, role in enumerate(_BARE[width])}, {})
    notes: Notes = {}
    # Titles stand alone in their row.
    titles = next((i for i, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    for line, row in zip(lines[:titles], rows[:titles], strict=True):
        note(notes, "表头上方的标题略去 / title above the headings left out", line, "".join(row), "")
    headings, lines, rows = rows[titles], lines[titles:], rows[titles:]
    roles = _find_roles(headings)
    if "wkt" not in roles and not {"north", "east"} <= roles.keys():
        wanted = " / ".join(OUTLINE_HEADINGS["wkt"][:3])
        raise SourceError(
            f"{title}, line {lines[0]}: found the headings {headings[:20]}; accepted are a WKT column ({wanted} …), or "
            "columns of coordinates (X and Y, 北坐标 and 东坐标, 经度 and 纬度 …)"
        )
    body = [row + [""] * (len(headings) - len(row)) for row in rows[1:]]
    long = [line for line, row in zip(lines[1:], body, strict=True) if len(row) > len(headings)]
    if long:
        faults = [f"line {line}" for line in long]
        raise SourceError(f"{title}: rows with more cells than the {len(headings)} headings:\n{list_faults(faults)}")
    return Table(headings, body, lines[1:], roles, notes)


def _find_roles(headings: list[str]) -> dict[str, int]:
    """Return which columns make the outline, by what each is for."""
    plain = [re.sub(r"\(.*?\)|\[.*?\]|\s", "", _half(heading[:_LONGEST_HEADING])).casefold() for heading in headings]
    return {
        role: next(plain.index(name) for name in names if name in plain)
        for role, names in OUTLINE_HEADINGS.items()
        if any(name in plain for name in names)
    }


def _half(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _stated_crs(table: Table, title: str) -> Any:
    """Return the CRS that a table states, in a column or in front of its WKT; None if it states none."""
    stated = {row[table.roles["crs"]] for row in table.rows} - {""} if "crs" in table.roles else set()
    if "wkt" in table.roles:
        stated |= {srid[1] for row in table.rows if (srid := _SRID.match(row[table.roles["wkt"]]))}
    found = {name: check_crs(int(name) if name.isdigit() and len(name) < 7 else name) for name in sorted(stated)}
    if len(set(found.values())) > 1:
        raise SourceError(f"{title}: found the CRS {sorted(stated)}; accepted is one for all parcels")
    return next(iter(found.values()), None)


def _attributes(table: Table) -> dict[int, str]:
    """Return the columns that are not part of the outline, by place; of equal headings, the first."""
    used = set(table.roles.values())
    found: dict[str, int] = {}
    for at, heading in enumerate(table.headings):
        if at not in used and heading and heading != "geometry":
            found.setdefault(heading, at)
    return {at: heading for heading, at in found.items()}


def _read_outlines(table: Table, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    geometries, faults = [], []
    for line, row in zip(table.lines, table.rows, strict=True):
        try:
            geometries.append(parse_wkt(row[table.roles["wkt"]], title)[0])
        except SourceError as error:
            faults.append(f"line {line}: {str(error).removeprefix(f'{title}: ')}")
    if faults:
        raise SourceError(f"{title} cannot be read:\n{list_faults(faults)}")
    attributes = {name: [row[at] for row in table.rows] for at, name in _attributes(table).items()}
    frame = place_outlines(gpd.GeoDataFrame(attributes, geometry=geometries), crs=crs, title=title)
    for repair in as_repairs(table.notes):
        frame[SOURCE_REPAIRS] = [add_repair(text, repair) for text in frame[SOURCE_REPAIRS]]
    return frame


def _read_points(table: Table, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return one parcel for each id (in a table without ids, one), built from its points."""
    north, east = (_numbers(table, role, title) for role in ("north", "east"))
    if not len(north):
        raise SourceError(f"{title} has headings, but no points")
    # Under X and Y, X is north as in every survey; but tables of degrees put the longitude there.
    plain = _half(table.headings[table.roles["north"]]).casefold() if table.headings else "x"
    degrees = bool((np.abs(np.concatenate([north, east])) <= 180).all())
    known = recognise(north, east, crs=crs, north_first=not (degrees and plain.startswith("x")), title=title)
    if not known.north_first:
        north, east = east, north
    attributes = _attributes(table)
    general = [*as_repairs(table.notes), *known.repairs]
    ids = _group(table, attributes)
    rows, faults = [], Faults()
    for rows_of in ids.values():
        check_time(title)
        points = [
            Point(table.lines[i], _text(table, i, "number"), _ring(table, i), float(north[i]), float(east[i]))
            for i in rows_of
        ]
        notes: Notes = {}
        rings = split_rings(points)
        geometry = None
        if check_rings(points[0].line, rings, str(len(points)), notes, faults):
            geometry, _ = nest_rings(rings)
        own = {name: table.rows[rows_of[0]][at] for at, name in attributes.items()}
        rows.append({**own, SOURCE_REPAIRS: dump_repairs([*general, *as_repairs(notes)]), "geometry": geometry})
    if faults:
        raise SourceError(f"{title} cannot be read:\n{list_places(faults)}")
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=known.crs)


def _group(table: Table, attributes: dict[int, str]) -> dict[str, list[int]]:
    """Return the rows of each parcel, by its id; a blank id is that of the row above, as in merged cells."""
    by_heading = {name.casefold(): at for at, name in attributes.items()}
    column = next((by_heading[name] for name in HEADINGS["parcel_id"] if name in by_heading), None)
    groups: dict[str, list[int]] = {}
    current = ""
    for i, row in enumerate(table.rows):
        current = (row[column] or current) if column is not None else ""
        groups.setdefault(current, []).append(i)
    return groups


def _numbers(table: Table, role: str, title: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    at = table.roles[role]
    texts = [_half(row[at]) if at < len(row) else "" for row in table.rows]
    wrong = [i for i, text in enumerate(texts) if not _NUMBER.fullmatch(text)]
    if wrong:
        heading = table.headings[at] if table.headings else role
        faults = [f"line {table.lines[i]}: {texts[i]!r}" for i in islice(wrong, 1000)]
        raise SourceError(f"{title}: {heading!r} is not a number of metres or degrees:\n{list_faults(faults)}")
    return np.array(texts, dtype=float)


def _text(table: Table, row: int, role: str) -> str:
    return table.rows[row][table.roles[role]].upper().removeprefix("J") if role in table.roles else ""


def _ring(table: Table, row: int) -> int:
    text = table.rows[row][table.roles["ring"]] if "ring" in table.roles else ""
    return int(text) if text.isdecimal() and len(text) < 10 else 1
