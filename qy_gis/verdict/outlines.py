"""What a batch adds to the tables of a block: the outlines, so that they open as a map, and distances if asked for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from qy_gis.measure.plane import to_grid, to_lonlat
from qy_gis.overlay.index import Index
from qy_gis.overlay.nearest import measure_distances
from qy_gis.parcels.stream import Block


def find_checked(block: Block, rejects: pa.Table) -> NDArray[np.bool_]:
    """Return, of shape (n,), whether each parcel of a block was checked; the others are in ``rejects``."""
    checked = np.ones(block.rows, dtype=bool)
    checked[rejects["row"].to_numpy() - block.first_row] = False
    return checked


def add_outlines(verdicts: pa.Table, block: Block, checked: NDArray[np.bool_]) -> pa.Table:
    """Add ``geometry`` to the verdicts: WKB and CRS as they were given, by the rules of GeoParquet."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": block.crs.to_json_dict()}
    about: dict[str, Any] = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = verdicts.append_column("geometry", block.wkb.filter(pa.array(checked)).cast(pa.binary()))
    return add_metadata(table, b"geo", about)


def add_metadata(table: pa.Table, key: bytes, about: dict[str, Any]) -> pa.Table:
    """Add an entry, as JSON, to the metadata of a table."""
    text = json.dumps(about, ensure_ascii=False).encode()
    return table.replace_schema_metadata({**(table.schema.metadata or {}), key: text})


def add_distances(overlaps: pa.Table, block: Block, checked: NDArray[np.bool_], index: Index) -> pa.Table:
    """Add ``distance_m`` to the overlaps: from the parcel to the nearest feature of the layer, on the ellipsoid.

    Notes
    -----
    Rows are in the order of parcels and layers, and the row for the land outside is the last of each parcel and layer,
    so that the rows for the land outside which stand before a row tell its parcel and layer.
    """
    outside = pc.equal(overlaps["feature_id"].cast(pa.string()), "").to_numpy()
    slot = np.cumsum(outside) - outside
    met = np.zeros(int(outside.sum()), dtype=bool)
    met[slot[~outside]] = True
    outlines = block.wkb.filter(pa.array(checked))
    lonlat = to_lonlat(
        shapely.force_2d(shapely.from_wkb(outlines.to_numpy(zero_copy_only=False))), block.crs, edges="grid"
    )
    apart = ~met.reshape(len(lonlat), len(index.layers))
    away = measure_distances(index.near, to_grid(lonlat, index.near[0].zone), apart)
    distance = np.zeros(len(outside))
    distance[outside] = away.ravel()
    return overlaps.append_column("distance_m", pa.array(distance))
