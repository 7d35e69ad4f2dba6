import numpy as np
import pytest
import shapely
from conftest import square

import qy_gis as qy
from qy_gis.maps.extents import find_extents
from qy_gis.measure.plane import project


def test_a_band_is_what_may_and_need_not_be_there(make_plan):
    plan = make_plan(park={"shapes": [square(0, 0), square(1000, 0)], "accuracy_m": 100})
    extents = find_extents(plan, "park")
    assert extents.area_m2 == pytest.approx(qy.areas([square(0, 0), square(1000, 0)], "EPSG:4547"))
    # Two squares of 1 km, 100 m each side, rounded corners outside; what lies between them counts once.
    (band,) = shapely.area(project(np.array([extents.band], dtype=object)))
    grown = 2200 * 1200 - (4 - np.pi) * 100**2
    # Growing errs outwards where it rounds a corner: what may be there is never missed.
    assert band == pytest.approx(grown - 2 * 800 * 800, rel=0.02)


def test_an_exact_layer_and_points_have_no_band(make_plan):
    plan = make_plan(
        exact={"shapes": [square(0, 0)]},
        towns={"shapes": [shapely.Point(405_000, 2_610_000)], "geometry": "point", "accuracy_m": 500},
        empty={"shapes": None},
    )
    assert all(find_extents(plan, key).band.is_empty for key in ("exact", "towns", "empty"))


def test_a_point_that_stands_for_an_area_may_be_anywhere_near(make_plan):
    point = {"shapes": [shapely.Point(405_000, 2_610_000)], "geometry": "mixed", "accuracy_m": 500}
    (band,) = shapely.area(project(np.array([find_extents(make_plan(park=point), "park").band], dtype=object)))
    assert band == pytest.approx(np.pi * 500**2, rel=0.02)
