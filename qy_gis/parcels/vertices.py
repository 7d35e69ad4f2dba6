"""Corners that are none: points twice within a millimetre, and spikes thinner than one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.measure.area import areas
from qy_gis.parcels.corners import in_metres
from qy_gis.parcels.repairs import Repair, Repairs
from qy_gis.parcels.rings import SAME_M, Corners


def drop_vertices(polygons: NDArray[np.object_], flawed: Iterable[int], repairs: Repairs, *, crs: CRS) -> None:
    """Take double points and spikes under 1 mm out of polygons, in place, and add what was done to the repairs.

    Parameters
    ----------
    polygons
        Polygons and multipolygons of shape (n,).
    flawed
        The places of those in which something has to go.
    repairs
        What was repaired so far, by the place of the polygon; added to.
    crs
        The CRS they are in, and within whose reach they are. A spike under 1 mm may have an area, so that the repair
        says both what the outline had and what it has.
    """
    for i in flawed:
        latitude = shapely.get_coordinates(polygons[i])[0, 1]
        cleaned = _clean(polygons[i], np.array(in_metres(latitude)) if crs.is_geographic else np.ones(2))
        before, after = (int(shapely.get_num_coordinates(one)) for one in (polygons[i], cleaned))
        if after == before:
            continue
        before_m2, after_m2 = areas([polygons[i], cleaned], crs).tolist()
        polygons[i] = cleaned
        repairs[i].append(
            Repair(
                line=None,
                what="去除 1 毫米内的重点和尖刺 / double points and spikes under 1 mm removed",
                before=f"{before} 点 / points, {before_m2:.2f} m2",
                after=f"{after} 点 / points, {after_m2:.2f} m2",
            )
        )


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
