"""Geometry for the screen: simplified together, then written as whole-number steps on a fine grid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.errors import CRSError
from qy_gis.measure.rebuild import drop_empty_parts

_METRES_PER_DEGREE = 111_320.0
_POLYGON_TYPES = ("Polygon", "MultiPolygon")

#: South, west, north, east in degrees, the order in which Leaflet takes bounds.
Bounds = tuple[float, float, float, float]


def to_degrees(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the features in CGCS2000 longitude and latitude, without heights and empty parts.

    Raises
    ------
    CRSError
        The table says nothing of its coordinates.
    """
    if table.crs is None:
        raise CRSError(
            "the table to draw has no CRS; give one with table.set_crs('EPSG:4490')",
            zh="要画的表没有坐标系；请用 table.set_crs('EPSG:4490') 等指定",
        )
    moved = table.to_crs("EPSG:4490")
    flat = drop_empty_parts(moved.geometry.to_numpy())
    return moved.set_geometry(gpd.GeoSeries(flat, index=moved.index, crs=moved.crs))


def find_bounds(geometries: Iterable[BaseGeometry | None]) -> Bounds | None:
    """Return the bounds of geometries in degrees; None when there is nothing to bound."""
    present = [geometry for geometry in geometries if geometry is not None and not geometry.is_empty]
    if not present:
        return None
    west, south, east, north = shapely.total_bounds(present).tolist()
    return south, west, north, east


def fit_tolerance(bounds: Bounds) -> float:
    """Return how far a line may move unseen, in metres, on a page that shows these bounds.

    A 6000th of the diagonal is less than a pixel on any screen; at most 30 m (a city), at least 0.1 m (a parcel).
    """
    south, west, north, east = bounds
    width = (east - west) * math.cos(math.radians((south + north) / 2))
    diagonal_m = math.hypot(width, north - south) * _METRES_PER_DEGREE
    return min(30.0, max(0.1, diagonal_m / 6000))


def pack(geometries: gpd.GeoSeries, *, tolerance_m: float, share_outline: bool) -> dict[str, Any]:
    """Return the geometries of one layer as the page's scripts read them.

    Parameters
    ----------
    geometries
        Features of one layer, in degrees.
    tolerance_m
        How far a line may move, metres.
    share_outline
        Draw an edge between two features once, so that dashes do not fill each other's gaps. Only features that form
        a coverage have such edges.

    Returns
    -------
    dict
        ``origin`` (longitude, latitude) and ``step`` of the grid in degrees; ``shapes``, per feature its ``polygons``
        (each a list of rings), ``lines`` and ``points``, whichever it has, or, where it is a single ring, that ring
        alone; ``outline``, lines, or None. A ring or line is ``[x0, y0, dx, dy, …]`` in steps from the origin; a ring
        is not closed.
    """
    shapes = geometries.to_numpy()
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    # Ten grid steps to the tolerance: what rounding moves, nobody sees.
    step = 10.0 ** math.floor(math.log10(tolerance_m / _METRES_PER_DEGREE / 10))
    tolerance = tolerance_m / _METRES_PER_DEGREE
    simple, outline = simplify_together(shapes[present], tolerance, share_outline=share_outline)
    drawn = np.full(len(shapes), None, dtype=object)
    drawn[present] = simple
    bounds = find_bounds(drawn)
    origin = np.zeros(2) if bounds is None else np.round([bounds[1], bounds[0]], 4)

    def steps(line: BaseGeometry) -> list[int]:
        return _steps(shapely.get_coordinates(line), origin, step)

    return {
        "origin": origin.tolist(),
        "step": step,
        "shapes": [_parts(geometry, steps) for geometry in drawn],
        "outline": None if outline is None else [steps(line) for line in shapely.get_parts(outline)],
    }


def simplify_together(
    shapes: NDArray[np.object_], tolerance: float, *, share_outline: bool
) -> tuple[NDArray[np.object_], BaseGeometry | None]:
    """Return simpler shapes, neighbours along the same line, and the lines between and around them.

    Parameters
    ----------
    shapes
        Features of one layer, of shape (n,).
    tolerance
        How far a line may move, in the unit of the coordinates.
    share_outline
        Return the outline, in which an edge between two features is there once.

    Returns
    -------
    tuple
        The shapes, and the outline; None unless it is asked for and the features form a coverage.
    """
    if not len(shapes) or not _is_coverage(shapes):
        return np.asarray(shapely.simplify(shapes, tolerance), dtype=object), None
    simple = np.asarray(shapely.coverage_simplify(shapes, tolerance), dtype=object)
    return simple, shapely.line_merge(shapely.union_all(shapely.boundary(simple))) if share_outline else None


def place_label(geometry: BaseGeometry) -> list[float]:
    """Return longitude and latitude of where the name of a feature is written: its middle if that lies inside."""
    middle = shapely.centroid(geometry)
    if not shapely.covers(geometry, middle):
        middle = shapely.point_on_surface(geometry)
    return [round(float(shapely.get_x(middle)), 5), round(float(shapely.get_y(middle)), 5)]


def _is_coverage(shapes: NDArray[Any]) -> bool:
    polygons = all(shape.geom_type in _POLYGON_TYPES for shape in shapes)
    return polygons and bool(shapely.coverage_is_valid(shapes))


def _parts(geometry: BaseGeometry | None, steps: Any) -> dict[str, Any] | list[int]:
    # Most parcels are one ring: written without a frame around it, fifty thousand of them are a megabyte less.
    if isinstance(geometry, shapely.Polygon) and not geometry.is_empty and not geometry.interiors:
        ring: list[int] = steps(geometry.exterior)[:-2]
        return ring
    shape: dict[str, Any] = {}
    for part in [] if geometry is None else _simple_parts(geometry):
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            # The page closes rings by itself: the repeated first vertex would be two idle numbers.
            shape.setdefault("polygons", []).append([steps(ring)[:-2] for ring in rings])
        elif part.geom_type == "Point":
            shape.setdefault("points", []).append(steps(part))
        else:
            shape.setdefault("lines", []).append(steps(part))
    return shape


def _simple_parts(geometry: BaseGeometry) -> list[Any]:
    parts = shapely.get_parts(geometry)
    nested = any(part.geom_type.startswith(("Multi", "Geometry")) for part in parts)
    return [leaf for part in parts for leaf in _simple_parts(part)] if nested else list(parts)


def _steps(coordinates: NDArray[np.float64], origin: NDArray[np.float64], step: float) -> list[int]:
    cells = np.round((coordinates - origin) / step).astype(np.int64)
    moves: list[int] = np.diff(cells, axis=0, prepend=[[0, 0]]).ravel().tolist()
    return moves
