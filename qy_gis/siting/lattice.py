"""Sites grown on a lattice of cells: from the best cell outward, until they have the area that is wanted."""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.plane import Geometries

#: How much a cell's score (0-1) weighs against its distance from the seed (in radii of the site) when a site grows.
_SCORE_WEIGHT = 0.5

#: A cell may overhang the land by this much, so that cells fit along an edge that noding left uneven by 0.01 mm. Sites
#: keep ten times as far off what stands against them.
_HAIR_M = 1e-3

_SQUARE = [(1, 0), (-1, 0), (0, 1), (0, -1)]
_HEXAGON = [*_SQUARE, (1, -1), (-1, 1)]


@dataclass(frozen=True)
class Lattice:
    """Equal cells in a plane that keeps shapes.

    Attributes
    ----------
    cells
        Polygons of shape (n,).
    place
        Column and row of each, of shape (n, 2); for hexagons in axial coordinates. No two cells of different parts of
        the land are neighbours.
    centre
        Of shape (n, 2), metres.
    steps
        From a cell to its neighbours.
    heart_m
        From the centre of a seed to the point about which a site grows, in both directions: squares grow about a
        corner, so that an even number of rows and columns comes out symmetric.
    """

    cells: Geometries
    place: NDArray[np.int64]
    centre: NDArray[np.float64]
    steps: list[tuple[int, int]]
    heart_m: float


def lay_lattice(land: Geometries, *, cell_m2: float, shape: Literal["square", "hexagon"]) -> Lattice:
    """Return the cells of a given area (m2 in the plane) that lie wholly on one of the parts of the land.

    Examples
    --------
    >>> land = np.array([shapely.box(0, 0, 30, 25)])
    >>> len(lay_lattice(land, cell_m2=100, shape="square").cells)
    6
    """
    places, centres, cells = [], [], []
    taken = 0
    for part in land:
        place, centre = _cover(part.bounds, cell_m2, shape)
        boxes = _draw(centre, cell_m2, shape)
        inside = np.sort(shapely.STRtree(boxes).query(shapely.buffer(part, _HAIR_M), predicate="contains"))
        # Each part has a lattice of its own, laid from its corner; in columns, they stand side by side.
        place[:, 0] += taken - place[:, 0].min()
        taken = place[:, 0].max() + 2
        places.append(place[inside])
        centres.append(centre[inside])
        cells.append(boxes[inside])
    return Lattice(
        cells=np.concatenate([np.array([], dtype=object), *cells]),
        place=np.concatenate([np.zeros((0, 2), dtype=np.int64), *places]),
        centre=np.concatenate([np.zeros((0, 2)), *centres]),
        steps=_SQUARE if shape == "square" else _HEXAGON,
        heart_m=float(np.sqrt(cell_m2) / 2) if shape == "square" else 0.0,
    )


def grow_sites(
    lattice: Lattice, *, cell_m2: NDArray[np.float64], area_m2: float, score: NDArray[np.float64], spacing: int
) -> Generator[NDArray[np.int64], bool, None]:
    """Yield sites, the most promising first, as numbers of cells.

    Parameters
    ----------
    lattice
        The cells.
    cell_m2
        Their statutory areas, of shape (n,).
    area_m2
        The area that a site has to reach.
    score
        Of each cell, 0-1, of shape (n,).
    spacing
        Only every so many columns and rows a cell is tried as a seed; a site is about twice as many across.

    Yields
    ------
    numpy.ndarray
        Cells that hang together. A caller that keeps the site sends True, and its cells are not used again.

    Notes
    -----
    Seeds come by score and by how much room is around them; of equal ones, the farthest from the sites that were kept,
    so that sites spread.
    """
    number = {(int(q), int(r)): cell for cell, (q, r) in enumerate(lattice.place)}
    free = np.ones(len(lattice.cells), dtype=bool)
    seeds = np.flatnonzero((lattice.place % spacing == 0).all(axis=1))
    alive = np.ones(len(seeds), dtype=bool)
    away = np.full(len(seeds), np.inf)
    promise = score[seeds] + _room(lattice.place, free, 2 * spacing)[seeds]
    while alive.any():
        ties = np.flatnonzero(alive & (promise >= promise[alive].max() - 1e-9))
        chosen = ties[np.argmax(away[ties])]
        alive[chosen] = False
        if not free[seeds[chosen]]:
            continue
        site, reached = _grow(int(seeds[chosen]), lattice, number, free, cell_m2, area_m2, score)
        if reached < area_m2:
            # Everything within reach is too small: no seed in it can do better.
            alive &= ~np.isin(seeds, site)
            continue
        # A seed at the edge of the land grows to one side; from the middle of that, a site may come out rounder.
        again, reached = _grow(_middle(site, lattice), lattice, number, free, cell_m2, area_m2, score)
        if reached >= area_m2 and _spread(again, lattice) < _spread(site, lattice):
            site = again
        kept = yield np.array(site)
        if kept:
            free[site] = False
            promise = score[seeds] + _room(lattice.place, free, 2 * spacing)[seeds]
            middle = lattice.centre[site].mean(axis=0)
            away = np.minimum(away, np.hypot(*(lattice.centre[seeds] - middle).T))


def _grow(
    seed: int,
    lattice: Lattice,
    number: dict[tuple[int, int], int],
    free: NDArray[np.bool_],
    cell_m2: NDArray[np.float64],
    area_m2: float,
    score: NDArray[np.float64],
) -> tuple[list[int], float]:
    radius = np.sqrt(area_m2 / np.pi)
    square = len(lattice.steps) == len(_SQUARE)
    heart = lattice.centre[seed] + lattice.heart_m
    site: list[int] = []
    total = 0.0
    seen = {seed}
    front = [(0.0, seed)]
    while front and total < area_m2:
        _, cell = heapq.heappop(front)
        site.append(cell)
        total += cell_m2[cell]
        q, r = lattice.place[cell]
        for dq, dr in lattice.steps:
            near = number.get((int(q + dq), int(r + dr)))
            if near is not None and near not in seen and free[near]:
                seen.add(near)
                offset = np.abs(lattice.centre[near] - heart)
                away = offset.max() if square else np.hypot(*offset)
                heapq.heappush(front, (float(away / radius - _SCORE_WEIGHT * score[near]), near))
    return site, total


def _middle(site: list[int], lattice: Lattice) -> int:
    """The cell from which a site with the same middle grows."""
    away = lattice.centre[site] + lattice.heart_m - lattice.centre[site].mean(axis=0)
    return site[int(np.argmin(np.hypot(*away.T)))]


def _spread(site: list[int], lattice: Lattice) -> float:
    return float(lattice.centre[site].var(axis=0).sum())


def _room(place: NDArray[np.int64], free: NDArray[np.bool_], across: int) -> NDArray[np.float64]:
    """Share (0-1) of free cells in the block of cells, so many across, in whose middle each cell is."""
    at = place - place.min(axis=0) + across
    counts = np.zeros(at.max(axis=0) + across + 1, dtype=np.int64)
    counts[tuple(at[free].T)] = 1
    summed = counts.cumsum(axis=0).cumsum(axis=1)
    q, r = (at + across // 2).T
    block = summed[q, r] - summed[q - across, r] - summed[q, r - across] + summed[q - across, r - across]
    return np.asarray(block / across**2)


def _cover(
    bounds: tuple[float, float, float, float], cell_m2: float, shape: Literal["square", "hexagon"]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return place and centre of the cells that a box may hold, the first in its lower left corner."""
    x0, y0, x1, y1 = bounds
    if shape == "square":
        wide = high = np.sqrt(cell_m2)
    else:
        # Pointed at the top: columns are sqrt(3) sides apart, rows 1.5 sides, and each row is shifted by half a column.
        side = np.sqrt(2 * cell_m2 / (3 * np.sqrt(3)))
        wide, high = np.sqrt(3) * side, 1.5 * side
    rows = np.arange(np.ceil((y1 - y0) / high) + 1, dtype=np.int64)
    columns = np.arange(np.ceil((x1 - x0) / wide) + 1, dtype=np.int64)
    column, row = (each.ravel() for each in np.meshgrid(columns, rows))
    if shape == "square":
        return np.column_stack([column, row]), np.column_stack([x0 + (column + 0.5) * wide, y0 + (row + 0.5) * high])
    place = np.column_stack([column - (row - row % 2) // 2, row])
    return place, np.column_stack([x0 + (column + 0.5 + 0.5 * (row % 2)) * wide, y0 + side + row * high])


def _draw(centre: NDArray[np.float64], cell_m2: float, shape: Literal["square", "hexagon"]) -> Geometries:
    if shape == "square":
        half = np.sqrt(cell_m2) / 2
        x, y = centre.T
        return np.asarray(shapely.box(x - half, y - half, x + half, y + half))
    side = np.sqrt(2 * cell_m2 / (3 * np.sqrt(3)))
    angles = np.radians(np.arange(30, 390, 60))
    corners = side * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(shapely.polygons(centre[:, None, :] + corners))
