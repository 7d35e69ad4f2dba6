"""The reach of a CRS: whether coordinates in it can be land at all, judged before anything is computed from them.

Mislabelled coordinates (x and y swapped, another zone, a zone prefix too many, degrees in metres) have areas like any
others, only wrong ones. Parcels of a table, of a batch and of `qy_gis.areas` pass the one look that is taken here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError

from qy_gis.errors import CRSError
from qy_gis.measure.crs import once_per_crs, transformer

Floats = NDArray[np.float64]

#: Parcels are kept in a neighbouring zone's grid in earnest, never farther from a CRS's area of use than one zone.
REACH_DEGREES = 3.0

#: Beyond this latitude zones of 3 degrees are no width to speak of, and at the pole there is none.
HIGHEST_LATITUDE = 84.0

#: Land has no edge longer than a zone is wide: in degrees, and in metres.
LONGEST_DEGREES, LONGEST_M = 3.0, 334_000.0


#: How the sentence on coordinates out of reach begins.
OUT_OF_REACH = "out of the reach of the CRS"


class Reach(NamedTuple):
    """Where a CRS reaches: west, south, east, north in degrees, and a box in its own units that lies within for sure.

    The box only spares most outlines the way to degrees; it is empty where there is none.
    """

    west: float
    south: float
    east: float
    north: float
    sure: tuple[float, float, float, float]

    def holds(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Return whether points in degrees are within."""
        inside = (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)
        return np.asarray(inside)


@once_per_crs
def reach_of(crs: CRS) -> Reach:
    """Return the reach of a CRS that parcels may be in.

    Raises
    ------
    CRSError
        Coordinates in it cannot be brought to degrees.

    Examples
    --------
    >>> reach_of(CRS.from_epsg(4490)).holds(np.array([113.0, 23.0]), np.array([23.0, 113.0])).tolist()
    [True, False]
    """
    area = _area_of_use(crs)
    west, south, east, north = area
    limits = (
        max(west - REACH_DEGREES, -180.0),
        max(south - REACH_DEGREES, -HIGHEST_LATITUDE),
        min(east + REACH_DEGREES, 180.0),
        min(north + REACH_DEGREES, HIGHEST_LATITUDE),
    )
    if not crs.is_projected:
        return Reach(*limits, sure=limits)
    return Reach(*limits, sure=_find_sure(crs, Reach(*limits, sure=_NOWHERE), area))


def find_outside(bounds: Floats, crs: CRS) -> NDArray[np.bool_]:
    """Return, of shape (n,), which boxes are not wholly within the reach of a CRS; those of NaN are.

    Parameters
    ----------
    bounds
        West, south, east and north in the units of the CRS, of shape (n, 4).
    crs
        As `qy_gis.measure.crs.check_crs` returns it.

    Examples
    --------
    >>> find_outside(np.array([[403000, 2622000, 403050, 2622040.0], [38403000, 2622000, 38403050, 2622040]]),
    ...              CRS.from_epsg(4547)).tolist()
    [False, True]
    """
    reach = reach_of(crs)
    west, south, east, north = reach.sure
    outside = ~((bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north))
    outside &= ~np.isnan(bounds).all(axis=1)
    if not crs.is_projected or not outside.any():
        return np.asarray(outside)

    # The way to degrees is slow, and only those need it that are not in the box for sure.
    doubtful = np.flatnonzero(outside)
    x, y = bounds[doubtful][:, [0, 0, 2, 2]], bounds[doubtful][:, [1, 3, 1, 3]]
    lon, lat = transformer(crs).transform(x, y)
    outside[doubtful] = ~reach.holds(lon, lat).all(axis=1)
    return np.asarray(outside)


def longest_edge(crs: CRS) -> float:
    """Return the length that no edge of a parcel exceeds, in the units of a CRS."""
    return LONGEST_M if crs.is_projected else LONGEST_DEGREES


def find_long(x: Floats, y: Floats, ring_first: NDArray[np.int64], longest: float) -> NDArray[np.int64]:
    """Return the rings with an edge that is longer east or north than any of a parcel.

    Parameters
    ----------
    x, y
        Corners, ring after ring.
    ring_first
        Corners of ring r are ``ring_first[r]`` to ``ring_first[r + 1]``.
    longest
        See `longest_edge`.
    """
    step = np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y)))
    # From the last corner of a ring to the first of the next is no edge.
    step[ring_first[1:-1] - 1] = 0
    return np.unique(np.searchsorted(ring_first, np.flatnonzero(step > longest), side="right") - 1)


def check_points(x: Floats, y: Floats, ring_first: NDArray[np.int64], crs: CRS) -> None:
    """Raise a CRSError if rings have corners out of the reach of a CRS, or edges that no parcel has.

    Parameters
    ----------
    x, y, ring_first
        As for `find_long`.
    crs
        As `qy_gis.measure.crs.check_crs` returns it.
    """
    if not len(x):
        return
    extent = np.array([[x.min(), y.min(), x.max(), y.max()]])
    longest = longest_edge(crs)
    if np.isnan(extent).any() or find_outside(extent, crs)[0]:
        points = np.column_stack([x, y, x, y])
        outside = np.flatnonzero(find_outside(points, crs) | np.isnan(points).any(axis=1))
        if len(outside):
            en, zh = explain_outside(points[outside[0]], crs)
            count = f"{len(outside)} of {len(x)} points are"
            raise CRSError(f"{count} {en}", zh=f"{len(x)} 个点中有 {len(outside)} 个{zh}")
    wide = max(extent[0, 2] - extent[0, 0], extent[0, 3] - extent[0, 1]) > longest
    if wide and len(rings := find_long(x, y, ring_first, longest)):
        at = int(ring_first[rings[0]])
        en, zh = explain_long((x[at], y[at]), crs)
        raise CRSError(en, zh=zh)


def explain_outside(box: Floats, crs: CRS) -> tuple[str, str]:
    """Say in English and in Chinese where a box is, how far its CRS reaches, and what may be the matter."""
    place = _tell_place(box[0], box[1])
    guess_en, guess_zh = _guess(box, crs)
    west, south, east, north = _area_of_use(crs)
    used_en = f"{west:g}-{east:g} E, {south:g}-{north:g} N"
    used_zh = f"东经 {west:g}-{east:g}、北纬 {south:g}-{north:g}"
    return (
        f"{OUT_OF_REACH} {crs.name!r} (used {used_en}) at {place}; {guess_en}",
        f"超出坐标系 {crs.name!r} 的适用范围（{used_zh}），位于 {place}：{guess_zh}",
    )


def explain_long(place: tuple[float, float], crs: CRS) -> tuple[str, str]:
    """Say in English and in Chinese that an outline at a place has an edge that no parcel has."""
    limit = f"{LONGEST_M / 1000:g} km" if crs.is_projected else f"{LONGEST_DEGREES:g}°"
    at = _tell_place(*place)
    return (
        f"the outline at {at} has an edge of over {limit}; accepted are outlines of land, point by point",
        f"位于 {at} 的图形有超过 {limit} 的边；只接受逐点勘测的地块图形",
    )


def _tell_place(x: float, y: float) -> str:
    # Of numbers without end, 300 digits would help nobody.
    return f"({x:.3f}, {y:.3f})" if max(abs(x), abs(y)) < 1e9 else f"({x:.6g}, {y:.6g})"


#: No box: nothing lies in it for sure.
_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)

#: Points along each side of a box, and shares of its size, that are tried for whether all of it is within reach.
_SAMPLES, _SHARES = 33, (1.0, 0.75, 0.5, 0.25)


def _area_of_use(crs: CRS) -> tuple[float, float, float, float]:
    """Return west, south, east and north of where a CRS is used, in degrees."""
    if crs.area_of_use:
        west, south, east, north = crs.area_of_use.bounds
        return west, south, east, north
    way = crs.coordinate_operation
    if way is not None and way.method_name == "Transverse Mercator":
        # One that was written by hand is used like those that have a code: some degrees on either side.
        meridians = [float(each.value) for each in way.params if each.name == "Longitude of natural origin"]
        meridian = meridians[0] if meridians else 0.0
        return meridian - REACH_DEGREES, -90.0, meridian + REACH_DEGREES, 90.0
    return -180.0, -90.0, 180.0, 90.0


def _find_sure(crs: CRS, reach: Reach, area: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return a box in the units of a projected CRS of which every point tried is within reach."""
    west, south, east, north = area
    south, north = max(south, -HIGHEST_LATITUDE), min(north, HIGHEST_LATITUDE)
    try:
        to_degrees, from_degrees = transformer(crs), transformer(crs, inverse=True)
    except ProjError as error:
        raise CRSError(
            f"crs {crs.name!r} cannot be used: there is no way from it to degrees",
            zh=f"坐标系 {crs.name!r} 无法使用：不能换算为经纬度",
        ) from error
    lon, lat = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES))
    x, y = from_degrees.transform(lon, lat)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return _NOWHERE
    middle = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    half = (x.max() - x.min()) / 2, (y.max() - y.min()) / 2
    for share in _SHARES:
        box = (
            float(middle[0] - share * half[0]),
            float(middle[1] - share * half[1]),
            float(middle[0] + share * half[0]),
            float(middle[1] + share * half[1]),
        )
        across, along = np.meshgrid(np.linspace(box[0], box[2], _SAMPLES), np.linspace(box[1], box[3], _SAMPLES))
        if reach.holds(*to_degrees.transform(across, along)).all():
            return box
    return _NOWHERE


def _guess(box: Floats, crs: CRS) -> tuple[str, str]:
    """Say in English and in Chinese what may be the matter with coordinates out of reach."""
    east, north = box[[0, 2]], box[[1, 3]]
    if crs.is_projected and (np.abs(box) <= 180).all():
        return "these look like degrees: state the CRS that they are in", "看来是经纬度：请注明实际坐标系"
    if not find_outside(box[[1, 0, 3, 2]][np.newaxis], crs)[0]:
        return "x and y look swapped: swap them", "x 与 y 似乎颠倒：请对调"
    if not crs.is_projected:
        if (np.abs(box) > 180).any():
            return "these look like metres: state the grid that they are in", "看来是米：请注明所在的投影坐标系"
        return "state the CRS that they are in", "请注明实际坐标系"
    zone = east[0] // 1e6
    without = np.array([east[0] - zone * 1e6, north[0], east[1] - zone * 1e6, north[1]])
    if zone >= 1 and not find_outside(without[np.newaxis], crs)[0]:
        return (
            f"the eastings carry the zone prefix {zone:.0f}: state the grid with a prefix",
            f"横坐标带有带号 {zone:.0f}：请注明带带号的坐标系",
        )
    return (
        "is the zone right, and the zone prefix of the eastings? State the CRS that they are in",
        "带号、横坐标前缀是否正确？请注明实际坐标系",
    )
