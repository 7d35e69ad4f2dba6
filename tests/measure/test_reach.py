"""Coordinates that cannot be land in their CRS are refused before anything is computed, in plain and compiled code."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely
from pyproj import CRS

from qy_gis import areas
from qy_gis.compiling import compiled
from qy_gis.errors import CRSError
from qy_gis.measure import outlines, reach
from qy_gis.measure.crs import transformer

BAD = {
    "a zone prefix too many": (4547, (38404000, 2613000, 38404200, 2613200), "zone prefix 38"),
    "no zone prefix": (4526, (404000, 2613000, 404200, 2613200), "is the zone right"),
    "another zone": (4526, (35404000, 2613000, 35404200, 2613200), "is the zone right"),
    "x and y swapped in metres": (4547, (2613000, 404000, 2613200, 404200), "swapped"),
    "x and y swapped in degrees": (4490, (23.6, 113.1, 23.7, 113.2), "swapped"),
    "a digit too many": (4547, (4040000, 2613000, 4040200, 2613200), "is the zone right"),
    "degrees taken for metres": (4547, (113.1, 23.6, 113.2, 23.7), "look like degrees"),
    "metres taken for degrees": (4490, (404000, 2613000, 404200, 2613200), "look like metres"),
    "the pole": (4326, (100, 80, 101, 90), "state the CRS"),
    "the other pole": (4326, (100, -90, 101, -89), "state the CRS"),
    "across the world": (4326, (-90, 0, 90, 1), "edge of over 3°"),
    "across a continent, in metres": (3857, (8e6, 2e6, 1.3e7, 5e6), "edge of over 334 km"),
    "numbers without a place": (4547, (1e300, 1e300, 1.1e300, 1.1e300), "is the zone right"),
}


@pytest.mark.parametrize("in_code", ["plain", "compiled"])
@pytest.mark.parametrize("name", BAD)
def test_bad_coordinates_are_refused_alike_in_plain_and_compiled_code(monkeypatch, name, in_code):
    chosen = (lambda module: module) if in_code == "plain" else compiled
    monkeypatch.setattr(outlines, "code_for", lambda module, **_: chosen(module))
    crs, box, says = BAD[name]
    with pytest.raises(CRSError, match=says) as caught:
        areas([shapely.box(404000, 2613000, 404200, 2613200)] * (crs == 4547) + [shapely.box(*box)], crs)
    assert caught.value.zh


def test_many_bad_boxes_are_refused_like_one():
    box = shapely.box(38404000, 2613000, 38404200, 2613200)
    with pytest.raises(CRSError, match="zone prefix 38"):
        areas([box] * 30_000, 4547)


def test_points_that_are_no_numbers_are_refused():
    nan = np.array([404000, 404200, 404200, 404000]), np.array([2613000, np.nan, 2613100, 2613000])
    with pytest.raises(CRSError, match="1 of 4 points are out of the reach"):
        reach.check_points(*nan, np.array([0, 4]), CRS.from_epsg(4547))
    with pytest.raises(CRSError, match="4 of 4 points are out of the reach"):
        reach.check_points(np.full(4, np.nan), np.full(4, np.nan), np.array([0, 4]), CRS.from_epsg(4547))


def test_boxes_as_large_as_countries_take_no_time():
    rng = np.random.default_rng(7)
    west, south = rng.uniform(-170, 100, 177), rng.uniform(-80, 40, 177)
    boxes = shapely.box(west, south, west + rng.uniform(1, 60, 177), south + rng.uniform(1, 40, 177))
    start = time.process_time()
    for box in boxes:
        wide = max(box.bounds[2] - box.bounds[0], box.bounds[3] - box.bounds[1]) > reach.LONGEST_DEGREES
        if wide:
            with pytest.raises(CRSError):
                areas([box], 4326)
        else:
            assert areas([box], 4326)[0] > 0
    assert time.process_time() - start < 10


@pytest.mark.parametrize("crs", [4547, 4526, 32649, 3857, 4490])
def test_the_box_that_is_sure_changes_no_answer(crs):
    crs = CRS.from_epsg(crs)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(95, 135, 2000), rng.uniform(5, 60, 2000)
    x, y = transformer(crs, inverse=True).transform(lon, lat) if crs.is_projected else (lon, lat)
    boxes = np.column_stack([x, y, x, y])
    within = reach.reach_of(crs).holds(lon, lat)
    # Only points that are brought to degrees and back within rounding of the limit may differ.
    assert (~reach.find_outside(boxes, crs) == within).mean() > 0.999
    assert 0 < within.sum() <= 2000


def test_every_part_of_the_sure_box_is_within_reach():
    for code in (4547, 4525, 4528, 32649, 4479 + 24):
        crs = CRS.from_epsg(code)
        west, south, east, north = reach.reach_of(crs).sure
        rng = np.random.default_rng(code)
        x, y = rng.uniform(west, east, 5000), rng.uniform(south, north, 5000)
        assert reach.reach_of(crs).holds(*transformer(crs).transform(x, y)).all()


def test_a_box_of_nan_is_nowhere_and_not_outside():
    assert reach.find_outside(np.full((2, 4), np.nan), CRS.from_epsg(4547)).tolist() == [False, False]


def test_a_jump_from_ring_to_ring_is_no_long_edge():
    far = [shapely.box(404000, 2613000, 404200, 2613200), shapely.box(404000, 3613000, 404200, 3613200)]
    assert (areas(far, 4547) > 39_000).all()
