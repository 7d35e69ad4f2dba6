"""Distances against GeographicLib, and the search against GEOS, on what is random and on what is awkward."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from qy_gis.compiling import compiled
from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.plane import to_plane
from qy_gis.overlay import closest, nearest
from qy_gis.overlay.nearest import list_edges, measure_distances, pack_near, unpack_near

GEOD = Geod(a=6378137, rf=298.257222101)

#: Zone 38: eastings from 500 km, without the zone's number.
ZONE, PLACE = 38, np.array([460_000, 2_650_000])


def put(shapes):
    """Move shapes to where the city is."""
    return shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + PLACE)


def edges_of(shapes):
    return list_edges(to_plane(put(shapes), 4547), ZONE)


def measure(layers, plots, apart=None):
    apart = np.ones((len(plots), len(layers)), dtype=bool) if apart is None else apart
    return measure_distances([edges_of(each) for each in layers], take_outlines(put(plots)), ZONE, apart=apart)


def geodesic(a, b):
    degrees = transformer(CRS.from_epsg(grid_epsg(ZONE, prefixed=False)))
    return GEOD.inv(*degrees.transform(*a), *degrees.transform(*b))[2]


def by_geos(shapes, plots):
    """Distance of every plot to the nearest shape, as GEOS finds it in the grid."""
    out = []
    for plot in put(plots):
        lines = shapely.shortest_line(plot, put(shapes))
        (a, b) = shapely.get_coordinates(lines[np.argmin(shapely.length(lines))])
        out.append(geodesic(a, b))
    return np.array(out)


def star(rng, x, y, size, corners):
    turn = (np.arange(corners) + rng.uniform(0, 0.9, corners)) * (2 * np.pi / corners)
    reach = size * rng.uniform(0.2, 1, corners)
    return shapely.Polygon(np.column_stack([x + reach * np.cos(turn), y + reach * np.sin(turn)]))


def scatter(rng, count, size, corners, extent=20_000):
    return [star(rng, *rng.uniform(0, extent, 2), size * rng.uniform(0.1, 1), corners) for _ in range(count)]


@pytest.fixture(params=["plain", "compiled"])
def way(request, monkeypatch):
    code = closest if request.param == "plain" else compiled(closest)
    monkeypatch.setattr(nearest, "code_for", lambda module, **_: code)
    return request.param


def test_distance_on_paper(way):
    # 3-4-5, and a kilometre to the east; the grid's scale is 0.99998 here at most.
    plots = [shapely.box(0, 0, 10, 10)]
    found = measure([[shapely.Point(13, 14)], [shapely.LineString([(1010, -50), (1010, 50)])]], plots)
    assert found[0] == pytest.approx([5, 1000], rel=1e-4)


def test_the_nearest_points_are_joined_by_a_geodesic(way):
    found = measure([[shapely.Point(0, 90_000)]], [shapely.box(-10, -10, 10, 0)])[0, 0]
    assert found == pytest.approx(geodesic(PLACE, PLACE + np.array([0, 90_000])), abs=1e-6)


@pytest.mark.parametrize("kind", ["points", "lines", "polygons", "all"])
def test_random_layers_are_as_geos_finds_them(way, kind):
    rng = np.random.default_rng(8)
    shapes = {
        "points": [shapely.MultiPoint(rng.uniform(0, 20_000, (3, 2))) for _ in range(40)],
        "lines": [shapely.LineString(rng.uniform(0, 20_000, 2) + rng.uniform(0, 800, (12, 2))) for _ in range(40)],
        "polygons": scatter(rng, 40, 1500, 30),
    }
    shapes["all"] = [each for every in shapes.values() for each in every]
    plots = scatter(rng, 60, 300, 12)
    apart = ~shapely.intersects(shapely.union_all(shapes[kind]), plots)
    found = measure([shapes[kind]], plots, apart[:, None])[:, 0]
    assert found[apart] == pytest.approx(by_geos(shapes[kind], np.array(plots)[apart]), abs=1e-6)
    assert (found[~apart] == 0).all()


def test_a_layer_far_away(way):
    rng = np.random.default_rng(9)
    shapes, plots = scatter(rng, 10, 500, 60), scatter(rng, 20, 200, 8)
    far = [shapely.transform(each, lambda xy: xy + np.array([90_000, 60_000])) for each in shapes]
    assert measure([far], plots)[:, 0] == pytest.approx(by_geos(far, plots), abs=1e-5)


small = st.integers(0, 6)


@st.composite
def lattice_shapes(draw):
    """Boxes, triangles, lines and points with corners on a lattice, where edges are parallel and corners shared."""
    corners = draw(st.lists(st.tuples(small, small), min_size=1, max_size=3, unique=True))
    x, y = draw(small) * 10, draw(small) * 10
    if len(corners) == 3 and shapely.Polygon(corners).area > 0:
        shape = shapely.Polygon(corners)
    elif len(corners) > 1:
        shape = shapely.box(*shapely.MultiPoint(corners).bounds)
        shape = shape if shape.area > 0 else shapely.LineString(corners)
    else:
        shape = shapely.Point(corners)
    return shapely.transform(shape, lambda xy: xy * 10.0 + [x, y])


@settings(max_examples=150, deadline=None)
@given(st.lists(lattice_shapes(), min_size=1, max_size=12), st.lists(lattice_shapes(), min_size=1, max_size=6))
def test_parallel_edges_and_shared_corners(shapes, plots):
    plots = [plot for plot in plots if plot.area > 0]
    if not plots:
        return
    near, in_grid = edges_of(shapes), take_outlines(put(plots))
    apart = ~shapely.intersects(put([shapely.union_all(shapes)])[0], put(plots))
    found = measure_distances([near], in_grid, ZONE, apart=apart[:, None])[:, 0]
    if apart.any():
        assert found[apart] == pytest.approx(by_geos(shapes, np.array(plots)[apart]), abs=1e-6)
    # Compiled, every bit is the same; and so it is for each plot alone.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "code_for", lambda module, **_: compiled(closest))
        assert measure_distances([near], in_grid, ZONE, apart=apart[:, None])[:, 0].tolist() == found.tolist()
    for row in range(len(plots)):
        alone = measure_distances([near], in_grid.take(np.array([row])), ZONE, apart=apart[row : row + 1, None])
        assert alone[0, 0] == found[row]


def test_many_plots_together_give_the_bits_of_each_alone():
    rng = np.random.default_rng(10)
    near, in_grid = edges_of(scatter(rng, 60, 1200, 80)), take_outlines(put(scatter(rng, 700, 200, 10)))
    apart = np.ones((700, 1), dtype=bool)
    together = measure_distances([near], in_grid, ZONE, apart=apart)
    for row in range(0, 700, 20):
        alone = measure_distances([near], in_grid.take(np.array([row])), ZONE, apart=apart[:1])
        assert alone[0, 0] == together[row, 0]


def test_a_plot_in_a_hole_and_a_zone_in_the_hole_of_a_plot(way):
    ring = shapely.box(0, 0, 1000, 1000).difference(shapely.box(200, 200, 800, 800))
    inside = shapely.box(450, 300, 500, 750)
    assert measure([[ring]], [inside])[0, 0] == pytest.approx(50, rel=1e-4)
    assert measure([[inside]], [ring])[0, 0] == pytest.approx(50, rel=1e-4)


def test_edges_that_cross_are_no_distance_apart(way):
    assert measure([[shapely.LineString([(5, -5), (5, 15)])]], [shapely.box(0, 0, 10, 10)])[0, 0] == 0


def test_the_end_of_a_line_is_found(way):
    line = shapely.LineString([(-600, 0), (-300, 0), (-100, 0)])
    assert measure([[line]], [shapely.box(0, -5, 10, 5)])[0, 0] == pytest.approx(100, rel=1e-4)


def test_plots_of_several_parts(way):
    plot = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(500, 0, 510, 10)])
    assert measure([[shapely.Point(540, 5)], [shapely.Point(-40, 5)]], [plot])[0] == pytest.approx([30, 40], rel=1e-4)


def test_without_features_there_is_no_distance():
    nothing = list_edges(np.array([shapely.Polygon()], dtype=object), ZONE)
    assert len(nothing) == 0
    plots = take_outlines(put([shapely.box(0, 0, 1, 1)]))
    assert np.isnan(measure_distances([nothing], plots, ZONE, apart=np.array([[True]]))).all()
    assert measure_distances([nothing], plots, ZONE, apart=np.array([[False]])).tolist() == [[0]]


def test_each_layer_is_measured_for_the_plots_that_ask_for_it():
    plots = [shapely.box(0, 0, 1, 1), shapely.box(50, 0, 51, 1)]
    apart = np.array([[True, True, True], [False, True, False]])
    found = measure([[shapely.Point(101, 1)], [shapely.Point(-200, 1)], []], plots, apart)
    assert found[:, :2].round(1).tolist() == [[100, 200], [0, 250]]
    assert np.isnan(found[0, 2])
    assert found[1, 2] == 0


def test_a_tree_holds_every_edge_in_boxes_of_boxes():
    near = edges_of(scatter(np.random.default_rng(11), 50, 900, 40))
    level = nearest._levels(len(near))
    assert level[-1] == len(near.tree)
    assert level[-1] - level[-2] == 1
    for below, begin, end in zip(level[:-2], level[1:-1], level[2:], strict=True):
        for box in range(begin, end):
            first = below + closest.FANOUT * (box - begin)
            children = near.tree[first : min(first + closest.FANOUT, begin)]
            low, high = children[:, :2].min(axis=0), children[:, 2:].max(axis=0)
            assert near.tree[box].tolist() == [*low, *high]


def test_packed_layers_are_unpacked():
    layers = [edges_of([shapely.box(0, 0, 500, 500)]), edges_of([]), edges_of([shapely.Point(0, 0)])]
    for given_near, near in zip(layers, unpack_near(pack_near(layers)), strict=True):
        for name in ("corners", "run", "tree"):
            np.testing.assert_array_equal(getattr(given_near, name), getattr(near, name))
