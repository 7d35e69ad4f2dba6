"""Which coordinates a pair of numbers can be, and which CRS numbers without one are in: recognised, never guessed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import CRSError, SourceError
from qy_gis.measure.crs import CGCS2000, check_crs, grid_epsg
from qy_gis.parcels.repairs import Repair, dump_repairs, join_repairs

#: Northings of China, and eastings without zone prefix that a 3-degree grid can have, in metres.
_NORTH, _EAST = (1.8e6, 6.0e6), (1.0e5, 9.0e5)

#: Two-digit numbers of the zones of China, and what stands for one in an easting.
_ZONES, _MILLION = (13, 45), 1_000_000

#: Longitudes and latitudes of China.
_LON, _LAT = (73.0, 136.0), (3.0, 54.0)


class Recognised(NamedTuple):
    """What two columns of numbers are: whether the first is north, their CRS, and what was done to know."""

    north_first: bool
    crs: CRS
    repairs: list[Repair]


def is_north(value: float) -> bool:
    """Return whether a coordinate can be a northing in China."""
    return _NORTH[0] <= value <= _NORTH[1]


def is_east(value: float) -> bool:
    """Return whether a coordinate can be an easting of a Gauss-Krueger grid, a zone of two digits in front or not."""
    if not math.isfinite(value):
        return False
    zone = zone_prefix(value)
    return (zone is None or _ZONES[0] <= zone <= _ZONES[1]) and _EAST[0] <= value - (zone or 0) * _MILLION <= _EAST[1]


def is_degrees(lon: float, lat: float) -> bool:
    """Return whether two coordinates can be longitude and latitude in China."""
    return _LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]


def zone_prefix(east: float) -> int | None:
    """Return the zone number in front of an easting, None if there is none."""
    return int(east // _MILLION) or None


def recognise(
    first: NDArray[np.float64], second: NDArray[np.float64], *, crs: Any, north_first: bool, title: str
) -> Recognised:
    """Return the order and the CRS of coordinates that come without.

    Parameters
    ----------
    first, second
        The coordinates as written, of shape (n,).
    crs
        The CRS they are said to be in; None to recognise it from degrees or from a zone prefix.
    north_first
        Which order the source promises; another one is reported as a repair.
    title
        What to call the source in messages.

    Raises
    ------
    SourceError
        The numbers are neither metres of a national grid nor degrees in China, and ``crs`` does not say what they are.
    CRSError
        They are metres without a zone prefix, or with those of several zones, and ``crs`` is None.
    """
    found = find_order(first, second) if np.isfinite([first, second]).all() else None
    if found is None:
        if crs is not None:
            return Recognised(north_first, check_crs(crs), [])
        raise SourceError(
            f"{title}: found ({first[0]:.10g}, {second[0]:.10g}) first; accepted are, for all points alike, metres of "
            "a national grid (north of 1.8 to 6.0 million, east of 6 digits or with the zone in front), or degrees in "
            "China",
            zh=f"{title}：首点为 ({first[0]:.10g}, {second[0]:.10g})；"
            "所有点须同为国家坐标系的米（北坐标 180 万至 600 万，"
            "东坐标 6 位或前加带号），或同为中国境内的经纬度",
        )
    swapped, degrees = found
    repairs = []
    if swapped != north_first:
        repairs.append(_repair("X、Y 颠倒 / X and Y swapped", f"{first[0]},{second[0]}", f"{second[0]},{first[0]}"))
    if crs is not None:
        return Recognised(swapped, check_crs(crs), repairs)
    if degrees:
        repairs.append(
            _repair("坐标系未填,按 2000 国家大地坐标系读 / no CRS: read as CGCS2000", "", "2000国家大地坐标系")
        )
        return Recognised(swapped, check_crs(CGCS2000), repairs)
    eastings = second if swapped else first
    zones = sorted({int(zone) for zone in np.unique(eastings // _MILLION)})
    if len(zones) != 1 or zones == [0]:
        what = f"eastings with the prefixes {zones}" if zones != [0] else "no zone prefix on the eastings"
        zh = f"横坐标的带号有 {zones}" if zones != [0] else "横坐标无带号"
        raise CRSError(
            f"{title}: {what}, and no CRS; say which grid they are in with crs= (--crs)",
            zh=f"{title}：{zh}，也未给坐标系；请用 --crs（crs=）说明，例如 EPSG:4547 是中央经线 114° "
            "的三度带（无带号）",
        )
    repairs.append(_repair("坐标系未填,带号取自横坐标 / no CRS: zone taken from the eastings", "", str(zones[0])))
    return Recognised(swapped, check_crs(grid_epsg(zones[0], prefixed=True)), repairs)


def place_outlines(frame: gpd.GeoDataFrame, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return outlines that came without a CRS with the one they are in, east first; see `recognise`."""
    points = shapely.get_coordinates(frame.geometry)
    if not len(points):
        return frame.assign(**{SOURCE_REPAIRS: "[]"}).set_crs(crs)
    known = recognise(points[:, 0], points[:, 1], crs=crs, north_first=False, title=title)
    if known.north_first:
        frame = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]))
    return frame.assign(**{SOURCE_REPAIRS: dump_repairs(known.repairs)}).set_crs(known.crs)


def place_told(frame: gpd.GeoDataFrame, title: str) -> gpd.GeoDataFrame:
    """Return outlines as `place_outlines` does, with what was repaired in them before kept."""
    placed = place_outlines(frame, crs=None, title=title)
    if SOURCE_REPAIRS not in frame.columns:
        return placed
    both = zip(frame[SOURCE_REPAIRS], placed[SOURCE_REPAIRS], strict=True)
    return placed.assign(**{SOURCE_REPAIRS: [join_repairs(one, other) for one, other in both]})


def find_order(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[bool, bool] | None:
    """Return whether the first is north, and whether both are degrees; None if neither fits all points.

    Examples
    --------
    >>> find_order(np.array([2622000.0]), np.array([38403200.0])), find_order(np.array([113.0]), np.array([23.7]))
    ((True, False), (False, True))
    """
    for north, east, swapped in ((first, second, True), (second, first, False)):
        if (_within(north, _LAT) & _within(east, _LON)).all():
            return swapped, True
        zone = east // _MILLION
        zoned = (zone == 0) | _within(zone, _ZONES)
        if (_within(north, _NORTH) & zoned & _within(east - zone * _MILLION, _EAST)).all():
            return swapped, False
    return None


def _within(values: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values >= limits[0]) & (values <= limits[1]))


def _repair(what: str, before: str, after: str) -> Repair:
    return Repair(line=None, what=what, before=before, after=after)
