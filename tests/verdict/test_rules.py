from typing import get_args

import geopandas as gpd
import numpy as np
import pytest
from conftest import MakePlan, parcels_of, square

import qy_gis as qy
from qy_gis.overlay.overlap import Beyond, Measured
from qy_gis.plan.model import RuleKind
from qy_gis.verdict.findings import tabulate_findings
from qy_gis.verdict.rules import KINDS, Interval, inside, judge_rules, outside, setback


def test_every_kind_a_plan_may_name_has_its_function():
    assert set(KINDS) == set(get_args(RuleKind))


def test_what_stands_against_each_kind():
    beyond = Interval(np.array([30.0]), np.array([20.0]), np.array([50.0]))
    assert inside(np.array([100.0]), beyond) == beyond
    assert [float(area[0]) for area in outside(np.array([100.0]), beyond)] == [70.0, 50.0, 80.0]
    assert [float(area[0]) for area in setback(np.array([100.0]), beyond)] == [70.0, 50.0, 80.0]


def judged(plan, low, nominal, high, **options):
    """The finding on a parcel of 100 m2 of which this much is outside the second layer, at least, as drawn, at most."""
    none, pairs = np.zeros((1, 2)), np.zeros(0)
    beyond = [np.array([[100.0, area]]) for area in (nominal, low, high)]
    unasked = Beyond(*[np.zeros((1, 0))] * 4)
    measured = Measured(np.array([100.0]), pairs, pairs, pairs, pairs, pairs, pairs, *beyond, none, unasked)
    found = judge_rules(measured, plan, **options)
    return tabulate_findings(found, plan, parcel_id=np.array(["P"], dtype=object)).iloc[0]


def line(kind: str, **more):
    rule = {"kind": kind, "severity": "prohibit", **{name: more.pop(name) for name in ("industries",) if name in more}}
    return {"shapes": [square(0, 0)], "rules": [rule], "accuracy_m": 5, **more}


@pytest.mark.parametrize(
    ("kind", "beyond", "outcome"),
    [
        # How much of 100 m2 is outside the layer: at least, as drawn, at most.
        ("outside", (100, 100, 100), "pass"),
        ("outside", (90, 100, 100), "unknown"),
        ("outside", (80, 90, 100), "unknown"),
        ("outside", (80, 90, 95), "fail"),
        ("inside", (0, 0, 0), "pass"),
        ("inside", (0, 0, 10), "unknown"),
        ("inside", (0, 10, 20), "unknown"),
        ("inside", (5, 10, 20), "fail"),
    ],
)
def test_a_rule_holds_or_fails_only_at_both_ends(make_plan: MakePlan, kind, beyond, outcome):
    finding = judged(make_plan(line=line(kind)), *map(float, beyond))
    assert finding["outcome"] == outcome
    assert (finding["high_m2"] <= finding["limit"]) == (outcome == "pass")
    assert (finding["low_m2"] > finding["limit"]) == (outcome == "fail")
    assert bool(finding["settle"]) == (outcome == "unknown")


@pytest.mark.parametrize(("kind", "outcomes"), [("inside", ["pass", "unknown"]), ("outside", ["fail", "unknown"])])
def test_what_was_not_surveyed_matters_only_where_something_may_stand_against(
    make_plan: MakePlan, tmp_path, kind, outcomes
):
    # A park as drawn reaches 500 m beyond what was surveyed: what is drawn is there, and more may be.
    (tmp_path / "plan").mkdir()
    survey = gpd.GeoDataFrame(geometry=[square(0, 0, 1000, 500)], crs=4547)
    survey.to_file(tmp_path / "plan" / "survey.gpkg", engine="pyogrio")
    rule = {"kind": kind, "severity": "prohibit"}
    plan = make_plan(park={"shapes": [square(0, 0, 1000)], "coverage": "survey.gpkg", "rules": [rule]})
    lots = parcels_of(square(100, 600, 100), square(1100, 600, 100))
    assert qy.check(lots, plan).findings["outcome"].tolist() == outcomes


def test_tolerance_of_layer_rule_and_caller(make_plan: MakePlan):
    plan = make_plan(line=line("outside", tolerance_m2=10))
    assert judged(plan, 90.0, 90.0, 90.0)[["outcome", "limit"]].tolist() == ["pass", 10]
    assert judged(plan, 89.0, 89.0, 89.0)["outcome"] == "fail"
    assert judged(plan, 90.0, 90.0, 90.0, tolerance_m2=0)[["outcome", "limit"]].tolist() == ["fail", 0]


def test_a_rule_for_certain_industries(make_plan: MakePlan):
    plan = make_plan(line=line("outside", industries=["ceramics"]))
    assert judged(plan, 50.0, 50.0, 50.0, industry="ceramics")["outcome"] == "fail"
    tea = judged(plan, 50.0, 50.0, 50.0, industry="tea")
    assert (tea["outcome"], tea["reason"]) == ("pass", "不适用：本条仅适用于陶瓷。")
    unstated = judged(plan, 50.0, 50.0, 50.0)
    assert unstated["outcome"] == "unknown"
    assert "注明拟建项目的产业" in unstated["settle"]
    assert judged(plan, 100.0, 100.0, 100.0)["outcome"] == "pass"


def test_reasons_name_area_cause_and_document(make_plan: MakePlan):
    plan = make_plan(line=line("outside", zh="红线"))
    failed = judged(plan, 80.0, 90.0, 95.0)
    assert failed["reason"] == "10.00 m² 位于红线之内（容差 0.00 m²）。文件如此规定。"
    assert failed["reason_en"] == "10.00 m² inside line (tolerance 0.00 m²). The document says so."
    unknown = judged(plan, 80.0, 90.0, 100.0)
    assert "界线可能偏差 5 m" in unknown["reason"]
    assert "0.00–20.00 m²" in unknown["reason"]
    assert unknown["settle"] == "取得官方界线 / get the official boundary"
    assert failed[["document", "article", "reviewed"]].tolist() == ["测试文件", "第一条", False]
