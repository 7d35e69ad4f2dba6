"""Tables for readers: the overlaps of a result in three units, rounded so that every column adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis.measure.units import round_parts, to_hectares, to_mu
from qy_gis.verdict.check import CheckResult


def in_units(area_m2: float) -> tuple[str, str, str]:
    """Return an area as text in m2, 公顷 and 亩, rounded as the rows of `tabulate_overlaps` add up to.

    Examples
    --------
    >>> in_units(39991.2849999999)
    ('39,991.28', '3.9991', '59.99')
    """
    areas = ((area_m2, 2), (float(to_hectares(area_m2)), 4), (float(to_mu(area_m2)), 2))
    m2, ha, mu = (f"{round_parts([area], decimals=decimals)[0]:,.{decimals}f}" for area, decimals in areas)
    return m2, ha, mu


def tabulate_overlaps(result: CheckResult) -> pd.DataFrame:
    """Tabulate where each parcel lies, layer by layer, in m2, 公顷 and 亩.

    Parameters
    ----------
    result
        What `qy_gis.check` returned.

    Returns
    -------
    pandas.DataFrame
        One row per parcel and feature with which it shares land, and one for the land outside each layer that the
        parcel meets: ``parcel_id``, ``layer``, ``feature_id`` and ``feature_name`` ("" outside), ``relation``,
        ``area_m2`` (2 decimals), ``area_ha`` (4), ``area_mu`` (2) and ``share``. Within a layer whose features do not
        overlap one another, the rows add up to the parcel in each unit. A feature that is only touched has no row.

    Examples
    --------
    >>> import qy_gis as qy
    >>> from qy_gis.plan.read import bundled_folder
    >>> examples = bundled_folder("examples")
    >>> parcels = qy.read_parcels(examples / "parcels" / "zone_border.geojson")
    >>> table = tabulate_overlaps(qy.check(parcels, industry="新能源"))
    >>> table.loc[table["layer"] == "county", ["feature_name", "area_m2", "area_ha", "area_mu"]].values.tolist()
    [['清新区', 57250.21, 5.725, 85.87], ['阳山县', 62691.11, 6.2691, 94.04]]
    """
    overlaps = result.overlaps
    exact, outside = overlaps["area_m2"].to_numpy(copy=True), (overlaps["feature_id"] == "").to_numpy()
    # The rows of a parcel and layer stand together, that of the land outside last.
    whole = np.cumsum(outside) - outside
    # Contact has no area to show: what the lines differ by is land outside.
    touching = np.flatnonzero(overlaps["relation"] == "touches")
    np.add.at(exact, np.flatnonzero(outside)[whole[touching]], exact[touching])
    exact[touching] = 0
    met = np.unique(whole[(exact > 0) & ~outside])
    kept = np.flatnonzero((exact > 0) & np.isin(whole, met))
    first = np.flatnonzero(np.diff(whole[kept], prepend=-1))

    beyond = np.split(outside[kept], first[1:])

    def rounded(parts: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
        groups = zip(np.split(parts, first[1:]), beyond, strict=True)
        return np.concatenate([_round_group(part, rest, decimals) for part, rest in groups])

    names = ("parcel_id", "layer", "feature_id", "feature_name", "relation")
    columns = {name: overlaps[name].array[kept] for name in names}
    areas = {
        "area_m2": rounded(exact[kept], 2),
        "area_ha": rounded(to_hectares(exact[kept]), 4),
        "area_mu": rounded(to_mu(exact[kept]), 2),
    }
    table = pd.DataFrame({**columns, **areas, "share": overlaps["share"].array[kept]})
    return table[table["area_m2"] > 0].reset_index(drop=True)


def _round_group(parts: NDArray[np.float64], beyond: NDArray[np.bool_], decimals: int) -> NDArray[np.float64]:
    """Round the rows of a parcel and layer so that they add up.

    Features have the figure that the reasons have; what rounding leaves over is of the land outside, the last row.
    """
    even = np.round(parts, decimals)
    if len(parts) > 1 and beyond[-1]:
        even[-1] = np.round(np.round(parts.sum(), decimals) - even[:-1].sum(), decimals)
        if even[-1] >= 0:
            return even
    return round_parts(parts, decimals=decimals)
