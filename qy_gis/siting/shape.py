"""The shape of a site: how compact it is and how wide where it is narrowest."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.measure.plane import Geometries

#: A site is as wide as the widest brush that can paint all of it but this share.
_UNPAINTED = 0.1

_HALVINGS = 12


def compactness(polygons: Geometries) -> NDArray[np.float64]:
    """Return 4 pi area / perimeter², of shape (n,): 1 for a disc, 0.785 for a square, less for what is long or ragged.

    Examples
    --------
    >>> compactness(np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 4, 1)])).round(3).tolist()
    [0.785, 0.503]
    """
    return np.asarray(4 * np.pi * shapely.area(polygons) / shapely.length(polygons) ** 2)


def widths(polygons: Geometries) -> NDArray[np.float64]:
    """Return the width (in the unit of the plane) of each polygon where it is narrowest, of shape (n,).

    Parameters
    ----------
    polygons
        In a plane that keeps shapes, of shape (n,).

    Notes
    -----
    The greatest width at which the polygon, shrunk by half of it, is still in one piece, and, grown back, still covers
    90 % of the polygon. Found by halving, to 1/4096 of the longer side. A neck counts; the teeth of an edge drawn along
    cells do not.

    Examples
    --------
    >>> dumbbell = shapely.union_all([shapely.box(0, 0, 9, 9), shapely.box(9, 4, 20, 5), shapely.box(20, 0, 29, 9)])
    >>> widths(np.array([shapely.box(0, 0, 9, 5), dumbbell])).round(1).tolist()
    [5.0, 1.0]
    """
    return np.array([_width(polygon) for polygon in polygons], dtype=np.float64)


def open_land(land: BaseGeometry, width_m: float) -> BaseGeometry:
    """Return land without what is narrower than a width: shrunk by half of it, and grown back.

    Corners stay sharp, so that a square is left as it is.

    Examples
    --------
    >>> land = shapely.union_all([shapely.box(0, 0, 9, 9), shapely.box(9, 4, 20, 5)])
    >>> open_land(land, 2).area
    81.0
    """
    core = shapely.buffer(land, -width_m / 2, join_style="mitre")
    return shapely.intersection(shapely.buffer(core, width_m / 2, join_style="mitre"), land)


def _width(polygon: BaseGeometry) -> float:
    x0, y0, x1, y1 = polygon.bounds
    low, high = 0.0, max(x1 - x0, y1 - y0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        core = shapely.buffer(polygon, -middle / 2, join_style="mitre")
        whole = core.geom_type == "Polygon" and not core.is_empty
        if whole and open_land(polygon, middle).area >= (1 - _UNPAINTED) * polygon.area:
            low = middle
        else:
            high = middle
    return low
