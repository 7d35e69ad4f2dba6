"""Zones cut into a uniform grid, and parcels as signed edges: the form in which the kernel meets them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.plane import Geometries
from qy_gis.overlay import cutting, kernel
from qy_gis.overlay.compiling import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: An overlap up to this area (m2) is contact, not area: it is what rounding leaves of a shared edge.
TOUCH_M2 = 1e-3

#: Two boundaries this close (m) touch.
TOUCH_M = 1e-3

#: Cells are sized so that a boundary has about this many edges in one: fewer edges mean more cells to visit.
_EDGES_PER_CELL = 8

#: A grid has at most this many columns or rows, and cells of a city are not smaller than its parcels.
_MOST_CELLS = 640

#: Zones are cut in chunks of about so many vertices.
_CHUNK_VERTICES = 500_000

#: Below this many edges, plain Python is done before a compiled kernel is loaded.
_COMPILE_FROM_EDGES = 4000


@dataclass(frozen=True)
class Edges:
    """Polygons as signed edges.

    Attributes
    ----------
    x0, y0, x1, y1
        Ends of each edge with ``x0 <= x1``, metres in the survey plane.
    sign
        +1 for an upper edge (the polygon lies below it), -1 for a lower one, 0 for a vertical one.
    first
        Edges of polygon p are ``first[p]`` to ``first[p + 1]``.
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    sign: Floats
    first: Ints


@dataclass(frozen=True)
class Grid:
    """Zones cut into cells. Edges are kept from the south-west corner of their cell, metres.

    Attributes
    ----------
    frame
        ``left, floor, size, columns, rows``.
    cell_start
        Entries of cell c are ``cell_start[c]`` to ``cell_start[c + 1]``.
    entry_zone, entry_first, entry_last
        The zone of each entry and its edges; ``entry_first = -1`` means that it fills the cell.
    x0, y0, x1, y1, sign
        Edges, as in `Edges`.
    zones
        How many zones there are, of shape (1,).
    """

    frame: Floats
    cell_start: Ints
    entry_zone: NDArray[np.int32]
    entry_first: Ints
    entry_last: Ints
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    sign: NDArray[np.int8]
    zones: Ints

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name, for a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def sign_edges(polygons: Geometries) -> Edges:
    """Return valid polygons as signed edges. Shells count up and holes down, however they are wound.

    Examples
    --------
    >>> square = sign_edges(np.array([shapely.box(0, 0, 2, 1)], dtype=object))
    >>> sorted(zip(square.y0.tolist(), square.y1.tolist(), square.sign.tolist()))
    [(0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 1.0)]
    """
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same_ring = ring[1:] == ring[:-1]
    start, end = points[:-1][same_ring], points[1:][same_ring]
    ring = ring[:-1][same_ring]
    # Twice the signed area of each ring, from its own first corner so that no digit is lost far from the origin.
    ring_first = np.searchsorted(ring, np.arange(len(rings)))
    corner = start[ring_first[ring]] if len(ring) else start
    a, b = start - corner, end - corner
    twice_area = np.bincount(ring, weights=a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1], minlength=len(rings))
    is_hole = np.ones(len(rings), dtype=bool)
    is_hole[np.unique(part, return_index=True)[1]] = False
    upright = np.where((twice_area > 0) != is_hole, 1.0, -1.0)
    # Walking with the polygon on the left, an edge towards the west has it below.
    sign = np.sign(start[:, 0] - end[:, 0]) * upright[ring]
    turn = (start[:, 0] > end[:, 0])[:, None]
    west, east = np.where(turn, end, start), np.where(turn, start, end)
    polygon = owner[part[ring]]
    keep = (west != east).any(axis=1)
    x0, y0, x1, y1 = (np.ascontiguousarray(column[keep]) for column in (*west.T, *east.T))
    first = np.searchsorted(polygon[keep], np.arange(len(polygons) + 1)).astype(np.int64)
    return Edges(x0, y0, x1, y1, sign[keep], first)


def cut_zones(polygons: Geometries) -> Grid:
    """Cut polygons into a grid that fits them.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons in the survey plane, of shape (zones,); they may overlap and may be empty.

    Notes
    -----
    See `qy_gis.overlay.cutting`. Large input is cut in chunks, on all cores; the result does not depend on how.
    """
    frame = _fit_frame(polygons)
    chunk = np.cumsum(shapely.get_num_coordinates(polygons)) // _CHUNK_VERTICES
    chunks = np.split(np.arange(len(polygons)), np.flatnonzero(np.diff(chunk)) + 1) if len(polygons) else []
    few = shapely.get_num_coordinates(polygons).sum() < _COMPILE_FROM_EDGES
    code: Any = cutting if few else compiled(cutting)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(lambda rows: _cut_chunk(code, polygons[rows], int(rows[0]), frame), chunks))
    return _assemble(frame, parts, len(polygons))


def _fit_frame(polygons: Geometries) -> Floats:
    x0, y0, x1, y1 = shapely.total_bounds(polygons) if len(polygons) else (np.nan,) * 4
    if not np.isfinite([x0, y0, x1, y1]).all():
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    edges = shapely.get_num_coordinates(polygons).sum()
    extent = max(x1 - x0, y1 - y0, 1.0)
    size = np.sqrt((x1 - x0) * (y1 - y0) * _EDGES_PER_CELL / max(edges, 1))
    size = float(np.clip(size, extent / _MOST_CELLS, extent))
    # Zones often begin at round figures: a frame that does not keeps their edges off the lines between cells.
    left, floor = x0 - 0.382 * size, y0 - 0.382 * size
    return np.array([left, floor, size, (x1 - left) // size + 1, (y1 - floor) // size + 1])


def _cut_chunk(code: Any, polygons: Geometries, first_zone: int, frame: Floats) -> tuple[NDArray[Any], ...]:
    """Return what `qy_gis.overlay.cutting.fill_cells` does, for zones numbered from ``first_zone``."""
    left, floor, size, columns = frame[:4].tolist()
    edges = sign_edges(polygons)
    ends = (edges.x0, edges.y0, edges.x1, edges.y1)
    room = code.count_pieces(*ends, left, floor, size)
    values, places = [np.empty(room) for _ in range(5)], [np.empty(room, dtype=np.int64) for _ in range(3)]
    zone = np.repeat(np.arange(len(polygons)), np.diff(edges.first)) + first_zone
    n = code.cut_edges(*ends, edges.sign, zone, left, floor, size, *values, *places)
    zone, column, row = (each[:n] for each in places)
    order = np.lexsort((-row, column, zone))
    pieces = [each[:n][order] for each in (*values, *places)]
    filled: tuple[NDArray[Any], ...] = code.fill_cells(*pieces, left, floor, size, int(columns), n + 64)
    return filled


def _assemble(frame: Floats, parts: list[tuple[NDArray[Any], ...]], zones: int) -> Grid:
    """Put the cells of all chunks in the order of the grid, and the edges in that of their cells."""
    if not parts:
        parts = [(*(np.zeros(0, dtype=np.int64) for _ in range(4)), np.zeros((0, 5)))]
    before = np.cumsum([0, *(len(part[4]) for part in parts)])
    cell, zone = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    begin = np.concatenate(
        [np.where(part[2] < 0, -1, part[2] + ahead) for part, ahead in zip(parts, before, strict=False)]
    )
    count = np.concatenate([part[3] - part[2] for part in parts])
    # Zones are in order already; a stable sort keeps them so within each cell.
    order = np.argsort(cell, kind="stable")
    cell, zone, begin, count = cell[order], zone[order], begin[order], count[order]
    end = np.cumsum(count)
    edges = np.concatenate([part[4] for part in parts])[np.repeat(begin - end + count, count) + np.arange(count.sum())]
    full = begin < 0
    x0, y0, x1, y1, sign = edges.T
    return Grid(
        frame=frame,
        cell_start=np.searchsorted(cell, np.arange(int(frame[3] * frame[4]) + 1)).astype(np.int64),
        entry_zone=zone.astype(np.int32),
        entry_first=np.where(full, -1, end - count),
        entry_last=np.where(full, -1, end),
        x0=np.ascontiguousarray(x0),
        y0=np.ascontiguousarray(y0),
        x1=np.ascontiguousarray(x1),
        y1=np.ascontiguousarray(y1),
        sign=sign.astype(np.int8),
        zones=np.array([zones], dtype=np.int64),
    )


def overlap_areas(
    parcels: Geometries, grid: Grid, *, contact: bool = True
) -> tuple[Ints, Ints, Floats, NDArray[np.bool_]]:
    """Return every overlap of a parcel with a zone.

    Parameters
    ----------
    parcels
        Valid polygons in the survey plane, of shape (n,).
    grid
        The zones, cut.
    contact
        Whether to look for boundaries that touch without sharing area.

    Returns
    -------
    tuple of numpy.ndarray
        Parcel, zone, area (m2) and whether boundaries touch where there is no area; sorted by parcel, then zone.

    Examples
    --------
    >>> zones = cut_zones(np.array([shapely.box(0, 0, 10, 10), shapely.box(25, 5, 30, 9)], dtype=object))
    >>> parcel, zone, area, touches = overlap_areas(np.array([shapely.box(5, 5, 25, 15)], dtype=object), zones)
    >>> zone.tolist(), area.round(9).tolist(), touches.tolist()
    ([0, 1], [25.0, 0.0], [False, True])
    """
    edges = sign_edges(parcels)
    few = len(edges.x0) < _COMPILE_FROM_EDGES
    code: Any = kernel if few else compiled(kernel)
    longest = int(np.diff(edges.first).max(initial=1))
    zones = int(grid.zones[0])

    def as_given(array: NDArray[Any]) -> Any:
        return array.tolist() if few else np.ascontiguousarray(array)

    left, floor, size, columns, rows = grid.frame.tolist()
    parcel, zone, area, touch = code.overlap_parcels(
        tuple(as_given(each) for each in (edges.x0, edges.y0, edges.x1, edges.y1, edges.sign)),
        as_given(edges.first),
        as_given(np.asarray(shapely.area(parcels))),
        tuple(as_given(each) for each in shapely.bounds(parcels).T),
        (left, floor, size, int(columns), int(rows)),
        grid.cell_start,
        grid.entry_zone,
        grid.entry_first,
        grid.entry_last,
        (grid.x0, grid.y0, grid.x1, grid.y1, grid.sign),
        np.zeros(zones),
        np.zeros(zones, dtype=np.bool_),
        (*([0.0] * longest if few else np.empty(longest) for _ in range(5)), np.empty(64, dtype=np.int64)),
        TOUCH_M2,
        TOUCH_M if contact else 0.0,
    )
    # A speck of a parcel inside a zone meets it, though no boundary is near; below a square millimetre it is rounding.
    touch |= (area > 1e-6) & (area <= TOUCH_M2)
    order = np.lexsort((zone, parcel))
    return parcel[order], zone[order], area[order], touch[order]
