"""The land within a distance, by hand on paper and against the circle."""

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, MakePlan, square, write_plan
from hypothesis import given, settings
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis.measure.plane import to_plane
from qy_gis.overlay.setbacks import list_setbacks, project_setback

#: Of an area, what a hair around a strip is of it, and what the grid in which it is drawn is larger than the ellipsoid.
NEAR = 7e-4

#: The most that least and most may be apart (m) at 300 m.
HAIR = 2e-5 * 300 + 0.02


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
