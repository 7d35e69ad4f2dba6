"""The bundled plan as data: every file holds together, and the derived files can be made again."""

from __future__ import annotations

import csv
import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import qy_gis as qy
from qy_gis.plan.validate import validate_plan

ROOT = Path(__file__).parent.parent
LAYERS, DOCS = ROOT / "layers", ROOT / "docs"

SOUTH = {"441802", "441803", "441821", "441881"}
NORTH = {"441823", "441825", "441826", "441882"}
FEATURES = {
    "county": 8,
    "town": 85,
    "river": 3,
    "core": 1,
    "belt": 1,
    "growth_point": 5,
    "carrier": 27,
    "south_integration": 4,
    "north_ecology": 4,
    "ecological_function": 4,
    "platform": 14,
    "platform_city": 5,
    "platform_county": 5,
    "platform_town": 3,
    "cooperation_zone": 4,
    "pilot_zone": 3,
    "urban_boundary": 0,
    "permanent_farmland": 0,
    "ecological_redline": 0,
    "water_source": 0,
    "protected_area": 0,
}
RULES = {
    "county.in_city": ("inside", "approve"),
    "county.ceramics": ("outside", "prohibit"),
    "north_ecology.access_negative_list": ("outside", "approve"),
    "ecological_function.county_negative_list": ("outside", "approve"),
    "platform.in_park": ("inside", "advise"),
    "urban_boundary.inside_urban_boundary": ("inside", "prohibit"),
    "permanent_farmland.off_farmland": ("outside", "prohibit"),
    "ecological_redline.off_redline": ("outside", "prohibit"),
    "water_source.off_water_source": ("outside", "prohibit"),
    "protected_area.off_protected_area": ("outside", "approve"),
}
BUILT = ["belt", "platforms", "carriers", "pilot_zone_coverage"]

Check = Callable[..., qy.CheckResult]


@pytest.fixture(scope="module")
def plan() -> qy.Plan:
    return qy.read_plan()


@pytest.fixture(scope="module")
def check(plan: qy.Plan) -> Check:
    """Check against the bundled plan, cut once."""
    return partial(qy.check, plan=plan)


def read_table(name: str) -> list[dict[str, str]]:
    with (LAYERS / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def total_area(features: gpd.GeoDataFrame) -> float:
    return float(qy.areas(features.geometry, features.crs).sum())


def parcel(east: float, north: float, *, size: float = 200) -> gpd.GeoDataFrame:
    shape = shapely.box(east, north, east + size, north + size)
    return gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[shape], crs="EPSG:4547")


def outcomes(result: qy.CheckResult) -> dict[str, str]:
    findings = result.findings
    return dict(zip(findings["rule"], findings["outcome"], strict=True))


# The plan


def test_all_files_and_data_are_sound(plan: qy.Plan) -> None:
    validate_plan(plan)


def test_layers_hold_the_features_they_should(plan: qy.Plan) -> None:
    assert {key: len(plan.features(key)) for key in plan.layers} == FEATURES


def test_groups_stand_in_reading_order(plan: qy.Plan) -> None:
    assert [group.key for group in plan.groups] == ["context", "structure", "zoning", "platform", "vehicle", "control"]
    assert {layer.group for layer in plan.layers.values()} == {group.key for group in plan.groups}


def test_rules_are_those_of_the_documents_and_nobody_has_reviewed_them(plan: qy.Plan) -> None:
    rules = {f"{key}.{rule.key}": rule for key, layer in plan.layers.items() for rule in layer.rules}
    assert {name: (rule.kind, rule.severity) for name, rule in rules.items()} == RULES
    assert not any(rule.reviewed for rule in rules.values())
    lists = ["north_ecology.access_negative_list", "ecological_function.county_negative_list"]
    assert len({rules[name].document for name in lists}) == 2


def test_every_source_is_used_and_every_row_has_one(plan: qy.Plan) -> None:
    used = set(plan.sources)
    for layer in plan.layers.values():
        used |= {*layer.sources, *(source for rule in layer.rules for source in rule.sources)}
    for industry in plan.industries.values():
        used |= set(industry.sources)
    for row in [*read_table("platforms.csv"), *read_table("carriers.csv")]:
        assert row["sources"], row["id"]
        used |= set(row["sources"].split(";"))
    assert used == set(plan.all_sources)


def test_layers_without_data_say_so_and_carry_a_rule(plan: qy.Plan) -> None:
    declared = {key for key, layer in plan.layers.items() if not layer.has_data}
    assert declared == {key for key, count in FEATURES.items() if count == 0}
    for key in declared:
        assert plan.layers[key].basis == "statutory"
        assert plan.coverage(key) == shapely.Polygon()
        assert plan.layers[key].rules


def test_industries_are_the_plan_lists(plan: qy.Plan) -> None:
    groups = [industry.group for industry in plan.industries.values()]
    counts = {group: groups.count(group) for group in groups}
    expected = {"traditional_pillar": 4, "strategic_pillar": 5, "strategic_emerging": 5, "service": 3, "restricted": 1}
    assert counts == expected
    assert plan.industry("新材料") == plan.industry("前沿新材料") == "frontier_materials"


def test_the_park_rule_is_for_industry_and_not_for_services(plan: qy.Plan) -> None:
    services = {key for key, industry in plan.industries.items() if industry.group == "service"}
    (rule,) = plan.layers["platform"].rules
    assert set(rule.industries or []) == set(plan.industries) - services


# Geometry


def test_south_and_north_tile_the_city(plan: qy.Plan) -> None:
    south, north, city = (plan.features(key) for key in ("south_integration", "north_ecology", "county"))
    assert set(south["feature_id"]) == SOUTH
    assert set(north["feature_id"]) == NORTH
    assert set(city["feature_id"]) == SOUTH | NORTH
    assert shapely.coverage_is_valid(city.geometry.to_numpy())
    assert total_area(south) + total_area(north) == pytest.approx(total_area(city), rel=1e-12)


def test_discs_have_exactly_the_stated_area(plan: qy.Plan) -> None:
    platforms = plan.features("platform")
    discs = platforms[platforms.geom_type == "Polygon"]
    assert len(discs) == 5
    stated = discs["area_km2"].to_numpy() * 1e6
    np.testing.assert_allclose(qy.areas(discs.geometry, discs.crs), stated, rtol=1e-6)


def test_an_area_over_several_towns_is_not_drawn(plan: qy.Plan) -> None:
    platforms = plan.features("platform").set_index("feature_id")
    assert platforms.geom_type[["high_tech_zone", "ethnic_park", "yangshan_park"]].tolist() == ["MultiPoint"] * 3


def test_the_belt_runs_five_kilometres_from_its_axis(plan: qy.Plan) -> None:
    towns = plan.features("town").set_index("feature_id").geometry.to_crs("EPSG:4547")
    members = [row["town"] for row in read_table("belt.csv")]
    axis = shapely.LineString([towns[code] for code in members])
    (outline,) = plan.features("belt").geometry.to_crs("EPSG:4547")
    distances = shapely.distance(shapely.points(shapely.get_coordinates(outline)), axis)
    # GEOS may cut an inner corner by a little, and the grid stretches distances by at most 0.02 % here.
    np.testing.assert_allclose(distances, 5000, rtol=1e-3)


def test_the_pilot_zone_is_unknown_in_yingde_and_known_elsewhere(plan: qy.Plan) -> None:
    counties = plan.features("county").set_index("feature_id").geometry
    covered = plan.coverage("pilot_zone")
    for code, outline in counties.items():
        inside = outline.representative_point().within(covered)
        assert inside == (code != "441881"), code


@pytest.mark.parametrize("table", ["platforms.csv", "carriers.csv"])
def test_towns_are_joined_by_code_to_the_county_stated(table: str) -> None:
    counties = {row["code"]: row["county"] for row in read_table("divisions.csv")}
    placed = [row for row in read_table(table) if row["town"]]
    for row in placed:
        assert {counties[code] for code in row["town"].split(";")} == {row["county"]}, row["name"]
        assert row["placed_by"]


def test_built_files_come_out_the_same_again(tmp_path: Path) -> None:
    paths = runpy.run_path(str(LAYERS / "build.py"))["build_all"](tmp_path)
    assert sorted(path.stem for path in paths) == sorted(BUILT)
    for path in paths:
        assert path.read_bytes() == (LAYERS / "data" / path.name).read_bytes(), path.name


# What the bundled plan says of land


def test_land_off_every_known_park_is_unknown_and_never_outside_a_park(check: Check) -> None:
    assert outcomes(check(parcel(359_000, 2_679_000), industry="新能源"))["in_park"] == "unknown"


def test_services_need_no_park(check: Check) -> None:
    assert outcomes(check(parcel(359_000, 2_679_000), industry="现代物流"))["in_park"] == "pass"


def test_new_ceramics_works_are_prohibited_in_the_city(check: Check) -> None:
    result = check(parcel(405_000, 2_611_000), industry="陶瓷")
    assert result.verdicts["verdict"].tolist() == ["prohibited"]


def test_the_two_negative_lists_apply_deep_in_the_north_and_not_in_the_south(check: Check) -> None:
    rules = ["access_negative_list", "county_negative_list"]
    north = outcomes(check(parcel(348_000, 2_733_500), industry="新能源"))
    south = outcomes(check(parcel(405_000, 2_611_000), industry="新能源"))
    assert [north[rule] for rule in rules] == ["fail", "fail"]
    assert [south[rule] for rule in rules] == ["pass", "pass"]


# The documents


@pytest.mark.parametrize("table", ["platforms.csv", "carriers.csv"])
def test_everything_unplaced_is_listed_in_the_document(table: str) -> None:
    text = (DOCS / "qingyuan.md").read_text(encoding="utf-8")
    assert [row["name"] for row in read_table(table) if not row["town"] and row["name"] not in text] == []


def test_the_document_names_every_layer_and_rule() -> None:
    text = (DOCS / "qingyuan.md").read_text(encoding="utf-8")
    assert [name for name in [*FEATURES, *RULES] if f"`{name}`" not in text] == []
