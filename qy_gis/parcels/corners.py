"""The corners of many outlines at once: which outlines have a flaw, and which are simple for certain.

Rings with equally many corners are looked at together, in arrays of a row for each corner and a column for each ring:
what is done to a corner is then done to a whole row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.parcels.rings import SAME_M

#: What rounding can make of a cross product, as a share of the longest side squared: 3.3e-16 of each of two products
#: (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997).
_ROUNDING = 1e-15

#: Metres in a degree of latitude; for telling a millimetre, near enough.
_DEGREE_M = 111_000.0

#: Corners looked at together: few enough that they, and what is computed of them, stay in the processor's cache.
_TOGETHER = 2**15

#: For fewer corners than this GEOS has decided before the arrays are made.
_FEW = 300

#: Rings of more edges that are not simple at a glance are left to GEOS: its sweep is then faster than all pairs.
_MOST_EDGES = 24

#: How a polygon of one ring without Z begins in WKB: byte order, type and number of rings, and the number of corners.
_HEAD = np.dtype([("begins", "<u8"), ("ends", "u1"), ("corners", "<u4")])
_ONE_RING = int.from_bytes(b"\x01\x03\0\0\0\x01\0\0", "little")

#: Places of polygons, or of rings.
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wkb:
    """Geometries as well-known binary: their bytes, and where each begins and the last ends, shape (n + 1,)."""

    data: NDArray[np.uint8]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) - 1


class Rings(NamedTuple):
    """Rings of polygons that have equally many corners; the last corner of a ring repeats its first.

    Attributes
    ----------
    of
        The place of the polygon that each ring is of, shape (m,).
    alone
        Whether a ring is all that its polygon has, shape (m,).
    x, y
        Coordinates, of shape (k, m).
    extent
        West, south, east and north of all.
    """

    of: Places
    alone: NDArray[np.bool_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    extent: tuple[float, float, float, float]


def find_bare(wkb: Wkb) -> NDArray[np.bool_]:
    """Return which geometries are, for certain, polygons of one ring in two dimensions; shape (n,)."""
    size = np.diff(wkb.first)
    bare = size >= _HEAD.itemsize + 4 * 16
    long = np.flatnonzero(bare)
    if len(long):
        heads = _cut(wkb.data, wkb.first[long], _HEAD.itemsize).view(_HEAD)
        bare[long] = (
            (heads["begins"] == _ONE_RING)
            & (heads["ends"] == 0)
            & (heads["corners"].astype(np.int64) * 16 + _HEAD.itemsize == size[long])
        )
    return bare


def read_rings(wkb: Wkb, places: Places) -> Iterator[Rings]:
    """Yield the rings of polygons that `find_bare` found, at their places."""
    at = wkb.first[places] + _HEAD.itemsize
    return _group(wkb.data, at, (wkb.first[places + 1] - at) // 16, places, np.ones(len(places), dtype=np.bool_))


def take_rings(polygons: NDArray[np.object_], places: Places) -> Iterator[Rings]:
    """Yield the rings of those polygons and multipolygons that are at some places; None has none."""
    chosen = polygons[places]
    several = (shapely.get_type_id(chosen) != shapely.GeometryType.POLYGON) | (
        shapely.get_num_interior_rings(chosen) > 0
    )
    # A polygon without holes is as good as its ring, and need not be taken apart.
    one, others = np.flatnonzero(~several), np.flatnonzero(several)
    parts, of_part = shapely.get_parts(chosen[others], return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    outlines = np.concatenate([chosen[one], rings])
    counts = shapely.get_num_coordinates(outlines).astype(np.int64)
    of = places[np.concatenate([one, others[of_part[of_ring]]])]
    alone = np.arange(len(counts)) < len(one)
    at = 16 * (np.cumsum(counts) - counts)
    data = shapely.get_coordinates(outlines).view(np.uint8).reshape(-1)
    # A part of a multipolygon can be empty.
    there = counts > 0
    return _group(data, at[there], counts[there], of[there], alone[there])


def _group(
    data: NDArray[np.uint8], at: Places, counts: Places, of: Places, alone: NDArray[np.bool_]
) -> Iterator[Rings]:
    """Yield rings together that have equally many corners; ``at`` is where in the bytes each has its first."""
    for count in np.unique(counts).tolist():
        equal = np.flatnonzero(counts == count)
        together = max(1, _TOGETHER // count)
        for start in range(0, len(equal), together):
            chosen = equal[start : start + together]
            xy = _cut(data, at[chosen], 16 * count).view("<f8").reshape(-1, count, 2)
            x, y = xy[:, :, 0].T.copy(), xy[:, :, 1].T.copy()
            yield Rings(of[chosen], alone[chosen], x, y, (x.min(), y.min(), x.max(), y.max()))


def _cut(data: NDArray[np.uint8], at: Places, size: int) -> NDArray[np.void]:
    """Return so many bytes from each of some places."""
    return np.ndarray(len(data) - size + 1, f"V{size}", data, strides=(1,))[at]


def find_unreal(rings: Rings) -> Places:
    """Return the places of polygons with coordinates that are not numbers."""
    # One that is none makes the extent none, which is soon looked at.
    if np.isfinite(rings.extent).all():
        return np.zeros(0, dtype=np.int64)
    return np.asarray(rings.of[~(np.isfinite(rings.x) & np.isfinite(rings.y)).all(axis=0)])


def in_metres(latitude: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return what turns differences of longitude and of latitude into metres."""
    return _DEGREE_M * np.cos(np.radians(latitude)), _DEGREE_M


def judge_rings(rings: Rings, *, geographic: bool) -> tuple[Places, Places]:
    """Return the places of polygons that have a flaw, and of polygons that are simple for certain.

    A flaw is a double point, or a spike, under 1 mm. A polygon may be in neither list.
    """
    flawed = _find_flawed(rings, geographic=geographic)
    if rings.x.size < _FEW:
        return rings.of[flawed], rings.of[:0]
    simple = _find_simple(rings.x, rings.y) & rings.alone
    simple[flawed] = False
    return rings.of[flawed], rings.of[simple]


def _find_flawed(rings: Rings, *, geographic: bool) -> Places:
    """Return which rings have a flaw, some more than once."""
    dx, dy = _edges(rings.x), _edges(rings.y)
    if geographic:
        to_east, to_north = in_metres(rings.y[0])
        dx *= to_east
        dy *= to_north
    length = dx * dx + dy * dy
    # Few corners turn back by more than a right angle: only these are looked at closely.
    back = np.flatnonzero(dx[:-1] * dx[1:] + dy[:-1] * dy[1:] < 0)
    count = len(rings.of)
    (ax, ay, a), (bx, by, b) = ([each.reshape(-1)[at] for each in (dx, dy, length)] for at in (back, back + count))
    across = ax * by - ay * bx
    thin = across * across < SAME_M**2 * np.maximum(a, b)
    return np.concatenate([np.flatnonzero(length.min(axis=0) < SAME_M**2), back[thin] % count])


def _find_simple(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rings without flaws do not meet themselves for certain.

    Notes
    -----
    A ring that goes round one point, always in the same sense, and once, cannot meet itself: each ray from the point
    crosses it at one place. The point tried is the mean of the corners, which lies within every convex outline. Other
    rings are looked at edge by edge. All signs are taken with room for rounding.
    """
    edges = len(x) - 1
    u, v = (each - each[:-1].sum(axis=0) / edges for each in (x, y))
    sure = _ROUNDING * max(u.max(), -u.min(), v.max(), -v.min()) ** 2
    # Twice the triangle of the mean and each edge: positive if the edge goes round anticlockwise.
    sweep = u[:-1] * v[1:]
    sweep -= v[:-1] * u[1:]
    steady = (sweep.min(axis=0) > sure) | (sweep.max(axis=0) < -sure)
    # Once round is once from below the mean to above it.
    above = v >= 0
    simple = np.asarray(steady & ((above[1:] > above[:-1]).sum(axis=0) == 1))
    rest = np.flatnonzero(~simple)
    if len(rest) and edges <= _MOST_EDGES:
        simple[rest] = _keep_apart(u.take(rest, axis=1), v.take(rest, axis=1), 4 * sure)
    return simple


def _keep_apart(u: NDArray[np.float64], v: NDArray[np.float64], doubt: float) -> NDArray[np.bool_]:
    """Return which rings have no edges whose boxes meet, but neighbours.

    Neighbours meet in their corner alone if the ring has no flaw. Boxes lie along the first edge of the ring: parcels
    are mostly drawn at right angles, and so their edges' boxes are as narrow as can be.

    Parameters
    ----------
    u, v
        Corners of shape (k, m), near 0.
    doubt
        What rounding can make of a product of two lengths.
    """
    edges = len(u) - 1
    east, north = u[1] - u[0], v[1] - v[0]
    boxes = []
    for along in (u * east + v * north, v * east - u * north):
        # Half of the edges come once more after the last, so that each has those that follow it behind it.
        low, high = np.empty((2, edges + edges // 2, along.shape[1]))
        np.minimum(along[:-1], along[1:], out=low[:edges])
        np.maximum(along[:-1], along[1:], out=high[:edges])
        high[:edges] += doubt
        low[edges:], high[edges:] = low[: edges // 2], high[: edges // 2]
        boxes.append((low, high))
    apart = np.ones(u.shape[1], dtype=np.bool_)
    for step in range(2, edges // 2 + 1):
        pairs = edges if 2 * step < edges else step
        here, there = slice(0, pairs), slice(step, step + pairs)
        (low, high), (left, right) = boxes
        meet = low[here] <= high[there]
        meet &= low[there] <= high[here]
        meet &= left[here] <= right[there]
        meet &= left[there] <= right[here]
        apart &= ~meet.any(axis=0)
    return apart


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edge from each corner to the next; after the last corner, which repeats the first, the first edge."""
    edges = np.empty_like(values)
    np.subtract(values[1:], values[:-1], out=edges[:-1])
    edges[-1] = edges[0]
    return edges
