"""How far a parcel is from the nearest feature of a layer, on the ellipsoid."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from qy_gis.compiling import code_for
from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.outlines import Outlines
from qy_gis.measure.plane import Geometries, to_grid, unproject
from qy_gis.overlay import closest
from qy_gis.overlay.grid import Floats, Ints, order_by_place

_GEOD = Geod(a=6378137, rf=298.257222101)

#: So many geodesics are measured by all cores.
_MANY = 100_000

#: Edges to a run.
_RUN_EDGES = 8

#: Columns and rows by which runs and parcels are ordered.
_CELLS = 65535

#: About the microseconds that plain Python takes to find the nearest points of a parcel and a layer.
_PAIR_US = 800


@dataclass(frozen=True)
class Near:
    """The edges of a layer in a 3-degree grid, which keeps shapes: what is nearest in it is nearest on the ground.

    Attributes
    ----------
    corners
        Metres in the grid, of shape (k, 2).
    run
        Run r is the line through the corners ``run[r]`` to ``run[r + 1]``, the latter left out; neighbours follow one
        another.
    tree
        Bounds of the runs (west, south, east, north), then of each eight of them, and so on up to one, of shape (b, 4).
    """

    corners: Floats
    run: Ints
    tree: Floats

    def __len__(self) -> int:
        return len(self.run) - 1


def measure_distances(layers: list[Near], in_grid: Outlines, zone: int, *, apart: NDArray[np.bool_]) -> Floats:
    """Measure the distance from each parcel to the nearest feature of each layer.

    Parameters
    ----------
    layers
        In the grid of a zone, m of them.
    in_grid
        Outlines of parcels in the same grid (`qy_gis.measure.outlines.outlines_to_grid`), n of them.
    zone
        The 3-degree zone.
    apart
        Which parcels share nothing with which layers, of shape (n, m).

    Returns
    -------
    numpy.ndarray
        Metres, of shape (n, m): 0 where ``apart`` is not set, NaN for a layer without features.

    Notes
    -----
    The closest points are found in the grid; their distance is the geodesic on the CGCS2000 ellipsoid. A parcel that is
    apart from a polygon is outside it, so that its edges tell how far.
    """
    out = np.where(apart, np.nan, 0.0)
    asked = apart & (np.diff(in_grid.first_ring) > 0)[:, None] & np.array([len(near) > 0 for near in layers])
    if not asked.any():
        return out
    rows, ends = _find_closest(layers, in_grid, asked)
    # All at once, as a call of PROJ costs more than a line.
    grid = _grid_to_degrees(zone)
    away = _geodesics(grid, ends)
    layer = np.repeat(np.arange(len(layers)), [len(each) for each in rows])
    out[np.concatenate(rows), layer] = away
    return out


def _geodesics(grid: Transformer, ends: Floats) -> Floats:
    """Return the geodesic (m) between points of a grid, of shape (4, k): many of them by all cores."""

    def measure(piece: Floats) -> Floats:
        (lon_a, lat_a), (lon_b, lat_b) = grid.transform(*piece[:2]), grid.transform(*piece[2:])
        return np.asarray(_GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2])

    if ends.shape[1] < _MANY:
        return measure(ends)
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        return np.concatenate(list(pool.map(measure, np.array_split(ends, cores, axis=1))))


@lru_cache
def _grid_to_degrees(zone: int) -> Transformer:
    # To make a CRS and to hash it takes longer than the distances of a parcel.
    return transformer(CRS.from_epsg(grid_epsg(zone, prefixed=False)))


def _find_closest(layers: list[Near], in_grid: Outlines, asked: NDArray[np.bool_]) -> tuple[list[Ints], Floats]:
    """Return, per layer, the parcels that are asked for; and of all of them, the closest points, of shape (4, k)."""
    code = code_for(closest, microseconds=_PAIR_US * float(asked.sum()))

    def as_given(array: NDArray[Any]) -> Any:
        # Plain Python is faster with lists.
        return array.tolist() if code is closest else np.ascontiguousarray(array)

    def all_as_given(*arrays: NDArray[Any]) -> tuple[Any, ...]:
        return tuple(as_given(array) for array in arrays)

    # Corners but the last of a ring begin an edge.
    begins = np.ones(len(in_grid.x), dtype=bool)
    begins[in_grid.ring_first[1:] - 1] = False
    corner = np.flatnonzero(begins)
    first = np.searchsorted(corner, in_grid.ring_first[in_grid.first_ring]).astype(np.int64)
    ax, bx = in_grid.x[corner], in_grid.x[corner + 1]
    ay, by = in_grid.y[corner], in_grid.y[corner + 1]
    boxes = np.minimum(ax, bx), np.minimum(ay, by), np.maximum(ax, bx), np.maximum(ay, by)
    bounds = in_grid.bounds()
    parcels = all_as_given(ax, ay, bx, by), all_as_given(*boxes), as_given(first), all_as_given(*bounds.T)
    stack = all_as_given(*(np.zeros(closest.STACK, dtype=kind) for kind in (np.int64, np.int64, np.float64)))
    most = np.diff(first).max()
    room = stack, *all_as_given(np.zeros(most, dtype=np.int64), np.zeros(most), np.zeros(4))
    visit = np.flatnonzero(asked.any(axis=1))
    visit = visit[_order(bounds[visit])]
    rows, points = [], []
    for number, near in enumerate(layers):
        wanted = visit[asked[visit, number]]
        found = np.empty((4, len(wanted)))
        if len(wanted):
            # Arrays that know nothing of the file they lie in are faster in plain Python.
            layer = np.asarray(near.corners), np.asarray(near.run), as_given(_levels(len(near))), np.asarray(near.tree)
            code.find_closest(as_given(wanted), *parcels, *layer, *room, tuple(found))
        rows.append(wanted)
        points.append(found)
    return rows, np.concatenate(points, axis=1)


def list_edges(shapes: Geometries, zone: int) -> Near:
    """List the edges of features, given in the survey plane, in the grid of a zone.

    Examples
    --------
    >>> circle = shapely.Point(0, 0).buffer(1000, quad_segs=500)
    >>> near = list_edges(np.array([circle], dtype=object), 38)
    >>> len(near), len(near.tree)
    (250, 287)
    """
    parts = shapely.get_parts(shapes)
    parts = parts[~shapely.is_empty(parts)]
    dimension = shapely.get_dimensions(parts)
    rings = shapely.get_rings(parts[dimension == 2])
    lines = np.concatenate([rings, parts[dimension < 2]])
    x, y = shapely.get_coordinates(to_grid(unproject(lines), zone)).T
    count = shapely.get_num_coordinates(lines)
    # A corner that begins no edge, a point or the end of an open line, begins one without length.
    times = np.ones(len(x), dtype=np.int64)
    times[np.cumsum(count)[len(rings) :] - 1] = 2
    x, y = np.repeat(x, times), np.repeat(y, times)
    count[len(rings) :] += 1
    # Each run takes up where the one before ends, but at the end of a line.
    runs = -(-(count - 1) // _RUN_EDGES)
    line = np.repeat(np.arange(len(count)), runs)
    begin = (np.arange(len(line)) - (np.cumsum(runs) - runs)[line]) * _RUN_EDGES
    length = np.minimum(_RUN_EDGES + 1, count[line] - begin)
    begin += (np.cumsum(count) - count)[line]
    corner, run = _spell_out(begin, length)
    order = _order(_bound(np.column_stack([x, y, x, y])[corner], run[:-1]))
    corner, run = _spell_out(begin[order], length[order])
    corners = np.column_stack([x, y])[corner]
    tree = [_bound(np.hstack([corners, corners]), run[:-1])]
    while len(tree[-1]) > 1:
        tree.append(_bound(tree[-1], np.arange(0, len(tree[-1]), closest.FANOUT)))
    return Near(corners, run, np.concatenate(tree))


def pack_near(layers: list[Near]) -> dict[str, NDArray[Any]]:
    """Return the edges of all layers as arrays by name, for a file."""
    names = [field.name for field in fields(Near)]
    sizes = [[len(getattr(near, name)) for name in names] for near in layers]
    ends = np.cumsum([[0] * len(names), *sizes], axis=0)
    return {**{name: np.concatenate([getattr(near, name) for near in layers]) for name in names}, "ends": ends}


def unpack_near(arrays: dict[str, NDArray[Any]]) -> list[Near]:
    """Return the edges of all layers from such arrays, without a copy."""
    return [
        Near(*(arrays[field.name][a:b] for field, a, b in zip(fields(Near), begin, end, strict=True)))
        for begin, end in pairwise(arrays["ends"].tolist())
    ]


def _levels(runs: int) -> Ints:
    """Return where each level of boxes begins, and where the last one ends."""
    sizes = [runs]
    while sizes[-1] > 1:
        sizes.append(-(-sizes[-1] // closest.FANOUT))
    return np.cumsum([0, *sizes])


def _order(bounds: Floats) -> Ints:
    """Return boxes of shape (n, 4) in an order that keeps neighbours together."""
    if not len(bounds):
        return np.zeros(0, dtype=np.int64)
    low = bounds[:, :2].min(axis=0)
    size = max(float(np.ptp(bounds[:, :2], axis=0).max()), 1.0) / _CELLS
    return order_by_place(bounds, np.array([*low, size, _CELLS, _CELLS, 1.0]))


def _spell_out(begin: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Return the places of runs of some length, and where each begins among them and the last ends."""
    end = np.cumsum(length)
    first = np.concatenate([[0], end]).astype(np.int64)
    return np.repeat(begin - (end - length), length) + np.arange(first[-1]), first


def _bound(boxes: Floats, first: Ints) -> Floats:
    """Return the bounds of groups of boxes (west, south, east, north) that begin at ``first``, of shape (groups, 4)."""
    if not len(first):
        return np.empty((0, 4))
    return np.hstack([np.minimum.reduceat(boxes[:, :2], first), np.maximum.reduceat(boxes[:, 2:], first)])
