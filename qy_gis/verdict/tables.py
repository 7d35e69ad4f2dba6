"""The tables of a check, of one parcel or a block of many: judged arrays in, columns out, once for both.

A column of text is a number per row and the texts that the numbers stand for. Of it Arrow makes a dictionary, which a
batch writes, and pandas a column, which a single check hands out: the same columns, the same texts, the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Index
from qy_gis.overlay.overlap import OUTSIDE, Measured
from qy_gis.plan.model import Plan
from qy_gis.verdict.findings import (
    VERDICTS,
    Case,
    Said,
    explain,
    find_decisive,
    judge_parcels,
    summarise,
    title_rule,
)
from qy_gis.verdict.rules import FAIL, UNKNOWN, Judged

Floats: TypeAlias = NDArray[np.float64]

#: Different texts, or texts of which some may be the same.
Words: TypeAlias = "pa.StringArray | Sequence[str] | NDArray[np.object_]"


@dataclass(frozen=True)
class Texts:
    """A column of text: row k holds ``words[codes[k]]``. Long texts come out of pandas as categories."""

    codes: NDArray[np.integer]
    words: Words
    long: bool = False


#: Columns by name, all of one length.
Table: TypeAlias = "dict[str, Texts | NDArray[Any]]"

#: The words of a finding depend on four things beside its rule: the outcome and three that are so or not so.
_CASES = 3 * 2 * 2 * 2


def tabulate_overlaps(measured: Measured, index: Index, parcel_id: Words, *, distance_m: Floats | None = None) -> Table:
    """Tabulate the overlaps: a row per parcel and feature it meets, then one per parcel and layer for the land outside.

    Parameters
    ----------
    measured, index
        See `qy_gis.overlay.overlap.measure_parcels`; n parcels, m layers.
    parcel_id
        Of shape (n,).
    distance_m
        From each parcel to the nearest feature of each layer (`qy_gis.overlay.table.find_distances`), of shape (n, m);
        if None, ``distance_m`` is NaN.

    Returns
    -------
    dict
        The columns of `qy_gis.columns.OVERLAPS`, parcels in their order. ``width_m`` is NaN and ``sliver`` "": they
        are of outlines.
    """
    rows, layers = measured.outside_m2.shape
    parcel = np.concatenate([measured.parcel, np.repeat(np.arange(rows), layers)])
    layer = np.concatenate([index.features.layer[measured.feature], np.tile(np.arange(layers), rows)])
    # Stable, so that the features of a layer come before the land outside it.
    order = order_overlaps(measured, index)

    def both(of_pairs: NDArray[Any], outside: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([of_pairs, outside.ravel()])[order]

    met, place = _number_of(measured.feature, len(index.features.ids))
    feature = both(place + 1, np.zeros(rows * layers, dtype=np.int64))
    area, parcel, layer = both(measured.area_m2, measured.outside_m2), parcel[order], layer[order]
    distance = np.full(len(order), np.nan)
    if distance_m is not None:
        distance = both(np.zeros(len(measured.parcel)), distance_m)
    return {
        "parcel_id": Texts(parcel, parcel_id),
        "layer": Texts(layer, index.layers),
        "feature_id": Texts(feature, ["", *index.features.ids[met]]),
        "feature_name": Texts(feature, ["", *index.features.names[met]]),
        "relation": Texts(both(measured.relation, np.full(rows * layers, OUTSIDE)), columns.RELATIONS),
        "area_m2": area,
        "low_m2": both(measured.low_m2, measured.outside_low_m2),
        "high_m2": both(measured.high_m2, measured.outside_high_m2),
        "share": area / measured.parcel_m2[parcel],
        "distance_m": distance,
        "width_m": np.full(len(order), np.nan),
        "sliver": Texts(np.zeros(len(order), dtype=np.int64), [""]),
    }


def order_overlaps(measured: Measured, index: Index) -> NDArray[np.int64]:
    """Return the order of the rows of overlaps: of all pairs, and after them land outside by parcel and layer."""
    rows, layers = measured.outside_m2.shape
    # A pair sorts before the land outside its layer. Both are in order already: this merges them.
    pair = measured.parcel * layers + index.features.layer[measured.feature]
    return np.argsort(np.concatenate([pair, np.arange(rows * layers)]), kind="stable")


def tabulate_findings(judged: Judged, plan: Plan, parcel_id: Words, *, distance_m: Floats | None = None) -> Table:
    """Tabulate what was judged, with reasons.

    Parameters
    ----------
    judged, plan
        See `qy_gis.verdict.rules.judge_rules`.
    parcel_id
        Of shape (n,).
    distance_m
        As for `tabulate_overlaps`.

    Returns
    -------
    dict
        The columns of `qy_gis.columns.FINDINGS`: one row per parcel and rule, rules in the plan's order and then what
        is of every plan. ``overlap_m2``, ``low_m2`` and ``high_m2`` are the area that stands against the rule,
        ``limit`` the area it tolerates.
    """
    rows, rules = judged.outcome.shape
    layers = list(plan.layers.values())
    of_rule = [layers[number] for number in judged.layer.tolist()]
    titles = [title_rule(layer, rule) for layer, rule in zip(of_rule, judged.rules, strict=True)]
    rule = np.tile(np.arange(rules), rows)
    place, said = _say(judged, of_rule, plan)
    reason, reason_en, settle, cause = zip(*said, strict=True) if said else ((), (), (), ())
    severities = [each.severity for each in judged.rules]
    dates = [each.date.isoformat() if each.date else "" for each in judged.rules]
    distance = np.full(rows * rules, np.nan) if distance_m is None else distance_m[:, judged.layer].ravel()
    return {
        "parcel_id": Texts(np.repeat(np.arange(rows), rules), parcel_id),
        "layer": Texts(rule, [layer.key for layer in of_rule]),
        "rule": Texts(rule, [each.key for each in judged.rules]),
        "title": Texts(rule, [zh for zh, _ in titles]),
        "title_en": Texts(rule, [en for _, en in titles]),
        "severity": Texts(rule, severities),
        "outcome": Texts(judged.outcome.ravel(), columns.OUTCOMES),
        "cause": Texts(place, cause),
        "overlap_m2": judged.nominal.ravel(),
        "low_m2": judged.low.ravel(),
        "high_m2": judged.high.ravel(),
        "limit": np.tile(judged.limit, rows),
        "distance_m": distance,
        "reason": Texts(place, reason, long=True),
        "reason_en": Texts(place, reason_en, long=True),
        "settle": Texts(place, settle, long=True),
        "document": Texts(rule, [each.document for each in judged.rules], long=True),
        "article": Texts(rule, [each.article for each in judged.rules]),
        "date": Texts(rule, dates),
        "reviewed": np.tile([each.reviewed for each in judged.rules], rows).astype(bool),
    }


def tabulate_verdicts(judged: Judged, plan: Plan, parcel_id: Words, *, measured: Measured | None = None) -> Table:
    """Tabulate the verdicts: the columns of `qy_gis.columns.VERDICTS`, one row per parcel.

    With ``measured``, ``area_m2``, ``area_ha`` and ``area_mu`` stand behind the id. Summaries name the layers that a
    verdict comes from.
    """
    verdict = judge_parcels(judged)
    # Parcels whose verdict comes from the same findings have one summary.
    bits = np.packbits(find_decisive(judged, verdict), axis=1)
    key = np.column_stack([verdict.astype(np.uint8), bits])
    as_one = np.ascontiguousarray(key).view(f"V{key.shape[1]}").ravel()
    _, first, place = np.unique(as_one, return_index=True, return_inverse=True)
    decisive = find_decisive(judged.take(first), verdict[first])
    said = [
        summarise(int(verdict[row]), np.flatnonzero(by), judged, plan) for row, by in zip(first, decisive, strict=True)
    ]
    areas = {} if measured is None else _in_units(measured.parcel_m2)
    return {
        "parcel_id": Texts(np.arange(len(verdict)), parcel_id),
        **areas,
        "verdict": Texts(verdict, VERDICTS),
        "fails": (judged.outcome == FAIL).sum(axis=1),
        "unknowns": (judged.outcome == UNKNOWN).sum(axis=1),
        "summary": Texts(place, [zh for zh, _ in said]),
        "summary_en": Texts(place, [en for _, en in said]),
    }


def to_arrow(table: Table) -> pa.Table:
    """Return a table as Arrow, its texts as dictionaries."""
    return pa.table(
        {name: _dictionary(each) if isinstance(each, Texts) else pa.array(each) for name, each in table.items()}
    )


def to_pandas(table: Table, index: pd.Index | None = None) -> pd.DataFrame:
    """Return a table as a DataFrame with this index: long texts as categories, others as text."""
    made: dict[str, Any] = {name: each for name, each in table.items() if not isinstance(each, Texts)}
    texts = {name: each for name, each in table.items() if isinstance(each, Texts)}
    short = {name: each for name, each in texts.items() if not each.long}
    if short:
        # To make one column of text takes pandas as long as to make all of them in one.
        first = np.cumsum([0, *(len(each.words) for each in short.values())])
        words = pa.array([word for each in short.values() for word in each.words], pa.large_string())
        codes = np.concatenate([each.codes + start for each, start in zip(short.values(), first[:-1], strict=True)])
        column = pd.array(words.take(pa.array(codes)), dtype="str")
        n = len(column) // len(short)
        made |= {name: column[place * n : (place + 1) * n] for place, name in enumerate(short)}
    for name, each in texts.items():
        if each.long:
            places, distinct = _distinct(each.words)
            made[name] = pd.Categorical.from_codes(places[each.codes], dtype=_categories(distinct), validate=False)
    return pd.DataFrame({name: made[name] for name in table}, index=index, copy=False)


def _say(judged: Judged, of_rule: list[Any], plan: Plan) -> tuple[NDArray[np.int64], list[Said]]:
    """Return which case each finding is, and what is said of each case."""
    rules = len(judged.rules)
    code = np.arange(rules) * 3 + judged.outcome
    for so in (judged.no_data > 0, judged.nominal > 0, judged.low > judged.limit):
        code = code * 2 + so
    met, place = _number_of(code.ravel(), rules * _CASES)
    # A check after another finds mostly the same.
    kept: dict[Any, Said] = plan.derive("words of findings", dict)
    said = []
    for number in met.tolist():
        rule, rest = divmod(number, _CASES)
        outcome, so = divmod(rest, 8)
        asked = judged.rules[rule]
        case = Case(of_rule[rule], asked, int(judged.concern[rule]), outcome, bool(so & 4), bool(so & 2), bool(so & 1))
        # A rule lives as long as its plan.
        key = (id(asked), *case[2:])
        if key not in kept:
            kept[key] = explain(case, plan)
        said.append(kept[key])
    return place, said


def _number_of(codes: NDArray[np.integer], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct codes (below ``most``) in order, and the number among them of each."""
    there = np.zeros(most, dtype=bool)
    there[codes] = True
    place = np.cumsum(there) - 1
    return np.flatnonzero(there), place[codes]


def _in_units(area_m2: Floats) -> Table:
    return {"area_m2": area_m2, "area_ha": to_hectares(area_m2), "area_mu": to_mu(area_m2)}


def _dictionary(texts: Texts) -> pa.DictionaryArray:
    if isinstance(texts.words, pa.Array):
        # Ids are different from one another, and so are a dictionary as they are.
        return pa.DictionaryArray.from_arrays(pa.array(texts.codes.astype(np.int32)), texts.words)
    # A word stands in a dictionary once: with repeated words Parquet writes the same table in different bytes.
    places, distinct = _distinct(texts.words)
    return pa.DictionaryArray.from_arrays(pa.array(places[texts.codes]), pa.array(distinct, pa.string()))


def _distinct(words: Words) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return the distinct words, and the place of each among them."""
    places: dict[str, int] = {}
    place = np.array([places.setdefault(word, len(places)) for word in words], dtype=np.int32)
    return place, tuple(places)


@lru_cache(maxsize=256)
def _categories(words: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(words))
