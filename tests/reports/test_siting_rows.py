import pandas as pd
import pytest
from conftest import MakePlan, square

import qy_gis as qy
from qy_gis.reports.siting import describe_question
from qy_gis.reports.siting_rows import list_costs, list_criteria
from qy_gis.siting.criteria import Criteria

OUTSIDE = [{"kind": "outside", "severity": "prohibit"}]


@pytest.fixture
def plan(make_plan: MakePlan) -> qy.Plan:
    return make_plan(farmland={"shapes": [square(0, 0)], "rules": OUTSIDE, "zh": "农田"})


def test_costs_are_hectares_that_add_up(plan):
    rows = list_costs(qy.rule_costs(plan)).set_index("规则 rule")
    assert rows.loc["不占用农田 off farmland", "级别 severity"] == "禁止·prohibits"
    taken = rows["依次占用 in turn (ha)"].str.replace(",", "").astype(float)
    assert taken.sum() == pytest.approx(float(rows["剩余 left (ha)"].iloc[-1].replace(",", "")), abs=0.2)
    assert not rows.eq("-0.0").any(axis=None)


def test_a_criterion_says_its_value_function_and_weight(plan):
    values = [
        {"kind": "linear", "worst": 5000.0, "best": 0.0},
        {"kind": "step", "limit": 300.0, "better": "above"},
        {"kind": "gaussian", "best": 1000.0, "width": 200.0},
    ]
    rows = [
        {
            "key": f"c{place}",
            "title": {"zh": "距", "en": "d"},
            "measure": "distance",
            "layer": "farmland",
            "value": value,
        }
        for place, value in enumerate(values)
    ]
    listed = list_criteria(Criteria.model_validate({"criterion": rows}), plan)
    assert listed["计值 worth"].tolist() == ["5,000 → 0; 0 → 1", "≥ 300 → 1", "1,000 → 1; ± 200 → 0.61"]
    assert listed["方向 better"].str.split().str[-1].tolist() == ["less", "more", "best"]
    assert listed["权重 weight"].tolist() == ["33.3%"] * 3
    assert listed["量什么 measure"].iloc[0] == "distance: 农田 farmland"


def test_the_question_names_all_that_decides_the_answer(plan):
    asked = describe_question(
        plan,
        area_ha=50,
        industry="茶",
        within=None,
        shape="square",
        unknown="drop",
        severities=["prohibit"],
        setbacks={"farmland": 300},
        candidates=None,
    )
    said = pd.Series(asked).str.cat(sep="\n")
    for text in (
        "≥ 50 公顷",
        "茶 Tea",
        "whole study area",
        "禁止 prohibit",
        "农田 farmland: 300 m",
        "left out",
        "square",
    ):
        assert text in said
