"""shapely on tiles: prepared tiles find what they cover, the rest is intersected, the tiles of a zone are summed."""

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from benchmarks.inputs import read_arguments
from benchmarks.pairs import write_pairs

Tiled = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    parcels, tiles = gpd.read_parquet(inputs.parcels_plane), gpd.read_parquet(inputs.tiles)
    plots, shapes = parcels.geometry.to_numpy(), tiles.geometry.to_numpy()
    parcel_m2 = shapely.area(plots)
    tree = shapely.STRtree(plots)

    def measure(rows: NDArray[np.int64]) -> Tiled:
        tile, parcel = tree.query(shapes[rows], predicate="intersects")
        covering, covered = tree.query(shapes[rows], predicate="covers")
        cut = ~np.isin(tile * len(plots) + parcel, covering * len(plots) + covered)
        area_m2 = parcel_m2[parcel]
        area_m2[cut] = shapely.area(shapely.intersection(plots[parcel[cut]], shapes[rows[tile[cut]]]))
        return parcel, rows[tile], area_m2

    with ThreadPoolExecutor() as threads:
        parts = list(threads.map(measure, np.array_split(np.arange(len(shapes)), 64)))
    parcel, tile, area_m2 = (np.concatenate(column) for column in zip(*parts, strict=True))

    feature = tiles.groupby(["layer", "feature_id"], sort=False).ngroup().to_numpy()
    features = tiles.drop_duplicates(["layer", "feature_id"], ignore_index=True)
    pair, place = np.unique(parcel * len(features) + feature[tile], return_inverse=True)
    summed = np.bincount(place, weights=area_m2, minlength=len(pair))
    ids = pd.DataFrame({"parcel_id": parcels["parcel_id"], "parcel_m2": parcel_m2})
    write_pairs(inputs.out, (pair // len(features), pair % len(features), summed), parcels=ids, features=features)


if __name__ == "__main__":
    main()
