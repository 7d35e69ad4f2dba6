"""Outlines of parcels as plain arrays of corners, and their way into the survey plane.

A batch reads outlines from bytes and never builds a geometry; a single check takes them from shapely. From here on both
go the same way, so they give the same digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.compiling import code_for
from qy_gis.errors import CRSError
from qy_gis.measure import gauss
from qy_gis.measure.crs import check_crs, check_degrees, once_per_crs, transformer, zone_at
from qy_gis.measure.reach import check_points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Geometries: TypeAlias = NDArray[np.object_]

#: About the microseconds that plain Python takes to bring a corner to the plane, and to add up the area at one.
_PLANE_US, _AREA_US = 10, 1

#: Metres in a degree of latitude, near enough to count points.
_DEGREE_M = 111_000.0

#: By how much (m, m2) leaving out the points of an edge may move it.
_MOST_M, _MOST_M2 = 0.01, 2e-4

#: Metres added to the eastings of the national grids.
_FALSE_EASTING = 500_000.0


@dataclass(frozen=True)
class Outlines:
    """Polygons as rings of corners. Rings are closed; how they are wound does not matter.

    Attributes
    ----------
    x, y
        Corners, ring after ring; the unit is that of the CRS they are in, or metres in the survey plane.
    ring_first
        Corners of ring r are ``ring_first[r]`` to ``ring_first[r + 1]``.
    hole
        Whether each ring is a hole.
    first_ring
        Rings of outline p are ``first_ring[p]`` to ``first_ring[p + 1]``; none where there is no polygon.
    """

    x: Floats
    y: Floats
    ring_first: Ints
    hole: NDArray[np.bool_]
    first_ring: Ints

    def __len__(self) -> int:
        return len(self.first_ring) - 1

    def areas(self) -> Floats:
        """Return the area of each outline (m2 in the survey plane), of shape (n,)."""
        code = code_for(gauss, microseconds=_AREA_US * len(self.x))
        areas: Floats = code.outline_areas(self.x, self.y, self.ring_first, self.hole, self.first_ring)
        return areas

    def bounds(self) -> Floats:
        """Return west, south, east and north of each outline, of shape (n, 4); NaN where there is no polygon."""
        out = np.full((len(self), 4), np.nan)
        some = np.flatnonzero(np.diff(self.first_ring))
        start = self.ring_first[self.first_ring[some]]
        if len(some):
            # Outlines without rings have no corners, so that the next start is also the end.
            out[some, 0], out[some, 2] = np.minimum.reduceat(self.x, start), np.maximum.reduceat(self.x, start)
            out[some, 1], out[some, 3] = np.minimum.reduceat(self.y, start), np.maximum.reduceat(self.y, start)
        return out

    def polygons(self) -> Geometries:
        """Return the outlines as shapely polygons, of shape (n,); empty ones where there is no polygon."""
        ring = np.repeat(np.arange(len(self.hole)), np.diff(self.ring_first))
        rings: Any = shapely.linearrings(np.column_stack([self.x, self.y]), indices=ring)
        # A shell and the holes behind it are one polygon; an outline may have several.
        parts: Any = shapely.polygons(rings, indices=np.cumsum(~self.hole) - 1)
        owner = np.repeat(np.arange(len(self)), np.diff(self.first_ring))[~self.hole]
        out = np.full(len(self), shapely.Polygon(), dtype=object)
        out[owner] = parts
        several = np.unique(owner[1:][np.diff(owner) == 0])
        if len(several):
            own = np.isin(owner, several)
            out[several] = shapely.multipolygons(parts[own], indices=np.searchsorted(several, owner[own]))
        return out

    def take(self, rows: Ints) -> Outlines:
        """Return the outlines of some rows, in their order."""
        if len(rows) == len(self) and np.array_equal(rows, np.arange(len(rows))):
            return self
        rings, first_ring = _take_runs(self.first_ring, rows)
        corners, ring_first = _take_runs(self.ring_first, rings)
        return Outlines(self.x[corners], self.y[corners], ring_first, self.hole[rings], first_ring)


def take_outlines(geometries: Geometries) -> Outlines:
    """Return the polygons among shapely geometries as outlines; other geometries and None have none.

    Examples
    --------
    >>> outlines = take_outlines(np.array([shapely.box(0, 0, 2, 1), None], dtype=object))
    >>> len(outlines), outlines.areas().tolist(), outlines.ring_first.tolist()
    (2, [2.0, 0.0], [0, 5])
    """
    polygons = np.asarray(geometries, dtype=object)
    parts, owner = shapely.get_parts(polygons, return_index=True)
    # Lines and points have no rings.
    rings, part = shapely.get_rings(parts, return_index=True)
    # Nor has an empty ring corners.
    some = ~shapely.is_empty(rings)
    rings, part = rings[some], part[some]
    points, ring = shapely.get_coordinates(rings, return_index=True)
    # The first ring of a part is its shell.
    hole = np.zeros(len(rings), dtype=bool)
    hole[1:] = part[1:] == part[:-1]
    return Outlines(
        x=np.ascontiguousarray(points[:, 0]),
        y=np.ascontiguousarray(points[:, 1]),
        ring_first=np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64),
        hole=hole,
        first_ring=np.searchsorted(owner[part], np.arange(len(polygons) + 1)).astype(np.int64),
    )


def outlines_to_plane(outlines: Outlines, crs: Any) -> Outlines:
    """Return outlines in the survey plane (metres), long edges densified where they are straight.

    Edges are straight in ``crs`` if it is a projection, else in the 3-degree grid of the zone in which the middle of
    the edge lies (see `qy_gis.measure.gauss.densify_degrees`).

    Raises
    ------
    CRSError
        See `qy_gis.measure.crs.check_crs`; or the coordinates do not fit the CRS.

    Examples
    --------
    >>> plot = take_outlines(np.array([shapely.box(403000, 2622000, 403050, 2622040)], dtype=object))
    >>> outlines_to_plane(plot, "EPSG:4547").areas().round(2).tolist()
    [1999.54]
    """
    found = check_crs(crs)
    check_points(outlines.x, outlines.y, outlines.ring_first, found)
    x, y, ring_first = corners_to_plane(outlines.x, outlines.y, outlines.ring_first, found)
    return Outlines(x, y, ring_first, outlines.hole, outlines.first_ring)


def corners_to_plane(
    x: Floats, y: Floats, ring_first: Ints, crs: Any, *, spacing_m: float = gauss.SPACING_M
) -> tuple[Floats, Floats, Ints]:
    """Return rings or lines in the survey plane (metres), long edges densified: parcels and zones go this one way.

    Corners of ring r are ``ring_first[r]`` to ``ring_first[r + 1]``, in and out. ``spacing_m`` is the distance of the
    extra points (m); infinity for none. Errors are those of `outlines_to_plane`.
    """
    found = check_crs(crs)
    code = code_for(gauss, microseconds=_PLANE_US * _count_points(x, y, ring_first, found))
    x, y, ring_first = _densify(code, x, y, ring_first, found, spacing_m)
    grid = national_grid(found)
    if grid is not None:
        code.plane_of_grid(x, y, *grid)
    else:
        x, y = _to_degrees(x, y, found)
        code.plane_of_degrees(x, y, ring_first)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CRSError(
            f"some coordinates do not exist in {found.name!r}; is it the CRS they are in?",
            zh=f"有坐标在 {found.name!r} 中不存在；坐标系是否正确？",
        )
    return x, y, ring_first


def corners_to_lonlat(
    x: Floats, y: Floats, ring_first: Ints, crs: Any, *, spacing_m: float = gauss.SPACING_M
) -> tuple[Floats, Floats, Ints]:
    """Return rings or lines in longitude and latitude (degrees), long edges densified, as `corners_to_plane` does.

    ``spacing_m`` is the distance of the extra points (m); infinity leaves edges as they are.
    """
    found = check_crs(crs)
    code = code_for(gauss, microseconds=_PLANE_US * len(x))
    x, y, ring_first = _densify(code, x, y, ring_first, found, spacing_m)
    return *_to_degrees(x, y, found), ring_first


def outlines_to_lonlat(outlines: Outlines, crs: Any) -> Outlines:
    """Return outlines in longitude and latitude (degrees): their corners, and what points an edge cannot do without.

    Those are on edges that are straight in ``crs``, but not in the 3-degree grid in which edges in degrees are
    straight. Read again, an outline has the same area (see `thin_outlines`). Errors are those of `outlines_to_plane`.

    Examples
    --------
    West of 112.5 degrees, in the grid of the neighbouring zone, an edge of 2 km needs some:

    >>> plots = [shapely.box(x, 2622000, x + 2000, 2622040) for x in (403000, 303000)]
    >>> np.diff(outlines_to_lonlat(take_outlines(plots), "EPSG:4547").ring_first).tolist()
    [5, 17]
    """
    found = check_crs(crs)
    x, y, ring_first = corners_to_lonlat(outlines.x, outlines.y, outlines.ring_first, found, spacing_m=np.inf)
    plain = Outlines(x, y, ring_first, outlines.hole, outlines.first_ring)
    grid = national_grid(found)
    own = grid is not None and bool((zone_at(x) * 3.0 == grid[1]).all())
    if not found.is_projected or own:
        return plain
    code = code_for(gauss, microseconds=_PLANE_US * len(x))
    x, y, ring_first = _densify(code, outlines.x, outlines.y, outlines.ring_first, found, gauss.SPACING_M)
    corner = np.isin(x + 1j * y, outlines.x + 1j * outlines.y)
    x, y = _to_degrees(x, y, found)
    return thin_outlines(Outlines(x, y, ring_first, outlines.hole, outlines.first_ring), corner)


def thin_outlines(lonlat: Outlines, fixed: NDArray[np.bool_]) -> Outlines:
    """Return outlines in degrees without the points of long edges that are on the line anyway.

    Parameters
    ----------
    lonlat
        Outlines in longitude and latitude.
    fixed
        Whether each point is a corner, which stays; of shape (points,).

    Notes
    -----
    An edge may move by 1 cm, and its area by 0.0002 m2: the area of an outline of fifty edges by 0.01 m2 at most.
    """
    code = code_for(gauss, microseconds=_PLANE_US * len(lonlat.x))
    x, y, first = code.thin_rings(lonlat.x, lonlat.y, lonlat.ring_first, fixed, _MOST_M, _MOST_M2)
    return Outlines(x, y, first, lonlat.hole, lonlat.first_ring)


def _densify(
    code: Any, x: Floats, y: Floats, ring_first: Ints, crs: CRS, spacing_m: float
) -> tuple[Floats, Floats, Ints]:
    if not crs.is_projected:
        check_degrees(np.column_stack([x, y]))
    if spacing_m == np.inf:
        return x.copy(), y.copy(), ring_first
    if not crs.is_projected:
        return code.densify_degrees(x, y, ring_first, spacing_m, np.nan)  # type: ignore[no-any-return]
    grid = national_grid(crs)
    return code.densify_grid(x, y, ring_first, spacing_m, 0.0 if grid is None else grid[0])  # type: ignore[no-any-return]


def _to_degrees(x: Floats, y: Floats, crs: CRS) -> tuple[Floats, Floats]:
    if crs.is_projected:
        x, y = transformer(crs).transform(x, y)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise CRSError(
                f"some coordinates do not exist in {crs.name!r}; is it the CRS they are in?",
                zh=f"有坐标在 {crs.name!r} 中不存在；坐标系是否正确？",
            )
    return x, y


def _count_points(x: Floats, y: Floats, ring_first: Ints, crs: CRS) -> float:
    """Return about how many points rings have once long edges are densified."""
    step = np.abs(np.diff(x)) + np.abs(np.diff(y))
    # From the last corner of a ring to the first of the next is no edge.
    step[ring_first[1:-1] - 1] = 0
    return len(x) + float(step.sum()) * (1 if crs.is_projected else _DEGREE_M) / gauss.SPACING_M


def outlines_to_grid(outlines: Outlines, crs: Any, zone: int) -> Outlines:
    """Return the outlines of parcels in the 3-degree grid of a zone (metres, eastings without the zone's number).

    Edges are straight where `outlines_to_plane` says; long ones are densified if that is another grid than this one.
    Coordinates are those that it accepts.

    Examples
    --------
    >>> plot = take_outlines(np.array([shapely.box(403000, 2622000, 403500, 2622040)], dtype=object))
    >>> in_grid = outlines_to_grid(plot, "EPSG:4526", 38)
    >>> in_grid.x.tolist() == (plot.x - 38_000_000).tolist(), in_grid.y.tolist() == plot.y.tolist()
    (True, True)
    >>> len(outlines_to_grid(plot, "EPSG:4546", 38).x)
    21
    """
    found = check_crs(crs)
    code = code_for(gauss, microseconds=_PLANE_US * len(outlines.x))
    meridian = 3.0 * zone
    x, y, ring_first = outlines.x, outlines.y, outlines.ring_first
    grid = national_grid(found)
    if grid is not None and grid[1] == meridian:
        return Outlines(x - (grid[0] - _FALSE_EASTING), y, ring_first, outlines.hole, outlines.first_ring)
    if found.is_projected:
        x, y, ring_first = _densify(code, x, y, ring_first, found, gauss.SPACING_M)
        x, y = _to_degrees(x, y, found)
    else:
        x, y, ring_first = code.densify_degrees(x, y, ring_first, gauss.SPACING_M, meridian)
    code.grid_of_degrees(x, y, _FALSE_EASTING, meridian)
    return Outlines(x, y, ring_first, outlines.hole, outlines.first_ring)


@once_per_crs
def national_grid(crs: CRS) -> tuple[float, float] | None:
    """Return false easting (m) and central meridian (degrees) of a national 3-degree grid; None of any other CRS.

    Examples
    --------
    >>> national_grid(CRS.from_epsg(4526)), national_grid(CRS.from_epsg(32649))
    ((38500000.0, 114.0), None)
    """
    way, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    if way is None or way.method_name != "Transverse Mercator" or ellipsoid is None:
        return None
    values = {parameter.name: float(parameter.value) for parameter in way.params}
    plain = (
        ellipsoid.semi_major_metre == 6378137
        and abs(ellipsoid.inverse_flattening - 298.257222101) < 1e-9
        and values.get("Latitude of natural origin") == 0
        and values.get("Scale factor at natural origin") == 1
        and values.get("False northing") == 0
        and all(axis.unit_name == "metre" for axis in crs.axis_info)
    )
    east, meridian = values.get("False easting"), values.get("Longitude of natural origin")
    # A damaged definition may leave them out.
    return (east, meridian) if plain and east is not None and meridian is not None else None


def _take_runs(first: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return the places of the runs ``first[r]`` to ``first[r + 1]`` of some rows, and where each begins among them."""
    count = np.diff(first)[rows]
    end = np.cumsum(count)
    places = np.repeat(first[rows] - (end - count), count) + np.arange(count.sum())
    return places, np.concatenate([[0], end]).astype(np.int64)
