"""Parcels from DXF drawings: closed lines, nested by containment, with their layer as an attribute."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import SourceError
from qy_gis.parcels.coordinates import is_east, is_north, place_outlines
from qy_gis.parcels.drivers import check_start, chorded, driver_words, settings
from qy_gis.parcels.encodings import find_encoding, name_codec
from qy_gis.parcels.limits import check_features, check_time, read_bytes
from qy_gis.parcels.repairs import Repair, count_kinds, dump_repairs, join_repairs, tell
from qy_gis.parcels.rings import SAME_M, Corners, nest_corners

#: The first group code of a drawing in text, and the start of one in binary.
_STARTS = (b"0", b"999", b"AutoCAD Binary DXF")

#: AutoCAD 2007, as the header of a drawing calls it: from then on text is UTF-8, whatever code page is named.
_FIRST_IN_UTF8 = 1021

#: Code pages of a header that are believed; the others are what programs write by default.
_CODE_PAGES = {b"ANSI_936": "gb18030", b"GB2312": "gb18030", b"ANSI_950": "big5hkscs", b"BIG5": "big5hkscs"}

#: Text as AutoCAD escapes what its code page has not: a code point, or bytes of a code page of the East.
_ESCAPE = re.compile(r"\\U\+([0-9A-Fa-f]{4})|\\M\+([1-5])([0-9A-Fa-f]{4})")
_PAGES = {"1": "cp932", "2": "cp950", "3": "cp949", "4": "johab", "5": "gb18030"}

#: What may have arcs in a drawing as text: their kinds, and the group code of a bulge that is not 0.
_ARCS = re.compile(rb"\n\s*(?:CIRCLE|ARC|ELLIPSE|HATCH|INSERT|DIMENSION)\s|\n\s*42\s*\r?\n\s*-?[0-9.]*[1-9]")
_SPLINE = re.compile(rb"\n\s*0\s*\r?\n\s*SPLINE\s")

#: Degrees of a chord: those that outlines are read with, and those that show where there are arcs.
_FINE, _COARSE = "0.1", "30"

#: What `write_parcels` says of a drawing in a comment, which programs pass over.
MARK = "qy_gis layers are parcels"
_MARK = re.compile(rb"\A\s*999\s+" + MARK.encode() + rb" ?([^\r\n]*)")

#: Metres, as a unit of a drawing, in the units that are taken for them: millimetres, centimetres.
_UNITS = {1000: ("millimetres", "毫米"), 100: ("centimetres", "厘米")}

#: No drawing reaches further, in whatever unit.
_FARTHEST = 1e13

_DROPPED = "只读闭合线,其余图元略去 / only closed lines read, other entities left out"


class _Ring(NamedTuple):
    """A closed line: its corners, and whether it had arcs or heights."""

    corners: Corners
    curved: bool
    height: float


@dataclass
class _Drawing:
    """What a drawing holds: rings by layer, areas that are filled, what stands in blocks, and what is neither."""

    rings: dict[str, list[_Ring]] = field(default_factory=dict)
    fills: list[tuple[str, shapely.Geometry, bool]] = field(default_factory=list)
    in_blocks: list[tuple[str, shapely.Geometry]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_dxf(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the closed lines of a drawing; where it has none, its hatches.

    The arguments are those of `qy_gis.parcels.read.read_parcels`; ``layer`` is a layer of the drawing. A drawing states
    no CRS: without ``crs`` it is recognised from the coordinates, or an error.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per outline that is in no other, or in a hole: ``Layer``, ``source_repairs``, ``geometry``, and ``id``,
        which is the layer, if each outline has one of its own.
    """
    check_start(path, _STARTS, title=title, what="DXF")
    data = read_bytes(path, title)
    entities, said = _read_entities(path, data, encoding, title)
    names = list(dict.fromkeys(entities["Layer"]))
    if layer is not None and layer not in names:
        raise SourceError(
            f"{title} has no layer {layer!r}; its layers are {', '.join(names) or 'none'}",
            zh=f"{title} 中没有图层 {layer!r}；图层有 {'、'.join(names) or '无'}",
        )
    drawing = _sort(entities if layer is None else entities[entities["Layer"] == layer], title)
    rows = _outlines(drawing, title)
    left_out = count_kinds(drawing.left_out)
    if not rows:
        raise SourceError(
            f"{title} has no closed lines or hatches, which are what is accepted; found {left_out or 'nothing'}. Join "
            "lines into closed polylines (PEDIT, or BOUNDARY), explode blocks, and save again",
            zh=f"{title} 中没有闭合线或填充；读到 {left_out or '空'}。"
            "请用 PEDIT 或 BOUNDARY 连成闭合多段线、炸开图块后再存",
        )
    if mark := _MARK.search(data[:1000]):
        rows, crs = _merge(rows), crs if crs is not None or not mark[1] else mark[1].decode("ascii", "replace")
    if _SPLINE.search(data):
        said.append(("样条曲线化为折线,每控制点 8 段 / splines replaced by chords, 8 a control point", "SPLINE", ""))
    if left_out:
        said.append((_DROPPED, left_out, ""))
    frame = gpd.GeoDataFrame(rows, geometry="geometry")
    if frame["Layer"].is_unique and not frame["Layer"].eq("0").any():
        frame["id"] = frame["Layer"]
    _check_unit(frame, title)
    placed = place_outlines(frame, crs=crs, title=title)
    both = zip(frame[SOURCE_REPAIRS], placed[SOURCE_REPAIRS], strict=True)
    placed = placed.assign(**{SOURCE_REPAIRS: [join_repairs(one, other) for one, other in both]})
    for what, before, after in said:
        placed = tell(placed, what, before, after)
    return placed


def _merge(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each layer, whose outlines are the parts of one parcel."""
    merged: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        merged.setdefault(row["Layer"], []).append(row)
    return [
        {
            "Layer": name,
            "geometry": parts[0]["geometry"]
            if len(parts) == 1
            else shapely.MultiPolygon([p["geometry"] for p in parts]),
            SOURCE_REPAIRS: reduce(join_repairs, [part[SOURCE_REPAIRS] for part in parts]),
        }
        for name, parts in merged.items()
    ]


def _as_one(polygons: list[shapely.Polygon]) -> shapely.Geometry:
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _read_entities(
    path: Path, data: bytes, given: str | None, title: str
) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """Return the entities of a drawing: ``Layer``, ``kind``, ``paper``, ``curved``, ``geometry``, and what to tell."""
    with driver_words(title), warnings.catch_warnings(), np.errstate(invalid="ignore"):
        # GDAL closes rings of solids, which have no first point twice.
        warnings.simplefilter("ignore", RuntimeWarning)
        about = pyogrio.read_info(str(path), layer="entities")
        check_features(about["features"], title)
        # Latin-1 takes every byte as it is, so that the encoding can be found from all the text there is.
        with settings({"DXF_ENCODING": "ISO-8859-1", "OGR_ARC_STEPSIZE": _FINE}):
            meta, _, wkb, columns = pyogrio.raw.read(str(path), layer="entities")
        counts = None
        if _ARCS.search(data) or (not data[:1].isspace() and data.startswith(b"AutoCAD Binary")):
            with settings({"DXF_ENCODING": "ISO-8859-1", "OGR_ARC_STEPSIZE": _COARSE}):
                coarse = pyogrio.raw.read(str(path), layer="entities", columns=[])[2]
            counts = shapely.get_num_coordinates(shapely.from_wkb(coarse, on_invalid="ignore"))
    check_time(title)
    fields = dict(zip(meta["fields"].tolist(), columns, strict=True))
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    layers, said = _decode([name or "0" for name in fields["Layer"]], data, given, title)
    frame = pd.DataFrame({"Layer": pd.Series(layers, dtype=object), "kind": _kinds(shapes, fields["SubClasses"])})
    frame["paper"] = pd.Series(fields["PaperSpace"]).eq(1) if "PaperSpace" in fields else False
    frame["curved"] = False if counts is None else shapely.get_num_coordinates(shapes) != counts
    frame["geometry"] = pd.Series(list(shapes), dtype=object)
    return frame, said


def _kinds(shapes: NDArray[np.object_], classes: Sequence[Any]) -> list[str]:
    """Return what each entity is called in messages: its class in a drawing, else its geometry."""
    found = []
    for shape, chain in zip(shapes, classes, strict=True):
        last = str(chain).rpartition("AcDb")[2] if isinstance(chain, str) and "AcDb" in chain else ""
        # Meshes of faces are in no form that GEOS reads.
        found.append(last or ("PolyfaceMesh" if shape is None else shape.geom_type))
    return found


def _decode(
    names: list[str], data: bytes, given: str | None, title: str
) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Return names of layers in their encoding, and what to tell if that is not the one stated."""
    start = data[:16_384]
    version = re.search(rb"AC(1[0-9]{3})", start)
    page = re.search(rb"\$DWGCODEPAGE\s+3\s+([A-Za-z0-9_]+)", start)
    modern = version is not None and int(version[1]) >= _FIRST_IN_UTF8
    stated = "utf-8" if modern else _CODE_PAGES.get(page[1].upper()) if page else None
    raw = [name.encode("latin-1") for name in names]
    if given is None and _MARK.search(data[:1000]):
        # Our own drawings are in GBK whatever their text looks like.
        given = "gb18030"
    encoding = find_encoding(raw, stated) if given is None else name_codec(given, title=title)
    try:
        decoded = [text.decode(encoding or "utf-8") for text in raw]
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{title}: the names of layers are not in {encoding or 'UTF-8, GB18030 or Big5'}; say which encoding they "
            "are in with encoding= (--encoding)",
            zh=f"{title}：图层名不是 {encoding or 'UTF-8、GB18030 或 Big5'} 编码；请用 --encoding 注明实际编码",
        ) from error
    said = []
    if given is None and stated is not None and encoding != stated:
        before = (
            f"AC{version[1].decode()}" if modern and version else f"$DWGCODEPAGE {page[1].decode() if page else ''}"
        )
        said.append(("文字编码与所注不符,按实际读 / text is in another encoding than stated", before, str(encoding)))
    return [_unescape(text) for text in decoded], said


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return bytes.fromhex(found[3]).decode(_PAGES[found[2]], errors="replace")

    # Characters beyond the first 65,536 are written as two surrogates.
    return _ESCAPE.sub(one, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _sort(entities: pd.DataFrame, title: str) -> _Drawing:
    """Return the entities of a drawing by what they can be read as."""
    drawing = _Drawing()
    for row in entities.itertuples(index=False):
        shape = row.geometry
        if shape is not None and not (np.abs(shapely.get_coordinates(shape)) < _FARTHEST).all():
            raise SourceError(
                f"{title}: a {row.kind} in layer {row.Layer!r} has coordinates that are no metres; accepted are "
                "metres: correct or delete it",
                zh=f"{title}：图层 {row.Layer!r} 中有 {row.kind} 的坐标不是以米计的数；请改正或删除",
            )
        if row.paper:
            drawing.left_out.append(f"{row.kind} in paper space")
        elif row.kind == "BlockReference" and shape is not None:
            drawing.in_blocks.append((row.Layer, shape))
        elif shape is not None and shape.geom_type == "LineString" and _is_closed(shape):
            drawing.rings.setdefault(row.Layer, []).append(_ring(shape, curved=bool(row.curved)))
        elif shape is not None and shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty:
            # A solid, a trace or a face fills: outlines are none of these, but in drawings that have nothing else.
            drawing.fills.append((row.Layer, shape, row.kind in ("Trace", "Face")))
        elif shape is not None and shape.geom_type in ("GeometryCollection", "MultiLineString"):
            drawing.in_blocks.append((row.Layer, shape))
        else:
            drawing.left_out.append(f"{row.kind} in layer {row.Layer!r}")
    check_time(title)
    return drawing


def _outlines(drawing: _Drawing, title: str) -> list[dict[str, Any]]:
    """Return the rows of the outlines of a drawing, and add to what is left out."""
    if not drawing.rings and not drawing.fills:
        drawing.rings = _rings_in_blocks(drawing.in_blocks)
        drawing.in_blocks = [] if drawing.rings else drawing.in_blocks
    drawing.left_out += [f"block in layer {name!r}" for name, _ in drawing.in_blocks]
    rows = [row for name, rings in drawing.rings.items() for row in _nest(name, rings, title)]
    drawn = shapely.union_all([shapely.make_valid(row["geometry"]) for row in rows])
    # Solids are arrows and the like beside anything else.
    only_solids = not rows and all(solid for _, _, solid in drawing.fills)
    for name, shape, solid in drawing.fills:
        face = shapely.make_valid(shapely.force_2d(shape))
        if (solid and not only_solids) or shapely.difference(face, drawn).area <= face.area / 1000:
            drawing.left_out.append(f"{'solid' if solid else 'hatch'} in layer {name!r}")
            continue
        rows += [{"Layer": name, "geometry": part, SOURCE_REPAIRS: "[]"} for part in shapely.get_parts(shape)]
    return rows


def _rings_in_blocks(blocks: Sequence[tuple[str, shapely.Geometry]]) -> dict[str, list[_Ring]]:
    found: dict[str, list[_Ring]] = {}
    for name, shape in blocks:
        for line in _lines(shape):
            if _is_closed(line):
                found.setdefault(name, []).append(_ring(line, curved=False))
    return found


def _lines(shape: Any) -> Iterator[shapely.LineString]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "LineString":
            yield part
        elif hasattr(part, "geoms"):
            yield from _lines(part)


def _is_closed(line: Any) -> bool:
    """Return whether a line ends where it starts; draughtsmen close some by eye, with the same point twice."""
    points = shapely.get_coordinates(line)
    return len(points) >= 4 and bool((np.abs(points[0] - points[-1]) <= SAME_M).all())


def _ring(line: Any, *, curved: bool) -> _Ring:
    points = shapely.get_coordinates(line, include_z=True)[:-1]
    heights = points[:, 2][np.nan_to_num(points[:, 2]) != 0]
    return _Ring(np.ascontiguousarray(points[:, :2]), curved, float(heights[0]) if len(heights) else 0.0)


def _nest(name: str, rings: Sequence[_Ring], title: str) -> Iterator[dict[str, Any]]:
    """Yield the outlines that the rings of a layer form, with what was repaired in each."""
    check_time(title)
    # The same line again, from whatever corner and in whatever direction, would be a hole that leaves nothing.
    once: dict[bytes, _Ring] = {}
    twice: set[bytes] = set()
    for ring in rings:
        key = shapely.to_wkb(shapely.normalize(shapely.Polygon(ring.corners.round(3))))
        twice |= {key} & once.keys()
        once.setdefault(key, ring)
    kept, again = list(once.values()), [key in twice for key in once]
    polygons, holes = nest_corners([ring.corners for ring in kept])
    outer = [i for i, hole in enumerate(holes) if not hole]
    about = {ring.corners.tobytes(): ring for ring in kept}
    for i, polygon in zip(outer, polygons, strict=True):
        inner = [about[shapely.get_coordinates(hole)[:-1].tobytes()] for hole in polygon.interiors]
        repairs = []
        if again[i]:
            what = "同一外廓重复绘制,只读一次 / the same outline drawn twice: read once"
            repairs.append(Repair(line=None, what=what, before=name, after=""))
        if inner:
            what = "同层内部闭合线读作洞 / closed lines inside, in the same layer, read as holes"
            area = sum(shapely.Polygon(ring.corners).area for ring in inner)
            repairs.append(Repair(line=None, what=what, before=str(len(inner)), after=f"{area:.2f} m2"))
        if any(ring.curved for ring in (kept[i], *inner)):
            repairs.append(chorded("arc", "LineString"))
        if height := next((ring.height for ring in (kept[i], *inner) if ring.height), 0.0):
            what = "去除高程 Z / Z dropped"
            repairs.append(Repair(line=None, what=what, before=f"Z = {height:g} …", after=""))
        yield {"Layer": name, "geometry": polygon, SOURCE_REPAIRS: dump_repairs(repairs)}


def _check_unit(frame: gpd.GeoDataFrame, title: str) -> None:
    """Raise a SourceError if coordinates are metres of China once they are divided: a drawing in millimetres."""
    east, north = shapely.get_coordinates(frame.geometry.to_numpy())[0].tolist()
    for divisor, (unit, unit_zh) in _UNITS.items():
        if is_north(north / divisor) and is_east(east / divisor) and not is_north(north):
            raise SourceError(
                f"{title}: found ({east:.10g}, {north:.10g}) first, which looks like {unit}; accepted are metres: "
                f"scale the drawing by 1/{divisor} about (0, 0) and save it again",
                zh=f"{title}：首点 ({east:.10g}, {north:.10g}) 像是{unit_zh}；应为米："
                f"请以 (0, 0) 为基点缩放 1/{divisor} 后再存",
            )
