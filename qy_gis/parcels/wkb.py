"""Outlines from well-known binary, and which of them are simple beyond doubt (the loops are in `wkb_kernel`)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from qy_gis.compiling import code_for
from qy_gis.measure.outlines import Outlines
from qy_gis.parcels import wkb_kernel

#: About the microseconds that plain Python takes to read a byte, and to look at a corner.
_BYTE_US, _CORNER_US = 0.04, 13


def read_outlines(wkb: pa.BinaryArray) -> Outlines:
    """Return polygons and multipolygons in a column of WKB as outlines without Z, and of all else outlines of no ring.

    Nothing is checked but that the bytes are what they say; see `find_simple`.
    """
    data, first = bytes_of(wkb)
    code = code_for(wkb_kernel, microseconds=_BYTE_US * len(data))
    rings, corners = np.empty(len(wkb), dtype=np.int64), np.empty(len(wkb), dtype=np.int64)
    code.measure_outlines(data, first, rings, corners)
    unread = np.flatnonzero((rings == 0) & (np.diff(first) > 0))
    if len(unread):
        # Heights, other byte orders, or no polygons at all: GEOS writes what it can make of them in the plain form.
        shapes = shapely.force_2d(shapely.from_wkb(wkb.take(pa.array(unread)).to_pylist(), on_invalid="ignore"))
        plain = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
        if plain.any():
            column = np.array(wkb.to_pylist(), dtype=object)
            column[unread] = None
            column[unread[plain]] = shapely.to_wkb(shapes[plain], byte_order=1)
            data, first = bytes_of(pa.array(column, pa.binary()))
            code.measure_outlines(data, first, rings, corners)
    raw = np.empty(16 * corners.sum(), dtype=np.uint8)
    ring_first, hole = np.empty(rings.sum() + 1, dtype=np.int64), np.empty(rings.sum(), dtype=np.bool_)
    code.copy_outlines(data, first, rings, raw, ring_first, hole)
    x, y = (np.ascontiguousarray(column) for column in raw.view("<f8").reshape(-1, 2).T)
    return Outlines(x, y, ring_first, hole, np.concatenate([[0], np.cumsum(rings)]).astype(np.int64))


def find_simple(outlines: Outlines, *, geographic: bool) -> NDArray[np.bool_]:
    """Return which outlines are one closed ring that surely does not meet itself, without double points or spikes.

    Of the others GEOS has to decide. ``geographic`` is whether coordinates are degrees, not metres.
    """
    out = np.empty(len(outlines), dtype=np.bool_)
    code = code_for(wkb_kernel, microseconds=_CORNER_US * len(outlines.x))
    code.find_plainly_simple(outlines.x, outlines.y, outlines.ring_first, outlines.first_ring, geographic, out)
    return out


def bytes_of(wkb: pa.BinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of a column and where each value begins, of shape (n + 1,); missing values have no bytes."""
    wide = pa.types.is_large_binary(wkb.type)
    _, ends, data = wkb.buffers()
    first = np.frombuffer(ends, np.int64 if wide else np.int32)[wkb.offset : wkb.offset + len(wkb) + 1]
    content = np.zeros(0, dtype=np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return content, first.astype(np.int64)
