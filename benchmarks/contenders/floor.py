"""The floor: read the parcels, parse their geometry, write six made-up pairs a parcel. Nothing is measured."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.inputs import read_arguments

#: About as many as a parcel of the made-up city really has.
_PAIRS = 6


def main() -> None:
    """Do what every contender must do at least."""
    inputs = read_arguments()
    table = pq.read_table(inputs.parcels)
    shapely.from_wkb(table["geometry"].to_numpy())
    count = len(table) * _PAIRS
    columns = {
        "parcel_id": table["parcel_id"].take(np.repeat(np.arange(len(table)), _PAIRS)),
        "layer": pa.DictionaryArray.from_arrays(np.arange(count, dtype=np.int8) % _PAIRS, list("abcdef")),
        "feature_id": pa.array([f"feature-{number}" for number in range(20_000)]).take(np.arange(count) % 20_000),
        "area_m2": np.random.default_rng(1).uniform(0, 5e5, count),
        "relation": pa.DictionaryArray.from_arrays(np.zeros(count, dtype=np.int8), ["overlaps"]),
    }
    pq.write_table(pa.table(columns), inputs.out)


if __name__ == "__main__":
    main()
