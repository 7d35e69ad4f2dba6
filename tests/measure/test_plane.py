import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from qy_gis.measure.plane import project, to_grid, to_lonlat, unproject

DEGREES = st.tuples(st.floats(100, 125), st.floats(18, 50))


@given(st.lists(DEGREES, min_size=1, max_size=20))
def test_there_and_back_is_the_same_point(points):
    geometries = np.array(shapely.points(points))
    back = shapely.get_coordinates(unproject(project(geometries)))
    assert back == pytest.approx(np.array(points), abs=1e-10)


def test_an_edge_of_exactly_140_m_gets_the_two_points_the_survey_asks_for():
    strip = np.array([shapely.box(403000, 2622000, 403140, 2622010)], dtype=object)
    # 4 corners + the closing one, and int(140 / 70) = 2 points on each long edge.
    assert shapely.get_num_coordinates(to_lonlat(strip, 4547, edges="grid"))[0] == 5 + 4


@pytest.mark.parametrize("crs", [4547, 4490])
def test_without_extra_points_every_part_stays_as_it_is(crs):
    corner = (113.0, 24.0) if crs == 4490 else (403000, 2622000)
    square = shapely.box(*corner, corner[0] + 1, corner[1] + 1)
    shapes = np.array([square, shapely.MultiPolygon([square])], dtype=object)
    found = to_lonlat(shapes, crs, edges="stored", longest=np.inf)
    assert [shape.geom_type for shape in found] == ["Polygon", "MultiPolygon"]
    assert shapely.get_num_coordinates(found).tolist() == [5, 5]


def test_parcels_in_degrees_are_straight_in_the_grid_and_layers_in_degrees():
    wide = np.array([shapely.box(113.0, 24.0, 113.1, 24.1)], dtype=object)
    stored = shapely.get_coordinates(to_lonlat(wide, 4490, edges="stored"))
    grid = shapely.get_coordinates(to_lonlat(wide, 4490, edges="grid"))
    assert stored[:, 1].min() == 24.0
    # An edge between two points of a parallel, straight in the grid, bows by L^2 tan(lat) / 8R = 0.90 m for 10.2 km.
    southern_edge = grid[(grid[:, 1] < 24.01) & (grid[:, 0] > 113.001) & (grid[:, 0] < 113.099)]
    assert (southern_edge[:, 1].max() - 24.0) * 110_750 == pytest.approx(0.90, abs=0.01)


def test_two_parcels_of_different_zones_are_each_straight_in_their_own():
    west, east = shapely.box(112.40, 24.5, 112.41, 24.51), shapely.box(112.60, 24.5, 112.61, 24.51)
    together = to_lonlat(np.array([west, east], dtype=object), 4490, edges="grid")
    alone = [to_lonlat(np.array([plot], dtype=object), 4490, edges="grid")[0] for plot in (west, east)]
    assert shapely.equals(together, np.array(alone, dtype=object)).all()


def test_a_touching_neighbour_of_another_vertex_density_is_no_overlap():
    # A shared edge on a parallel, 0.05 degrees long, once with a vertex in its middle.
    south = shapely.Polygon([(113, 24), (113.05, 24), (113.05, 24.05), (113.025, 24.05), (113, 24.05)])
    north = shapely.box(113, 24.05, 113.05, 24.1)
    bare = project(np.array([south, north], dtype=object))
    dense = project(to_lonlat(np.array([south, north], dtype=object), 4490, edges="stored"))
    assert shapely.intersection(*dense).area < 1e-3
    assert shapely.intersection(*bare).area < 1e-3  # a parallel is straight in this plane
    assert dense[0].area == pytest.approx(bare[0].area, rel=1e-12)


def test_the_grid_keeps_the_metres_of_the_survey():
    corner = to_lonlat(np.array([shapely.Point(403000, 2622000)], dtype=object), 4547, edges="grid")
    assert shapely.get_coordinates(to_grid(corner, 38))[0] == pytest.approx([403000, 2622000], abs=1e-6)
