"""The table of overlaps: its order, outlines that add up, distances and slivers."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, MakePlan, square
from pyproj import Geod

import qy_gis as qy
from qy_gis import columns
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.plane import project, to_lonlat
from qy_gis.overlay.index import build_index
from qy_gis.overlay.overlap import measure_parcels
from qy_gis.overlay.table import find_distances, tabulate_overlaps


def tabulate(plan: qy.Plan, ids: list[str], lonlat) -> pd.DataFrame:
    index = build_index(plan)
    measured = measure_parcels(take_outlines(project(lonlat)), index)
    distance_m = find_distances(measured, index, take_outlines(lonlat), "EPSG:4490")
    return tabulate_overlaps(
        measured,
        index,
        parcel_id=np.array(ids, dtype=object),
        parcels=take_outlines(lonlat),
        crs="EPSG:4490",
        distance_m=distance_m,
    )


def measure(plan: qy.Plan, *parcels) -> pd.DataFrame:
    lonlat = to_lonlat(np.array(parcels, dtype=object), "EPSG:4547")
    return tabulate(plan, [f"P{number}" for number in range(len(parcels))], lonlat)


def rows(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    return table[table["layer"] == layer].set_index(["parcel_id", "feature_id"])


def test_columns_and_order(make_plan: MakePlan):
    table = measure(make_plan(park={"shapes": [square(0, 0)]}), square(0, 0, 100), square(50, 0, 100))
    assert list(table.columns) == [*columns.OVERLAPS, "geometry"]
    assert table["parcel_id"].tolist() == sorted(table["parcel_id"])
    assert set(table["relation"]) <= set(columns.RELATIONS)


def test_distance_is_that_of_the_ellipsoid(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0, 1000)]})
    parcel = square(9000, 0, 1000)
    outside = rows(measure(plan, parcel), "park").loc[("P0", "")]
    (near, far) = to_lonlat(np.array([shapely.Point(EAST + 1000, NORTH), shapely.Point(EAST + 9000, NORTH)]), 4547)
    expected = Geod(a=6378137, rf=298.257222101).inv(near.x, near.y, far.x, far.y)[2]
    # Grid lines converge: the nearest pair is at the northern or the southern end, a millimetre apart.
    assert outside["distance_m"] == pytest.approx(expected, abs=0.01)


def test_slivers_are_told_from_real_overlaps(make_plan: MakePlan):
    # 0.2 m of digitising along 100 m, and the chord between two ends 3 km apart on a parallel.
    west, east, north = 113.06, 113.09, 23.6
    straight_in_degrees = shapely.box(west, north - 0.01, east, north)
    plan = make_plan(park={"shapes": [square(0, 0, 1000)]}, zone={"shapes": [straight_in_degrees], "crs": "EPSG:4490"})
    ends = to_lonlat(np.array([shapely.box(west, north, east, north + 0.01)], dtype=object), 4490)
    digitised = to_lonlat(np.array([square(999.8, 0, 100)], dtype=object), 4547)
    table = tabulate(plan, ["straight in the grid", "digitised"], np.concatenate([ends, digitised]))
    real = table[table["area_m2"].gt(0) & table["feature_id"].ne("")].set_index(["parcel_id", "layer"])
    assert real.loc[("digitised", "park"), "sliver"] == "digitising"
    assert real.loc[("digitised", "park"), "width_m"] == pytest.approx(0.2, rel=0.01)
    assert real.loc[("digitised", "city"), "sliver"] == "real"
    chord = table[(table["parcel_id"] == "straight in the grid") & (table["layer"] == "zone")]
    assert set(chord["sliver"]) <= {"", "chord"}


def test_outlines_are_those_of_the_areas(make_plan: MakePlan):
    # Two features that overlap one another; a parcel within one, one across both and beyond, one that only touches.
    plan = make_plan(park={"shapes": [square(0, 0), square(500, 0)]}, redline={"shapes": None})
    parcels = [square(100, 100, 100), square(400, 100, 2000, 100), square(1500, 0, 100)]
    table = measure(plan, *parcels)
    drawn = table["geometry"].notna()
    assert (drawn == table["area_m2"].gt(0)).all()
    area = shapely.area(project(table["geometry"].to_numpy()))
    assert area[drawn] == pytest.approx(table.loc[drawn, "area_m2"].to_numpy(), rel=1e-5)  # drawn to a millimetre
    park = rows(table, "park")
    left, taken = project(park.loc[[("P1", ""), ("P1", "park1")], "geometry"].to_numpy())
    assert left.intersection(taken).area < 1
    assert park.loc["P2", "relation"].to_dict() == {"park1": "touches", "": "outside"}
    assert rows(table, "redline")["area_m2"].tolist() == pytest.approx([1e4, 2e5, 1e4], rel=1e-3)
