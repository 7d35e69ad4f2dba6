"""The outlines of overlaps: of the areas measured, with the corners of the parcel and no others, whatever the CRS."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, MakePlan, parcels_of, square, write_plan
from shapes import random_zone

import qy_gis as qy

KEEP_OFF = {"kind": "outside", "severity": "prohibit"}


def moved_near(shape, rng):
    """The shape somewhere on the paper, valid still."""
    west, south, east, north = shape.bounds
    to = np.array([EAST, NORTH]) + 3000 + rng.uniform(-4000, 4000, 2)
    return shapely.affinity.translate(shape, to[0] - (west + east) / 2, to[1] - (south + north) / 2)


def random_check(tmp_path, seed, epsg):
    rng = np.random.default_rng(seed)
    zones = [moved_near(random_zone(rng), rng) for _ in range(12)]
    plots = [moved_near(part, rng) for _ in range(12) for part in random_zone(rng).geoms if part.area > 1]
    plan = qy.read_plan(write_plan(tmp_path / "plan", {"zone": {"shapes": [z for z in zones if z.is_valid]}}))
    parcels = parcels_of(*plots).to_crs(epsg)
    return qy.check(parcels[parcels.is_valid], plan, tolerance_m2=0), plan


@pytest.mark.parametrize("epsg", [4547, 4490, 4546, 32649])
@pytest.mark.parametrize("seed", range(3))
def test_outlines_have_the_areas_of_the_table(tmp_path, seed, epsg):
    result, _ = random_check(tmp_path, seed, epsg)
    overlaps = result.overlaps
    drawn = overlaps[overlaps["area_m2"] > 0]
    assert len(drawn) > 30
    assert not drawn.geometry.isna().any()
    areas = qy.areas(drawn.geometry, 4490)
    assert (np.abs(areas - drawn["area_m2"]) <= np.maximum(0.01, 1e-7 * drawn["area_m2"])).all()
    assert qy.areas(result.parcels.geometry, 4490) == pytest.approx(result.parcels["area_m2"], abs=0.01, rel=1e-7)


@pytest.mark.parametrize("decimals", [15, 9])
@pytest.mark.parametrize("turn", [0, 23, 45, 80])
def test_what_is_left_of_a_cut_passes_its_own_check(make_plan: MakePlan, turn, decimals):
    plan = make_plan(zone={"shapes": [shapely.affinity.rotate(square(0, 0, 5000), turn)], "rules": [KEEP_OFF]})
    plot = shapely.affinity.rotate(square(4100, 700, 3000, 2000), turn + 7)
    cut = qy.check(parcels_of(plot), plan, tolerance_m2=0).overlaps.set_index(["layer", "feature_id"])
    left = shapely.transform(cut.loc[("zone", ""), "geometry"], lambda points: np.round(points, decimals))
    again = qy.check(gpd.GeoDataFrame({"parcel_id": ["left"]}, geometry=[left], crs=4490), plan, tolerance_m2=0)
    finding = again.findings.set_index("rule").loc["outside_prohibit"]
    assert (finding["outcome"], finding["overlap_m2"], finding["high_m2"]) == ("pass", 0, 0)
    relation = again.overlaps.set_index(["layer", "feature_id"])["relation"]
    assert relation[("zone", "zone0")] == "touches"
    # And what was cut off lies within the zone.
    off = shapely.transform(cut.loc[("zone", "zone0"), "geometry"], lambda points: np.round(points, decimals))
    inside = qy.check(gpd.GeoDataFrame({"parcel_id": ["off"]}, geometry=[off], crs=4490), plan, tolerance_m2=0)
    assert inside.overlaps.set_index(["layer", "feature_id"]).loc[("zone", "zone0"), "relation"] == "within"
    assert inside.findings.set_index("rule").loc["outside_prohibit", "low_m2"] == inside.parcels["area_m2"][0]


def test_a_thin_overlap_that_can_be_surveyed_is_no_contact(make_plan: MakePlan):
    plan = make_plan(zone={"shapes": [square(0, 0, 5000)], "rules": [KEEP_OFF]})
    result = qy.check(parcels_of(square(4999.999, 0, 100, 2000)), plan, tolerance_m2=0)
    overlap = result.overlaps.set_index(["layer", "feature_id"]).loc[("zone", "zone0")]
    assert overlap["relation"] == "overlaps"
    assert overlap["area_m2"] == pytest.approx(2.0, rel=0.01)


def test_outlines_carry_corners_and_cuts_alone(make_plan: MakePlan):
    # A corner in the middle of a straight side is one of the parcel's; the points of long edges are not.
    plan = make_plan(zone={"shapes": [square(0, 0, 5000)]})
    corners = [(4000, 1000), (5500, 1000), (7000, 1000), (7000, 3000), (4000, 3000)]
    plot = shapely.Polygon([(EAST + x, NORTH + y) for x, y in corners])
    result = qy.check(parcels_of(plot), plan)
    overlaps = result.overlaps.set_index(["layer", "feature_id"])
    count = shapely.get_num_coordinates(overlaps.geometry)
    assert count[("city", "city0")] == 5 + 1
    assert count[("zone", "zone0")] == 4 + 1
    assert count[("zone", "")] == 5 + 1
    assert shapely.get_num_coordinates(result.parcels.geometry)[0] == 5 + 1


def test_an_edge_of_another_grid_keeps_the_points_it_needs(make_plan: MakePlan):
    plan = make_plan(zone={"shapes": [square(0, 0, 5000)]})
    plot = parcels_of(square(-2000, 100, 9000, 300)).to_crs(4546)
    result = qy.check(plot, plan)
    points = shapely.get_num_coordinates(result.parcels.geometry)[0]
    assert 5 < points < 200
    assert qy.areas(result.parcels.geometry, 4490)[0] == pytest.approx(result.parcels["area_m2"][0], abs=0.01, rel=1e-7)


@pytest.mark.parametrize("corners", [1_000, 20_000])
def test_a_jagged_parcel_is_cut(make_plan: MakePlan, corners):
    rng = np.random.default_rng(2)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = rng.uniform(1000, 1100, corners)
    plot = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None] + [EAST, NORTH])
    plan = make_plan(zone={"shapes": [square(-500, 300, 3000), square(-3000, -900, 2500)]})
    overlaps = qy.check(parcels_of(plot), plan).overlaps
    drawn = overlaps[overlaps["area_m2"] > 0]
    assert qy.areas(drawn.geometry, 4490) == pytest.approx(drawn["area_m2"], abs=0.01, rel=1e-7)
