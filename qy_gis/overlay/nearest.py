"""How far a parcel is from the nearest feature of a layer, on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod

from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.plane import Geometries, to_grid, unproject
from qy_gis.overlay.packed import Packed, pack

_GEOD = Geod(a=6378137, rf=298.257222101)

#: A polygon of many vertices is cut into pieces of at most this many: a parcel is held against the nearest alone.
_PIECE_VERTICES = 128


@dataclass(frozen=True)
class Near:
    """Pieces of a layer's features in the 3-degree grid of ``zone``, which keeps shapes: what is nearest is so."""

    packed: Packed
    zone: int

    @cached_property
    def pieces(self) -> Geometries:
        """The pieces, of shape (p,)."""
        return self.packed.unpack()

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.pieces)

    def lines(self, in_grid: Geometries) -> tuple[NDArray[np.int64], Geometries]:
        """Return the numbers of the geometries, in order, and the shortest line from each to the nearest piece.

        Both are empty without pieces.
        """
        if not len(self.packed):
            return np.zeros(0, dtype=np.int64), in_grid[:0]
        row, piece = self._tree.query_nearest(in_grid, all_matches=False)
        return row, np.asarray(shapely.shortest_line(in_grid[row], self.pieces[piece]))


def measure_distances(layers: list[Near], in_grid: Geometries, apart: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Measure the distance from each geometry to the nearest feature of each layer.

    Parameters
    ----------
    layers
        Of one zone; m of them.
    in_grid
        Geometries in the grid of that zone, of shape (n,).
    apart
        What to measure, of shape (n, m).

    Returns
    -------
    numpy.ndarray
        Metres, of shape (n, m): 0 where they meet and where ``apart`` is not set, NaN for a layer without features.

    Notes
    -----
    The nearest points are found in the grid; their distance is the geodesic on the CGCS2000 ellipsoid.
    """
    out = np.where(apart, np.nan, 0.0)
    found, lines = np.zeros(apart.shape, dtype=bool), []
    for number, near in enumerate(layers):
        asked = np.flatnonzero(apart[:, number])
        rows, shortest = near.lines(in_grid[asked])
        found[asked[rows], number] = True
        lines.append(shortest)
    # All at once, as a call of PROJ costs more than a line.
    ends = shapely.get_coordinates(np.concatenate(lines))
    grid = CRS.from_epsg(grid_epsg(layers[0].zone, prefixed=False))
    lon, lat = transformer(grid).transform(ends[:, 0], ends[:, 1])
    out.T[found.T] = _GEOD.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])[2]
    return out


def cut_pieces(shapes: Geometries, zone: int) -> Near:
    """Cut geometries given in the survey plane into pieces of at most 128 vertices, in the grid of a zone.

    Examples
    --------
    >>> circle = shapely.Point(0, 0).buffer(1000, quad_segs=500)
    >>> near = cut_pieces(np.array([circle], dtype=object), 38)
    >>> bool(shapely.get_num_coordinates(near.pieces).max() <= 128)
    True
    """
    todo = shapely.get_parts(shapes)
    done = [todo[:0]]
    while len(todo):
        small = shapely.get_num_coordinates(todo) <= _PIECE_VERTICES
        done.append(todo[small])
        large = todo[~small]
        x0, y0, x1, y1 = shapely.bounds(large).T
        wide = (x1 - x0) >= (y1 - y0)
        xm, ym = np.where(wide, (x0 + x1) / 2, x1), np.where(wide, y1, (y0 + y1) / 2)
        first = shapely.box(x0, y0, xm, ym)
        second = shapely.box(np.where(wide, xm, x0), np.where(wide, y0, ym), x1, y1)
        halves = shapely.intersection(np.concatenate([large, large]), np.concatenate([first, second]))
        todo = shapely.get_parts(halves)
        todo = todo[~shapely.is_empty(todo)]
    return Near(pack(to_grid(unproject(np.concatenate(done)), zone)), zone)
