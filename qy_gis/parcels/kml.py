"""Parcels from and to KML: polygons and closed lines of its placemarks. Nothing outside the file is ever opened."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import numpy as np
import shapely
from shapely.errors import ShapelyError

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.archive import read_members
from qy_gis.parcels.encodings import find_encoding, known_codec
from qy_gis.parcels.limits import check_features, check_time, read_bytes
from qy_gis.parcels.repairs import Repair, count_kinds, dump_repairs, list_faults, tell
from qy_gis.parcels.rings import SAME_DEGREES, Corners, nest_corners
from qy_gis.parcels.vector import refuse_encoding

#: Deeper than this is no document but an attack.
_MAX_DEPTH = 64

_TEXTS = ("name", "description")

#: Elements that hold others and may stand where a document begins; KML of old began with what it held.
_ROOTS = ("kml", "Document", "Folder", "Placemark")

_LINES = ("LineString", "LinearRing")

#: What is no area, or lies elsewhere: told where it is left out.
_OTHERS = ("Point", "Track", "MultiTrack", "Model", "GroundOverlay", "PhotoOverlay", "ScreenOverlay")

#: Where an element keeps the line it stands on: no name of an attribute has a blank.
_LINE = "line of the file"

_DROPPED = "只读面与闭合线,其余略去 / only polygons and closed lines read, the rest left out"


@dataclass
class _Found:
    """What the placemarks of a source hold: a row and an outline of each parcel, what was left out, what is wrong."""

    rows: list[dict[str, str]] = field(default_factory=list)
    outlines: list[shapely.Geometry] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    of_line: list[bool] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_kml(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the placemarks of a KML document that have polygons or closed lines: one parcel each, with its data.

    The arguments are those of `qy_gis.parcels.read.read_parcels`; ``layer`` is the name of a folder of the document.
    KML is in WGS 84 longitude and latitude; ``crs`` may say that these are GCJ-02 or BD-09.
    """
    refuse_encoding(title, encoding)
    return _read_documents({"": read_bytes(path, title)}, "", title=title, crs=crs, layer=layer)


def read_ovkml(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Refuse what 奥维 (Ovital) writes: its coordinates may be in GCJ-02, and the file does not say so."""
    name = Path(title).with_suffix(".kml").name
    raise SourceError(
        f"{title} is of Ovital Map, which writes it in GCJ-02, some 500 m off, and the file does not say so; accepted "
        f"is KML whose coordinates are known: rename it to {name} and give --crs GCJ-02 (crs='GCJ-02'), or export "
        "KML in WGS 84 or CGCS2000 from Ovital",
        zh=f"{title} 是奥维互动地图的文件，坐标为 GCJ-02（偏移约 500 米）而文件中不注明；"
        f"请改名为 {name} 并加 --crs GCJ-02，或在奥维中另存为 WGS 84（CGCS2000）坐标的 KML",
    )


def read_kmz(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the document of a KMZ archive, and those of the archive that it links to; see `read_kml`."""
    refuse_encoding(title, encoding)
    documents = read_members(path, (".kml",), title)
    named = [name for name in documents if layer in (name, PurePosixPath(name).stem)]
    if len(named) == 1:
        return _read_documents(documents, named[0], title=title, crs=crs, layer=None)
    main = [name for name in documents if PurePosixPath(name).name.lower() == "doc.kml"] or list(documents)
    top = min((name.count("/") for name in main), default=0)
    main = [name for name in main if name.count("/") == top]
    if len(main) != 1:
        listed = ", ".join(documents) or "none"
        raise SourceError(
            f"{title} has {len(main)} KML documents, none of them doc.kml; accepted is one: name it with layer= "
            f"(--layer). Found: {listed}",
            zh=f"{title} 内有 {len(main)} 个 KML 文档而无 doc.kml；请用 --layer 指定其一：{listed}",
        )
    return _read_documents(documents, main[0], title=title, crs=crs, layer=layer)


def _read_documents(
    documents: Mapping[str, bytes], main: str, *, title: str, crs: Any, layer: str | None
) -> gpd.GeoDataFrame:
    """Return the parcels of a document and of those it links to, as far as they are at hand."""
    found, waiting, done, number = _Found(), [main], set(), 0
    repairs: list[Repair] = []
    while waiting:
        name = waiting.pop(0)
        done.add(name)
        where = f"{title}, {name}" if name else title
        root, repaired = _parse(documents[name], where)
        repairs += repaired
        for link in root.iter("NetworkLink"):
            href = (link.findtext("Link/href") or link.findtext("Url/href") or "").strip()
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(href)))
            if target not in documents:
                found.left_out.append("NetworkLink")
            elif target not in done and target not in waiting:
                waiting.append(target)
        found.left_out += [element.tag for element in root.iter() if element.tag.endswith("Overlay")]
        for folder, mark in _placemarks(root, ""):
            if number % 1000 == 0:
                check_time(title)
            number += 1
            if layer is None or folder == layer:
                _read_placemark(mark, folder, found)
    return _as_frame(found, repairs, title=title, crs=crs, layer=layer)


def _as_frame(found: _Found, repairs: Sequence[Repair], *, title: str, crs: Any, layer: str | None) -> gpd.GeoDataFrame:
    if found.faults:
        raise SourceError(
            f"{title} has polygons that cannot be read; accepted are rings of 3 points or more, each "
            f"longitude,latitude,height; correct or remove them:\n{list_faults(found.faults)}",
            zh=f"{title} 中有 {len(found.faults)} 个面读不出（每圈至少 3 点，每点为 经度,纬度,高程）；请改正或删除",
        )
    _drop_drawn_twice(found)
    left_out = count_kinds(found.left_out)
    if not found.rows:
        where, where_zh = (f", folder {layer!r},", f" 的文件夹 {layer!r} ") if layer else ("", " ")
        linked = "; what it links to is not opened: open it in Google Earth and save the places as KML"
        raise SourceError(
            f"{title}{where} has no polygons and no closed lines, which are what is accepted; found "
            f"{left_out or 'no placemarks'}{linked if 'NetworkLink' in found.left_out else ''}",
            zh=f"{title}{where_zh}中没有面或闭合线；读到 {left_out or '无地标'}"
            + ("；链接的文件不会打开，请在谷歌地球中打开后另存为 KML" if "NetworkLink" in found.left_out else ""),
        )
    check_features(len(found.rows), title)
    frame = gpd.GeoDataFrame(found.rows, geometry=found.outlines, crs=check_crs("EPSG:4326" if crs is None else crs))
    frame[SOURCE_REPAIRS] = found.marks
    for repair in repairs:
        frame = tell(frame, repair["what"], repair["before"], repair["after"])
    if left_out:
        frame = tell(frame, _DROPPED, left_out, "")
    if not _are_ids(frame["id"].tolist()):
        frame = frame.drop(columns="id")
    return frame.drop(columns=[name for name in (*_TEXTS, "folder") if not any(row[name] for row in found.rows)])


def _are_ids(values: Sequence[str]) -> bool:
    return all(values) and len(set(values)) == len(values)


def _drop_drawn_twice(found: _Found) -> None:
    """Leave out closed lines that are the outline of a polygon: they are its border."""
    bare = shapely.normalize(np.array([shapely.force_2d(outline) for outline in found.outlines], dtype=object))
    polygons = {shapely.to_wkb(one) for one, line in zip(bare, found.of_line, strict=True) if not line}
    keep = [not line or shapely.to_wkb(one) not in polygons for one, line in zip(bare, found.of_line, strict=True)]
    found.left_out += ["LineString"] * keep.count(False)
    found.rows = list(compress(found.rows, keep))
    found.outlines = list(compress(found.outlines, keep))
    found.marks = list(compress(found.marks, keep))


def write_kml(rows: Sequence[Mapping[str, str]], outlines: Iterable[shapely.Geometry], path: Path) -> None:
    """Write a placemark for each parcel.

    Parameters
    ----------
    rows
        The attributes of each, ``name`` and ``parcel_id`` among them.
    outlines
        Polygons and multipolygons in longitude and latitude.
    path
        The file to write.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>']
    for row, outline in zip(rows, outlines, strict=True):
        data = "".join(
            f"<Data name={quoteattr(name)}><value>{escape(value)}</value></Data>" for name, value in row.items()
        )
        lines.append(
            f"<Placemark><name>{escape(row['name'] or row['parcel_id'])}</name><ExtendedData>{data}</ExtendedData>"
            f"<MultiGeometry>{''.join(map(_format_polygon, shapely.get_parts(outline)))}</MultiGeometry></Placemark>"
        )
    path.write_text("\n".join([*lines, "</Document></kml>", ""]), encoding="utf-8", newline="\n")


def _format_polygon(polygon: Any) -> str:
    def ring(of: Any) -> str:
        points = " ".join(f"{lon:.10f},{lat:.10f}" for lon, lat in shapely.get_coordinates(of))
        return f"<LinearRing><coordinates>{points}</coordinates></LinearRing>"

    turned = shapely.orient_polygons(polygon)
    holes = "".join(f"<innerBoundaryIs>{ring(hole)}</innerBoundaryIs>" for hole in turned.interiors)
    return f"<Polygon><outerBoundaryIs>{ring(turned.exterior)}</outerBoundaryIs>{holes}</Polygon>"


def _parse(data: bytes, title: str) -> tuple[Element, list[Repair]]:
    """Return the tree of a document, tags without their prefixes; entities are refused, for they can name files."""
    top = Element("")
    open_tags = [top]
    texts: list[list[str]] = [[]]
    data, repairs = _as_utf8(data)
    # Without its care for namespaces the parser takes prefixes that are declared nowhere, as Google Earth does.
    parser = expat.ParserCreate(None if b"\0" in data[:100] else "utf-8")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_tags) > _MAX_DEPTH:
            raise SourceError(
                f"{title}, line {parser.CurrentLineNumber}: nested more than {_MAX_DEPTH} deep, which no document "
                "needs; refused",
                zh=f"{title} 第 {parser.CurrentLineNumber} 行：嵌套超过 {_MAX_DEPTH} 层，拒读",
            )
        element = Element(tag.rpartition(":")[2], {**attributes, _LINE: str(parser.CurrentLineNumber)})
        open_tags[-1].append(element)
        open_tags.append(element)
        texts.append([])

    def end(_tag: str) -> None:
        open_tags.pop().text = "".join(texts.pop()).strip()

    def refuse(*_: Any) -> None:
        raise SourceError(
            f"{title} declares a document type or entities, which KML does not need and which can name other files; "
            "refused: remove the declaration",
            zh=f"{title} 声明了文档类型或实体，KML 用不着，且可指向别的文件，拒读；请删去该声明",
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        line, column = parser.ErrorLineNumber, parser.ErrorColumnNumber + 1
        raise SourceError(
            f"{title} is not XML at line {line}, column {column}: a tag that is not closed, a stray & or <, or a file "
            "that was cut; export it again",
            zh=f"{title} 第 {line} 行第 {column} 列不是 XML：标签未闭合、有多余的 & 或 <，或文件不完整；请重新导出",
        ) from error
    root = top[0]
    if root.tag not in _ROOTS:
        raise SourceError(
            f"{title}: found <{root.tag}> where KML has <kml>; export it as KML",
            zh=f"{title} 的根元素是 <{root.tag}>，KML 应为 <kml>；请另存为 KML",
        )
    return top, repairs


def _as_utf8(data: bytes) -> tuple[bytes, list[Repair]]:
    """Return a document in UTF-8, and a repair if it is in another encoding than it says; UTF-16 is left as it is."""
    if b"\0" in data[:100]:
        return data, []
    found = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)[\"']", data[:300], re.IGNORECASE)
    said = found[1].decode("ascii", "replace") if found else "UTF-8"
    stated = known_codec(said)
    if data.isascii() or (stated == "utf-8" and _decodes(data, "utf-8")):
        return data, []
    encoding = find_encoding(re.findall(rb"[^<>]*[^\x00-\x7f][^<>]*", data), stated)
    if encoding is None or not _decodes(data, encoding):
        return data, []
    same = Repair(
        line=1,
        what="文字编码与所注不符,按实际读 / text is in another encoding than stated",
        before=said,
        after=encoding,
    )
    return data.decode(encoding).encode(), [] if encoding == stated else [same]


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _placemarks(element: Element, folder: str) -> Iterator[tuple[str, Element]]:
    """Yield the placemarks of a document, each with the name of its innermost folder."""
    for child in element:
        if child.tag == "Placemark":
            yield folder, child
        elif child.tag in ("Document", "Folder"):
            yield from _placemarks(child, child.findtext("name") or folder)
        else:
            yield from _placemarks(child, folder)


def _shapes(element: Element) -> Iterator[Element]:
    """Yield the geometries of a placemark, those in collections too."""
    for child in element:
        if child.tag in ("Polygon", *_LINES, *_OTHERS):
            yield child
        else:
            yield from _shapes(child)


def _read_placemark(mark: Element, folder: str, found: _Found) -> None:
    """Add the land of a placemark to what was found; several polygons are parts of one parcel."""
    shapes = list(_shapes(mark))
    polygons = [shape for shape in shapes if shape.tag == "Polygon"]
    lines = [] if polygons else [shape for shape in shapes if shape.tag in _LINES]
    repairs: list[Repair] = []
    place = f"line {mark.get(_LINE)}, placemark {mark.findtext('name') or ''!r}"
    parts, closed = [], []
    try:
        for shape in polygons:
            parts.append(_polygon(shape, repairs))
        for shape in lines:
            points = _points(shape.findtext("coordinates") or "")
            if len(points) > 3 and _is_closed(points):
                closed.append((shape, points))
    except (ValueError, ShapelyError) as error:
        found.faults.append(f"{place}: {error}")
        return
    read = [*polygons, *(shape for shape, _ in closed)]
    found.left_out += [shape.tag for shape in shapes if shape not in read]
    if closed:
        parts, _ = nest_corners([points[:-1, :2] for _, points in closed])
        repairs.append(
            Repair(
                line=int(mark.get(_LINE, "0")),
                what="闭合线按面读 / closed line read as an outline",
                before=closed[0][0].tag,
                after="Polygon",
            )
        )
    if parts:
        found.rows.append({"id": mark.get("id", ""), **_attributes(mark), "folder": folder})
        found.outlines.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
        found.marks.append(dump_repairs(repairs))
        found.of_line.append(bool(closed))


def _attributes(mark: Element) -> dict[str, str]:
    found = {tag: mark.findtext(tag) or "" for tag in _TEXTS}
    for data in mark.iter("Data"):
        found[data.get("name", "")] = data.findtext("value") or ""
    for data in mark.iter("SimpleData"):
        found[data.get("name", "")] = data.text or ""
    found.pop("", None)
    return found


def _polygon(element: Element, repairs: list[Repair]) -> shapely.Polygon:
    """Return a polygon, and add what was repaired; raise a ValueError that says what is wrong with it."""
    outer = element.findall("outerBoundaryIs/LinearRing/coordinates")
    inner = element.findall("innerBoundaryIs/LinearRing/coordinates")
    if len(outer) != 1:
        raise ValueError(f"a polygon with {len(outer)} outer rings; accepted is 1")
    empty = [ring for ring in inner if not ring.text]
    if empty:
        line = int(empty[0].get(_LINE, "0"))
        repairs.append(Repair(line=line, what="空圈略去 / empty ring left out", before="innerBoundaryIs", after=""))
    shell, *holes = [_ring(ring, repairs) for ring in [*outer, *(ring for ring in inner if ring.text)]]
    return shapely.Polygon(shell, holes)


def _ring(element: Element, repairs: list[Repair]) -> Corners:
    """Return longitudes and latitudes of a ring; that it was closed, or lost its heights, is added to the repairs."""
    points = _points(element.text or "")
    line = int(element.get(_LINE, "0"))
    if len(points) < 3:
        raise ValueError(f"a ring with {len(points)} points")
    if not _is_closed(points):
        start = f"{points[0, 0]:.9f},{points[0, 1]:.9f}"
        repairs.append(Repair(line=line, what="圈未闭合,已闭合 / open ring closed", before="", after=start))
    if points[:, 2].any():
        height = f"Z = {points[:, 2][points[:, 2] != 0][0]:g} …"
        repairs.append(Repair(line=line, what="去除高程 Z / Z dropped", before=height, after=""))
    return points[:, :2]


def _is_closed(points: Corners) -> bool:
    return bool((np.abs(points[0, :2] - points[-1, :2]) <= SAME_DEGREES).all())


def _points(text: str) -> Corners:
    """Return longitude, latitude and height (0 if there is none) of each point, of shape (n, 3)."""
    # Some writers put blanks behind the commas.
    points = [point.split(",") for point in re.sub(r"\s*,\s*(?=[-+.0-9])", ",", text).split()]
    points = [point[:-1] if len(point) > 2 and not point[-1] else point for point in points]
    wrong = next((point for point in points if len(point) not in (2, 3) or not all(map(_is_number, point))), None)
    if wrong is not None:
        raise ValueError(f"a point {','.join(wrong)[:60]!r}")
    return np.array([[*point, "0"][:3] for point in points], dtype=float).reshape(-1, 3)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
