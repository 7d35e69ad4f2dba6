import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import MakePlan, parcels_of, square
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from siting.random_plans import plans, write_random

import qy_gis as qy
from qy_gis import columns

OUTSIDE = [{"kind": "outside", "severity": "prohibit"}]
INSIDE = [{"kind": "inside", "severity": "approve"}]


def in_grid(sites: gpd.GeoDataFrame) -> np.ndarray:
    return sites.to_crs(4547).geometry.to_numpy()


@pytest.mark.parametrize("shape", ["square", "hexagon"])
def test_sites_have_the_size_and_the_shape_and_pass_the_check(world, shape):
    sites = qy.find_sites(world, area_ha=50, shape=shape, n=5)
    assert sites.columns.tolist() == [*columns.SITES, "geometry"]
    assert sites["parcel_id"].tolist() == ["S1", "S2", "S3", "S4", "S5"]
    assert sites["area_ha"].between(50, 50.1).all()
    assert (sites["compactness"] >= 0.3).all()
    assert (sites["width_m"] >= np.sqrt(500_000) / 2 * 0.999).all()
    assert (sites["name"] == "city 0").all()
    checked = qy.check(sites, world, tolerance_m2=0)
    assert (checked.findings["outcome"] == "pass").all()
    assert sites["verdict"].tolist() == checked.parcels["verdict"].tolist() == ["suitable"] * 5


def test_sites_do_not_overlap(world):
    sites = in_grid(qy.find_sites(world, area_ha=100, n=12))
    assert len(sites) >= 8
    assert shapely.union_all(sites).area == pytest.approx(shapely.area(sites).sum(), abs=1)


def test_the_same_twice(world):
    first, second = (qy.find_sites(world, area_ha=50, n=4) for _ in range(2))
    assert first.drop(columns="geometry").equals(second.drop(columns="geometry"))
    assert first.geometry.geom_equals_exact(second.geometry, 0).all()


def test_progress_counts_the_sites_found(world):
    seen: list[tuple[int, int, str]] = []
    qy.find_sites(world, area_ha=50, n=3, progress=lambda *step: seen.append(step))
    grown = [(done, total) for done, total, what in seen if "growing" in what]
    assert grown == [(0, 3), (1, 3), (2, 3)]
    assert (3, 3, "核查 / checking") in seen


def test_a_neck_is_not_a_site(make_plan: MakePlan):
    # Two halves of 25 ha and a neck of 100 m between them: together 52 ha, but no site of 40 ha.
    land = [square(0, 0, 500), square(500, 200, 200, 100), square(700, 0, 500)]
    plan = make_plan(park={"shapes": [shapely.union_all(land)], "rules": INSIDE})
    assert len(qy.find_sites(plan, area_ha=40)) == 0
    whole = qy.find_sites(plan, area_ha=40, shape="whole", min_width_m=90, min_compactness=0.2)
    assert whole["area_ha"].tolist() == pytest.approx([52], rel=1e-3)
    assert whole["width_m"].item() == pytest.approx(100, rel=5e-3)
    assert len(qy.find_sites(plan, area_ha=20, n=5)) == 2


def test_whole_parts_come_largest_first(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 600), square(2000, 0, 1000), square(4000, 0, 300)], "rules": INSIDE})
    sites = qy.find_sites(plan, area_ha=20, shape="whole")
    assert sites["area_ha"].tolist() == pytest.approx([100, 36], rel=1e-3)


def test_candidates_are_taken_as_they_are_or_not_at_all(world):
    candidates = parcels_of(
        square(2000, 10, 800),  # good
        square(2400, 10, 800),  # overlaps the first
        square(100, 100, 800),  # on farmland
        square(3000, 2000, 500),  # too small
        square(2000, 3000, 3000, 200),  # out of the park
        square(3000, 3000, 900),  # good
    )
    sites = qy.find_sites(world, area_ha=50, candidates=candidates)
    assert sites["parcel_id"].tolist() == ["P1", "P6"]
    assert in_grid(sites)[0].equals_exact(candidates.geometry.iloc[0], 1e-5)


def test_unknown_land_gives_no_site_unless_asked_for(make_plan: MakePlan):
    plan = make_plan(redline={"shapes": None, "rules": OUTSIDE})
    paper = parcels_of(square(0, 0, 2000))
    none = qy.find_sites(plan, area_ha=50, within=paper)
    assert len(none) == 0
    assert none.columns.tolist() == [*columns.SITES, "geometry"]
    kept = qy.find_sites(plan, area_ha=50, within=paper, unknown="keep", n=2)
    assert kept["verdict"].tolist() == ["undetermined"] * 2
    assert kept["unknowns"].tolist() == [1, 1]


def test_too_much_land_for_sites_so_small(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0)], "rules": OUTSIDE})
    with pytest.raises(qy.ArgumentError, match=r"area_ha=0\.1 is too small to search 2,499 km2"):
        qy.find_sites(plan, area_ha=0.1)


def test_wrong_arguments_are_named_together(world):
    with pytest.raises(qy.ArgumentError) as caught:
        qy.find_sites(world, area_ha=-1, n=0, shape="round", min_width_m=-1, min_compactness=2)
    names = ["area_ha", "n", "shape", "min_width_m", "min_compactness"]
    assert [line.split("=")[0] for line in caught.value.en.splitlines()] == names
    assert [line.split("=")[0] for line in caught.value.zh.splitlines()] == names


@settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    layers=plans,
    industry=st.sampled_from([None, "tea"]),
    severities=st.sampled_from([["prohibit"], ["prohibit", "approve", "advise"]]),
    unknown=st.sampled_from(["drop", "keep"]),
)
def test_a_site_found_always_passes_the_check_with_the_same_industry(
    tmp_path_factory, layers, industry, severities, unknown
):
    plan = write_random(tmp_path_factory.mktemp("random") / "plan", layers)
    paper = parcels_of(square(-500, -500, 2500))
    asked = {"within": paper, "industry": industry, "severities": severities}
    sites = qy.find_sites(plan, area_ha=15, unknown=unknown, n=4, **asked)
    if not len(sites):
        return
    found = set(qy.check(sites, plan, tolerance_m2=0, industry=industry).verdicts["verdict"])
    accepted = {"suitable"}
    if severities == ["prohibit"]:
        accepted |= {"conditional"}
    if unknown == "keep":
        accepted |= {"undetermined"}
    assert found <= accepted
    # What stands in the table of sites is what the check says.
    assert set(sites["verdict"]) == found
