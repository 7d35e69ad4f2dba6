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

#: Where one geometry ends and the next begins: after a bracket, a new line that starts with a letter.
_BETWEEN = re.compile(r"(?<=[)Yy])[^\S\n]*\n\s*(?=[A-Za-z])")

#: Deeper than this no geometry is; the parser of WKT goes down one call for each bracket.
_MAX_DEPTH = 32


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
        raise SourceError(f"{title}: WKT with brackets more than {_MAX_DEPTH} deep")
    try:
        geometry = shapely.from_wkt(wkt)
    except NotImplementedError as error:
        raise SourceError(f"{title}: found {wkt[:60]!r}, which has curves; {STRAIGHT}") from error
    except (ShapelyError, ValueError) as error:
        raise SourceError(f"{title}: found {wkt[:60]!r}, which is no WKT: {error}") from error
    return geometry, None if srid is None else int(srid)


def read_wkt(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read WKT, one geometry a line; the CRS is the SRID in front if there is one.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_layer(title, layer)
    text = decode_text(read_bytes(path, title), encoding, title).strip()
    geometries, srids = [], set()
    for part in _BETWEEN.split(text):
        check_time(title)
        geometry, srid = parse_wkt(part, title)
        geometries.append(geometry)
        srids.add(srid)
    return _frame(geometries, srids, crs=crs, title=title)


def read_wkb(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one geometry as WKB, in bytes or hexadecimal; the CRS is its SRID if it has one.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_layer(title, layer)
    if encoding is not None:
        raise ArgumentError(f"encoding={encoding!r}: {title} is WKB, which is no text")
    data = read_bytes(path, title)
    try:
        geometry = shapely.from_wkb(data if data[:1] in (b"\0", b"\1") else data.strip().decode("ascii"))
    except NotImplementedError as error:
        raise SourceError(f"{title} has curves; {STRAIGHT}") from error
    except (ShapelyError, ValueError) as error:
        raise SourceError(f"{title} is no WKB: {error}") from error
    srid = int(shapely.get_srid(geometry))
    return _frame([geometry], {srid or None}, crs=crs, title=title)


def _frame(geometries: list[shapely.Geometry], srids: set[int | None], *, crs: Any, title: str) -> gpd.GeoDataFrame:
    stated = srids - {None}
    if len(stated) > 1:
        raise SourceError(f"{title}: found the SRIDs {sorted(map(str, stated))}; accepted is one for all parcels")
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
        raise ArgumentError(f"layer={layer!r}: {title} is a geometry, which has no layers")
