"""The grid of a 界址点 file: attributes against coordinates."""

from __future__ import annotations

import pytest

from qy_gis.parcels.boundary_grammar import Field
from qy_gis.parcels.boundary_grid import find_grid
from qy_gis.parcels.coordinates import is_east, is_north, zone_prefix

GOOD = {
    "坐标系": Field("2000国家大地坐标系", 5, 5),
    "几度分带": Field("3", 6, 5),
    "投影类型": Field("高斯克吕格", 7, 5),
    "带号": Field("38", 9, 5),
}


@pytest.mark.parametrize(("east", "zone"), [(440000.0, None), (38440000.0, 38), (20440000.0, 20)])
def test_the_zone_in_front_of_an_easting(east, zone):
    assert zone_prefix(east) == zone
    assert is_east(east)
    assert not is_north(east)


@pytest.mark.parametrize(
    "value", [113.05, 2622040.0, 950000.0, 38950000.0, 46440000.0, float("nan"), float("inf"), -5.0]
)
def test_what_is_no_easting(value):
    assert not is_east(value)


@pytest.mark.parametrize("datum", ["CGCS2000", "2000国家大地坐标系", "国家2000", "China_2000", "CGCS 2000"])
def test_names_of_the_accepted_datum(datum):
    grid, repairs, faults = find_grid(GOOD | {"坐标系": Field(datum, 5, 5)}, {38: 16}, None)
    assert (grid.to_epsg(), repairs, faults) == (4526, [], [])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("坐标系", "1980西安坐标系", "classified"),
        ("坐标系", "80国家大地坐标系", "classified"),
        ("坐标系", "北京54", "classified"),
        ("坐标系", "Xian_1980", "accepted is CGCS2000"),
        ("坐标系", "清远独立坐标系", "accepted is CGCS2000"),
        ("几度分带", "6", "found 几度分带='6'; accepted is 3"),
        ("几度分带", "六度带", "accepted is 3"),
        ("投影类型", "UTM", "accepted is 高斯克吕格"),
        ("计量单位", "度", "accepted is 米"),
        ("带号", "中央", "accepted is the number of a 3-degree zone"),
        ("带号", "37", "found 带号=37, but the eastings have the prefix 38 (line 16)"),
    ],
)
def test_attributes_that_are_refused_name_their_line(key, value, message):
    grid, _, faults = find_grid(GOOD | {key: Field(value, 3, 5)}, {38: 16}, None)
    assert grid is None
    ((line, column, text, _),) = faults
    assert (line, column) == (3, 5)
    assert message in text


@pytest.mark.parametrize(("degrees", "unit"), [("3", "米"), ("3度带", "m"), ("三度", "metres"), ("", "")])
def test_ways_to_write_the_same_attributes(degrees, unit):
    grid, repairs, faults = find_grid(
        GOOD | {"几度分带": Field(degrees, 6, 5), "计量单位": Field(unit, 8, 5)}, {None: 16}, None
    )
    assert (grid.to_epsg(), repairs, faults) == (4547, [], [])


def test_a_six_degree_prefix_is_refused():
    attributes = {key: value for key, value in GOOD.items() if key != "带号"}
    _, _, ((line, _, text, _),) = find_grid(attributes, {20: 16}, None)
    assert line == 16
    assert "zone 20 is not a 3-degree zone" in text


def test_eastings_of_two_zones_are_refused():
    _, _, ((line, _, text, _),) = find_grid(GOOD, {38: 16, 37: 30}, None)
    assert line == 16
    assert "37 from line 30, 38 from line 16" in text


def test_the_grid_given_is_used_only_where_the_file_states_none():
    bare = {key: value for key, value in GOOD.items() if key != "带号"}
    assert find_grid(bare, {None: 16}, "given")[0] == "given"
    assert find_grid(bare, {38: 16}, "given")[0].to_epsg() == 4526
