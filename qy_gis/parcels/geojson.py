"""Parcels from JSON: GeoJSON in all its forms, a feature for each line, EsriJSON and TopoJSON."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import CRSError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.drivers import choose_layer, correct_crs, damaged, read_layer
from qy_gis.parcels.encodings import find_encoding
from qy_gis.parcels.limits import check_features, read_bytes
from qy_gis.parcels.repairs import list_faults, tell
from qy_gis.parcels.vector import refuse_encoding

_GEOMETRIES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)

#: What a document has once for each feature that GDAL does not pass over.
_OF_FEATURES = (r':\s*"Feature"', r'"geometry"\s*:', r'"coordinates"\s*:')

#: Where the old forms of a crs member have what names a CRS.
_CRS_KEYS = ("name", "code", "urn", "wkid", "latestWkid", "proj4", "wkt", "href", "url")

#: The code in an address or a name of a CRS; the address itself is never opened.
_EPSG = re.compile(r"epsg(?::[0-9.]*:|/[0-9.]+/|[:/])([0-9]{4,6})\b", re.IGNORECASE)

_DEGREES = pyproj.CRS.from_epsg(4326)


def read_geojson(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read JSON: GeoJSON, EsriJSON or TopoJSON, as its text says.

    GeoJSON is in WGS 84 longitude and latitude unless its ``crs`` member, or else ``crs``, says otherwise. The
    arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    refuse_encoding(title, encoding)
    text, found = _decode(read_bytes(path, title), title)
    if re.search(r'"type"\s*:\s*"Topology"', text):
        frame = _read_by("TopoJSON", text, path, title, layer)
    elif '"FeatureCollection"' not in text and re.search(r'"rings"|"curveRings"|"esriGeometry', text):
        frame = _read_esri(text, path, title, layer)
    else:
        frame = _place(_read_features(text, path, title, layer), text, crs, title)
    frame = _plain_cells(frame)
    if found != "utf-8":
        what = "文字编码与所注不符,按实际读 / text is in another encoding than stated"
        frame = tell(frame, what, "UTF-8 (RFC 7946)", found)
    return frame if frame.crs is not None else frame.set_crs(crs)


def read_geojson_lines(
    path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None
) -> gpd.GeoDataFrame:
    """Read GeoJSON with a feature on each line (RFC 8142, NDJSON); see `read_geojson`."""
    refuse_encoding(title, encoding)
    text, _ = _decode(read_bytes(path, title), title)
    # The record separator of RFC 8142 may stand before each feature.
    lines = [(number, line.strip("\x1e \t\r")) for number, line in enumerate(text.split("\n"), start=1)]
    documents = [_parse(line, title, first_line=number) for number, line in lines if line]
    frame = _plain_cells(_read_normal(documents, title, layer))
    return frame if crs is None or check_crs(crs).equals(frame.crs) else correct_crs(frame, check_crs(crs))


def _decode(data: bytes, title: str) -> tuple[str, str]:
    """Return the text of a file, and the encoding it is in."""
    for name, marks in (("utf-16", (b"\xff\xfe", b"\xfe\xff")), ("utf-8-sig", (b"",))):
        if data.startswith(marks):
            try:
                return data.decode(name), "utf-8" if name == "utf-8-sig" else name
            except UnicodeDecodeError as error:
                place = error.start
    texts = re.findall(rb'"([^"]*[^\x00-\x7f][^"]*)"', data)
    encoding = find_encoding(texts, "utf-8")
    try:
        return data.decode(encoding or "utf-8"), encoding or "utf-8"
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{title}: byte {place} is not UTF-8, which GeoJSON is in (RFC 7946); save it as UTF-8",
            zh=f"{title} 第 {place} 字节不是 UTF-8；GeoJSON 应为 UTF-8（RFC 7946），请另存为 UTF-8",
        ) from error


def _parse(text: str, title: str, *, first_line: int = 1) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise SourceError(
            f"{title} is nested too deep to be read; accepted is GeoJSON",
            zh=f"{title} 嵌套过深，读不了；应为 GeoJSON",
        ) from error
    except json.JSONDecodeError as error:
        line, found = error.lineno + first_line - 1, text[error.pos : error.pos + 20]
        raise SourceError(
            f"{title} is not JSON at line {line}, column {error.colno}: found {found or 'the end'!r}; a comma too many "
            "or too few, a comment, or a file that was cut: correct it, or export it again",
            zh=f"{title} 第 {line} 行第 {error.colno} 列不是 JSON：读到 {found or '文件末尾'!r}；"
            "多或少一个逗号、有注释，或文件不完整；请改正，或重新导出",
        ) from error
    except ValueError as error:
        raise SourceError(
            f"{title} has the member 'crs' more than once; accepted is once: leave one",
            zh=f"{title} 中 crs 成员出现不止一次；请只留一个",
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a JSON document, which may have a crs member only once: parsers differ in which they take."""
    if sum(name == "crs" for name, _ in pairs) > 1:
        raise ValueError("crs")
    return dict(pairs)


def _read_by(driver: str, text: str, path: Path, title: str, layer: str | None) -> gpd.GeoDataFrame:
    _parse(text, title)
    with _in_utf8(text, path.suffix) as file:
        dataset = f"{driver}:{file}"
        return read_layer(dataset, choose_layer(dataset, layer, title=title), title=title)


def _read_esri(text: str, path: Path, title: str, layer: str | None) -> gpd.GeoDataFrame:
    if '"curveRings"' in text:
        raise SourceError(
            f"{title} has curves (curveRings); accepted are rings: export it with returnTrueCurves=false, or as a "
            "GeoPackage or a geodatabase",
            zh=f"{title} 含真曲线（curveRings）；请以 returnTrueCurves=false 导出，或存为 GeoPackage、FileGDB",
        )
    frame = _read_by("ESRIJSON", text, path, title, layer)
    features = [one for one in _parse(text, title).get("features") or [] if isinstance(one, dict)]
    if len(features) != len(frame):
        raise damaged(title)
    # GDAL takes those attributes alone that are listed as fields.
    rows = [one.get("attributes") or {} for one in features]
    missing = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in frame.columns]
    frame = frame.assign(**{name: [row.get(name) for row in rows] for name in missing})
    if re.search(r'"exceededTransferLimit"\s*:\s*true', text):
        frame = tell(
            frame, "服务只返回了一部分要素 / the service returned a part only", "exceededTransferLimit", str(len(frame))
        )
    return frame


@contextmanager
def _in_utf8(text: str, suffix: str) -> Iterator[Path]:
    """Keep text in a temporary file in UTF-8, and yield its path."""
    with tempfile.TemporaryDirectory(prefix="qy_gis_") as folder:
        file = Path(folder) / f"parcels{suffix}"
        file.write_text(text, encoding="utf-8", newline="")
        yield file


def _read_features(text: str, path: Path, title: str, layer: str | None) -> gpd.GeoDataFrame:
    """Return the features of a GeoJSON document, by GDAL if it sees all of them, with their own ids."""
    # Whatever GDAL would pass over or fail on shows in one of these; and it would fetch the address in a crs member of
    # type "link", wherever that stands.
    plain = text.count('"FeatureCollection"') == 1 and text.lstrip()[:1] == "{" and _is_named(text, title)
    if plain and not re.search(r"\[\s*(true|false)", text):
        try:
            dataset = f"GeoJSON:{path}"
            name = choose_layer(dataset, layer, title=title)
            # Ids may look like dates: text stays text.
            frame = read_layer(dataset, name, title=title, options={"DATE_AS_STRING": "YES"})
        except SourceError:
            frame = None
        # Whole numbers as ids are the index, unless there are some twice.
        if frame is not None and all(len(re.findall(mark, text)) == len(frame) for mark in _OF_FEATURES):
            numbered = frame.index.equals(pd.RangeIndex(len(frame)))
            return frame if numbered else _with_ids(frame, _features(_parse(text, title), "the document"))
    return _read_normal([_parse(text, title)], title, layer)


def _is_named(text: str, title: str) -> bool:
    """Return whether a document has at most one crs member, and no address in it."""
    member = _crs_member(text, title)
    if member == "absent":
        return "crs" not in text and "\\u" not in text
    named = member is None or (isinstance(member, dict) and member.get("type") == "name")
    return named and text.count("crs") == 1 and "\\u" not in text and "://" not in str(member)


def _read_normal(documents: list[Any], title: str, layer: str | None) -> gpd.GeoDataFrame:
    """Return the features of documents that were parsed here."""
    faults: list[str] = []
    features = [one for document in documents for one in _features(document, "the document", faults)]
    if faults or not features:
        found = list_faults(faults) if faults else "- no features"
        raise SourceError(
            f"{title} is no GeoJSON of parcels; accepted are a FeatureCollection, features and geometries:\n{found}",
            zh=f"{title} 不是地块的 GeoJSON；应为 FeatureCollection、Feature 或几何图形",
        )
    check_features(len(features), title)
    bare = [
        {
            "type": "Feature",
            "properties": {name: _cell(value) for name, value in (one.get("properties") or {}).items()},
            "geometry": _bare(one.get("geometry")),
        }
        for one in features
    ]
    with _in_utf8(json.dumps({"type": "FeatureCollection", "features": bare}), ".geojson") as file:
        dataset = f"GeoJSON:{file}"
        name = choose_layer(dataset, None, title=title)
        if layer not in (None, name, documents[0].get("name") if isinstance(documents[0], dict) else None):
            raise SourceError(
                f"{title} has no layer {layer!r}; GeoJSON has one: leave layer= (--layer) out",
                zh=f"{title} 中没有图层 {layer!r}；GeoJSON 只有一个图层，请去掉 --layer",
            )
        frame = read_layer(dataset, name, title=title, options={"DATE_AS_STRING": "YES"})
    return _with_ids(frame, features)


def _features(document: Any, place: str, faults: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the features of a document, those of collections in collections too; add what is none to the faults."""
    kind = document.get("type") if isinstance(document, dict) else None
    if isinstance(document, list) or kind == "FeatureCollection":
        inside = document if isinstance(document, list) else document.get("features")
        if isinstance(inside, list):
            for number, one in enumerate(inside):
                yield from _features(one, f"feature {number}", faults)
            return
    elif kind == "Feature" and isinstance(document.get("properties") or {}, dict):
        yield document
        return
    elif kind in _GEOMETRIES:
        yield {"type": "Feature", "properties": {}, "geometry": document}
        return
    if faults is not None:
        faults.append(f"{place}: found {json.dumps(document, ensure_ascii=False)[:60]}")


def _bare(geometry: Any) -> Any:
    """Return a geometry without members of its own, which may name a CRS to fetch."""
    if not isinstance(geometry, dict):
        return None
    bare = {key: geometry[key] for key in ("type", "coordinates") if key in geometry}
    parts = geometry.get("geometries")
    return {**bare, "geometries": [_bare(part) for part in parts]} if isinstance(parts, list) else bare


def _with_ids(frame: gpd.GeoDataFrame, features: Any) -> gpd.GeoDataFrame:
    """Return features with their own ids in the column ``id``, unless there is one among their attributes."""
    ids = [one.get("id") for one in features]
    if "id" in frame.columns or all(one is None for one in ids):
        return frame
    return frame.assign(id=pd.Series([None if i is None else str(i) for i in ids], index=frame.index, dtype=object))


def _place(frame: gpd.GeoDataFrame, text: str, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return features in the CRS of the crs member; GDAL takes a null or unknown one for WGS 84."""
    member = _crs_member(text, title)
    if member == "absent":
        given = None if crs is None else check_crs(crs)
        frame = frame.set_crs(_DEGREES, allow_override=True)
        return frame if given is None or given.equals(_DEGREES) else correct_crs(frame, given)
    if member is None:
        return frame.set_crs(None, allow_override=True)
    if stated := _find_crs(member):
        return frame.set_crs(stated, allow_override=True)
    if crs is not None:
        return correct_crs(frame.set_crs(None, allow_override=True), check_crs(crs))
    said = json.dumps(member, ensure_ascii=False)[:120]
    raise CRSError(
        f"{title}: the crs member {said} names no known CRS; accepted is, for example, "
        '{"type": "name", "properties": {"name": "EPSG:4547"}}: correct it, or give crs= (--crs)',
        zh=f"{title}：crs 成员 {said} 不是已知的坐标系；请改正，或用 --crs 注明",
    )


def _crs_member(text: str, title: str) -> Any:
    """Return the ``crs`` member of a GeoJSON document, "absent" if it has none."""
    # Parsing all of it again is only for the few files that have the word somewhere, or something that may spell it.
    if "crs" not in text and "\\u" not in text:
        return "absent"
    document = _parse(text, title)
    return document.get("crs", "absent") if isinstance(document, dict) else "absent"


def _find_crs(member: Any) -> pyproj.CRS | None:
    """Return the CRS that a crs member names in any of its old forms, None if none that is known."""
    values = [member]
    if isinstance(member, dict):
        inside = member.get("properties")
        inside = inside if isinstance(inside, dict) else member
        values = [inside[key] for key in _CRS_KEYS if key in inside] or [inside]
    for value in values:
        text = str(value).strip() if isinstance(value, str | int) else value
        code = _EPSG.search(text) if isinstance(text, str) else None
        if code or (isinstance(text, str) and text.isdecimal()):
            text = f"EPSG:{code[1] if code else text}"
        # An address that names no code would have to be opened.
        if isinstance(text, str) and "://" in text and "opengis.net" not in text:
            continue
        try:
            known = pyproj.CRS.from_user_input(text)
            return _DEGREES if known.equals(_DEGREES, ignore_axis_order=True) else known
        except (pyproj.exceptions.CRSError, TypeError, ValueError):
            continue
    return None


def _plain_cells(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return parcels whose lists and objects are JSON text, which every format can hold."""
    names = [name for name in frame.columns if name not in (frame.geometry.name, SOURCE_REPAIRS)]
    lists = [name for name in names if frame[name].map(lambda value: isinstance(value, np.ndarray | list | dict)).any()]
    return frame.assign(**{name: frame[name].map(_cell).astype(object) for name in lists})


def _cell(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
