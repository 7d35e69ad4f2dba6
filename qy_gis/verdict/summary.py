"""The summary of a batch: counts and areas, added up block by block."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qy_gis.columns import CAUSES
from qy_gis.parcels.places import find_place
from qy_gis.plan.model import Plan
from qy_gis.verdict.findings import VERDICTS
from qy_gis.verdict.parts import SUMMARY_KEY, Parts
from qy_gis.verdict.rules import NOTHING_ASKED, OUTSIDE_STUDY_AREA

#: What becomes of a rule for a parcel; the unknown ones by their cause.
OUTCOMES = ("pass", "fail", *CAUSES)


def summarise_block(tables: dict[str, pa.Table], plan: Plan) -> dict[str, Any]:
    """Sum up the tables of a block (`qy_gis.verdict.block.check_block`).

    Returns
    -------
    dict
        ``parcels`` and ``rejects``; ``verdicts`` and ``verdicts_m2``, the parcels of each verdict and their area;
        ``area_m2``, the land of the parcels inside each layer, where its features overlap counted once; and ``rules``,
        for each rule (``layer.rule``) and each finding that is of every plan, the parcels by outcome, the unknown ones
        by cause (`OUTCOMES`).
    """
    verdicts, findings, overlaps = tables["verdicts"], tables["findings"], tables["overlaps"]
    summary = _nothing(plan)
    summary["parcels"], summary["rejects"] = verdicts.num_rows, tables["rejects"].num_rows
    of_verdict = verdicts.select(["verdict", "area_m2"]).group_by("verdict")
    for row in of_verdict.aggregate([("area_m2", "sum"), ("area_m2", "count")]).to_pylist():
        summary["verdicts"][row["verdict"]] = row["area_m2_count"]
        summary["verdicts_m2"][row["verdict"]] = row["area_m2_sum"]
    # Land outside a layer stands in one row per parcel and layer, in their order.
    beyond = overlaps.filter(pc.equal(overlaps["feature_id"].cast(pa.string()), ""))["area_m2"].to_numpy()
    inside = verdicts["area_m2"].to_numpy()[:, None] - beyond.reshape(-1, len(plan.layers))
    summary["area_m2"] = dict(zip(plan.layers, inside.sum(axis=0).tolist(), strict=True))
    keys = ["layer", "rule", "outcome", "cause"]
    for row in findings.select(keys).group_by(keys).aggregate([([], "count_all")]).to_pylist():
        summary["rules"][f"{row['layer']}.{row['rule']}"][row["cause"] or row["outcome"]] += row["count_all"]
    return summary


def add_up(parts: Parts, plan: Plan) -> dict[str, Any]:
    """Add up the summaries of all blocks, which the parts of ``verdicts`` carry; areas to 0.01 m2."""
    total = _nothing(plan)
    system, _ = find_place(parts.folder)
    for path in parts.list("verdicts"):
        _add(total, json.loads(pq.read_schema(path, filesystem=system).metadata[SUMMARY_KEY]))
    return {
        **total,
        "verdicts_m2": {key: round(value, 2) for key, value in total["verdicts_m2"].items()},
        "area_m2": {key: round(value, 2) for key, value in total["area_m2"].items()},
    }


def _nothing(plan: Plan) -> dict[str, Any]:
    rules = [f"{key}.{rule.key}" for key, layer in plan.layers.items() for rule in layer.rules]
    rules += [f"{plan.study_area}.{built_in}" for built_in in (OUTSIDE_STUDY_AREA, NOTHING_ASKED)]
    return {
        "parcels": 0,
        "rejects": 0,
        "verdicts": dict.fromkeys(VERDICTS, 0),
        "verdicts_m2": dict.fromkeys(VERDICTS, 0.0),
        "area_m2": dict.fromkeys(plan.layers, 0.0),
        "rules": {rule: dict.fromkeys(OUTCOMES, 0) for rule in rules},
    }


def _add(total: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict):
            _add(total[key], value)
        else:
            total[key] += value
