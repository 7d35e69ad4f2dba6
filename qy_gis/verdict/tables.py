"""The tables of a batch as Arrow: the same columns as a single check's, texts as dictionaries.

Reasons leave the figures to their columns, so that a million findings share a few texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Index
from qy_gis.overlay.overlap import OUTSIDE, Measured
from qy_gis.plan.model import Plan
from qy_gis.verdict.findings import VERDICTS, explain_briefly, judge_parcels
from qy_gis.verdict.rules import FAIL, UNKNOWN, UNSTATED, Judged

#: Why an outcome is unknown: the layer is not complete there, its line may be off, or no industry was stated.
CAUSES = ("", "data", "accuracy", "industry")


def arrow_overlaps(
    measured: Measured, index: Index, ids: pa.StringArray, *, distance_m: NDArray[np.float64] | None = None
) -> pa.Table:
    """Return the overlaps: a row per parcel and feature it meets, then one per parcel and layer for the land outside.

    Columns are those of `qy_gis.columns.OVERLAPS` without width and sliver class; parcels in their order.
    ``distance_m`` is there if it is given, per parcel and layer (`qy_gis.overlay.table.find_distances`).
    """
    rows, layers = measured.outside_m2.shape
    parcel = np.concatenate([measured.parcel, np.repeat(np.arange(rows), layers)])
    feature = np.concatenate([measured.feature + 1, np.zeros(rows * layers, dtype=np.int64)])
    layer = np.concatenate([index.features.layer[measured.feature], np.tile(np.arange(layers), rows)])
    area = np.concatenate([measured.area_m2, measured.outside_m2.ravel()])
    relation = np.concatenate([measured.relation, np.full(rows * layers, OUTSIDE, dtype=np.int8)])
    order = np.lexsort((layer, parcel))
    table = {
        "parcel_id": _of_parcels(parcel[order], ids),
        "layer": _dictionary(layer[order], index.layers),
        "feature_id": _dictionary(feature[order], ["", *index.features.ids]),
        "feature_name": _dictionary(feature[order], ["", *index.features.names]),
        "relation": _dictionary(relation[order], columns.RELATIONS),
        "area_m2": area[order],
        "low_m2": np.concatenate([measured.low_m2, measured.outside_low_m2.ravel()])[order],
        "high_m2": np.concatenate([measured.high_m2, measured.outside_high_m2.ravel()])[order],
        "share": (area / measured.parcel_m2[parcel])[order],
    }
    if distance_m is not None:
        table["distance_m"] = np.concatenate([np.zeros(len(measured.parcel)), distance_m.ravel()])[order]
    return pa.table(table)


def arrow_findings(judged: Judged, plan: Plan, ids: pa.StringArray) -> pa.Table:
    """Return the findings: a row per parcel and rule, columns `qy_gis.columns.FINDINGS` and ``cause`` (`CAUSES`)."""
    rows, rules = judged.outcome.shape
    rule = np.tile(np.arange(rules), rows)
    layers = list(plan.layers.values())
    of_rule = [layers[number] for number in judged.layer]
    # A text for each rule, outcome, and whether the layer is incomplete there.
    incomplete = judged.no_data > 0
    code = (np.arange(rules) * 3 + judged.outcome) * 2 + incomplete
    texts = [
        explain_briefly(layer, each, outcome, int(concern), bool(partly), plan)
        for layer, each, concern in zip(of_rule, judged.rules, judged.concern, strict=True)
        for outcome in range(3)
        for partly in (False, True)
    ]
    reason, reason_en, settle = zip(*texts, strict=True) if texts else ((), (), ())
    causes = [
        _cause(outcome, int(concern), partly)
        for concern in judged.concern
        for outcome in range(3)
        for partly in (False, True)
    ]
    return pa.table(
        {
            "parcel_id": _of_parcels(np.repeat(np.arange(rows), rules), ids),
            "layer": _dictionary(rule, [layer.key for layer in of_rule]),
            "rule": _dictionary(rule, [each.key for each in judged.rules]),
            "severity": _dictionary(rule, [each.severity for each in judged.rules]),
            "outcome": _dictionary(judged.outcome.ravel(), columns.OUTCOMES),
            "cause": _dictionary(code.ravel(), causes),
            "overlap_m2": judged.nominal.ravel(),
            "low_m2": judged.low.ravel(),
            "high_m2": judged.high.ravel(),
            "limit": np.tile(judged.limit, rows),
            "reason": _dictionary(code.ravel(), reason),
            "reason_en": _dictionary(code.ravel(), reason_en),
            "settle": _dictionary(code.ravel(), settle),
            "document": _dictionary(rule, [each.document for each in judged.rules]),
            "article": _dictionary(rule, [each.article for each in judged.rules]),
            "date": _dictionary(rule, [each.date.isoformat() if each.date else "" for each in judged.rules]),
            "reviewed": np.tile([each.reviewed for each in judged.rules], rows).astype(bool),
        }
    )


def arrow_verdicts(judged: Judged, measured: Measured, ids: pa.StringArray) -> pa.Table:
    """Return the verdicts: ``parcel_id``, the area in m2, 公顷 and 亩, ``verdict``, ``fails`` and ``unknowns``."""
    return pa.table(
        {
            "parcel_id": ids,
            "area_m2": measured.parcel_m2,
            "area_ha": to_hectares(measured.parcel_m2),
            "area_mu": to_mu(measured.parcel_m2),
            "verdict": _dictionary(judge_parcels(judged), VERDICTS),
            "fails": (judged.outcome == FAIL).sum(axis=1).astype(np.int32),
            "unknowns": (judged.outcome == UNKNOWN).sum(axis=1).astype(np.int32),
        }
    )


def _of_parcels(parcel: NDArray[np.integer], ids: pa.StringArray) -> pa.DictionaryArray:
    # Ids are different from one another, and so are a dictionary as they are.
    return pa.DictionaryArray.from_arrays(pa.array(parcel.astype(np.int32)), ids)


def _cause(outcome: int, concern: int, incomplete: bool) -> str:
    if outcome != UNKNOWN:
        return ""
    if concern == UNSTATED:
        return "industry"
    return "data" if incomplete else "accuracy"


def _dictionary(codes: NDArray[np.integer], words: Sequence[str] | NDArray[np.object_]) -> pa.DictionaryArray:
    # A word stands in a dictionary once: with repeated words Parquet writes the same table in different bytes.
    places = {word: place for place, word in enumerate(dict.fromkeys(words))}
    place = np.array([places[word] for word in words], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place[codes]), pa.array(list(places), pa.string()))
