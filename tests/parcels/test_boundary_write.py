"""界址点 text as written: where rings start, which way they run, how points are numbered. A square with a hole."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

import qy_gis as qy
from qy_gis.errors import ArgumentError, CRSError

LAND = shapely.box(440000, 2622000, 440100, 2622100).difference(shapely.box(440020, 2622020, 440040, 2622050))


@pytest.fixture
def write(tmp_path):
    def write_lines(outline=LAND, *, crs=4547, dialect="报批", **columns):
        frame = gpd.GeoDataFrame({"parcel_id": ["A-1"], **columns}, geometry=[outline], crs=crs)
        return read_lines(qy.write_parcels(frame, tmp_path / "a.txt", dialect=dialect))

    return write_lines


def read_lines(path):
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return file.read().splitlines()


def test_rings_start_in_the_north_west_and_points_run_on(write):
    lines = write(name=["甲"], use=["工业"])
    assert lines[lines.index("[地块坐标]") + 1 :] == [
        "10,0.9399,A-1,甲,面,,工业,,@",
        "J1,1,2622100.0000,440000.0000",
        "J2,1,2622100.0000,440100.0000",
        "J3,1,2622000.0000,440100.0000",
        "J4,1,2622000.0000,440000.0000",
        "J1,1,2622100.0000,440000.0000",
        "J5,2,2622050.0000,440020.0000",
        "J6,2,2622020.0000,440020.0000",
        "J7,2,2622020.0000,440040.0000",
        "J8,2,2622050.0000,440040.0000",
        "J5,2,2622050.0000,440020.0000",
    ]


@pytest.mark.parametrize(
    ("dialect", "header", "point"),
    [
        ("approval", "10,0.9399,A-1,甲,面,,工业,,@", "J1,1,2622100.0000,440000.0000"),
        ("供地", "10,0.9399,A-1,甲,面,,工业,,@", "J1,1,2622100.0000,440000.0000"),
        ("one-map", "A-1,甲,面,,@", "J1,1,2622100.0000,440000.0000"),
        ("linkage", "10,0.9399,A-1,甲,面,,工业,,@", "J1,2622100.0000,440000.0000,100.00,1,"),
        ("satellite", "10,甲,面,工业,@", "J1,1,113.4116959720,23.6992266717"),
    ],
)
def test_headers_and_points_of_each_dialect(write, dialect, header, point):
    lines = write(name=["甲"], use=["工业"], dialect=dialect)
    at = lines.index("[地块坐标]")
    assert lines[at + 1 : at + 3] == [header, point]
    assert ("[属性描述]" in lines) == (dialect != "satellite")
    assert ("分带=3" in lines, "几度分带=3" in lines) == (dialect == "linkage", dialect not in ("linkage", "satellite"))


def test_a_declared_area_is_written_as_declared(write):
    assert "10,0.9600,A-1,,面,,,,@" in write(declared_m2=[9600.0])


def test_several_outer_rings_come_back_as_several_parts(tmp_path):
    parts = shapely.MultiPolygon([LAND, shapely.box(440200, 2622000, 440300, 2622100)])
    frame = gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[parts], crs=4547)
    again = qy.read_parcels(qy.write_parcels(frame, tmp_path / "a.txt"))
    assert again.geometry[0].equals(parts)


def test_degrees_go_to_the_grid_of_their_zone(write):
    lines = write(shapely.box(112.4, 24, 112.401, 24.001), crs=4490)
    assert "带号=37" in lines
    assert lines[-1].split(",")[3].startswith("37642")


def test_names_cannot_break_a_line(write):
    assert "10,0.9399,A-1,甲，乙 丙,面,,,,@" in write(name=["甲,乙\n丙"])


def test_what_cannot_be_written(write):
    with pytest.raises(ArgumentError, match=r"dialect='x' is no dialect.*报批 \(approval\), 供地 \(supply\), 一张图"):
        write(dialect="x")
    with pytest.raises(CRSError, match="zone 4 is not a 3-degree zone of China"):
        write(shapely.box(10, 50, 11, 51), crs=4326)
