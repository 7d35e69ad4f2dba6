"""dask-geopandas on tiles: each partition of parcels is joined to all tiles, intersected and summed per zone."""

import os

import dask_geopandas
import geopandas as gpd
import pandas as pd

from benchmarks.inputs import read_arguments
from benchmarks.pairs import write_pairs

#: Partitions per core: enough that no core waits long for the last one.
_PARTITIONS = 4


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    parcels, tiles = gpd.read_parquet(inputs.parcels_plane), gpd.read_parquet(inputs.tiles)
    parcels["parcel"], parcels["parcel_m2"] = range(len(parcels)), parcels.area
    tiles["feature"] = tiles.groupby(["layer", "feature_id"], sort=False).ngroup()
    features = tiles.drop_duplicates("feature", ignore_index=True)
    shapes = tiles[["feature", "geometry"]]

    def measure(part: gpd.GeoDataFrame) -> pd.Series:
        met = part.sjoin(shapes, predicate="intersects")
        within = shapes.geometry.loc[met["index_right"]].reset_index(drop=True)
        shared = met.geometry.reset_index(drop=True).intersection(within)
        area = pd.Series(shared.area.to_numpy(), index=pd.MultiIndex.from_frame(met[["parcel", "feature"]]))
        return area.groupby(level=[0, 1]).sum()

    parts = dask_geopandas.from_geopandas(parcels, npartitions=_PARTITIONS * (os.cpu_count() or 1))
    empty = pd.Series(dtype=float)
    area = parts.map_partitions(measure, meta=empty).compute(scheduler="threads")
    pairs = area.index.get_level_values(0).to_numpy(), area.index.get_level_values(1).to_numpy(), area.to_numpy()
    write_pairs(inputs.out, pairs, parcels=parcels, features=features)


if __name__ == "__main__":
    main()
