import dataclasses
import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, MakePlan, of_rules, parcels_of, square
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis import columns

PROHIBIT = [{"kind": "outside", "severity": "prohibit"}]


@pytest.fixture
def plan(make_plan: MakePlan) -> qy.Plan:
    """Farmland prohibits, a river bank asks for approval, a park is asked for; the red line is 10 m sharp."""
    return make_plan(
        farmland={"shapes": [square(0, 0)], "rules": PROHIBIT},
        bank={"shapes": [square(2000, 0)], "rules": [{"kind": "outside", "severity": "approve"}]},
        park={"shapes": [square(-5000, -5000, 10_000)], "rules": [{"kind": "inside", "severity": "advise"}]},
        redline={"shapes": [square(0, 3000)], "accuracy_m": 10, "rules": PROHIBIT},
    )


@pytest.mark.parametrize(
    ("parcel", "verdict", "summary"),
    [
        (square(1200, 1200, 100), "suitable", "可行"),
        (square(950, 0, 100), "prohibited", "禁止：farmland"),
        (square(2000, 0, 100), "conditional", "需论证/报批：bank"),
        (square(6000, 0, 100), "conditional", "需论证/报批：park"),
        (square(1005, 3000, 100), "undetermined", "待核实：redline"),
        (square(900, 950, 1200, 100), "prohibited", "禁止：farmland"),
        (square(-5050, 3200, 100), "conditional", "需论证/报批：park"),
        (square(1000, 0, 100), "suitable", "可行"),  # a touching neighbour is not an overlap
    ],
)
def test_the_verdict_is_the_worst_finding(plan, parcel, verdict, summary):
    result = qy.check(parcels_of(parcel), plan)
    assert result.verdicts[["verdict", "summary"]].iloc[0].tolist() == [verdict, summary]
    assert result.parcels["verdict"].tolist() == [verdict]


def test_unknown_is_worse_than_conditional_and_better_than_prohibited(make_plan: MakePlan):
    plan = make_plan(
        unseen={"shapes": None, "rules": PROHIBIT},
        bank={"shapes": [square(0, 0)], "rules": [{"kind": "outside", "severity": "approve"}]},
        farmland={"shapes": [square(5000, 0)], "rules": PROHIBIT},
    )
    result = qy.check(parcels_of(square(0, 0, 100), square(5000, 0, 100)), plan)
    assert result.verdicts["verdict"].tolist() == ["undetermined", "prohibited"]
    assert result.verdicts[["fails", "unknowns"]].values.tolist() == [[1, 1], [1, 1]]


def test_one_finding_per_parcel_and_rule_with_the_columns(plan):
    result = qy.check(parcels_of(square(0, 0, 10), square(1500, 1500, 10)), plan)
    assert len(result.findings) == 2 * (4 + 1)  # four rules, and where the study area is
    assert not result.findings.duplicated(["parcel_id", "layer", "rule"]).any()
    assert list(result.findings.columns) == columns.FINDINGS
    assert list(result.verdicts.columns) == columns.VERDICTS
    assert list(result.parcels.columns) == [*columns.PARCELS, "geometry"]
    assert list(result.overlaps.columns) == [*columns.OVERLAPS, "geometry"]
    assert list(result.repairs.columns) == columns.REPAIRS
    assert set(result.findings["outcome"]) <= set(columns.OUTCOMES)


def test_area_in_three_units_and_index_kept(plan):
    parcels = parcels_of(square(0, 0, 100), square(1500, 0, 100)).set_axis(["x", "y"])
    before = parcels.copy(deep=True)
    result = qy.check(parcels, plan)
    assert result.parcels.index.tolist() == result.verdicts.index.tolist() == ["x", "y"]
    first = result.parcels.iloc[0]
    assert first["area_m2"] == pytest.approx(1e4, rel=3e-4)
    assert first["area_m2"] != 1e4
    assert first["area_ha"] == pytest.approx(first["area_m2"] / 1e4, rel=1e-12)
    assert first["area_mu"] == pytest.approx(first["area_m2"] * 0.0015, rel=1e-12)
    pd.testing.assert_frame_equal(parcels, before)


def test_a_batch_gives_the_same_digits_as_a_single_check(plan):
    shapes = [square(950 + 7 * n, 13 * n, 90 + n) for n in range(6)]
    together = qy.check(parcels_of(*shapes), plan)
    for number, parcel in enumerate(parcels_of(*shapes).index):
        alone = qy.check(parcels_of(*shapes).loc[[parcel]], plan)
        name = f"P{number + 1}"
        for table in ("overlaps", "findings"):
            batch = getattr(together, table)
            own = pd.DataFrame(batch[batch["parcel_id"] == name].drop(columns="geometry", errors="ignore"))
            single = pd.DataFrame(getattr(alone, table).drop(columns="geometry", errors="ignore"))
            pd.testing.assert_frame_equal(own.reset_index(drop=True), single, check_exact=True, check_categorical=False)


def test_a_parcel_outside_the_plan_is_undetermined(plan):
    result = qy.check(parcels_of(square(80_000, 0, 100)), plan)
    assert result.verdicts["verdict"].tolist() == ["undetermined"]
    assert result.findings["reason"].str.contains("该图层在此不完整").any()


def test_industry_by_name_and_unknown_ones(plan):
    assert qy.check(parcels_of(square(0, 0, 10)), plan, industry="茶").industry == "tea"
    with pytest.raises(qy.ArgumentError, match="accepted: 茶"):
        qy.check(parcels_of(square(0, 0, 10)), plan, industry="咖啡")


def test_a_negative_tolerance_is_refused_and_a_large_one_forgives(plan):
    corner = parcels_of(square(990, 990, 100))  # 10 m x 10 m on the farmland
    assert qy.check(corner, plan).verdicts["verdict"].tolist() == ["prohibited"]
    assert qy.check(corner, plan, tolerance_m2=101).verdicts["verdict"].tolist() == ["suitable"]
    with pytest.raises(qy.ArgumentError, match="tolerance_m2=-1"):
        qy.check(corner, plan, tolerance_m2=-1)


@pytest.mark.parametrize("tolerance_m2", [1, 1e9])
def test_no_tolerance_makes_unsurveyed_land_pass(make_plan: MakePlan, tolerance_m2):
    plan = make_plan(unseen={"shapes": None, "rules": PROHIBIT})
    result = qy.check(parcels_of(square(0, 0, 0.9), square(2000, 0)), plan, tolerance_m2=tolerance_m2)
    assert result.verdicts["verdict"].tolist() == ["undetermined"] * 2


def test_a_known_part_of_an_incomplete_layer_counts(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "coverage": "none", "rules": PROHIBIT})
    result = qy.check(parcels_of(square(100, 100, 100), square(3000, 0, 100)), plan)
    assert result.verdicts["verdict"].tolist() == ["prohibited", "undetermined"]


def test_a_parcel_too_small_to_be_one_is_refused(plan):
    with pytest.raises(qy.GeometryError, match=r"- row 0: smaller than 0\.01 m2"):
        qy.check(parcels_of(square(0, 0, 0.05)), plan)


@pytest.mark.parametrize(
    ("shape", "error", "says"),
    [
        (shapely.Polygon(), qy.GeometryError, "row 0: empty Polygon"),
        (None, qy.GeometryError, "row 0: no geometry"),
        (shapely.Point(405_000, 2_610_000), qy.GeometryError, "Point"),
        (shapely.LineString([(405_000, 2_610_000), (405_100, 2_610_000)]), qy.GeometryError, "LineString"),
    ],
)
def test_what_is_no_parcel_is_refused_by_name(plan, shape, error, says):
    with pytest.raises(error, match=says):
        qy.check(parcels_of(shape), plan)


def test_a_duplicate_id_is_refused(plan):
    parcels = parcels_of(square(0, 0), square(2000, 0)).assign(parcel_id="same")
    with pytest.raises(qy.SourceError, match="same"):
        qy.check(parcels, plan)


def test_no_crs_is_refused(plan):
    with pytest.raises(qy.CRSError, match="crs="):
        qy.check(parcels_of(square(0, 0)).set_crs(None, allow_override=True), plan)


def test_multipart_and_3d_are_one_parcel(plan):
    both = shapely.MultiPolygon([square(1200, 1200, 100), square(1500, 1200, 100)])
    result = qy.check(parcels_of(both, shapely.force_3d(both, 9.0)), plan)
    assert result.parcels["area_m2"].iloc[0] == result.parcels["area_m2"].iloc[1] == pytest.approx(2e4, rel=3e-4)
    assert result.repairs["parcel_id"].tolist() == ["P2"]


def test_the_same_parcel_in_degrees_and_in_grids_gets_the_same_answer(plan):
    here = parcels_of(square(950, 0, 100))
    answers = [qy.check(here.to_crs(crs), plan) for crs in (4547, 4526, 4490, 4326)]
    assert {answer.verdicts["verdict"].iloc[0] for answer in answers} == {"prohibited"}
    areas = [answer.overlaps.set_index(["layer", "feature_id"])["area_m2"] for answer in answers]
    for other in areas[1:]:
        assert other.to_numpy() == pytest.approx(areas[0].to_numpy(), abs=0.01)


def test_a_plan_without_rules_asks_nothing_and_says_so(make_plan: MakePlan):
    result = qy.check(parcels_of(square(0, 0, 10)), make_plan())
    assert of_rules(result).empty
    assert result.verdicts["verdict"].tolist() == ["undetermined"]


@pytest.fixture
def river(make_plan: MakePlan) -> qy.Plan:
    """A river along x = 0 that may be 50 m off, surveyed in the city only; no park within 300 m of it."""
    line = shapely.LineString([(EAST, NORTH - 30_000), (EAST, NORTH + 30_000)])
    rule = {"kind": "setback", "severity": "prohibit", "distance_m": 300}
    return make_plan(river={"shapes": [line], "geometry": "line", "accuracy_m": 50, "rules": [rule], "zh": "河流"})


@pytest.mark.parametrize(
    ("x", "outcome", "areas"),
    [
        # Of a parcel of 100 x 100 m from x on: within 250, 300 and 350 m of the river, ha.
        (0, "fail", (1, 1, 1)),
        (200, "fail", (0.5, 1, 1)),
        (260, "unknown", (0, 0.4, 0.9)),
        (310, "unknown", (0, 0, 0.4)),
        (360, "pass", (0, 0, 0)),
        (29_800, "unknown", (0, 0, 1)),  # 100 m from the edge of the survey
        (29_590, "pass", (0, 0, 0)),
    ],
)
def test_a_setback_by_hand(river, x, outcome, areas):
    finding = of_rules(qy.check(parcels_of(square(x, 0, 100)), river)).iloc[0]
    assert finding["outcome"] == outcome
    # A metre of the grid is 0.1 mm shorter on the ellipsoid, and doubt is drawn 0.03 % wider.
    assert [finding[name] / 1e4 for name in ("low_m2", "overlap_m2", "high_m2")] == pytest.approx(areas, abs=3e-3)


def test_a_setback_says_how_far_and_why(river):
    findings = of_rules(qy.check(parcels_of(square(200, 0, 100), square(310, 0, 100), square(29_800, 0, 100)), river))
    assert findings["reason"].iloc[0] == "有土地距河流不足 300 m。文件如此规定。"
    assert findings["reason_en"].iloc[0] == "Some land is within 300 m of river. The document says so."
    assert findings["reason"].iloc[1].startswith("没有土地距河流不足 300 m，但界线可能偏差 50 m")
    assert "或距其覆盖边缘过近" in findings["reason"].iloc[2]
    assert "the layer is not complete here or around" in findings["reason_en"].iloc[2]
    assert findings["distance_m"].tolist() == pytest.approx([200, 310, 29_800], rel=1e-3)


def test_a_feature_outside_the_study_area_is_kept_off_too(make_plan: MakePlan):
    # The city ends at x = 30 km; the works stand 100 m beyond.
    rule = {"kind": "setback", "severity": "prohibit", "distance_m": 500}
    works = {"shapes": [square(30_100, 0), square(-9000, 0, 10)], "coverage": "everywhere", "rules": [rule]}
    result = qy.check(parcels_of(square(29_800, 0, 100), square(29_300, 0, 100)), make_plan(works=works))
    assert of_rules(result)["outcome"].tolist() == ["fail", "pass"]
    # The works are no feature that the parcel meets.
    assert result.overlaps.loc[result.overlaps["layer"] == "works", "relation"].tolist() == ["outside"] * 2


def test_a_setback_from_a_layer_without_data_is_unknown(make_plan: MakePlan):
    rule = {"kind": "setback", "severity": "prohibit", "distance_m": 500}
    result = qy.check(parcels_of(square(0, 0, 100)), make_plan(works={"shapes": None, "rules": [rule]}))
    assert of_rules(result)["outcome"].tolist() == ["unknown"]
    assert result.findings["high_m2"].iloc[0] == pytest.approx(1e4, rel=3e-4)


def test_str_counts_the_verdicts(plan):
    result = qy.check(parcels_of(square(950, 0, 100), square(1200, 1200, 100)), plan)
    assert str(result) == "2 parcels; 禁止 prohibited: 1, 可行 suitable: 1"


TABLES = {"parcels", "overlaps", "findings", "verdicts", "repairs", "evidence"}


def test_tables_are_made_when_they_are_asked_for_and_kept(plan):
    result = qy.check(parcels_of(square(950, 0, 100)), plan)
    assert not TABLES & {name.removeprefix("_") for name in vars(result)}
    assert np.shares_memory(result.findings["low_m2"].to_numpy(), result.findings["low_m2"].to_numpy())
    assert TABLES & {name.removeprefix("_") for name in vars(result)} == {"findings"}


def test_a_result_cannot_be_changed(plan):
    result = qy.check(parcels_of(square(950, 0, 100)), plan)
    for name in (*TABLES, "plan", "industry"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, name, None)


def test_tables_are_copies_so_that_none_contradicts_the_evidence(plan):
    result, other = (qy.check(parcels_of(square(950, 0, 100)), plan) for _ in range(2))
    findings, verdicts, overlaps, parcels = result.findings, result.verdicts, result.overlaps, result.parcels
    findings.loc[:, ["overlap_m2", "limit"]] = -1.0
    findings.loc[:, "outcome"] = "pass"
    verdicts.loc[:, "fails"] = 7
    overlaps.loc[:, "area_m2"] = 0
    parcels.loc[:, "verdict"] = "suitable"
    result.evidence["plan"]["files"].clear()
    for name in ("findings", "verdicts", "repairs"):
        pd.testing.assert_frame_equal(getattr(result, name), getattr(other, name))
    assert_geodataframe_equal(result.overlaps, other.overlaps)
    assert_geodataframe_equal(result.parcels, other.parcels)
    assert result.evidence == other.evidence


def test_a_result_goes_through_pickle(plan):
    result = qy.check(parcels_of(square(950, 0, 100), square(1200, 1200, 100)), plan, industry="tea")
    other = pickle.loads(pickle.dumps(result))
    assert (str(other), other.industry, other.evidence) == (str(result), result.industry, result.evidence)
    for name in ("verdicts", "findings", "repairs"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(result, name))
    assert_geodataframe_equal(other.parcels, result.parcels)
    assert_geodataframe_equal(other.overlaps, result.overlaps)


def test_the_bundled_plan_is_the_default():
    parcels = gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[square(0, 0, 100)], crs=4547)
    result = qy.check(parcels, industry="新能源")
    assert result.plan.title.zh.startswith("清远市")
    assert result.verdicts["verdict"].tolist() == ["undetermined"]
    declared = result.findings.set_index("layer").loc["permanent_farmland"]
    assert (declared["outcome"], declared["low_m2"]) == ("unknown", 0)


LATTICE = st.integers(-20, 40).map(lambda step: step * 100.0)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(LATTICE, LATTICE, st.sampled_from([50.0, 300.0])), min_size=1, max_size=4))
def test_severer_accuracy_only_turns_answers_into_unknown(tmp_path_factory, corners):
    from conftest import write_plan

    parcels = parcels_of(*(square(*corner) for corner in corners))
    outcomes = []
    for accuracy in (0, 150):
        layers = {"farmland": {"shapes": [square(0, 0)], "rules": PROHIBIT, "accuracy_m": accuracy}}
        plan = qy.read_plan(write_plan(tmp_path_factory.mktemp("plan"), layers))
        outcomes.append(qy.check(parcels, plan).findings["outcome"].tolist())
    for sharp, blurred in zip(*outcomes, strict=True):
        assert blurred in (sharp, "unknown")


def test_overlaps_without_outlines_are_the_same_rows(plan: qy.Plan):
    result = qy.check(parcels_of(square(0, 0, 100), square(400, 0, 100)), plan)
    quick = result.overlap_areas
    assert len(quick) > 0
    pd.testing.assert_frame_equal(quick, pd.DataFrame(result.overlaps)[list(quick)], check_dtype=False)


def test_some_parcels_of_a_result_have_the_rows_they_had(plan: qy.Plan):
    result = qy.check(parcels_of(square(0, 0, 100), square(200, 0, 100), square(400, 0, 100)), plan)
    some = result.take(np.array([2, 0]))
    expected = result.verdicts.iloc[[2, 0]]
    pd.testing.assert_frame_equal(some.verdicts, expected)


def test_a_long_result_shows_its_first_parcels(plan: qy.Plan):
    result = qy.check(parcels_of(*(square(200 * i, 0, 100) for i in range(7))), plan)
    assert "first 5 of 7 parcels" in repr(result)
    assert "_findings" not in vars(result)


def test_a_plan_is_named_in_a_page():
    lines = repr(qy.read_plan()).splitlines()
    assert len(lines) <= 40
    assert any("features" in line for line in lines[1:])
