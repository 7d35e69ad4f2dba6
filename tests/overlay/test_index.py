import numpy as np
import pytest
import shapely
from conftest import MakePlan, square
from hypothesis import given, settings
from hypothesis import strategies as st

from qy_gis.overlay.index import build_index, cut


def total(pieces) -> float:
    return float(shapely.area(pieces.polygons).sum())


@settings(max_examples=30)
@given(st.integers(5, 2000), st.floats(0, 0.9), st.randoms(use_true_random=False))
def test_pieces_are_small_and_add_up(vertices, hole, random):
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 1000 * np.array([0.7 + 0.3 * random.random() for _ in angles])
    star = shapely.Polygon(np.column_stack([radius * np.cos(angles), radius * np.sin(angles)]))
    star = star - shapely.Point(0, 0).buffer(600 * hole)
    pieces = cut(np.array([star, None], dtype=object))
    assert shapely.get_num_coordinates(pieces.polygons).max() <= 128
    assert total(pieces) == pytest.approx(star.area, rel=1e-12)
    assert set(pieces.owner) == {0}


def test_pieces_know_their_polygon():
    squares = np.array(
        [shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])]
    )
    assert cut(squares).owner.tolist() == [0, 1, 1]


def test_shrunk_drawn_and_grown_lie_in_one_another(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 2000)], "accuracy_m": 100})
    zones = build_index(plan).zones["park"]
    low, drawn, high = (shapely.union_all(each.polygons) for each in (zones.union_low, zones.union, zones.union_high))
    assert low.within(drawn)
    assert drawn.within(high)
    assert low.area == pytest.approx(1800**2, rel=5e-4)
    assert high.area == pytest.approx(2000**2 + 4 * 2000 * 100 + np.pi * 100**2, rel=5e-4)


def test_land_under_two_features_counts_once(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 2000), square(1000, 0, 2000)]})
    zones = build_index(plan).zones["park"]
    assert total(zones.features) == pytest.approx(8e6, rel=1e-3)
    assert total(zones.union) == pytest.approx(6e6, rel=1e-3)


def test_a_point_of_a_mixed_layer_may_reach_as_far_as_its_accuracy(make_plan: MakePlan):
    shapes = [square(0, 0), shapely.Point(415_000, 2_620_000)]
    zones = build_index(make_plan(park={"shapes": shapes, "accuracy_m": 500, "geometry": "mixed"})).zones["park"]
    assert total(zones.union) == pytest.approx(1e6, rel=1e-3)
    grown_square = 1000**2 + 4 * 1000 * 500 + np.pi * 500**2
    # A circle of 32 sides is 0.6 % smaller than the circle.
    assert total(zones.union_high) == pytest.approx(grown_square + np.pi * 500**2, rel=1e-2)
    assert total(zones.union_low) < 1


def test_points_and_lines_of_other_layers_have_no_area(make_plan: MakePlan):
    plan = make_plan(town={"shapes": [shapely.Point(405_500, 2_610_500)], "accuracy_m": 2000, "geometry": "point"})
    zones = build_index(plan).zones["town"]
    assert total(zones.union_high) == 0
    assert len(zones.near.polygons) == 1


def test_progress_names_each_layer(make_plan: MakePlan):
    seen: list[tuple[int, int, str]] = []
    build_index(make_plan(park={"shapes": [square(0, 0)], "zh": "园区"}), progress=lambda *step: seen.append(step))
    assert seen == [(0, 2, "city"), (1, 2, "园区")]
