"""Parcels from 界址点坐标交换 text files, in any of their dialects.

A file is ``[项目信息]`` and ``[属性描述]`` (lines ``key=value``) and ``[地块坐标]``, in any order. In the last, each
parcel is a header and its points (`qy_gis.parcels.boundary_dialects`). What writers are known to get wrong is read and
reported; everything else that is wrong is listed by line and column, all at once.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.parcels.boundary_dialects import ONE_MAP, RING_LAST, SATELLITE
from qy_gis.parcels.boundary_grammar import Boundary, Field, Parcel, parse_boundary, plain
from qy_gis.parcels.boundary_grid import find_degrees, find_grid
from qy_gis.parcels.coordinates import zone_prefix
from qy_gis.parcels.limits import check_time, decode_text, read_bytes
from qy_gis.parcels.repairs import Faults, Notes, Repair, TextFault, as_repairs, dump_repairs, gather_faults, note
from qy_gis.parcels.rings import check_rings, compare_numbers, nest_rings, split_rings

#: Square metres in the units that writers put behind an area; bare numbers are 公顷.
_AREA_UNITS = {"": 1e4, "公顷": 1e4, "ha": 1e4, "平方米": 1.0, "m2": 1.0, "亩": 1e4 / 15}

#: A bare number this near to the area in m2 is no number of 公顷.
_NEAR = 0.1

#: No area takes more characters to write.
_LONGEST_AREA = 40

#: No easting is as small as this.
_LARGEST_DEGREE = 360


def read_boundary_txt(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the parcels of a 界址点 text file.

    Parameters
    ----------
    path
        The file: UTF-8 with or without BOM, UTF-16 with BOM, or GB18030.
    title
        What to call it in messages.
    crs
        The grid to use if the file states no zone.
    layer
        Refused: such a file has no layers.
    encoding
        The encoding, if the one found is wrong.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per parcel in the order of the file, in the national grid it is in, or in degrees: ``parcel_id``,
        ``name``, ``use``, ``declared_m2``, ``图幅号``, ``地类编码``, ``source_repairs``, ``geometry``.

    Raises
    ------
    SourceError
        What the file says cannot be decided; every fault with its line, what was found and what is accepted.
    CRSError
        The only faults are with the grid: refused, unknown, or its attributes and coordinates contradict each other.
    """
    if layer is not None:
        raise ArgumentError(
            f"layer={layer!r}: {title} is a 界址点 text file, which has no layers; leave layer= out",
            zh=f"layer={layer!r}：{title} 是界址点文本，没有图层，请去掉 layer=",
        )
    faults: Faults = []
    found = parse_boundary(decode_text(read_bytes(path, title), encoding, title), faults)
    grid, unprefixed, grid_repairs, grid_faults = _find_crs(found, crs)
    general = [*as_repairs(found.notes), *grid_repairs]
    rows = []
    for parcel in found.parcels:
        check_time(title)
        rows.append(_build(parcel, general, faults, unprefixed=unprefixed))
    if faults or grid_faults:
        at_fault: type[SourceError | CRSError] = SourceError if faults else CRSError
        raise gather_faults(
            at_fault,
            [*faults, *grid_faults],
            en=f"{title} cannot be read as 界址点坐标",
            zh=f"{title} 不能按界址点坐标读取",
        )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=grid)


def _find_crs(found: Boundary, crs: Any) -> tuple[Any, bool, list[Repair], Faults]:
    """Return the CRS, whether prefixes are to be taken off, repairs and faults."""
    prefixes: dict[int | None, int] = {}
    degrees: list[int] = []
    for point in (point for parcel in found.parcels for point in parcel.points):
        if point.east <= _LARGEST_DEGREE:
            degrees = degrees or [point.line]
        else:
            prefixes.setdefault(zone_prefix(point.east), point.line)
    if degrees and prefixes:
        metres = min(prefixes.values())
        both = TextFault(
            max(metres, *degrees),
            1,
            f"found metres in line {metres} and degrees in line {degrees[0]}; accepted is one",
            f"第 {metres} 行为米，第 {degrees[0]} 行为度；只接受一种",
        )
        return None, False, [], [both]
    if degrees:
        grid, repairs, faults = find_degrees(found.attributes, degrees[0], crs)
    elif prefixes:
        grid, repairs, faults = find_grid(found.attributes, prefixes, crs)
    else:
        return None, False, [], []
    return grid, len(prefixes) > 1, repairs, faults


def _build(parcel: Parcel, general: list[Repair], faults: Faults, *, unprefixed: bool) -> dict[str, Any]:
    """Return the row of a parcel; what cannot be decided is added to the faults."""
    in_degrees = bool(parcel.points) and parcel.points[0].east <= _LARGEST_DEGREE
    header = parcel.header
    if len(header) == len(SATELLITE) and not in_degrees:
        header = dict(zip(ONE_MAP, header.values(), strict=True))
    written = {name: field.text for name, field in header.items()}
    count, shape = written.get("count", ""), written["shape"]
    notes = {what: list(places) for what, places in parcel.notes.items()}
    # 增减挂钩 leaves these blank, and 一张图 has no number of points.
    blank = parcel.layout == [RING_LAST]
    if shape not in ("面", ""):
        place = header["shape"]
        faults.append(
            TextFault(
                place.line, place.column, f"found 图形属性={shape!r}; accepted is 面", f"图形属性={shape!r}；只接受“面”"
            )
        )
    elif not shape and not blank:
        note(notes, "图形属性未填,按面读 / no 图形属性: read as an area", parcel.line, "", "面")
    geometry = None
    points = [p._replace(east=p.east % 1e6) for p in parcel.points] if unprefixed else parcel.points
    rings = split_rings(points)
    if "count" not in header or (blank and not count):
        count = str(len(points))
    # Rings with points missing would only show faults that are none.
    if not parcel.unread and check_rings(parcel.line, rings, count, notes, faults):
        geometry, holes = nest_rings(rings)
        compare_numbers(rings, holes, notes)
    area = header.get("area")
    more = {"扩展属性": written["more"]} if "more" in written else {}
    return {
        "parcel_id": written.get("number", ""),
        "name": written["name"],
        "use": written.get("use", ""),
        "declared_m2": np.nan if area is None else _read_area(area, geometry, notes, faults),
        "图幅号": written.get("sheet", ""),
        "地类编码": written.get("land_class", ""),
        **more,
        SOURCE_REPAIRS: dump_repairs([*general, *as_repairs(notes)]),
        "geometry": geometry,
    }


def _read_area(field: Field, geometry: shapely.Geometry | None, notes: Notes, faults: Faults) -> float:
    """Return a declared area in m2, NaN if there is none; the geometry tells 公顷 from a bare number of m2."""
    text, line, column = field
    words = plain(text).lower()
    if not words:
        return np.nan
    found = len(words) < _LONGEST_AREA and re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)\s*(\D*[0-9]?)", words)
    if not found or found[2] not in _AREA_UNITS:
        faults.append(
            TextFault(
                line,
                column,
                f"found 面积={text!r}; accepted is a number of 公顷",
                f"面积={text!r}；接受以公顷计的数字",
            )
        )
        return np.nan
    number = float(found[1])
    planar = float(shapely.area(geometry)) if geometry is not None else 0.0
    if not found[2] and abs(number - planar) < _NEAR * planar:
        note(notes, "面积以平方米计 / area in m2", line, text, f"{number / 1e4:.4f} 公顷")
        return number
    # Not 59987.00000000001 for 5.9987 公顷.
    area = round(number * _AREA_UNITS[found[2]], 6)
    if found[2]:
        note(notes, "面积带单位 / area with a unit", line, text, f"{area / 1e4:.4f} 公顷")
    return area
