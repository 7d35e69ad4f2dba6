"""Two parcels and a hole to write into tables: 150 x 200 m, 150 x 100 m, and 50 x 100 m inside the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import geopandas as gpd

#: Corners as north and east, in EPSG:4526, not closed.
FIRST = [(2622000, 38440200), (2622150, 38440200), (2622150, 38440000), (2622000, 38440000)]
SECOND = [(2622000, 38440400), (2622150, 38440400), (2622150, 38440300), (2622000, 38440300)]
HOLE = [(2622050, 38440150), (2622100, 38440150), (2622100, 38440050), (2622050, 38440050)]

FIRST_M2, SECOND_M2, HOLE_M2 = 150 * 200, 150 * 100, 50 * 100

#: The first in longitude and latitude.
DEGREES = [
    (113.05090720378963, 23.696532243886885),
    (113.05089741271173, 23.697886411708268),
    (113.0489366667861, 23.69787437733811),
    (113.04894647808392, 23.696520210286767),
]

Corners = Sequence[tuple[float, float]]


def lines(corners: Corners, form: Callable[[int, float, float], str], *, closed: bool = False) -> str:
    """A line for each corner: ``form`` takes its number, from 1, and what the corner has."""
    points = [*corners, corners[0]] if closed else corners
    return "".join(form(number, one, other) + "\n" for number, (one, other) in enumerate(points, start=1))


def planar(parcels: gpd.GeoDataFrame) -> list[float]:
    return [round(area, 3) for area in parcels.area]


def told(parcels: gpd.GeoDataFrame, row: int = 0) -> list[str]:
    """What was repaired, in Chinese, without how often; that the CRS was recognised and rings closed is left out."""
    found = [repair["what"].split(" / ")[0] for repair in json.loads(parcels["source_repairs"].iloc[row])]
    return [what for what in found if not what.startswith(("坐标系未填", "圈未闭合"))]
