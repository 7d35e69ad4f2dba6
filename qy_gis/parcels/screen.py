"""A block of a large file through the gate: plain outlines pass at a glance, all others as in a single check.

Plain is an outline of one ring that surely does not meet itself, has no double point and no spike, and lies within the
reach of its CRS. Nothing of it would be changed. Whatever is not plain goes through
`qy_gis.parcels.geometry.examine_outlines`, as a table of parcels does, so that it is repaired, told or refused in the
same words.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from qy_gis.measure.outlines import Outlines, take_outlines
from qy_gis.measure.reach import find_outside, longest_edge
from qy_gis.parcels.faults import Fault, Faults, Kind
from qy_gis.parcels.geometry import examine_outlines
from qy_gis.parcels.prepare import fault_of_id, flatten_crs, read_declared
from qy_gis.parcels.repairs import Repairs
from qy_gis.parcels.stream import Block
from qy_gis.parcels.wkb import bytes_of, find_simple, read_outlines

#: How WKB begins: byte order (1 for little-endian), and type.
_HEAD = np.dtype([("order", "u1"), ("type", "<u4")])


class Screened(NamedTuple):
    """A block after the gate.

    Attributes
    ----------
    outlines
        In the CRS of the file, of shape (n,); of those at fault whatever there is.
    wkb
        The same as bytes: as they were given where nothing was repaired.
    declared
        Declared areas (m2), NaN where there is none; None if no parcel has one.
    repairs, faults
        By the place in the block.
    """

    outlines: Outlines
    wkb: pa.BinaryArray
    declared: NDArray[np.float64] | None
    repairs: Repairs
    faults: Faults


def screen_block(block: Block, *, repair: bool = False) -> Screened:
    """Return the parcels of a block cleaned, what was repaired, and those that cannot be checked.

    Parameters
    ----------
    block
        Parcels of a stream.
    repair
        Accept a mended outline whatever it does to the area.
    """
    crs = flatten_crs(block.crs)
    outlines, wkb = read_outlines(block.wkb), block.wkb
    bounds = outlines.bounds()
    simple = find_simple(outlines, geographic=crs.is_geographic)
    small = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) <= longest_edge(crs)
    doubtful = np.flatnonzero(~(simple & small & _is_flat(wkb) & ~find_outside(bounds, crs)))

    with np.errstate(invalid="ignore"):
        shapes: Any = shapely.from_wkb(wkb.take(pa.array(doubtful)).to_pylist(), on_invalid="ignore")
    found = examine_outlines(shapes, crs, repair=repair)
    repairs: Repairs = defaultdict(list)
    repairs.update({int(doubtful[at]): done for at, done in found.repairs.items()})
    faults = {int(doubtful[at]): fault for at, fault in found.faults.items()}
    present = np.diff(bytes_of(wkb)[1]) > 0
    for at in doubtful[shapely.is_missing(shapes) & present[doubtful]].tolist():
        faults[at] = Fault(Kind.OUTLINE, "geometry that cannot be read", "图形无法读取")

    changed = np.array([at for at, row in enumerate(doubtful.tolist()) if row in repairs and row not in faults], int)
    if len(changed):
        outlines = _put(outlines, doubtful[changed], found.polygons[changed])
        texts = np.array(wkb.to_pylist(), dtype=object)
        texts[doubtful[changed]] = shapely.to_wkb(found.polygons[changed])
        wkb = pa.array(texts, pa.binary())

    declared = None
    if block.declared is not None:
        numbers, undeclared = read_declared(block.declared.to_pandas())
        declared = numbers.to_numpy()
        faults |= undeclared
    empty = pc.equal(block.ids, "").to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(block.repeated | empty).tolist():
        faults[at] = fault_of_id(block.ids[at].as_py())
    return Screened(outlines, wkb, declared, repairs, faults)


def _is_flat(wkb: pa.BinaryArray) -> NDArray[np.bool_]:
    """Return which geometries are polygons or multipolygons in two dimensions: of others there is something to tell."""
    data, first = bytes_of(wkb)
    flat = np.diff(first) >= _HEAD.itemsize
    heads = np.stack([data[first[:-1][flat] + place] for place in range(_HEAD.itemsize)], axis=1)
    head = np.ascontiguousarray(heads).view(_HEAD)[:, 0]
    flat[flat] = (head["order"] == 1) & ((head["type"] == 3) | (head["type"] == 6))
    return flat


def _put(outlines: Outlines, rows: NDArray[np.int64], polygons: NDArray[np.object_]) -> Outlines:
    """Return outlines with those of some rows replaced by polygons."""
    new = take_outlines(polygons)
    both = Outlines(
        np.concatenate([outlines.x, new.x]),
        np.concatenate([outlines.y, new.y]),
        np.concatenate([outlines.ring_first, outlines.ring_first[-1] + new.ring_first[1:]]),
        np.concatenate([outlines.hole, new.hole]),
        np.concatenate([outlines.first_ring, outlines.first_ring[-1] + new.first_ring[1:]]),
    )
    order = np.arange(len(outlines))
    order[rows] = len(outlines) + np.arange(len(rows))
    return both.take(order)
