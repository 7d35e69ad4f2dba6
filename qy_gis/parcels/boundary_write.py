"""Write 界址点坐标交换 text files, in any of their dialects, so that they read back to the same coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from qy_gis.measure.area import areas
from qy_gis.measure.crs import ZONES, grid_epsg, transformer, zone_at
from qy_gis.measure.plane import to_grid
from qy_gis.parcels.boundary_dialects import Dialect
from qy_gis.parcels.rings import Corners

#: Decimals that keep a tenth of a millimetre, in metres and in degrees.
_DECIMALS_M, _DECIMALS_DEGREES = 4, 10


def write_boundary_txt(parcels: gpd.GeoDataFrame, path: Path, *, dialect: Dialect) -> None:
    """Write parcels as a 界址点 text file in UTF-8.

    Parameters
    ----------
    parcels
        Prepared parcels. A national 3-degree grid is kept; from any other CRS they are brought to the grid with zone
        prefix in whose zone their middle lies, or, in a dialect of degrees, to longitude and latitude.
    path
        Where to write.
    dialect
        One of `qy_gis.parcels.boundary_dialects.DIALECTS`.

    Notes
    -----
    Rings start at their north-west corner, outer ones run clockwise and holes counter-clockwise; each has a number of
    its own, and the numbers of the points run on. The area is the declared one, else the statutory one.

    Raises
    ------
    CRSError
        The parcels lie in no zone of the national grids.
    """
    declared = parcels["declared_m2"].to_numpy(dtype=float)
    area = np.where(np.isnan(declared), areas(parcels.geometry, parcels.crs), declared)
    outlines, attributes = _place(parcels, dialect)
    lines = ["[项目信息]", "项目名称="]
    if dialect.zone_key is not None:
        lines += ["[属性描述]", *(f"{key}={value}" for key, value in attributes.items())]
    lines.append("[地块坐标]")
    sheets, land_classes = (
        parcels[name].tolist() if name in parcels.columns else [""] * len(parcels) for name in ("图幅号", "地类编码")
    )
    for row, outline in enumerate(outlines):
        rings = _rings(outline)
        values = {
            "count": str(sum(len(ring) + 1 for ring in rings)),
            "area": f"{area[row] / 1e4:.4f}",
            "number": parcels["parcel_id"].iloc[row],
            # Where there is no field for the number, the name has to tell parcels apart.
            "name": parcels["name"].iloc[row] or ("" if "number" in dialect.header else parcels["parcel_id"].iloc[row]),
            "shape": "面",
            "sheet": sheets[row],
            "use": parcels["use"].iloc[row],
            "land_class": land_classes[row],
            "@": "@",
        }
        lines.append(",".join(_field(values[name]) for name in dialect.header))
        lines += _points(rings, dialect)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def find_zone(crs: CRS) -> tuple[int, bool] | None:
    """Return the zone of a national 3-degree grid, and whether its eastings carry the zone; None for another CRS.

    Examples
    --------
    >>> find_zone(CRS.from_epsg(4526)), find_zone(CRS.from_epsg(4547)), find_zone(CRS.from_epsg(4490))
    ((38, True), (38, False), None)
    """
    code = crs.to_epsg()
    for prefixed in (True, False):
        for zone in ZONES:
            if code == grid_epsg(zone, prefixed=prefixed):
                return zone, prefixed
    return None


def _place(parcels: gpd.GeoDataFrame, dialect: Dialect) -> tuple[np.ndarray[Any, np.dtype[np.object_]], dict[str, str]]:
    """Return the outlines as they are to be written, and the attributes that say so."""
    outlines = parcels.geometry.to_numpy()
    attributes = {
        "格式版本号": "1.01版本",
        "数据产生单位": "",
        "数据产生日期": "",
        "坐标系": "2000国家大地坐标系",
    }
    found = find_zone(parcels.crs)
    if dialect.degrees or found is None:
        outlines = to_degrees(outlines, parcels.crs)
        if dialect.degrees:
            return outlines, attributes
        west, _, east, _ = shapely.total_bounds(outlines)
        zone = int(zone_at(np.array([(west + east) / 2]))[0])
        outlines = shapely.transform(to_grid(outlines, zone), lambda xy: xy + np.array([zone * 1e6, 0]))
    else:
        zone = found[0]
    attributes |= {
        str(dialect.zone_key): "3",
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": str(zone),
        "精度": f"{10**-_DECIMALS_M:.4f}",
        "转换参数": ",,,,,,",
    }
    return outlines, attributes


def to_degrees(outlines: np.ndarray[Any, np.dtype[np.object_]], crs: CRS) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Return outlines in longitude and latitude, vertex by vertex; no datum is changed."""
    if crs.is_geographic:
        return outlines
    step = transformer(crs)
    return np.asarray(shapely.transform(outlines, lambda xy: np.column_stack(step.transform(xy[:, 0], xy[:, 1]))))


def _rings(outline: Any) -> list[Corners]:
    """Return the rings of an outline, outer ones clockwise and each followed by its holes; the first point once."""
    rings = []
    for part in shapely.get_parts(outline):
        for ring, clockwise in [(part.exterior, True), *((hole, False) for hole in part.interiors)]:
            corners = shapely.get_coordinates(ring)[:-1]
            if shapely.is_ccw(ring) == clockwise:
                corners = corners[::-1]
            east, north = corners[:, 0], corners[:, 1]
            start = int(np.argmin((east - east.min()) + (north.max() - north)))
            rings.append(np.roll(corners, -start, axis=0))
    return rings


def _points(rings: list[Corners], dialect: Dialect) -> list[str]:
    lines = []
    first = 1
    for number, ring in enumerate(rings, start=1):
        lengths = np.hypot(*(np.roll(ring, -1, axis=0) - ring).T)
        for i in [*range(len(ring)), 0]:
            east, north = ring[i]
            x, y = (east, north) if dialect.degrees else (north, east)
            decimals = _DECIMALS_DEGREES if dialect.degrees else _DECIMALS_M
            values = {
                "number": f"J{first + i}",
                "ring": str(number),
                "x": f"{x:.{decimals}f}",
                "y": f"{y:.{decimals}f}",
                "length": f"{lengths[i]:.2f}",
            }
            # A comma ends a point whose ring comes last.
            end = "," if dialect.point[-1] == "ring" else ""
            lines.append(",".join(values[name] for name in dialect.point) + end)
        first += len(ring)
    return lines


def _field(text: Any) -> str:
    """Return text that cannot break a line or a field."""
    return " ".join(str(text).replace(",", "，").split())
