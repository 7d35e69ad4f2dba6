"""Parcels from GIS files: GeoJSON, GeoPackage, FlatGeobuf, file geodatabase, MapInfo."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import pyogrio

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, SourceError
from qy_gis.parcels.drivers import (
    ARC_STEP_DEGREES,
    check_start,
    choose_layer,
    chorded,
    driver_words,
    read_layer,
    settings,
)
from qy_gis.parcels.limits import read_bytes
from qy_gis.parcels.repairs import dump_repairs
from qy_gis.parcels.shapefile import decode_attributes

_FINE_ARCS = {"OGR_ARC_STEPSIZE": str(ARC_STEP_DEGREES)}


def read_geopackage(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one layer of a GeoPackage; curves become chords, and that is reported.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    refuse_encoding(title, encoding)
    views, tables = _find_views(path, title)
    if layer in views or (views and not tables):
        raise SourceError(
            f"{title}: {views} are views, which may query without end; accepted are tables: export them as tables",
            zh=f"{title} 的 {views} 是视图，不予执行；请导出为数据表",
        )
    dataset = f"GPKG:{path}"
    name = choose_layer(dataset, layer, title=title, but=views)
    with settings(_FINE_ARCS):
        frame = read_layer(dataset, name, title=title, in_columns=True)
    with driver_words(title):
        curved = _curved_rows(path, name)
    if curved:
        chords = {fid: dump_repairs([chorded(kind, _flat(kind))]) for fid, kind in curved.items()}
        frame[SOURCE_REPAIRS] = [chords.get(fid, "[]") for fid in frame.index]
    # GDAL gives files without a CRS a placeholder of this name.
    if frame.crs is None or frame.crs.name.startswith("Undefined"):
        frame = frame.set_crs(crs, allow_override=True)
    return frame


def read_flatgeobuf(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a FlatGeobuf file; the arguments are those of `qy_gis.parcels.read.read_parcels`."""
    refuse_encoding(title, encoding)
    check_start(path, (b"fgb\x03",), title=title, what="FlatGeobuf")
    frame = read_layer(str(path), choose_layer(str(path), layer, title=title), title=title, in_columns=True)
    return frame if frame.crs is not None else frame.set_crs(crs)


def read_geodatabase(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read one layer of a file geodatabase, which is a folder; curves become chords.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    refuse_encoding(title, encoding)
    if not (path / "a00000001.gdbtable").is_file():
        raise SourceError(
            f"{title}: there is no a00000001.gdbtable in it, as in every file geodatabase; give the whole folder, or "
            "export a GeoPackage",
            zh=f"{title} 中没有 a00000001.gdbtable，不是完整的 FileGDB；请提供整个文件夹，或导出 GeoPackage",
        )
    if packed := next(path.glob("*.cdf"), None):
        raise SourceError(
            f"{title} is a compressed geodatabase ({packed.name}), which is not read; uncompress it in ArcGIS "
            "(Uncompress File Geodatabase Data), or export a GeoPackage or Shapefile",
            zh=f"{title} 是压缩的 FileGDB（{packed.name}），读不出；请在 ArcGIS 中“解压缩文件地理数据库数据”，"
            "或导出 GeoPackage、Shapefile",
        )
    name = choose_layer(str(path), layer, title=title)
    with settings(_FINE_ARCS):
        frame = read_layer(str(path), name, title=title)
    return frame if frame.crs is not None else frame.set_crs(crs)


def read_mapinfo(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read MapInfo TAB (with its .dat, .map and .id) or MIF (with its .mid).

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if path.suffix.lower() == ".tab":
        check_start(path, (b"!table", b"!Table", b"!TABLE"), title=title, what="a MapInfo table")
        kind = re.search(rb"type\s+(\w+)", read_bytes(path, title).lower())
        # Linked and seamless tables are lists of other files.
        if kind is None or kind[1] != b"native":
            found = kind[1].decode("ascii", "replace") if kind else "?"
            raise SourceError(
                f"{title} is a MapInfo table of type {found!r}, a list of other files; accepted is NATIVE: save a copy",
                zh=f"{title} 是 {found!r} 型 MapInfo 表，只指向别的文件；请另存为本机（NATIVE）表",
            )
    else:
        check_start(path, (b"Version", b"VERSION", b"version"), title=title, what="MapInfo MIF")
    name = choose_layer(str(path), layer, title=title)
    frame = read_layer(str(path), name, title=title, encoding="ISO-8859-1")
    frame = decode_attributes(frame, None, given=encoding, said="", title=title)
    return frame if frame.crs is not None else frame.set_crs(crs)


def refuse_encoding(title: str, encoding: str | None) -> None:
    """Raise an ArgumentError if an encoding is given for a format that has only one."""
    if encoding is not None:
        raise ArgumentError(
            f"encoding={encoding!r}: {title} has one encoding by its format; encoding= is for .shp, .zip, .dxf, .tab, "
            ".mif, .csv and .txt: leave it out",
            zh=f"{title} 的格式只有一种编码；--encoding 只用于 .shp、.zip、.dxf、.tab、.mif、.csv、.txt，请去掉",
        )


def _find_views(path: Path, title: str) -> tuple[list[str], list[str]]:
    """Return the layers that are views, for a query of a stranger may never end, and those that are tables."""
    with driver_words(title), closing(_open_database(path)) as database:
        layers = database.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND lower(name) IN "
            "(SELECT lower(table_name) FROM gpkg_contents WHERE data_type = 'features')"
        ).fetchall()
    views = [str(name) for kind, name in layers if kind == "view"]
    return views, [str(name) for kind, name in layers if kind == "table"]


def _open_database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path.as_posix())}?mode=ro", uri=True)


def _flat(kind: str) -> str:
    return kind.replace("Curve", "").replace("Surface", "Polygon")


def _curved_rows(path: Path, layer: str) -> dict[int, str]:
    """Return the geometry type of the features of a GeoPackage layer that may have arcs, by feature id."""
    kinds = {10: "CurvePolygon", 12: "MultiSurface"}
    fid = pyogrio.read_info(f"GPKG:{path}", layer=layer)["fid_column"]
    with closing(_open_database(path)) as database:
        stated = database.execute(
            "SELECT geometry_type_name, column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)",
            [layer],
        ).fetchone()
        if not fid or stated is None or str(stated[0]).upper() in ("POLYGON", "MULTIPOLYGON"):
            return {}
        # The header of the blob is 8 bytes and an envelope of up to 64; then come the byte order and the type.
        fid, column, table = (str(name).replace('"', '""') for name in (fid, stated[1], layer))
        starts = database.execute(f'SELECT "{fid}", substr("{column}", 1, 77) FROM "{table}"').fetchall()
    codes = {row: _wkb_type(start) for row, start in starts if isinstance(start, bytes) and len(start) == 77}
    return {row: kinds[code] for row, code in codes.items() if code in kinds}


def _wkb_type(blob: bytes) -> int:
    """Return the geometry type in a GeoPackage blob, without its marks for Z and M."""
    at = 8 + (0, 32, 48, 48, 64, 0, 0, 0)[blob[3] >> 1 & 7]
    return int.from_bytes(blob[at + 1 : at + 5], "little" if blob[at] else "big") % 1000
