import numpy as np
import pytest
import shapely

from qy_gis.siting.shape import compactness, open_land, widths


def test_a_disc_is_as_compact_as_can_be():
    disc = shapely.Point(0, 0).buffer(10, quad_segs=200)
    assert compactness(np.array([disc]))[0] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("wide", "high"), [(700, 700), (900, 300), (50, 800)])
def test_a_rectangle_is_as_wide_as_its_shorter_side(wide, high):
    assert widths(np.array([shapely.box(0, 0, wide, high)]))[0] == pytest.approx(min(wide, high), rel=1e-3, abs=0.3)


def test_a_neck_decides_the_width_and_a_tooth_does_not():
    halves = [shapely.box(0, 0, 500, 500), shapely.box(700, 0, 1200, 500)]
    neck = shapely.box(500, 200, 700, 260)
    tooth = shapely.box(0, 500, 50, 550)
    necked, toothed = shapely.union_all([*halves, neck]), shapely.union_all([halves[0], tooth])
    assert widths(np.array([necked, toothed])) == pytest.approx([60, 500], rel=5e-3)


def test_opening_leaves_squares_and_drops_necks():
    land = shapely.union_all([shapely.box(0, 0, 500, 500), shapely.box(500, 200, 700, 260)])
    assert open_land(land, 100).equals(shapely.box(0, 0, 500, 500))
    assert open_land(shapely.box(0, 0, 50, 50), 100).is_empty
