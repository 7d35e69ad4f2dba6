import numpy as np
import pytest
import shapely
from conftest import MakePlan, square

from qy_gis.overlay.zones import project_zones


def test_shrunk_drawn_and_grown_lie_in_one_another(make_plan: MakePlan):
    zones = project_zones(make_plan(park={"shapes": [square(0, 0, 2000)], "accuracy_m": 100}), "park")
    assert zones.union_low.within(zones.union)
    assert zones.union.within(zones.union_high)
    assert zones.union_low.area == pytest.approx(1800**2, rel=5e-4)
    assert zones.union_high.area == pytest.approx(2000**2 + 4 * 2000 * 100 + np.pi * 100**2, rel=5e-4)
    assert zones.low[0].area == pytest.approx(zones.union_low.area)


def test_land_under_two_features_counts_once(make_plan: MakePlan):
    zones = project_zones(make_plan(park={"shapes": [square(0, 0, 2000), square(1000, 0, 2000)]}), "park")
    assert shapely.area(zones.shapes).sum() == pytest.approx(8e6, rel=1e-3)
    assert zones.union.area == pytest.approx(6e6, rel=1e-3)


def test_the_line_between_two_neighbours_is_inside_the_layer(make_plan: MakePlan):
    shapes = [square(0, 0, 2000), square(2000, 0, 2000)]
    zones = project_zones(make_plan(park={"shapes": shapes, "accuracy_m": 100}), "park")
    assert zones.union_low.area == pytest.approx(3800 * 1800, rel=5e-4)
    assert shapely.area(zones.low).sum() == pytest.approx(2 * 1800 * 1800, rel=5e-4)


def test_a_point_of_a_mixed_layer_may_reach_as_far_as_its_accuracy(make_plan: MakePlan):
    shapes = [square(0, 0), shapely.Point(415_000, 2_620_000)]
    zones = project_zones(make_plan(park={"shapes": shapes, "accuracy_m": 500, "geometry": "mixed"}), "park")
    assert zones.union.area == pytest.approx(1e6, rel=1e-3)
    # A circle of 32 sides is 0.6 % smaller than the circle.
    grown = 1000**2 + 4 * 1000 * 500 + 2 * np.pi * 500**2
    assert zones.union_high.area == pytest.approx(grown, rel=1e-2)
    assert zones.union_low.is_empty


def test_points_and_lines_of_other_layers_have_no_area(make_plan: MakePlan):
    town = {"shapes": [shapely.Point(405_500, 2_610_500)], "accuracy_m": 2000, "geometry": "point"}
    zones = project_zones(make_plan(town=town), "town")
    assert zones.union_high.is_empty
    assert zones.shapes[0].geom_type == "Point"


def test_a_layer_without_data_covers_nothing(make_plan: MakePlan):
    zones = project_zones(make_plan(redline={"shapes": None}), "redline")
    assert zones.covered is not None
    assert zones.covered.is_empty
    assert zones.union.is_empty
