"""The outlines of overlaps: parcels cut by features, and what is left of them outside.

Areas are measured without geometry (`qy_gis.overlay.kernel`); outlines are made by GEOS for those who look at them, and
held against the area that was measured: one that is not of that area is made anew on a grid, ever coarser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.outlines import (
    Floats,
    Geometries,
    Ints,
    Outlines,
    corners_to_plane,
    outlines_to_lonlat,
    outlines_to_plane,
    take_outlines,
    thin_outlines,
)
from qy_gis.measure.plane import unproject
from qy_gis.overlay.overlap import WITHIN
from qy_gis.overlay.packed import Packed

#: An outline has the area (m2) that was measured within this, or this share of it.
_SAME_M2, _SAME_SHARE = 0.01, 1e-7

#: Grids (m) on which GEOS tries again.
_GRIDS_M = (0.0, 1e-6, 1e-5, 1e-4, 1e-3)

_Overlay = Callable[..., Any]


def cut_parcels(
    parcels: Outlines,
    crs: Any,
    features: Packed,
    parcel: Ints,
    feature: Ints,
    area: Floats,
    relation: NDArray[np.integer],
) -> tuple[Geometries, Geometries]:
    """Return the outlines of overlaps, in the survey plane (metres) and in longitude and latitude (degrees).

    Parameters
    ----------
    parcels
        As they were given, n of them.
    crs
        The CRS that they are in.
    features
        The features of the plan, in the survey plane.
    parcel, feature, area, relation
        Of each row of the table: parcel, feature or -1 for the land outside the features in the rows before it, area
        (m2) and relation, as measured.

    Returns
    -------
    tuple of numpy.ndarray
        None in rows without area. In the plane outlines have the points of long edges; in degrees they have the corners
        of the parcel, the cuts, and what points an edge cannot do without.
    """
    in_plane = outlines_to_plane(parcels, crs).polygons()
    plane = np.full(len(parcel), None, dtype=object)
    lonlat = plane.copy()
    real, inside = area > 0, feature >= 0
    # Where the parcel is in the feature altogether, or in none, the outline is its own.
    ends = np.flatnonzero(~inside)
    starts = np.append(0, ends[:-1] + 1)[: len(ends)]
    met = np.add.reduceat(real & inside, starts) if len(starts) else np.zeros(0, dtype=np.int64)
    alone = np.zeros(len(parcel), dtype=bool)
    alone[ends] = met == 0
    whole = real & np.where(inside, relation == WITHIN, alone)
    plane[whole] = in_plane[parcel[whole]]
    lonlat[whole] = outlines_to_lonlat(parcels, crs).polygons()[parcel[whole]]

    cut = np.flatnonzero(real & inside & ~whole)
    near = features.take_near(feature[cut], shapely.bounds(in_plane[parcel[cut]]))
    plane[cut] = _overlay(shapely.intersection, in_plane[parcel[cut]], near, area[cut])
    taken = np.full(len(parcel), None, dtype=object)
    taken[cut] = near
    left = ends[real[ends] & (met > 0)]
    first = starts[np.searchsorted(ends, left)]
    others = [_unite(taken[start:end]) for start, end in zip(first.tolist(), left.tolist(), strict=True)]
    plane[left] = _overlay(shapely.difference, in_plane[parcel[left]], np.array(others, dtype=object), area[left])

    drawn = np.concatenate([cut, left])
    drawn = drawn[~shapely.is_missing(plane[drawn])]
    lonlat[drawn] = _to_lonlat(plane[drawn], parcels, crs)
    return plane, lonlat


def _to_lonlat(plane: Geometries, parcels: Outlines, crs: Any) -> Geometries:
    """Return outlines in degrees without the points of long edges; corners of parcels stay."""
    x, y, _ = corners_to_plane(parcels.x, parcels.y, parcels.ring_first, crs, spacing_m=np.inf)
    outlines = take_outlines(plane)
    fixed = np.isin(outlines.x + 1j * outlines.y, x + 1j * y)
    degrees = take_outlines(unproject(plane))
    return thin_outlines(degrees, fixed).polygons()


def _unite(shapes: Geometries) -> Any:
    """Return one geometry of those that are there."""
    some = shapes[~shapely.is_missing(shapes)]
    return some[0] if len(some) == 1 else shapely.union_all(some)


def _overlay(function: _Overlay, one: Geometries, other: Geometries, area: Floats) -> Geometries:
    """Return what a function of GEOS makes of pairs of polygons; None where it makes nothing of the area measured."""
    try:
        made = np.array([_polygons_of(shape) for shape in function(one, other)], dtype=object)
    except shapely.GEOSException:
        # One pair of many stops all.
        made = np.full(len(one), None, dtype=object)
    wrong = np.flatnonzero(_differ(made, area))
    for row in wrong.tolist():
        made[row] = _try_again(function, one[row], other[row], area[row])
    return made


def _differ(shapes: Geometries, area: Floats) -> NDArray[np.bool_]:
    made = np.nan_to_num(shapely.area(shapes), nan=-1.0)
    return np.asarray(np.abs(made - area) > np.maximum(_SAME_M2, _SAME_SHARE * area))


def _try_again(function: _Overlay, one: Any, other: Any, area: float) -> Any:
    for grid in _GRIDS_M:
        for repaired in (False, True):
            pair = shapely.make_valid([one, other]) if repaired else (one, other)
            try:
                made = _polygons_of(function(*pair, grid_size=grid or None))
            except shapely.GEOSException:
                continue
            if not _differ(np.array([made], dtype=object), np.array([area]))[0]:
                return made
    return None


def _polygons_of(geometry: Any) -> Any:
    """Return a geometry without the lines and points that an intersection may add to its polygons."""
    if shapely.get_type_id(geometry) in (3, 6):
        return geometry
    parts = shapely.get_parts(geometry)
    polygons = parts[shapely.get_dimensions(parts) == 2]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons.tolist())
