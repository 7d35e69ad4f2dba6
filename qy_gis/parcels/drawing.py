"""Parcels from DXF drawings: closed polylines, nested by containment, with their layer as an attribute."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import SourceError
from qy_gis.parcels.coordinates import place_outlines
from qy_gis.parcels.drivers import check_start, read_layer, settings
from qy_gis.parcels.limits import check_time, read_bytes
from qy_gis.parcels.repairs import Repair, add_repair
from qy_gis.parcels.rings import SAME_M, nest_corners

#: The first group code of a drawing in text, and the start of one in binary.
_STARTS = (b"0", b"999", b"AutoCAD Binary DXF")

#: AutoCAD 2007, as the header of a drawing calls it.
_FIRST_IN_UTF8 = 1021


def read_dxf(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the closed polylines of a drawing; where a layer has none, its hatches.

    The arguments are those of `qy_gis.parcels.read.read_parcels`; ``layer`` is a layer of the drawing. A drawing states
    no CRS: without ``crs`` it is recognised from the coordinates, or an error.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per outline that is in no other, or in a hole: ``Layer``, ``source_repairs``, ``geometry``.
    """
    check_start(path, _STARTS, title=title, what="DXF")
    found = {"DXF_ENCODING": _find_encoding(path, encoding, title), "OGR_ARC_STEPSIZE": "0.1"}
    with settings(found):
        entities = read_layer(str(path), "entities", title=title)
    entities = entities.assign(Layer=entities["Layer"].fillna("0").astype(str))
    if layer is not None:
        entities = entities[entities["Layer"] == layer]
    rows: list[dict[str, Any]] = []
    others: dict[str, int] = {}
    for name, of_layer in entities.groupby("Layer", sort=False):
        check_time(title)
        geometries = of_layer.geometry.to_numpy()
        kinds = shapely.get_type_id(geometries)
        closed = [g for g in geometries[kinds == shapely.GeometryType.LINESTRING] if _is_closed(g)]
        rings = closed or list(shapely.get_exterior_ring(shapely.get_parts(geometries[_areas(kinds)])))
        left = pd.Series([g.geom_type for g in geometries if g is not None and not any(g is ring for ring in closed)])
        for kind, count in left.value_counts().items():
            others[f"{kind} in layer {name!r}"] = int(count)
        if not rings:
            continue
        corners = [shapely.get_coordinates(ring)[:-1] for ring in rings]
        polygons, _ = nest_corners([ring for ring in corners if len(ring) >= 3])
        rows += [{"Layer": name, "geometry": polygon} for polygon in polygons]
    ignored = ", ".join(f"{count} {what}" for what, count in others.items())
    if not rows:
        raise SourceError(f"{title} has no closed polylines; accepted are those. Found {ignored or 'nothing'}")
    frame = place_outlines(gpd.GeoDataFrame(rows, geometry="geometry"), crs=crs, title=title)
    if ignored and not all("Polygon" in what for what in others):
        note = Repair(
            line=None,
            what="只读闭合多段线,其余图元略去 / only closed polylines read, other entities left out",
            before=ignored,
            after="",
        )
        frame[SOURCE_REPAIRS] = [add_repair(text, note) for text in frame[SOURCE_REPAIRS]]
    return frame


def _areas(kinds: np.ndarray[Any, np.dtype[np.int32]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.isin(kinds, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))


def _is_closed(line: Any) -> bool:
    """Return whether a line ends where it starts; draughtsmen close some by eye, with the same point twice."""
    points = shapely.get_coordinates(line)
    return len(points) >= 4 and bool((np.abs(points[0] - points[-1]) <= SAME_M).all())


def _find_encoding(path: Path, given: str | None, title: str) -> str:
    """Return the encoding of a drawing's text: as it says, if all of it is in that; else UTF-8, else GBK."""
    if given is not None:
        return given
    data = read_bytes(path, title)
    start = data[:16_384]
    version = re.search(rb"AC(1[0-9]{3})", start)
    # From AutoCAD 2007 on text is UTF-8, whatever code page the header still names.
    modern = version is not None and int(version[1]) >= _FIRST_IN_UTF8
    tried = ["CP936", "UTF-8"] if b"ANSI_936" in start and not modern else ["UTF-8"]
    for encoding in tried:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "CP936"
