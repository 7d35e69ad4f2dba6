"""Findings and verdicts as tables, in words: what was found, why that is the outcome, and what the document says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.plan.model import Layer, Plan, Rule, RuleKind
from qy_gis.verdict.rules import FAIL, OTHER_INDUSTRY, PASS, UNKNOWN, UNSTATED, Judged

#: Verdicts by number, from worst to best.
VERDICTS = list(columns.VERDICT_TEXT)
PROHIBITED, UNDETERMINED, CONDITIONAL, SUITABLE = range(4)

#: What stands against each kind of rule: where that part of the parcel is.
_PART: dict[RuleKind, tuple[str, str]] = {
    "inside": ("位于{title}之外", "outside {title}"),
    "outside": ("位于{title}之内", "inside {title}"),
    "setback": ("距{title}不足 {metres:,g} m", "within {metres:,g} m of {title}"),
}
_STATE_INDUSTRY = "注明拟建项目的产业 / state the industry of the project"


def judge_parcels(judged: Judged) -> NDArray[np.int64]:
    """Return the verdict of each parcel, its worst finding, as a number in `VERDICTS`.

    A failed ``prohibit`` rule makes a parcel prohibited, anything unknown undetermined, a failed ``approve`` or
    ``advise`` rule conditional; else it is suitable.
    """
    failed, unknown = judged.outcome == FAIL, judged.outcome == UNKNOWN
    prohibits = np.array([rule.severity == "prohibit" for rule in judged.rules], dtype=bool)
    verdict = np.where(failed.any(axis=1), CONDITIONAL, SUITABLE)
    verdict[unknown.any(axis=1)] = UNDETERMINED
    verdict[(failed & prohibits).any(axis=1)] = PROHIBITED
    return verdict


def tabulate_findings(judged: Judged, plan: Plan, *, parcel_id: NDArray[np.object_]) -> pd.DataFrame:
    """Tabulate what was judged, with reasons.

    Parameters
    ----------
    judged, plan
        See `qy_gis.verdict.rules.judge_rules`.
    parcel_id
        Of shape (n,).

    Returns
    -------
    pandas.DataFrame
        Columns `qy_gis.columns.FINDINGS`: one row per parcel and rule, rules in the plan's order. ``overlap_m2``,
        ``low_m2`` and ``high_m2`` are the area that stands against the rule, ``limit`` the area it tolerates.
    """
    layers = list(plan.layers.values())
    layer_of = [layers[number] for number in judged.layer.tolist()]
    rows, rules = len(parcel_id), judged.rules
    asked = list(zip(layer_of, rules, judged.concern.tolist(), judged.limit.tolist(), strict=True))
    found = (judged.outcome, judged.nominal, judged.low, judged.high, judged.no_data)
    answers = zip(*(values.ravel().tolist() for values in found), strict=True)
    said = [
        _say(layer, rule, concern, limit, outcome, nominal, low, high, no_data, plan)
        for (layer, rule, concern, limit), (outcome, nominal, low, high, no_data) in zip(
            asked * rows, answers, strict=True
        )
    ]
    texts = {
        "parcel_id": [name for name in parcel_id for _ in rules],
        "layer": [layer.key for layer in layer_of] * rows,
        "rule": [rule.key for rule in rules] * rows,
        "severity": [rule.severity for rule in rules] * rows,
        "outcome": [columns.OUTCOMES[outcome] for outcome in judged.outcome.ravel().tolist()],
        "reason": [zh for zh, _, _ in said],
        "reason_en": [en for _, en, _ in said],
        "settle": [settle for _, _, settle in said],
        "document": [rule.document for rule in rules] * rows,
        "article": [rule.article for rule in rules] * rows,
        "date": [rule.date.isoformat() if rule.date else "" for rule in rules] * rows,
    }
    others = {
        "overlap_m2": judged.nominal.flatten(),
        "low_m2": judged.low.flatten(),
        "high_m2": judged.high.flatten(),
        "limit": np.tile(judged.limit, rows),
        "reviewed": np.tile(np.array([rule.reviewed for rule in rules], dtype=bool), rows),
    }
    return _tabulate(texts, others, columns.FINDINGS)


def tabulate_verdicts(
    judged: Judged, plan: Plan, *, parcel_id: NDArray[np.object_], index: pd.Index | None = None
) -> pd.DataFrame:
    """Tabulate the verdicts: columns `qy_gis.columns.VERDICTS`, one row per parcel, with this index.

    The summaries name the layers that the verdict comes from.
    """
    layers = list(plan.layers.values())
    failed, unknown = judged.outcome == FAIL, judged.outcome == UNKNOWN
    prohibits = np.array([rule.severity == "prohibit" for rule in judged.rules], dtype=bool)
    numbers = judge_parcels(judged).tolist()
    summaries = []
    for parcel, number in enumerate(numbers):
        decisive = unknown[parcel] if number == UNDETERMINED else failed[parcel]
        if number == PROHIBITED:
            decisive = decisive & prohibits
        titles = [layers[layer].title for layer in dict.fromkeys(judged.layer[decisive].tolist())]
        zh, en = columns.VERDICT_TEXT[VERDICTS[number]]
        summaries.append(
            (
                f"{zh}：{'、'.join(title.zh for title in titles)}" if titles else zh,
                f"{en}: {', '.join(title.en for title in titles)}" if titles else en,
            )
        )
    texts = {
        "parcel_id": parcel_id.tolist(),
        "verdict": [VERDICTS[number] for number in numbers],
        "summary": [zh for zh, _ in summaries],
        "summary_en": [en for _, en in summaries],
    }
    counts = {"fails": failed.sum(axis=1), "unknowns": unknown.sum(axis=1)}
    return _tabulate(texts, counts, columns.VERDICTS, index)


def _tabulate(
    texts: dict[str, list[str]], others: dict[str, NDArray[Any]], order: list[str], index: pd.Index | None = None
) -> pd.DataFrame:
    """Return a table of columns of text and other columns, of shape (n,) each, in the order given."""
    n = len(next(iter(others.values())))
    # To make one text column takes pandas as long as to make all of them in one.
    words = pd.Series([word for column in texts.values() for word in column], dtype=str).array
    table = {name: words[place * n : (place + 1) * n] for place, name in enumerate(texts)} | others
    return pd.DataFrame({name: table[name] for name in order}, index=index, copy=False)


def explain_briefly(
    layer: Layer, rule: Rule, outcome: int, concern: int, incomplete: bool, plan: Plan
) -> tuple[str, str, str]:
    """Say in Chinese and English what an outcome rests on, without figures, and what would settle it."""
    if concern == OTHER_INDUSTRY:
        zh, en = _industries(rule, plan)
        return f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.", ""
    zh, en = describe_part(layer, rule)
    if outcome == PASS:
        return f"{zh}的土地未超过容差。", f"Land {en} is within the tolerance.", ""
    if outcome == FAIL:
        return f"有土地{zh}。{rule.reason.zh}", f"Some land is {en}. {rule.reason.en}", ""
    settle = f"{rule.settle.zh} / {rule.settle.en}"
    if concern == UNSTATED:
        return f"未注明产业。{rule.reason.zh}", f"No industry was stated. {rule.reason.en}", _STATE_INDUSTRY
    cause = (
        ("该图层在此不完整", "the layer is not complete here")
        if incomplete
        else ("界线可能偏差", "its line may be off")
    )
    return f"{cause[0]}，待核实。{rule.reason.zh}", f"Unknown: {cause[1]}. {rule.reason.en}", settle


def describe_part(layer: Layer, rule: Rule) -> tuple[str, str]:
    """Say in Chinese and English where the part of a parcel is that stands against a rule."""
    zh, en = _PART[rule.kind]
    return zh.format(title=layer.title.zh, metres=rule.distance_m), en.format(
        title=layer.title.en, metres=rule.distance_m
    )


def _industries(rule: Rule, plan: Plan) -> tuple[str, str]:
    titles = [plan.industries[name].title for name in rule.industries or []]
    return "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)


def _say(
    layer: Layer,
    rule: Rule,
    concern: int,
    limit: float,
    outcome: int,
    nominal: float,
    low: float,
    high: float,
    no_data: float,
    plan: Plan,
) -> tuple[str, str, str]:
    """Say in Chinese and English what an outcome rests on, and what would settle it."""
    if concern == OTHER_INDUSTRY:
        zh, en = _industries(rule, plan)
        return f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.", ""
    zh, en = _explain(layer, rule, outcome, nominal, low, high, no_data, limit)
    if outcome != UNKNOWN:
        return zh, en, ""
    if concern != UNSTATED:
        return zh, en, f"{rule.settle.zh} / {rule.settle.en}"
    industries, industries_en = _industries(rule, plan)
    zh = f"未注明产业；本条适用于：{industries}。{zh}"
    en = f"No industry was stated; the rule applies to: {industries_en}. {en}"
    if low > limit:
        return zh, en, _STATE_INDUSTRY
    # The land is open too: stating the industry is not enough.
    state, state_en = _STATE_INDUSTRY.split(" / ")
    return zh, en, f"{state}；{rule.settle.zh} / {state_en}; {rule.settle.en}"


def _explain(
    layer: Layer, rule: Rule, outcome: int, nominal: float, low: float, high: float, no_data: float, limit: float
) -> tuple[str, str]:
    """Say in Chinese and English what was found, why that is the outcome, and what the document says."""
    if not layer.has_data:
        return (
            f"{layer.title.zh}没有数据，无法判断。{rule.reason.zh}",
            f"No data for {layer.title.en}: cannot be judged. {rule.reason.en}",
        )
    zh, en = describe_part(layer, rule)
    if nominal > 0:
        found = (
            f"{nominal:,.2f} m² {zh}（容差 {limit:,.2f} m²）。",
            f"{nominal:,.2f} m² {en} (tolerance {limit:,.2f} m²).",
        )
    else:
        found = (f"没有土地{zh}。", f"No land {en}.")
    if outcome == PASS:
        return found
    if outcome == FAIL:
        return found[0] + rule.reason.zh, f"{found[1]} {rule.reason.en}"
    causes = []
    if no_data > 0:
        # Of a setback, land near the edge of what was surveyed: a feature may lie just beyond.
        around = rule.distance_m is not None
        causes.append(
            (
                f"有 {no_data:,.2f} m² 不在该图层的完整覆盖范围内{'或距其边缘过近' if around else ''}",
                f"the layer is not complete on {'or near ' if around else ''}{no_data:,.2f} m²",
            )
        )
    if layer.accuracy_m > 0:
        causes.append((f"界线可能偏差 {layer.accuracy_m:,.0f} m", f"its line may be off by {layer.accuracy_m:,.0f} m"))
    why_zh, why_en = "，".join(cause for cause, _ in causes), ", ".join(cause for _, cause in causes)
    span = f"{low:,.2f}–{high:,.2f} m²"
    return (
        f"{found[0]}但{why_zh}，实际可能为 {span}，待核实。{rule.reason.zh}",
        f"{found[1]} But {why_en}: it may be {span}. {rule.reason.en}",
    )
