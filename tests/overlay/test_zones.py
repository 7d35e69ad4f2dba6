import geopandas as gpd
import numpy as np
import pytest
import shapely
from bounds import hold_bounds, random_outlines
from conftest import EAST, NORTH, MakePlan, square, write_plan
from pyproj import Geod

import qy_gis as qy
from qy_gis.measure.plane import project, to_lonlat, to_plane
from qy_gis.overlay.zones import project_zones


def test_shrunk_drawn_and_grown_lie_in_one_another(make_plan: MakePlan):
    zones = project_zones(make_plan(park={"shapes": [square(0, 0, 2000)], "accuracy_m": 100}), "park")
    assert zones.union_low.within(zones.union)
    assert zones.union.within(zones.union_high)
    assert zones.union_low.area == pytest.approx(1800**2, rel=6e-3)
    assert zones.union_high.area == pytest.approx(2000**2 + 4 * 2000 * 100 + np.pi * 100**2, rel=6e-3)
    assert zones.low[0].area == pytest.approx(zones.union_low.area, rel=1e-4)


def test_land_under_two_features_counts_once(make_plan: MakePlan):
    zones = project_zones(make_plan(park={"shapes": [square(0, 0, 2000), square(1000, 0, 2000)]}), "park")
    assert shapely.area(zones.shapes).sum() == pytest.approx(8e6, rel=6e-3)
    assert zones.union.area == pytest.approx(6e6, rel=6e-3)


def test_the_line_between_two_neighbours_is_inside_the_layer(make_plan: MakePlan):
    shapes = [square(0, 0, 2000), square(2000, 0, 2000)]
    zones = project_zones(make_plan(park={"shapes": shapes, "accuracy_m": 100}), "park")
    assert zones.union_low.area == pytest.approx(3800 * 1800, rel=6e-3)
    assert shapely.area(zones.low).sum() == pytest.approx(2 * 1800 * 1800, rel=6e-3)


def test_a_point_of_a_mixed_layer_may_reach_as_far_as_its_accuracy(make_plan: MakePlan):
    shapes = [square(0, 0), shapely.Point(415_000, 2_620_000)]
    zones = project_zones(make_plan(park={"shapes": shapes, "accuracy_m": 500, "geometry": "mixed"}), "park")
    assert zones.union.area == pytest.approx(1e6, rel=6e-3)
    # A circle of 16 sides around the circle is larger by 3 %.
    grown = 1000**2 + 4 * 1000 * 500 + 2 * np.pi * 500**2
    assert zones.union_high.area == pytest.approx(grown, rel=4e-2)
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


def test_land_within_the_accuracy_is_never_left_out(make_plan: MakePlan):
    # 4,979 m from a point whose place is known to 5,000 m: a circle drawn by chords would miss it in places.
    point = shapely.Point(405_000, 2_610_000)
    zones = project_zones(make_plan(park={"shapes": [point], "accuracy_m": 5000, "geometry": "mixed"}), "park")
    geod = Geod(a=6378137, rf=298.257222101)
    centre = to_lonlat(np.array([point], dtype=object), 4547)[0]
    bearings = np.linspace(0, 360, 3601)
    lon, lat, _ = geod.fwd(np.full(3601, centre.x), np.full(3601, centre.y), bearings, np.full(3601, 4999.9))
    assert shapely.covers(zones.union_high, project(np.asarray(shapely.points(lon, lat)))).all()
    assert zones.union_high.area == pytest.approx(np.pi * 5000**2, rel=4e-2)


@pytest.mark.parametrize("crs", [4547, 4546, 4490])
def test_splitting_a_layer_changes_nothing(tmp_path, crs):
    # One rectangle, and the same land as three that meet in a T and have its corner in common.
    west, east = (EAST, EAST + 700.0), (EAST + 700.0, EAST + 2000.0)
    south, middle, north = NORTH, NORTH + 333.3, NORTH + 1000.0
    parts = [
        shapely.Polygon([(west[0], south), (west[1], south), (west[1], middle), (west[1], north), (west[0], north)]),
        shapely.box(east[0], south, east[1], middle),
        shapely.box(east[0], middle, east[1], north),
    ]
    stored = gpd.GeoSeries([shapely.union_all(parts), *parts], crs=4547).to_crs(crs)
    areas = []
    for name, shapes in [("whole", stored[:1]), ("parts", stored[1:])]:
        layer = {"shapes": list(shapes), "accuracy_m": 10, "crs": f"EPSG:{crs}"}
        zones = project_zones(qy.read_plan(write_plan(tmp_path / name, {"zone": layer})), "zone")
        areas.append([zones.union_low.area, zones.union.area, zones.union_high.area])
    assert areas[0] == pytest.approx(areas[1], abs=0.5)
    assert areas[0][0] == pytest.approx(1980 * 980, rel=6e-3)


def test_what_is_not_drawn_is_not_sure(make_plan: MakePlan):
    # A gap of 1 mm between two features, and a notch of 2 mm in one (1 mm is cleaned away): near them nothing is
    # sure.
    notched = shapely.difference(square(5000, 0, 2000), square(6000, 1000, 0.002, 2000))
    shapes = [square(0, 0, 2000), square(2000.001, 0, 2000), notched]
    zones = project_zones(make_plan(park={"shapes": shapes, "accuracy_m": 100}), "park")
    for place in ((2000, 1000), (6000, 1500), (6000, 950)):
        near = to_plane(np.array([square(place[0] - 10, place[1], 20).centroid], dtype=object), 4547)[0]
        assert not shapely.intersects(zones.union_low, near)
    assert zones.union_low.area == pytest.approx(2 * 1800**2 + 1800**2 - 200 * 900 - np.pi * 100**2 / 2, rel=6e-3)


@pytest.mark.parametrize(("epsg", "accuracy_m"), [(4547, 0.1), (4490, 1), (4526, 20), (32649, 300), (4490, 5000)])
def test_bounds_hold_the_truth_and_are_no_wider_than_said(tmp_path, epsg, accuracy_m):
    rng = np.random.default_rng(int(accuracy_m * 10))
    stored, straight = random_outlines(rng, 80, epsg)
    layer = {"shapes": list(stored), "accuracy_m": accuracy_m, "crs": f"EPSG:{epsg}"}
    layer |= {"geometry": "mixed", "coverage": "everywhere"}
    zones = project_zones(qy.read_plan(write_plan(tmp_path / "plan", {"zone": layer})), "zone")
    found = hold_bounds(zones, straight, 4547 if epsg == 4490 else epsg, rng)
    assert found.tried > 5000
    assert found[1:] == (0, 0, 0, 0), str(found)


def test_features_in_degrees_are_united_where_their_edges_are_straight(tmp_path):
    # Two strips of 10 km that cross: their edges, straight in the grid, bow by 0.9 m in degrees.
    strips = [square(0, 4000, 10_000, 1000), square(4000, 0, 1000, 10_000)]
    areas = {}
    for crs in (4547, 4490):
        shapes = list(gpd.GeoSeries(strips, crs=4547).to_crs(crs))
        layer = {"shapes": shapes, "crs": f"EPSG:{crs}"}
        areas[crs] = project_zones(qy.read_plan(write_plan(tmp_path / str(crs), {"zone": layer})), "zone").union.area
    assert areas[4490] == pytest.approx(areas[4547], abs=0.01)
