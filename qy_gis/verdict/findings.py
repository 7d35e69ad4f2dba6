"""What was found, in words: the one writer of reasons, for one parcel and for a million, through every door.

A reason says what stands against the parcel, why that is the outcome, and what the document says. Its figures stand in
the columns beside it, so that a million findings share a few sentences and no two figures stand for one thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.plan.model import Layer, Plan, Rule, RuleKind
from qy_gis.verdict.rules import (
    BUILT_IN,
    FAIL,
    NOTHING_ASKED,
    OTHER_INDUSTRY,
    OUTSIDE_STUDY_AREA,
    PASS,
    UNKNOWN,
    UNSTATED,
    Judged,
)

#: Verdicts by number, from worst to best.
VERDICTS = list(columns.VERDICT_TEXT)
PROHIBITED, UNDETERMINED, CONDITIONAL, SUITABLE = range(4)

#: What a rule of each kind is called if the plan does not say.
_TITLE: dict[RuleKind, tuple[str, str]] = {
    "inside": ("位于{title}内", "inside {title}"),
    "outside": ("不占用{title}", "off {title}"),
    "setback": ("距{title}不少于 {metres:,g} m", "at least {metres:,g} m from {title}"),
}

#: What stands against each kind of rule: where that part of the parcel is.
_PART: dict[RuleKind, tuple[str, str]] = {
    "inside": ("位于{title}之外", "outside {title}"),
    "outside": ("位于{title}之内", "inside {title}"),
    "setback": ("距{title}不足 {metres:,g} m", "within {metres:,g} m of {title}"),
}

#: What a verdict comes from where it is no layer.
_BUILT_IN = {
    OUTSIDE_STUDY_AREA: ("规划范围以外的土地", "land outside the study area"),
    NOTHING_ASKED: ("没有适用的规则", "nothing was asked"),
}
_STATE_INDUSTRY = "注明拟建项目的产业 / state the industry of the project"


class Case(NamedTuple):
    """All that the words of a finding depend on.

    Attributes
    ----------
    layer, rule, concern
        What was asked (`qy_gis.verdict.rules.Asked`).
    outcome
        `PASS`, `FAIL` or `UNKNOWN`.
    incomplete
        Whether the layer is not complete on the parcel.
    some
        Whether any of the parcel stands against the rule, as drawn.
    sure
        Whether even the least that may stand against it is not tolerated.
    """

    layer: Layer
    rule: Rule
    concern: int
    outcome: int
    incomplete: bool
    some: bool
    sure: bool


class Said(NamedTuple):
    """The words of a finding: the reason, what would settle an unknown, and its cause (`qy_gis.columns.CAUSES`)."""

    reason: str
    reason_en: str
    settle: str
    cause: str


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


def find_decisive(judged: Judged, verdict: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which findings a verdict comes from, of shape (n, r): the unknown ones, or those that failed."""
    failed, unknown = judged.outcome == FAIL, judged.outcome == UNKNOWN
    prohibits = np.array([rule.severity == "prohibit" for rule in judged.rules], dtype=bool)
    decisive = np.where((verdict == UNDETERMINED)[:, None], unknown, failed)
    return np.asarray(decisive & (prohibits | (verdict != PROHIBITED)[:, None]))


def summarise(verdict: int, decisive: NDArray[np.integer], judged: Judged, plan: Plan) -> tuple[str, str]:
    """Say a verdict and the layers it comes from, in Chinese and English; ``decisive`` are numbers of findings."""
    layers = list(plan.layers.values())
    names: dict[tuple[str, str], None] = {}
    for number in decisive.tolist():
        title = layers[judged.layer[number]].title
        built_in = judged.concern[number] == BUILT_IN
        names[_BUILT_IN[judged.rules[number].key] if built_in else (title.zh, title.en)] = None
    zh, en = columns.VERDICT_TEXT[VERDICTS[verdict]]
    if not names:
        return zh, en
    return f"{zh}：{'、'.join(name for name, _ in names)}", f"{en}: {', '.join(name for _, name in names)}"


def title_rule(layer: Layer, rule: Rule) -> tuple[str, str]:
    """Say in Chinese and English what a rule is called: by its ``title``, or by its kind and layer."""
    if rule.title is not None:
        return rule.title.zh, rule.title.en
    zh, en = _TITLE[rule.kind]
    return zh.format(title=layer.title.zh, metres=rule.distance_m), en.format(
        title=layer.title.en, metres=rule.distance_m
    )


def describe_part(layer: Layer, rule: Rule, *, built_in: bool = False) -> tuple[str, str]:
    """Say in Chinese and English where the part of a parcel is that stands against a rule."""
    title, title_en = ("规划范围", "the study area") if built_in else (layer.title.zh, layer.title.en)
    zh, en = _PART[rule.kind]
    return zh.format(title=title, metres=rule.distance_m), en.format(title=title_en, metres=rule.distance_m)


def explain(case: Case, plan: Plan) -> Said:
    """Say in Chinese and English what an outcome rests on, and what would settle it."""
    rule = case.rule
    if case.concern == OTHER_INDUSTRY:
        zh, en = _industries(rule, plan)
        return Said(f"不适用：本条仅适用于{zh}。", f"Not applicable: the rule is for {en} only.", "", "")
    if case.concern == BUILT_IN and rule.key == NOTHING_ASKED:
        return Said(rule.reason.zh, rule.reason.en, _both(rule), "plan")
    zh, en = _explain_land(case)
    if case.outcome == PASS:
        return Said(zh, en, "", "")
    zh, en = f"{zh}{rule.reason.zh}", f"{en} {rule.reason.en}"
    if case.outcome == FAIL:
        return Said(zh, en, "", "")
    if case.concern != UNSTATED:
        said_nothing = case.concern == BUILT_IN and case.sure
        return Said(zh, en, _both(rule), "plan" if said_nothing else "data" if case.incomplete else "accuracy")
    industries, industries_en = _industries(rule, plan)
    zh = f"未注明产业；本条适用于：{industries}。{zh}"
    en = f"No industry was stated; the rule applies to: {industries_en}. {en}"
    if case.sure:
        return Said(zh, en, _STATE_INDUSTRY, "industry")
    # The land is open too: stating the industry is not enough.
    state, state_en = _STATE_INDUSTRY.split(" / ")
    return Said(zh, en, f"{state}；{rule.settle.zh} / {state_en}; {rule.settle.en}", "industry")


def _explain_land(case: Case) -> tuple[str, str]:
    """Say what of the land stands against a rule, and what makes that unknown."""
    layer, rule = case.layer, case.rule
    if not layer.has_data:
        return f"{layer.title.zh}没有数据，无法判断。", f"No data for {layer.title.en}: cannot be judged."
    part, part_en = describe_part(layer, rule, built_in=case.concern == BUILT_IN)
    zh, en = (f"有土地{part}", f"Some land is {part_en}") if case.some else (f"没有土地{part}", f"No land is {part_en}")
    if case.outcome == PASS and case.some:
        return f"{zh}，未超过容差。", f"{en}, within the tolerance."
    if case.outcome != UNKNOWN or case.sure:
        return f"{zh}。", f"{en}."
    causes = []
    if case.incomplete:
        # Of a setback, land near the edge of what was surveyed: a feature may lie just beyond.
        around = rule.distance_m is not None
        causes.append(
            (
                f"该图层在此不完整{'或距其覆盖边缘过近' if around else ''}",
                f"the layer is not complete here{' or around' if around else ''}",
            )
        )
    if layer.accuracy_m > 0:
        causes.append((f"界线可能偏差 {layer.accuracy_m:,g} m", f"its line may be off by {layer.accuracy_m:,g} m"))
    why, why_en = "，".join(cause for cause, _ in causes), " and ".join(cause for _, cause in causes)
    return f"{zh}，但{why}，待核实。", f"{en}, but {why_en}: to be verified."


def _both(rule: Rule) -> str:
    return f"{rule.settle.zh} / {rule.settle.en}"


def _industries(rule: Rule, plan: Plan) -> tuple[str, str]:
    titles = [plan.industries[name].title for name in rule.industries or []]
    return "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)


def say_figures(row: Mapping[str, Any]) -> tuple[str, str]:
    """Say the figures of a finding in Chinese and English, from its row: alike on the screen, on the page and on paper.

    Examples
    --------
    >>> row = {"overlap_m2": 10.0, "low_m2": 0.0, "high_m2": 20.0, "limit": 1.0, "distance_m": 0.0}
    >>> say_figures(row)[1]
    '10.00 m² (may be 0.00–20.00 m²), tolerance 1.00 m²'
    """
    area, low, high, limit = (f"{row[name]:,.2f}" for name in ("overlap_m2", "low_m2", "high_m2", "limit"))
    span, span_en = (f"（可能为 {low}–{high} m²）", f" (may be {low}–{high} m²)") if low != high else ("", "")
    zh, en = f"{area} m²{span}，容差 {limit} m²", f"{area} m²{span_en}, tolerance {limit} m²"
    if row["distance_m"] > 0:
        away = f"{row['distance_m']:,.1f} m"
        zh, en = f"{zh}，距最近要素 {away}", f"{en}, {away} from the nearest feature"
    return zh, en
