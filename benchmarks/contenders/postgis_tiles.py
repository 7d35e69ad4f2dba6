"""PostGIS on tiles, both tables loaded and indexed beforehand: its index join, intersections, summed per zone.

The server is started by `benchmarks.postgis`, which names it in the environment; neither start nor load is counted.
"""

import os

import psycopg
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.inputs import AREA_SQL, RELATION_SQL, read_arguments

_QUERY = f"""
    COPY (
        WITH pieces AS (
            SELECT parcel_id, ST_Area(p.geometry) AS parcel_m2, layer, feature_id, feature_m2, {AREA_SQL} AS area_m2
            FROM parcels p JOIN tiles t ON ST_Intersects(t.geometry, p.geometry)
        ), pairs AS (
            SELECT parcel_id, layer, feature_id, min(parcel_m2) AS parcel_m2, min(feature_m2) AS feature_m2,
                sum(area_m2) AS area_m2
            FROM pieces GROUP BY parcel_id, layer, feature_id
        )
        SELECT parcel_id, layer, feature_id, area_m2, {RELATION_SQL} AS relation FROM pairs
    ) TO STDOUT (FORMAT csv, HEADER)
"""


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    with psycopg.connect(os.environ["BENCHMARK_POSTGIS"]) as connection, connection.cursor().copy(_QUERY) as rows:
        text = b"".join(rows)
    pq.write_table(pyarrow.csv.read_csv(pyarrow.py_buffer(text)), inputs.out)


if __name__ == "__main__":
    main()
