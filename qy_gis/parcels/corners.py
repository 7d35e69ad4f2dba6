"""The corners of many outlines at once: which outlines have a flaw, and which are simple at a glance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.parcels.rings import SAME_M, Corners

#: What rounding can make of a cross product, as a share of the longest side squared: 3.3e-16 of each of two products
#: (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997).
_ROUNDING = 1e-15

#: Metres in a degree of latitude; for telling a millimetre, near enough.
_DEGREE_M = 111_000.0


class Rings(NamedTuple):
    """The rings of polygons, corner after corner; the last corner of a ring repeats its first.

    Attributes
    ----------
    of
        The place of the polygon that each ring is of, shape (m,).
    alone
        Whether a ring is all that its polygon has, shape (m,).
    start
        The place of each ring's first corner and, at the end, how many corners there are, shape (m + 1,).
    x, y
        Coordinates, of shape (k,).
    extent
        West, south, east and north; inside out if there are no corners.
    """

    of: NDArray[np.int64]
    alone: NDArray[np.bool_]
    start: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    extent: NDArray[np.float64]


def take_rings(polygons: NDArray[np.object_]) -> Rings:
    """Return the rings of polygons and multipolygons of shape (n,); None has none."""
    several = (shapely.get_type_id(polygons) != shapely.GeometryType.POLYGON) | (
        shapely.get_num_interior_rings(polygons) > 0
    )
    # A polygon without holes is as good as its ring, and need not be taken apart.
    one, others = np.flatnonzero(~several), np.flatnonzero(several)
    outlines, of = polygons[one], one
    if len(others):
        parts, of_part = shapely.get_parts(polygons[others], return_index=True)
        rings, of_ring = shapely.get_rings(parts, return_index=True)
        outlines, of = np.concatenate([outlines, rings]), np.concatenate([one, others[of_part[of_ring]]])
    counts = shapely.get_num_coordinates(outlines)
    # A part of a multipolygon can be empty.
    some = counts > 0
    of, alone = of[some], (np.arange(len(counts)) < len(one))[some]
    points = shapely.get_coordinates(outlines)
    start = np.concatenate([[0], np.cumsum(counts[some])])
    x, y = points[:, 0].copy(), points[:, 1].copy()
    low, high = [each.min(initial=np.inf) for each in (x, y)], [each.max(initial=-np.inf) for each in (x, y)]
    return Rings(of, alone, start, x, y, np.array(low + high))


def find_unreal(rings: Rings) -> NDArray[np.int64]:
    """Return the places of polygons with coordinates that are not numbers."""
    # One that is none makes the extent none, which is soon looked at.
    if np.isfinite(rings.extent).all():
        return np.zeros(0, dtype=np.int64)
    return _polygons_at(rings, np.flatnonzero(~(np.isfinite(rings.x) & np.isfinite(rings.y))))


def in_metres(rings: Rings, *, geographic: bool) -> Corners:
    """Return what turns differences of coordinates into metres, x and y."""
    if not geographic:
        return np.ones(2)
    _, south, _, north = rings.extent.tolist()
    return np.array([_DEGREE_M * np.cos(np.radians((south + north) / 2)), _DEGREE_M])


def find_flawed(rings: Rings, scale: Corners) -> NDArray[np.int64]:
    """Return the places of polygons that have a double point, or a spike, under 1 mm; see `in_metres` for the scale."""
    x, y, first, last = rings.x, rings.y, rings.start[:-1], rings.start[1:] - 1
    # The edge from each point to the next; that of a ring's last point, which repeats the first, is the first edge.
    dx, dy = np.empty_like(x), np.empty_like(y)
    np.subtract(x[1:], x[:-1], out=dx[:-1])
    np.subtract(y[1:], y[:-1], out=dy[:-1])
    dx[last], dy[last] = dx[first], dy[first]
    dx *= scale[0]
    dy *= scale[1]
    length = dx * dx + dy * dy
    turn = dx[:-1] * dx[1:] + dy[:-1] * dy[1:]
    turn[last[:-1]] = 0
    # Few corners turn back by more than a right angle: only these are looked at closely, and seldom a ring's first.
    back = np.flatnonzero(turn < 0)
    across = dx[back] * dy[back + 1] - dy[back] * dx[back + 1]
    thin = across * across < SAME_M**2 * np.maximum(length[back], length[back + 1])
    return _polygons_at(rings, np.concatenate([np.flatnonzero(length < SAME_M**2), back[thin]]))


def find_simple(rings: Rings) -> NDArray[np.int64]:
    """Return the places of polygons that are simple for certain; others may be too.

    Notes
    -----
    A ring that goes round one point, always in the same sense, and once, cannot meet itself: each ray from the point
    crosses it at one place. The point tried is the mean of the corners, which lies within every convex outline. All
    signs are taken with room for rounding.
    """
    first, last, count = rings.start[:-1], rings.start[1:] - 1, np.diff(rings.start)

    def from_mean(values: NDArray[np.float64]) -> Any:
        return values - np.repeat(np.add.reduceat(values, first) / count, count)

    u, v = from_mean(rings.x), from_mean(rings.y)
    sure = _ROUNDING * max(u.max(), -u.min(), v.max(), -v.min()) ** 2
    # Twice the triangle of the mean and each edge: positive if the edge goes round anticlockwise.
    sweep = np.empty_like(u)
    np.multiply(u[:-1], v[1:], out=sweep[:-1])
    sweep[:-1] -= v[:-1] * u[1:]
    sweep[last] = sweep[first]
    steady = (np.minimum.reduceat(sweep, first) > sure) | (np.maximum.reduceat(sweep, first) < -sure)
    # Once round is once from below the mean to above it.
    above = v >= 0
    rises = np.zeros_like(above)
    np.greater(above[1:], above[:-1], out=rises[:-1])
    rises[last] = False
    once = np.add.reduceat(rises, first, dtype=np.int64) == 1
    return np.asarray(rings.of[steady & once & rings.alone])


def _polygons_at(rings: Rings, corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the polygons that corners belong to, each once."""
    if not len(corners):
        return corners
    return np.unique(rings.of[np.searchsorted(rings.start, corners, side="right") - 1])
