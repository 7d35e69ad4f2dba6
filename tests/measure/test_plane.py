import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapes import random_zone

from qy_gis.measure.area import areas
from qy_gis.measure.crs import transformer
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.plane import project, to_grid, to_lonlat, to_plane, unproject

DEGREES = st.tuples(st.floats(100, 125), st.floats(18, 50))


@given(st.lists(DEGREES, min_size=1, max_size=20))
def test_there_and_back_is_the_same_point(points):
    geometries = np.array(shapely.points(points))
    back = shapely.get_coordinates(unproject(project(geometries)))
    assert back == pytest.approx(np.array(points), abs=1e-10)


@pytest.mark.parametrize("crs", [4547, 4490])
def test_without_extra_points_every_part_stays_as_it_is(crs):
    corner = (113.0, 24.0) if crs == 4490 else (403000, 2622000)
    square = shapely.box(*corner, corner[0] + 1, corner[1] + 1)
    shapes = np.array([square, shapely.MultiPolygon([square])], dtype=object)
    found = to_lonlat(shapes, crs, spacing_m=np.inf)
    assert [shape.geom_type for shape in found] == ["Polygon", "MultiPolygon"]
    assert shapely.get_num_coordinates(found).tolist() == [5, 5]


def test_edges_in_degrees_are_straight_in_the_grid():
    wide = np.array([shapely.box(113.0, 24.0, 113.1, 24.1)], dtype=object)
    grid = shapely.get_coordinates(to_lonlat(wide, 4490))
    # An edge between two points of a parallel, straight in the grid, bows by L^2 tan(lat) / 8R = 0.90 m for 10.2 km.
    southern_edge = grid[(grid[:, 1] < 24.01) & (grid[:, 0] > 113.001) & (grid[:, 0] < 113.099)]
    assert (southern_edge[:, 1].max() - 24.0) * 110_750 == pytest.approx(0.90, abs=0.01)


def test_two_parcels_of_different_zones_are_each_straight_in_their_own():
    west, east = shapely.box(112.40, 24.5, 112.41, 24.51), shapely.box(112.60, 24.5, 112.61, 24.51)
    together = to_lonlat(np.array([west, east], dtype=object), 4490)
    alone = [to_lonlat(np.array([plot], dtype=object), 4490)[0] for plot in (west, east)]
    assert shapely.equals(together, np.array(alone, dtype=object)).all()


@pytest.mark.parametrize("crs", [4547, 4490])
@pytest.mark.parametrize("turn", [0, 17, 45, 61, 90, 133])
@pytest.mark.parametrize("length", [500, 5000])
def test_a_neighbour_along_a_part_of_a_long_edge_is_no_overlap(crs, turn, length):
    zone = shapely.affinity.rotate(shapely.box(420_000, 2_640_000, 420_000 + length, 2_640_900), turn, origin=(0, 0))
    plots = shapely.box(420_000 + np.array([0, 0.123, 0.31]) * length, 2_639_800, 420_000 + 0.77 * length, 2_640_000)
    plots = np.array([shapely.affinity.rotate(plot, turn, origin=(0, 0)) for plot in plots], dtype=object)
    # Back to where the grid is used.
    centre = shapely.centroid(zone)
    to_place = np.array([[420_000 - centre.x, 2_640_000 - centre.y]])
    shapes = shapely.transform(np.array([zone, *plots], dtype=object), lambda xy: xy + to_place)
    if crs == 4490:
        grid = transformer(CRS.from_epsg(4547))
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(grid.transform(*xy.T)))
    plane = to_plane(shapes, crs)
    assert shapely.area(shapely.intersection(plane[1:], plane[0])).max() < 2e-3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_no_ring_is_lost_or_moved_on_the_way(seed):
    """Spikes, slivers, empty parts and touching holes come to the plane as they are."""
    rng = np.random.default_rng(seed)
    shapes = [random_zone(rng) for _ in range(20)]
    given_rings = take_outlines(np.array(shapes, dtype=object))
    plane = to_plane(np.array(shapes, dtype=object), 4547)
    assert shapely.get_num_geometries(plane).tolist() == [sum(not p.is_empty for p in z.geoms) for z in shapes]
    assert len(take_outlines(plane).hole) == len(given_rings.hole)
    assert shapely.area(plane) == pytest.approx(areas(shapes, 4547), abs=1e-3, rel=1e-9)


def test_the_grid_keeps_the_metres_of_the_survey():
    corner = to_lonlat(np.array([shapely.Point(403000, 2622000)], dtype=object), 4547)
    assert shapely.get_coordinates(to_grid(corner, 38))[0] == pytest.approx([403000, 2622000], abs=1e-6)
