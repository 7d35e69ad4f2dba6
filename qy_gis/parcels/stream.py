"""Parcels of a large file, block by block: GeoParquet, GeoPackage and FlatGeobuf."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from qy_gis.errors import ArgumentError, CRSError, MissingSourceError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.prepare import HEADINGS

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

    path: Path
    rows: int
    crs: CRS
    geometry: str
    id_column: str | None
    block_rows: int

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What tells this file from another of the same name."""
        about = self.path.stat()
        return {"bytes": about.st_size, "modified_ns": about.st_mtime_ns, "rows": self.rows}

    def blocks(self, *, first: int = 0, stop: int | None = None) -> Iterator[Block]:
        """Read the blocks ``first`` to ``stop`` in order; ids are held against those of the blocks read before."""
        seen = _Seen()
        row = first * self.block_rows
        for number, batch in enumerate(self._batches(first, stop), start=first):
            rows = len(batch)
            if self.id_column is None:
                ids = pa.array(np.arange(row, row + rows)).cast(pa.string())
                repeated = np.zeros(rows, dtype=bool)
            else:
                ids = batch.column(self.id_column).cast(pa.string()).fill_null("")
                repeated = seen.add(pd.util.hash_array(ids.to_numpy(zero_copy_only=False)))
            wkb = batch.column(self.geometry)
            # GDAL marks the column as an extension type, whose storage is the bytes.
            yield Block(number, row, ids, repeated, getattr(wkb, "storage", wkb), self.crs)
            row += rows

    def _batches(self, first: int, stop: int | None) -> Iterator[pa.RecordBatch]:
        columns = [self.geometry] + ([self.id_column] if self.id_column else [])
        if self.path.suffix.lower() in (".parquet", ".geoparquet"):
            batches = pq.ParquetFile(self.path).iter_batches(self.block_rows, columns=columns)
            for number, batch in enumerate(batches):
                if stop is not None and number >= stop:
                    return
                if number >= first:
                    yield batch
            return
        skip, most = first * self.block_rows, None if stop is None else (stop - first) * self.block_rows
        # Arrow batches of a driver have sizes of their own: they are put together to blocks.
        with pyogrio.open_arrow(
            self.path,
            columns=columns[1:],
            skip_features=skip,
            max_features=most,
            batch_size=min(self.block_rows, 65_536),
            use_pyarrow=True,
        ) as (_, reader):
            held: list[pa.RecordBatch] = []
            for batch in reader:
                held.append(batch)
                while sum(map(len, held)) >= self.block_rows:
                    table = pa.Table.from_batches(held).combine_chunks()
                    yield table.slice(0, self.block_rows).combine_chunks().to_batches()[0]
                    held = table.slice(self.block_rows).to_batches()
            if sum(map(len, held)):
                yield pa.Table.from_batches(held).combine_chunks().to_batches()[0]


class _Seen:
    """The hashes of ids seen so far, 8 bytes each, as few sorted runs: adding n of them costs n log n in all."""

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def add(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Add some, and return which of them were there before, or stand earlier among them."""
        order = np.argsort(hashes, kind="stable")
        run = hashes[order]
        repeated = np.zeros(len(hashes), dtype=bool)
        repeated[order[1:][run[1:] == run[:-1]]] = True
        for earlier in self._runs:
            place = np.minimum(np.searchsorted(earlier, run), len(earlier) - 1)
            repeated[order[earlier[place] == run]] = True
        # Runs double in length: a run is put together with its neighbour when it has grown as long.
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)
        return repeated


def open_stream(
    source: str | os.PathLike[str], *, crs: Any = None, id_column: str | None = None, block_rows: int = 50_000
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
    if not path.exists():
        raise MissingSourceError(f"{path}: there is no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(f"{path.name}: cannot be read block by block; accepted are {', '.join(SUFFIXES)}")
    try:
        rows, stated, geometry, names = (_look_at_parquet if "parquet" in path.suffix else _look_at_layer)(path)
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
    return ParcelStream(path, rows, found, geometry, id_column, block_rows)


def _look_at_parquet(path: Path) -> tuple[int, Any, str, list[str]]:
    file = pq.ParquetFile(path)
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        raise SourceError(f"{path.name}: is Parquet without the 'geo' metadata of GeoParquet")
    about = json.loads(text)
    geometry = about["primary_column"]
    column = about["columns"][geometry]
    if column["encoding"] != "WKB":
        raise SourceError(f"{path.name}: geometry is encoded as {column['encoding']!r}; accepted is 'WKB'")
    # GeoParquet without a CRS is in longitude and latitude of WGS 84, by its standard.
    crs = CRS.from_json_dict(column["crs"]) if column.get("crs") else (None if "crs" in column else "OGC:CRS84")
    return file.metadata.num_rows, crs, geometry, [name for name in file.schema_arrow.names if name != geometry]


def _look_at_layer(path: Path) -> tuple[int, Any, str, list[str]]:
    layers = pyogrio.list_layers(path)[:, 0].tolist()
    if len(layers) != 1:
        raise SourceError(f"{path.name}: holds {len(layers)} layers ({', '.join(layers)}); accepted is a file with one")
    about = pyogrio.read_info(path)
    geometry = about["geometry_name"] or "wkb_geometry"
    return int(about["features"]), about["crs"], geometry, list(about["fields"])
