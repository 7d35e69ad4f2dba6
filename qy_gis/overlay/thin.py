"""Points and lines among the features of a plan, ready to be held against parcels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from qy_gis.measure.plane import Geometries
from qy_gis.overlay.grid import Ints


@dataclass(frozen=True)
class Thin:
    """The features without area.

    Attributes
    ----------
    places
        Their numbers among all features, shape (t,).
    shapes
        In the survey plane, shape (t,).
    pieces
        Their points and segments, as a tree: the bounds of a whole river hold half a county.
    of_piece
        Place in ``shapes`` of each piece.
    """

    places: Ints
    shapes: Geometries
    pieces: shapely.STRtree
    of_piece: Ints

    def meet(self, parcels: Geometries, distance: float) -> tuple[Ints, Ints]:
        """Return parcel and place in ``shapes`` of every pair within a distance (m), each once, in order."""
        parcel, piece = self.pieces.query(parcels, predicate="dwithin", distance=distance)
        pairs = np.unique(parcel * len(self.shapes) + self.of_piece[piece])
        return pairs // max(len(self.shapes), 1), pairs % max(len(self.shapes), 1)


def find_thin(places: Ints, shapes: Geometries) -> Thin:
    """Make the points and lines of a plan ready.

    Parameters
    ----------
    places
        Their numbers among all features, shape (t,).
    shapes
        Points and lines in the survey plane, shape (t,); those with area are left out.

    Examples
    --------
    >>> river = shapely.LineString([(0, 0), (9, 9), (20, 9)])
    >>> thin = find_thin(np.array([1, 2]), np.array([river, shapely.Point(5, 5)], dtype=object))
    >>> thin.places.tolist(), thin.of_piece.tolist()
    ([1, 2], [1, 0, 0])
    >>> [pairs.tolist() for pairs in thin.meet(np.array([shapely.box(4, 4, 6, 6)]), 0.001)]
    [[0, 0], [0, 1]]
    """
    thin = shapely.get_dimensions(shapes) < 2
    places, shapes = places[thin], shapes[thin]
    parts, owner = shapely.get_parts(shapes, return_index=True)
    lines = np.flatnonzero(shapely.get_dimensions(parts) == 1)
    points = np.flatnonzero(shapely.get_dimensions(parts) == 0)
    vertices, line = shapely.get_coordinates(parts[lines], return_index=True)
    joined = np.flatnonzero(line[1:] == line[:-1])
    segments = shapely.linestrings(np.stack([vertices[joined], vertices[joined + 1]], axis=1))
    pieces = np.concatenate([parts[points], segments])
    return Thin(places, shapes, shapely.STRtree(pieces), np.concatenate([owner[points], owner[lines[line[joined]]]]))
