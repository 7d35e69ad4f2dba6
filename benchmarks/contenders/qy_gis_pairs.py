"""qy_gis, what the peers do and no more: the pair table, block by block, from the file in degrees, validity checked."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import qy_gis as qy
from benchmarks.inputs import read_arguments
from qy_gis import columns
from qy_gis.measure.outlines import outlines_to_plane
from qy_gis.overlay.index import Index, open_index
from qy_gis.overlay.overlap import meet_features
from qy_gis.parcels.screen import screen_block
from qy_gis.parcels.stream import Block, open_stream

_TEXTS = ["parcel_id", "layer", "feature_id", "relation"]


def main() -> None:
    """Measure every parcel against every zone."""
    inputs = read_arguments()
    index = open_index(qy.read_plan(inputs.plan))
    writer: pq.ParquetWriter | None = None
    waiting: deque = deque()
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for block in chain(open_stream(inputs.parcels).blocks(), [None]):
            if block is not None:
                waiting.append(pool.submit(_measure, block, index))
            while waiting and (block is None or len(waiting) > threads + 1):
                table = waiting.popleft().result()
                # As in a batch: texts alone are worth a dictionary.
                writer = writer or pq.ParquetWriter(
                    inputs.out, table.schema, use_dictionary=_TEXTS, write_statistics=False
                )
                writer.write_table(table)
    if writer is not None:
        writer.close()


def _measure(block: Block, index: Index) -> pa.Table:
    screened = screen_block(block)
    good = np.setdiff1d(np.arange(block.rows), list(screened.faults))
    in_plane = outlines_to_plane(screened.outlines.take(good), block.crs)
    _, parcel, feature, area, relation = meet_features(in_plane, index)
    layers, features = pa.array(index.layers), pa.array(index.features.ids)
    return pa.table(
        {
            "parcel_id": pa.DictionaryArray.from_arrays(good[parcel].astype(np.int32), block.ids),
            "layer": pa.DictionaryArray.from_arrays(np.asarray(index.features.layer)[feature].astype(np.int8), layers),
            "feature_id": pa.DictionaryArray.from_arrays(feature.astype(np.int32), features),
            "area_m2": area,
            "relation": pa.DictionaryArray.from_arrays(relation, list(columns.RELATIONS)),
        }
    )


if __name__ == "__main__":
    main()
