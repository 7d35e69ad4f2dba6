"""The pair table of the contenders that compute in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.inputs import TOUCH_M2


def write_pairs(
    file: Path,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    *,
    parcels: pd.DataFrame,
    features: pd.DataFrame,
) -> None:
    """Write a pair table.

    Parameters
    ----------
    file
        Parquet file to write.
    pairs
        Row in ``parcels``, row in ``features`` and area (m2) of every overlap.
    parcels
        ``parcel_id``, ``parcel_m2``.
    features
        ``layer``, ``feature_id``, ``feature_m2``.
    """
    parcel, feature, area_m2 = pairs
    relation = np.full(len(area_m2), 3, dtype=np.int8)
    relation[area_m2 >= features["feature_m2"].to_numpy()[feature] - TOUCH_M2] = 2
    relation[area_m2 >= parcels["parcel_m2"].to_numpy()[parcel] - TOUCH_M2] = 1
    relation[area_m2 <= TOUCH_M2] = 0
    columns = {
        "parcel_id": pa.array(parcels["parcel_id"]).take(pa.array(parcel)),
        "layer": pa.array(features["layer"]).dictionary_encode().take(pa.array(feature)),
        "feature_id": pa.array(features["feature_id"]).take(pa.array(feature)),
        "area_m2": area_m2,
        "relation": pa.DictionaryArray.from_arrays(relation, ["touches", "within", "contains", "overlaps"]),
    }
    pq.write_table(pa.table(columns), file)
