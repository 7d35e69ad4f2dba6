"""Make any GeoDataFrame a table of parcels: ids, names and uses found, outlines cleaned, provenance in columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import ArgumentError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.corners import Wkb
from qy_gis.parcels.faults import Fault, Faults, Kind, refuse_faults
from qy_gis.parcels.geometry import Geometries, examine_outlines
from qy_gis.parcels.repairs import Repairs, dump_repairs

#: Headings under which each column is looked for, best first; letter case does not matter.
HEADINGS = {
    "parcel_id": ("parcel_id", "地块编号", "dkbh", "宗地代码", "zddm", "编号", "标识码", "bsm", "id"),
    "name": ("name", "地块名称", "dkmc", "项目名称", "xmmc", "名称"),
    "use": ("use", "地块用途", "dkyt", "土地用途", "tdyt", "用途", "yt", "地类名称", "dlmc"),
    "declared_m2": ("declared_m2",),
}

_SOURCE = (SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS)

#: Text of every row: of many a Series, of few an array, which is there before pandas has begun to make a Series.
Texts: TypeAlias = "pd.Series | NDArray[np.object_]"

#: A column, or the value that all its rows have.
Column: TypeAlias = "Texts | str | float"

#: Up to this many texts are few.
_FEW = 100


@dataclass(frozen=True)
class Prepared:
    """Parcels prepared, but not yet a table: to make one of a parcel takes pandas longer than to check it.

    Attributes
    ----------
    columns
        ``parcel_id``, ``name``, ``use`` and ``declared_m2``, as in `prepare_parcels`.
    outlines
        Valid polygons in ``crs``, of shape (n,).
    index
        That of the parcels given.
    crs
        Without a height axis.
    """

    columns: dict[str, Column]
    outlines: Geometries
    index: pd.Index
    crs: CRS
    _source: dict[str, Column]
    _given: Geometries
    _given_crs: CRS

    @cached_property
    def provenance(self) -> dict[str, Column]:
        """The columns that say where the parcels come from. What no file holds is hashed when this is asked for."""
        digests = _sign(self._source[SOURCE_SHA256], self._given, self._given_crs)
        return {**self._source, SOURCE_SHA256: digests}

    def take(self, rows: NDArray[np.integer]) -> Prepared:
        """Return some of the parcels. What no file holds is signed as these alone."""
        return Prepared(
            {name: _some_of(column, rows) for name, column in self.columns.items()},
            self.outlines[rows],
            self.index[rows],
            self.crs,
            {name: _some_of(column, rows) for name, column in self._source.items()},
            self._given[rows],
            self._given_crs,
        )

    @cached_property
    def table(self) -> gpd.GeoDataFrame:
        """The parcels as a table."""
        columns = {**self.columns, **self.provenance}
        return gpd.GeoDataFrame(columns, geometry=self.outlines, index=self.index, crs=self.crs)


def _some_of(column: Column, rows: NDArray[np.integer]) -> Column:
    # What is alike for all parcels is kept once.
    if isinstance(column, (str, float)):
        return column
    return column.iloc[rows] if isinstance(column, pd.Series) else column[rows]


def prepare_parcels(
    gdf: gpd.GeoDataFrame,
    *,
    id_column: str | None = None,
    repair: bool = False,
    source: tuple[str, str] | None = None,
    wkb: Sequence[Wkb] = (),
) -> gpd.GeoDataFrame:
    """Return a table of parcels made from any GeoDataFrame.

    Preparing a prepared table changes nothing. The input is not modified.

    Parameters
    ----------
    gdf
        One row per parcel: polygons or multipolygons, in a CRS on CGCS2000 or WGS 84.
    id_column
        Column with the ids of the parcels; if it is not ``parcel_id``, it replaces that column. By default the first
        of `HEADINGS` that has a value, else the index as text.
    repair
        Accept outlines that had to be mended even if their area changed by more than 1 m2 or 0.1 %.
    source
        What all parcels were just read from, and its SHA-256; by default what their columns say.
    wkb
        The bytes that the outlines were just read from, in pieces one after the other, if they are there still.

    Returns
    -------
    geopandas.GeoDataFrame
        In the same CRS (without its height axis), with the same index. Columns: ``parcel_id`` (str, unique), ``name``,
        ``use`` (str, "" when not given), ``declared_m2`` (float, NaN when not declared), all other attributes as they
        were, ``source_file`` ("" when not from a file), ``source_sha256`` (of the file; when not from a file, of the
        geometries as WKB and the CRS), ``source_repairs`` (JSON list of ``line``, ``what``, ``before``, ``after``),
        ``geometry``.

    Raises
    ------
    ArgumentError
        Not a GeoDataFrame, not exactly one geometry column, or no such ``id_column``.
    SourceError
        No rows, ids empty or not unique, or a declared area that is not a number.
    CRSError
        The CRS is missing or refused, or the coordinates are out of its reach.
    GeometryError
        Outlines that are missing, not polygons, or change too much when mended.

    Examples
    --------
    >>> plot = shapely.box(403000, 2622000, 403050, 2622040)
    >>> parcels = prepare_parcels(gpd.GeoDataFrame({"DKBH": ["A-1"]}, geometry=[plot], crs="EPSG:4547"))
    >>> parcels[["parcel_id", "name", "declared_m2", "source_repairs"]].values.tolist()
    [['A-1', '', nan, '[]']]
    """
    found = prepare_columns(gdf, id_column=id_column, repair=repair, source=source, wkb=wkb)
    # Those that a Shapefile has cut to 10 bytes are among them.
    known = {*HEADINGS, *(name[:10] for name in HEADINGS)}
    others = {
        column: gdf[column]
        for column in gdf.columns
        if str(column).casefold() not in known and column not in (*_SOURCE, gdf.geometry.name)
    }
    columns = {**found.columns, **others, **found.provenance}
    return gpd.GeoDataFrame(columns, geometry=found.outlines, index=found.index, crs=found.crs)


def prepare_columns(
    gdf: gpd.GeoDataFrame,
    *,
    id_column: str | None = None,
    repair: bool = False,
    source: tuple[str, str] | None = None,
    wkb: Sequence[Wkb] = (),
) -> Prepared:
    """Return parcels prepared, before they are a table; arguments and errors are those of `prepare_parcels`."""
    found, faults = examine_parcels(gdf, id_column=id_column, repair=repair, source=source, wkb=wkb)
    refuse_faults(faults, gdf.index)
    return found


def examine_parcels(
    gdf: gpd.GeoDataFrame,
    *,
    id_column: str | None = None,
    repair: bool = False,
    source: tuple[str, str] | None = None,
    wkb: Sequence[Wkb] = (),
) -> tuple[Prepared, Faults]:
    """Return parcels prepared, and by place those that cannot be used; arguments are those of `prepare_parcels`.

    Raises
    ------
    ArgumentError, SourceError, CRSError
        What is wrong with the table as such, as `prepare_parcels` tells.
    """
    _check_frame(gdf, id_column)
    geometry = gdf.geometry.array
    crs = flatten_crs(check_crs(geometry.crs))
    given = np.asarray(geometry, dtype=object)
    outlines, repairs, faults = examine_outlines(given, crs, repair=repair, wkb=wkb)
    names = gdf.columns.tolist()
    declared, undeclared = _find_declared(gdf, names)
    ids = _find_ids(gdf, names, id_column)
    columns: dict[str, Column] = {
        "parcel_id": ids,
        "name": _text_or_blank(gdf, names, "name"),
        "use": _text_or_blank(gdf, names, "use"),
        "declared_m2": declared,
    }
    faults |= undeclared | judge_ids(ids)
    file, digest = source or (_source_text(gdf, SOURCE_FILE, ""), _source_text(gdf, SOURCE_SHA256, ""))
    repaired = _add_repairs(_source_text(gdf, SOURCE_REPAIRS, "[]"), repairs, gdf.index)
    origin: dict[str, Column] = {SOURCE_FILE: file, SOURCE_SHA256: digest, SOURCE_REPAIRS: repaired}
    # A copy: what becomes of the table later is not what was measured.
    return Prepared(columns, outlines, gdf.index, crs, origin, given.copy(), geometry.crs), faults


def flatten_crs(crs: CRS) -> CRS:
    """Return a CRS without its height axis."""
    # Two axes are left alone: pyproj's copy of a CRS from ESRI's text would no longer be known by its EPSG code.
    return crs.to_2d() if len(crs.axis_info) > 2 else crs


def _check_frame(gdf: Any, id_column: str | None) -> None:
    if not isinstance(gdf, gpd.GeoDataFrame):
        name = type(gdf).__name__
        raise ArgumentError(
            f"parcels are a {name}; accepted is a GeoDataFrame", zh=f"地块是 {name}；只接受 GeoDataFrame"
        )
    if not gdf.columns.is_unique:
        twice = sorted({str(column) for column in gdf.columns[gdf.columns.duplicated()]})
        raise ArgumentError(
            f"columns {twice} are there more than once; accepted is each name once",
            zh=f"列 {twice} 出现不止一次；每个列名只能出现一次",
        )
    of_geometry = [isinstance(dtype, gpd.array.GeometryDtype) for dtype in gdf.dtypes.tolist()]
    if sum(of_geometry) != 1:
        geometric = gdf.columns[of_geometry].tolist()
        raise ArgumentError(
            f"the GeoDataFrame has {len(geometric)} geometry columns {geometric}; accepted is exactly one",
            zh=f"GeoDataFrame 有 {len(geometric)} 个几何列 {geometric}；须恰有一个",
        )
    if gdf.active_geometry_name is None:
        name = gdf.columns[of_geometry][0]
        raise ArgumentError(
            f"no geometry column is active; call set_geometry({name!r}) first",
            zh=f"没有活动的几何列；请先调用 set_geometry({name!r})",
        )
    if gdf.empty:
        raise SourceError("there are no parcels: 0 rows", zh="没有地块：0 行")
    if id_column is not None and id_column not in gdf.columns:
        names = [str(name) for name in gdf.columns]
        raise ArgumentError(
            f"id_column={id_column!r} is not a column; there are {names}",
            zh=f"没有 id_column={id_column!r} 这一列；现有 {names}",
        )


def find_columns(names: Sequence[Any], wanted: str) -> list[Any]:
    """Return those of the names of columns that are headings of ``wanted``, best first.

    Examples
    --------
    >>> find_columns(["id", "area", "DKBH"], "parcel_id")
    ['DKBH', 'id']
    """
    headings = {str(name).casefold(): name for name in reversed(names)}
    # A Shapefile keeps 10 bytes of a heading: three Chinese characters in UTF-8.
    keys = [key for heading in HEADINGS[wanted] for key in (heading, heading.encode()[:10].decode(errors="ignore"))]
    return [headings[key] for key in dict.fromkeys(keys) if key in headings]


def as_text(column: pd.Series) -> Texts:
    """Return values as stripped text: "" for null, and no ".0" where a null made whole numbers floats."""
    if len(column) > _FEW:
        if pd.api.types.is_string_dtype(column) and not pd.api.types.is_object_dtype(column):
            return column.fillna("").str.strip()
        if pd.api.types.is_integer_dtype(column) and not column.hasnans:
            return column.astype(str)

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value.strip()
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return ""
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()

    texts = [text(value) for value in column.tolist()]
    if len(column) > _FEW:
        return pd.Series(texts, index=column.index, dtype=str)
    return np.array(texts, dtype=object)


def _find_text(gdf: gpd.GeoDataFrame, names: Sequence[Any], wanted: str) -> Texts | None:
    """Return the text of the first column of ``wanted`` that has a value, or None."""
    for name in find_columns(names, wanted):
        texts = as_text(gdf[name])
        if (texts != "").any():
            return texts
    return None


def _text_or_blank(gdf: gpd.GeoDataFrame, names: Sequence[Any], wanted: str) -> Texts | str:
    texts = _find_text(gdf, names, wanted)
    return "" if texts is None else texts


def _find_ids(gdf: gpd.GeoDataFrame, names: Sequence[Any], id_column: str | None) -> Texts:
    if id_column is not None:
        return as_text(gdf[id_column])
    ids = _find_text(gdf, names, "parcel_id")
    return np.asarray(gdf.index.astype(str), dtype=object) if ids is None else ids


def judge_ids(ids: Texts) -> Faults:
    """Return the faults of ids, by place: empty ones, and those that several rows have.

    Examples
    --------
    >>> [(at, fault.en) for at, fault in judge_ids(np.array(["a", "", "b", "a"], dtype=object)).items()]
    [(0, "the id 'a' is used more than once"), (1, 'the id is empty'), (3, "the id 'a' is used more than once")]
    """
    values = ids.array if isinstance(ids, pd.Series) else ids
    # Files are mostly in the order of their ids, which are then each once: to see that is ten times as quick.
    ordered = bool((values[1:] > values[:-1]).all())
    if (ordered or len(pd.unique(ids)) == len(ids)) and not (values == "").any():
        return {}
    texts = pd.Series(np.asarray(ids, dtype=object))
    wrong = np.flatnonzero(texts.eq("").to_numpy() | texts.duplicated(keep=False).to_numpy())
    return {at: fault_of_id(texts[at]) for at in wrong.tolist()}


def fault_of_id(value: str) -> Fault:
    """Return the fault of an id that is empty, or that another row has too."""
    if not value:
        return Fault(Kind.ID, "the id is empty", "编号为空")
    return Fault(Kind.ID, f"the id {value!r} is used more than once", f"编号 {value!r} 重复")


def _find_declared(gdf: gpd.GeoDataFrame, names: Sequence[Any]) -> tuple[pd.Series | float, Faults]:
    for name in find_columns(names, "declared_m2"):
        numbers, faults = read_declared(gdf[name])
        if faults or numbers.notna().any():
            return numbers, faults
    return np.nan, {}


def read_declared(column: pd.Series) -> tuple[pd.Series, Faults]:
    """Return declared areas as numbers (m2, NaN where there is none), and by place those that are none."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    values = numbers.to_numpy()
    # Of floats, only those without end are no area; of anything else, what cannot be read.
    odd = np.flatnonzero(np.isinf(values) if pd.api.types.is_float_dtype(column) else ~np.isfinite(values))
    if not len(odd):
        return numbers, {}
    unread = column.iloc[odd]
    stated = odd[np.asarray(as_text(unread) != "")].tolist()
    return numbers, {
        at: Fault(
            Kind.DECLARED,
            f"the declared area {value!r} is not a number of square metres",
            f"申报面积 {value!r} 不是平方米数值",
        )
        for at, value in zip(stated, column.iloc[stated].tolist(), strict=True)
    }


def _source_text(gdf: gpd.GeoDataFrame, column: str, default: str) -> Texts | str:
    if column not in gdf.columns:
        return default
    texts = as_text(gdf[column])
    missing = texts == ""
    return np.where(missing, default, texts) if default and missing.any() else texts


def _sign(digests: Column, geometries: Geometries, crs: Any) -> Column:
    """Return digests with one of the geometries in place of those that are missing."""
    if isinstance(digests, str):
        return digests or _digest(geometries, crs)
    missing = digests == ""
    return np.where(missing, _digest(geometries, crs), digests) if np.any(missing) else digests


def _digest(geometries: Geometries, crs: Any) -> str:
    """Return the SHA-256 of geometries (their WKB) and CRS, the name of parcels that no file holds."""
    digest = hashlib.sha256(crs.to_wkt().encode())
    for wkb in shapely.to_wkb(geometries, byte_order=1):
        digest.update(wkb)
    return digest.hexdigest()


def _add_repairs(texts: Texts | str, repairs: Repairs, index: pd.Index) -> Texts | str:
    if isinstance(texts, str):
        if not repairs:
            return texts
        texts = np.full(len(index), texts, dtype=object)
    changed = sorted({*np.flatnonzero(texts != "[]").tolist(), *repairs})
    if not changed:
        return texts
    added = np.array(texts, dtype=object)
    for row in changed:
        try:
            earlier = json.loads(added[row])
        except ValueError:
            earlier = None
        if not isinstance(earlier, list) or not all(isinstance(repair, dict) for repair in earlier):
            raise SourceError(
                f"{SOURCE_REPAIRS} is not a JSON list of repairs: {added[row]:.80}",
                zh=f"{SOURCE_REPAIRS} 不是修正记录的 JSON 列表：{added[row]:.80}",
            )
        added[row] = dump_repairs([*earlier, *repairs.get(row, [])])
    return added
