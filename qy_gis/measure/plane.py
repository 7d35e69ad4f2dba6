"""The survey plane: one cylindrical equal-area plane on the CGCS2000 ellipsoid in which everything is measured.

In this plane the shoelace formula *is* the statutory ellipsoidal area (国土调查办发〔2008〕32号), so the area of a
parcel, of its overlaps and of what remains add up exactly. Distances and buffers do not belong here: they are taken in
a Gauss-Krueger grid, which keeps shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj

from qy_gis.errors import CRSError
from qy_gis.measure.crs import check_crs, grid_epsg, transformer, zone_at

Geometries: TypeAlias = NDArray[np.object_]
Edges: TypeAlias = Literal["grid", "stored"]

#: Definition of the plane; the meridian and the parallel of true scale only keep its numbers small and legible.
PLANE = "+proj=cea +lon_0=112.9 +lat_ts=24.3 +a=6378137 +rf=298.257222101 +units=m +no_defs"

#: Edges longer than this get evenly spaced extra points, for computing only. The survey asks for int(length / 70)
#: points, so an edge of exactly 140 m gets two: hence the hair's breadth below 70.
LONGEST_EDGE_M = 70 * (1 - 1e-12)

#: The same for edges that are straight in degrees: at most 67 m along a meridian, less along a parallel.
LONGEST_EDGE_DEGREES = 0.0006


def to_lonlat(geometries: Geometries, crs: Any, *, edges: Edges, longest: float | None = None) -> Geometries:
    """Return geometries in degrees, their edges densified where they are straight.

    Parameters
    ----------
    geometries
        Array of shapely geometries of shape (n,); None stays None. Z is dropped.
    crs
        The CRS they are in.
    edges
        Where edges are straight. ``"grid"``: in ``crs`` if it is a projection, else in the 3-degree Gauss-Krueger grid
        of the geometry's zone (a parcel *is* its boundary points in that grid). ``"stored"``: in ``crs`` itself,
        degrees included (a layer).
    longest
        Length to which edges are densified, in units of ``crs``; None for the 70 m of the survey, in degrees for
        0.0006; infinity to leave them as they are.

    Returns
    -------
    numpy.ndarray
        The geometries in longitude and latitude, no edge longer than ``longest``.

    Raises
    ------
    CRSError
        See `qy_gis.measure.crs.check_crs`; or the coordinates do not fit the CRS.
    """
    found = check_crs(crs)
    flat = np.asarray(shapely.force_2d(np.asarray(geometries, dtype=object)))
    if found.is_projected:
        return _to_degrees(_densify(flat, longest or LONGEST_EDGE_M), found)
    check_degrees(shapely.get_coordinates(flat))
    if edges == "stored":
        return _densify(flat, longest or LONGEST_EDGE_DEGREES)
    bounds = shapely.bounds(flat)
    somewhere = np.isfinite(bounds[:, 0])  # None and empty geometries are nowhere
    zones = np.where(somewhere, zone_at(np.where(somewhere, (bounds[:, 0] + bounds[:, 2]) / 2, 0.0)), -1)
    out = flat.copy()
    for zone in np.unique(zones[somewhere]).tolist():
        grid = CRS.from_epsg(grid_epsg(zone, prefixed=False))
        rows = zones == zone
        in_grid = _transform(flat[rows], transformer(grid, inverse=True).transform)
        out[rows] = _to_degrees(_densify(in_grid, longest or LONGEST_EDGE_M), grid)
    return out


def to_plane(geometries: Geometries, crs: Any, *, edges: Edges) -> Geometries:
    """Return geometries in the survey plane (metres), densified first; the arguments are those of `to_lonlat`."""
    return project(to_lonlat(geometries, crs, edges=edges))


def project(geometries: Geometries) -> Geometries:
    """Return geometries given in longitude and latitude (degrees) in the survey plane (metres), vertex by vertex."""
    return _transform(geometries, _plane())


def unproject(geometries: Geometries) -> Geometries:
    """Return geometries given in the survey plane (metres) in longitude and latitude (degrees), vertex by vertex."""
    return _transform(geometries, _from_plane)


def to_grid(geometries: Geometries, zone: int) -> Geometries:
    """Return geometries given in longitude and latitude in a 3-degree grid (metres), vertex by vertex.

    The grid keeps shapes, so buffers and nearest points are taken in it.
    """
    grid = CRS.from_epsg(grid_epsg(zone, prefixed=False))
    return _transform(geometries, transformer(grid, inverse=True).transform)


def _from_plane(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    plane = _plane()
    longitude, latitude = plane(x, y, inverse=True)
    # PROJ's inverse is a series good to 2 mm; one step of Newton's method brings it to the last digits.
    step = 1e-4
    here, beyond = plane(longitude, latitude)[1], plane(longitude, latitude + step)[1]
    return longitude, latitude + step * (y - here) / (beyond - here)


@lru_cache(maxsize=1)
def _plane() -> Proj:
    return Proj(PLANE)


def _densify(geometries: Geometries, longest: float) -> Geometries:
    return geometries if longest == np.inf else np.asarray(shapely.segmentize(geometries, longest))


def _to_degrees(geometries: Geometries, crs: CRS) -> Geometries:
    out = _transform(geometries, transformer(crs).transform)
    if not np.isfinite(shapely.get_coordinates(out)).all():
        raise CRSError(f"some coordinates do not exist in {crs.name!r}; is it the CRS they are in?")
    return out


def check_degrees(points: NDArray[np.float64]) -> None:
    """Raise a CRSError if points of shape (n, 2) cannot be in degrees."""
    wrong = (np.abs(points[:, 0]) > 180) | (np.abs(points[:, 1]) > 90)
    if wrong.any():
        x, y = points[wrong][0]
        raise CRSError(
            f"the CRS is in degrees, but {int(wrong.sum())} points are outside 180/90 degrees, the first at "
            f"({x:.3f}, {y:.3f}); these look like metres: give the grid they are in with crs= (--crs)"
        )


def _transform(
    geometries: Geometries, function: Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[Any, Any]]
) -> Geometries:
    def both(points: NDArray[np.float64]) -> NDArray[np.float64]:
        if not len(points):
            return points
        return np.column_stack(function(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(geometries, both))
