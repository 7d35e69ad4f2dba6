"""Areas, relations and distances against squares on paper, GEOS, and spherely on the sphere of equal area."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import spherely
from conftest import EAST, NORTH, MakePlan, square, write_plan
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.plane import project, to_lonlat, to_plane, unproject
from qy_gis.overlay.grid import TOUCH_M2, cut_zones, overlap_areas, sign_edges
from qy_gis.overlay.index import build_index
from qy_gis.overlay.overlap import measure_parcels
from qy_gis.overlay.table import find_distances, tabulate_overlaps
from qy_gis.overlay.zones import project_zones


def tabulate(plan, ids, lonlat):
    index, ids = build_index(plan), np.array(ids, dtype=object)
    measured = measure_parcels(take_outlines(project(lonlat)), index)
    distance_m = find_distances(measured, index, take_outlines(lonlat), "EPSG:4490")
    return tabulate_overlaps(
        measured, index, parcel_id=ids, parcels=take_outlines(lonlat), crs="EPSG:4490", distance_m=distance_m
    )


def measure(plan, *parcels):
    lonlat = to_lonlat(np.array(parcels, dtype=object), "EPSG:4547")
    return tabulate(plan, [f"P{n}" for n in range(len(parcels))], lonlat)


def rows(table, layer):
    return table[table["layer"] == layer].set_index(["parcel_id", "feature_id"])


def test_areas_shares_and_relations_on_paper(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 1000)]})
    parcels = [
        square(100, 100, 200),  # within
        square(900, 0, 200, 100),  # half in
        square(-500, -500, 2000),  # contains it
        square(1000, 0, 100),  # shares an edge
        square(1000, 1000, 100),  # shares a corner
        square(1300, 0, 100),  # 300 m off
    ]
    table = rows(measure(plan, *parcels), "park")
    assert table.loc[("P0", "park0"), ["relation", "share"]].tolist() == ["within", 1.0]
    assert table.loc[("P1", "park0"), "relation"] == "overlaps"
    assert table.loc[("P1", "park0"), "share"] == pytest.approx(0.5, rel=1e-5)
    assert table.loc[("P2", "park0"), "relation"] == "contains"
    assert table.loc[("P2", "park0"), "area_m2"] == pytest.approx(1e6, rel=1e-3)
    for parcel in ("P3", "P4"):
        assert table.loc[(parcel, "park0"), ["relation", "area_m2", "sliver"]].tolist() == ["touches", 0.0, ""]
        assert table.loc[(parcel, ""), ["share", "distance_m"]].tolist() == [1.0, 0.0]
    assert ("P5", "park0") not in table.index
    # The grid is 0.023 % longer than the ground here (+229 ppm in area at 113.05 E).
    assert table.loc[("P5", ""), "distance_m"] == pytest.approx(300, abs=0.05)


def test_overlapping_features_count_once_and_shares_add_up(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 1000), square(500, 0, 1000)]})
    table = rows(measure(plan, square(0, 0, 2000, 1000)), "park")
    assert table.loc["P0"]["share"].to_dict() == {
        "park0": pytest.approx(0.5, rel=1e-4),
        "park1": pytest.approx(0.5, rel=1e-4),
        "": pytest.approx(0.25, rel=1e-4),
    }


def test_accuracy_makes_an_interval(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 1000)], "accuracy_m": 50})
    table = rows(measure(plan, square(900, 400, 200)), "park")
    inside = table.loc[("P0", "park0")]
    # 100 m of 200 are inside, 50 surely, 150 possibly; times 200 m.
    assert inside[["area_m2", "low_m2", "high_m2"]].tolist() == pytest.approx([20e3, 10e3, 30e3], rel=3e-2)
    assert table.loc[("P0", "")][["low_m2", "high_m2"]].tolist() == pytest.approx([10e3, 30e3], rel=3e-2)


def test_unsurveyed_land_may_be_full_or_empty(make_plan: MakePlan, tmp_path):
    (tmp_path / "plan").mkdir()
    outline = tmp_path / "plan" / "outline.gpkg"
    gpd.GeoDataFrame(geometry=[square(0, 0, 1000)], crs=4547).to_file(outline, engine="pyogrio")
    plan = make_plan(park={"shapes": [square(0, 0, 100)], "coverage": "outline.gpkg"})
    outside = rows(measure(plan, square(900, 0, 200, 100)), "park").loc[("P0", "")]
    assert outside[["area_m2", "low_m2", "high_m2"]].tolist() == pytest.approx([20e3, 10e3, 20e3], rel=1e-3)


def test_a_layer_without_data_is_open_at_both_ends(make_plan: MakePlan):
    outside = rows(measure(make_plan(redline={"shapes": None}), square(0, 0, 100)), "redline").loc[("P0", "")]
    assert outside["low_m2"] == 0
    assert outside["high_m2"] == outside["area_m2"] > 0
    assert np.isnan(outside["distance_m"])


def test_points_and_lines_are_met_without_area(make_plan: MakePlan):
    line = shapely.LineString([(EAST - 500, NORTH + 50), (EAST + 500, NORTH + 50)])
    plan = make_plan(
        town={"shapes": [shapely.Point(EAST + 50, NORTH + 50)], "geometry": "point"},
        river={"shapes": [line], "geometry": "line"},
    )
    table = measure(plan, square(0, 0, 100), square(600, 0, 100))
    assert rows(table, "town").loc[("P0", "town0"), ["relation", "area_m2"]].tolist() == ["contains", 0.0]
    assert rows(table, "river").loc[("P0", "river0"), ["relation", "area_m2"]].tolist() == ["overlaps", 0.0]
    assert rows(table, "river").loc[("P1", ""), "distance_m"] == pytest.approx(100, abs=0.02)


COORDINATE = st.integers(0, 40).map(lambda step: step * 25.0)


@st.composite
def blobs(draw, most: int = 4):
    """Unions of a few rectangles and discs on a coarse lattice: edges coincide, corners touch, holes appear."""
    parts = []
    for _ in range(draw(st.integers(1, most))):
        x, y, size = draw(COORDINATE), draw(COORDINATE), draw(st.sampled_from([25.0, 100.0, 300.0]))
        disc = draw(st.booleans())
        parts.append(shapely.Point(EAST + x, NORTH + y).buffer(size) if disc else square(x, y, size))
    return shapely.union_all(parts)


def plane(*shapes):
    return project(to_lonlat(np.array(shapes, dtype=object), 4547))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(blobs(), min_size=1, max_size=3), st.lists(blobs(), min_size=1, max_size=3), st.sampled_from([0, 40]))
def test_invariants_of_shares(tmp_path_factory, parcels, zones, accuracy_m):
    def measured(*shapes):
        layer = {"shapes": list(shapes), "accuracy_m": accuracy_m}
        plan = qy.read_plan(write_plan(tmp_path_factory.mktemp("plan"), {"zone": layer}))
        return measure_parcels(take_outlines(plane(*parcels)), build_index(plan))

    found, again = measured(*zones), measured(*reversed(zones))
    united = measured(shapely.union_all(zones))
    for number, whole in enumerate(found.parcel_m2):
        dust = 1e-9 * whole + 1e-3  # contact under 0.001 m2 counts as none
        mine = (united.parcel == number) & (united.feature == 1)
        assert united.area_m2[mine].sum() + united.outside_m2[number, 1] == pytest.approx(whole, abs=dust)
        # Order and splitting of features change nothing.
        for other in (again, united):
            assert other.outside_m2[number, 1] == pytest.approx(found.outside_m2[number, 1], abs=dust)
    assert (found.outside_low_m2 <= found.outside_m2).all()
    assert (found.outside_m2 <= found.outside_high_m2).all()
    assert (found.outside_high_m2 <= found.parcel_m2[:, None]).all()
    assert (found.low_m2 <= found.area_m2).all()
    assert (found.area_m2 <= found.high_m2).all()
    assert (found.high_m2 <= found.parcel_m2[found.parcel]).all()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(blobs(), min_size=1, max_size=4), st.lists(blobs(1), min_size=2, max_size=4), st.booleans())
def test_the_land_outside_is_that_of_the_layer_as_a_whole(tmp_path_factory, parcels, zones, surveyed):
    # A parcel near one feature is not held against the whole layer: the figures have to be those of the whole.
    folder = tmp_path_factory.mktemp("plan")
    layer = {"shapes": zones, "accuracy_m": 40}
    if surveyed:
        layer["coverage"] = "outline.gpkg"
    write_plan(folder, {"zone": layer})
    gpd.GeoDataFrame(geometry=[square(0, 0, 600)], crs=4547).to_file(folder / "outline.gpkg", engine="pyogrio")
    plan, lots = qy.read_plan(folder), plane(*parcels)
    found, whole = measure_parcels(take_outlines(lots), build_index(plan)), project_zones(plan, "zone")
    area = shapely.area(lots)
    no_data = 0 * area if whole.covered is None else area - shapely.area(shapely.intersection(lots, whole.covered))
    for measured, extent, unknown in [
        (found.outside_m2, whole.union, 0),
        (found.outside_high_m2, whole.union_low, 0),
        (found.outside_low_m2, whole.union_high, no_data),
    ]:
        outside = area - shapely.area(shapely.intersection(lots, extent)) - unknown
        # Shrunk alone or with the others, an outline is off by less than 2 cm.
        near = 0.02 * shapely.length(lots) + 1e-3
        assert (np.abs(measured[:, 1] - outside) <= near).all()


@settings(max_examples=25, deadline=None)
@given(blobs(2), blobs(2), st.integers(0, 800), st.integers(0, 800))
def test_a_larger_buffer_never_shrinks_an_overlap(parcel, zone, first, second):
    # GEOS makes nothing of a buffer of 1e-38 m: quarters of a metre do.
    grown = plane(*(zone.buffer(steps / 4) for steps in sorted([first, second])))
    plot = sign_edges(take_outlines(plane(parcel)))
    smaller, larger = (float(overlap_areas(plot, cut_zones(grown[[n]]))[2].sum()) for n in (0, 1))
    assert smaller <= larger + 1e-3


def to_authalic_sphere(polygon) -> spherely.Geography:
    """Put a polygon of the plane on the sphere of equal area: an oracle that shares no code with ours."""
    e = np.sqrt((2 - 1 / 298.257222101) / 298.257222101)

    def q(sin):
        return (1 - e**2) * (sin / (1 - e**2 * sin**2) + np.arctanh(e * sin) / e)

    def ring(line):
        # 5 m, so that a great circle between two points strays from the edge by less than a micrometre.
        lon, lat = shapely.get_coordinates(unproject(np.array([shapely.segmentize(line, 5.0)])))[:-1].T
        return list(zip(lon, np.degrees(np.arcsin(q(np.sin(np.radians(lat))) / q(1.0))), strict=True))

    holes = [ring(hole) for hole in polygon.interiors]
    return spherely.create_polygon(ring(polygon.exterior), holes or None)


def test_spherely_agrees_with_every_overlap_of_a_random_suite():
    rng = np.random.default_rng(11)
    e = np.sqrt((2 - 1 / 298.257222101) / 298.257222101)
    radius2 = 6378137.0**2 * ((1 - e**2) * (1 / (1 - e**2) + np.arctanh(e) / e)) / 2
    compared = 0
    for _ in range(60):
        x, y = rng.uniform(340_000, 480_000), rng.uniform(2_600_000, 2_780_000)
        parcel = shapely.affinity.rotate(shapely.box(x, y, x + 150, y + 90), rng.uniform(0, 90))
        zone = shapely.Point(x, y).buffer(rng.uniform(60, 200), quad_segs=4)
        both = plane(parcel, zone)
        area = overlap_areas(sign_edges(take_outlines(both[:1])), cut_zones(both[1:]))[2]
        sphere = spherely.intersection(to_authalic_sphere(both[0]), to_authalic_sphere(both[1]))
        expected = spherely.area(sphere, radius=1.0) * radius2
        assert area.sum() == pytest.approx(expected, rel=1e-6)
        compared += expected > 100
    assert compared > 50


def test_an_overlap_too_thin_to_draw_is_still_measured(make_plan: MakePlan):
    # 0.4 mm along 100 m is 0.04 m2, but nothing on a grid of a millimetre.
    plan = make_plan(park={"shapes": [square(0, 0, 1000), square(1000, 0, 1000)]})
    table = rows(measure(plan, square(999.9996, 0, 0.0008, 100), square(999.9996, 0, 100)), "park")
    assert table.loc[("P1", "park0"), "area_m2"] == pytest.approx(0.04, rel=1e-2)
    assert table.loc[("P1", ""), "share"] == 0


@given(
    turn=st.floats(0, 180),
    length=st.floats(200, 10_000),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    crs=st.sampled_from([4547, 4526, 4490]),
)
@settings(max_examples=60, deadline=None)
def test_neighbours_along_a_part_of_a_long_edge_touch_and_those_inside_are_within(turn, length, ends, crs):
    first, last = sorted(ends)
    assume((last - first) * length > 1)
    zone = shapely.box(0, 0, length, 900)
    beside, inside = (shapely.box(first * length, y, last * length, y + 150) for y in (-150, 0))
    corner, radians = (EAST - 5000, NORTH - 5000), np.radians(turn)
    matrix = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    shapes = shapely.transform(np.array([zone, beside, inside]), lambda xy: xy @ matrix.T + np.array(corner))
    if crs != 4547:
        shapes = np.array(gpd.GeoSeries(shapes, crs=4547).to_crs(crs))
    in_plane = to_plane(shapes, crs)
    area = shapely.area(in_plane)
    grid = cut_zones(in_plane[:1])
    _, zones, shared, touch = overlap_areas(sign_edges(take_outlines(in_plane[1:])), grid)
    assert zones.tolist() == [0, 0]
    # `meet_features` calls the first contact, and gives the second its whole area.
    assert shared[0] <= TOUCH_M2
    assert touch[0]
    assert shared[1] >= area[2] - TOUCH_M2
