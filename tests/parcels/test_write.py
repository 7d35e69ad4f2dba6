"""Files as written: nothing half-written, what formats hold, text that stays text."""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pytest
import shapely

import qy_gis as qy
from qy_gis.errors import CRSError, OutputError
from qy_gis.parcels.write import WRITERS, find_losses

SQUARE = shapely.box(500000, 2600000, 500100, 2600100)


def parcels(**columns):
    return gpd.GeoDataFrame({"parcel_id": ["A"], **columns}, geometry=[SQUARE], crs=4547)


def test_it_is_the_public_name():
    assert "write_parcels" in qy.__all__


def test_the_input_stays_untouched_and_other_attributes_are_kept(tmp_path):
    given = parcels(备注=["x,y"], n=[7], nested=[{"a": 1}])
    before = given.copy(deep=True)
    again = qy.read_parcels(qy.write_parcels(given, tmp_path / "a.gpkg"))
    assert given.equals(before)
    assert again[["备注", "n", "nested"]].iloc[0].tolist() == ["x,y", 7, '{"a": 1}']


def test_an_unknown_ending_lists_those_accepted(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write '.docx'; accepted: \['.txt', '.gpkg'"):
        qy.write_parcels(parcels(), tmp_path / "a.docx")


@pytest.mark.parametrize("ending", WRITERS)
def test_a_failure_leaves_nothing_behind(tmp_path, ending):
    with pytest.raises(OutputError, match="cannot be written"):
        qy.write_parcels(parcels(), tmp_path / "nowhere" / f"a{ending}")
    (tmp_path / f"b{ending}").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        qy.write_parcels(parcels(), tmp_path / f"b{ending}")
    assert {path.stem for path in tmp_path.iterdir()} <= {"b"}


def test_a_file_is_replaced_whole(tmp_path):
    for name in ("long name", "b"):
        path = qy.write_parcels(parcels(name=[name]), tmp_path / "a.gpkg")
    assert qy.read_parcels(path)["name"].tolist() == ["b"]
    assert [file.name for file in tmp_path.iterdir()] == ["a.gpkg"]


def test_a_geodatabase_keeps_headings_and_is_never_replaced(tmp_path):
    path = qy.write_parcels(parcels(备注=["甲"], n=[7], code=[2**60 + 1]), tmp_path / "a.gdb")
    again = qy.read_parcels(path)
    assert again[["备注", "n", "code"]].iloc[0].tolist() == ["甲", 7, str(2**60 + 1)]
    assert again.crs.to_epsg() == 4547
    with pytest.raises(OutputError, match="there is a folder of this name"):
        qy.write_parcels(parcels(), path)
    assert qy.read_parcels(path)["备注"].tolist() == ["甲"]


def test_wkt_is_for_a_crs_with_a_code(tmp_path):
    path = qy.write_parcels(parcels(), tmp_path / "a.wkt")
    assert (tmp_path / "a.wkt").read_text().startswith("SRID=4547;POLYGON ((500100 2600000, 500100 2600100")
    assert qy.read_parcels(path).geometry[0].equals(SQUARE)
    own = parcels().to_crs("+proj=tmerc +lon_0=113.5 +x_0=500000 +datum=WGS84 +units=m")
    with pytest.raises(OutputError, match=r"a\.wkt: .* has no EPSG code"):
        qy.write_parcels(own, tmp_path / "a.wkt")


def test_a_shapefile_names_its_encoding_and_keeps_headings_apart(tmp_path):
    given = parcels(**{"使用权人名称": ["甲"], "使用权人地址": ["乙"], "declared_m2": [1.5]})
    path = qy.write_parcels(given, tmp_path / "a.shp")
    assert (tmp_path / "a.cpg").read_text().strip() == "UTF-8"
    again = qy.read_parcels(path)
    assert again[["使用权", "使用_1"]].iloc[0].tolist() == ["甲", "乙"]
    assert again["declared_m2"].tolist() == [1.5]


def test_text_in_a_workbook_is_never_a_formula(tmp_path):
    path = qy.write_parcels(parcels(name=["=1+1"]), tmp_path / "a.xlsx")
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"] * 5
    assert qy.read_parcels(path)["name"].tolist() == ["=1+1"]


def test_what_cannot_stand_in_xml_or_a_workbook(tmp_path):
    path = qy.write_parcels(parcels(name=['<a> & "b"']), tmp_path / "a.kml")
    assert qy.read_parcels(path)["name"].tolist() == ['<a> & "b"']
    with pytest.raises(OutputError, match="1 parcels have control characters"):
        qy.write_parcels(parcels(name=["a\x01b"]), tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


def test_drawings_are_in_gbk_and_say_so(tmp_path):
    path = qy.write_parcels(parcels(parcel_id=["甲/1"]), tmp_path / "a.dxf")
    data = (tmp_path / "a.dxf").read_bytes()
    assert b"ANSI_936" in data
    assert "甲_1".encode("gbk") in data
    assert qy.read_parcels(path, crs=4547)["Layer"].tolist() == ["甲_1"]


def test_parcels_without_crs_are_not_written(tmp_path):
    with pytest.raises(CRSError, match="have no CRS"):
        qy.write_parcels(parcels().set_crs(None, allow_override=True), tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    ("target", "dialect", "lost"),
    [
        ("a.gpkg", "报批", []),
        ("a.txt", "报批", ["note"]),
        ("a.txt", "一张图", ["use", "note"]),
        ("a.txt", "satellite", ["parcel_id", "note"]),
        ("a.wkt", "报批", ["parcel_id", "name", "use", "note"]),
        ("a.dxf", "报批", ["name", "use", "note"]),
    ],
)
def test_what_a_format_cannot_hold_is_said(target, dialect, lost):
    square = shapely.box(500000, 2622000, 500100, 2622100)
    values = {"parcel_id": ["1"], "name": ["甲"], "use": ["工业"], "note": ["x"], "empty": [None]}
    frame = gpd.GeoDataFrame(values, geometry=[square], crs=4547)
    losses = find_losses(frame, target, dialect=dialect)
    said = [en for _, en in losses if "attributes" in en]
    assert [text.partition("attributes ")[2].removesuffix(" are lost").split(", ") for text in said] == [lost] * bool(
        lost
    )
    assert any("states no CRS" in en for _, en in losses) == (target == "a.dxf")
    degrees = find_losses(frame.to_crs(4490), target, dialect=dialect)
    assert any("degrees are written" in en for _, en in degrees) == (target == "a.dxf")
