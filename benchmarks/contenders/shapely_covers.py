"""shapely on whole zones: prepared zones find what they cover, and only the rest is intersected."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.inputs import read_arguments
from benchmarks.pairs import write_pairs


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    parcels, zones = gpd.read_parquet(inputs.parcels_plane), gpd.read_parquet(inputs.zones)
    plots, shapes = parcels.geometry.to_numpy(), zones.geometry.to_numpy()
    parcel_m2 = shapely.area(plots)
    tree = shapely.STRtree(plots)
    # The query side is the one that is prepared, so the large zones stand there.
    feature, parcel = tree.query(shapes, predicate="intersects")
    covering, covered = tree.query(shapes, predicate="covers")
    cut = ~np.isin(feature * len(plots) + parcel, covering * len(plots) + covered)
    area_m2 = parcel_m2[parcel]
    area_m2[cut] = shapely.area(shapely.intersection(plots[parcel[cut]], shapes[feature[cut]]))
    ids = pd.DataFrame({"parcel_id": parcels["parcel_id"], "parcel_m2": parcel_m2})
    write_pairs(inputs.out, (parcel, feature, area_m2), parcels=ids, features=zones)


if __name__ == "__main__":
    main()
