"""Outlines as arrays: what they hold, and that they come to the plane as geometries do."""

import numpy as np
import pytest
import shapely
from pyproj import CRS

import qy_gis as qy
from qy_gis.measure.crs import transformer
from qy_gis.measure.outlines import outlines_to_grid, outlines_to_plane, take_outlines
from qy_gis.measure.plane import to_grid, to_lonlat, to_plane

RING = shapely.box(0, 0, 90, 60) - shapely.box(10, 10, 20, 20)
SHAPES = np.array(
    [
        shapely.box(0, 0, 20, 10),
        None,
        RING.reverse(),
        shapely.MultiPolygon([RING, shapely.box(200, 0, 210, 10)]),
        shapely.Point(3, 4),
        shapely.Polygon(),
    ],
    dtype=object,
)


def test_areas_and_bounds_are_those_of_the_geometries():
    outlines = take_outlines(SHAPES)
    assert len(outlines) == 6
    assert outlines.areas().tolist() == [200, 0, 5300, 5400, 0, 0]
    bounds = shapely.bounds(SHAPES)
    polygons = [0, 2, 3]
    assert np.array_equal(outlines.bounds()[polygons], bounds[polygons])
    assert np.isnan(outlines.bounds()[[1, 4, 5]]).all()


def test_some_rows_are_taken_in_their_order():
    taken = take_outlines(SHAPES).take(np.array([3, 1, 0]))
    assert taken.areas().tolist() == [5400, 0, 200]
    assert taken.hole.tolist() == [False, True, False, False]


def test_outlines_become_the_polygons_they_were():
    back = take_outlines(SHAPES).polygons()
    assert shapely.equals(back[[0, 2, 3]], SHAPES[[0, 2, 3]]).all()
    assert shapely.is_empty(back[[1, 4, 5]]).all()


@pytest.mark.parametrize("crs", [4490, 4326, 4547, 4526, 4546, 32649])
@pytest.mark.parametrize("many", [1, 300])
def test_the_way_to_the_plane_is_that_of_geometries(crs, many):
    found = CRS.from_user_input(crs)
    plots = shapely.transform(np.array([RING] * many, dtype=object), lambda points: points * 3 + [404_000, 2_622_000])
    if crs != 4547:
        grid, target = CRS.from_epsg(4547), found
        plots = shapely.transform(plots, lambda points: np.column_stack(transformer(grid).transform(*points.T)))
        if found.is_projected:
            inverse = transformer(target, inverse=True)
            plots = shapely.transform(plots, lambda points: np.column_stack(inverse.transform(*points.T)))
    expected = to_plane(plots, crs)
    outlines = outlines_to_plane(take_outlines(plots), crs)
    assert np.column_stack([outlines.x, outlines.y]) == pytest.approx(shapely.get_coordinates(expected), abs=2e-8)
    assert outlines.areas() == pytest.approx(shapely.area(expected), abs=1e-5)


def test_coordinates_that_are_not_of_the_crs_are_an_error():
    with pytest.raises(qy.CRSError, match="look like metres"):
        outlines_to_plane(take_outlines([shapely.box(4e5, 2e6, 5e5, 3e6)]), 4490)


@pytest.mark.parametrize("crs", [4490, 4546, 4547, 4526, 32649])
def test_outlines_come_to_the_grid_as_geometries_do(crs):
    # West of 112.5 degrees edges in degrees are straight in zone 37, so that in zone 38 they need more corners.
    there = CRS.from_epsg(crs)
    degrees = np.array([shapely.box(112.3, 24, 112.305, 24.004), shapely.box(113, 24.1, 113.004, 24.102)])
    plots = degrees
    if there.is_projected:
        to_there = transformer(there, inverse=True)
        plots = shapely.transform(degrees, lambda xy: np.column_stack(to_there.transform(*xy.T)))
    expected = to_grid(to_lonlat(plots, crs), 38)
    found = outlines_to_grid(take_outlines(plots), crs, 38).polygons()
    # The corners that the way through degrees has more lie on straight edges.
    assert shapely.hausdorff_distance(found, expected, densify=0.01).max() < 1e-5
    assert shapely.area(found) == pytest.approx(shapely.area(expected), rel=1e-9)
    in_its_grid = crs in (4547, 4526)
    corners = 5 if in_its_grid else take_outlines(expected[:1]).x.size
    assert take_outlines(found[:1]).x.size == corners
