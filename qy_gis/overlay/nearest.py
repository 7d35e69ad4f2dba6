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

_GEOD = Geod(a=6378137, rf=298.257222101)

#: A polygon of many vertices is cut into pieces of at most this many: a parcel is held against the nearest alone.
_PIECE_VERTICES = 128


@dataclass(frozen=True)
class Near:
    """Pieces of a layer's features in the 3-degree grid of ``zone``, which keeps shapes: what is nearest is so."""

    pieces: Geometries
    zone: int

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.pieces)

    def distances(self, in_grid: Geometries) -> NDArray[np.float64]:
        """Return the distance (m) from each geometry to the nearest piece: 0 where they meet, NaN without pieces.

        The nearest points are found in the grid; their distance is the geodesic on the CGCS2000 ellipsoid.
        """
        out = np.full(len(in_grid), np.nan)
        if not len(self.pieces):
            return out
        row, piece = self._tree.query_nearest(in_grid, all_matches=False)
        ends = shapely.get_coordinates(shapely.shortest_line(in_grid[row], self.pieces[piece]))
        grid = CRS.from_epsg(grid_epsg(self.zone, prefixed=False))
        lon, lat = transformer(grid).transform(ends[:, 0], ends[:, 1])
        out[row] = _GEOD.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])[2]
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
    return Near(to_grid(unproject(np.concatenate(done)), zone), zone)
