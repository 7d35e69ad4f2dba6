"""What a batch adds to the tables of a block: the outlines, so that they open as a map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.parcels.stream import Block


def find_checked(block: Block, rejects: pa.Table) -> NDArray[np.bool_]:
    """Return, of shape (n,), whether each parcel of a block was checked; the others are in ``rejects``."""
    checked = np.ones(block.rows, dtype=bool)
    checked[rejects["row"].to_numpy() - block.first_row] = False
    return checked


def add_outlines(verdicts: pa.Table, wkb: pa.BinaryArray, crs: CRS) -> pa.Table:
    """Add ``geometry`` to the verdicts: the outlines that were checked, as WKB, by the rules of GeoParquet."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs.to_json_dict()}
    about: dict[str, Any] = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = verdicts.append_column("geometry", wkb.cast(pa.binary()))
    return add_metadata(table, b"geo", about)


def add_metadata(table: pa.Table, key: bytes, about: dict[str, Any]) -> pa.Table:
    """Add an entry, as JSON, to the metadata of a table."""
    text = json.dumps(about, ensure_ascii=False).encode()
    return table.replace_schema_metadata({**(table.schema.metadata or {}), key: text})
