"""Load the prepared parcels and tiles into the server that ``BENCHMARK_POSTGIS`` names: PLAN PARCELS OUT."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pyarrow.parquet as pq

from benchmarks.inputs import read_arguments


def main() -> None:
    """Load both tables in place of those loaded before, index them and gather statistics."""
    inputs = read_arguments()
    with psycopg.connect(os.environ["BENCHMARK_POSTGIS"], autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        _load_table(connection, "parcels", inputs.parcels_plane, {"parcel_id": "text"})
        columns = {"layer": "text", "feature_id": "text", "feature_m2": "float8"}
        _load_table(connection, "tiles", inputs.tiles, columns)


def _load_table(connection: psycopg.Connection, table: str, file: Path, columns: dict[str, str]) -> None:
    kinds = {**columns, "geometry": "geometry"}
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
    with connection.cursor().copy(f"COPY {table} ({', '.join(kinds)}) FROM STDIN") as copy:
        for batch in pq.ParquetFile(file).iter_batches(columns=list(kinds)):
            for *values, shape in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row([*values, shape.hex()])
    connection.execute(f"CREATE INDEX ON {table} USING gist (geometry)")
    connection.execute(f"VACUUM ANALYZE {table}")


if __name__ == "__main__":
    main()
