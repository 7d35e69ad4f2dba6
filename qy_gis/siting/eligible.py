"""Eligible land: what the rules leave, and what each of them costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from qy_gis import columns
from qy_gis.errors import ArgumentError
from qy_gis.measure.crs import CGCS2000
from qy_gis.measure.plane import unproject
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Progress
from qy_gis.plan.model import Plan, Severity
from qy_gis.siting.ground import CLEAR, SEVERITIES, TAKEN, UNKNOWN, Constraint, Ground, survey_ground
from qy_gis.verdict.findings import title_rule
from qy_gis.verdict.rules import BUILT_IN

#: Lines of two layers that were to be one leave strips of millimetres between them. Thinner ones than this (mean width,
#: metres) are no land that anyone could use, and are left out.
SLIVER_M = 0.01


def eligible_area(
    plan: Plan,
    *,
    industry: str | None = None,
    within: str | gpd.GeoDataFrame | None = None,
    unknown: Literal["keep", "drop"] = "drop",
    severities: Sequence[Severity] = SEVERITIES,
    setbacks: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Return the land that the rules of a plan leave.

    Parameters
    ----------
    plan
        The plan.
    industry
        Key, title or alias of the industry. Without it, rules for certain industries leave their land unknown.
    within
        Name or id of a feature of the study area (a county), or polygons of your own; the whole study area if None.
    unknown
        ``"drop"`` leaves out land on which some rule cannot be decided; ``"keep"`` returns it too, with the verdict
        ``undetermined``. It is never counted among what is surely left.
    severities
        The severities whose rules take land. With ``["prohibit"]`` land that needs an approval stays, as
        ``conditional``. Land on which a rule of another severity is unknown is unknown all the same.
    setbacks
        Metres to keep off the features of a layer, by its key; features outside the study area count too.
    progress
        Called as ``progress(done, total, what)`` while layers are projected and the land is split. Of one question the
        land is split once: the costs and the sites that are asked for next come quickly.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `qy_gis.columns.ELIGIBLE` and the geometry (EPSG:4490), one row per contiguous part, the largest first
        within each verdict. ``verdict`` is that of `qy_gis.check` for a parcel in the part.

    Raises
    ------
    ArgumentError
        An argument has a value that is not accepted.
    PlanError
        The plan's data have faults.

    Notes
    -----
    Land is taken, left or unknown point by point: the tolerances of rules are for parcels and make no land eligible.

    Examples
    --------
    With the bundled plan alone nothing is sure, because it holds no control lines:

    >>> import qy_gis as qy
    >>> plan = qy.read_plan()
    >>> len(qy.eligible_area(plan, industry="新能源"))
    0
    >>> parts = qy.eligible_area(plan, industry="新能源", unknown="keep")
    >>> parts["verdict"].unique().tolist()
    ['undetermined']
    """
    if unknown not in ("keep", "drop"):
        raise ArgumentError(
            f"unknown={unknown!r} is not accepted; accepted: 'keep', 'drop'",
            zh=f"unknown={unknown!r} 无效，应为 'keep' 或 'drop'",
        )
    ground = survey_ground(
        plan, industry=industry, within=within, severities=severities, setbacks=setbacks, progress=progress
    )
    left = ground.status <= (UNKNOWN if unknown == "keep" else CLEAR)
    verdict = ground.verdict
    # Land that a setback leaves open is no matter of a check, but it is not known to be eligible either.
    verdict[ground.status == UNKNOWN] = "undetermined"
    rows = []
    for name in ("suitable", "conditional", "undetermined"):
        parts = shapely.get_parts(shapely.coverage_union_all(ground.pieces[left & (verdict == name)]))
        parts = parts[2 * shapely.area(parts) > SLIVER_M * shapely.length(parts)]
        parts = parts[np.argsort(-shapely.area(parts), kind="stable")]
        rows += [(name, part) for part in parts]
    polygons = np.array([part for _, part in rows], dtype=object)
    area = shapely.area(polygons)
    table = pd.DataFrame(
        {
            "part_id": [f"E{number}" for number in range(1, len(rows) + 1)],
            "verdict": [name for name, _ in rows],
            "area_m2": area,
            "area_ha": to_hectares(area),
            "area_mu": to_mu(area),
        }
    )[columns.ELIGIBLE]
    return gpd.GeoDataFrame(table, geometry=unproject(polygons), crs=CGCS2000)


def rule_costs(
    plan: Plan,
    *,
    industry: str | None = None,
    within: str | gpd.GeoDataFrame | None = None,
    severities: Sequence[Severity] = SEVERITIES,
    setbacks: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what each rule costs: alone, after those before it, and what would be gained without it.

    Parameters
    ----------
    plan, industry, within, severities, setbacks, progress
        As for `eligible_area`.

    Returns
    -------
    pandas.DataFrame
        Columns `qy_gis.columns.RULE_COSTS`. The first row (``step`` "land") is the land asked about; one row per rule
        and setback follows ("rule", "setback"), then the land left unknown ("unknown"), then what is surely left
        ("eligible"). ``change_m2`` is what the row takes after those above it and ``left_m2`` what remains, so the
        column adds up. Of rules and setbacks: ``alone_m2`` and ``unknown_m2`` are the land each surely takes and leaves
        unknown by itself; ``marginal_m2`` is the land that would be surely eligible if it were not for this one.

    Raises
    ------
    ArgumentError
        An argument has a value that is not accepted.
    PlanError
        The plan's data have faults.

    Examples
    --------
    >>> import qy_gis as qy
    >>> costs = qy.rule_costs(qy.read_plan(), industry="新能源", within="英德市")
    >>> costs.loc[costs["step"].isin(["land", "eligible"]), ["step", "left_m2"]].round(-6).values.tolist()
    [['land', 5637000000.0], ['eligible', 0.0]]
    """
    ground = survey_ground(
        plan, industry=industry, within=within, severities=severities, setbacks=setbacks, progress=progress
    )
    left = np.ones(len(ground.pieces), dtype=bool)
    total = float(ground.area_m2.sum())
    rows = [_row("land", "全部土地", "all land", change_m2=total, left_m2=total)]
    numbers = np.flatnonzero(ground.binding)
    # Of rules that take no land here, only what they leave unknown stands in the way.
    stands = (ground.effect == UNKNOWN) | ((ground.effect == TAKEN) & ground.binding)
    troubles = stands.sum(axis=1)
    for number in numbers:
        effect = ground.effect[:, number]
        if ground.constraints[number].concern == BUILT_IN and (effect == CLEAR).all():
            # No rule of the plan, and it has nothing to say.
            continue
        taken = left & (effect == TAKEN)
        left &= ~taken
        rows.append(
            _constraint_row(ground.constraints[number], plan)
            | {
                "alone_m2": _sum(ground, effect == TAKEN),
                "unknown_m2": _sum(ground, effect == UNKNOWN),
                "change_m2": 0.0 - _sum(ground, taken),
                "left_m2": _sum(ground, left),
                "marginal_m2": _sum(ground, (effect != CLEAR) & (troubles == 1)),
            }
        )
    open_m2 = _sum(ground, ground.status == UNKNOWN)
    eligible_m2 = _sum(ground, ground.status == CLEAR)
    rows.append(_row("unknown", "待核实", "to be verified", change_m2=0.0 - open_m2, left_m2=eligible_m2))
    rows.append(_row("eligible", "可选土地", "eligible land", change_m2=0.0, left_m2=eligible_m2))
    return pd.DataFrame(rows, columns=columns.RULE_COSTS)


def _sum(ground: Ground, chosen: Any) -> float:
    return float(ground.area_m2[chosen].sum())


def _row(step: str, title: str, title_en: str, *, change_m2: float, left_m2: float) -> dict[str, Any]:
    texts = {"step": step, "layer": "", "rule": "", "severity": "", "title": title, "title_en": title_en}
    areas = {"alone_m2": np.nan, "unknown_m2": np.nan, "change_m2": change_m2, "left_m2": left_m2}
    return {**texts, **areas, "marginal_m2": np.nan}


def _constraint_row(constraint: Constraint, plan: Plan) -> dict[str, Any]:
    layer, rule = plan.layers[constraint.layer], constraint.rule
    if rule is None:
        metres = f"{constraint.distance_m:,g} m"
        texts = {"step": "setback", "rule": "", "severity": ""}
        titles = f"距{layer.title.zh}不足 {metres}", f"within {metres} of {layer.title.en}"
    else:
        texts = {"step": "rule", "rule": rule.key, "severity": rule.severity}
        titles = title_rule(layer, rule)
    return {**texts, "layer": constraint.layer, "title": titles[0], "title_en": titles[1]}
