"""Parcels from GIS files, each opened by one named GDAL driver and no other.

GDAL opens a file by its content: a VRT named ``.gpkg`` would read any file it names. Here a driver prefix, or the first
bytes of the file, tie each extension to its driver.
"""

from __future__ import annotations

import codecs
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
from shapely.errors import ShapelyError

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.parcels.archive import unpack_shapefile
from qy_gis.parcels.repairs import Repair, dump_repairs

#: Arcs become chords of this many degrees: 0.5 ppm of the area of a circle. GDAL's own 4 degrees lose 0.08 %.
ARC_STEP_DEGREES = 0.1

#: First four bytes of every .shp: the file code 9994, big-endian.
_SHP_MAGIC = (9994).to_bytes(4, "big")

#: Language byte of a .dbf that says code page 936 (GBK).
_DBF_GBK = (b"\x4d", b"\x7a")

#: A text shorter than a heading has not been cut; what is left of a character that was cut is under 4 bytes.
_SHORTEST_FIELD, _LONGEST_CHARACTER = 10, 3


def read_geojson(path: Path, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read GeoJSON: WGS 84 longitude and latitude unless its ``crs`` member, or else ``crs``, says otherwise.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_encoding(path, encoding)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name}: byte {error.start} is not UTF-8; GeoJSON is UTF-8 (RFC 7946)") from error
    dataset = f"GeoJSON:{path}"
    name = _choose_layer(dataset, layer, title=path.name)
    # Ids may look like dates: text stays text.
    frame = _read_layer(dataset, name, title=path.name, options={"DATE_AS_STRING": "YES"})
    # GDAL takes a null or unknown crs member for WGS 84.
    member = _crs_member(text, title=path.name)
    if member == "absent":
        return frame if crs is None else frame.set_crs(crs, allow_override=True)
    if member is None:
        return frame.set_crs(crs, allow_override=True)
    try:
        pyproj.CRS.from_user_input(member["properties"]["name"])
    except (KeyError, TypeError, pyproj.exceptions.CRSError) as error:
        raise CRSError(f"{path.name}: the crs member {json.dumps(member)} names no known CRS") from error
    return frame


def read_geopackage(path: Path, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one layer of a GeoPackage; curves become chords, and that is reported.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    _refuse_encoding(path, encoding)
    dataset = f"GPKG:{path}"
    name = _choose_layer(dataset, layer, title=path.name)
    with _fine_arcs():
        frame = _read_layer(dataset, name, title=path.name)
    with _driver_words(path.name):
        curved = _curved_rows(path, name)
    frame[SOURCE_REPAIRS] = [dump_repairs([_chorded(curved[fid])] if fid in curved else []) for fid in frame.index]
    # GDAL gives files without a CRS a placeholder of this name.
    if frame.crs is None or frame.crs.name.startswith("Undefined"):
        frame = frame.set_crs(crs, allow_override=True)
    return frame


def read_shapefile(path: Path, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a Shapefile with its .shx, .dbf, .prj and .cpg beside it.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    return _read_shapefile(path, path.name, crs=crs, layer=layer, encoding=encoding)


def read_zipped_shapefile(path: Path, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read the one Shapefile of a zip archive, or the one named by ``layer``.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    with unpack_shapefile(path, layer=layer) as unpacked:
        return _read_shapefile(unpacked, path.name, crs=crs, layer=None, encoding=encoding)


def _read_shapefile(path: Path, title: str, *, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    with path.open("rb") as file:
        start = file.read(len(_SHP_MAGIC))
    if start != _SHP_MAGIC:
        raise SourceError(f"{title}: found {start!r} where a Shapefile starts with {_SHP_MAGIC!r}")
    if "!" in str(path):
        raise SourceError(f"{title}: a Shapefile with '!' in its path cannot be opened; rename it or zip it")
    dataset = str(path)
    name = _choose_layer(dataset, layer, title=title)
    # Latin-1 takes every byte as it is, so that the encoding can be found, strictly, from all the text there is.
    frame = _read_layer(dataset, name, title=title, encoding="ISO-8859-1")
    frame = _decode_attributes(frame, _find_encodings(path, encoding, title=title), title=title)
    return frame if frame.crs is not None else frame.set_crs(crs)


def _refuse_encoding(path: Path, encoding: str | None) -> None:
    if encoding is not None:
        raise ArgumentError(
            f"encoding={encoding!r}: {path.name} is UTF-8 by its format; encoding= is for .shp, .zip and .txt"
        )


def _crs_member(text: str, *, title: str) -> Any:
    """Return the ``crs`` member of a GeoJSON document, "absent" if it has none."""
    # Parsing all of it again is only for the few files that have the word somewhere.
    if '"crs"' not in text:
        return "absent"
    try:
        return json.loads(text).get("crs", "absent")
    except ValueError as error:
        raise SourceError(f"{title} is not JSON: {error}") from error


@contextmanager
def _driver_words(title: str) -> Iterator[None]:
    """Turn what GDAL, GEOS and SQLite say of a file into a SourceError with their words."""
    try:
        yield
    except (RuntimeError, ShapelyError, UnicodeDecodeError, sqlite3.Error) as error:
        raise SourceError(f"{title} cannot be read: {error}") from error


@contextmanager
def _fine_arcs() -> Iterator[None]:
    """Have GDAL replace arcs by short chords, and leave its setting as it was."""
    setting = "OGR_ARC_STEPSIZE"
    before = pyogrio.get_gdal_config_option(setting)
    pyogrio.set_gdal_config_options({setting: str(ARC_STEP_DEGREES)})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({setting: before})


def _choose_layer(dataset: str, wanted: str | None, *, title: str) -> str:
    """Return the layer asked for, else the only one with polygons."""
    with _driver_words(title):
        kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(dataset) if kind is not None}
    listed = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "none with geometry"
    if wanted is not None:
        if wanted not in kinds:
            raise SourceError(f"{title} has no layer {wanted!r}; its layers are {listed}")
        return wanted
    if len(kinds) == 1:
        return next(iter(kinds))
    polygons = [name for name, kind in kinds.items() if "Polygon" in kind]
    if len(polygons) != 1:
        raise SourceError(
            f"{title} has {len(polygons)} polygon layers, accepted is one; name it with layer=. Its layers are {listed}"
        )
    return polygons[0]


def _read_layer(
    dataset: str,
    layer: str,
    *,
    title: str,
    encoding: str | None = None,
    options: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Read a layer; the index is the driver's feature id."""
    with _driver_words(title):
        frame = pyogrio.read_dataframe(dataset, layer=layer, encoding=encoding, fid_as_index=True, **(options or {}))
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(f"{title}: layer {layer!r} has no geometry")
    # A file that qy_gis wrote names its own source; the source is now this file.
    return frame.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS], errors="ignore")


def _chorded(kind: str) -> Repair:
    return Repair(
        line=None,
        what=f"圆弧按 {ARC_STEP_DEGREES}° 化为弦 / arcs replaced by chords of {ARC_STEP_DEGREES} degrees",
        before=kind,
        after=kind.replace("Curve", "").replace("Surface", "Polygon"),
    )


def _curved_rows(path: Path, layer: str) -> dict[int, str]:
    """Return the geometry type of the features of a GeoPackage layer that may have arcs, by feature id."""
    kinds = {10: "CurvePolygon", 12: "MultiSurface"}
    fid = pyogrio.read_info(f"GPKG:{path}", layer=layer)["fid_column"]
    with closing(sqlite3.connect(f"file:{quote(path.as_posix())}?mode=ro", uri=True)) as database:
        declared, column = database.execute(
            "SELECT geometry_type_name, column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)",
            [layer],
        ).fetchone()
        if not fid or declared.upper() in ("POLYGON", "MULTIPOLYGON"):
            return {}
        # The header of the blob is 8 bytes and an envelope of up to 64; then come the byte order and the type.
        fid, column, table = (name.replace('"', '""') for name in (fid, column, layer))
        starts = database.execute(f'SELECT "{fid}", substr("{column}", 1, 77) FROM "{table}"').fetchall()
    codes = {row: _wkb_type(start) for row, start in starts if start is not None}
    return {row: kinds[code] for row, code in codes.items() if code in kinds}


def _wkb_type(blob: bytes) -> int:
    """Return the geometry type in a GeoPackage blob, without its marks for Z and M."""
    at = 8 + (0, 32, 48, 48, 64)[blob[3] >> 1 & 7]
    return int.from_bytes(blob[at + 1 : at + 5], "little" if blob[at] else "big") % 1000


def _beside(path: Path, ending: str) -> Path | None:
    """Return the companion of a .shp with this ending, in either letter case."""
    return next((file for end in (ending, ending.upper()) if (file := path.with_suffix(end)).exists()), None)


def _find_encodings(path: Path, given: str | None, *, title: str) -> list[str]:
    """Return the encodings to try for a Shapefile's attributes, best first; one only where it is stated."""
    if given is not None:
        return [_name_codec(given, title=title)]
    if cpg := _beside(path, ".cpg"):
        return [_name_codec(cpg.read_text(encoding="ascii", errors="replace"), title=title)]
    dbf = _beside(path, ".dbf")
    if dbf and dbf.read_bytes()[29:30] in _DBF_GBK:
        return ["gb18030", "utf-8"]
    return ["utf-8", "gb18030"]


def _name_codec(name: str, *, title: str) -> str:
    """Return Python's name of an encoding named as in .cpg files: "UTF-8", "65001", "ANSI 936", "GBK"."""
    plain = name.strip().lower().removeprefix("ansi ").removeprefix("oem ")
    try:
        codec = codecs.lookup("utf-8" if plain == "65001" else plain).name
    except LookupError as error:
        raise SourceError(
            f"{title}: the attributes are said to be in {name.strip()!r}, which is no known encoding; say which with "
            "encoding=, for example 'UTF-8' or 'GB18030'"
        ) from error
    # GB18030 holds all of both, and what software calls GBK often is GB18030.
    return "gb18030" if codec in ("gb2312", "gbk") else codec


def _decode_attributes(frame: gpd.GeoDataFrame, encodings: list[str], *, title: str) -> gpd.GeoDataFrame:
    """Return a frame read as Latin-1 with its headings and texts decoded by the first encoding that takes all."""
    texts = [c for c in frame.columns if c != frame.geometry.name and pd.api.types.is_string_dtype(frame[c])]
    failures = []
    for encoding in encodings:
        try:
            decoded = {c: [_decode(v, encoding) if isinstance(v, str) else None for v in frame[c]] for c in texts}
            headings = {c: _decode(c, encoding) for c in frame.columns if c != frame.geometry.name}
        except (UnicodeDecodeError, LookupError) as error:
            failures.append(f"{encoding} ({error})")
            continue
        columns = {c: pd.Series(decoded[c], index=frame.index, dtype=frame[c].dtype) for c in decoded}
        return frame.assign(**columns).rename(columns=headings)
    raise SourceError(
        f"{title}: the attributes are not in {' nor '.join(failures)}; say which encoding they are in with encoding="
    )


def _decode(latin: str, encoding: str) -> str:
    raw = latin.encode("latin-1")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        # Writers cut headings at 10 bytes and texts at the field's width, if need be through a character.
        if len(raw) < _SHORTEST_FIELD or error.end != len(raw) or len(raw) - error.start > _LONGEST_CHARACTER:
            raise
        return raw[: error.start].decode(encoding)
