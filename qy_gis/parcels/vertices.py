"""Corners that are none: points twice within a millimetre, and spikes thinner than one."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.parcels.repairs import Repair, Repairs
from qy_gis.parcels.rings import SAME_M, Corners

#: Metres in a degree of latitude; for telling a millimetre, near enough.
_DEGREE_M = 111_000.0


def drop_vertices(polygons: NDArray[np.object_], crs: CRS, repairs: Repairs) -> NDArray[np.object_]:
    """Return polygons without double points and spikes under 1 mm, and add what was done to the repairs.

    Parameters
    ----------
    polygons
        Polygons and multipolygons of shape (n,).
    crs
        The CRS they are in.
    repairs
        What was repaired so far, by the place of the polygon; added to.
    """
    scale = _metres(polygons, crs)
    found = _find_rows(polygons, scale)
    if not len(found):
        return polygons
    out = polygons.copy()
    for i in found:
        cleaned = _clean(polygons[i], scale)
        before, after = (shapely.get_num_coordinates(one) for one in (polygons[i], cleaned))
        if after == before:
            continue
        out[i] = cleaned
        repairs[int(i)].append(
            Repair(
                line=None,
                what="去除 1 毫米内的重点和尖刺 / double points and spikes under 1 mm removed",
                before=f"{before} 点 / points",
                after=f"{after} 点 / points",
            )
        )
    return out


def _metres(polygons: NDArray[np.object_], crs: CRS) -> Corners:
    """Return what turns differences of coordinates into metres, x and y."""
    if not crs.is_geographic:
        return np.ones(2)
    south, north = shapely.total_bounds(polygons)[[1, 3]]
    return np.array([_DEGREE_M * np.cos(np.radians((south + north) / 2)), _DEGREE_M])


def _find_rows(polygons: NDArray[np.object_], scale: Corners) -> NDArray[np.int64]:
    """Return the rows in which something may have to go."""
    several = (shapely.get_type_id(polygons) != shapely.GeometryType.POLYGON) | (
        shapely.get_num_interior_rings(polygons) > 0
    )
    one = np.flatnonzero(~several)
    parts, of_part = shapely.get_parts(polygons[several], return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    flagged = of_part[of_ring[_flag(rings, scale)]]
    rows = np.concatenate([one[_flag(polygons[one], scale)], np.flatnonzero(several)[flagged]])
    return np.unique(rows)


def _flag(rings: NDArray[np.object_], scale: Corners) -> NDArray[np.bool_]:
    """Return whether each ring has a double point or a spike; rings as polygons without holes or as linear rings."""
    flags = np.zeros(len(rings), dtype=bool)
    if not len(rings):
        return flags
    points, of = shapely.get_coordinates(rings, return_index=True)
    x, y = points[:, 0] * scale[0], points[:, 1] * scale[1]
    last = np.append(np.flatnonzero(of[1:] != of[:-1]), len(of) - 1)
    first = np.append(0, last[:-1] + 1)
    # The edge from each point to the next; that of a ring's last point, which repeats the first, is the first edge.
    dx, dy = np.append(x[1:] - x[:-1], 0), np.append(y[1:] - y[:-1], 0)
    dx[last], dy[last] = dx[first], dy[first]
    length = dx * dx + dy * dy
    flags[of[length < SAME_M**2]] = True
    ahead = slice(1, None)
    turn = dx[:-1] * dx[ahead] + dy[:-1] * dy[ahead]
    # Few corners turn back by more than a right angle: only these are looked at closely, and seldom a ring's first.
    back = np.flatnonzero((turn < 0) & (of[:-1] == of[ahead]))
    across = dx[back] * dy[back + 1] - dy[back] * dx[back + 1]
    thin = across * across < SAME_M**2 * np.maximum(length[back], length[back + 1])
    flags[of[back[thin]]] = True
    return flags


def _clean(polygon: Any, scale: Corners) -> Any:
    """Return a polygon or multipolygon with its rings cleaned; as it was if nothing would be left of an outer ring."""
    parts = []
    for part in shapely.get_parts(polygon):
        outer = _clean_ring(shapely.get_coordinates(part.exterior)[:-1], scale)
        holes = [_clean_ring(shapely.get_coordinates(hole)[:-1], scale) for hole in part.interiors]
        if outer is None:
            return polygon
        parts.append(shapely.Polygon(outer, [hole for hole in holes if hole is not None]))
    return parts[0] if polygon.geom_type == "Polygon" else shapely.MultiPolygon(parts)


def _clean_ring(corners: Corners, scale: Corners) -> Corners | None:
    """Return the corners of a ring that are corners, None if fewer than three are."""
    kept: list[Corners] = list(corners)
    at = 0
    # Taking one away may make a spike of its neighbours, so look again one corner before, until once round finds none.
    quiet = 0
    while quiet < len(kept) and len(kept) >= 3:
        at %= len(kept)
        before, here, after = kept[at - 1], kept[at], kept[(at + 1) % len(kept)]
        (ax, ay), (bx, by) = (here - before) * scale, (after - here) * scale
        long = max(ax * ax + ay * ay, bx * bx + by * by)
        double = ax * ax + ay * ay < SAME_M**2
        spike = ax * bx + ay * by < 0 and (ax * by - ay * bx) ** 2 < SAME_M**2 * long
        if double or spike:
            del kept[at]
            at, quiet = at - 1, 0
        else:
            at, quiet = at + 1, quiet + 1
    return np.array(kept) if len(kept) >= 3 else None
