"""Coordinates on other datums, converted when the user says what they are: GCJ-02, BD-09, a CRS with its shift.

GCJ-02 (AMap, Tencent, Google in China) and BD-09 (Baidu) are WGS 84 with an offset that varies from place to place; the
way back is found by iteration. For Beijing 1954 and Xi'an 1980 the transformation is classified, so the user has to
supply it: a CRS that carries it (``+towgs84=…``, or a bound CRS in WKT).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import prcoords
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as PyprojCRSError

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import CRSError
from qy_gis.parcels.repairs import Repair, add_repair
from qy_gis.parcels.rings import Corners

#: How far converted coordinates may be off, as an offset of a map service goes.
OFFSET_ACCURACY_M = 0.5

_WGS84 = CRS.from_epsg(4326)
_OFFSETS = {"GCJ-02": prcoords.gcj_wgs_bored, "BD-09": prcoords.bd_wgs_bored}


class Conversion(NamedTuple):
    """How to bring declared coordinates to WGS 84 degrees: name, the CRS to read them in, the function, accuracy."""

    name: str
    read_as: CRS
    convert: Callable[[Corners], Corners]
    accuracy: str


def find_conversion(crs: Any) -> Conversion | None:
    """Return the conversion that a ``crs=`` asks for; None for one that needs none (or is refused later)."""
    name = re.sub(r"^(GCJ|BD)-?", r"\1-", crs.strip().upper()) if isinstance(crs, str) else ""
    if name in _OFFSETS:
        return Conversion(name, _WGS84, _offset(name), f"±{OFFSET_ACCURACY_M} m")
    try:
        given = CRS.from_user_input(crs) if crs is not None else None
    except PyprojCRSError:
        return None
    if given is None or not given.is_bound or given.source_crs is None:
        return None
    step = Transformer.from_crs(given, _WGS84, always_xy=True)

    def shift(points: Corners) -> Corners:
        return np.column_stack(step.transform(points[:, 0], points[:, 1]))

    return Conversion(given.name, given.source_crs, shift, "由所给参数定 / as the parameters given")


def convert_frame(frame: gpd.GeoDataFrame, conversion: Conversion, title: str) -> gpd.GeoDataFrame:
    """Return parcels brought to WGS 84 degrees, with a repair for each that says so.

    Raises
    ------
    CRSError
        The source is in another CRS than the conversion starts from.
    """
    if not _same_kind(frame.crs, conversion.read_as):
        raise CRSError(
            f"{title} is in {frame.crs.name!r}, but crs= says {conversion.name}; leave crs= out, or correct the file",
            zh=f"{title} 的坐标系是 {frame.crs.name!r}，--crs 却给出 {conversion.name}；请去掉 --crs，或改正文件",
        )
    converted = shapely.transform(frame.geometry.to_numpy(), conversion.convert)
    if not np.isfinite(shapely.get_coordinates(converted)).all():
        raise CRSError(
            f"{title}: some coordinates do not exist in {conversion.name}; is it what they are in?",
            zh=f"{title}：有坐标在 {conversion.name} 中不存在；坐标系是否正确？",
        )
    step = Repair(
        line=None,
        what=f"坐标已转换,精度 {conversion.accuracy} / coordinates converted, accuracy {conversion.accuracy}",
        before=conversion.name,
        after="WGS 84",
    )
    out = frame.set_geometry(gpd.GeoSeries(converted, index=frame.index, crs=_WGS84))
    earlier = frame[SOURCE_REPAIRS] if SOURCE_REPAIRS in frame.columns else ["[]"] * len(frame)
    out[SOURCE_REPAIRS] = [add_repair(text, step) for text in earlier]
    return out


def _same_kind(stated: CRS, read_as: CRS) -> bool:
    """Return whether coordinates stated to be in one CRS can be those that a conversion starts from."""
    one, other = stated.ellipsoid, read_as.ellipsoid
    if one is None or other is None or stated.is_projected != read_as.is_projected:
        return False
    # WGS 84 and CGCS2000 differ by 0.1 mm in the flattening.
    same = np.isclose([one.semi_major_metre], [other.semi_major_metre], atol=0.01) & np.isclose(
        [one.inverse_flattening], [other.inverse_flattening], atol=1e-5
    )
    return bool(same.all())


def _offset(name: str) -> Callable[[Corners], Corners]:
    def undo(points: Corners) -> Corners:
        with warnings.catch_warnings():
            # Outside China there is no offset, and the package says so; such coordinates come out as they are.
            warnings.simplefilter("ignore")
            found = [_OFFSETS[name](prcoords.Coords(lat, lon)) for lon, lat in points.tolist()]
        return np.array([(coords.lon, coords.lat) for coords in found]).reshape(-1, 2)

    return undo
