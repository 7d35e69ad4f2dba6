"""Parcels of a large file, block by block: GeoParquet, GeoPackage and FlatGeobuf."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from numpy.typing import NDArray
from pyarrow.fs import FileType
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from qy_gis.errors import ArgumentError, CRSError, MissingSourceError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.places import find_place, is_address, tell_version
from qy_gis.parcels.prepare import HEADINGS
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
    """

    number: int
    first_row: int
    ids: pa.StringArray
    repeated: NDArray[np.bool_]
    wkb: pa.BinaryArray
    crs: CRS

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
    id_column: str | None
    block_rows: int

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
        columns = [self.geometry] + ([self.id_column] if self.id_column else [])
        row = first * self.block_rows
        repeated = self._find_repeats()
        for number, batch in enumerate(self._batches(columns, first, stop), start=first):
            ids = self._ids(batch, row)
            wkb = batch.column(self.geometry)
            # GDAL marks the column as an extension type, whose storage is the bytes.
            yield Block(number, row, ids, repeated(ids), getattr(wkb, "storage", wkb), self.crs)
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
        return batch.column(self.id_column).cast(pa.string()).fill_null("")


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
        Column with the ids; by default one with a known heading, else the number of the row, from 0.
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
        raise MissingSourceError(f"{source}: there is no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(f"{path.name}: cannot be read block by block; accepted are {', '.join(SUFFIXES)}")
    if is_address(source) and not _is_parquet(source):
        raise SourceError(f"{source}: on other storage GeoParquet alone can be read block by block")
    try:
        rows, stated, geometry, names = (_look_at_parquet if _is_parquet(source) else _look_at_layer)(source)
    except (pa.ArrowInvalid, DataSourceError, DataLayerError, OSError, ValueError, KeyError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path.name}: cannot be read: {error}") from error
    given = None if crs is None else check_crs(crs)
    found = check_crs(stated) if stated is not None else check_crs(given)
    if given is not None and stated is not None and not found.equals(given, ignore_axis_order=True):
        raise CRSError(f"{path.name} is in {found.name!r}, but crs= says {given.name!r}; leave crs= out")
    if id_column is None:
        known = {heading.lower() for heading in HEADINGS["parcel_id"]}
        id_column = next((name for name in names if name.lower() in known), None)
    elif id_column not in names:
        raise ArgumentError(f"id_column={id_column!r} is not in {path.name}; it has {', '.join(names)}")
    return ParcelStream(str(source), rows, found, geometry, id_column, block_rows)


def _is_parquet(source: str | os.PathLike[str]) -> bool:
    return "parquet" in Path(source).suffix.lower()


def _open_parquet(source: str | os.PathLike[str]) -> pq.ParquetFile:
    system, place = find_place(source)
    # Read ahead, the bytes of every group would be kept until the last.
    return pq.ParquetFile(place, filesystem=system, pre_buffer=False)


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def _look_at_parquet(source: str | os.PathLike[str]) -> tuple[int, Any, str, list[str]]:
    file = _open_parquet(source)
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        raise SourceError(f"{Path(source).name}: is Parquet without the 'geo' metadata of GeoParquet")
    about = json.loads(text)
    geometry = about["primary_column"]
    column = about["columns"][geometry]
    if column["encoding"] != "WKB":
        raise SourceError(f"{Path(source).name}: geometry is encoded as {column['encoding']!r}; accepted is 'WKB'")
    # GeoParquet without a CRS is in longitude and latitude of WGS 84, by its standard.
    crs = CRS.from_json_dict(column["crs"]) if column.get("crs") else (None if "crs" in column else "OGC:CRS84")
    return file.metadata.num_rows, crs, geometry, [name for name in file.schema_arrow.names if name != geometry]


def _look_at_layer(source: str | os.PathLike[str]) -> tuple[int, Any, str, list[str]]:
    layers = pyogrio.list_layers(source)[:, 0].tolist()
    if len(layers) != 1:
        raise SourceError(
            f"{Path(source).name}: holds {len(layers)} layers ({', '.join(layers)}); accepted is a file with one"
        )
    about = pyogrio.read_info(source)
    geometry = about["geometry_name"] or "wkb_geometry"
    return int(about["features"]), about["crs"], geometry, list(about["fields"])
