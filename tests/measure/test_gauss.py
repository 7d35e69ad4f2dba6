"""The grid and the plane in numbers against PROJ, plain and compiled: a few nanometres, and the same digits."""

import numpy as np
import pytest
import shapely
from pyproj import CRS

from qy_gis.compiling import compiled
from qy_gis.measure import gauss
from qy_gis.measure.crs import grid_epsg, transformer
from qy_gis.measure.plane import project


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


def test_long_edges_get_points_at_fixed_places(code):
    # Lines are 64.6 m apart; up to 70 m there is no point, from 69 to 210 m there are two.
    x = np.array([0.0, 69, 210, 210, 0, 0])
    y = np.array([0.0, 0, 0, 69, 69, 0])
    dense_x, dense_y, first = code.densify_grid(x, y, np.array([0, 6]), gauss.SPACING_M, 0.0)
    assert first.tolist() == [0, 6 + 0 + 2 + 0 + 3 + 0]
    lines = [64.6, 129.2, 193.8]
    assert dense_x == pytest.approx([0, 69, *lines[1:], 210, 210, *lines[::-1], 0, 0], abs=1e-12)
    assert dense_y.tolist() == [0, 0, 0, 0, 0, 69, 69, 69, 69, 69, 0]


@pytest.mark.parametrize("turn", np.linspace(0, 180, 13).tolist())
def test_edges_on_one_line_get_the_same_points(code, turn):
    rng = np.random.default_rng(int(turn))
    along = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    start = np.array([-35_000.0, 2_622_000.0])

    def points(first, last):
        ends = np.array([start + along * first, start + along * last])
        x, y, _ = code.densify_grid(ends[:, 0], ends[:, 1], np.array([0, 2]), gauss.SPACING_M, 0.0)
        return np.column_stack([x, y])[1:-1]

    whole = points(0, 5000)
    spacing = np.hypot(*np.diff(whole, axis=0).T)
    assert spacing.max() < 70
    assert spacing == pytest.approx(spacing[0], rel=1e-6)
    for first, last in rng.uniform(0, 5000, (20, 2)):
        part = points(first, last)
        if abs(last - first) <= 70:
            assert not len(part)
            continue
        # Each is one of the whole edge's, and none between the ends is missing.
        apart = np.hypot(*(part[:, None] - whole[None]).transpose(2, 0, 1))
        assert apart.min(axis=1).max() < 1e-6
        place = (whole - start) @ along
        assert len(part) == ((place > min(first, last) + 1e-3) & (place < max(first, last) - 1e-3)).sum()


def test_the_points_are_those_of_a_grid_with_the_number_of_its_zone(code):
    x, y = np.array([404_000.0, 404_777.0]), np.array([2_622_000.0, 2_622_333.0])
    plain = code.densify_grid(x, y, np.array([0, 2]), gauss.SPACING_M, 500_000.0)
    prefixed = code.densify_grid(x + 38_000_000, y, np.array([0, 2]), gauss.SPACING_M, 38_500_000.0)
    assert prefixed[0] - 38_000_000 == pytest.approx(plain[0], abs=1e-7)
    assert prefixed[1] == pytest.approx(plain[1], abs=1e-7)


def test_degrees_are_densified_in_the_grid_of_the_middle_of_each_edge(code):
    lon = np.array([112.45, 112.52, 112.55, 112.45])
    lat = np.array([24.0, 24.001, 24.02, 24.0])
    x, y, first = code.densify_degrees(lon, lat, np.array([0, 4]), gauss.SPACING_M, np.nan)
    assert first[1] == len(x)
    corners = [int(np.flatnonzero((x == a) & (y == b))[0]) for a, b in zip(lon[:3], lat[:3], strict=True)]
    # Middles at 112.485 and 112.535 degrees: zones 37 and 38.
    for begin, end, zone in [(corners[0], corners[1], 37), (corners[1], corners[2], 38)]:
        grid = transformer(CRS.from_epsg(grid_epsg(zone, prefixed=False)), inverse=True)
        east, north = grid.transform(x[begin : end + 1], y[begin : end + 1])
        across = (east - east[0]) * (north[-1] - north[0]) - (north - north[0]) * (east[-1] - east[0])
        assert end - begin > 30
        assert np.abs(across / np.hypot(east[-1] - east[0], north[-1] - north[0])).max() < 1e-6


def test_edges_longer_than_any_survey_makes_are_straight_in_degrees(code):
    box = np.array([110.0, 111, 111, 110, 110]), np.array([20.0, 20, 21, 21, 20])
    x, y, _ = code.densify_degrees(*box, np.array([0, 5]), gauss.SPACING_M, np.nan)
    assert len(x) > 6000
    assert set(x[(y > 20) & (y < 21)]) == {110.0, 111.0}
    assert set(y[(x > 110) & (x < 111)]) == {20.0, 21.0}
    slant = np.array([100.0, 101, 100, 100]), np.array([20.0, 22, 22, 20])
    x, y, _ = code.densify_degrees(*slant, np.array([0, 4]), gauss.SPACING_M, np.nan)
    first = x[: int(np.argmax(x)) + 1]
    assert len(first) > 3000
    assert y[: len(first)] == pytest.approx(20 + 2 * (first - 100), abs=1e-12)


def test_the_pole_is_a_place_like_others(code):
    lon, lat = np.array([0.0, 0.1, 0.05, 0.0]), np.array([89.9, 89.9, 90.0, 89.9])
    x, y, first = code.densify_degrees(lon, lat, np.array([0, 4]), gauss.SPACING_M, np.nan)
    code.plane_of_degrees(x, y, first)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
