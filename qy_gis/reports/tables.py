"""Tables for readers: the overlaps of a result in three units, rounded so that every column adds up."""

from __future__ import annotations

import pandas as pd

from qy_gis.measure.units import round_parts, to_hectares, to_mu
from qy_gis.verdict.check import CheckResult


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
        parcel meets: ``parcel_id``, ``layer``, ``feature_name`` ("" outside), ``relation``, ``area_m2`` (2 decimals),
        ``area_ha`` (4), ``area_mu`` (2) and ``share``. Within a layer whose features do not overlap one another, the
        rows add up to the parcel in each unit.

    Examples
    --------
    >>> import qy_gis as qy
    >>> from qy_gis.plan.read import bundled_folder
    >>> examples = bundled_folder("examples")
    >>> parcels = qy.read_parcels(examples / "parcels" / "zone_border.geojson")
    >>> table = tabulate_overlaps(qy.check(parcels, industry="新能源"))
    >>> table.loc[table["layer"] == "county", ["feature_name", "area_m2", "area_ha", "area_mu"]].values.tolist()
    [['清新区', 57254.89, 5.7255, 85.88], ['阳山县', 62686.43, 6.2686, 94.03]]
    """
    columns = ["parcel_id", "layer", "feature_name", "relation", "area_m2", "share"]
    overlaps = pd.DataFrame(result.overlaps[[*columns, "feature_id"]])
    shared = overlaps[overlaps["area_m2"] > 0]
    met = shared[shared["feature_id"] != ""][["parcel_id", "layer"]].drop_duplicates()
    table = shared.merge(met, on=["parcel_id", "layer"])[columns]
    exact = table["area_m2"]
    by_layer = [table["parcel_id"], table["layer"]]
    for name, parts, decimals in [
        ("area_m2", exact, 2),
        ("area_ha", pd.Series(to_hectares(exact), index=table.index), 4),
        ("area_mu", pd.Series(to_mu(exact), index=table.index), 2),
    ]:
        table[name] = parts.groupby(by_layer).transform(
            lambda part, places=decimals: round_parts(part, decimals=places)
        )
    return table[["parcel_id", "layer", "feature_name", "relation", "area_m2", "area_ha", "area_mu", "share"]]
