import numpy as np
import pytest
from pyproj import CRS

from qy_gis.errors import CRSError
from qy_gis.measure.crs import check_crs, grid_epsg, planar_excess_ppm, zone_at


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326", "OGC:CRS84", "EPSG:4526", "EPSG:4547", "EPSG:3857", 32649])
def test_cgcs2000_and_wgs84_are_accepted(crs):
    assert check_crs(crs) == CRS.from_user_input(crs)


def test_esri_definition_of_a_shapefile_is_accepted():
    assert check_crs(CRS.from_epsg(4526).to_wkt("WKT1_ESRI")).is_projected


def test_a_3d_crs_is_measured_by_its_horizontal_part():
    assert check_crs("EPSG:4490+5737").to_epsg() == 4490


@pytest.mark.parametrize("crs", ["EPSG:2436", "EPSG:4214", "EPSG:4610", "EPSG:2362"])
def test_beijing_and_xian_are_refused_with_the_reason(crs):
    with pytest.raises(CRSError, match="classified"):
        check_crs(crs)


def test_a_missing_crs_says_how_to_give_one():
    with pytest.raises(CRSError, match=r"have no CRS; give one with crs=.*EPSG:4526"):
        check_crs(None)


@pytest.mark.parametrize("crs", ["nonsense", "EPSG:4479", 0])
def test_what_is_no_horizontal_crs_is_refused(crs):
    with pytest.raises(CRSError):
        check_crs(crs)


@pytest.mark.parametrize(
    ("zone", "plain", "prefixed"), [(37, 4546, 4525), (38, 4547, 4526), (39, 4548, 4527), (25, 4534, 4513)]
)
def test_codes_of_the_national_grids(zone, plain, prefixed):
    for code, with_prefix in [(plain, False), (prefixed, True)]:
        assert grid_epsg(zone, prefixed=with_prefix) == code
        grid = CRS.from_epsg(code)
        parameters = {item.name: item.value for item in grid.coordinate_operation.params}
        assert parameters["Longitude of natural origin"] == 3 * zone
        assert parameters["False easting"] == (zone * 1_000_000 if with_prefix else 0) + 500_000


def test_a_zone_outside_china_is_refused():
    with pytest.raises(CRSError, match="25 to 45"):
        grid_epsg(3, prefixed=True)


def test_zone_37_ends_and_38_begins_at_112_5():
    assert zone_at(np.array([111.92, 112.4999, 112.5001, 113.9, 115.6])).tolist() == [37, 37, 38, 38, 39]


def test_planar_area_in_zone_38_is_too_large_by_the_published_ppm():
    excess = planar_excess_ppm(np.array([113.05, 112.50, 112.38, 111.92]), np.full(4, 24.3), "EPSG:4526")
    assert excess == pytest.approx([229, 572, 668, 1101], abs=1.5)


def test_there_is_no_planar_area_in_degrees():
    assert planar_excess_ppm(np.array([112.0]), np.array([24.0]), "EPSG:4490").tolist() == [0.0]
