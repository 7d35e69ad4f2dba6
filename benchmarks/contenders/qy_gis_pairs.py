"""qy_gis, what the peers do and no more: the pair table, from the file in degrees, validity checked."""

import geopandas as gpd
import pandas as pd

import qy_gis as qy
from benchmarks.inputs import read_arguments
from benchmarks.pairs import write_pairs
from qy_gis.measure.plane import to_plane
from qy_gis.overlay.index import open_index
from qy_gis.overlay.overlap import measure_parcels
from qy_gis.parcels.prepare import prepare_parcels


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    index = open_index(qy.read_plan(inputs.plan))
    parcels = prepare_parcels(gpd.read_parquet(inputs.parcels))
    measured = measure_parcels(to_plane(parcels.geometry.to_numpy(), parcels.crs, edges="grid"), index)
    features = index.features
    names = pd.DataFrame(
        {
            "layer": pd.Index(index.layers)[features.layer],
            "feature_id": features.ids,
            "feature_m2": features.area_m2,
        }
    )
    ids = pd.DataFrame({"parcel_id": parcels["parcel_id"].to_numpy(), "parcel_m2": measured.parcel_m2})
    write_pairs(inputs.out, (measured.parcel, measured.feature, measured.area_m2), parcels=ids, features=names)


if __name__ == "__main__":
    main()
