"""Kinds of rule: what of a parcel stands against a rule, and what follows from that.

A kind of rule is one function: it takes how much of a parcel lies outside the layer (or beyond a distance from it) and
returns how much of the parcel stands against the rule. Adding a kind is adding a function to `KINDS` and its name to
`qy_gis.plan.model.RuleKind`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qy_gis.overlay.overlap import Measured
from qy_gis.overlay.setbacks import list_setbacks
from qy_gis.plan.model import Plan, Rule, RuleKind

Areas = NDArray[np.float64]

#: Outcomes, as numbers in arrays and as words in tables (`qy_gis.columns.OUTCOMES`).
PASS, FAIL, UNKNOWN = range(3)

#: Whether a rule concerns the industry of the project.
APPLIES, OTHER_INDUSTRY, UNSTATED = range(3)


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


KINDS: dict[RuleKind, Callable[[Areas, Interval], Interval]] = {
    "inside": inside,
    "outside": outside,
    "setback": setback,
}


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
        `APPLIES`, `OTHER_INDUSTRY` or `UNSTATED`, shape (r,).
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
    there. A rule for
    certain industries does not apply to others; when no industry was stated it can pass, but not fail.
    """
    layers = list(plan.layers.values())
    numbered = [(number, rule) for number, layer in enumerate(layers) for rule in layer.rules]
    rules, layer = [rule for _, rule in numbered], np.array([number for number, _ in numbered], dtype=np.int64)
    setbacks = list_setbacks(plan)
    # Setbacks stand behind the layers.
    column = [
        number if rule.distance_m is None else len(layers) + setbacks.index((layers[number].key, rule.distance_m))
        for number, rule in numbered
    ]

    def of_rules(of_layers: Areas, of_setbacks: Areas) -> Areas:
        return np.concatenate([of_layers, of_setbacks], axis=1)[:, column]

    land = (measured.outside_m2, measured.outside_low_m2, measured.outside_high_m2, measured.no_data_m2)
    *beyond, no_data = map(of_rules, land, measured.beyond)
    against = Interval(*(np.empty_like(no_data) for _ in Interval._fields))
    for kind, stands in KINDS.items():
        of_kind = np.array([rule.kind == kind for rule in rules], dtype=bool)
        found = stands(measured.parcel_m2[:, None], Interval(*(each[:, of_kind] for each in beyond)))
        for areas, part in zip(against, found, strict=True):
            areas[:, of_kind] = part
    limit = np.array(
        [_limit(tolerance_m2, rule.tolerance_m2, layers[number].tolerance_m2) for number, rule in numbered]
    )
    # Tolerance forgives what is known to be small; it does not make unsurveyed land known. Where nothing may stand
    # against a rule, as on land that lies inside what is drawn, it does not matter what else was not surveyed.
    passes = (against.high <= limit) & ((no_data == 0) | (against.high == 0))
    fails = against.low > limit
    concern = np.array([_concern(rule, industry) for rule in rules], dtype=np.int8)
    # The land alone may clear a rule for certain industries; if it does not, the industry decides.
    outcome = np.where(
        passes | (concern == OTHER_INDUSTRY), PASS, np.where(fails & (concern == APPLIES), FAIL, UNKNOWN)
    )
    return Judged(layer, rules, outcome.astype(np.int8), *against, no_data, limit, concern)


def _limit(*given: float | None) -> float:
    """Return the first tolerance (m2) that is given."""
    return next(tolerance for tolerance in given if tolerance is not None)


def _concern(rule: Rule, industry: str | None) -> int:
    if rule.industries is None or industry in rule.industries:
        return APPLIES
    return UNSTATED if industry is None else OTHER_INDUSTRY
