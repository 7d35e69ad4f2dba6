import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, MakePlan, parcels_of, square
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from siting.random_plans import plans, write_random

import qy_gis as qy
from qy_gis.measure.plane import project, to_plane
from qy_gis.verdict.rules import NOTHING_ASKED, list_asked

INSIDE = [{"kind": "inside", "severity": "approve"}]
OUTSIDE = [{"kind": "outside", "severity": "prohibit"}]
#: A layer far away, so that the plan asks something.
FAR_OFF = {"shapes": [square(-15_000, -15_000)], "rules": OUTSIDE}

#: The grid's planar area is 0.02 % larger than the statutory one here.
NEAR = 4e-4


def hectares(table: gpd.GeoDataFrame, verdict: str) -> float:
    return float(table.loc[table["verdict"] == verdict, "area_ha"].sum())


def test_the_rules_leave_what_is_on_paper(world):
    land = qy.eligible_area(world)
    assert land["verdict"].tolist() == ["suitable"]
    assert land["area_ha"].item() == pytest.approx(1600 - 150, rel=NEAR)
    assert land["area_mu"].item() == pytest.approx(land["area_m2"].item() * 0.0015)


def test_each_rule_costs_what_it_takes_alone_together_and_at_the_margin(world):
    costs = qy.rule_costs(world).set_index("layer")
    km2 = (costs[["alone_m2", "change_m2", "marginal_m2"]] / 1e6).astype(float)
    assert km2.loc["farmland"].tolist() == pytest.approx([1, -1, 0.5], rel=NEAR)
    assert km2.loc["redline"].tolist() == pytest.approx([1, -0.5, 0.5], rel=NEAR)
    # Of the 2,484 km2 outside the park every one would be eligible without its rule.
    assert km2.loc["park"].tolist() == pytest.approx([2484, -2484 + 0, 2484], rel=NEAR)


def test_the_waterfall_adds_up_to_the_eligible_land(world):
    costs = qy.rule_costs(world)
    assert costs["step"].tolist() == ["land", "rule", "rule", "rule", "unknown", "eligible"]
    assert costs["change_m2"].sum() == pytest.approx(costs["left_m2"].iloc[-1], rel=1e-9)
    assert costs["change_m2"].cumsum().to_numpy() == pytest.approx(costs["left_m2"].to_numpy(), rel=1e-9)
    assert costs["left_m2"].iloc[-1] == pytest.approx(qy.eligible_area(world)["area_m2"].sum(), abs=1)


def test_unknown_land_is_never_eligible(make_plan: MakePlan):
    plan = make_plan(
        farmland={"shapes": [square(0, 0)], "rules": OUTSIDE, "accuracy_m": 100},
        redline={"shapes": None, "rules": OUTSIDE},
    )
    paper = parcels_of(square(-1000, -1000, 3000))
    assert len(qy.eligible_area(plan, within=paper)) == 0
    kept = qy.eligible_area(plan, within=paper, unknown="keep")
    assert set(kept["verdict"]) == {"undetermined"}
    # All but the farmland shrunk by its accuracy, which is surely taken.
    assert kept["area_ha"].sum() == pytest.approx(900 - 64, rel=1e-3)
    costs = qy.rule_costs(plan, within=paper).set_index("layer")
    assert costs.at["redline", "unknown_m2"] == pytest.approx(9e6, rel=NEAR)
    assert costs.at["redline", "marginal_m2"] == pytest.approx(9e6 - (1.4e6 + np.pi * 1e4), abs=15e3)


def test_accuracy_is_a_rim_of_unknown(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": OUTSIDE, "accuracy_m": 100})
    kept = qy.eligible_area(plan, within=parcels_of(square(-1000, -1000, 3000)), unknown="keep")
    # How a rounded corner is drawn makes a hectare of difference.
    grown = 100 + 4 * 10 + np.pi
    assert hectares(kept, "suitable") == pytest.approx(900 - grown, abs=1.5)
    assert hectares(kept, "undetermined") == pytest.approx(grown - 64, abs=1.5)


def test_severities_decide_which_rules_take_land(world):
    land = qy.eligible_area(world, severities=["prohibit"])
    assert hectares(land, "suitable") == pytest.approx(1450, rel=NEAR)
    assert hectares(land, "conditional") == pytest.approx(250_000 - 1600, rel=NEAR)


def test_a_rule_for_some_industries_needs_the_industry(make_plan: MakePlan):
    rule = {"kind": "outside", "severity": "prohibit", "industries": ["ceramics"]}
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": [rule]})
    paper = parcels_of(square(0, 0, 2000))

    def left(**asked) -> dict[str, float]:
        land = qy.eligible_area(plan, within=paper, **asked)
        return land.groupby("verdict")["area_ha"].sum().round().to_dict()

    assert left(industry="陶瓷") == {"suitable": 300}
    # The plan asks nothing of tea: that makes no land eligible.
    assert left(industry="茶") == {}
    assert left() == {"suitable": 300}
    assert left(unknown="keep") == {"suitable": 300, "undetermined": 100}


def test_a_setback_is_kept_from_points_and_lines_too(make_plan: MakePlan):
    town = shapely.Point(EAST + 1000, NORTH + 1000)
    plan = make_plan(town={"shapes": [town], "geometry": "point"}, farmland=FAR_OFF)
    paper = parcels_of(square(0, 0, 2000))
    land = qy.eligible_area(plan, within=paper, setbacks={"town": 500})
    assert land["area_ha"].sum() == pytest.approx(400 - 25 * np.pi, rel=NEAR)
    costs = qy.rule_costs(plan, within=paper, setbacks={"town": 500})
    assert costs["step"].tolist() == ["land", "rule", "setback", "unknown", "eligible"]
    assert costs["title_en"].iloc[2] == "within 500 m of town"


def test_a_setback_sees_features_outside_the_study_area(make_plan: MakePlan):
    # The city ends at x = 30 km; the river runs 100 m beyond.
    river = shapely.LineString([(EAST + 30_100, NORTH - 20_000), (EAST + 30_100, NORTH + 30_000)])
    plan = make_plan(river={"shapes": [river], "geometry": "line", "coverage": "everywhere"}, farmland=FAR_OFF)
    land = qy.eligible_area(plan, within=parcels_of(square(29_000, 0, 1000)), setbacks={"river": 500})
    assert land["area_ha"].sum() == pytest.approx(60, rel=1e-3)


def test_just_beyond_the_survey_a_setback_is_unknown(make_plan: MakePlan):
    river = shapely.LineString([(EAST, NORTH), (EAST + 1000, NORTH)])
    plan = make_plan(river={"shapes": [river], "geometry": "line", "coverage": "study_area"}, farmland=FAR_OFF)
    edge = parcels_of(square(29_000, 10_000, 1000))
    assert qy.eligible_area(plan, within=edge, setbacks={"river": 500})["area_ha"].sum() == pytest.approx(50, rel=1e-3)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"unknown": "maybe"}, "accepted: 'keep', 'drop'"),
        ({"within": "nowhere"}, "accepted: city 0, or a GeoDataFrame"),
        ({"within": parcels_of(square(90_000, 0))}, "no land in the study area"),
        ({"severities": ["hard"]}, "accepted is a list of prohibit, approve, advise"),
        ({"setbacks": {"sea": 5, "park": -1}}, "sea=5, park=-1"),
        ({"industry": "steel"}, "is not in the plan"),
    ],
)
def test_a_wrong_argument_says_what_is_accepted(world, asked, message):
    with pytest.raises(qy.ArgumentError, match=message):
        qy.eligible_area(world, **asked)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(layers=plans, industry=st.sampled_from([None, "tea"]), data=st.data())
def test_eligible_land_and_the_check_never_disagree(tmp_path_factory, layers, industry, data):
    plan = write_random(tmp_path_factory.mktemp("random") / "plan", layers)
    paper = parcels_of(square(-200, -200, 1800))
    land = qy.eligible_area(plan, within=paper, unknown="keep", severities=["prohibit"], industry=industry)
    corners = data.draw(
        st.lists(st.tuples(st.integers(-2, 13), st.integers(-2, 13)), min_size=4, max_size=12, unique=True)
    )
    parcels = parcels_of(*(square(100 * x + 1, 100 * y + 1, 98) for x, y in corners))
    verdicts = qy.check(parcels, plan, tolerance_m2=1, industry=industry).parcels["verdict"].to_numpy()
    outlines = to_plane(parcels.geometry.to_numpy(), parcels.crs)
    for verdict in ("suitable", "undetermined", "conditional"):
        part = shapely.union_all(project(land.loc[land["verdict"] == verdict, "geometry"].to_numpy()))
        whole = shapely.area(shapely.difference(outlines, part)) <= 1
        # What is unknown on one part of a parcel may fail on another: then the parts say more than its one verdict.
        accepted = {verdict, "conditional"} if verdict == "undetermined" else {verdict}
        assert set(verdicts[whole]) <= accepted
        if verdict == "suitable":
            assert (verdicts == "suitable").tolist() == whole.tolist()
    kept = shapely.union_all(project(land.geometry.to_numpy()))
    none = shapely.area(shapely.intersection(outlines, kept)) <= 1
    assert (verdicts[none] == "prohibited").all()


@settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(layers=plans, industry=st.sampled_from([None, "tea"]))
def test_a_setback_tried_takes_the_land_of_the_same_rule(tmp_path_factory, layers, industry):
    folder = tmp_path_factory.mktemp("random")
    with_rules = write_random(folder / "rules", layers)
    asked = {
        f"layer{number}": each["rule"]["distance_m"]
        for number, each in enumerate(layers)
        if each["rule"]["kind"] == "setback" and not each["industries"]
    }
    bare = {
        key: layer.model_copy(update={"rules": [] if key in asked else layer.rules})
        for key, layer in with_rules.layers.items()
    }
    without = with_rules.model_copy(update={"layers": bare})
    assume(all(each.rule.key != NOTHING_ASKED for each in list_asked(without, industry)))
    paper = parcels_of(square(-200, -200, 1800))
    by_rule = qy.eligible_area(with_rules, within=paper, industry=industry)
    tried = qy.eligible_area(without, within=paper, industry=industry, setbacks=asked)
    assert tried["area_m2"].tolist() == pytest.approx(by_rule["area_m2"].tolist(), abs=1e-3)
    steps = qy.rule_costs(without, within=paper, industry=industry, setbacks=asked)["step"].tolist()
    assert steps.count("setback") == len(asked)


def test_every_part_of_eligible_land_passes_the_check_as_a_parcel(world):
    land = qy.eligible_area(world)
    shrunk = land.to_crs(4547).buffer(-0.01, join_style="mitre")
    result = qy.check(gpd.GeoDataFrame({"parcel_id": land["part_id"]}, geometry=shrunk), world)
    assert result.parcels["verdict"].tolist() == ["suitable"]


def test_progress_names_the_layers_and_comes_once_for_one_question(world):
    seen: list[tuple[int, int, str]] = []

    def note(*step):
        seen.append(step)

    qy.eligible_area(world, progress=note)
    assert [what for _, _, what in seen] == ["farmland", "park", "redline", "city", "切分 / splitting"]
    assert [(done, total) for done, total, _ in seen] == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)]
    # The land is split already, whatever is asked of it next.
    qy.rule_costs(world, progress=note)
    qy.eligible_area(world, severities=["prohibit"], unknown="keep", progress=note)
    assert len(seen) == 5
    qy.rule_costs(world, within=parcels_of(square(0, 0)), progress=note)
    assert len(seen) == 10


def test_land_unknown_by_a_rule_of_another_severity_is_unknown_all_the_same(make_plan: MakePlan):
    plan = make_plan(
        farmland={"shapes": [square(0, 0)], "rules": OUTSIDE},
        flood={"shapes": None, "rules": [{"kind": "outside", "severity": "advise"}]},
    )
    asked = {"within": parcels_of(square(0, 0, 2000)), "severities": ["prohibit"]}
    assert len(qy.eligible_area(plan, **asked)) == 0
    assert qy.eligible_area(plan, **asked, unknown="keep")["verdict"].tolist() == ["undetermined"]
    costs = qy.rule_costs(plan, **asked).set_index("step")
    assert costs.at["eligible", "left_m2"] == 0
    assert costs.at["unknown", "change_m2"] == pytest.approx(-3e6, rel=NEAR)
    # Without the farmland rule its land would be unknown still.
    assert costs.at["rule", "marginal_m2"] == 0
