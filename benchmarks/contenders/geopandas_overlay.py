"""`geopandas.overlay` as users write it: the intersection of parcels and zones, then its area."""

import geopandas as gpd
import pandas as pd

from benchmarks.inputs import read_arguments
from benchmarks.pairs import write_pairs


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    parcels, zones = gpd.read_parquet(inputs.parcels_plane), gpd.read_parquet(inputs.zones)
    parcels["parcel"], zones["feature"] = range(len(parcels)), range(len(zones))
    shared = gpd.overlay(parcels, zones, how="intersection")
    pairs = shared["parcel"].to_numpy(), shared["feature"].to_numpy(), shared.area.to_numpy()
    ids = pd.DataFrame({"parcel_id": parcels["parcel_id"], "parcel_m2": parcels.area})
    write_pairs(inputs.out, pairs, parcels=ids, features=zones)


if __name__ == "__main__":
    main()
