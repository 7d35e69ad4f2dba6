"""Kinds of rule: what of a parcel stands against a rule, and what follows from that.

A kind of rule is one function: it takes how much of a parcel lies outside the layer and returns how much of the parcel
stands against the rule. Adding a kind is adding a function to `KINDS` and its name to `qy_gis.plan.model.RuleKind`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.plan.model import Layer, Plan, Rule, RuleKind

Areas = NDArray[np.float64]


class Interval(NamedTuple):
    """Areas (m2) of shape (n,): as drawn, and the least and the most that accuracy and coverage allow."""

    nominal: Areas
    low: Areas
    high: Areas


def outside(parcel_m2: Areas, beyond: Interval) -> Interval:
    """Return what stands against keeping off the layer: the part of the parcel that lies in it.

    ``beyond`` is the part of the parcel outside the layer.
    """
    return Interval(parcel_m2 - beyond.nominal, parcel_m2 - beyond.high, parcel_m2 - beyond.low)


def inside(parcel_m2: Areas, beyond: Interval) -> Interval:
    """Return what stands against lying inside the layer: the part of the parcel outside it."""
    return beyond


KINDS: dict[RuleKind, Callable[[Areas, Interval], Interval]] = {"inside": inside, "outside": outside}

_PART = {"inside": ("位于{title}之外", "outside {title}"), "outside": ("位于{title}之内", "inside {title}")}


def judge_rules(
    outside_rows: pd.DataFrame, parcel_m2: pd.Series, plan: Plan, *, industry: str | None, tolerance_m2: float | None
) -> pd.DataFrame:
    """Judge every parcel by every rule.

    Parameters
    ----------
    outside_rows
        The rows of the overlaps table with ``feature_id`` "": one per parcel and layer.
    parcel_m2
        Area of each parcel, indexed by ``parcel_id``.
    plan
        Holds the layers and rules.
    industry
        Key of an industry, or None when it was not stated.
    tolerance_m2
        Replaces the tolerance of every layer and rule; None keeps them.

    Returns
    -------
    pandas.DataFrame
        Columns `qy_gis.columns.FINDINGS`: one row per parcel and rule. ``overlap_m2``,
        ``low_m2`` and ``high_m2`` are the area that stands against the rule, ``limit`` the area it tolerates.

    Notes
    -----
    A rule passes when even the most that may stand against it is tolerated, fails when even the least is not, and is
    unknown otherwise. A rule for certain industries does not apply to others; when no industry was stated it can
    pass, but not fail.
    """
    tables = []
    for key, layer in plan.layers.items():
        rows = outside_rows[outside_rows["layer"] == key]
        for rule in layer.rules:
            tables.append(_judge(rows, parcel_m2, layer, rule, plan, industry, tolerance_m2))
    if not tables:
        return pd.DataFrame(columns=columns.FINDINGS)
    table = pd.concat(tables, ignore_index=True)
    # Rules stay in the plan's order within a parcel, and parcels in the order they came in.
    place = {parcel: number for number, parcel in enumerate(parcel_m2.index)}
    return table.sort_values("parcel_id", key=lambda ids: ids.map(place), kind="stable", ignore_index=True)


def _judge(
    rows: pd.DataFrame,
    parcel_m2: pd.Series,
    layer: Layer,
    rule: Rule,
    plan: Plan,
    industry: str | None,
    tolerance_m2: float | None,
) -> pd.DataFrame:
    areas = parcel_m2.loc[rows["parcel_id"]].to_numpy(dtype=np.float64)
    beyond = Interval(*(rows[name].to_numpy(dtype=np.float64) for name in ("area_m2", "low_m2", "high_m2")))
    against = KINDS[rule.kind](areas, beyond)
    limit = next(given for given in (tolerance_m2, rule.tolerance_m2, layer.tolerance_m2) if given is not None)
    outcome = np.where(against.high <= limit, "pass", np.where(against.low > limit, "fail", "unknown")).astype(object)
    reasons = [
        _explain(layer, rule, outcome[i], against.nominal[i], against.low[i], against.high[i], no_data, limit)
        for i, no_data in enumerate(rows["no_data_m2"])
    ]
    settle = np.where(outcome == "unknown", f"{rule.settle.zh} / {rule.settle.en}", "").astype(object)
    if rule.industries is not None and industry not in rule.industries:
        titles = [plan.industries[name].title for name in rule.industries]
        zh, en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
        if industry is None:
            # The land alone may clear the rule; if it does not, the industry decides.
            open_rows = outcome != "pass"
            outcome[open_rows] = "unknown"
            settle[open_rows] = "注明拟建项目的产业 / state the industry of the project"
            unstated = (f"未注明产业；本条适用于：{zh}。", f"No industry was stated; the rule applies to: {en}. ")
            reasons = [
                (unstated[0] + pair[0], unstated[1] + pair[1]) if is_open else pair
                for pair, is_open in zip(reasons, open_rows, strict=True)
            ]
        else:
            outcome[:], settle[:] = "pass", ""
            reasons = [(f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.")] * len(rows)
    return pd.DataFrame(
        {
            "parcel_id": rows["parcel_id"].to_numpy(),
            "layer": layer.key,
            "rule": rule.key,
            "severity": rule.severity,
            "outcome": outcome,
            "overlap_m2": against.nominal,
            "low_m2": against.low,
            "high_m2": against.high,
            "limit": limit,
            "reason": [zh for zh, _ in reasons],
            "reason_en": [en for _, en in reasons],
            "settle": settle,
            "document": rule.document,
            "article": rule.article,
            "date": rule.date.isoformat() if rule.date else "",
            "reviewed": rule.reviewed,
        }
    )


def _explain(
    layer: Layer, rule: Rule, outcome: str, nominal: float, low: float, high: float, no_data: float, limit: float
) -> tuple[str, str]:
    """Say in Chinese and English what was found, why that is the outcome, and what the document says."""
    if not layer.has_data:
        return (
            f"{layer.title.zh}没有数据，无法判断。{rule.reason.zh}",
            f"No data for {layer.title.en}: cannot be judged. {rule.reason.en}",
        )
    zh, en = _PART[rule.kind][0].format(title=layer.title.zh), _PART[rule.kind][1].format(title=layer.title.en)
    tolerated = (f"（容差 {limit:,.2f} m²）", f" (tolerance {limit:,.2f} m²)") if nominal > 0 else ("", "")
    if nominal > 0:
        found = (f"{nominal:,.2f} m² {zh}{tolerated[0]}。", f"{nominal:,.2f} m² {en}{tolerated[1]}.")
    else:
        found = (f"没有土地{zh}。", f"No land {en}.")
    if outcome == "pass":
        return found
    if outcome == "fail":
        return found[0] + rule.reason.zh, f"{found[1]} {rule.reason.en}"
    causes = []
    if no_data > 0:
        causes.append(
            (f"其中 {no_data:,.2f} m² 不在该图层的数据覆盖范围内", f"{no_data:,.2f} m² are not covered by the layer")
        )
    if layer.accuracy_m > 0:
        causes.append((f"界线可能偏差 {layer.accuracy_m:,.0f} m", f"its line may be off by {layer.accuracy_m:,.0f} m"))
    why_zh = "，".join(cause for cause, _ in causes)
    why_en = ", ".join(cause for _, cause in causes)
    span = f"{low:,.2f}–{high:,.2f} m²"
    return (
        f"{found[0]}{why_zh}，实际可能为 {span}，待核实。{rule.reason.zh}",
        f"{found[1]} But {why_en}: it may be {span}. {rule.reason.en}",
    )
