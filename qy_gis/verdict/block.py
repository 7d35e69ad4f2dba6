"""Check one block of parcels of a large file: outlines in, Arrow tables out. No file is read or written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.measure.outlines import outlines_to_plane
from qy_gis.overlay.index import open_index
from qy_gis.overlay.overlap import measure_parcels
from qy_gis.overlay.table import find_distances
from qy_gis.parcels.declared import find_misdeclared
from qy_gis.parcels.faults import refuse_row
from qy_gis.parcels.repairs import Repair
from qy_gis.parcels.screen import Screened
from qy_gis.parcels.stream import Block
from qy_gis.plan.model import Plan
from qy_gis.verdict.check import LEAST_M2, SPECK
from qy_gis.verdict.rules import judge_rules
from qy_gis.verdict.tables import tabulate_findings, tabulate_overlaps, tabulate_verdicts, to_arrow

#: Tables of a block, in the order in which they are written.
TABLES = ("rejects", "repairs", "overlaps", "findings", "verdicts")

_REJECTS = pa.schema([("parcel_id", pa.string()), ("row", pa.int64()), ("reason", pa.string())])
_REPAIRS = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in columns.REPAIRS])


def check_block(
    block: Block,
    screened: Screened,
    plan: Plan,
    *,
    industry: str | None,
    tolerance_m2: float | None,
    distances: bool,
    strict: bool,
) -> dict[str, pa.Table]:
    """Check the parcels of one block.

    Parameters
    ----------
    block
        Parcels of a stream.
    screened
        The same after the gate (`qy_gis.parcels.screen.screen_block`).
    plan
        What they are held against.
    industry
        Key of an industry of the plan, or None.
    tolerance_m2
        As for `qy_gis.check`.
    distances
        Add ``distance_m`` to the overlaps.
    strict
        Raise for the first parcel that cannot be checked, instead of listing it.

    Returns
    -------
    dict
        A table for each of `TABLES`: ``rejects`` with ``parcel_id``, ``row`` and ``reason``; ``repairs`` with the
        columns `qy_gis.columns.REPAIRS`; the others as in `qy_gis.verdict.tables`.

    Raises
    ------
    GeometryError, CRSError, SourceError
        ``strict``, and a parcel cannot be checked.
    """
    outlines, _, declared, repairs, faults = screened
    good = np.setdiff1d(np.arange(block.rows), list(faults))
    in_plane = outlines_to_plane(outlines.take(good), block.crs)
    specks = in_plane.areas() < LEAST_M2
    if specks.any():
        faults |= dict.fromkeys(good[specks].tolist(), SPECK)
        good, in_plane = good[~specks], in_plane.take(np.flatnonzero(~specks))
    if strict and faults:
        row = min(faults)
        refuse_row(faults[row], block.first_row + row, block.ids[row].as_py())
    ids = block.ids.take(pa.array(good))
    index = open_index(plan)
    measured = measure_parcels(in_plane, index)
    distance_m = find_distances(measured, index, outlines.take(good), block.crs) if distances else None
    judged = judge_rules(measured, plan, industry=industry, tolerance_m2=tolerance_m2)
    table_of_repairs = _tabulate_repairs(block, repairs, good)
    if declared is not None:
        off = find_misdeclared(declared[good], measured.parcel_m2, outlines.take(good), block.crs)
        told = _tabulate_repairs(block, {int(good[at]): [repair] for at, repair in off.items()}, good)
        table_of_repairs = pa.concat_tables([table_of_repairs, told])
    bad = sorted(faults)
    rejects = {
        "parcel_id": block.ids.take(pa.array(bad, pa.int64())),
        "row": [block.first_row + row for row in bad],
        "reason": [faults[row].reason for row in bad],
    }
    return {
        "rejects": pa.table(rejects, schema=_REJECTS),
        "repairs": table_of_repairs,
        "overlaps": to_arrow(tabulate_overlaps(measured, index, ids, distance_m=distance_m)),
        "findings": to_arrow(tabulate_findings(judged, plan, ids, distance_m=distance_m)),
        "verdicts": to_arrow(tabulate_verdicts(judged, plan, ids, measured=measured)),
    }


def _tabulate_repairs(block: Block, repairs: Mapping[int, Sequence[Repair]], good: NDArray[np.int64]) -> pa.Table:
    """Return the repairs of the parcels that were checked, as the table ``repairs`` of a single check has them."""
    checked = sorted(set(repairs).intersection(good.tolist()))
    rows = [
        {"parcel_id": block.ids[at].as_py(), "file": block.title, **repair} for at in checked for repair in repairs[at]
    ]
    return pa.Table.from_pylist(rows, schema=_REPAIRS)
