"""Kinds of rule: what of a parcel stands against a rule, and what follows from that.

A kind of rule is one function: it takes how much of a parcel lies outside the layer (or beyond a distance from it) and
returns how much of the parcel stands against the rule. Adding a kind is adding a function to `KINDS` and its name to
`qy_gis.plan.model.RuleKind`.

Two findings are of every plan, and no document's: land outside the study area, and a plan that asks nothing of the
industry. Neither is ever a reason to call a parcel suitable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qy_gis.overlay.overlap import Measured
from qy_gis.overlay.setbacks import list_setbacks
from qy_gis.plan.model import NOTHING_ASKED as NOTHING_ASKED
from qy_gis.plan.model import OUTSIDE_STUDY_AREA as OUTSIDE_STUDY_AREA
from qy_gis.plan.model import Plan, Rule, RuleKind, Text

Areas = NDArray[np.float64]

#: Outcomes, as numbers in arrays and as words in tables (`qy_gis.columns.OUTCOMES`).
PASS, FAIL, UNKNOWN = range(3)

#: Whether a rule concerns the industry of the project, or is no document's: then it can pass, but not fail.
APPLIES, OTHER_INDUSTRY, UNSTATED, BUILT_IN = range(4)


class Interval(NamedTuple):
    """Areas (m2) of shape (n, k): as drawn, and the least and the most that accuracy and coverage allow."""

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


def setback(parcel_m2: Areas, beyond: Interval) -> Interval:
    """Return what stands against keeping a distance off the layer's features: the part of the parcel within it.

    ``beyond`` is the part of the parcel that is farther away.
    """
    return outside(parcel_m2, beyond)


def unasked(parcel_m2: Areas, beyond: Interval) -> Interval:
    """Return what may stand against a parcel of which nothing was asked: nothing is known to, all of it may."""
    none = np.zeros_like(beyond.nominal)
    return Interval(none, none, none + parcel_m2)


#: Returns what stands against a rule.
Kind: TypeAlias = Callable[[Areas, Interval], Interval]

KINDS: dict[RuleKind, Kind] = {
    "inside": inside,
    "outside": outside,
    "setback": setback,
}


class Asked(NamedTuple):
    """A rule as it is asked for an industry: number of its layer, its kind, and `APPLIES` … `BUILT_IN`."""

    layer: int
    rule: Rule
    kind: Kind
    concern: int


def list_asked(plan: Plan, industry: str | None) -> list[Asked]:
    """Return what is asked of every parcel, in the order of the findings.

    Parameters
    ----------
    plan
        Holds the layers and rules.
    industry
        Key of an industry, or None when it was not stated.

    Returns
    -------
    list
        The rules of the plan, those for other industries among them, then `OUTSIDE_STUDY_AREA`, and `NOTHING_ASKED` if
        no rule of the plan applies to the industry.
    """

    def listed() -> list[Asked]:
        asked = [
            Asked(number, rule, KINDS[rule.kind], _concern(rule, industry))
            for number, layer in enumerate(plan.layers.values())
            for rule in layer.rules
        ]
        land = list(plan.layers).index(plan.study_area)
        built_in = [Asked(land, _outside_study_area(plan), inside, BUILT_IN)]
        if all(each.concern == OTHER_INDUSTRY for each in asked):
            built_in.append(Asked(land, _nothing_asked(plan, industry), unasked, BUILT_IN))
        return asked + built_in

    return plan.derive(f"asked of {industry}", listed)


def _outside_study_area(plan: Plan) -> Rule:
    return _built_in(
        plan,
        OUTSIDE_STUDY_AREA,
        Text(zh="位于规划范围内", en="inside the study area"),
        Text(
            zh="本规划只对规划范围内的土地作出规定，范围外的土地没有核查。",
            en="The plan is about its study area only; nothing was asked about land outside it.",
        ),
        Text(
            zh="核对坐标与坐标系；以规划范围的法定界线核对，或改用地块所在地的规划",
            en="check the coordinates and their CRS; compare with the official outline, or use the plan of that land",
        ),
    )


def _nothing_asked(plan: Plan, industry: str | None) -> Rule:
    zh, en = "", ""
    if industry is not None:
        title = plan.industries[industry].title
        zh, en = f"对{title.zh}", f" of {title.en}"
    return _built_in(
        plan,
        NOTHING_ASKED,
        Text(zh="规划有适用的规则", en="the plan asks something"),
        Text(
            zh=f"本规划{zh}没有任何适用的规则：什么也没有核查。",
            en=f"No rule of the plan asks anything{en}: nothing was checked.",
        ),
        Text(
            zh="在规划中加入规则（见 docs/add-a-layer.md），或核对所注明的产业",
            en="add rules to the plan (docs/add-a-layer.md), or check the industry that was stated",
        ),
    )


def _built_in(plan: Plan, key: str, title: Text, reason: Text, settle: Text) -> Rule:
    return Rule(
        key=key,
        kind="inside",
        title=title,
        severity="approve",
        reason=reason,
        settle=settle,
        document=plan.title.zh,
        article="",
        sources=plan.sources,
        reviewed=True,
    )


@dataclass(frozen=True)
class Judged:
    """Every parcel judged by every rule, as arrays: n parcels, r rules.

    Attributes
    ----------
    layer
        Number of the layer of each rule, in the plan's order, shape (r,).
    rules
        The rules.
    outcome
        `PASS`, `FAIL` or `UNKNOWN`, shape (n, r).
    nominal, low, high
        The area (m2) that stands against the rule, as drawn, at least and at most, shape (n, r).
    no_data
        The area (m2) on which the layer is not complete (of a setback: not as far as it reaches), shape (n, r).
    limit
        The area (m2) that is tolerated, shape (r,).
    concern
        `APPLIES`, `OTHER_INDUSTRY`, `UNSTATED` or `BUILT_IN`, shape (r,).
    """

    layer: NDArray[np.int64]
    rules: list[Rule]
    outcome: NDArray[np.int8]
    nominal: Areas
    low: Areas
    high: Areas
    no_data: Areas
    limit: Areas
    concern: NDArray[np.int8]

    def take(self, rows: NDArray[np.integer]) -> Judged:
        """Return what was judged of some parcels, in the order given."""
        arrays = ("outcome", "nominal", "low", "high", "no_data")
        return replace(self, **{name: getattr(self, name)[rows] for name in arrays})


def judge_rules(
    measured: Measured, plan: Plan, *, industry: str | None = None, tolerance_m2: float | None = None
) -> Judged:
    """Judge every parcel by every rule.

    Parameters
    ----------
    measured
        The parcels, measured against all layers of ``plan``.
    plan
        Holds the layers and rules.
    industry
        Key of an industry, or None when it was not stated.
    tolerance_m2
        Replaces the tolerance of every layer and rule; None keeps them.

    Notes
    -----
    A rule passes when even the most that may stand against it is tolerated, fails when even the least is not, and is
    unknown otherwise. No tolerance makes it pass on land that may stand against it because the layer is not complete
    there. A rule for certain industries does not apply to others; when no industry was stated it can pass, but not
    fail, and no more can what `list_asked` adds to the rules of the plan.
    """
    layers = list(plan.layers.values())
    asked = list_asked(plan, industry)
    setbacks = list_setbacks(plan)
    # Setbacks stand behind the layers.
    column = [
        each.layer
        if each.rule.distance_m is None
        else len(layers) + setbacks.index((layers[each.layer].key, each.rule.distance_m))
        for each in asked
    ]

    def of_rules(of_layers: Areas, of_setbacks: Areas) -> Areas:
        return np.concatenate([of_layers, of_setbacks], axis=1)[:, column]

    land = (measured.outside_m2, measured.outside_low_m2, measured.outside_high_m2, measured.no_data_m2)
    *beyond, no_data = map(of_rules, land, measured.beyond)
    against = Interval(*(np.empty_like(no_data) for _ in Interval._fields))
    for kind in dict.fromkeys(each.kind for each in asked):
        of_kind = np.array([each.kind is kind for each in asked], dtype=bool)
        found = kind(measured.parcel_m2[:, None], Interval(*(each[:, of_kind] for each in beyond)))
        for areas, part in zip(against, found, strict=True):
            areas[:, of_kind] = part
    limit = np.array([_limit(each, layers[each.layer].tolerance_m2, tolerance_m2) for each in asked])
    # Tolerance forgives what is known to be small; it does not make unsurveyed land known. Where nothing may stand
    # against a rule, as on land that lies inside what is drawn, it does not matter what else was not surveyed.
    passes = (against.high <= limit) & ((no_data == 0) | (against.high == 0))
    fails = against.low > limit
    concern = np.array([each.concern for each in asked], dtype=np.int8)
    # The land alone may clear a rule for certain industries; if it does not, the industry decides.
    outcome = np.where(
        passes | (concern == OTHER_INDUSTRY), PASS, np.where(fails & (concern == APPLIES), FAIL, UNKNOWN)
    )
    layer = np.array([each.layer for each in asked], dtype=np.int64)
    rules = [each.rule for each in asked]
    return Judged(layer, rules, outcome.astype(np.int8), *against, no_data, limit, concern)


def _limit(asked: Asked, of_layer: float, given: float | None) -> float:
    """Return the tolerance (m2) of a rule; there is none for a plan that asks nothing."""
    if asked.kind is unasked:
        return 0.0
    return next(tolerance for tolerance in (given, asked.rule.tolerance_m2, of_layer) if tolerance is not None)


def _concern(rule: Rule, industry: str | None) -> int:
    if rule.industries is None or industry in rule.industries:
        return APPLIES
    return UNSTATED if industry is None else OTHER_INDUSTRY
