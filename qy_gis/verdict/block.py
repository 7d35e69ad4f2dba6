"""Check one block of parcels of a large file: outlines in, Arrow tables out. No file is read or written here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from qy_gis.errors import GeometryError
from qy_gis.measure.outlines import Outlines, outlines_to_plane
from qy_gis.overlay.index import open_index
from qy_gis.overlay.overlap import measure_parcels
from qy_gis.overlay.table import find_distances
from qy_gis.parcels.stream import Block
from qy_gis.parcels.wkb import find_simple, read_outlines
from qy_gis.plan.model import Plan
from qy_gis.verdict.check import LEAST_M2
from qy_gis.verdict.rules import judge_rules
from qy_gis.verdict.tables import arrow_findings, arrow_overlaps, arrow_verdicts

#: Tables of a block, in the order in which they are written.
TABLES = ("rejects", "overlaps", "findings", "verdicts")

_OUT_OF_REACH = "coordinates outside the CRS / 坐标超出坐标系范围"

_REJECTS = pa.schema([("parcel_id", pa.string()), ("row", pa.int64()), ("reason", pa.string())])


def check_block(
    block: Block, plan: Plan, *, industry: str | None, tolerance_m2: float | None, distances: bool, strict: bool
) -> dict[str, pa.Table]:
    """Check the parcels of one block.

    Parameters
    ----------
    block
        Parcels of a stream.
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
        A table for each of `TABLES`: ``rejects`` with ``parcel_id``, ``row`` and ``reason``; the others as in
        `qy_gis.verdict.tables`.

    Raises
    ------
    GeometryError
        ``strict``, and a parcel cannot be checked.
    """
    outlines, reasons = screen_block(block)
    good = np.flatnonzero(reasons == "")
    in_plane = outlines_to_plane(outlines.take(good), block.crs)
    specks = in_plane.areas() < LEAST_M2
    if specks.any():
        reasons[good[specks]] = f"smaller than {LEAST_M2} m2 / 面积过小"
        good, in_plane = good[~specks], in_plane.take(np.flatnonzero(~specks))
    bad = np.flatnonzero(reasons != "")
    if strict and len(bad):
        row = int(bad[0])
        raise GeometryError(f"row {block.first_row + row} ({block.ids[row]}): {reasons[row]}")
    ids = block.ids.take(pa.array(good))
    index = open_index(plan)
    measured = measure_parcels(in_plane, index)
    distance_m = find_distances(measured, index, outlines.take(good), block.crs) if distances else None
    judged = judge_rules(measured, plan, industry=industry, tolerance_m2=tolerance_m2)
    rejects = {"parcel_id": block.ids.take(pa.array(bad)), "row": bad + block.first_row, "reason": reasons[bad]}
    return {
        "rejects": pa.table(rejects, schema=_REJECTS),
        "overlaps": arrow_overlaps(measured, index, ids, distance_m=distance_m),
        "findings": arrow_findings(judged, plan, ids),
        "verdicts": arrow_verdicts(judged, measured, ids),
    }


def screen_block(block: Block) -> tuple[Outlines, NDArray[np.object_]]:
    """Return the outlines of a block in its CRS, and why each cannot be checked ("" if it can)."""
    outlines = read_outlines(block.wkb)
    reasons = np.full(len(outlines), "", dtype=object)
    x0, y0, x1, y1 = outlines.bounds().T
    east, north = (180.0, 90.0) if block.crs.is_geographic else (1e8, 1e8)
    reasons[~((x0 >= -east) & (x1 <= east) & (y0 >= -north) & (y1 <= north))] = _OUT_OF_REACH
    doubtful = np.flatnonzero(~find_simple(outlines))
    shapes = shapely.from_wkb(block.wkb.take(pa.array(doubtful)).to_pylist(), on_invalid="ignore")
    kind = shapely.get_type_id(shapes)
    for wrong, reason in [
        (~shapely.is_valid(shapes), "the outline crosses itself / 图形自相交"),
        (~np.isin(kind, (3, 6)), "not a polygon / 不是面"),
        (shapely.is_empty(shapes), "an empty outline / 空图形"),
        (shapely.is_missing(shapes), "no outline, or one that cannot be read / 没有图形或无法读取"),
    ]:
        reasons[doubtful[wrong]] = reason
    reasons[block.repeated] = "the id was used before / 编号重复"
    return outlines, reasons
