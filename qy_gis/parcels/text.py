"""Parcels from geometry as text or bytes: WKT with or without an SRID, WKB, and hexadecimal WKB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from shapely.errors import ShapelyError

from qy_gis.errors import ArgumentError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.coordinates import place_outlines
from qy_gis.parcels.limits import check_time, decode_text, read_bytes

_EWKT = re.compile(r"\s*(?:SRID\s*=\s*([0-9]{1,6})\s*;)?\s*(.*)", re.IGNORECASE | re.DOTALL)

#: What to do about curves, which GEOS does not hold.
STRAIGHT = "accepted are polygons with straight edges, or curves in a GeoPackage or a geodatabase"
STRAIGHT_ZH = "接受直线边的多边形；曲线请存为 GeoPackage 或文件地理数据库"

#: What may stand between geometries, and around them.
_AROUND = " \t\r\n;,\"'；，"

_START = re.compile(
    r"SRID\s*=\s*[0-9]|(((MULTI)?(POLYGON|CURVE|SURFACE|POINT|LINESTRING|CURVEPOLYGON)|GEOMETRYCOLLECTION)"
    r"\s*(Z|M|ZM)?\s*(\(|EMPTY))",
    re.IGNORECASE,
)
_HEX = re.compile(r"\s*(?:\\x|0x)?(0[01][0-9A-Fa-f]{8,})\s*", re.ASCII)
_POINTS = re.compile(r"[-+0-9.,;\s]+")

#: Deeper than this no geometry is; the parser of WKT goes down one call for each bracket.
_MAX_DEPTH = 32


def is_outline(text: str) -> bool:
    """Return whether text begins as an outline does: WKT, WKB in hexadecimal, GeoJSON, or points in a row.

    Examples
    --------
    >>> [is_outline(text) for text in ("POLYGON ((0 0, 1 0, 1 1))", '{"type": 1}', "1,2;3,4;5,6", "Point 1")]
    [True, True, True, False]
    """
    start = text.strip(_AROUND)
    if _HEX.fullmatch(start) or start[:1] == "{":
        return True
    return _START.match(start) is not None or len(_points(start)) > 2


def parse_outline(text: str, title: str) -> tuple[shapely.Geometry, int | None]:
    """Return a geometry from one cell of a table, and its SRID if it states one.

    Raises
    ------
    SourceError
        It is neither WKT, nor WKB in hexadecimal, nor GeoJSON, nor a row of points.
    """
    plain = text.strip(_AROUND)
    if found := _HEX.fullmatch(plain):
        return _parse_wkb(found[1], title)
    if plain[:1] == "{":
        try:
            return shapely.from_geojson(plain), None
        except (ShapelyError, ValueError) as error:
            raise _no_outline(plain, title) from error
    if len(points := _points(plain)) > 2:
        return shapely.Polygon(points), None
    if not plain:
        raise _no_outline(plain, title)
    return parse_wkt(plain, title)


def _no_outline(text: str, title: str) -> SourceError:
    return SourceError(
        f"{title}: found {text[:60]!r}, which is no outline; accepted are WKT (POLYGON ((…))), WKB in hexadecimal, "
        "GeoJSON and points (x,y;x,y;x,y)",
        zh=f"{title}：{text[:60]!r} 不是图形；接受 WKT（POLYGON ((…))）、十六进制 WKB、GeoJSON "
        "和成串的点（x,y;x,y;x,y）",
    )


def _points(text: str) -> list[tuple[float, float]]:
    """Return the points of ``x,y;x,y;…`` or ``x,y,h x,y,h …``; none if the text is something else."""
    if not _POINTS.fullmatch(text):
        return []
    parts = [part for part in re.split(r";" if ";" in text else r"\s+", text) if part.strip()]
    numbers = [[float(one) for one in re.findall(r"[-+]?[0-9]+(?:\.[0-9]*)?", part)] for part in parts]
    return [(row[0], row[1]) for row in numbers] if all(len(row) in (2, 3) for row in numbers) else []


def parse_wkt(text: str, title: str) -> tuple[shapely.Geometry, int | None]:
    """Return a geometry from WKT, and its SRID if it has one in front (``SRID=4547;POLYGON …``).

    Raises
    ------
    SourceError
        The text is no WKT.
    """
    found = _EWKT.fullmatch(text)
    srid, wkt = (found[1], found[2]) if found else (None, text)
    if _depth(wkt) > _MAX_DEPTH:
        raise SourceError(
            f"{title}: WKT with brackets more than {_MAX_DEPTH} deep; accepted are polygons",
            zh=f"{title}：WKT 的括号嵌套超过 {_MAX_DEPTH} 层；接受多边形",
        )
    try:
        geometry = shapely.from_wkt(wkt)
    except NotImplementedError as error:
        raise SourceError(
            f"{title}: found {wkt[:60]!r}, which has curves; {STRAIGHT}",
            zh=f"{title}：{wkt[:60]!r} 含有曲线；{STRAIGHT_ZH}",
        ) from error
    except (ShapelyError, ValueError) as error:
        raise SourceError(
            f"{title}: found {wkt[:60]!r}, which is no WKT; accepted is POLYGON ((x y, x y, …)), each ring in brackets "
            "and ending where it began",
            zh=f"{title}：{wkt[:60]!r} 不是 WKT；接受 POLYGON ((x y, x y, …))，每圈加括号且首尾点相同",
        ) from error
    return geometry, None if srid is None else int(srid)


def read_wkt(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read WKT, one geometry after the other; the CRS is the SRID in front if there is one.

    Quotes around a geometry and semicolons behind it are of the program it was copied from, and are nothing.
    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_layer(title, layer)
    text = decode_text(read_bytes(path, title), encoding, title)
    geometries, srids = [], set()
    for part in _split_wkt(text):
        check_time(title)
        geometry, srid = parse_wkt(part, title)
        geometries.append(geometry)
        srids.add(srid)
    return _frame(geometries, srids, crs=crs, title=title)


def _split_wkt(text: str) -> list[str]:
    """Return the geometries of a text, each as it stands there."""
    parts, depth, start = [], 0, 0
    for mark in re.finditer(r"[()]|EMPTY\b", text, re.IGNORECASE):
        if mark[0] in "()":
            depth += 1 if mark[0] == "(" else -1
        if depth == 0:
            parts.append(text[start : mark.end()].strip(_AROUND))
            start = mark.end()
    rest = text[start:].strip(_AROUND)
    return [*parts, rest] if rest or not parts else parts


def read_wkb(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one geometry as WKB, or several in hexadecimal, one a line; the CRS is their SRID if they have one.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_layer(title, layer)
    if encoding is not None:
        raise ArgumentError(
            f"encoding={encoding!r}: {title} is WKB, which is no text; leave encoding= out",
            zh=f"encoding={encoding!r}：{title} 是 WKB，不是文本，请去掉 encoding=",
        )
    data = read_bytes(path, title)
    if data[:1] in (b"\0", b"\1"):
        found = [_parse_wkb(data, title)]
    else:
        found = []
        for line, text in enumerate(data.decode("ascii", errors="replace").split("\n"), start=1):
            check_time(title)
            if plain := text.strip(_AROUND):
                hexadecimal = _HEX.fullmatch(plain)
                found.append(_parse_wkb(hexadecimal[1] if hexadecimal else plain, f"{title}, line {line}"))
    return _frame([geometry for geometry, _ in found], {srid for _, srid in found}, crs=crs, title=title)


def _parse_wkb(data: bytes | str, title: str) -> tuple[shapely.Geometry, int | None]:
    try:
        geometry = shapely.from_wkb(data)
    except NotImplementedError as error:
        raise SourceError(f"{title} has curves; {STRAIGHT}", zh=f"{title} 含有曲线；{STRAIGHT_ZH}") from error
    except (ShapelyError, ValueError) as error:
        start = data[:24] if isinstance(data, str) else data[:12].hex()
        raise SourceError(
            f"{title}: found {start!r}…, which is no WKB; accepted are whole polygons as WKB, perhaps with an SRID",
            zh=f"{title}：{start!r}… 不是 WKB；接受完整的多边形 WKB，可带 SRID",
        ) from error
    return geometry, int(shapely.get_srid(geometry)) or None


def _frame(geometries: list[shapely.Geometry], srids: set[int | None], *, crs: Any, title: str) -> gpd.GeoDataFrame:
    stated = srids - {None}
    if len(stated) > 1:
        raise SourceError(
            f"{title}: found the SRIDs {sorted(map(str, stated))}; accepted is one for all parcels",
            zh=f"{title}：SRID 有 {sorted(map(str, stated))}；所有地块只接受一个坐标系",
        )
    frame = gpd.GeoDataFrame(geometry=geometries)
    if stated:
        return frame.set_crs(check_crs(stated.pop()))
    return place_outlines(frame, crs=crs, title=title)


def _depth(text: str) -> int:
    """Return how deep brackets are nested, as far as it matters."""
    depth = deepest = 0
    for bracket in re.findall(r"[()]", text):
        depth += 1 if bracket == "(" else -1
        deepest = max(deepest, depth)
        if deepest > _MAX_DEPTH:
            break
    return deepest


def _refuse_layer(title: str, layer: str | None) -> None:
    if layer is not None:
        raise ArgumentError(
            f"layer={layer!r}: {title} is a geometry, which has no layers; leave layer= out",
            zh=f"layer={layer!r}：{title} 是图形，没有图层，请去掉 layer=",
        )
