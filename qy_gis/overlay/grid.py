"""Zones cut into a uniform grid, and parcels as signed edges: the form in which the kernel meets them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.plane import Geometries
from qy_gis.overlay import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: An overlap up to this area (m2) is contact, not area: it is what rounding leaves of a shared edge.
TOUCH_M2 = 1e-3

#: Two boundaries this close (m) touch.
TOUCH_M = 1e-3

#: Cells are sized so that a boundary has about this many edges in one: fewer edges mean more cells to visit.
_EDGES_PER_CELL = 8

#: Below this many edges of parcels, plain Python is done before a compiled kernel is loaded.
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
    Each polygon starts as the block of cells its bounds cover. A block is halved until it is one cell; a polygon that
    fills its block is done at once, so the inside of a large zone costs little.
    """
    frame = _fit_frame(polygons)
    left, floor, size, columns = frame[:4].tolist()
    # Part by part: a layer of thousands of patches, united, is one zone whose bounds are the city's.
    pieces, zone = shapely.get_parts(polygons, return_index=True)
    sound = ~shapely.is_empty(pieces) & (shapely.get_dimensions(pieces) == 2)
    pieces, zone = pieces[sound], zone[sound]
    x0, y0, x1, y1 = shapely.bounds(pieces).T
    blocks = np.column_stack([(x0 - left) // size, (y0 - floor) // size, (x1 - left) // size, (y1 - floor) // size])
    blocks = blocks.astype(np.int64)
    full: list[tuple[Ints, Ints]] = []
    cut: list[tuple[Ints, Ints, Geometries]] = []
    while len(pieces):
        width, height = blocks[:, 2] - blocks[:, 0] + 1, blocks[:, 3] - blocks[:, 1] + 1
        fills = shapely.area(pieces) >= width * height * size * size * (1 - 1e-12)
        full.append(_cells_of_blocks(blocks[fills], zone[fills], int(columns)))
        single = ~fills & (width == 1) & (height == 1)
        cut.append((blocks[single, 1] * int(columns) + blocks[single, 0], zone[single], pieces[single]))
        more = ~fills & ~single
        pieces, blocks, zone = _halve(pieces[more], blocks[more], zone[more], frame)
    return _assemble(frame, full, cut, len(polygons))


def _fit_frame(polygons: Geometries) -> Floats:
    x0, y0, x1, y1 = shapely.total_bounds(polygons) if len(polygons) else (np.nan,) * 4
    if not np.isfinite([x0, y0, x1, y1]).all():
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    edges = shapely.get_num_coordinates(polygons).sum()
    extent = max(x1 - x0, y1 - y0, 1.0)
    size = np.sqrt((x1 - x0) * (y1 - y0) * _EDGES_PER_CELL / max(edges, 1))
    size = float(np.clip(size, extent / 2000, extent))
    # Zones often begin at round figures: a frame that does not keeps their edges off the lines between cells.
    left, floor = x0 - 0.382 * size, y0 - 0.382 * size
    return np.array([left, floor, size, (x1 - left) // size + 1, (y1 - floor) // size + 1])


def _halve(pieces: Geometries, blocks: Ints, zone: Ints, frame: Floats) -> tuple[Geometries, Ints, Ints]:
    """Cut pieces in two along the line between cells nearest the middle of their block."""
    left, floor, size = frame[:3]
    wide = blocks[:, 2] - blocks[:, 0] >= blocks[:, 3] - blocks[:, 1]
    middle = np.where(wide, blocks[:, 0] + blocks[:, 2], blocks[:, 1] + blocks[:, 3]) // 2
    lower, upper = blocks.copy(), blocks.copy()
    lower[wide, 2], lower[~wide, 3] = middle[wide], middle[~wide]
    upper[wide, 0], upper[~wide, 1] = middle[wide] + 1, middle[~wide] + 1
    blocks = np.concatenate([lower, upper])
    corners = blocks + np.array([0, 0, 1, 1])
    boxes = shapely.box(
        left + corners[:, 0] * size,
        floor + corners[:, 1] * size,
        left + corners[:, 2] * size,
        floor + corners[:, 3] * size,
    )
    halves = shapely.intersection(np.concatenate([pieces, pieces]), boxes)
    keep = shapely.area(halves) > 0
    return halves[keep], blocks[keep], np.concatenate([zone, zone])[keep]


def _cells_of_blocks(blocks: Ints, zone: Ints, columns: int) -> tuple[Ints, Ints]:
    """Return the cells of full blocks and the zone that fills each."""
    width, height = blocks[:, 2] - blocks[:, 0] + 1, blocks[:, 3] - blocks[:, 1] + 1
    count = width * height
    block = np.repeat(np.arange(len(blocks)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    cell = (blocks[block, 1] + place // width[block]) * columns + blocks[block, 0] + place % width[block]
    return cell, zone[block]


def _assemble(
    frame: Floats, full: list[tuple[Ints, Ints]], cut: list[tuple[Ints, Ints, Geometries]], zones: int
) -> Grid:
    left, floor, size, columns, rows = frame.tolist()
    none = np.zeros(0, dtype=np.int64)
    pieces = np.concatenate([each[2] for each in cut]) if cut else np.zeros(0, dtype=object)
    edges = sign_edges(pieces)
    cut_cell = np.concatenate([each[0] for each in cut]) if cut else none
    count = np.diff(edges.first)
    west = np.repeat(left + cut_cell % int(columns) * size, count)
    south = np.repeat(floor + cut_cell // int(columns) * size, count)
    full_cell = np.concatenate([each[0] for each in full]) if full else none
    cell = np.concatenate([full_cell, cut_cell])
    zone = np.concatenate([each[1] for each in (*full, *cut)]) if len(cell) else none
    whole = np.full(len(full_cell), -1, dtype=np.int64)
    order = np.lexsort((zone, cell))
    starts = np.searchsorted(cell[order], np.arange(int(columns * rows) + 1)).astype(np.int64)
    return Grid(
        frame=frame,
        cell_start=starts,
        entry_zone=zone[order].astype(np.int32),
        entry_first=np.concatenate([whole, edges.first[:-1]])[order],
        entry_last=np.concatenate([whole, edges.first[1:]])[order],
        x0=edges.x0 - west,
        y0=edges.y0 - south,
        x1=edges.x1 - west,
        y1=edges.y1 - south,
        sign=edges.sign.astype(np.int8),
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
    code: Any = kernel if few else kernel.compiled()
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
