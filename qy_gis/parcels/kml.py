"""Parcels from and to KML: the polygons of its placemarks. Nothing that the document links to is ever opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import numpy as np
import shapely
from shapely.errors import ShapelyError

from qy_gis.errors import SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.archive import unpack_source
from qy_gis.parcels.limits import check_features, check_time, decode_text, read_bytes
from qy_gis.parcels.vector import refuse_encoding

#: Deeper than this is no document but an attack.
_MAX_DEPTH = 64

_TEXTS = ("name", "description")

#: Geometries of a placemark that are no area.
_OTHERS = ("Point", "LineString", "LinearRing", "Track", "Model")


def read_kml(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the placemarks of a KML document that have polygons: one parcel each, with its name and its data.

    The arguments are those of `qy_gis.parcels.read.read_parcels`; ``layer`` is the name of a folder of the document.
    KML is in WGS 84 longitude and latitude; ``crs`` may say that these are GCJ-02 or BD-09.
    """
    refuse_encoding(title, encoding)
    root = _parse(read_bytes(path, title), title)
    if root.tag != "kml":
        raise SourceError(f"{title}: found <{root.tag}> where KML has <kml>")
    rows, geometries, kinds = [], [], set()
    for number, (folder, mark) in enumerate(_placemarks(root, "")):
        if number % 1000 == 0:
            check_time(title)
        if layer is not None and folder != layer:
            continue
        polygons = [polygon for part in mark.iter("Polygon") if (polygon := _polygon(part, title))]
        if not polygons:
            kinds |= {part.tag for part in mark.iter() if part.tag in _OTHERS}
            continue
        rows.append({**_attributes(mark), "folder": folder})
        geometries.append(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
    if not rows:
        found = ", ".join(sorted(kinds)) or "no placemarks"
        raise SourceError(f"{title}{f', folder {layer!r},' if layer else ''} has no polygons; found {found}")
    check_features(len(rows), title)
    empty = [name for name in (*_TEXTS, "folder") if not any(row[name] for row in rows)]
    frame = gpd.GeoDataFrame(rows, geometry=geometries, crs=check_crs("EPSG:4326" if crs is None else crs))
    return frame.drop(columns=empty)


def read_kmz(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the document of a KMZ archive; see `read_kml`."""
    with unpack_source(path, kinds=(".kml",), layer=None, title=title) as (document, _):
        return read_kml(document, title=title, crs=crs, layer=layer, encoding=encoding)


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


def _parse(data: bytes, title: str) -> Element:
    """Return the tree of a document, tags without their namespaces; entities are refused, for they can name files."""
    root = Element("")
    open_tags = [root]
    texts: list[list[str]] = [[]]

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if len(open_tags) > _MAX_DEPTH:
            raise SourceError(f"{title} is nested more than {_MAX_DEPTH} deep")
        element = Element(tag.rpartition(" ")[2].rpartition(":")[2], _attributes)
        open_tags[-1].append(element)
        open_tags.append(element)
        texts.append([])

    def end(_tag: str) -> None:
        open_tags.pop().text = "".join(texts.pop()).strip()

    def refuse(*_: Any) -> None:
        raise SourceError(f"{title} declares a document type or entities, which KML does not need; refused")

    # expat knows no encoding of Chinese; what is said to be in GBK is told in UTF-8.
    stated = re.match(rb"<\?xml[^>]*encoding\s*=\s*[\"'](gb[^\"']*)[\"']", data[:200], re.IGNORECASE)
    if stated:
        data = decode_text(data, "gb18030", title).encode()
    parser = expat.ParserCreate("utf-8" if stated else None, " ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{title} is not XML: {error}") from error
    return root[0]


def _placemarks(element: Element, folder: str) -> Iterator[tuple[str, Element]]:
    """Yield the placemarks of a document, each with the name of its innermost folder."""
    for child in element:
        if child.tag == "Placemark":
            yield folder, child
        elif child.tag in ("Document", "Folder"):
            yield from _placemarks(child, child.findtext("name") or folder)


def _attributes(mark: Element) -> dict[str, str]:
    found = {tag: mark.findtext(tag) or "" for tag in _TEXTS}
    for data in mark.iter("Data"):
        found[data.get("name", "")] = data.findtext("value") or ""
    for data in mark.iter("SimpleData"):
        found[data.get("name", "")] = data.text or ""
    found.pop("", None)
    return found


def _polygon(element: Element, title: str) -> shapely.Polygon | None:
    outer = element.find("outerBoundaryIs/LinearRing/coordinates")
    holes = element.findall("innerBoundaryIs/LinearRing/coordinates")
    if outer is None or not outer.text:
        return None
    try:
        return shapely.Polygon(_ring(outer.text), [_ring(hole.text or "") for hole in holes])
    except (ValueError, ShapelyError) as error:
        raise SourceError(f"{title}: a ring starting {outer.text[:40]!r} cannot be read: {error}") from error


def _ring(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return longitudes and latitudes of a ring; heights are left out."""
    points = [point.split(",")[:2] for point in text.split()]
    if len(points) < 3:
        raise ValueError(f"found {len(points)} points; accepted are 3 or more")
    if wrong := next((point for point in points if len(point) < 2 or "" in point), None):
        raise ValueError(f"found {','.join(wrong)!r}; accepted is longitude,latitude,height without blanks")
    return np.array(points, dtype=float)
