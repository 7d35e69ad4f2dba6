"""Parcels from tables: CSV, XLSX and pasted text, with a WKT column or one row for each boundary point."""

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
from qy_gis.parcels.archive import check_archive
from qy_gis.parcels.coordinates import place_outlines, recognise
from qy_gis.parcels.limits import MAX_TEXT_BYTES, check_features, check_time, decode_text, read_bytes
from qy_gis.parcels.prepare import HEADINGS
from qy_gis.parcels.repairs import Faults, Notes, as_repairs, dump_repairs, list_faults, list_places
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

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")


class Table(NamedTuple):
    """Rows of text under headings, with the line of each; what the columns of the outline are."""

    headings: list[str]
    rows: list[list[str]]
    lines: list[int]
    roles: dict[str, int]


def read_csv(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a table of text: comma, semicolon, tab or blank between columns, with or without headings.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if layer is not None:
        raise ArgumentError(f"layer={layer!r}: {title} is a table, which has no layers")
    text = decode_text(read_bytes(path, title), encoding, title)
    return _read_table(_split_text(text, title), crs=crs, title=title)


def read_xlsx(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a sheet of an Excel workbook: the one with a table, or the one named by ``layer``.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if encoding is not None:
        raise ArgumentError(f"encoding={encoding!r}: {title} has its encoding by its format")
    check_archive(path, title)
    sheets = _read_sheets(path, title)
    if layer is not None and layer not in sheets:
        raise SourceError(f"{title} has no sheet {layer!r}; its sheets are {', '.join(sheets)}")
    chosen = {layer: sheets[layer]} if layer is not None else {name: rows for name, rows in sheets.items() if rows}
    if len(chosen) != 1:
        raise SourceError(
            f"{title} has {len(chosen)} sheets that are not empty, accepted is one; name it with layer=. "
            f"Its sheets are {', '.join(sheets)}"
        )
    return _read_table(next(iter(chosen.values())), crs=crs, title=title)


def _read_sheets(path: Path, title: str) -> dict[str, list[tuple[int, list[str]]]]:
    """Return the rows of every sheet that are not empty, with their numbers."""
    # Only here, as it takes longer to load than a parcel of another format to read.
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            found: dict[str, list[tuple[int, list[str]]]] = {}
            for sheet in book.worksheets:
                # What a sheet says of its size may be a lie, and a lie of a million columns is slow.
                sheet.reset_dimensions()
                rows = ((number, [_cell(value) for value in row]) for number, row in _numbered(sheet, title))
                found[sheet.title] = [(number, row) for number, row in rows if any(row)]
            return found
        finally:
            book.close()
    except SourceError:
        raise
    except Exception as error:  # openpyxl meets a damaged workbook with errors of a dozen kinds
        raise SourceError(f"{title} cannot be read as an Excel workbook: {error}") from error


def _numbered(sheet: Any, title: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number % 1000 == 0:
            check_time(title)
            check_features(number, title)
        yield number, row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # Excel keeps whole numbers as 1.0; a coordinate keeps every digit it has.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _split_text(text: str, title: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a text that are not empty, with their line numbers."""
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


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field of a CSV be as long as an outline, and leave the limit of the module as it was."""
    before = csv.field_size_limit(MAX_TEXT_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read_table(numbered: Sequence[tuple[int, list[str]]], *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return the parcels of a table."""
    if not numbered:
        raise SourceError(f"{title} is empty; accepted is a table with headings, and a row for each parcel or point")
    check_features(len(numbered), title)
    table = _find_headings(numbered, title)
    if crs is None and "crs" in table.roles:
        crs = _stated_crs(table, title)
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
        return Table([], rows, lines, {role: at for at, role in enumerate(_BARE[width])})
    headings = rows[0]
    plain = [re.sub(r"\(.*?\)|\[.*?\]|\s", "", _half(heading[:_LONGEST_HEADING])).casefold() for heading in headings]
    roles = {
        role: next(plain.index(name) for name in names if name in plain)
        for role, names in OUTLINE_HEADINGS.items()
        if any(name in plain for name in names)
    }
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
    return Table(headings, body, lines[1:], roles)


def _half(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _stated_crs(table: Table, title: str) -> Any:
    stated = {row[table.roles["crs"]] for row in table.rows} - {""}
    if len(stated) > 1:
        raise SourceError(f"{title}: found the CRS {sorted(stated)}; accepted is one for all parcels")
    if not stated:
        return None
    (name,) = stated
    return check_crs(int(name) if name.isdigit() and len(name) < 7 else name)


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
    return place_outlines(gpd.GeoDataFrame(attributes, geometry=geometries), crs=crs, title=title)


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
        rows.append({**own, SOURCE_REPAIRS: dump_repairs([*known.repairs, *as_repairs(notes)]), "geometry": geometry})
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
