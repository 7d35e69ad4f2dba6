"""Parcels from GML and GPX, by GDAL, which is kept from opening what they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.drivers import ARC_STEP_DEGREES, choose_layer, chorded, read_layer, refuse_elsewhere, settings
from qy_gis.parcels.limits import read_bytes
from qy_gis.parcels.repairs import Repair, count_kinds, dump_repairs, tell
from qy_gis.parcels.rings import SAME_DEGREES, nest_corners
from qy_gis.parcels.sources import keep_bytes
from qy_gis.parcels.vector import refuse_encoding

#: Marks by which GDAL knows the drivers that open other files or addresses.
_ELSEWHERE = (
    *(b"<ogrvrt", b"<ogrwfs", b"<vrt", b"<gdal", b"_capabilities", b"gdal_streamed_alg"),
    *(b"<!doctype", b"<!entity"),
)

_CURVES = re.compile(rb"<(?:\w+:)?(?:Arc|Circle|CircleByCenterPoint|ArcString|CompositeCurve)\b")


def read_gml(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one layer of a GML collection of features; the arguments are those of `qy_gis.parcels.read.read_parcels`."""
    refuse_encoding(title, encoding)
    data = read_bytes(path, title)
    _check_root(data, rb"FeatureCollection", title, "GML")
    # In a copy without the address of its schema, which GDAL would fetch; and GDAL writes a file beside what it reads.
    bare = re.sub(rb"[\w.-]*:?(?:noNamespaceS|s)chemaLocation\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", data)
    fine = {"OGR_ARC_STEPSIZE": str(ARC_STEP_DEGREES), "GML_SKIP_RESOLVE_ELEMS": "ALL"}
    with keep_bytes(bare, ".gml") as copy, settings(fine):
        frame = read_layer(str(copy), choose_layer(str(copy), layer, title=title), title=title)
    if "gml_id" in frame.columns and "id" not in frame.columns:
        frame = frame.rename(columns={"gml_id": "id"})
    if _CURVES.search(data):
        repair = chorded("arc", "LineString")
        frame = tell(frame, repair["what"], repair["before"], repair["after"])
    return frame if frame.crs is not None else frame.set_crs(crs)


def read_gpx(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the closed tracks and routes of a GPX file as outlines, in WGS 84 longitude and latitude.

    The arguments are those of `qy_gis.parcels.read.read_parcels`; ``layer`` may be ``tracks`` or ``routes``.
    """
    refuse_encoding(title, encoding)
    data = read_bytes(path, title)
    _check_root(data, rb"gpx", title, "GPX")
    rows, left_out = [], []
    for name in ("tracks", "routes") if layer is None else (layer,):
        if name not in ("tracks", "routes"):
            raise SourceError(
                f"{title} has no layer {name!r}; accepted are tracks and routes",
                zh=f"{title} 中没有图层 {name!r}；可用 tracks（航迹）、routes（航线）",
            )
        for row in read_layer(str(path), name, title=title).itertuples():
            lines = [np.asarray(shapely.get_coordinates(line)) for line in shapely.get_parts(row.geometry)]
            closed = [line for line in lines if len(line) > 3 and (abs(line[0] - line[-1]) <= SAME_DEGREES).all()]
            left_out += ["open line"] * (len(lines) - len(closed))
            polygons = nest_corners([line[:-1] for line in closed])[0] if closed else []
            if polygons:
                shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
                rows.append({"name": getattr(row, "name", None) or "", "geometry": shape})
    points = len(re.findall(rb"<wpt\b", data))
    if not rows:
        found = count_kinds([*left_out, *["waypoint"] * points]) or "nothing"
        raise SourceError(
            f"{title} has no closed track or route, which are what is accepted; found {found}: close the track on its "
            "first point, or give the corners as a table",
            zh=f"{title} 中没有闭合的航迹或航线；读到 {found}；请把航迹闭合到起点，或以界址点表提供",
        )
    told = Repair(line=None, what="闭合线按面读 / closed line read as an outline", before="LineString", after="Polygon")
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=check_crs("EPSG:4326" if crs is None else crs))
    frame[SOURCE_REPAIRS] = dump_repairs([told])
    if b"<ele>" in data:
        frame = tell(frame, "去除高程 Z / Z dropped", "ele", "")
    if left_out or points:
        left = count_kinds([*left_out, *["waypoint"] * points])
        frame = tell(
            frame, "只读面与闭合线,其余略去 / only polygons and closed lines read, the rest left out", left, ""
        )
    return frame


def _check_root(data: bytes, root: bytes, title: str, what: str) -> None:
    """Raise a SourceError if a document does not begin as its format does, or names what GDAL would open."""
    refuse_elsewhere(data, title, what=what, marks=_ELSEWHERE)
    found = re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)", data, re.DOTALL)
    if found is None or found[1] != root:
        name = found[1].decode("ascii", "replace") if found else data[:8].decode("ascii", "replace")
        raise SourceError(
            f"{title} is not {what}: found {name!r} where it starts with <{root.decode()}>; export it again as {what}",
            zh=f"{title} 不是 {what}：开头是 {name!r}，应为 <{root.decode()}>；请重新导出",
        )
