"""Zones cut into a uniform grid, and parcels as signed edges: the form in which the kernel meets them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.compiling import code_for
from qy_gis.measure.outlines import Outlines, take_outlines
from qy_gis.measure.plane import Geometries
from qy_gis.overlay import cutting, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: An overlap up to this area (m2) is contact, not area. It is what is left along a shared edge: the corners of one
#: outline lie beside the chords of the other by some 0.03 mm (`qy_gis.measure.gauss.SPACING_M`), and rounding. Tables
#: would show it as 0.00.
TOUCH_M2 = 5e-3

#: Two boundaries this close (m) touch.
TOUCH_M = 1e-3

#: Cells are sized so that a boundary has about this many edges in one: fewer edges mean more cells to visit.
_EDGES_PER_CELL = 8

#: A grid has at most this many columns or rows, and cells of a city are not smaller than its parcels.
_MOST_CELLS = 640

#: Corners may be moved so far (m): nobody's area is changed by as much as is shown of it.
_ROUNDED_M = 1e-6

#: Zones are cut in chunks of about so many vertices.
_CHUNK_VERTICES = 500_000

#: About the microseconds that plain Python takes to sign an edge, to cut one, and to hold one against the zones.
_SIGN_US, _CUT_US, _OVERLAP_US = 2, 20, 80


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
    area_m2, bounds
        Of each polygon: its area, and west, south, east and north (of one without edges: far away).
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    sign: Floats
    first: Ints
    area_m2: Floats
    bounds: Floats


@dataclass(frozen=True)
class Grid:
    """Zones cut into cells.

    Attributes
    ----------
    frame
        ``left, floor, size, columns, rows, unit``.
    cell_start
        Entries of cell c are ``cell_start[c]`` to ``cell_start[c + 1]``.
    entries
        Of shape (entries, 3): zone, first edge and the one behind the last; both -1 for a zone that fills the cell.
    edges
        Of shape (edges, 4): x and y of both ends, in units of so many metres from the south-west corner of the cell. An
        upper edge runs to the east (``Edges.sign`` +1), a lower one to the west.
    zones
        How many zones there are, of shape (1,).
    """

    frame: Floats
    cell_start: Ints
    entries: NDArray[np.int32] | Ints
    edges: Floats | NDArray[np.int32]
    zones: Ints

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name, for a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def zone_areas(grid: Grid) -> Floats:
    """Return the area (m2) of each zone as its cells hold it, of shape (zones,).

    It is that of the outline the zone was cut from, or the grid is not one of that zone.

    Examples
    --------
    >>> zones = np.array([shapely.box(0, 0, 90, 30) - shapely.box(10, 10, 20, 20), shapely.Polygon()])
    >>> zone_areas(cut_zones(zones)).round(9).tolist()
    [2600.0, 0.0]
    """
    size, unit = float(grid.frame[2]), float(grid.frame[5])
    x0, y0, x1, y1 = (np.asarray(grid.edges, dtype=np.float64) * unit).T
    # Land under an edge: upper edges run to the east, lower ones to the west.
    under = (x1 - x0) * (y0 + y1) / 2
    zone, first, _ = np.asarray(grid.entries, dtype=np.int64).T
    area: Floats = np.full(len(zone), size * size)
    cut = first >= 0
    if cut.any():
        area[cut] = np.add.reduceat(under, first[cut])
    return np.asarray(np.bincount(zone, area, minlength=int(grid.zones[0])), dtype=np.float64)


def sign_edges(outlines: Outlines) -> Edges:
    """Return outlines of valid polygons as signed edges. Shells count up and holes down, however they are wound.

    Examples
    --------
    >>> square = sign_edges(take_outlines(np.array([shapely.box(0, 0, 2, 1)], dtype=object)))
    >>> sorted(zip(square.y0.tolist(), square.y1.tolist(), square.sign.tolist()))
    [(0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 1.0)]
    """
    room = len(outlines.x)
    columns = [np.empty(room) for _ in range(5)]
    first = np.empty(len(outlines) + 1, dtype=np.int64)
    rings = (outlines.ring_first, outlines.hole, outlines.first_ring)
    code = code_for(kernel, microseconds=_SIGN_US * room)
    n = code.sign_edges(outlines.x, outlines.y, *rings, *columns, first)
    x0, y0, x1, y1, sign = (column[:n] for column in columns)
    return Edges(x0, y0, x1, y1, sign, first, outlines.areas(), np.nan_to_num(outlines.bounds(), nan=-1e12))


def cut_zones(polygons: Geometries, *, rounded: bool = False) -> Grid:
    """Cut polygons into a grid that fits them.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons in the survey plane, of shape (zones,); they may overlap and may be empty.
    rounded
        Keep corners to a micrometre, in half the memory, if the cells are small enough for that.

    Notes
    -----
    See `qy_gis.overlay.cutting`. Large input is cut in chunks, on all cores; the result does not depend on how.
    """
    frame = _fit_frame(polygons, rounded=rounded)
    chunk = np.cumsum(shapely.get_num_coordinates(polygons)) // _CHUNK_VERTICES
    chunks = np.split(np.arange(len(polygons)), np.flatnonzero(np.diff(chunk)) + 1) if len(polygons) else []
    code = code_for(cutting, microseconds=_CUT_US * float(shapely.get_num_coordinates(polygons).sum()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(lambda rows: _cut_chunk(code, polygons[rows], int(rows[0]), frame), chunks))
    return _assemble(frame, parts, len(polygons))


def _fit_frame(polygons: Geometries, *, rounded: bool) -> Floats:
    x0, y0, x1, y1 = shapely.total_bounds(polygons) if len(polygons) else (np.nan,) * 4
    if not np.isfinite([x0, y0, x1, y1]).all():
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    edges = shapely.get_num_coordinates(polygons).sum()
    extent = max(x1 - x0, y1 - y0, 1.0)
    size = np.sqrt((x1 - x0) * (y1 - y0) * _EDGES_PER_CELL / max(edges, 1))
    size = float(np.clip(size, extent / _MOST_CELLS, extent))
    # Zones often begin at round figures: a frame that does not keeps their edges off the lines between cells.
    left, floor = x0 - 0.382 * size, y0 - 0.382 * size
    unit = size / 2**30 if rounded and size < 2**30 * _ROUNDED_M else 1.0
    return np.array([left, floor, size, (x1 - left) // size + 1, (y1 - floor) // size + 1, unit])


def _cut_chunk(code: Any, polygons: Geometries, first_zone: int, frame: Floats) -> tuple[NDArray[Any], ...]:
    """Return what `qy_gis.overlay.cutting.fill_cells` does, for zones numbered from ``first_zone``, edges in units."""
    left, floor, size, columns, _, unit = frame.tolist()
    edges = sign_edges(take_outlines(polygons))
    ends = (edges.x0, edges.y0, edges.x1, edges.y1)
    room = code.count_pieces(*ends, left, floor, size)
    values, places = [np.empty(room) for _ in range(5)], [np.empty(room, dtype=np.int64) for _ in range(3)]
    zone = np.repeat(np.arange(len(polygons)), np.diff(edges.first)) + first_zone
    n = code.cut_edges(*ends, edges.sign, zone, left, floor, size, *values, *places)
    zone, column, row = (each[:n] for each in places)
    order = np.lexsort((-row, column, zone))
    pieces = [each[:n][order] for each in (*values, *places)]
    *entries, metres = code.fill_cells(*pieces, left, floor, size, int(columns), n + 64)
    return *entries, metres if unit == 1.0 else np.rint(metres / unit).astype(np.int32)


def _assemble(frame: Floats, parts: list[tuple[NDArray[Any], ...]], zones: int) -> Grid:
    """Put the cells of all chunks in the order of the grid, and the edges in that of their cells."""
    if not parts:
        parts = [(*(np.zeros(0, dtype=np.int64) for _ in range(4)), np.zeros((0, 4)))]
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
    entries = np.column_stack([zone, np.where(full, -1, end - count), np.where(full, -1, end)])
    return Grid(
        frame=frame,
        cell_start=np.searchsorted(cell, np.arange(int(frame[3] * frame[4]) + 1)).astype(np.int64),
        # Half the memory, as long as there are fewer than two thousand million edges.
        entries=entries.astype(np.int32) if len(edges) < 2**31 else entries,
        edges=edges,
        zones=np.array([zones], dtype=np.int64),
    )


def overlap_areas(
    parcels: Edges, grid: Grid, *, rows: Ints | None = None, contact: bool = True
) -> tuple[Ints, Ints, Floats, NDArray[np.bool_]]:
    """Return every overlap of a parcel with a zone.

    Parameters
    ----------
    parcels
        Valid polygons in the survey plane, n of them.
    grid
        The zones, cut.
    rows
        Which of the parcels are measured; None means all.
    contact
        Whether to look for boundaries that touch without sharing area.

    Returns
    -------
    tuple of numpy.ndarray
        Parcel, zone, area (m2) and whether boundaries touch where there is no area; sorted by parcel, then zone.

    Examples
    --------
    >>> zones = cut_zones(np.array([shapely.box(0, 0, 10, 10), shapely.box(25, 5, 30, 9)], dtype=object))
    >>> plot = sign_edges(take_outlines(np.array([shapely.box(5, 5, 25, 15)], dtype=object)))
    >>> parcel, zone, area, touches = overlap_areas(plot, zones)
    >>> zone.tolist(), area.round(9).tolist(), touches.tolist()
    ([0, 1], [25.0, 0.0], [False, True])
    """
    wanted = np.arange(len(parcels.area_m2)) if rows is None else rows
    code = code_for(kernel, microseconds=_OVERLAP_US * len(parcels.x0))
    longest = int(np.diff(parcels.first).max(initial=1))
    zones = int(grid.zones[0])

    def as_given(array: NDArray[Any]) -> Any:
        # Plain Python is faster with lists.
        return array.tolist() if code is kernel else np.ascontiguousarray(array)

    left, floor, size, columns, cells, unit = grid.frame.tolist()
    one_by_one = code is kernel or len(wanted) == 1
    visit = wanted if one_by_one else wanted[order_by_place(parcels.bounds[wanted], grid.frame)]
    count = np.zeros(len(parcels.area_m2), dtype=np.int64)
    room = (*(as_given(np.empty(longest + 3)) for _ in range(7)), np.empty(64, dtype=np.int64))
    zone, area, touch = code.overlap_parcels(
        as_given(visit),
        count,
        tuple(as_given(each) for each in (parcels.x0, parcels.y0, parcels.x1, parcels.y1, parcels.sign)),
        as_given(parcels.first),
        as_given(parcels.area_m2),
        tuple(as_given(each) for each in parcels.bounds.T),
        (left, floor, size, int(columns), int(cells), unit),
        # Plain arrays: a mapped file is slow to ask for one number.
        *(np.asarray(each) for each in (grid.cell_start, grid.entries, grid.edges)),
        np.zeros(zones),
        np.zeros(zones, dtype=np.bool_),
        room,
        TOUCH_M2,
        TOUCH_M if contact else 0.0,
    )
    # Back to the order of the parcels: the pairs of parcel p begin where those visited before it end.
    begin = np.zeros(len(count), dtype=np.int64)
    begin[visit] = np.cumsum(count[visit]) - count[visit]
    place = np.repeat(begin - (np.cumsum(count) - count), count) + np.arange(len(zone))
    parcel, zone, area, touch = np.repeat(np.arange(len(count)), count), zone[place], area[place], touch[place]
    # A speck of a parcel inside a zone meets it, though no boundary is near; below a square millimetre it is rounding.
    touch |= (area > 1e-6) & (area <= TOUCH_M2)
    return parcel, zone, area, touch


def order_by_place(bounds: Floats, frame: Floats) -> Ints:
    """Return boxes of shape (n, 4) in an order that keeps neighbours together: along a Z through the grid (Morton).

    Examples
    --------
    >>> boxes = np.array([[0.0, 0, 1, 1], [900, 900, 901, 901], [1, 1, 2, 2]])
    >>> order_by_place(boxes, np.array([0.0, 0, 10, 100, 100, 1])).tolist()
    [0, 2, 1]
    """
    left, floor, size, columns, rows, _ = frame

    def spread(cells: Floats, most: float) -> Ints:
        # 16 bits, each moved to every other place.
        bits = np.clip(cells, 0, min(most, 65535)).astype(np.int64)
        for shift, mask in [(8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)]:
            bits = (bits | (bits << shift)) & mask
        return bits

    key = spread((bounds[:, 0] - left) / size, columns) | (spread((bounds[:, 1] - floor) / size, rows) << 1)
    return np.argsort(key, kind="stable")
