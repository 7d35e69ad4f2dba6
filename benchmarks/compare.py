"""Whether two pair tables hold the same areas: ``python -m benchmarks.compare REFERENCE OTHER`` prints what it found.

A pair that one table lacks counts as area 0 in it. Areas are equal within 1e-3 m2 or 1e-9 of the area.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.inputs import TOUCH_M2

_QUERY = f"""
    WITH a AS (SELECT parcel_id, layer, feature_id, area_m2, relation FROM read_parquet(?) WHERE feature_id <> ''),
        b AS (SELECT parcel_id, layer, feature_id, area_m2, relation FROM read_parquet(?) WHERE feature_id <> ''),
        met AS (
            SELECT coalesce(a.area_m2, 0) AS a_m2, coalesce(b.area_m2, 0) AS b_m2, greatest(a_m2, b_m2) AS larger_m2,
                abs(a_m2 - b_m2) AS apart_m2, coalesce(a.relation <> b.relation, false) AS related_otherwise
            FROM a FULL JOIN b USING (parcel_id, layer, feature_id)
        )
    SELECT count(*) FILTER (larger_m2 > {TOUCH_M2}) AS pairs,
        count(*) FILTER (apart_m2 > greatest({TOUCH_M2}, 1e-9 * larger_m2)) AS unequal,
        coalesce(max(apart_m2), 0) AS largest_m2,
        count(*) FILTER (related_otherwise AND a_m2 > {TOUCH_M2} AND b_m2 > {TOUCH_M2}) AS related_otherwise
    FROM met
"""


def compare_pairs(reference: str, other: str) -> dict[str, float]:
    """Return how two pair tables differ.

    Returns
    -------
    dict
        ``pairs`` (overlaps in either table), ``unequal`` (pairs whose areas differ), ``largest_m2`` (the largest
        difference), ``related_otherwise`` (overlaps in both tables with another relation).
    """
    # A whole check writes a folder of tables.
    files = [f"{path}/overlaps/*.parquet" if Path(path).is_dir() else path for path in (reference, other)]
    row = duckdb.execute(_QUERY, files)
    names = [column[0] for column in row.description]
    return dict(zip(names, row.fetchone() or (), strict=True))


if __name__ == "__main__":
    print(json.dumps(compare_pairs(*sys.argv[1:3])))
