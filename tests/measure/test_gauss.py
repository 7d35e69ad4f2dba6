"""The grid and the plane in numbers against PROJ, plain and compiled: a few nanometres, and the same digits."""

import numpy as np
import pytest
import shapely
from pyproj import CRS

from qy_gis.compiling import compiled
from qy_gis.measure import gauss
from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.plane import project, to_lonlat


@pytest.fixture(params=["plain", "compiled"])
def code(request):
    return gauss if request.param == "plain" else compiled(gauss)


def places(count=400):
    rng = np.random.default_rng(6)
    return rng.uniform(112, 116, count), rng.uniform(3, 54, count)


@pytest.mark.parametrize("zone", [37, 38, 39])
def test_the_grid_is_that_of_proj(code, zone):
    lon, lat = places()
    grid = transformer(CRS.from_epsg(grid_epsg(zone, prefixed=False)), inverse=True)
    east, north = grid.transform(lon, lat)
    found = np.array([code.to_grid(*place, 3.0 * zone) for place in zip(lon.tolist(), lat.tolist(), strict=True)])
    assert found[:, 0] + 500_000 == pytest.approx(east, abs=1e-8)
    assert found[:, 1] == pytest.approx(north, abs=1e-8)
    back = np.array([code.from_grid(*place, 3.0 * zone) for place in found.tolist()])
    assert back[:, 0] == pytest.approx(lon, abs=1e-13, rel=0)
    assert back[:, 1] == pytest.approx(lat, abs=1e-13, rel=0)


def test_the_plane_is_that_of_proj(code):
    lon, lat = places()
    expected = shapely.get_coordinates(project(np.asarray(shapely.points(lon, lat))))
    found = np.array([code.to_plane(*place) for place in zip(lon.tolist(), lat.tolist(), strict=True)])
    assert found == pytest.approx(expected, abs=1e-8, rel=0)


def test_plain_and_compiled_give_the_same_digits():
    twin = compiled(gauss)
    for lon, lat in zip(*(each.tolist() for each in places(200)), strict=True):
        assert gauss.to_plane(lon, lat) == twin.to_plane(lon, lat)
        there = gauss.to_grid(lon, lat, 114.0)
        assert there == twin.to_grid(lon, lat, 114.0)
        assert gauss.from_grid(*there, 114.0) == twin.from_grid(*there, 114.0)


def test_rings_far_from_the_origin_lose_no_digit(code):
    x = np.array([0.0, 50, 50, 0, 0]) + 10_000_000
    y = np.array([0.0, 0, 40, 40, 0]) + 4_000_000
    first = np.array([0, 5])
    areas = code.outline_areas(x, y, first, np.array([False]), np.array([0, 1, 1]))
    assert areas.tolist() == [2000, 0]


def test_long_edges_get_as_many_points_as_the_survey_asks(code):
    # 70 m: one, 140 m: two, 139.9 m: one.
    x = np.array([0.0, 70, 210, 210, 0, 0])
    y = np.array([0.0, 0, 0, 139.9, 139.9, 0])
    first = np.array([0, 6])
    found = code.densify_grid(x, y, first)[2]
    assert found.tolist() == [0, 6 + 1 + 2 + 1 + 3 + 1]


def test_degrees_are_densified_as_proj_and_shapely_do(code):
    lon = np.array([112.4, 112.42, 112.415, 112.4])  # west of 112.5 degrees: zone 37
    lat = np.array([24.0, 24.001, 24.02, 24.0])
    plot = np.array([shapely.Polygon(np.column_stack([lon, lat]))], dtype=object)
    expected = shapely.get_coordinates(project(to_lonlat(plot, 4490, edges="grid")))
    x, y, first = code.densify_degrees(lon, lat, np.array([0, 4]), np.array([0, 1]), np.nan)
    code.plane_of_degrees(x, y, first)
    assert first.tolist() == [0, len(expected)]
    assert np.column_stack([x, y]) == pytest.approx(expected, abs=2e-8, rel=0)
