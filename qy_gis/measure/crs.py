"""Grids, zones and datums: which coordinates are accepted, and what each grid does to an area.

Accepted are CGCS2000 and WGS 84 (equal at the accuracy of a survey), in degrees or in any projection. Beijing 1954 and
Xi'an 1980 are refused: their transformation to CGCS2000 is classified in China and cannot be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError as PyprojCRSError

from qy_gis.errors import CRSError

FoundT = TypeVar("FoundT")

#: CGCS2000 in degrees; axis order is always longitude, latitude here.
CGCS2000 = "EPSG:4490"

#: 3-degree Gauss-Krueger zones with a national grid; zone z has its central meridian at 3 z degrees east.
ZONES = range(25, 46)

_ACCEPTED_DATUMS = (
    "china 2000",
    "china geodetic coordinate system 2000",
    "cgcs2000",
    "wgs 84",
    "wgs 1984",
    "world geodetic system 1984",
)
_HOW_TO_GIVE = (
    "give one with crs= (--crs), for example 'EPSG:4490' for degrees, 'EPSG:4526' for the 3-degree grid with zone "
    "prefix 38, 'EPSG:4547' for the same without prefix"
)
_HOW_TO_GIVE_ZH = "请用 --crs（crs=）指定，如经纬度 EPSG:4490、带号 38 的三度带 EPSG:4526、同一带不带带号 EPSG:4547"


def once_per_crs(function: Callable[[CRS], FoundT]) -> Callable[[CRS], FoundT]:
    """Return a function that works out once what it says of a CRS.

    It is kept by the text that a CRS was made from: to hash a CRS, PROJ writes all of it anew each time.
    """
    kept = lru_cache(maxsize=64)(lambda text: function(CRS(text)))

    @wraps(function)
    def ask(crs: CRS) -> FoundT:
        return kept(crs.srs)

    return ask


def check_crs(crs: Any) -> CRS:
    """Return a CRS if parcels and zones may be measured in it.

    Parameters
    ----------
    crs
        Anything `pyproj.CRS.from_user_input` takes; None stands for a source without one.

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    CRSError
        It is missing, not a CRS, not horizontal, or on a datum other than CGCS2000 or WGS 84.

    Examples
    --------
    >>> check_crs("EPSG:4526").name
    'CGCS2000 / 3-degree Gauss-Kruger zone 38'
    """
    if crs is None:
        raise CRSError(f"the coordinates have no CRS; {_HOW_TO_GIVE}", zh=f"坐标没有坐标系；{_HOW_TO_GIVE_ZH}")
    try:
        found = CRS.from_user_input(crs)
    except PyprojCRSError as error:
        named = f"{crs!r:.80}"
        raise CRSError(
            f"crs={named} is not a coordinate reference system; {_HOW_TO_GIVE}",
            zh=f"crs={named} 不是坐标系；{_HOW_TO_GIVE_ZH}",
        ) from error
    # A 3D or compound CRS is measured by its horizontal part.
    horizontal = found.sub_crs_list[0] if found.is_compound else found
    if horizontal.geodetic_crs is None or not (horizontal.is_geographic or horizontal.is_projected):
        raise CRSError(
            f"crs {found.name!r} is not in degrees or in a projection; {_HOW_TO_GIVE}",
            zh=f"坐标系 {found.name!r} 既非经纬度也非投影坐标；{_HOW_TO_GIVE_ZH}",
        )
    names = [horizontal.geodetic_crs.name, horizontal.geodetic_crs.datum.name if horizontal.geodetic_crs.datum else ""]
    plain = " | ".join(names).lower().replace("_", " ")
    if not any(accepted in plain for accepted in _ACCEPTED_DATUMS):
        datum = names[1] or names[0]
        raise CRSError(
            f"crs {found.name!r} is on the datum {datum!r}; accepted are CGCS2000 and WGS 84. "
            "Transformations from Beijing 1954 and Xi'an 1980 are classified: have the coordinates converted by the "
            "surveying office first",
            zh=f"坐标系 {found.name!r} 的大地基准是 {datum!r}；只接受 CGCS2000（2000 国家大地坐标系）与 WGS 84。"
            "北京 54、西安 80 的转换参数属涉密，请先由测绘部门转换坐标",
        )
    return horizontal


def grid_epsg(zone: int, *, prefixed: bool) -> int:
    """Return the EPSG code of the national 3-degree Gauss-Krueger grid of a zone.

    Parameters
    ----------
    zone
        3-degree zone, 25 to 45; 37, 38 and 39 have their central meridians at 111, 114 and 117 degrees east.
    prefixed
        Whether eastings carry the zone number in front (38 500 000 on the central meridian instead of 500 000).

    Raises
    ------
    CRSError
        There is no such zone.

    Examples
    --------
    >>> grid_epsg(38, prefixed=True), grid_epsg(38, prefixed=False), grid_epsg(37, prefixed=True)
    (4526, 4547, 4525)
    """
    if zone not in ZONES:
        raise CRSError(
            f"zone {zone} is not a 3-degree zone of China; accepted are {ZONES[0]} to {ZONES[-1]}",
            zh=f"带号 {zone} 不是我国的三度带；应为 {ZONES[0]} 至 {ZONES[-1]}",
        )
    return (4488 if prefixed else 4509) + zone


def zone_at(longitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the 3-degree zone of each longitude (degrees east): 37 west of 112.5, 38 up to 115.5, and so on.

    Examples
    --------
    >>> zone_at(np.array([112.4, 112.6, 116.0]))
    array([37, 38, 39])
    """
    return np.floor(np.asarray(longitude) / 3 + 0.5).astype(np.int64)


def planar_excess_ppm(longitude: NDArray[np.float64], latitude: NDArray[np.float64], crs: Any) -> NDArray[np.float64]:
    """Return by how many ppm a planar area in ``crs`` is larger than the area on the ellipsoid, point by point.

    Parameters
    ----------
    longitude, latitude
        Degrees, of shape (n,).
    crs
        Projected CRS; in degrees there is no planar area and the result is 0.

    Examples
    --------
    >>> planar_excess_ppm(np.array([113.05, 111.92]), np.array([24.0, 24.0]), "EPSG:4547").round().tolist()
    [231.0, 1107.0]
    """
    found = check_crs(crs)
    if not found.is_projected:
        return np.zeros(len(longitude))
    factors = Proj(found).get_factors(longitude, latitude)
    return np.asarray((np.asarray(factors.areal_scale) - 1) * 1e6)


def check_degrees(points: NDArray[np.float64]) -> None:
    """Raise a CRSError if points of shape (n, 2) cannot be in degrees."""
    wrong = (np.abs(points[:, 0]) > 180) | (np.abs(points[:, 1]) > 90)
    if wrong.any():
        x, y = points[wrong][0]
        count = int(wrong.sum())
        raise CRSError(
            f"the CRS is in degrees, but {count} points are outside 180/90 degrees, the first at "
            f"({x:.3f}, {y:.3f}); these look like metres: give the grid they are in with crs= (--crs)",
            zh=f"坐标系为经纬度，但有 {count} 个点超出 180/90 度，首个为 ({x:.3f}, {y:.3f})；"
            "看来单位是米：请用 --crs（crs=）指定其投影坐标系",
        )


@lru_cache(maxsize=64)
def transformer(crs: CRS, *, inverse: bool = False) -> Transformer:
    """Return the transformation from a CRS to its own longitude and latitude (degrees), or back.

    No datum is changed: WGS 84 and CGCS2000 degrees are taken as equal.
    """
    geographic = crs.geodetic_crs
    if geographic is None:
        raise CRSError(
            f"crs {crs.name!r} has no geographic base; {_HOW_TO_GIVE}",
            zh=f"坐标系 {crs.name!r} 没有大地基准；{_HOW_TO_GIVE_ZH}",
        )
    ends = (geographic, crs) if inverse else (crs, geographic)
    return Transformer.from_crs(*ends, always_xy=True)
