"""The survey plane: one cylindrical equal-area plane on the CGCS2000 ellipsoid in which everything is measured.

In this plane the shoelace formula *is* the statutory ellipsoidal area (国土调查办发〔2008〕32号), so the area of a
parcel, of its overlaps and of what remains add up exactly. Distances and buffers do not belong here: they are taken in
a Gauss-Krueger grid, which keeps shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj

from qy_gis.measure import gauss
from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.outlines import Geometries as Geometries
from qy_gis.measure.outlines import corners_to_lonlat, corners_to_plane
from qy_gis.measure.rebuild import change_corners

#: Definition of the plane; the meridian and the parallel of true scale only keep its numbers small and legible.
PLANE = "+proj=cea +lon_0=112.9 +lat_ts=24.3 +a=6378137 +rf=298.257222101 +units=m +no_defs"


def to_lonlat(geometries: Geometries, crs: Any, *, spacing_m: float = gauss.SPACING_M) -> Geometries:
    """Return geometries in degrees, their edges densified where they are straight.

    Parameters
    ----------
    geometries
        Array of shapely geometries of shape (n,); None stays None. Z and empty parts are dropped.
    crs
        The CRS they are in. Edges are straight in it if it is a projection, else in the 3-degree Gauss-Krueger grid of
        the zone in which the middle of the edge lies: of parcels and of layers alike (see `docs/conventions.md`).
    spacing_m
        Distance of the extra points (m); infinity for none.

    Returns
    -------
    numpy.ndarray
        The geometries in longitude and latitude, ring by ring and part by part as they were.

    Raises
    ------
    CRSError
        See `qy_gis.measure.crs.check_crs`; or the coordinates do not fit the CRS.
    """
    return change_corners(geometries, lambda x, y, first: corners_to_lonlat(x, y, first, crs, spacing_m=spacing_m))


def to_plane(geometries: Geometries, crs: Any) -> Geometries:
    """Return geometries in the survey plane (metres), densified first.

    Parcels and zones come to the plane through the same functions (`qy_gis.measure.outlines.corners_to_plane`), ring by
    ring: none is lost, moved or merged, also where moving its corners folds a needle over itself by nanometres, so that
    GEOS would call the result invalid. Arguments and errors are those of `to_lonlat`.
    """
    return change_corners(geometries, lambda x, y, first: corners_to_plane(x, y, first, crs))


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


def _transform(
    geometries: Geometries, function: Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[Any, Any]]
) -> Geometries:
    def both(points: NDArray[np.float64]) -> NDArray[np.float64]:
        if not len(points):
            return points
        return np.column_stack(function(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(geometries, both))
