"""Parcels from GeoParquet, by way of pyarrow, which is installed on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import ArgumentError, SourceError
from qy_gis.parcels.archive import MAX_BYTES
from qy_gis.parcels.limits import check_features
from qy_gis.parcels.text import STRAIGHT
from qy_gis.parcels.vector import refuse_encoding

#: A table may unpack to this many times what an archive may: columns of numbers are often small when packed.
_MAX_UNPACKED = 16 * MAX_BYTES


def read_geoparquet(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
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
        about = parquet.read_metadata(path)
        check_features(about.num_rows, title)
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if unpacked > _MAX_UNPACKED:
            raise SourceError(
                f"{title} unpacks to {unpacked / 1024**2:.0f} MiB; accepted are {_MAX_UNPACKED // 1024**2}"
            )
        frame = gpd.read_parquet(path)
    except SourceError:
        raise
    except NotImplementedError as error:
        raise SourceError(f"{title} has curves; {STRAIGHT}") from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{title} cannot be read as GeoParquet: {error}") from error
    frame = frame.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS], errors="ignore")
    return frame if frame.crs is not None else frame.set_crs(crs)
