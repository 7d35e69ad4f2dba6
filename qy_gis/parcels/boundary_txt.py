"""Parcels from 界址点坐标交换 text files, in the dialect of 建设用地报批.

A file is ``[项目信息]`` and ``[属性描述]`` (lines ``key=value``) and ``[地块坐标]``, in any order. In the last, each
parcel is a header (``界址点数,面积(公顷),地块编号,地块名称,图形属性,图幅号,地块用途,地类编码,@``) and points
(``点号,圈号,X,Y``, X to the north). What writers are known to get wrong is read and reported; everything else that is
wrong is listed by line, all at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.parcels.boundary_grid import find_grid, is_east, is_north, zone_prefix
from qy_gis.parcels.repairs import Faults, Notes, Repair, as_repairs, dump_repairs, list_faults, note
from qy_gis.parcels.rings import Point, check_rings, compare_numbers, nest_rings, split_rings

_SECTIONS = ("[项目信息]", "[属性描述]", "[地块坐标]")
_HEADER = "界址点数,面积(公顷),地块编号,地块名称,图形属性,图幅号,地块用途,地类编码,@"

#: Square metres in the units that writers put behind an area; bare numbers are 公顷.
_AREA_UNITS = {"": 1e4, "公顷": 1e4, "ha": 1e4, "平方米": 1.0, "m2": 1.0, "亩": 1e4 / 15}


class Parcel(NamedTuple):
    """One parcel as written: line and fields of its header, its points, lines that are none, repairs so far."""

    line: int
    fields: list[str]
    points: list[Point]
    unread: list[int]
    notes: Notes


def read_boundary_txt(path: Path, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the parcels of a 界址点 text file.

    Parameters
    ----------
    path
        The file: UTF-8 with or without BOM, UTF-16 with BOM, or GB18030.
    crs
        The grid to use if the file states no zone.
    layer
        Refused: such a file has no layers.
    encoding
        The encoding, if the one found is wrong.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per parcel in the order of the file, in the national grid it is in: ``parcel_id``, ``name``, ``use``,
        ``declared_m2``, ``图幅号``, ``地类编码``, ``source_repairs``, ``geometry``.

    Raises
    ------
    SourceError
        What the file says cannot be decided; every fault with its line, what was found and what is accepted.
    CRSError
        The only faults are with the grid: refused, unknown, or its attributes and coordinates contradict each other.
    """
    if layer is not None:
        raise ArgumentError(f"layer={layer!r}: {path.name} is a 界址点 text file, which has no layers")
    faults: Faults = []
    attributes, parcels, general = _parse(_decode(path, encoding), faults)
    eastings: dict[int | None, int] = {}
    for point in (point for parcel in parcels for point in parcel.points):
        eastings.setdefault(zone_prefix(point.east), point.line)
    grid, grid_faults = None, Faults()
    if eastings:
        grid, found, grid_faults = find_grid(attributes, eastings, crs)
        general += found
    rows = [_build(parcel, general, faults, unprefixed=len(eastings) > 1) for parcel in parcels]
    if faults or grid_faults:
        at_fault = SourceError if faults else CRSError
        lines = [f"line {line}: {text}" for line, text in sorted([*faults, *grid_faults])]
        raise at_fault(f"{path.name} cannot be read as 界址点坐标:\n{list_faults(lines)}")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=grid)


def _decode(path: Path, encoding: str | None) -> str:
    data = path.read_bytes()
    bom = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}.get(data[:2])
    tried = [name for name in (encoding or bom,) if name] or ["utf-8-sig", "gb18030"]
    failures = []
    for name in tried:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError) as error:
            failures.append(f"{name} ({error})")
    raise SourceError(f"{path.name} is not text in {' nor in '.join(failures)}; give its encoding with encoding=")


def _parse(text: str, faults: Faults) -> tuple[dict[str, tuple[int, str]], list[Parcel], list[Repair]]:
    """Return the attributes of a file, its parcels, and the repairs that concern all parcels."""
    attributes: dict[str, tuple[int, str]] = {}
    parcels: list[Parcel] = []
    general: Notes = {}
    section, seen = "", set()
    for line, raw in _lines(text):
        name = _plain(raw).replace("【", "[").replace("】", "]")
        if name.startswith("["):
            section = name
            seen.add(name)
            if name not in _SECTIONS:
                faults.append((line, f"found the section {raw!r}; accepted are {', '.join(_SECTIONS)}"))
            elif name != raw:
                note(general, "全角标点 / full-width punctuation", line, raw, name)
        elif section == "[地块坐标]":
            _parse_parcel_line(line, raw, parcels, faults)
        elif section == "[属性描述]":
            key, equals, value = (part.strip() for part in _plain(raw).partition("="))
            if not equals:
                faults.append((line, f"found {raw!r} in {section}; accepted is key=value"))
            elif key in attributes and attributes[key][1] != value:
                faults.append(
                    (line, f"found {key}={value!r}, but line {attributes[key][0]} has {attributes[key][1]!r}")
                )
            else:
                if "=" not in raw:
                    note(general, "全角标点 / full-width punctuation", line, raw, f"{key}={value}")
                attributes[key] = (line, value)
        elif not section:
            faults.append((line, f"found {raw[:60]!r} before any section; accepted are {', '.join(_SECTIONS)}"))
    if "[地块坐标]" not in seen:
        faults.append((1, "there is no section [地块坐标]"))
    elif not parcels and not faults:
        faults.append((1, f"there is no parcel in [地块坐标]; accepted is a header {_HEADER} and its points"))
    return attributes, parcels, as_repairs(general)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if raw.strip():
            yield number, raw.strip()


def _parse_parcel_line(line: int, raw: str, parcels: list[Parcel], faults: Faults) -> None:
    """Add a header as a new parcel, or a point to the last one."""
    header = _split_header(raw) or _split_header(_plain(raw))
    if header:
        notes: Notes = {}
        if header[8] != "@":
            note(notes, "地块行缺 @ / header without @", line, "", "@")
        if not _split_header(raw):
            note(notes, "全角标点 / full-width punctuation", line, raw, _plain(raw))
        parcels.append(Parcel(line, header, [], [], notes))
        return
    fields = [field.strip() for field in _plain(raw).rstrip(", ").split(",")]
    if not parcels:
        faults.append((line, f"found {raw[:60]!r} before any parcel; accepted is a header {_HEADER} first"))
    elif len(fields) != 4 or not fields[0]:
        parcels[-1].unread.append(line)
        found = f"found {raw[:60]!r} with {len(fields)} fields"
        faults.append((line, f"{found}; accepted are a header of 9 fields {_HEADER} and points 点号,圈号,X,Y"))
    elif fault := _parse_point(line, raw, fields, parcels[-1]):
        parcels[-1].unread.append(line)
        faults.append((line, fault))


def _split_header(raw: str) -> list[str] | None:
    """Return the nine fields of a header, None if it is none; the last is "" if the @ is missing."""
    fields = [field.strip() for field in raw.split(",")]
    while len(fields) > 9 and not fields[-1]:
        fields.pop()
    if len(fields) == 8 and not fields[7].endswith("@"):
        fields.append("")
    return fields if len(fields) == 9 and fields[8] in ("@", "") else None


def _parse_point(line: int, raw: str, fields: list[str], parcel: Parcel) -> str | None:
    """Add a point to a parcel, or return what is wrong with it."""
    number, ring, *written = fields
    try:
        x, y = (float(value) for value in written)
        circle = int(ring)
    except ValueError:
        return f"found {raw[:60]!r}; accepted is 点号,圈号,X,Y with 圈号 a whole number, X and Y in metres"
    swapped = is_north(y) and is_east(x)
    if not swapped and not (is_north(x) and is_east(y)):
        return (
            f"found X={written[0]}, Y={written[1]}; accepted are metres, X (north) of 1.8 to 6.0 million and Y (east) "
            "of 6 digits, with the number of the zone in front or not"
        )
    if raw != _plain(raw):
        note(parcel.notes, "全角字符 / full-width characters", line, raw, ",".join(fields))
    if number.isdigit():
        note(parcel.notes, "点号缺 J / point number without J", line, number, f"J{number}")
    if swapped:
        note(parcel.notes, "X、Y 颠倒 / X and Y swapped", line, f"{x},{y}", f"{y},{x}")
        x, y = y, x
    parcel.points.append(Point(line, number.upper().removeprefix("J"), circle, x, y))
    return None


def _build(parcel: Parcel, general: list[Repair], faults: Faults, *, unprefixed: bool) -> dict[str, Any]:
    """Return the row of a parcel; what cannot be decided is added to the faults."""
    count, area, number, name, shape, sheet, use, land_class, _ = parcel.fields
    notes = {what: list(places) for what, places in parcel.notes.items()}
    if shape not in ("面", ""):
        faults.append((parcel.line, f"found 图形属性={shape!r}; accepted is 面"))
    elif not shape:
        note(notes, "图形属性未填,按面读 / no 图形属性: read as an area", parcel.line, "", "面")
    geometry = None
    points = [p._replace(east=p.east % 1e6) for p in parcel.points] if unprefixed else parcel.points
    rings = split_rings(points)
    # Rings with points missing would only show faults that are none.
    if not parcel.unread and check_rings(parcel.line, rings, count, notes, faults):
        geometry, holes = nest_rings(rings)
        compare_numbers(rings, holes, notes)
    return {
        "parcel_id": number,
        "name": name,
        "use": use,
        "declared_m2": _read_area(area, parcel.line, notes, faults),
        "图幅号": sheet,
        "地类编码": land_class,
        SOURCE_REPAIRS: dump_repairs([*general, *as_repairs(notes)]),
        "geometry": geometry,
    }


def _read_area(text: str, line: int, notes: Notes, faults: Faults) -> float:
    """Return a declared area in m2, NaN if there is none."""
    plain = _plain(text).lower()
    if not plain:
        return np.nan
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(\D*\d?)", plain)
    if not found or found[2] not in _AREA_UNITS:
        faults.append((line, f"found 面积={text!r}; accepted is a number of 公顷"))
        return np.nan
    area = float(found[1]) * _AREA_UNITS[found[2]]
    if found[2]:
        note(notes, "面积带单位 / area with a unit", line, text, f"{area / 1e4:.4f} 公顷")
    return area


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
