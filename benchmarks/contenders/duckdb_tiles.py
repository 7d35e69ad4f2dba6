"""DuckDB spatial on tiles: its spatial join, the area of each intersection, summed per zone."""

from pathlib import Path

import duckdb
import duckdb_extension_spatial

from benchmarks.inputs import AREA_SQL, RELATION_SQL, read_arguments


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    database = duckdb.connect()
    (extension,) = Path(duckdb_extension_spatial.__path__[0]).rglob("spatial.duckdb_extension")
    database.execute(f"LOAD '{extension}'")
    database.execute(f"""
        COPY (
            WITH pieces AS (
                SELECT parcel_id, ST_Area(p.geometry) AS parcel_m2, layer, feature_id, feature_m2,
                    {AREA_SQL} AS area_m2
                FROM read_parquet('{inputs.parcels_plane}') p
                JOIN read_parquet('{inputs.tiles}') t ON ST_Intersects(p.geometry, t.geometry)
            ), pairs AS (
                SELECT parcel_id, layer, feature_id, first(parcel_m2) AS parcel_m2, first(feature_m2) AS feature_m2,
                    sum(area_m2) AS area_m2
                FROM pieces GROUP BY parcel_id, layer, feature_id
            )
            SELECT parcel_id, layer, feature_id, area_m2, {RELATION_SQL} AS relation FROM pairs
        ) TO '{inputs.out}' (FORMAT parquet)
    """)


if __name__ == "__main__":
    main()
