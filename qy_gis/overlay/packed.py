"""Geometries as bytes, mapped from a file, that become shapes only when somebody needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.plane import Geometries

#: Geometries with more corners are cut to squares of this size (m), each once for all that is near its middle.
_LARGE, _SQUARE_M = 256, 4000.0


@dataclass(frozen=True)
class Packed:
    """Geometries as well-known binary: geometry k is the bytes ``ends[k]`` to ``ends[k + 1]`` of ``wkb``."""

    wkb: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def part(self, first: int, last: int) -> Packed:
        """Return the geometries ``first`` to ``last``."""
        return Packed(self.wkb, self.ends[first : last + 1])

    def take(self, places: NDArray[np.int64]) -> Geometries:
        """Return the geometries at some places as shapes, in their order; a place may be there several times."""
        wanted, which = np.unique(places, return_inverse=True)
        wkb, bounds = np.asarray(self.wkb), zip(self.ends[wanted].tolist(), self.ends[wanted + 1].tolist(), strict=True)
        shapes = np.empty(len(wanted), dtype=object)
        shapes[:] = shapely.from_wkb([wkb[first:last].tobytes() for first, last in bounds])
        return np.asarray(shapes[which])

    def take_near(self, places: NDArray[np.int64], bounds: NDArray[np.float64]) -> Geometries:
        """Return geometries as `take` does, each as far as it lies near a box: at least 1 m around it.

        Of a large one there is no more than that, so that GEOS does not go round all of it for every parcel.

        Parameters
        ----------
        places
            Of shape (n,).
        bounds
            West, south, east and north (m), of shape (n, 4).
        """
        shapes = self.take(places)
        large = np.flatnonzero(shapely.get_num_coordinates(shapes) > _LARGE)
        if not len(large):
            return shapes
        boxes = bounds[large] + np.array([-1.0, -1.0, 1.0, 1.0])

        # A square twice as wide as its cell holds every small box whose middle is in the cell.
        small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) < _SQUARE_M / 2
        cell = np.floor((boxes[:, :2] + boxes[:, 2:]) / _SQUARE_M)
        squares = np.concatenate([cell - 0.5, cell + 1.5], axis=1) * (_SQUARE_M / 2)
        boxes[small] = squares[small]

        wanted, which = np.unique(np.column_stack([places[large], boxes]), axis=0, return_inverse=True)
        clipped = shapely.intersection(self.take(wanted[:, 0].astype(np.int64)), shapely.box(*wanted[:, 1:].T))
        shapes[large] = clipped[which.reshape(-1)]
        return shapes

    def unpack(self) -> Geometries:
        """Return the geometries as shapes, of shape (n,)."""
        return self.take(np.arange(len(self)))


def pack(geometries: Geometries) -> Packed:
    """Pack geometries, none of them None.

    Examples
    --------
    >>> packed = pack(np.array([shapely.Point(1, 2), shapely.box(0, 0, 1, 1), shapely.Point(3, 4)]))
    >>> len(packed), [shape.wkt for shape in packed.part(2, 3).unpack()]
    (3, ['POINT (3 4)'])
    >>> [shape.wkt for shape in packed.take(np.array([2, 0, 2]))]
    ['POINT (3 4)', 'POINT (1 2)', 'POINT (3 4)']
    """
    texts = [bytes(text) for text in shapely.to_wkb(geometries)]
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return Packed(np.frombuffer(b"".join(texts), dtype=np.uint8), ends)
