"""The land within a distance, by hand on paper and against the circle."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from bounds import hold_setback, random_outlines
from conftest import EAST, NORTH, MakePlan, square, write_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

import qy_gis as qy
from qy_gis.measure.plane import to_lonlat, to_plane, unproject
from qy_gis.overlay.setbacks import list_setbacks, project_setback

#: Of an area, what a hair around a strip is of it, and what the grid in which it is drawn is larger than the ellipsoid.
NEAR = 7e-4

#: The most that least and most may be apart (m) at 300 m.
HAIR = 2e-5 * 300 + 0.02


#: A grid whose meridian runs through the paper: a metre of it is one on the ground to some hundredths of a millimetre.
HERE = CRS.from_proj4("+proj=tmerc +lon_0=113.07 +a=6378137 +rf=298.257222101 +units=m")


#: A shape with sharp corners and a notch.
SPIKY = shapely.Polygon([(EAST + x, NORTH + y) for x, y in [(0, 0), (900, 30), (40, 60), (20, 700)]])


def in_grid_here(lonlat):
    move = Transformer.from_crs(HERE.geodetic_crs, HERE, always_xy=True).transform
    return shapely.transform(lonlat, lambda points: np.column_stack(move(*points.T)))


def km2(shape) -> float:
    return shape.area / 1e6


def test_every_setback_of_the_rules_once_in_the_plans_order(make_plan: MakePlan):
    def rule(distance: float, severity: str = "advise"):
        return {"kind": "setback", "severity": severity, "distance_m": distance}

    plan = make_plan(
        town={
            "shapes": [shapely.Point(EAST, NORTH)],
            "geometry": "point",
            "rules": [rule(500), rule(500, "prohibit"), rule(90, "approve")],
        },
        farmland={"shapes": [square(0, 0)], "rules": [{"kind": "outside", "severity": "prohibit"}, rule(50)]},
    )
    assert list_setbacks(plan) == [("farmland", 50), ("town", 500), ("town", 90)]


def test_around_a_point_a_line_and_a_square(make_plan: MakePlan):
    plan = make_plan(
        town={"shapes": [shapely.Point(EAST, NORTH)], "geometry": "point", "coverage": "everywhere"},
        river={
            "shapes": [shapely.LineString([(EAST, NORTH), (EAST + 5000, NORTH)])],
            "geometry": "line",
            "coverage": "everywhere",
        },
        farmland={"shapes": [square(0, 0), square(1000, 0)], "coverage": "everywhere"},
    )
    disc = np.pi * 0.3**2
    for layer, expected in [("town", disc), ("river", 5 * 0.6 + disc), ("farmland", 2 + 6 * 0.3 + disc)]:
        strip = project_setback(plan, layer, 300)
        assert km2(strip.union) == pytest.approx(expected, rel=NEAR)
        # A layer that is exact is in doubt by no more than the hair within which the distance is drawn.
        assert strip.union_low is strip.union
        assert shapely.covers(strip.union_high, strip.union_low)
        assert strip.union_high.area - strip.union_low.area < strip.union.length * HAIR
        assert strip.covered is None


def test_accuracy_widens_and_narrows_the_strip(make_plan: MakePlan):
    plan = make_plan(
        river={
            "shapes": [shapely.LineString([(EAST, NORTH), (EAST + 5000, NORTH)])],
            "geometry": "line",
            "coverage": "everywhere",
            "accuracy_m": 100,
        },
        farmland={"shapes": [square(0, 0)], "coverage": "everywhere", "accuracy_m": 100},
    )
    river = project_setback(plan, "river", 300)
    assert km2(river.union_low) == pytest.approx(5 * 0.4 + np.pi * 0.2**2, rel=NEAR)
    assert km2(river.union_high) == pytest.approx(5 * 0.8 + np.pi * 0.4**2, rel=NEAR)
    # Nearer than the accuracy nothing is sure around a line, and of a square only what lies deep enough in it.
    assert project_setback(plan, "river", 60).union_low.is_empty
    assert km2(project_setback(plan, "farmland", 60).union_low) == pytest.approx((1 - 2 * 0.04) ** 2, rel=NEAR)
    assert km2(project_setback(plan, "farmland", 100).union_low) == pytest.approx(1, rel=NEAR)


def test_it_is_known_as_far_as_the_survey_reaches_around(make_plan: MakePlan):
    # The city is 50 x 50 km.
    plan = make_plan(farmland={"shapes": [square(0, 0)], "coverage": "study_area"}, redline={"shapes": None})
    assert km2(project_setback(plan, "farmland", 300).covered) == pytest.approx(49.4**2, rel=NEAR)
    nothing = project_setback(plan, "redline", 300)
    assert nothing.union.is_empty
    assert nothing.union_high.is_empty
    assert nothing.covered.is_empty


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=6, unique=True), st.data())
def test_low_is_within_nominal_and_that_within_high(tmp_path_factory, corners, data):
    line = shapely.LineString([(EAST + 500 * x, NORTH + 500 * y) for x, y in corners])
    accuracy, distance = data.draw(st.integers(1, 400)), data.draw(st.integers(10, 800))
    layer = {"shapes": [line], "geometry": "line", "accuracy_m": accuracy, "coverage": "everywhere"}
    plan = qy.read_plan(write_plan(tmp_path_factory.mktemp("random") / "plan", {"river": layer}))
    strip = project_setback(plan, "river", distance)
    assert shapely.difference(strip.union_low, strip.union).area < 1e-3
    assert shapely.difference(strip.union, strip.union_high).area < 1e-3
    # Points at a known distance from the first corner, on the far side of the line's bounds, are in or out.
    spot = data.draw(st.sampled_from([0.99, 1.01]))
    x, y = shapely.get_coordinates(line)[:, 0].max(), shapely.get_coordinates(line)[:, 1]
    rightmost = y[np.argmax(shapely.get_coordinates(line)[:, 0])]
    point = to_plane(np.array([shapely.Point(x + spot * distance, rightmost)]), 4547)[0]
    assert shapely.covers(strip.union, point) == (spot < 1)


@pytest.mark.parametrize(
    ("epsg", "accuracy_m", "distance_m"),
    [(4547, 0, 115.2), (4526, 17.3, 16.4), (4490, 0, 5431.9), (32649, 0, 9.7), (4547, 11.7, 29.9)],
)
def test_bounds_hold_the_truth_around_random_outlines(tmp_path, epsg, accuracy_m, distance_m):
    rng = np.random.default_rng([epsg, int(distance_m)])
    stored, straight = random_outlines(rng, 80, epsg)
    layer = {"shapes": list(stored), "accuracy_m": accuracy_m, "crs": f"EPSG:{epsg}"}
    layer |= {"geometry": "mixed", "coverage": "everywhere"}
    plan = qy.read_plan(write_plan(tmp_path / "plan", {"zone": layer}))
    grid = 4547 if epsg == 4490 else epsg
    found = hold_setback(project_setback(plan, "zone", distance_m), straight, grid, distance_m, accuracy_m, rng)
    assert found == (4000, 0, 0, 0, 0)


def test_bounds_are_on_either_side_of_4096_segments_to_a_quarter(make_plan: MakePlan):
    strip = project_setback(make_plan(farmland={"shapes": [SPIKY], "coverage": "everywhere"}), "farmland", 1000)
    truth = shapely.buffer(in_grid_here(to_lonlat(np.array([SPIKY]), 4547))[0], 1000, quad_segs=4096)
    low, high = (in_grid_here(unproject(np.array([each])))[0] for each in (strip.union_low, strip.union_high))
    assert shapely.difference(low, truth).area < 1e-3
    assert shapely.difference(truth, high).area < 1e-3
    assert high.area - low.area < truth.length * (2e-5 * 1000 + 0.02)


@pytest.mark.parametrize("distance_m", [35.0, 1000.0, 5000.0])
def test_no_parcel_within_the_distance_of_a_point_passes_and_none_beyond_fails(make_plan: MakePlan, distance_m):
    keep_off = {"kind": "setback", "severity": "prohibit", "distance_m": distance_m}
    town = shapely.Point(EAST + 400, NORTH - 300)
    plan = make_plan(town={"shapes": [town], "geometry": "point", "coverage": "everywhere", "rules": [keep_off]})
    lon, lat = shapely.get_coordinates(to_lonlat(np.array([town]), 4547))[0]
    rng, geod = np.random.default_rng(7), Geod(a=6378137, rf=298.257222101)
    away = distance_m + rng.choice([-1, 1], 60) * 10 ** rng.uniform(-3, 1, 60)
    x, y, _ = geod.fwd(np.full(60, lon), np.full(60, lat), rng.uniform(0, 360, 60), away)
    size = 0.5 / 111_000
    plots = shapely.polygons(np.stack([[x, x + size, x], [y, y, y + size]]).transpose(2, 1, 0))
    outer = shapely.get_coordinates(plots).reshape(60, 4, 2)
    far = geod.inv(np.full(240, lon), np.full(240, lat), *outer.reshape(-1, 2).T)[2].reshape(60, 4)
    parcels = gpd.GeoDataFrame({"parcel_id": range(60)}, geometry=plots, crs=4490)
    findings = qy.check(parcels, plan, tolerance_m2=0).findings
    outcome = findings.set_index("rule").loc["setback_prohibit", "outcome"].to_numpy()
    # A corner within the distance by more than contact is seen; a parcel wholly beyond never fails.
    within = far.min(axis=1) < distance_m - 0.15
    beyond = far.min(axis=1) > distance_m
    assert within.sum() > 10
    assert beyond.sum() > 10
    assert (outcome[within] != "pass").all()
    assert (outcome[beyond] != "fail").all()


def test_eligible_land_is_beyond_the_distance(make_plan: MakePlan):
    keep_off = {"kind": "setback", "severity": "prohibit", "distance_m": 1000}
    plan = make_plan(farmland={"shapes": [SPIKY], "coverage": "everywhere", "rules": [keep_off]})
    land = qy.eligible_area(plan)
    corners = shapely.get_coordinates(land[land["verdict"] == "suitable"].geometry.to_numpy())
    close = shapely.distance(in_grid_here(shapely.points(corners)), in_grid_here(to_lonlat(np.array([SPIKY]), 4547))[0])
    assert (close < 1001).sum() > 50
    assert close.min() > 1000 - 1e-4
