"""Which grid the coordinates of a 界址点 file are in: its attributes held against its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qy_gis.errors import CRSError
from qy_gis.measure.crs import CGCS2000, ZONES, check_crs, grid_epsg
from qy_gis.parcels.boundary_grammar import Field, plain
from qy_gis.parcels.repairs import Faults, Repair, TextFault

_ABSENT = Field("", 0, 1)

#: Attributes that only coordinates in metres have.
_OF_GRIDS = ("几度分带", "分带", "投影类型", "带号")


def find_grid(
    attributes: Mapping[str, Field], prefixes: Mapping[int | None, int], crs: Any
) -> tuple[Any, list[Repair], Faults]:
    """Return the grid a file is in, what was repaired to find it, and what stands against it.

    Parameters
    ----------
    attributes
        Values of [属性描述] by key, each with its place.
    prefixes
        Zone prefixes of the eastings (None for eastings without), each with the line of the first.
    crs
        The grid to use if the file does not state a zone.

    Returns
    -------
    tuple
        The CRS (None if not found), repairs, and faults as line, column and text.
    """
    repairs: list[Repair] = []
    faults: Faults = []
    _check_datum(attributes, repairs, faults)
    for key, accepted, pattern in (
        ("几度分带", "3", r"(3|三)(度|°)?(分)?(带)?"),
        ("分带", "3", r"(3|三)(度|°)?(分)?(带)?"),
        ("投影类型", "高斯克吕格", r".*(高斯|gauss).*"),
        ("计量单位", "米", r"米|m|meters?|metres?"),
    ):
        value, line, column = attributes.get(key, _ABSENT)
        if value and not re.fullmatch(pattern, plain(value).lower()):
            faults.append(
                TextFault(
                    line, column, f"found {key}={value!r}; accepted is {accepted}", f"{key}={value!r}；接受 {accepted}"
                )
            )
    zone = _find_zone(attributes, prefixes, repairs, faults)
    if faults:
        return None, repairs, faults
    if zone is None:
        if crs is None:
            first = min(prefixes.values())
            faults.append(
                TextFault(
                    first,
                    1,
                    "no 带号, and no zone prefix on the eastings; say which grid they are in with crs= (--crs)",
                    "未填带号，横坐标也无带号；请用 --crs（crs=）说明坐标系，例如 EPSG:4547",
                )
            )
        return crs, repairs, faults
    if len(prefixes) > 1:
        repairs.append(
            Repair(
                line=prefixes[zone],
                what="部分横坐标带带号,已去除 / zone prefix on some eastings only, taken off",
                before=f"{zone}xxxxxx",
                after="xxxxxx",
            )
        )
    try:
        return check_crs(grid_epsg(zone, prefixed=set(prefixes) == {zone})), repairs, faults
    except CRSError as error:
        place = attributes.get("带号", Field("", min(prefixes.values()), 1))
        faults.append(TextFault(place.line, place.column, error.en, error.zh or f"带号 {zone} 不是我国的三度带"))
        return None, repairs, faults


def find_degrees(attributes: Mapping[str, Field], first: int, crs: Any) -> tuple[Any, list[Repair], Faults]:
    """Return the CRS of a file whose coordinates are degrees, the first in this line; see `find_grid`."""
    repairs: list[Repair] = []
    faults: Faults = []
    for key in _OF_GRIDS:
        value, line, column = attributes.get(key, _ABSENT)
        if value:
            faults.append(
                TextFault(
                    line,
                    column,
                    f"found {key}={value!r}, but the coordinates are in degrees (line {first}); correct the one or the "
                    "other",
                    f"{key}={value!r}，而坐标为经纬度（第 {first} 行）；请改正其中之一",
                )
            )
    if crs is not None and not attributes.get("坐标系", _ABSENT).text:
        return crs, repairs, faults
    _check_datum(attributes, repairs, faults)
    return check_crs(CGCS2000), repairs, faults


def _check_datum(attributes: Mapping[str, Field], repairs: list[Repair], faults: Faults) -> None:
    value, line, column = attributes.get("坐标系", _ABSENT)
    name = plain(value).lower()
    if not name:
        repairs.append(
            Repair(
                line=line or None,
                what="坐标系未填,按 2000 国家大地坐标系读 / no 坐标系: read as CGCS2000",
                before="",
                after="2000国家大地坐标系",
            )
        )
    elif re.search(r"北京|beijing|西安|xi'?an|1954|1980|(?<!\d)(54|80)(?!\d)", name):
        faults.append(
            TextFault(
                line,
                column,
                f"found 坐标系={value!r}; accepted is CGCS2000. Transformations from Beijing 1954 and Xi'an 1980 are "
                "classified: have the coordinates converted by the surveying office first",
                f"坐标系={value!r}；只接受 2000 国家大地坐标系。1954 北京、1980 "
                "西安坐标系的转换参数涉密，请先由测绘单位转换坐标",
            )
        )
    elif re.search(r"wgs[-_ ]?(19)?84", name):
        repairs.append(
            Repair(
                line=line,
                what="坐标系为 WGS 84,按 2000 国家大地坐标系读,此精度下相同 / WGS 84 read as CGCS2000, here the same",
                before=value,
                after="2000国家大地坐标系",
            )
        )
    elif "2000" not in name:
        faults.append(
            TextFault(
                line,
                column,
                f"found 坐标系={value!r}; accepted is CGCS2000 (2000国家大地坐标系)",
                f"坐标系={value!r}；只接受 2000 国家大地坐标系",
            )
        )


def _find_zone(
    attributes: Mapping[str, Field],
    prefixes: Mapping[int | None, int],
    repairs: list[Repair],
    faults: Faults,
) -> int | None:
    value, line, column = attributes.get("带号", _ABSENT)
    found = re.fullmatch(r"([0-9]{1,3})(号)?(带)?", plain(value))
    if value and not found:
        faults.append(
            TextFault(
                line,
                column,
                f"found 带号={value!r}; accepted is the number of a 3-degree zone, {ZONES[0]} to {ZONES[-1]}",
                f"带号={value!r}；接受三度带带号 {ZONES[0]}–{ZONES[-1]}",
            )
        )
        return None
    stated = int(found[1]) if found else None
    in_front = {zone: first for zone, first in prefixes.items() if zone is not None}
    if len(in_front) > 1:
        where = ", ".join(f"{zone} from line {first}" for zone, first in sorted(in_front.items()))
        places = "，".join(f"{zone} 始于第 {first} 行" for zone, first in sorted(in_front.items()))
        faults.append(
            TextFault(
                min(in_front.values()),
                1,
                f"eastings with the prefixes of several zones ({where}); accepted is one: give each zone its own file",
                f"横坐标有多个带号（{places}）；只接受一个，不同带请分成不同文件",
            )
        )
        return None
    for zone, first in in_front.items():
        if stated is None:
            repairs.append(
                Repair(
                    line=line or None,
                    what="带号未填,取自横坐标 / no 带号: taken from the eastings",
                    before="",
                    after=str(zone),
                )
            )
            return zone
        if stated != zone:
            faults.append(
                TextFault(
                    line,
                    column,
                    f"found 带号={stated}, but the eastings have the prefix {zone} (line {first}); correct the one or "
                    "the other",
                    f"带号={stated}，而横坐标的带号为 {zone}（第 {first} 行）；请改正其中之一",
                )
            )
    return stated
