"""The tables of a siting as text for readers: one row of texts per line, headings in Chinese and English."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis import columns
from qy_gis.plan.model import Plan
from qy_gis.siting.criteria import Criteria, Criterion, Gaussian, Step
from qy_gis.siting.weights import find_inconsistency, weigh_criteria

_SITE_HEADS = {
    "rank": "名次 rank",
    "parcel_id": "编号 site",
    "name": "位置 where",
    "area_ha": "公顷 ha",
    "area_mu": "亩 mu",
    "width_m": "最窄 width (m)",
    "compactness": "紧凑度 compactness",
    "verdict": "结论 verdict",
    "score": "得分 score",
    "p_first": "居首概率 P(first)",
    "p_top3": "前三概率 P(top 3)",
    "shift": "改变名次的权重 shift",
}
_COST_HEADS = {
    "title": "规则 rule",
    "severity": "级别 severity",
    "alone_m2": "单独占用 alone (ha)",
    "unknown_m2": "待核实 unknown (ha)",
    "change_m2": "依次占用 in turn (ha)",
    "left_m2": "剩余 left (ha)",
    "marginal_m2": "没有本条可多出 without it (ha)",
}
_FINDING_HEADS = {
    "parcel_id": "编号 site",
    "outcome": "结果 outcome",
    "reason": "理由",
    "reason_en": "reason",
    "settle": "如何核实 to settle",
}
_DIGITS = {"area_ha": 4, "area_mu": 2, "width_m": 0, "compactness": 2, "score": 3}
_DIRECTIONS = {"less": "越小越好 less", "more": "越大越好 more", "near": "适中为好 near the best"}


def list_sites(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns of sites that a reader needs."""
    return pd.DataFrame(
        {head: [_say(value, name) for value in sites[name]] for name, head in _SITE_HEADS.items() if name in sites}
    )


def list_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Return what each rule takes, in hectares."""
    shown = costs.assign(
        title=costs["title"] + " " + costs["title_en"],
        severity=["·".join(columns.SEVERITY_TEXT[each]) if each else "" for each in costs["severity"]],
    )
    return pd.DataFrame(
        {
            head: [_hectares(value) if name.endswith("_m2") else str(value) for value in shown[name]]
            for name, head in _COST_HEADS.items()
        }
    )


def list_criteria(criteria: Criteria, plan: Plan) -> pd.DataFrame:
    """Return what each criterion measures, its unit, which way is better, what a value is worth, and its weight."""
    weights = weigh_criteria(criteria)
    return pd.DataFrame(
        [
            {
                "准则 criterion": f"{each.title.zh} {each.title.en}",
                "量什么 measure": _say_measure(each, plan),
                "单位 unit": each.unit,
                "方向 better": _DIRECTIONS[each.direction],
                "计值 worth": _say_worth(each),
                "权重 weight": f"{weights[each.key]:.1%}",
            }
            for each in criteria.criteria
        ]
    )


def list_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that do not pass."""
    standing = findings[findings["outcome"] != "pass"]
    return standing[[*_FINDING_HEADS]].rename(columns=_FINDING_HEADS).astype(str)


def list_asked(asked: dict[str, str], criteria: Criteria | None) -> pd.DataFrame:
    """Return what was asked, a line per demand, and where the weights of criteria come from."""
    if criteria is not None:
        ratio = find_inconsistency(criteria)
        source = {"given": "给定 given", "equal": "相等 equal", "ahp": "两两比较 comparisons in pairs (AHP)"}
        told = "" if ratio is None else f"; 一致性比率 consistency ratio {ratio:.3f}"
        asked = {**asked, "权重 weights": source[criteria.weights] + told}
    return pd.DataFrame({"所问 asked": [*asked], "": [*asked.values()]})


def _say(value: Any, name: str) -> str:
    if name == "verdict":
        return " ".join(columns.VERDICT_TEXT[value])
    if isinstance(value, float) and pd.isna(value):
        return "—"
    if name in ("p_first", "p_top3", "shift"):
        return f"{value:.1%}"
    return f"{value:,.{_DIGITS[name]}f}" if name in _DIGITS else str(value)


def _hectares(area_m2: float) -> str:
    # A minus before nothing would say that something is taken.
    return "—" if pd.isna(area_m2) else f"{round(area_m2 / 1e4, 1) + 0.0:,.1f}"


def _say_measure(criterion: Criterion, plan: Plan) -> str:
    if criterion.layer is None:
        return criterion.file or criterion.measure
    title = plan.layers[criterion.layer].title
    named = "" if criterion.features is None else f" ({', '.join(criterion.features)})"
    return f"{criterion.measure}: {title.zh} {title.en}{named}"


def _say_worth(criterion: Criterion) -> str:
    value = criterion.value
    if isinstance(value, Step):
        return f"{'≤' if value.better == 'below' else '≥'} {value.limit:,g} → 1"
    if isinstance(value, Gaussian):
        return f"{value.best:,g} → 1; ± {value.width:,g} → 0.61"
    return f"{value.worst:,g} → 0; {value.best:,g} → 1"
