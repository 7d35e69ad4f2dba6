"""DXF: closed polylines, holes by containment, layers as attributes, encodings, and the CRS that is never assumed."""

from __future__ import annotations

import geopandas as gpd
import pyogrio
import pytest
import shapely

from qy_gis import read_parcels
from qy_gis.errors import CRSError, SourceError

SQUARE = shapely.box(440000, 2622000, 440100, 2622100)


def write(path, shapes, layers, *, hatch="NO"):
    frame = gpd.GeoDataFrame({"Layer": layers}, geometry=shapes, crs=4547)
    before = pyogrio.get_gdal_config_option("DXF_WRITE_HATCH")
    pyogrio.set_gdal_config_options({"DXF_WRITE_HATCH": hatch})
    pyogrio.write_dataframe(frame, path, driver="DXF")
    pyogrio.set_gdal_config_options({"DXF_WRITE_HATCH": before})
    return path


def moved(shape, east):
    return shapely.affinity.translate(shape, east)


def test_rings_of_a_layer_are_nested_and_each_outline_is_a_parcel(tmp_path):
    holed = SQUARE.difference(shapely.box(440010, 2622010, 440020, 2622020))
    path = write(tmp_path / "a.dxf", [holed, moved(SQUARE, 200), moved(SQUARE, 10)], ["地块", "地块", "红线"])
    parcels = read_parcels(path, crs=4547)
    assert parcels["Layer"].tolist() == ["地块", "地块", "红线"]
    assert parcels.area.tolist() == [9900, 10000, 10000]
    assert read_parcels(path, crs=4547, layer="红线").geometry[0].equals(moved(SQUARE, 10))
    assert parcels["source_repairs"].tolist() == ["[]"] * 3


def test_the_crs_is_recognised_from_a_zone_prefix_or_has_to_be_given(tmp_path):
    path = write(tmp_path / "a.dxf", [SQUARE], ["0"])
    with pytest.raises(CRSError, match=r"a\.dxf: no zone prefix on the eastings"):
        read_parcels(path)
    parcels = read_parcels(write(tmp_path / "b.dxf", [moved(SQUARE, 38_000_000)], ["0"]))
    assert parcels.crs.to_epsg() == 4526
    assert "带号取自横坐标" in parcels["source_repairs"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_layers_in_chinese(tmp_path, encoding):
    path = write(tmp_path / "a.dxf", [SQUARE], ["联通甲地块"])
    path.write_bytes(path.read_bytes().decode().encode(encoding))
    assert read_parcels(path, crs=4547)["Layer"].tolist() == ["联通甲地块"]


def test_what_is_not_an_outline_is_told(tmp_path):
    line = shapely.LineString([(440000, 2622000), (440100, 2622100)])
    path = write(tmp_path / "a.dxf", [SQUARE, line], ["地块", "道路"])
    parcels = read_parcels(path, crs=4547)
    assert len(parcels) == 1
    assert "1 LineString in layer '道路'" in parcels["source_repairs"][0]
    with pytest.raises(
        SourceError, match=r"has no closed polylines; accepted are those. Found 1 LineString in layer '道"
    ):
        read_parcels(write(tmp_path / "b.dxf", [line], ["道路"]), crs=4547)


def test_hatches_count_where_there_are_no_polylines(tmp_path):
    path = write(tmp_path / "a.dxf", [SQUARE], ["地块"], hatch="YES")
    assert read_parcels(path, crs=4547).geometry[0].equals(SQUARE)


def test_arcs_become_fine_chords(tmp_path):
    circle = "0\nSECTION\n2\nENTITIES\n0\nCIRCLE\n8\n0\n10\n38440000\n20\n2622000\n40\n100\n0\nENDSEC\n0\nEOF\n"
    (tmp_path / "a.dxf").write_text(circle)
    assert read_parcels(tmp_path / "a.dxf").area[0] == pytest.approx(3.14159265 * 100**2, rel=1e-6)


@pytest.mark.parametrize(
    "data", [b"", b"<OGRVRTDataSource/>", b"0\nSECTION\n<OGRVRTDataSource>", b"0\nSECTION\n2\nENT"]
)
def test_what_is_no_drawing(tmp_path, data):
    (tmp_path / "a.dxf").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.dxf"):
        read_parcels(tmp_path / "a.dxf")
