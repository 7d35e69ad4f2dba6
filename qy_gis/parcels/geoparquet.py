"""Parcels from GeoParquet, by way of pyarrow, which is installed on demand."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.errors import ShapelyError

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import ArgumentError, SourceError
from qy_gis.parcels.archive import MAX_BYTES
from qy_gis.parcels.corners import Wkb
from qy_gis.parcels.limits import check_features, check_time
from qy_gis.parcels.text import STRAIGHT
from qy_gis.parcels.vector import refuse_encoding

#: A table may unpack to this many times what an archive may: columns of numbers are often small when packed.
_MAX_UNPACKED = 16 * MAX_BYTES

#: Rows read together, and outlines made together.
_ROWS, _DECODED = 2**15, 2**11


class WithBytes(NamedTuple):
    """Parcels as they stand in a file, and the bytes of their outlines, which are quicker to check than shapes."""

    frame: gpd.GeoDataFrame
    wkb: Sequence[Wkb] = ()


def read_geoparquet(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> WithBytes:
    """Read a GeoParquet file; the arguments are those of `qy_gis.parcels.read.read_parcels`."""
    refuse_encoding(title, encoding)
    if layer is not None:
        raise ArgumentError(f"layer={layer!r}: {title} is GeoParquet, which has no layers")
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise SourceError(f"{title} needs pyarrow to be read: pip install 'qy-gis[parquet]'") from error
    try:
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            about = file.metadata
            check_features(about.num_rows, title)
            unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if unpacked > _MAX_UNPACKED:
                raise SourceError(
                    f"{title} unpacks to {unpacked / 1024**2:.0f} MiB; accepted are {_MAX_UNPACKED // 1024**2}"
                )
            frame, wkb = _read(file, path, title)
    except SourceError:
        raise
    except NotImplementedError as error:
        raise SourceError(f"{title} has curves; {STRAIGHT}") from error
    except (pa.ArrowException, ShapelyError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{title} cannot be read as GeoParquet: {error}") from error
    frame = frame.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS], errors="ignore")
    return WithBytes(frame if frame.crs is not None else frame.set_crs(crs), wkb)


def _read(file: Any, path: Path, title: str) -> WithBytes:
    """Return the table of a Parquet file, with the bytes of its outlines if they are in one plain column of WKB."""
    import pyarrow as pa
    from pyarrow import compute

    from qy_gis.parcels.wkb import bytes_of

    # What geopandas makes of the file without its rows: it knows the standard, and its versions.
    empty = gpd.read_parquet(path, filters=compute.scalar(False))
    name, schema = empty.geometry.name, file.schema_arrow
    geometric = [dtype for dtype in empty.dtypes if isinstance(dtype, gpd.array.GeometryDtype)]
    if schema.names != empty.columns.tolist() or len(geometric) > 1 or schema.field(name).type != pa.binary():
        return WithBytes(gpd.read_parquet(path))
    attributes, pieces, shapes = [], [], []
    # Coordinates may be no numbers, which is found later.
    with closing(_read_ahead(file)) as batches, np.errstate(invalid="ignore"):
        for batch in batches:
            column = batch.column(name)
            attributes.append(batch.drop_columns([name]))
            pieces.append(Wkb(*bytes_of(column)))
            # So few at once that their bytes are in the processor's cache still.
            for start in range(0, len(column), _DECODED):
                shapes.append(shapely.from_wkb(column.slice(start, _DECODED).to_numpy(zero_copy_only=False)))
            check_time(title)
    frame = pa.Table.from_batches(attributes, schema.remove(schema.get_field_index(name))).to_pandas()
    frame[name] = gpd.array.GeometryArray(np.concatenate([np.zeros(0, dtype=object), *shapes]), crs=empty.crs)
    return WithBytes(gpd.GeoDataFrame(frame, geometry=name), pieces)


def _read_ahead(file: Any) -> Generator[Any, None, None]:
    """Yield the rows of a Parquet file in batches, while the next is read already."""
    with ThreadPoolExecutor(1) as pool:
        batches = file.iter_batches(_ROWS)
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch
