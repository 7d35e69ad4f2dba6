import numpy as np
import shapely
from conftest import parcels_of, square

import qy_gis as qy
from qy_gis.maps.shapes import find_bounds, to_degrees
from qy_gis.maps.surroundings import keep_surroundings


def bounds_of(*shapes):
    return find_bounds(to_degrees(parcels_of(*shapes)).geometry)


def test_what_is_far_is_left_out_and_the_plan_stays_as_it_was(make_plan):
    plan = make_plan(farmland={"shapes": [square(0, 0), square(0, 9_000), square(0, 25_000)]})
    near = keep_surroundings(plan, bounds_of(square(0, 0, 100)))
    assert near.features("farmland")["feature_id"].tolist() == ["farmland0", "farmland1"]
    assert len(near.features("city")) == 1
    assert len(plan.features("farmland")) == 3


def test_a_large_shape_is_cut(make_plan):
    edge = [(405_000 + 20 * n, 2_610_000 + 10 * np.sin(n)) for n in range(-900, 900)]
    many = shapely.Polygon([*edge, (422_000, 2_600_000), (388_000, 2_600_000)]).segmentize(3)
    plan = make_plan(farmland={"shapes": [many]})
    near = keep_surroundings(plan, bounds_of(square(0, 0, 100)))
    kept = shapely.get_num_coordinates(near.features("farmland").geometry.iloc[0])
    assert kept < shapely.get_num_coordinates(many)


def test_a_check_page_shows_what_is_near_only(make_plan):
    shapes = [square(100 * (n % 100), 15_000 + 200 * (n // 100), 90) for n in range(300)]
    plan = make_plan(farmland={"shapes": [square(0, 0), *shapes]})
    small = qy.check(parcels_of(square(0, 0, 100)), plan)
    page = qy.draw(small).get_root().render()
    assert "farmland 0" in page
    assert "farmland 1" not in page
