"""Areas, relations and distances against squares on paper, GEOS, and spherely on the sphere of equal area."""

import numpy as np
import pytest
import shapely
import spherely
from conftest import EAST, NORTH, MakePlan, square
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from qy_gis import columns
from qy_gis.measure.plane import project, to_lonlat, unproject
from qy_gis.overlay.index import Index, Zones, build_index, cut
from qy_gis.overlay.overlap import measure_overlaps, overlap_areas
from qy_gis.plan.model import Layer, Text


def measure(plan, *parcels):
    ids = np.array([f"P{n}" for n in range(len(parcels))], dtype=object)
    lonlat = to_lonlat(np.array(parcels, dtype=object), "EPSG:4547", edges="grid")
    return measure_overlaps(ids, lonlat, build_index(plan))


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
    assert inside[["area_m2", "low_m2", "high_m2"]].tolist() == pytest.approx([20e3, 10e3, 30e3], rel=1e-3)
    assert table.loc[("P0", "")][["low_m2", "high_m2"]].tolist() == pytest.approx([10e3, 30e3], rel=1e-3)


def test_unsurveyed_land_may_be_full_or_empty(make_plan: MakePlan, tmp_path):
    import geopandas as gpd

    (tmp_path / "plan").mkdir()
    outline = tmp_path / "plan" / "outline.gpkg"
    gpd.GeoDataFrame(geometry=[square(0, 0, 1000)], crs=4547).to_file(outline, engine="pyogrio")
    plan = make_plan(park={"shapes": [square(0, 0, 100)], "coverage": "outline.gpkg"})
    outside = rows(measure(plan, square(900, 0, 200, 100)), "park").loc[("P0", "")]
    assert outside[["area_m2", "low_m2", "high_m2"]].tolist() == pytest.approx([20e3, 10e3, 20e3], rel=1e-3)
    assert outside["no_data_m2"] == pytest.approx(10e3, rel=1e-3)


def test_a_layer_without_data_is_open_at_both_ends(make_plan: MakePlan):
    outside = rows(measure(make_plan(redline={"shapes": None}), square(0, 0, 100)), "redline").loc[("P0", "")]
    assert outside["low_m2"] == 0
    assert outside["high_m2"] == outside["area_m2"] == outside["no_data_m2"] > 0
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


def test_slivers_are_told_from_real_overlaps(make_plan: MakePlan):
    # 0.2 m of digitising along 100 m, and the chord between two ends 3 km apart on a parallel.
    west, east, north = 113.06, 113.09, 23.6
    straight_in_degrees = shapely.box(west, north - 0.01, east, north)
    plan = make_plan(park={"shapes": [square(0, 0, 1000)]}, zone={"shapes": [straight_in_degrees], "crs": "EPSG:4490"})
    ends = to_lonlat(np.array([shapely.box(west, north, east, north + 0.01)], dtype=object), 4490, edges="grid")
    digitised = to_lonlat(np.array([square(999.8, 0, 100)], dtype=object), 4547, edges="grid")
    ids = np.array(["straight in the grid", "digitised"], dtype=object)
    table = measure_overlaps(ids, np.concatenate([ends, digitised]), build_index(plan))
    real = table[table["area_m2"].gt(0) & table["feature_id"].ne("")].set_index(["parcel_id", "layer"])
    assert real.loc[("digitised", "park"), "sliver"] == "digitising"
    assert real.loc[("digitised", "park"), "width_m"] == pytest.approx(0.2, rel=0.01)
    assert real.loc[("digitised", "city"), "sliver"] == "real"
    chord = table[(table["parcel_id"] == "straight in the grid") & (table["layer"] == "zone")]
    assert set(chord["sliver"]) <= {"", "chord"}


def test_columns_and_order(make_plan: MakePlan):
    table = measure(make_plan(park={"shapes": [square(0, 0)]}), square(0, 0, 100), square(50, 0, 100))
    assert list(table.columns) == [*columns.OVERLAPS, "no_data_m2", "geometry"]
    assert table["parcel_id"].tolist() == sorted(table["parcel_id"])
    assert table.crs == "EPSG:4490"
    assert set(table["relation"]) <= set(columns.RELATIONS)


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


def index_of(*polygons) -> tuple[Index, Zones]:
    """An index of one layer, without files."""
    shapes = project(to_lonlat(np.array(polygons, dtype=object), 4547, edges="stored"))
    pieces, union = cut(shapes), cut(np.array([shapely.union_all(shapes)], dtype=object))
    layer = Layer.model_construct(key="zone", title=Text(zh="区", en="zone"))
    names = np.array([f"Z{n}" for n in range(len(polygons))], dtype=object)
    zones = Zones(
        layer, names, names, shapes, shapely.area(shapes), pieces, pieces, pieces, union, union, union, None, pieces
    )
    return Index({"zone": zones}, 38), zones


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blobs(), st.lists(blobs(), min_size=1, max_size=3))
def test_invariants_of_shares(parcel, zones):
    lonlat = to_lonlat(np.array([parcel], dtype=object), 4547, edges="grid")
    whole = float(shapely.area(project(lonlat))[0])
    table = measure_overlaps(np.array(["P"], dtype=object), lonlat, index_of(*zones)[0])
    assert table["share"].between(0, 1).all()
    outside = table[table["feature_id"] == ""].iloc[0]
    united = measure_overlaps(np.array(["P"], dtype=object), lonlat, index_of(shapely.union_all(zones))[0])
    inside = united.loc[united["feature_id"] != "", "share"].sum()
    # Contact under 0.001 m2 counts as none.
    assert inside + outside["share"] == pytest.approx(1, abs=1e-9 + 1e-3 / whole)
    # Order and splitting of features change nothing.
    again = measure_overlaps(np.array(["P"], dtype=object), lonlat, index_of(*reversed(zones))[0])
    assert again.loc[again["feature_id"] == "", "area_m2"].item() == pytest.approx(outside["area_m2"], abs=1e-6 * whole)
    # GEOS, on the whole polygons in the same plane.
    flat = shapely.union_all(project(to_lonlat(np.array(zones, dtype=object), 4547, edges="stored")))
    expected = shapely.area(shapely.difference(project(lonlat)[0], flat))
    assert outside["area_m2"] == pytest.approx(expected, rel=1e-9, abs=1.1e-3)


@settings(max_examples=25, deadline=None)
@given(blobs(2), blobs(2), st.floats(0, 200), st.floats(0, 200))
def test_a_larger_buffer_never_shrinks_an_overlap(parcel, zone, first, second):
    plain = project(to_lonlat(np.array([parcel], dtype=object), 4547, edges="grid"))
    small, large = sorted([first, second])
    grown = [index_of(zone.buffer(distance))[1].union for distance in (small, large)]
    smaller, larger = (float(overlap_areas(plain, pieces)[2].sum()) for pieces in grown)
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
        plane = project(to_lonlat(np.array([parcel, zone], dtype=object), 4547, edges="grid"))
        _, _, area = overlap_areas(plane[:1], cut(plane[1:]))
        sphere = spherely.intersection(to_authalic_sphere(plane[0]), to_authalic_sphere(plane[1]))
        expected = spherely.area(sphere, radius=1.0) * radius2
        assert area.sum() == pytest.approx(expected, rel=1e-6)
        compared += expected > 100
    assert compared > 50


def test_distance_is_that_of_the_ellipsoid(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 1000)]})
    parcel = square(9000, 0, 1000)
    outside = rows(measure(plan, parcel), "park").loc[("P0", "")]
    (near, far) = to_lonlat(
        np.array([shapely.Point(EAST + 1000, NORTH), shapely.Point(EAST + 9000, NORTH)]), 4547, edges="grid"
    )
    expected = Geod(a=6378137, rf=298.257222101).inv(near.x, near.y, far.x, far.y)[2]
    # Grid lines converge: the nearest pair is at the northern or the southern end, a millimetre apart.
    assert outside["distance_m"] == pytest.approx(expected, abs=0.01)
