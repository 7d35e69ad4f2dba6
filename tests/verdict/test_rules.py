from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import MakePlan, of_rules, parcels_of, square, write_layer, write_plan

import qy_gis as qy
from qy_gis.overlay.overlap import Beyond, Measured
from qy_gis.plan.model import RuleKind, Text
from qy_gis.verdict.findings import say_figures
from qy_gis.verdict.rules import (
    KINDS,
    NOTHING_ASKED,
    OUTSIDE_STUDY_AREA,
    Interval,
    inside,
    judge_rules,
    outside,
    setback,
)
from qy_gis.verdict.tables import tabulate_findings, to_pandas

KEEP_OFF = {"kind": "outside", "severity": "prohibit"}


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
    return to_pandas(tabulate_findings(found, plan, ["P"])).iloc[0]


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
    assert of_rules(qy.check(lots, plan))["outcome"].tolist() == outcomes


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


def test_reasons_name_cause_and_document_and_leave_figures_to_columns(make_plan: MakePlan):
    plan = make_plan(line=line("outside", zh="红线"))
    failed = judged(plan, 80.0, 90.0, 95.0)
    assert failed["reason"] == "有土地位于红线之内。文件如此规定。"
    assert failed["reason_en"] == "Some land is inside line. The document says so."
    unknown = judged(plan, 80.0, 90.0, 100.0)
    assert unknown["reason"] == "有土地位于红线之内，但界线可能偏差 5 m，待核实。文件如此规定。"
    assert unknown[["cause", "low_m2", "high_m2"]].tolist() == ["accuracy", 0, 20]
    assert unknown["settle"] == "取得官方界线 / get the official boundary"
    assert failed[["document", "article", "reviewed"]].tolist() == ["测试文件", "第一条", False]


def test_a_rule_is_called_by_its_title_or_by_its_kind(make_plan: MakePlan):
    plan = make_plan(line=line("outside", zh="红线"))
    assert judged(plan, 80.0, 90.0, 95.0)[["title", "title_en"]].tolist() == ["不占用红线", "off line"]
    own = plan.layers["line"].rules[0].model_copy(update={"title": Text(zh="避让", en="keep off")})
    layers = {**plan.layers, "line": plan.layers["line"].model_copy(update={"rules": [own]})}
    named = judged(plan.model_copy(update={"layers": layers}), 80.0, 90.0, 95.0)
    assert named[["title", "title_en"]].tolist() == ["避让", "keep off"]


def test_an_industry_that_was_not_stated_gives_no_interval_without_width(make_plan: MakePlan):
    plan = make_plan(line=line("outside", industries=["ceramics"]))
    unstated = judged(plan, 50.0, 50.0, 50.0)
    assert unstated["reason"] == "未注明产业；本条适用于：陶瓷。有土地位于line之内。文件如此规定。"
    assert say_figures(unstated)[0] == "50.00 m²，容差 0.00 m²"


def built_in(result: qy.CheckResult) -> pd.DataFrame:
    return result.findings[result.findings["rule"].isin([OUTSIDE_STUDY_AREA, NOTHING_ASKED])]


def test_land_outside_the_study_area_is_never_suitable(make_plan: MakePlan):
    # The city ends at x = 30 km.
    plan = make_plan(farmland={"shapes": [square(0, 0)], "coverage": "everywhere", "rules": [KEEP_OFF]})
    result = qy.check(parcels_of(*(square(x, 5000, 100) for x in (5000, 29_950, 130_000))), plan)
    assert result.verdicts["verdict"].tolist() == ["suitable", "undetermined", "undetermined"]
    assert result.verdicts["summary"].iloc[2] == "待核实：规划范围以外的土地"
    found = built_in(result)
    assert found["outcome"].tolist() == ["pass", "unknown", "unknown"]
    assert found["overlap_m2"].tolist() == pytest.approx([0, 5e3, 1e4], rel=1e-3)
    assert (found["low_m2"] == found["overlap_m2"]).all()
    assert found["cause"].tolist() == ["", "plan", "plan"]
    assert "规划范围之外" in found["reason"].iloc[2]
    assert found["settle"].ne("").tolist() == [False, True, True]


def test_near_the_edge_of_a_rough_study_area_nothing_is_sure(tmp_path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)], "rules": [KEEP_OFF]}})
    write_layer(folder, "city", [square(-20_000, -20_000, 50_000)], accuracy_m=200)
    result = qy.check(parcels_of(*(square(x, 5000, 100) for x in (29_000, 29_750))), qy.read_plan(folder))
    found = built_in(result)
    assert found["outcome"].tolist() == ["pass", "unknown"]
    assert found[["overlap_m2", "low_m2"]].values.tolist() == [[0, 0], [0, 0]]
    assert found["high_m2"].iloc[1] == pytest.approx(5e3, rel=0.03)


def test_a_plan_that_asks_nothing_says_so(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": [{**KEEP_OFF, "industries": ["ceramics"]}]})
    lot = parcels_of(square(5000, 0, 100))
    assert qy.check(lot, plan).verdicts["verdict"].tolist() == ["suitable"]
    result = qy.check(lot, plan, industry="茶")
    assert result.verdicts[["verdict", "summary"]].values.tolist() == [["undetermined", "待核实：没有适用的规则"]]
    asked = result.findings.iloc[-1]
    assert asked[["rule", "outcome", "cause", "low_m2"]].tolist() == [NOTHING_ASKED, "unknown", "plan", 0]
    assert asked["high_m2"] == result.parcels["area_m2"].iloc[0]
    assert "茶" in asked["reason"]
    assert qy.check(lot, plan, industry="茶", tolerance_m2=1e9).verdicts["verdict"].tolist() == ["undetermined"]


def test_no_land_is_eligible_that_a_plan_does_not_ask_about(tmp_path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)], "rules": [KEEP_OFF]}})
    write_layer(folder, "city", [square(-20_000, -20_000, 50_000)], accuracy_m=200)
    plan = qy.read_plan(folder)
    land = qy.eligible_area(plan, unknown="keep").set_index("verdict")["area_m2"]
    assert land["undetermined"] == pytest.approx(50_000**2 - 49_600**2, rel=0.01)
    ceramics = {**KEEP_OFF, "industries": ["ceramics"]}
    other = write_plan(tmp_path / "other", {"farmland": {"shapes": [square(0, 0)], "rules": [ceramics]}})
    assert len(qy.eligible_area(qy.read_plan(other), industry="茶")) == 0
