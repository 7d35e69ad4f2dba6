"""Grow and shrink geometries by a distance in the plane, so that it is known on which side of the truth the result is.

GEOS's own buffers draw round corners by chords, leave out small turns and hollows, and close sharp notches: their
outline is on either side of the true one. Here the curve at the distance is our own (`qy_gis.overlay.offsets`), never
nearer than the distance; GEOS only unties its loops.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.compiling import code_for
from qy_gis.measure.outlines import Geometries
from qy_gis.overlay import offsets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: About the microseconds that plain Python takes for the curve at a corner.
_CORNER_US = 12

#: Polygons of less than this mean width (m) are slivers.
_SLIVER_M = 0.01


def grow(geometries: Geometries, distance: Floats, step: float) -> Geometries:
    """Return the land within a distance of geometries of any kind.

    Parameters
    ----------
    geometries
        Valid, in metres of a grid, of shape (n,).
    distance
        Of each, metres of that grid, over 0, of shape (n,).
    step
        Round corners are drawn by tangents that turn by at most this (radians): all land within the distance is in the
        result, and none that is farther than ``distance / cos(step / 2)``.

    Returns
    -------
    numpy.ndarray
        Polygons and multipolygons, of shape (n,).

    Examples
    --------
    >>> square = np.array([shapely.box(0, 0, 10, 10)], dtype=object)
    >>> float(shapely.area(grow(square, np.array([1.0]), np.pi / 2))[0])  # corners cut square outside the circle
    144.0
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    some = ~shapely.is_empty(parts)
    parts, owner = parts[some], owner[some]
    of_part = distance[owner]
    grown = np.empty(len(parts), dtype=object)
    polygon = shapely.get_dimensions(parts) == 2
    grown[polygon] = _offset_polygons(parts[polygon], of_part[polygon], step, inwards=False)
    grown[~polygon] = _grow_thin(parts[~polygon], of_part[~polygon], step)
    return join_parts(grown, owner, len(geometries))


def shrink(geometries: Geometries, distance: Floats, step: float) -> Geometries:
    """Return the land of polygons that lies at least a distance inside their outline; other geometries have none.

    Arguments are those of `grow`; the result leaves out no land farther inside than ``distance / cos(step / 2)``.

    Examples
    --------
    >>> square = np.array([shapely.box(0, 0, 10, 10)], dtype=object)
    >>> float(shapely.area(shrink(square, np.array([1.0]), np.pi / 8))[0])
    64.0
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    some = (shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)
    parts, owner = parts[some], owner[some]
    return join_parts(_offset_polygons(parts, distance[owner], step, inwards=True), owner, len(geometries))


def _offset_polygons(polygons: Geometries, distance: Floats, step: float, *, inwards: bool) -> Geometries:
    """Move the shell of each polygon out (or in) and its holes in (or out)."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    # The first ring of a polygon is its shell.
    hole = np.zeros(len(rings), dtype=bool)
    hole[1:] = owner[1:] == owner[:-1]
    shells, holes, owner = rings[~hole], rings[hole], owner[hole]
    shell_of, hole_of = (_shrink_filled, _grow_filled) if inwards else (_grow_filled, _shrink_filled)
    out = shell_of(shells, distance, step)
    if len(holes):
        # A hole around which nothing is left needs no cutting.
        needed = ~shapely.is_empty(out[owner])
        holes, owner = holes[needed], owner[needed]
        cut = hole_of(holes, distance[owner], step)
        # Grown, holes that meet are cut as one.
        several = join_parts(cut, owner, len(polygons))
        with_holes = np.flatnonzero(~shapely.is_empty(several))
        out[with_holes] = shapely.difference(out[with_holes], several[with_holes])

    # Of a sliver, or a needle folded over itself by moving to another grid, it is not known which side is out.
    sliver = 2 * shapely.area(polygons) < _SLIVER_M * shapely.length(polygons)
    folded = np.flatnonzero(sliver | ~shapely.is_valid(polygons))
    for place in folded.tolist():
        out[place] = _offset_folded(polygons[place], distance[place], step, inwards=inwards)
    return out


def _offset_folded(polygon: shapely.Polygon, distance: float, step: float, *, inwards: bool) -> BaseGeometry:
    """Return what is left of a polygon without the land near its rings, or both together."""
    rings = shapely.get_rings(polygon)
    near = join_parts(_grow_thin(rings, np.full(len(rings), distance), step), np.zeros(len(rings), dtype=np.int64), 1)
    land = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    left: BaseGeometry = (shapely.difference if inwards else shapely.union)(land, near[0])
    return left


def _grow_filled(rings: Geometries, distance: Floats, step: float) -> Geometries:
    """Return the land within a distance of the land inside each ring."""
    points, ring = _curves(_filled(rings), distance, step)
    return _untie(_polygons(points, ring))


def _shrink_filled(rings: Geometries, distance: Floats, step: float) -> Geometries:
    """Return the land inside each ring that is at least a distance from it."""
    out = np.full(len(rings), shapely.Polygon(), dtype=object)
    west, south, east, north = shapely.bounds(rings).T
    # No circle of the distance fits into a ring that is not twice as wide.
    fits = np.flatnonzero(np.minimum(east - west, north - south) > 2 * distance)
    if not len(fits):
        return out
    # The land around the ring is grown; what it leaves, the curve goes around the other way.
    filled = _filled(rings[fits], clockwise=True)
    points, ring = _curves(filled, distance[fits], step)
    curves = _polygons(points, ring)
    # GEOS takes the sign of its area for the way a curve goes. Where most of the land is gone, that says nothing:
    # such a curve gets a balloon on a string, which is taken off again.
    doubtful = np.flatnonzero(-_signed_areas(points, ring) < 0.01 * shapely.area(filled))
    strings = []
    for place in doubtful.tolist():
        curves[place], above = _tie_balloon(points[ring == place][::-1])
        strings.append(above)
    untied = _untie(curves)
    for place, above in zip(doubtful.tolist(), strings, strict=True):
        parts = shapely.get_parts(untied[place])
        untied[place] = _join(parts[shapely.bounds(parts)[:, 1] < above])
    out[fits] = untied
    return out


def _filled(rings: Geometries, *, clockwise: bool = False) -> Geometries:
    polygons = np.asarray(shapely.polygons(rings), dtype=object)
    return np.asarray(shapely.orient_polygons(polygons, exterior_cw=clockwise), dtype=object)


def _curves(filled: Geometries, distance: Floats, step: float) -> tuple[Floats, Ints]:
    """Return the corners of the raw curves of the shells of polygons, of shape (m, 2), and whose each is."""
    points, ring = shapely.get_coordinates(filled, return_index=True)
    first = np.searchsorted(ring, np.arange(len(filled) + 1)).astype(np.int64)
    return _offset(points, first, distance, step)


def _offset(points: Floats, first: Ints, distance: Floats, step: float) -> tuple[Floats, Ints]:
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    code = code_for(offsets, microseconds=_CORNER_US * len(x))
    x, y, first = code.offset_rings(x, y, first, np.ascontiguousarray(distance, dtype=float), step)
    return np.column_stack([x, y]), np.repeat(np.arange(len(distance)), np.diff(first))


def _grow_thin(thin: Geometries, distance: Floats, step: float) -> Geometries:
    """Return the land within a distance of points and lines: a line is a ring there and back."""
    points, owner = shapely.get_coordinates(thin, return_index=True)
    places = np.arange(len(points))
    order = np.lexsort((np.concatenate([places, -places]), np.repeat([0, 1], len(points)), np.tile(owner, 2)))
    first = 2 * np.searchsorted(owner, np.arange(len(thin) + 1)).astype(np.int64)
    return _untie(_polygons(*_offset(np.tile(points, (2, 1))[order], first, distance, step)))


def _polygons(points: Floats, ring: Ints) -> Geometries:
    return np.asarray(shapely.polygons(shapely.linearrings(points, indices=ring)), dtype=object)


def _untie(curves: Geometries) -> Geometries:
    """Return the land that each curve goes around once or more: what GEOS makes of it that draws nothing of its own."""
    return np.asarray(shapely.buffer(curves, 0), dtype=object)


def _signed_areas(points: Floats, ring: Ints) -> Floats:
    """Return the area that each curve goes around, land to its left counted as positive."""
    first = np.searchsorted(ring, np.arange(ring[-1] + 1))
    x, y = (points - points[first][ring]).T
    after = np.arange(1, len(ring) + 1)
    after[np.append(first[1:], len(ring)) - 1] = first
    return np.asarray(np.add.reduceat(x * y[after] - x[after] * y, first) / 2)


def _tie_balloon(points: Floats) -> tuple[shapely.Polygon, float]:
    """Return a curve tied to a square above it that is larger than all it may go around, and the y below the square."""
    top = int(np.argmax(points[:, 1]))
    points = np.roll(points, -top, axis=0)
    (x, y), (width, height) = points[0], np.ptp(points, axis=0)
    # A curve that goes around its box so often that this is too little has no corners left in any file.
    size = float(4 * np.hypot(width, height) * max(1.0, np.sqrt(len(points)) / 8))
    above = float(y + 1)
    square = [(x, above), (x + size, above), (x + size, above + size), (x, above + size), (x, above)]
    return shapely.Polygon([*points, points[0], *square]), above - 0.5


def join_parts(parts: Geometries, owner: Ints, count: int) -> Geometries:
    """Return the union of the parts of each owner, of shape (count,)."""
    out = np.full(count, shapely.Polygon(), dtype=object)
    start, end = np.searchsorted(owner, np.arange(count)), np.searchsorted(owner, np.arange(count), side="right")
    alone = np.flatnonzero(end - start == 1)
    out[alone] = parts[start[alone]]
    for place in np.flatnonzero(end - start > 1).tolist():
        out[place] = _join(shapely.get_parts(parts[start[place] : end[place]]))
    return out


def _join(parts: Geometries) -> BaseGeometry:
    """Return polygons as one geometry, united where they meet."""
    parts = parts[~shapely.is_empty(parts)]
    first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
    if (first == second).all():
        return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts.tolist())
    return union_polygons(parts)


def union_polygons(parts: Geometries) -> BaseGeometry:
    """Return the union of polygons, some of which moving to another plane may have folded over by nanometres."""
    # Where GEOS has to snap, it snaps by a share of the largest coordinate: of eastings with a zone in front by 0.04
    # mm, which closes notches. From an origin near by it is a thousandth of that; no corner moves by the change.
    west, south, east, north = shapely.total_bounds(parts)
    origin = np.round([(west + east) / 2, (south + north) / 2])
    near = shapely.transform(parts, lambda points: points - origin)
    try:
        united = shapely.union_all(near)
    except shapely.GEOSException:
        united = shapely.union_all(_untie(near))
    moved: BaseGeometry = shapely.transform(united, lambda points: points + origin)
    return moved
