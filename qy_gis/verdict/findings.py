"""Findings and verdicts as tables, in words: what was found, why that is the outcome, and what the document says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.overlay.overlap import Measured
from qy_gis.plan.model import Layer, Plan, Rule
from qy_gis.verdict.rules import FAIL, OTHER_INDUSTRY, PASS, UNKNOWN, UNSTATED, Judged

#: Verdicts by number, from worst to best.
VERDICTS = list(columns.VERDICT_TEXT)
PROHIBITED, UNDETERMINED, CONDITIONAL, SUITABLE = range(4)

_PART = {"inside": ("位于{title}之外", "outside {title}"), "outside": ("位于{title}之内", "inside {title}")}
_STATE_INDUSTRY = "注明拟建项目的产业 / state the industry of the project"


def judge_parcels(judged: Judged) -> NDArray[np.int64]:
    """Return the verdict of each parcel, its worst finding, as a number in `VERDICTS`.

    A failed ``prohibit`` rule makes a parcel prohibited, anything unknown undetermined, a failed ``approve`` or
    ``advise`` rule conditional; else it is suitable.
    """
    failed, unknown = judged.outcome == FAIL, judged.outcome == UNKNOWN
    prohibits = np.array([rule.severity == "prohibit" for rule in judged.rules], dtype=bool)
    worst_first = [(failed & prohibits).any(axis=1), unknown.any(axis=1), failed.any(axis=1)]
    return np.asarray(np.select(worst_first, [PROHIBITED, UNDETERMINED, CONDITIONAL], SUITABLE), dtype=np.int64)


def tabulate_findings(
    judged: Judged, measured: Measured, plan: Plan, *, parcel_id: NDArray[np.object_]
) -> pd.DataFrame:
    """Tabulate what was judged, with reasons.

    Parameters
    ----------
    judged, measured, plan
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
    rows: list[tuple[Any, ...]] = []
    values = (judged.outcome.tolist(), judged.nominal.tolist(), judged.low.tolist(), judged.high.tolist())
    no_data = measured.no_data_m2.tolist()
    for parcel, (name, outcomes, nominals, lows, highs) in enumerate(zip(parcel_id.tolist(), *values, strict=True)):
        for place, rule in enumerate(judged.rules):
            number = int(judged.layer[place])
            layer, limit, concern = layers[number], float(judged.limit[place]), int(judged.concern[place])
            outcome, nominal, low, high = outcomes[place], nominals[place], lows[place], highs[place]
            reason = _explain(layer, rule, outcome, nominal, low, high, no_data[parcel][number], limit)
            settle = f"{rule.settle.zh} / {rule.settle.en}" if outcome == UNKNOWN else ""
            if concern == OTHER_INDUSTRY:
                zh, en = _industries(rule, plan)
                reason = (f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.")
            elif concern == UNSTATED and outcome == UNKNOWN:
                zh, en = _industries(rule, plan)
                unstated = (f"未注明产业；本条适用于：{zh}。", f"No industry was stated; the rule applies to: {en}. ")
                reason, settle = (unstated[0] + reason[0], unstated[1] + reason[1]), _STATE_INDUSTRY
                if low <= limit:  # the land is open too: stating the industry is not enough
                    zh, en = _STATE_INDUSTRY.split(" / ")
                    settle = f"{zh}；{rule.settle.zh} / {en}; {rule.settle.en}"
            judgement = (rule.severity, columns.OUTCOMES[outcome], nominal, low, high, limit)
            document = (rule.document, rule.article, rule.date.isoformat() if rule.date else "", rule.reviewed)
            rows.append((name, layer.key, rule.key, *judgement, *reason, settle, *document))
    return pd.DataFrame(rows, columns=columns.FINDINGS)


def tabulate_verdicts(judged: Judged, plan: Plan, *, parcel_id: NDArray[np.object_]) -> pd.DataFrame:
    """Tabulate the verdicts: columns `qy_gis.columns.VERDICTS`, one row per parcel.

    The summaries name the layers that the verdict comes from.
    """
    layers = list(plan.layers.values())
    failed, unknown = judged.outcome == FAIL, judged.outcome == UNKNOWN
    prohibits = np.array([rule.severity == "prohibit" for rule in judged.rules], dtype=bool)
    rows = []
    for parcel, number in enumerate(judge_parcels(judged).tolist()):
        decisive = unknown[parcel] if number == UNDETERMINED else failed[parcel]
        if number == PROHIBITED:
            decisive = decisive & prohibits
        titles = [layers[layer].title for layer in dict.fromkeys(judged.layer[decisive].tolist())]
        zh, en = columns.VERDICT_TEXT[VERDICTS[number]]
        rows.append(
            (
                parcel_id[parcel],
                VERDICTS[number],
                int(failed[parcel].sum()),
                int(unknown[parcel].sum()),
                f"{zh}：{'、'.join(title.zh for title in titles)}" if titles else zh,
                f"{en}: {', '.join(title.en for title in titles)}" if titles else en,
            )
        )
    return pd.DataFrame(rows, columns=columns.VERDICTS)


def explain_briefly(
    layer: Layer, rule: Rule, outcome: int, concern: int, incomplete: bool, plan: Plan
) -> tuple[str, str, str]:
    """Say in Chinese and English what an outcome rests on, without figures, and what would settle it."""
    if concern == OTHER_INDUSTRY:
        zh, en = _industries(rule, plan)
        return f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.", ""
    zh, en = _PART[rule.kind][0].format(title=layer.title.zh), _PART[rule.kind][1].format(title=layer.title.en)
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


def _industries(rule: Rule, plan: Plan) -> tuple[str, str]:
    titles = [plan.industries[name].title for name in rule.industries or []]
    return "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)


def _explain(
    layer: Layer, rule: Rule, outcome: int, nominal: float, low: float, high: float, no_data: float, limit: float
) -> tuple[str, str]:
    """Say in Chinese and English what was found, why that is the outcome, and what the document says."""
    if not layer.has_data:
        return (
            f"{layer.title.zh}没有数据，无法判断。{rule.reason.zh}",
            f"No data for {layer.title.en}: cannot be judged. {rule.reason.en}",
        )
    zh, en = _PART[rule.kind][0].format(title=layer.title.zh), _PART[rule.kind][1].format(title=layer.title.en)
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
        causes.append(
            (f"有 {no_data:,.2f} m² 不在该图层的完整覆盖范围内", f"the layer is not complete on {no_data:,.2f} m²")
        )
    if layer.accuracy_m > 0:
        causes.append((f"界线可能偏差 {layer.accuracy_m:,.0f} m", f"its line may be off by {layer.accuracy_m:,.0f} m"))
    why_zh, why_en = "，".join(cause for cause, _ in causes), ", ".join(cause for _, cause in causes)
    span = f"{low:,.2f}–{high:,.2f} m²"
    return (
        f"{found[0]}但{why_zh}，实际可能为 {span}，待核实。{rule.reason.zh}",
        f"{found[1]} But {why_en}: it may be {span}. {rule.reason.en}",
    )
