"""Which grid the coordinates of a 界址点 file are in: its attributes held against its numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from qy_gis.errors import CRSError
from qy_gis.measure.crs import check_crs, grid_epsg
from qy_gis.parcels.repairs import Faults, Repair

#: Northings of China, and eastings without zone prefix that a 3-degree grid can have, in metres.
_NORTH, _EAST = (1.8e6, 6.0e6), (1.0e5, 9.0e5)

_MILLION = 1_000_000


def is_north(value: float) -> bool:
    """Return whether a coordinate can be a northing in China."""
    return _NORTH[0] <= value <= _NORTH[1]


def is_east(value: float) -> bool:
    """Return whether a coordinate can be an easting of a Gauss-Krueger grid, a zone of two digits in front or not."""
    if not math.isfinite(value):
        return False
    zone = zone_prefix(value)
    return (zone is None or 13 <= zone <= 45) and _EAST[0] <= value - (zone or 0) * _MILLION <= _EAST[1]


def zone_prefix(east: float) -> int | None:
    """Return the zone number in front of an easting, None if there is none."""
    return int(east // _MILLION) or None


def find_grid(
    attributes: Mapping[str, tuple[int, str]], prefixes: Mapping[int | None, int], crs: Any
) -> tuple[Any, list[Repair], Faults]:
    """Return the grid a file is in, what was repaired to find it, and what stands against it.

    Parameters
    ----------
    attributes
        Values of [属性描述] by key, each with its line.
    prefixes
        Zone prefixes of the eastings (None for eastings without), each with the line of the first.
    crs
        The grid to use if the file does not state a zone.

    Returns
    -------
    tuple
        The CRS (None if not found), repairs, and faults as line and text.
    """
    repairs: list[Repair] = []
    faults: Faults = []
    _check_datum(attributes, repairs, faults)
    for key, accepted, pattern in (
        ("几度分带", "3", r"(3|三)(度|°)?(分)?(带)?"),
        ("投影类型", "高斯克吕格", r".*(高斯|gauss).*"),
        ("计量单位", "米", r"米|m|meters?|metres?"),
    ):
        line, value = attributes.get(key, (0, ""))
        if value and not re.fullmatch(pattern, _plain(value)):
            faults.append((line, f"found {key}={value!r}; accepted is {accepted}"))
    zone = _find_zone(attributes, prefixes, repairs, faults)
    if faults:
        return None, repairs, faults
    if zone is None:
        if crs is None:
            first = min(prefixes.values())
            faults.append((first, "no 带号, and no zone prefix on the eastings; say which grid they are in with crs="))
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
        faults.append((attributes.get("带号", (min(prefixes.values()), ""))[0], str(error)))
        return None, repairs, faults


def _plain(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().lower()


def _check_datum(attributes: Mapping[str, tuple[int, str]], repairs: list[Repair], faults: Faults) -> None:
    line, value = attributes.get("坐标系", (0, ""))
    plain = _plain(value)
    if not plain:
        repairs.append(
            Repair(
                line=line or None,
                what="坐标系未填,按 2000 国家大地坐标系读 / no 坐标系: read as CGCS2000",
                before="",
                after="2000国家大地坐标系",
            )
        )
    elif re.search(r"北京|beijing|西安|xi'?an|1954|1980|(?<!\d)(54|80)(?!\d)", plain):
        faults.append(
            (
                line,
                f"found 坐标系={value!r}; accepted is CGCS2000. Transformations from Beijing 1954 and Xi'an 1980 are "
                "classified: have the coordinates converted by the surveying office first",
            )
        )
    elif "2000" not in plain:
        faults.append((line, f"found 坐标系={value!r}; accepted is CGCS2000 (2000国家大地坐标系)"))


def _find_zone(
    attributes: Mapping[str, tuple[int, str]],
    prefixes: Mapping[int | None, int],
    repairs: list[Repair],
    faults: Faults,
) -> int | None:
    line, value = attributes.get("带号", (0, ""))
    found = re.fullmatch(r"(\d{1,3})(号)?(带)?", _plain(value))
    if value and not found:
        faults.append((line, f"found 带号={value!r}; accepted is the number of a 3-degree zone"))
        return None
    stated = int(found[1]) if found else None
    in_front = {zone: first for zone, first in prefixes.items() if zone is not None}
    if len(in_front) > 1:
        where = ", ".join(f"{zone} from line {first}" for zone, first in sorted(in_front.items()))
        faults.append(
            (min(in_front.values()), f"eastings with the prefixes of several zones ({where}); accepted is one")
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
            faults.append((line, f"found 带号={stated}, but the eastings have the prefix {zone} (line {first})"))
    return stated
