"""Parcels of a large file, block by block: GeoParquet, GeoPackage and FlatGeobuf."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
from numpy.typing import NDArray
from pyarrow.fs import FileType
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError as PyprojCRSError

from qy_gis.errors import ArgumentError, CRSError, MissingSourceError, QyGisError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.drivers import choose_layer, driver_words
from qy_gis.parcels.places import find_place, is_address, tell_version
from qy_gis.parcels.prepare import as_text, find_columns
from qy_gis.parcels.repeats import SeenIds

#: Files that can be read block by block.
SUFFIXES = (".parquet", ".geoparquet", ".gpkg", ".fgb")


@dataclass(frozen=True)
class Block:
    """Some parcels of a file.

    Attributes
    ----------
    number, first_row
        Of the block, and of its first parcel in the file.
    ids
        As text, shape (n,).
    repeated
        Whether the id was used before in the file, shape (n,).
    wkb
        The outlines, shape (n,); None where there is none.
    crs
        That of the file.
    declared
        Declared areas as they stand in the file, shape (n,); None if it has none.
    title
        What the file is called.
    """

    number: int
    first_row: int
    ids: pa.StringArray
    repeated: NDArray[np.bool_]
    wkb: pa.BinaryArray
    crs: CRS
    declared: pa.Array | None
    title: str

    @property
    def rows(self) -> int:
        """How many parcels the block has."""
        return len(self.ids)


@dataclass(frozen=True)
class ParcelStream:
    """A large file, ready to be read; made by `open_stream`."""

    source: str
    rows: int
    crs: CRS
    geometry: str
    layer: str | None
    id_column: str | None
    declared_column: str | None
    block_rows: int

    @property
    def title(self) -> str:
        """What the file is called."""
        return Path(self.source).name

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What tells this file from another of the same name."""
        return {**tell_version(self.source), "rows": self.rows}

    @property
    def in_any_order(self) -> bool:
        """Whether a block can be read without those before it."""
        return _is_parquet(self.source)

    @property
    def block_count(self) -> int:
        """How many blocks the file has."""
        return -(-self.rows // self.block_rows)

    def blocks(self, *, first: int = 0, stop: int | None = None) -> Iterator[Block]:
        """Read the blocks ``first`` to ``stop`` in order; ids are held against those of the blocks read before."""
        columns = [self.geometry, *filter(None, (self.id_column, self.declared_column))]
        row = first * self.block_rows
        repeated = self._find_repeats()
        for number, batch in enumerate(self._batches(columns, first, stop), start=first):
            ids = self._ids(batch, row)
            wkb = batch.column(self.geometry)
            # GDAL marks the column as an extension type, whose storage is the bytes.
            wkb = getattr(wkb, "storage", wkb)
            declared = batch.column(self.declared_column) if self.declared_column else None
            yield Block(number, row, ids, repeated(ids), wkb, self.crs, declared, self.title)
            row += len(ids)

    def repeats(self) -> Iterator[NDArray[np.bool_]]:
        """Read the ids alone; give, for each block of a GeoParquet file, whether each was used before in the file."""
        if self.id_column is None:
            for row in range(0, self.rows, self.block_rows):
                yield np.zeros(min(self.block_rows, self.rows - row), dtype=bool)
            return
        repeated = self._find_repeats()
        for batch in self._batches([self.id_column], 0, None):
            yield repeated(self._ids(batch, 0))

    def _find_repeats(self) -> Callable[[pa.StringArray], NDArray[np.bool_]]:
        # Without a column the ids are the numbers of the rows.
        return SeenIds().add if self.id_column is not None else lambda ids: np.zeros(len(ids), dtype=bool)

    def _batches(self, columns: list[str], first: int, stop: int | None) -> Iterator[pa.RecordBatch]:
        skip, count = first * self.block_rows, None if stop is None else stop - first
        with _source_words(self.title):
            if _is_parquet(self.source):
                file = _open_parquet(self.source)
                ends = np.cumsum([file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)])
                # Groups of rows that end before the first block are not read.
                unread = int(np.searchsorted(ends, skip, side="right"))
                groups = range(unread, file.num_row_groups)
                batches = file.iter_batches(self.block_rows, row_groups=groups, columns=columns)
                yield from islice(self._cut(batches, skip - int(ends[unread - 1]) if unread else skip), count)
                return
            with pyogrio.open_arrow(
                self.source,
                layer=self.layer,
                columns=[name for name in columns if name != self.geometry],
                skip_features=skip,
                max_features=None if count is None else count * self.block_rows,
                batch_size=min(self.block_rows, 65_536),
                use_pyarrow=True,
            ) as (_, reader):
                yield from self._cut(reader, 0)

    def _cut(self, batches: Iterable[pa.RecordBatch], skip: int) -> Iterator[pa.RecordBatch]:
        """Leave out so many rows, and cut batches of any sizes into blocks."""
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch.slice(min(skip, len(batch))))
            skip -= len(batch) - len(held[-1])
            while sum(map(len, held)) >= self.block_rows:
                table = pa.Table.from_batches(held)
                yield _as_batch(table.slice(0, self.block_rows))
                held = table.slice(self.block_rows).to_batches()
        if sum(map(len, held)):
            yield _as_batch(pa.Table.from_batches(held))

    def _ids(self, batch: pa.RecordBatch, row: int) -> pa.StringArray:
        if self.id_column is None:
            return pa.array(np.arange(row, row + len(batch))).cast(pa.string())
        return _as_text(batch.column(self.id_column))

    def has_value(self, column: str) -> bool:
        """Say whether a column has a value at all; it is read as far as the first."""
        with _source_words(self.title):
            if _is_parquet(self.source):
                batches = _open_parquet(self.source).iter_batches(columns=[column])
                return any(pc.any(pc.not_equal(_as_text(batch.column(column)), "")).as_py() for batch in batches)
            with pyogrio.open_arrow(
                self.source, layer=self.layer, columns=[column], read_geometry=False, use_pyarrow=True
            ) as (_, reader):
                return any(pc.any(pc.not_equal(_as_text(batch.column(column)), "")).as_py() for batch in reader)


def _as_text(column: pa.Array) -> pa.StringArray:
    """Return values as stripped text, "" for null, as `qy_gis.parcels.prepare.as_text` does."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.utf8_trim_whitespace(column.cast(pa.string())).fill_null("")
    if pa.types.is_integer(column.type):
        return column.cast(pa.string()).fill_null("")
    return pa.array(np.asarray(as_text(column.to_pandas()), dtype=object), pa.string())


@contextmanager
def _source_words(title: str) -> Iterator[None]:
    """Turn what pyarrow and GDAL raise of a file into a SourceError."""
    try:
        yield
    except (pa.ArrowException, DataSourceError, DataLayerError, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, QyGisError):
            raise
        raise _unreadable(title) from error


def _unreadable(title: str) -> SourceError:
    return SourceError(
        f"{title} cannot be read: it is damaged, or not what its extension says; write it anew",
        zh=f"{title} 无法读取：文件已损坏，或内容与扩展名不符；请重新导出",
    )


def open_stream(
    source: str | os.PathLike[str], *, crs: Any = None, id_column: str | None = None, block_rows: int = 20_000
) -> ParcelStream:
    """Open a large file of parcels.

    Parameters
    ----------
    source
        GeoParquet (WKB), GeoPackage or FlatGeobuf, with one layer.
    crs
        For a file that does not say; one that contradicts the file is an error.
    id_column
        Column with the ids; by default the first known heading that has a value, by the order of
        `qy_gis.parcels.prepare.HEADINGS`, else the number of the row, from 0.
    block_rows
        Parcels to a block.

    Raises
    ------
    MissingSourceError, SourceError
        The file is not there, of another kind, or cannot be read.
    CRSError
        The CRS is missing, refused, or contradicted.
    ArgumentError
        There is no column ``id_column``.
    """
    path = Path(source)
    system, place = find_place(source)
    if system.get_file_info(place).type == FileType.NotFound:
        raise MissingSourceError(f"{path.name}: there is no such file", zh=f"{path.name}：没有这个文件")
    if path.suffix.lower() not in SUFFIXES:
        accepted = ", ".join(SUFFIXES)
        raise SourceError(
            f"{path.name}: cannot be read block by block; accepted are {accepted}: qy-gis convert makes one of them",
            zh=f"{path.name}：不能分块读取；接受 {accepted}，可用 qy-gis convert 转换",
        )
    if is_address(source) and not _is_parquet(source):
        raise SourceError(
            f"{path.name}: on other storage GeoParquet alone can be read block by block",
            zh=f"{path.name}：其他存储上只能分块读取 GeoParquet",
        )
    with _source_words(path.name):
        about = (_look_at_parquet if _is_parquet(source) else _look_at_layer)(source)
    given = None if crs is None else check_crs(crs)
    found = check_crs(about.crs) if about.crs is not None else check_crs(given)
    if given is not None and about.crs is not None and not found.equals(given, ignore_axis_order=True):
        raise CRSError(
            f"{path.name} is in {found.name!r}, but crs= (--crs) says {given.name!r}; leave crs= out, or correct the "
            "file",
            zh=f"{path.name} 注明坐标系 {found.name!r}，--crs 却给出 {given.name!r}；请去掉 --crs，或改正文件",
        )
    if id_column is not None and id_column not in about.columns:
        listed = ", ".join(about.columns)
        raise ArgumentError(
            f"id_column={id_column!r} is not in {path.name}; it has {listed}",
            zh=f"{path.name} 没有 id_column={id_column!r} 这一列；现有 {listed}",
        )
    stream = ParcelStream(str(source), about.rows, found, about.geometry, about.layer, id_column, None, block_rows)
    declared = find_columns(about.columns, "declared_m2")
    return replace(
        stream,
        id_column=id_column or _first_with_value(stream, find_columns(about.columns, "parcel_id")),
        declared_column=_first_with_value(stream, declared),
    )


def _first_with_value(stream: ParcelStream, columns: list[str]) -> str | None:
    return next((name for name in columns if stream.has_value(name)), None)


class _About(NamedTuple):
    """What is known of a file before its rows are read: how many, the CRS it states, and its columns."""

    rows: int
    crs: Any
    geometry: str
    layer: str | None
    columns: list[str]


def _is_parquet(source: str | os.PathLike[str]) -> bool:
    return "parquet" in Path(source).suffix.lower()


def _open_parquet(source: str | os.PathLike[str]) -> pq.ParquetFile:
    system, place = find_place(source)
    # Read ahead, the bytes of every group would be kept until the last.
    return pq.ParquetFile(place, filesystem=system, pre_buffer=False)


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def _look_at_parquet(source: str | os.PathLike[str]) -> _About:
    title, file = Path(source).name, _open_parquet(source)
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        raise SourceError(
            f"{title}: is Parquet without the 'geo' metadata of GeoParquet",
            zh=f"{title}：是没有 GeoParquet 元数据（geo）的 Parquet",
        )
    about = json.loads(text)
    geometry = about["primary_column"]
    column = about["columns"][geometry]
    if column["encoding"] != "WKB":
        raise SourceError(
            f"{title}: geometry is encoded as {column['encoding']!r}; accepted is 'WKB'",
            zh=f"{title}：几何编码为 {column['encoding']!r}；只接受 'WKB'",
        )
    try:
        # GeoParquet without a CRS is in longitude and latitude of WGS 84, by its standard.
        crs = CRS.from_json_dict(column["crs"]) if column.get("crs") else (None if "crs" in column else "OGC:CRS84")
    except PyprojCRSError as error:
        raise CRSError(
            f"{title}: the CRS in its 'geo' metadata cannot be read; write it anew with its CRS",
            zh=f"{title}：geo 元数据中的坐标系无法读取；请重新导出并注明坐标系",
        ) from error
    names = [name for name in file.schema_arrow.names if name != geometry]
    return _About(file.metadata.num_rows, crs, geometry, None, names)


def _look_at_layer(source: str | os.PathLike[str]) -> _About:
    title = Path(source).name
    dataset = f"GPKG:{source}" if title.lower().endswith(".gpkg") else str(source)
    layer = choose_layer(dataset, None, title=title)
    with driver_words(title):
        about = pyogrio.read_info(dataset, layer=layer)
    geometry = about["geometry_name"] or "wkb_geometry"
    return _About(int(about["features"]), about["crs"], geometry, layer, list(about["fields"]))
