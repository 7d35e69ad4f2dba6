"""Make any GeoDataFrame a table of parcels: ids, names and uses found, outlines cleaned, provenance in columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
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
from qy_gis.parcels.geometry import Geometries, clean_outlines
from qy_gis.parcels.repairs import Repairs, dump_repairs, list_faults

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

#: The columns of a table by their headings in small letters; of two that differ in letters only, the first.
Headings: TypeAlias = "dict[str, Any]"

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

    @cached_property
    def table(self) -> gpd.GeoDataFrame:
        """The parcels as a table."""
        columns = {**self.columns, **self.provenance}
        return gpd.GeoDataFrame(columns, geometry=self.outlines, index=self.index, crs=self.crs)


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
    _check_frame(gdf, id_column)
    geometry = gdf.geometry.array
    crs = flatten_crs(check_crs(geometry.crs))
    given = np.asarray(geometry, dtype=object)
    outlines, repairs = clean_outlines(given, crs, rows=gdf.index, repair=repair, wkb=wkb)
    headings = {str(column).casefold(): column for column in reversed(gdf.columns.tolist())}
    columns: dict[str, Column] = {
        "parcel_id": _find_ids(gdf, headings, id_column),
        "name": _text_or_blank(gdf, headings, "name"),
        "use": _text_or_blank(gdf, headings, "use"),
        "declared_m2": _find_declared(gdf, headings),
    }
    file, digest = source or (_source_text(gdf, SOURCE_FILE, ""), _source_text(gdf, SOURCE_SHA256, ""))
    repaired = _add_repairs(_source_text(gdf, SOURCE_REPAIRS, "[]"), repairs, gdf.index)
    origin: dict[str, Column] = {SOURCE_FILE: file, SOURCE_SHA256: digest, SOURCE_REPAIRS: repaired}
    # A copy: what becomes of the table later is not what was measured.
    return Prepared(columns, outlines, gdf.index, crs, origin, given.copy(), geometry.crs)


def flatten_crs(crs: CRS) -> CRS:
    """Return a CRS without its height axis."""
    # Two axes are left alone: pyproj's copy of a CRS from ESRI's text would no longer be known by its EPSG code.
    return crs.to_2d() if len(crs.axis_info) > 2 else crs


def _check_frame(gdf: Any, id_column: str | None) -> None:
    if not isinstance(gdf, gpd.GeoDataFrame):
        raise ArgumentError(f"parcels are a {type(gdf).__name__}; accepted is a GeoDataFrame")
    if not gdf.columns.is_unique:
        twice = sorted({str(column) for column in gdf.columns[gdf.columns.duplicated()]})
        raise ArgumentError(f"columns {twice} are there more than once; accepted is each name once")
    of_geometry = [isinstance(dtype, gpd.array.GeometryDtype) for dtype in gdf.dtypes.tolist()]
    if sum(of_geometry) != 1:
        geometric = gdf.columns[of_geometry].tolist()
        raise ArgumentError(
            f"the GeoDataFrame has {len(geometric)} geometry columns {geometric}; accepted is exactly one"
        )
    if gdf.active_geometry_name is None:
        raise ArgumentError(f"no geometry column is active; call set_geometry({gdf.columns[of_geometry][0]!r}) first")
    if gdf.empty:
        raise SourceError("there are no parcels: 0 rows")
    if id_column is not None and id_column not in gdf.columns:
        raise ArgumentError(f"id_column={id_column!r} is not a column; there are {[str(c) for c in gdf.columns]}")


def _columns(gdf: gpd.GeoDataFrame, headings: Headings, wanted: str) -> Iterator[pd.Series]:
    """Yield the columns with a heading of ``wanted``, best first."""
    for heading in HEADINGS[wanted]:
        # A Shapefile keeps 10 bytes of a heading: three Chinese characters in UTF-8.
        short = heading.encode()[:10].decode(errors="ignore")
        for key in dict.fromkeys((heading, short)):
            if key in headings:
                yield gdf[headings[key]]


def _as_text(column: pd.Series) -> Texts:
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


def _find_text(gdf: gpd.GeoDataFrame, headings: Headings, wanted: str) -> tuple[Any, Texts | None]:
    """Return the name and the text of the first column of ``wanted`` that has a value, or None twice."""
    for column in _columns(gdf, headings, wanted):
        texts = _as_text(column)
        if (texts != "").any():
            return column.name, texts
    return None, None


def _text_or_blank(gdf: gpd.GeoDataFrame, headings: Headings, wanted: str) -> Texts | str:
    _, texts = _find_text(gdf, headings, wanted)
    return "" if texts is None else texts


def _find_ids(gdf: gpd.GeoDataFrame, headings: Headings, id_column: str | None) -> Texts:
    if id_column is not None:
        name, ids = id_column, _as_text(gdf[id_column])
    else:
        name, ids = _find_text(gdf, headings, "parcel_id")
    if ids is None:
        name, ids = "the index", np.asarray(gdf.index.astype(str), dtype=object)
    values = ids.array if isinstance(ids, pd.Series) else ids
    # Files are mostly in the order of their ids, which are then each once: to see that is ten times as quick.
    ordered = bool((values[1:] > values[:-1]).all())
    if not (ordered or len(pd.unique(ids)) == len(ids)) or (values == "").any():
        texts = pd.Series(np.asarray(ids, dtype=object))
        empty = texts.eq("").to_numpy()
        wrong = empty | texts.duplicated(keep=False).to_numpy()
        rows = pd.Series(gdf.index[wrong].astype(str)).groupby(texts[wrong].to_numpy(), sort=False)
        faults = [f"{value!r} {len(at)} times: rows {', '.join(at)}" for value, at in rows if value]
        faults += [f"empty id: row {row}" for row in gdf.index[empty]]
        raise SourceError(
            f"ids in {name!r} are empty or not unique; accepted is one id per parcel, from another column with "
            f"id_column=:\n{list_faults(faults)}"
        )
    return ids


def _find_declared(gdf: gpd.GeoDataFrame, headings: Headings) -> pd.Series | float:
    for column in _columns(gdf, headings, "declared_m2"):
        numbers = pd.to_numeric(column, errors="coerce").astype(float)
        missing = np.isnan(numbers.to_numpy())
        # Of floats, only those without end are no area; of anything else, what cannot be read.
        odd = np.isinf(numbers.to_numpy()) if pd.api.types.is_float_dtype(column) else ~np.isfinite(numbers.to_numpy())
        if odd.any():
            unread = column[odd]
            wrong = unread[np.asarray(_as_text(unread) != "")]
            if faults := [f"row {row}: {value!r}" for row, value in wrong.items()]:
                raise SourceError(f"declared_m2 is not a number of square metres:\n{list_faults(faults)}")
        if not missing.all():
            return numbers
    return np.nan


def _source_text(gdf: gpd.GeoDataFrame, column: str, default: str) -> Texts | str:
    if column not in gdf.columns:
        return default
    texts = _as_text(gdf[column])
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
            raise SourceError(f"{SOURCE_REPAIRS} is not a JSON list of repairs: {added[row]:.80}")
        added[row] = dump_repairs([*earlier, *repairs.get(row, [])])
    return added
