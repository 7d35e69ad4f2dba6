"""SedonaDB on tiles: its spatial join, the area of each intersection, summed per zone."""

import sedonadb

from benchmarks.inputs import AREA_SQL, RELATION_SQL, read_arguments


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    database = sedonadb.connect()
    database.read_parquet(inputs.parcels_plane).to_view("parcels")
    database.read_parquet(inputs.tiles).to_view("tiles")
    pairs = database.sql(f"""
        WITH pieces AS (
            SELECT p.parcel_id, ST_Area(p.geometry) AS parcel_m2, t.layer, t.feature_id, t.feature_m2,
                {AREA_SQL} AS area_m2
            FROM parcels p JOIN tiles t ON ST_Intersects(p.geometry, t.geometry)
        ), pairs AS (
            SELECT parcel_id, layer, feature_id, min(parcel_m2) AS parcel_m2, min(feature_m2) AS feature_m2,
                sum(area_m2) AS area_m2
            FROM pieces GROUP BY parcel_id, layer, feature_id
        )
        SELECT parcel_id, layer, feature_id, area_m2, {RELATION_SQL} AS relation FROM pairs
    """)
    pairs.to_parquet(inputs.out)


if __name__ == "__main__":
    main()
