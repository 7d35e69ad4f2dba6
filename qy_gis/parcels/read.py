"""Read parcels from a source of any accepted kind: one table of formats, one function."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from qy_gis.errors import ArgumentError, CRSError, GeometryError, GridWarning, SourceError
from qy_gis.measure.crs import check_crs, planar_excess_ppm, transformer
from qy_gis.measure.reach import find_outside
from qy_gis.parcels import sources
from qy_gis.parcels.archive import PARTS, unpack_source
from qy_gis.parcels.boundary_txt import read_boundary_txt
from qy_gis.parcels.coordinates import place_told
from qy_gis.parcels.corners import Wkb
from qy_gis.parcels.datums import convert_frame, find_conversion
from qy_gis.parcels.drawing import read_dxf
from qy_gis.parcels.drivers import accept_kinds, correct_crs
from qy_gis.parcels.geojson import read_geojson, read_geojson_lines
from qy_gis.parcels.geoparquet import WithBytes, read_geoparquet
from qy_gis.parcels.kml import read_kml, read_kmz, read_ovkml
from qy_gis.parcels.limits import check_time, check_vertices, limit_time, read_bytes
from qy_gis.parcels.markup import read_gml, read_gpx
from qy_gis.parcels.postgis import is_address, read_database
from qy_gis.parcels.prepare import flatten_crs, prepare_parcels
from qy_gis.parcels.shapefile import read_shapefile
from qy_gis.parcels.tables import read_csv
from qy_gis.parcels.text import read_wkb, read_wkt
from qy_gis.parcels.vector import (
    read_flatgeobuf,
    read_geodatabase,
    read_geopackage,
    read_mapinfo,
    refuse_encoding,
)
from qy_gis.parcels.workbooks import read_xlsx


def read_zip(
    path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None
) -> gpd.GeoDataFrame | WithBytes:
    """Read the one source of parcels in a zip archive, or the one named by ``layer``."""
    with unpack_source(path, kinds=tuple(PARTS), layer=layer, title=title) as (unpacked, named):
        reader = READERS[unpacked.suffix]
        return reader(unpacked, title=title, crs=crs, layer=None if named else layer, encoding=encoding)


def read_txt(
    path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None
) -> gpd.GeoDataFrame | WithBytes:
    """Read text by what it holds: 界址点, a table of coordinates, or geometry that was saved under this name."""
    suffix = sources.sniff_suffix(read_bytes(path, title), encoding, title)
    options = {"title": title, "crs": crs, "layer": layer, "encoding": encoding}
    if suffix == ".txt":
        return read_boundary_txt(path, **options)
    if suffix in (".csv", ".wkt", ".wkb"):
        return READERS[suffix](path, **options)
    with sources.keep_bytes(read_bytes(path, title), suffix) as renamed:
        return READERS[suffix](renamed, **options)


def read_xls(
    path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None
) -> gpd.GeoDataFrame | WithBytes:
    """Read a workbook or a table that was saved as .xls; one of Excel 97 to 2003 itself is refused."""
    data = read_bytes(path, title)
    start = data[:512].lstrip().lower()
    if data.startswith(b"\xd0\xcf\x11\xe0") or start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        raise SourceError(
            f"{title} is a workbook of Excel 97 to 2003 or a page of a browser, which is not read; accepted are .xlsx "
            "and .csv: open it in Excel or WPS and save it as .xlsx",
            zh=f"{title} 是 Excel 97–2003 工作簿或网页表格，不能读取；接受 .xlsx 和 .csv：请用 Excel 或 "
            "WPS 打开，另存为 .xlsx",
        )
    options = {"title": title, "crs": crs, "layer": layer, "encoding": encoding}
    if not data.startswith(b"PK"):
        return read_txt(path, **options)
    with sources.keep_bytes(data, ".xlsx") as renamed:
        return read_xlsx(renamed, **options)


#: The formats: extension to reader. A reader takes the path, and by keyword what to call it in messages, the CRS to use
#: where the file states none, the layer and the encoding; it returns a GeoDataFrame whose CRS is None if nobody says
#: which it is, and with it the bytes of the outlines if that is at hand.
READERS: dict[str, Callable[..., gpd.GeoDataFrame | WithBytes]] = {
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".topojson": read_geojson,
    ".geojsonl": read_geojson_lines,
    ".geojsons": read_geojson_lines,
    ".ndjson": read_geojson_lines,
    ".jsonl": read_geojson_lines,
    ".gpkg": read_geopackage,
    ".shp": read_shapefile,
    ".zip": read_zip,
    ".txt": read_txt,
    ".dat": read_txt,
    ".gdb": read_geodatabase,
    ".dxf": read_dxf,
    ".kml": read_kml,
    ".kmz": read_kmz,
    ".gml": read_gml,
    ".gpx": read_gpx,
    ".ovkml": read_ovkml,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_xlsx,
    ".xls": read_xls,
    ".fgb": read_flatgeobuf,
    ".parquet": read_geoparquet,
    ".geoparquet": read_geoparquet,
    ".tab": read_mapinfo,
    ".mif": read_mapinfo,
    ".wkt": read_wkt,
    ".wkb": read_wkb,
}

#: The semi-major axis of CGCS2000 and WGS 84, metres.
_SEMI_MAJOR_M = 6_378_137

#: Planar areas that are off by more than this are warned of.
_WARN_PPM = 100


def read_parcels(
    source: sources.Source,
    *,
    crs: Any = None,
    layer: str | None = None,
    id_column: str | None = None,
    encoding: str | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read parcels from any source, in the CRS they were given in.

    Parameters
    ----------
    source
        A file: 界址点 text in any dialect (``.txt``), Shapefile (``.shp``), GeoPackage (``.gpkg``), file geodatabase
        (``.gdb``), DXF (``.dxf``), KML (``.kml``, ``.kmz``), GeoJSON, EsriJSON and TopoJSON (``.geojson``, ``.json``),
        GeoJSON by lines (``.ndjson``), GML, GPX, a ``.zip`` with one of these, FlatGeobuf (``.fgb``), GeoParquet
        (``.parquet``), MapInfo (``.tab``,
        ``.mif``), a table (``.csv``, ``.xlsx``), ``.wkt`` or ``.wkb``. Or text or bytes in one of these formats, pasted
        coordinates, ``"-"`` for standard input, the address of a PostGIS database, a GeoDataFrame, a GeoSeries, a
        shapely geometry or a list of these.
    crs
        Anything `pyproj.CRS.from_user_input` takes, for a source that states no CRS. GeoJSON without a ``crs`` member
        is in WGS 84 degrees unless this says otherwise. ``"GCJ-02"`` and ``"BD-09"`` declare shifted degrees, which are
        converted to WGS 84; a CRS that carries its transformation (``+towgs84``) is converted by it.
    layer
        Which layer of a GeoPackage, a geodatabase or a drawing, which source of an archive, which sheet of a workbook,
        which folder of a KML, if there are several; which table or query of a database.
    id_column
        Column with the ids of the parcels; by default one with a known heading, else the number of the row.
    encoding
        Encoding of text, of a drawing or of a Shapefile's attributes, if the one found or stated in its ``.cpg`` is
        wrong.
    repair
        Accept outlines that had to be mended even if their area changed by more than 1 m2 or 0.1 %.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per parcel, with the columns of `qy_gis.parcels.prepare.prepare_parcels`. The index counts from 0, or
        is that of the GeoDataFrame given.

    Raises
    ------
    MissingSourceError
        There is no such file.
    SourceError
        The format is not accepted, the file is corrupt, unsafe or too large, has several layers, or its ids are empty
        or not unique.
    CRSError
        The CRS is missing or refused, contradicts ``crs``, or does not fit the coordinates.
    GeometryError
        Outlines that are missing, not polygons, or change too much when mended.
    ArgumentError
        ``source``, ``layer``, ``encoding`` or ``id_column`` does not apply.

    Warns
    -----
    GridWarning
        Planar areas in the parcels' own grid are off by more than 100 ppm, once per file.

    Notes
    -----
    The SHA-256 of a plain Shapefile is that of its .shp alone; that of a zip archive covers the attributes too.

    What is read, what is repaired and what is refused is told in ``docs/formats.md``.

    Examples
    --------
    >>> plot = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["POLYGON ((0 0, 50 0, 50 40, 0 40, 0 0))"]))
    >>> plot = plot.set_geometry(plot.translate(500000, 2622000))
    >>> read_parcels(plot, crs="EPSG:4547").crs.name
    'CGCS2000 / 3-degree Gauss-Kruger CM 114E'
    """
    conversion = find_conversion(crs)
    given = conversion.read_as if conversion else None if crs is None else check_crs(crs)
    with limit_time():
        loaded = _load(source, crs=given, layer=layer, encoding=encoding)
        frame, wkb, title, digest = loaded
        if frame.empty and digest is not None:
            raise SourceError(
                f"{title} has no parcels: 0 rows; accepted is one outline or more: choose another layer= (--layer), or "
                "export it again",
                zh=f"{title} 中没有地块：0 行；请用 --layer 选别的图层，或重新导出",
            )
        check_vertices(int(shapely.get_num_coordinates(frame.geometry.array).sum()), title)
        if conversion and frame.crs is not None:
            frame, wkb = convert_frame(frame, conversion, title), ()
        else:
            loaded = _settle_crs(loaded, given)
            frame, wkb = loaded.frame, loaded.wkb
        check_time(title)
        read_from = None if digest is None else (title, digest)
        try:
            parcels = prepare_parcels(frame, id_column=id_column, repair=repair, source=read_from, wkb=wkb)
        except (SourceError, GeometryError, CRSError) as error:
            # The gate knows rows; which file they are of is known here.
            raise error.of(title) from error
    _warn_of_grid(parcels, title)
    return parcels


def read_frame(
    source: str | os.PathLike[str],
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    kinds: tuple[str, ...] = ("Polygon",),
) -> gpd.GeoDataFrame:
    """Read a file as `read_parcels` does, but as it stands: nothing is asked of its ids, geometries or CRS.

    Parameters
    ----------
    source, crs, layer, encoding
        A file, and what is said of it, as for `read_parcels`.
    kinds
        Kinds of geometries among which a layer is chosen: "Polygon", "Line", "Point".

    Returns
    -------
    geopandas.GeoDataFrame
        One row per feature, numbered from 0, with its attributes, and in ``source_repairs`` what was repaired while
        reading if anything was; its CRS is None if neither the file nor ``crs`` says it.

    Raises
    ------
    SourceError, CRSError, ArgumentError
        As for `read_parcels`, but for what it asks of the parcels in the file.
    """
    conversion = find_conversion(crs)
    given = conversion.read_as if conversion else None if crs is None else check_crs(crs)
    with limit_time(), accept_kinds(kinds):
        loaded = _load(source, crs=given, layer=layer, encoding=encoding)
        check_vertices(int(shapely.get_num_coordinates(loaded.frame.geometry.array).sum()), loaded.title)
        if conversion and loaded.frame.crs is not None:
            return convert_frame(loaded.frame, conversion, loaded.title)
        if given is not None:
            return _settle_crs(loaded, given).frame
        stated = loaded.frame.crs
        unknown = stated is not None and _is_placeholder(stated)
        return loaded.frame.set_crs(None, allow_override=True) if unknown else loaded.frame


class _Loaded(NamedTuple):
    """Parcels, the bytes of their outlines if at hand, what to call the source, and its SHA-256 if it has one."""

    frame: gpd.GeoDataFrame
    wkb: Sequence[Wkb]
    title: str
    digest: str | None


def _load(source: sources.Source, *, crs: CRS | None, layer: str | None, encoding: str | None) -> _Loaded:
    """Return the parcels of a source as they stand in it.

    Parcels of a GeoDataFrame keep their index and may say themselves where they come from; others are numbered from 0.
    """
    wkb: Sequence[Wkb] = ()
    digest: str | None
    if isinstance(source, gpd.GeoDataFrame) or sources.is_objects(source):
        if layer is not None or encoding is not None:
            raise ArgumentError(
                "layer= and encoding= are for files; the source is a GeoDataFrame or a geometry: leave them out",
                zh="layer= 与 encoding= 只用于文件；来源是 GeoDataFrame 或图形，请去掉",
            )
        frame = source if isinstance(source, gpd.GeoDataFrame) else sources.frame_objects(source)
        return _Loaded(frame if frame.crs is not None else frame.set_crs(crs), (), "the GeoDataFrame", None)
    if isinstance(source, str) and is_address(source):
        refuse_encoding("a database", encoding)
        frame, title, digest = read_database(source, layer=layer, crs=crs)
    elif isinstance(source, bytes) or (isinstance(source, str) and (source == "-" or sources.is_text(source))):
        frame, wkb, title, digest = _load_bytes(source, crs=crs, layer=layer, encoding=encoding)
    else:
        path = sources.find_path(source, READERS)
        title = path.name
        with ThreadPoolExecutor(1) as pool:
            # Hashing and reading do not wait for one another.
            hashing = pool.submit(sources.digest_path, path)
            frame, wkb = _read_file(path, title=title, crs=crs, layer=layer, encoding=encoding)
            digest = hashing.result()
    if not frame.columns.is_unique:
        twice = sorted({str(column) for column in frame.columns[frame.columns.duplicated()]})
        raise SourceError(
            f"{title}: headings {twice} are there more than once; accepted is each name once: rename one of them",
            zh=f"{title}：列名 {twice} 出现了不止一次；每个列名只能有一个，请改名",
        )
    return _Loaded(frame.reset_index(drop=True), wkb, title, digest)


def _read_file(path: Path, **options: Any) -> WithBytes:
    found = READERS[path.suffix.lower()](path, **options)
    return found if isinstance(found, WithBytes) else WithBytes(found)


def _load_bytes(source: str | bytes, *, crs: CRS | None, layer: str | None, encoding: str | None) -> _Loaded:
    """Return the parcels of text, bytes or standard input, whose format is found from what they hold."""
    if source == "-":
        title, data = "standard input", sources.read_stdin()
    elif isinstance(source, str):
        title, data, encoding = "the text", source.encode("utf-8", errors="replace"), None
    else:
        title, data = "the bytes", bytes(source)
    suffix = sources.sniff_suffix(data, encoding, title)
    with sources.keep_bytes(data, suffix) as path:
        frame, wkb = _read_file(path, title=title, crs=crs, layer=layer, encoding=encoding)
    return _Loaded(frame, wkb, title, hashlib.sha256(data).hexdigest())


def _settle_crs(loaded: _Loaded, given: CRS | None) -> _Loaded:
    """Return parcels with the CRS that they state, or else the one given, or else the one that is recognised.

    The CRS given corrects a statement that is a mere placeholder, or that the coordinates contradict; that is told.
    """
    frame, title = loaded.frame, loaded.title
    stated = frame.crs
    if stated is not None and given is None and _is_placeholder(stated):
        frame = frame.set_crs(None, allow_override=True)
    if frame.crs is None and given is None and loaded.digest is not None:
        return loaded._replace(frame=place_told(frame, title), wkb=())
    if stated is None or given is None or _is_same(stated, given):
        return loaded._replace(frame=frame)
    if not (_is_placeholder(stated) or _contradicts(frame, stated, given)):
        raise CRSError(
            f"{title} is in {stated.name!r}, but crs= (--crs) says {given.name!r}; leave crs= out, or correct the file",
            zh=f"{title} 注明坐标系 {stated.name!r}，--crs 却给出 {given.name!r}；请去掉 --crs，或改正文件",
        )
    return loaded._replace(frame=correct_crs(frame, given))


def _is_same(stated: CRS, given: CRS) -> bool:
    flat, other = flatten_crs(stated), flatten_crs(given)
    return bool(flat.equals(other, ignore_axis_order=True) or (flat.to_epsg() or "none") == other.to_epsg())


def _horizontal(crs: CRS) -> CRS:
    return crs.sub_crs_list[0] if crs.is_compound else crs


def _is_placeholder(crs: CRS) -> bool:
    """Return whether a CRS is what programs write when they know none."""
    geodetic = _horizontal(crs).geodetic_crs
    # LOCAL_CS and NonEarth are no place on earth.
    if geodetic is None or geodetic.datum is None:
        return True
    # An ellipsoid of another size is a statement whatever it is called: Krassowsky's is that of Beijing 1954.
    modern = crs.ellipsoid is None or abs(crs.ellipsoid.semi_major_metre - _SEMI_MAJOR_M) < 1
    name = geodetic.datum.name.casefold()
    return modern and any(word in name for word in ("unknown", "unnamed", "undefined", "not specified"))


def _contradicts(frame: gpd.GeoDataFrame, stated: CRS, given: CRS) -> bool:
    """Return whether coordinates cannot be in the CRS stated, but can in the one given."""
    bounds = shapely.bounds(frame.geometry.to_numpy())
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    return bool(find_outside(bounds, stated).any() and not find_outside(bounds, given).any())


def _warn_of_grid(parcels: gpd.GeoDataFrame, title: str) -> None:
    if not parcels.crs.is_projected:
        return
    bounds = shapely.bounds(parcels.geometry.to_numpy())
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    # The scale of a transverse Mercator grows away from its meridian: the worst parcel is one of the outermost.
    outermost = np.unique([x.argmin(), x.argmax(), y.argmin(), y.argmax()])
    ppm = planar_excess_ppm(*transformer(parcels.crs).transform(x[outermost], y[outermost]), parcels.crs)
    worst = ppm[np.argmax(np.abs(ppm))]
    if abs(worst) > _WARN_PPM:
        warnings.warn(
            GridWarning(
                f"{title}: planar areas in {parcels.crs.name!r} are off by up to {worst:+.0f} ppm where the parcels "
                "lie; the statutory areas that qy_gis reports are not affected",
                zh=f"{title}：按 {parcels.crs.name!r} 的平面面积在此处偏差可达 {worst:+.0f} ppm；所报椭球面积不受影响",
            ),
            stacklevel=3,
        )
