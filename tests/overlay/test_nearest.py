import numpy as np
import pytest
import shapely
from pyproj import Geod

from qy_gis.measure.plane import to_grid, to_lonlat, to_plane
from qy_gis.overlay.nearest import cut_pieces, measure_distances

GEOD = Geod(a=6378137, rf=298.257222101)


def distances(near, plots):
    return measure_distances([near], plots, np.ones((len(plots), 1), dtype=bool))[:, 0]


def test_distance_is_the_geodesic_to_the_nearest_point():
    rng = np.random.default_rng(2)
    shapes = shapely.points(rng.uniform(400_000, 500_000, 50), rng.uniform(2_600_000, 2_700_000, 50))
    near = cut_pieces(to_plane(shapes, 4547, edges="stored"), 38)
    plots = shapely.points(rng.uniform(400_000, 500_000, 20), rng.uniform(2_600_000, 2_700_000, 20))
    lonlat = to_lonlat(plots, 4547, edges="stored")
    there = shapely.get_coordinates(to_lonlat(shapes, 4547, edges="stored"))
    found = distances(near, to_grid(lonlat, 38))
    for plot, distance in zip(shapely.get_coordinates(lonlat), found, strict=True):
        every = GEOD.inv(*np.broadcast_to(plot[:, None], (2, 50)), *there.T)[2]
        assert distance == pytest.approx(every.min(), abs=1e-4)


def test_the_cuts_of_a_large_polygon_change_no_distance():
    circle = shapely.Point(450_000, 2_650_000).buffer(20_000, quad_segs=500)
    near = cut_pieces(to_plane([circle], 4547, edges="stored"), 38)
    assert len(near.pieces) > 10
    plots = [shapely.Point(450_000 + x, 2_650_000) for x in (0, 19_999, 25_000)]
    found = distances(near, np.array(plots, dtype=object))
    assert found[:2].tolist() == [0, 0]
    assert found[2] == pytest.approx(5_000, rel=1e-3)


def test_without_pieces_there_is_no_distance():
    near = cut_pieces(np.zeros(0, dtype=object), 38)
    assert np.isnan(distances(near, np.array([shapely.Point(0, 0)]))).all()


def test_each_layer_is_measured_for_the_plots_that_ask_for_it():
    east, west, nothing = (
        cut_pieces(to_plane(shapes, 4547, edges="stored"), 38)
        for shapes in ([shapely.Point(500_100, 2_600_000)], [shapely.Point(499_800, 2_600_000)], np.zeros(0, object))
    )
    plots = np.array([shapely.Point(500_000, 2_600_000), shapely.Point(500_050, 2_600_000)])
    apart = np.array([[True, True, True], [False, True, False]])
    found = measure_distances([east, west, nothing], plots, apart)
    assert found[:, :2].round(2).tolist() == [[100, 200], [0, 250]]
    assert np.isnan(found[0, 2])
    assert found[1, 2] == 0
