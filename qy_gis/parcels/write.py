"""Write parcels to a file or a database: one table of formats, one function."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import shapely
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import OutputError, QyGisError, cannot_write
from qy_gis.parcels.boundary_dialects import Dialect, find_dialect
from qy_gis.parcels.boundary_write import to_degrees, write_boundary_txt
from qy_gis.parcels.drawing import MARK
from qy_gis.parcels.drivers import settings
from qy_gis.parcels.kml import write_kml
from qy_gis.parcels.postgis import is_address, write_database
from qy_gis.parcels.prepare import prepare_parcels

#: What cannot stand in the name of a layer of a drawing.
_NOT_IN_DXF = re.compile(r"[<>/\\\":;?*|=,`'\x00-\x1f]")

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

#: A heading of a Shapefile has room for this many bytes.
_DBF_HEADING = 10

_NINE = ("parcel_id", "name", "use", "declared_m2", "图幅号", "地类编码")

#: The columns that each dialect of 界址点 text has a place for.
_KEPT = {
    "报批": _NINE,
    "供地": _NINE,
    "增减挂钩": _NINE,
    "一张图": ("parcel_id", "name"),
    "卫片": ("name", "use"),
}

_FAILURES = (OSError, DataSourceError, DataLayerError, FieldError, GeometryError, ValueError)


def write_parcels(
    parcels: gpd.GeoDataFrame,
    target: str | os.PathLike[str],
    *,
    dialect: str = "报批",
    layer: str | None = None,
) -> str:
    """Write parcels to a file, in the format its ending stands for, or to a PostGIS table.

    Parameters
    ----------
    parcels
        From `qy_gis.read_parcels`, or any GeoDataFrame of polygons with a CRS. Left untouched.
    target
        A path: 界址点 text (``.txt``), GeoPackage (``.gpkg``), Shapefile (``.shp`` with its ``.cpg``, or ``.zip``), DXF
        (``.dxf``), KML (``.kml``, ``.kmz``), GeoJSON (``.geojson``), a table (``.csv`` with WKT, ``.xlsx`` with a row
        for each point), FlatGeobuf (``.fgb``), GeoParquet (``.parquet``), a file geodatabase (``.gdb``) or WKT
        (``.wkt``, a line for each parcel). Or ``postgresql://user@host/database``.
    dialect
        How to write 界址点 text: 报批, 供地, 一张图, 增减挂钩 or 卫片 (approval, supply, one-map, linkage, satellite).
    layer
        The table of a database, for example ``cadastre.parcels``; it must not exist.

    Returns
    -------
    str
        What was written. A file is written beside its place and moved there, so a failure leaves nothing half-written.

    Raises
    ------
    OutputError
        The ending is not one of these, or the file or table cannot be written.
    ArgumentError
        No such dialect, or no table named.
    CRSError, GeometryError, SourceError
        What is to be written is no table of parcels; see `qy_gis.parcels.prepare.prepare_parcels`.

    Notes
    -----
    The CRS is kept where the format can hold one; KML, KMZ and GeoJSON are in longitude and latitude. DXF holds
    outlines and, as their layers, the ids alone; WKT holds nothing but outlines. Where the parcels came from and what
    was repaired is not written. MapInfo is not: TAB moves corners by a centimetre, and it cannot say CGCS2000.

    Examples
    --------
    >>> import tempfile
    >>> plot = shapely.box(403000, 2622000, 403050, 2622040)
    >>> parcels = gpd.GeoDataFrame({"parcel_id": ["A-1"]}, geometry=[plot], crs="EPSG:4547")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parcels(parcels, f"{folder}/parcel.txt")
    ...     lines = Path(path).read_text(encoding="utf-8").splitlines()
    >>> lines[14:16]
    ['5,0.2000,A-1,,面,,,,@', 'J1,1,2622040.0000,403000.0000']
    """
    chosen = find_dialect(dialect)
    table = _plain_table(prepare_parcels(parcels))
    if isinstance(target, str) and is_address(target):
        return write_database(table, target, layer=layer)
    path = Path(target)
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise OutputError(
            f"{path.name}: cannot write {path.suffix or 'a file without ending'!r}; accepted: {list(WRITERS)}",
            zh=f"{path.name}：写不出 {path.suffix or '没有扩展名的文件'!r}；可用的格式：{list(WRITERS)}",
        )
    if not path.parent.is_dir():
        raise cannot_write(path, FileNotFoundError(errno.ENOENT, "no folder"))
    if path.is_dir():
        raise OutputError(
            f"{path.name}: cannot be written: there is a folder of this name, which may hold more; give another name",
            zh=f"{path.name}：写不出：已有同名文件夹，其中可能另有数据；请换一个名字",
        )
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".qy_gis_") as folder:
            write(table, Path(folder) / path.name, chosen)
            for written in sorted(Path(folder).iterdir()):
                written.replace(path.with_name(written.name))
    except QyGisError:
        raise
    except _FAILURES as error:
        raise cannot_write(path, error) from error
    return str(path)


def find_losses(
    parcels: gpd.GeoDataFrame, target: str | os.PathLike[str], *, dialect: str = "报批"
) -> list[tuple[str, str]]:
    """Return what the format of a target cannot hold of these parcels, each in Chinese and in English.

    Parameters
    ----------
    parcels
        From `qy_gis.read_parcels`.
    target
        Where `write_parcels` is to write them, or has.
    dialect
        That of 界址点 text.

    Examples
    --------
    >>> plot = shapely.box(403000, 2622000, 403050, 2622040)
    >>> parcels = gpd.GeoDataFrame({"parcel_id": ["A-1"], "name": ["甲"]}, geometry=[plot], crs="EPSG:4547")
    >>> [en for _, en in find_losses(parcels, "a.wkt")]
    ['WKT holds outlines and the CRS alone: the attributes parcel_id, name are lost']
    """
    ending = "" if isinstance(target, str) and is_address(target) else Path(target).suffix.lower()
    attributes = [str(c) for c in parcels.columns if c not in (SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS)]
    attributes = [name for name in attributes if name != parcels.geometry.name and _has_value(parcels[name])]
    kept = {".wkt": (), ".dxf": ("parcel_id",), ".txt": _KEPT[find_dialect(dialect).zh]}.get(ending, attributes)
    lost = ", ".join(name for name in attributes if name not in kept)
    what = {".wkt": "WKT holds outlines and the CRS alone", ".dxf": "DXF holds outlines and ids alone"}
    what_zh = {".wkt": "WKT 只存图形与坐标系", ".dxf": "DXF 只存图形与编号"}
    losses = []
    if lost:
        en, zh = (
            what.get(ending, f"the dialect {dialect} has no place for all"),
            what_zh.get(ending, f"{dialect}格式放不下"),
        )
        losses.append((f"{zh}，属性 {lost} 不写入", f"{en}: the attributes {lost} are lost"))
    if ending == ".dxf":
        losses.append(
            (
                "DXF 不注明坐标系，一宗多块的各块分开：别的软件读不到（本程序读回不受影响）",
                "DXF states no CRS, and parts of a parcel are outlines of their own: other programs lose both",
            )
        )
        if parcels.crs is not None and parcels.crs.is_geographic:
            losses.append(
                (
                    "DXF 中写入的是经纬度（度），CAD 会当作长度",
                    "degrees are written to the DXF, which CAD takes for lengths",
                )
            )
    return losses


def _has_value(column: pd.Series) -> bool:
    return bool((column.notna() & (column.astype(str) != "")).any())


def _plain_table(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return parcels without provenance, with nothing in a cell that a file could not hold."""
    table = parcels.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS])
    for column in table.columns.drop(table.geometry.name):
        if pd.api.types.is_object_dtype(table[column]):
            table[column] = [
                value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False, default=str)
                for value in table[column]
            ]
    return table.rename(columns=str)


def _attributes(parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return everything but the outlines as text: "" for what is missing, every digit of a number."""
    values = pd.DataFrame(parcels.drop(columns=parcels.geometry.name))
    return values.apply(lambda column: ["" if pd.isna(value) else str(value) for value in column])


def _write_txt(parcels: gpd.GeoDataFrame, path: Path, dialect: Dialect) -> None:
    write_boundary_txt(parcels, path, dialect=dialect)


def _write_gpkg(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    pyogrio.write_dataframe(parcels, path, driver="GPKG", layer="parcels")


def _write_flatgeobuf(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    # The spatial index would put the parcels in another order.
    pyogrio.write_dataframe(parcels, path, driver="FlatGeobuf", SPATIAL_INDEX="NO")


def _write_geojson(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    pyogrio.write_dataframe(_in_degrees(parcels), path, driver="GeoJSON", COORDINATE_PRECISION="10")


def _write_shp(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    names: dict[str, str] = {}
    for column in parcels.columns.drop(parcels.geometry.name):
        short = column.encode()[:_DBF_HEADING].decode(errors="ignore")
        number = 1
        while short.casefold() in (name.casefold() for name in names.values()):
            end = f"_{number}"
            short = column.encode()[: _DBF_HEADING - len(end)].decode(errors="ignore") + end
            number += 1
        names[column] = short
    pyogrio.write_dataframe(parcels.rename(columns=names), path, driver="ESRI Shapefile", encoding="UTF-8")


def _write_zip(parcels: gpd.GeoDataFrame, path: Path, dialect: Dialect) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _write_shp(parcels, Path(folder) / f"{path.stem}.shp", dialect)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)


def _write_dxf(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    names: dict[str, str] = {}
    for parcel in parcels["parcel_id"]:
        names[parcel] = _make_unique(_NOT_IN_DXF.sub("_", parcel), names.values())
    drawing = gpd.GeoDataFrame({"Layer": list(names.values())}, geometry=parcels.geometry.to_numpy(), crs=parcels.crs)
    with settings({"DXF_WRITE_HATCH": "NO"}):
        pyogrio.write_dataframe(drawing, path, driver="DXF")
    code = parcels.crs.to_epsg()
    # A comment by which we know our own drawings again: ids, parts and CRS, none of which a drawing can state.
    mark = f"999\n{MARK}{f' EPSG:{code}' if code else ''}\n"
    # GDAL writes UTF-8 and calls it Western European; drawings in China are in GBK and say so.
    text = mark + path.read_bytes().decode("utf-8").replace("ANSI_1252", "ANSI_936")
    path.write_bytes(_BEYOND_ASCII.sub(_escape_dxf, text).encode("gbk"))


def _escape_dxf(found: re.Match[str]) -> str:
    r"""Return a character as it is if GBK holds it, else as AutoCAD escapes it, with ``\U+`` and its code."""
    character = found[0]
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        units = character.encode("utf-16-be")
        return "".join(f"\\U+{units[i : i + 2].hex().upper()}" for i in range(0, len(units), 2))
    return character


def _make_unique(name: str, taken: Collection[str]) -> str:
    """Return a name that differs from others in more than the case of its letters."""
    folded = {other.casefold() for other in taken}
    return next(one for n in count(1) if (one := name if n == 1 else f"{name}_{n}").casefold() not in folded)


def _write_kml(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    rows = _attributes(parcels).to_dict(orient="records")
    write_kml(rows, to_degrees(parcels.geometry.to_numpy(), parcels.crs), path)


def _write_kmz(parcels: gpd.GeoDataFrame, path: Path, dialect: Dialect) -> None:
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "doc.kml"
        _write_kml(parcels, document, dialect)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(document, document.name)


def _write_csv(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    table = _attributes(parcels)
    table["crs"] = _crs_name(parcels)
    table["wkt"] = shapely.to_wkt(parcels.geometry.to_numpy(), rounding_precision=_decimals(parcels))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False))
    # Excel takes a table for UTF-8 only if a byte order mark says so.
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _write_xlsx(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    """Write a row for each point: a cell has no room for the WKT of a long outline."""
    table = _attributes(parcels)
    broken = [row for row in table.itertuples(index=False) if any(map(ILLEGAL_CHARACTERS_RE.search, row))]
    if broken:
        first = list(broken[0])
        raise OutputError(
            f"{path.name}: {len(broken)} parcels have control characters in {first}; remove them",
            zh=f"{path.name}：{len(broken)} 个地块的属性中有控制字符，如 {first}；请删去",
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("parcels")
    degrees = parcels.crs.is_geographic
    axes = ["经度", "纬度"] if degrees else ["X", "Y"]

    def cells(values: list[Any]) -> list[WriteOnlyCell]:
        row = [WriteOnlyCell(sheet, value=value) for value in values]
        for cell in row:
            # Text that starts with "=" is text, not a formula.
            if isinstance(cell.value, str):
                cell.data_type = "s"
        return row

    sheet.append(cells([*table.columns, "crs", "圈号", "点号", *axes]))
    name, decimals = _crs_name(parcels), _decimals(parcels)
    for row, outline in zip(table.itertuples(index=False), parcels.geometry, strict=True):
        number = 0
        rings = [ring for part in shapely.get_parts(outline) for ring in (part.exterior, *part.interiors)]
        for ring_number, ring in enumerate(rings, start=1):
            points = shapely.get_coordinates(ring).round(decimals)
            for i, (x, y) in enumerate(points.tolist()):
                point = f"J{number + (i + 1 if i < len(points) - 1 else 1)}"
                sheet.append(cells([*row, name, ring_number, point, *((x, y) if degrees else (y, x))]))
            number += len(points) - 1
    book.save(path)


def _write_geoparquet(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    parcels.to_parquet(path, index=False)


def _write_geodatabase(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    # Whole numbers of 64 bits are only for ArcGIS Pro 3.2 and later; those that need them keep their digits as text.
    long = parcels.select_dtypes("int64")
    short = long.abs().max() < 2**31
    table = parcels.astype({column: "int32" if short[column] else str for column in long.columns})
    pyogrio.write_dataframe(table, path, driver="OpenFileGDB", layer="parcels", promote_to_multi=True)


def _write_wkt(parcels: gpd.GeoDataFrame, path: Path, _dialect: Dialect) -> None:
    code = parcels.crs.to_epsg()
    if code is None:
        named = parcels.crs.name
        raise OutputError(
            f"{path.name}: {named!r} has no EPSG code, the only name of a CRS that WKT has; write another format",
            zh=f"{path.name}：坐标系 {named!r} 没有 EPSG 代码，而 WKT 只能以此注明坐标系；请改写其他格式",
        )
    outlines = shapely.to_wkt(parcels.geometry.to_numpy(), rounding_precision=_decimals(parcels))
    path.write_text("".join(f"SRID={code};{wkt}\n" for wkt in outlines), encoding="ascii", newline="\n")


def _in_degrees(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    outlines = to_degrees(parcels.geometry.to_numpy(), parcels.crs)
    return parcels.set_geometry(gpd.GeoSeries(outlines, index=parcels.index, crs="EPSG:4326"))


def _crs_name(parcels: gpd.GeoDataFrame) -> str:
    code = parcels.crs.to_epsg()
    return f"EPSG:{code}" if code else str(parcels.crs.to_wkt())


def _decimals(parcels: gpd.GeoDataFrame) -> int:
    """Return how many decimals of a coordinate keep a hundredth of a millimetre."""
    return 10 if parcels.crs.is_geographic else 5


#: The formats: ending to writer. A writer takes the plain table, the path, and the dialect of 界址点 text.
WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path, Dialect], None]] = {
    ".txt": _write_txt,
    ".gpkg": _write_gpkg,
    ".shp": _write_shp,
    ".zip": _write_zip,
    ".dxf": _write_dxf,
    ".kml": _write_kml,
    ".kmz": _write_kmz,
    ".geojson": _write_geojson,
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".fgb": _write_flatgeobuf,
    ".parquet": _write_geoparquet,
    ".gdb": _write_geodatabase,
    ".wkt": _write_wkt,
}
