"""Declared areas held against computed ones: the first thing that shows a parcel misread or misdrawn."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from qy_gis.columns import SOURCE_FILE
from qy_gis.measure.outlines import Outlines, take_outlines
from qy_gis.parcels.repairs import Repair

#: What a declared area may differ by: this for each vertex, for rounded coordinates.
PER_VERTEX_M2 = 0.01

#: More than this share is flagged whatever the number of vertices.
MAX_SHARE = 0.01

#: Half of the last digit of an area in 公顷 with four decimals, and in m2 with two.
_HALF_HA_DIGIT_M2, _HALF_M2_DIGIT_M2 = 0.5, 0.005


def compare_declared(parcels: gpd.GeoDataFrame, area_m2: ArrayLike) -> list[dict[str, Any]]:
    """Return the parcels whose declared area differs from the computed one, as rows of the ``repairs`` table.

    Parameters
    ----------
    parcels
        Prepared parcels, in the CRS they were given in.
    area_m2
        Their statutory areas, of shape (n,).

    Returns
    -------
    list
        One row for each parcel that is off by more than 0.01 m2 a vertex or more than 1 %: ``parcel_id``, ``file``,
        ``line`` (None), ``what``, ``before`` (the declared area), ``after`` (the computed one, the difference in m2 and
        ppm). Nothing is changed in the parcel.

    Notes
    -----
    Half of the last digit is granted: an area in 公顷 has four decimals, which is whole m2. A declared area that is the
    *planar* area of the grid is said to be that: it is the commonest reason, and no misreading.

    Examples
    --------
    >>> import shapely
    >>> from qy_gis.parcels.prepare import prepare_parcels
    >>> plots = [shapely.box(403000, 2622000, 403050, 2622040)] * 2
    >>> given = {"parcel_id": ["A", "B"], "declared_m2": [2000.0, 2100.0]}
    >>> parcels = prepare_parcels(gpd.GeoDataFrame(given, geometry=plots, crs="EPSG:4547"))
    >>> [(row["parcel_id"], row["before"], row["after"]) for row in compare_declared(parcels, [1999.54, 1999.54])]
    [('B', '2100.00 m2', '1999.54 m2 (+100.46 m2, +50242 ppm)')]
    """
    computed = np.asarray(area_m2, dtype=float)
    outlines = take_outlines(parcels.geometry.to_numpy())
    rows = find_misdeclared(parcels["declared_m2"].to_numpy(dtype=float), computed, outlines, parcels.crs)
    ids, files = parcels["parcel_id"], parcels[SOURCE_FILE]
    return [{"parcel_id": ids.iloc[at], "file": files.iloc[at], **row} for at, row in rows.items()]


def find_misdeclared(
    declared: NDArray[np.float64], computed: NDArray[np.float64], outlines: Outlines, crs: CRS
) -> dict[int, Repair]:
    """Return what `compare_declared` tells, by the place of the parcel; areas in m2, outlines in ``crs``."""
    half = np.where(np.isclose(declared, np.round(declared), rtol=0, atol=1e-6), _HALF_HA_DIGIT_M2, _HALF_M2_DIGIT_M2)
    # Every ring has its first point twice.
    vertices = np.diff(outlines.ring_first[outlines.first_ring]) - np.diff(outlines.first_ring)
    difference = declared - computed
    allowed = np.minimum(PER_VERTEX_M2 * vertices + half, MAX_SHARE * computed + half)
    off = np.flatnonzero(np.abs(difference) > allowed)
    planar = outlines.take(off).areas() if crs.is_projected else np.full(len(off), np.nan)
    rows = {}
    for i, in_grid in zip(off.tolist(), planar.tolist(), strict=True):
        is_planar = abs(declared[i] - in_grid) <= half[i] + PER_VERTEX_M2 * vertices[i]
        planar_words = "申报的是平面面积 / the declared area is the planar one"
        why = planar_words if is_planar else "申报面积与计算面积不符 / the declared area differs from the computed one"
        ppm = difference[i] / computed[i] * 1e6
        rows[i] = Repair(
            line=None,
            what=why,
            before=f"{declared[i]:.2f} m2",
            after=f"{computed[i]:.2f} m2 ({difference[i]:+.2f} m2, {ppm:+.0f} ppm)",
        )
    return rows
