"""GIS files: one driver for each extension, encodings, layers, CRS, curves, and corrupt files."""

from __future__ import annotations

import json
import math
import shutil
import socket
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, CRSError, GeometryError, SourceError
from qy_gis.parcels.shapefile import read_shapefile
from qy_gis.parcels.vector import ARC_STEP_DEGREES

SQUARES = [shapely.box(500000 + 200 * i, 2600000, 500100 + 200 * i, 2600100) for i in range(2)]
RING = [[113, 23.5], [113.001, 23.5], [113.001, 23.501], [113, 23.501], [113, 23.5]]
VRT = '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


def squares(crs="EPSG:4547", **columns):
    return gpd.GeoDataFrame(columns, geometry=SQUARES, crs=crs)


def geojson(path: Path, *, coordinates=RING, properties=None, **members):
    geometry = {"type": "Polygon", "coordinates": [coordinates]}
    feature = {"type": "Feature", "properties": properties or {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **members}), encoding="utf-8")
    return path


def named_crs(name):
    return {"type": "name", "properties": {"name": name}}


# GeoJSON


def test_geojson_without_crs_is_wgs84_degrees(tmp_path):
    parcels = read_parcels(geojson(tmp_path / "a.geojson", properties={"地块编号": "007", "签订": "2024-01-01"}))
    assert parcels.crs.to_epsg() == 4326
    assert parcels["parcel_id"].tolist() == ["007"]
    assert parcels["签订"].tolist() == ["2024-01-01"]


def test_geojson_without_crs_takes_the_crs_given(tmp_path):
    grid = [list(corner) for corner in SQUARES[0].exterior.coords]
    assert read_parcels(geojson(tmp_path / "a.json", coordinates=grid), crs=4547).crs.to_epsg() == 4547
    assert read_parcels(geojson(tmp_path / "b.json"), crs="EPSG:4490").crs.to_epsg() == 4490


def test_geojson_crs_member(tmp_path):
    grid = [list(corner) for corner in SQUARES[0].exterior.coords]
    path = geojson(tmp_path / "a.geojson", coordinates=grid, crs=named_crs("urn:ogc:def:crs:EPSG::4547"))
    assert read_parcels(path).crs.to_epsg() == 4547
    assert read_parcels(path, crs=4547).crs.to_epsg() == 4547
    with pytest.raises(CRSError, match=r"a.geojson is in '.*114E', but crs= \(--crs\) says '.*111E'"):
        read_parcels(path, crs=4546)
    crs84 = geojson(tmp_path / "b.geojson", crs=named_crs("urn:ogc:def:crs:OGC:1.3:CRS84"))
    assert read_parcels(crs84, crs=4326).crs.to_epsg() == 4326


def test_geojson_crs_member_null_or_unknown_is_not_guessed(tmp_path):
    degrees = read_parcels(geojson(tmp_path / "a.geojson", crs=None))
    assert degrees.crs.to_epsg() == 4490
    assert "坐标系未填" in degrees["source_repairs"][0]
    assert read_parcels(geojson(tmp_path / "a.geojson", crs=None), crs=4490).crs.to_epsg() == 4490
    for member in (named_crs("nonsense"), {"type": "link"}, "abc", 7, [], {"type": "EPSG", "properties": {}}):
        with pytest.raises(CRSError, match=r"a.geojson: the crs member .* names no known CRS"):
            read_parcels(geojson(tmp_path / "a.geojson", crs=member))
        told = read_parcels(geojson(tmp_path / "a.geojson", crs=member), crs=4490)
        assert told.crs.to_epsg() == 4490
        assert "坐标系按 --crs 所给" in told["source_repairs"][0]


def test_geojson_metres_without_crs_are_out_of_reach(tmp_path):
    grid = [list(corner) for corner in SQUARES[0].exterior.coords]
    with pytest.raises(CRSError, match="look like metres"):
        read_parcels(geojson(tmp_path / "a.geojson", coordinates=grid))


def test_geojson_heights_are_dropped(tmp_path):
    parcels = read_parcels(geojson(tmp_path / "a.geojson", coordinates=[[*corner, 8.0] for corner in RING]))
    assert parcels.crs.to_epsg() == 4326
    assert json.loads(parcels["source_repairs"][0])[0]["what"] == "去除高程 Z / Z dropped"


def test_geojson_with_bom_and_without_features(tmp_path):
    path = geojson(tmp_path / "a.geojson")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_parcels(path)) == 1
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(SourceError, match="0 rows"):
        read_parcels(path)


def test_geojson_null_geometry_is_named(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "Feature", "properties": {"id": 1}, "geometry": null}')
    with pytest.raises(GeometryError, match="row 0: no geometry"):
        read_parcels(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"type": "FeatureCollection", "features": [', "a.geojson is not JSON at line 1, column 44: found 'the end'"),
        (b'{"type": "Topology", "objects": {}, "arcs": []}', "a.geojson cannot be read: it is damaged"),
        (b'{"type": "gdal_streamed_alg", "command_line": "gdal vector read x"}', "a.geojson is no GeoJSON of parcels"),
        ('{"名称": 1}'.encode("gbk"), "a.geojson is no GeoJSON of parcels"),
        (b'{"\xff\xff": 1}', "a.geojson: byte 2 is not UTF-8"),
        (b"", "a.geojson is not JSON at line 1"),
        (b'{"type": "FeatureCollection",\n"features": [7,]}', "a.geojson is not JSON at line 2, column"),
        (b'// x\n{"type": "FeatureCollection"}', "a.geojson is not JSON at line 1, column 1: found '// x"),
    ],
)
def test_corrupt_geojson_is_told_in_words_of_ours(tmp_path, data, message):
    (tmp_path / "a.geojson").write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read_parcels(tmp_path / "a.geojson")


def test_geojson_ring_left_open_is_closed_and_told(tmp_path):
    left_open = read_parcels(geojson(tmp_path / "a.geojson", coordinates=RING[:-1]))
    closed = read_parcels(geojson(tmp_path / "b.geojson", coordinates=RING))
    assert left_open.geometry[0].equals(closed.geometry[0])
    assert "圈未闭合,已闭合 / open ring closed" in left_open["source_repairs"][0]


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg"])
def test_encoding_is_only_for_text_that_may_have_several(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ArgumentError, match=f"encoding='gbk': {name} has one encoding by its format"):
        read_parcels(tmp_path / name, encoding="gbk")


# One driver each


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp"])
def test_a_vrt_under_another_name_opens_nothing(tmp_path, name):
    secret = geojson(tmp_path / "secret.geojson", properties={"parcel_id": "secret"})
    disguised = tmp_path / name
    disguised.write_text(VRT.format(secret))
    # The driver allow-list is what stops it: GDAL left to itself opens the file.
    assert pyogrio.read_info(disguised)["driver"] == "OGR_VRT"
    with pytest.raises(SourceError, match=name) as caught:
        read_parcels(disguised)
    assert "secret" not in str(caught.value)


def test_a_vrt_in_a_zip_opens_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.shp", VRT.format("/etc/hosts"))
    with pytest.raises(SourceError, match=r"a\.zip is not a Shapefile: found b'<OGRVRTD'"):
        read_parcels(tmp_path / "a.zip")


def test_a_geopackage_named_geojson_is_not_opened(tmp_path):
    squares().to_file(tmp_path / "a.gpkg")
    shutil.move(tmp_path / "a.gpkg", tmp_path / "a.geojson")
    with pytest.raises(SourceError, match=r"not UTF-8|cannot be read"):
        read_parcels(tmp_path / "a.geojson")


# GeoPackage


def test_geopackage(tmp_path):
    squares(DKBH=["甲", "乙"], n=[1, 2]).to_file(tmp_path / "a.gpkg")
    shutil.move(tmp_path / "a.gpkg", tmp_path / "中 a!b.gpkg")
    parcels = read_parcels(tmp_path / "中 a!b.gpkg")
    assert parcels["parcel_id"].tolist() == ["甲", "乙"]
    assert parcels["n"].tolist() == [1, 2]
    assert parcels.index.tolist() == [0, 1]
    assert parcels["source_repairs"].tolist() == ["[]", "[]"]
    assert parcels.geometry.geom_equals(gpd.GeoSeries(SQUARES, crs=4547)).all()


def test_geopackage_layers(tmp_path):
    path = tmp_path / "a.gpkg"
    points = squares().set_geometry(squares().centroid)
    squares(DKBH=["a", "b"]).to_file(path, layer="land")
    points.to_file(path, layer="wells")
    assert read_parcels(path)["parcel_id"].tolist() == ["a", "b"]
    with pytest.raises(SourceError, match=r"a\.gpkg: layer 'wells' has geometries 'Point'; accepted are polygons"):
        read_parcels(path, layer="wells")
    with pytest.raises(SourceError, match=r"no layer 'roads'; its layers are land \(Polygon\), wells \(Point\)"):
        read_parcels(path, layer="roads")
    squares(DKBH=["c", "d"]).to_file(path, layer="more")
    with pytest.raises(SourceError, match=r"2 polygon layers.*layer=.*land \(Polygon\), wells \(Point\), more"):
        read_parcels(path)
    assert read_parcels(path, layer="more")["parcel_id"].tolist() == ["c", "d"]


def test_geopackage_without_geometry_or_crs(tmp_path):
    pyogrio.write_dataframe(squares(a=[1, 2]).drop(columns="geometry"), tmp_path / "table.gpkg")
    with pytest.raises(SourceError, match=r"0 polygon layers.*none with geometry"):
        read_parcels(tmp_path / "table.gpkg")
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.write_dataframe(squares(crs=None), tmp_path / "bare.gpkg")
    with pytest.raises(CRSError, match="no CRS; say which grid they are in with crs="):
        read_parcels(tmp_path / "bare.gpkg")
    assert read_parcels(tmp_path / "bare.gpkg", crs=4547).crs.to_epsg() == 4547


@pytest.mark.parametrize("keep", [0, 10, 5000, 0.5])
def test_corrupt_geopackage_gives_the_words_of_the_driver(tmp_path, keep):
    squares().to_file(tmp_path / "a.gpkg")
    data = (tmp_path / "a.gpkg").read_bytes()
    (tmp_path / "a.gpkg").write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(SourceError, match=r"a.gpkg"):
        read_parcels(tmp_path / "a.gpkg")


def write_circle(path: Path, *, z: bool):
    """Write two squares as "GEOMETRY", and put a circle of radius 100 m in the place of the second."""
    pyogrio.write_dataframe(squares(DKBH=["square", "circle"]), path, geometry_type="Unknown", layer="land")
    arcs = [(499900, 2600000), (500000, 2600100), (500100, 2600000), (500000, 2599900), (499900, 2600000)]
    points = b"".join(struct.pack("<ddd" if z else "<dd", *point, *([5.0] if z else [])) for point in arcs)
    shift = 1000 if z else 0
    wkb = struct.pack("<BIIBII", 1, 10 + shift, 1, 1, 8 + shift, len(arcs)) + points
    with sqlite3.connect(path) as database:
        (srs,) = database.execute("SELECT srs_id FROM gpkg_geometry_columns").fetchone()
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        blob = b"GP\x00\x01" + struct.pack("<i", srs) + wkb
        database.execute("UPDATE land SET geom = ? WHERE DKBH = 'circle'", [blob])
    database.close()


@pytest.mark.parametrize("z", [False, True])
def test_curves_become_fine_chords_and_are_reported(tmp_path, z):
    write_circle(tmp_path / "a.gpkg", z=z)
    before = pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE")
    parcels = read_parcels(tmp_path / "a.gpkg")
    assert pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE") == before
    assert parcels.area[1] == pytest.approx(math.pi * 100**2, rel=1e-6)
    reports = [[repair["before"] for repair in json.loads(text)] for text in parcels["source_repairs"]]
    assert reports == [[], ["CurvePolygon", "Z = 5 …"] if z else ["CurvePolygon"]]
    assert f"{ARC_STEP_DEGREES}°" in parcels["source_repairs"][1]


def test_the_provenance_of_a_file_written_by_qy_gis_starts_anew(tmp_path):
    read_parcels(geojson(tmp_path / "a.geojson", coordinates=[[*c, 8.0] for c in RING])).to_file(tmp_path / "b.gpkg")
    parcels = read_parcels(tmp_path / "b.gpkg")
    assert parcels["source_file"].tolist() == ["b.gpkg"]
    assert parcels["source_repairs"].tolist() == ["[]"]


# Shapefile


def write_shapefile(folder: Path, encoding: str, *, cpg: bool, language: int = 0, **columns):
    path = folder / "land.shp"
    squares(**(columns or {"编号": ["甲一", "乙二"], "名称": ["测试", "b"]})).to_file(path, encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = language
    path.with_suffix(".dbf").write_bytes(bytes(dbf))
    return path


@pytest.mark.parametrize("cpg", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030"])
def test_chinese_attributes_with_and_without_cpg(tmp_path, encoding, cpg):
    parcels = read_parcels(write_shapefile(tmp_path, encoding, cpg=cpg))
    assert parcels["parcel_id"].tolist() == ["甲一", "乙二"]
    assert parcels["name"].tolist() == ["测试", "b"]
    assert parcels.crs.to_epsg() == 4547
    assert "source_repairs" in parcels


def test_gbk_that_looks_like_utf8_is_told_by_the_language_byte(tmp_path):
    columns = {"id": ["联通", "b"]}
    path = write_shapefile(tmp_path, "gbk", cpg=False, language=0x4D, **columns)
    assert read_parcels(path)["parcel_id"].tolist() == ["联通", "b"]


@pytest.mark.parametrize("name", ["GBK", "gb2312", "936", "ANSI 936", "OEM 936", "cp936", " GB18030\r\n"])
def test_names_of_encodings_in_a_cpg(tmp_path, name):
    path = write_shapefile(tmp_path, "gbk", cpg=False)
    path.with_suffix(".cpg").write_text(name)
    assert read_parcels(path)["parcel_id"].tolist() == ["甲一", "乙二"]


@pytest.mark.parametrize("said", ["65001", "ISO-8859-1", "klingon", "Big5"])
def test_a_cpg_that_lies_is_told_and_encoding_overrules_all(tmp_path, said):
    path = write_shapefile(tmp_path, "gbk", cpg=False)
    path.with_suffix(".cpg").write_text(said)
    parcels = read_parcels(path)
    assert parcels["parcel_id"].tolist() == ["甲一", "乙二"]
    assert f'"before": ".cpg: {said}", "after": "gb18030"' in parcels["source_repairs"][0]
    assert read_parcels(path, encoding="GBK")["source_repairs"].tolist() == ["[]"] * 2
    with pytest.raises(SourceError, match=r"land.shp: the attributes are not in utf-8.*encoding="):
        read_parcels(path, encoding="UTF-8")
    with pytest.raises(SourceError, match="said to be in 'klingon'"):
        read_parcels(path, encoding="klingon")


def test_a_character_cut_at_the_width_of_a_field_is_left_out(tmp_path):
    path = write_shapefile(tmp_path, "utf-8", cpg=False, id=["甲一丙丁戊", "乙二"])
    dbf = path.with_suffix(".dbf").read_bytes()
    cut = "甲一丙丁戊".encode()
    path.with_suffix(".dbf").write_bytes(dbf.replace(cut, cut[:-1] + b" "))
    assert read_parcels(path)["parcel_id"].tolist() == ["甲一丙丁", "乙二"]


def test_a_heading_cut_at_ten_bytes_is_known(tmp_path):
    path = write_shapefile(tmp_path, "utf-8", cpg=True, ABCDEFGHIJ=["甲一", "乙二"])
    dbf = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(dbf.replace(b"ABCDEFGHIJ", "地块编号".encode()[:10]))
    parcels = read_parcels(path)
    assert parcels["地块编"].tolist() == parcels["parcel_id"].tolist() == ["甲一", "乙二"]


def test_shapefile_without_prj_needs_crs(tmp_path):
    path = write_shapefile(tmp_path, "gbk", cpg=True)
    path.with_suffix(".prj").unlink()
    with pytest.raises(CRSError, match="no CRS; say which grid they are in with crs="):
        read_parcels(path)
    assert read_parcels(path, crs="EPSG:4547").crs.to_epsg() == 4547


def test_shapefile_without_companions(tmp_path):
    path = write_shapefile(tmp_path, "gbk", cpg=True)
    path.with_suffix(".dbf").unlink()
    parcels = read_parcels(path)
    assert parcels["parcel_id"].tolist() == ["0", "1"]
    assert "缺 .dbf" in parcels["source_repairs"][1]
    path.with_suffix(".shx").unlink()
    with pytest.raises(SourceError, match=r"land\.shp: its \.shx is missing; a Shapefile is"):
        read_parcels(path)


def test_shapefile_that_is_none_cut_or_in_a_path_with_an_exclamation_mark(tmp_path):
    path = write_shapefile(tmp_path, "gbk", cpg=True)
    data = path.read_bytes()
    path.write_bytes(b"junk")
    with pytest.raises(SourceError, match=r"land\.shp is not a Shapefile: found b'junk'"):
        read_parcels(path)
    path.write_bytes(data[:150])
    with pytest.raises(GeometryError, match="row 0: no geometry"):
        read_parcels(path)
    path.with_name("a!b.shp").write_bytes(data)
    with pytest.raises(SourceError, match="'!' in its path"):
        read_parcels(path.with_name("a!b.shp"))


def test_a_reader_alone_states_no_crs_where_nobody_does(tmp_path):
    path = write_shapefile(tmp_path, "gbk", cpg=True)
    path.with_suffix(".prj").unlink()
    assert read_shapefile(path, title=path.name, crs=None, layer=None, encoding=None).crs is None


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_zipped_shapefile_in_chinese_without_cpg(tmp_path, encoding):
    path = write_shapefile(tmp_path, encoding, cpg=False)
    with zipfile.ZipFile(tmp_path / "parcels.zip", "w") as file:
        for part in tmp_path.glob("land.*"):
            file.write(part, f"地块/{part.name}")
    path.unlink()
    parcels = read_parcels(tmp_path / "parcels.zip")
    assert parcels["parcel_id"].tolist() == ["甲一", "乙二"]
    assert parcels["source_file"].tolist() == ["parcels.zip"] * 2
    assert parcels.crs.to_epsg() == 4547


# FlatGeobuf, file geodatabase, MapInfo


def test_flatgeobuf(tmp_path):
    squares(DKBH=["甲", "乙"]).to_file(tmp_path / "a.fgb", driver="FlatGeobuf", SPATIAL_INDEX="NO")
    assert read_parcels(tmp_path / "a.fgb")["parcel_id"].tolist() == ["甲", "乙"]


def write_geodatabase(path: Path) -> Path:
    for name in ("a", "b"):
        pyogrio.write_dataframe(
            squares(DKBH=[f"{name}甲", f"{name}乙"]),
            path,
            driver="OpenFileGDB",
            layer=name,
            promote_to_multi=True,
            append=path.exists(),
        )
    return path


def test_a_geodatabase_as_folder_and_zipped(tmp_path):
    database = write_geodatabase(tmp_path / "land.gdb")
    with pytest.raises(SourceError, match="has 2 polygon layers"):
        read_parcels(database)
    assert read_parcels(database, layer="b")["parcel_id"].tolist() == ["b甲", "b乙"]
    shutil.make_archive(str(tmp_path / "land"), "zip", tmp_path, "land.gdb")
    assert read_parcels(tmp_path / "land.zip", layer="a")["parcel_id"].tolist() == ["a甲", "a乙"]
    (tmp_path / "empty.gdb").mkdir()
    with pytest.raises(SourceError, match=r"no a00000001\.gdbtable"):
        read_parcels(tmp_path / "empty.gdb")


@pytest.mark.parametrize("encoding", ["CP936", "UTF-8"])
def test_mapinfo_plain_and_zipped(tmp_path, encoding):
    for name in ("a.tab", "b.mif"):
        pyogrio.write_dataframe(squares(DKBH=["甲", "乙"]), tmp_path / name, driver="MapInfo File", encoding=encoding)
        assert read_parcels(tmp_path / name)["parcel_id"].tolist() == ["甲", "乙"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for path in tmp_path.glob("a.*"):
            if path.suffix != ".zip":
                file.write(path, path.name)
    assert read_parcels(tmp_path / "a.zip").area.round().tolist() == [10000, 10000]


def test_a_mapinfo_table_that_lists_other_files_is_refused(tmp_path):
    (tmp_path / "a.tab").write_text('!table\n!version 300\nDefinition Table\n  Type LINKED Charset "Neutral"\n')
    with pytest.raises(SourceError, match=r"of type 'linked', .*; accepted is NATIVE"):
        read_parcels(tmp_path / "a.tab")


# Hostile files


@pytest.mark.parametrize(
    "name", ["a.fgb", "a.tab", "a.mif", "a.dxf", "a.kml", "a.xlsx", "a.parquet", "a.csv", "a.wkt", "a.txt"]
)
def test_a_vrt_under_any_name_opens_nothing(tmp_path, name):
    secret = geojson(tmp_path / "secret.geojson", properties={"parcel_id": "secret"})
    for start in ("", "0\nSECTION\n", "!table\nType NATIVE\n", "Version 300\n"):
        (tmp_path / name).write_text(start + VRT.format(secret))
        with pytest.raises(SourceError):
            read_parcels(tmp_path / name)


def test_a_url_in_a_geojson_is_not_fetched(tmp_path):
    """A server on this machine waits in vain."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/land.geojson"
        link = {"type": "link", "properties": {"href": url, "type": "proj4"}}
        for name, text in [
            ("a.geojson", json.dumps({"type": "FeatureCollection", "features": [], "crs": link, "$ref": url})),
            ("b.geojson", json.dumps(url)),
            (
                "f.geojson",
                json.dumps({"type": "FeatureCollection", "features": [], "crs": link}).replace("c", r"\u0063"),
            ),
            ("g.geojson", json.dumps({"features": [], "crs": link}).replace('"', "'")),
            ("c.kml", f"<kml><NetworkLink><Link><href>{url}</href></Link></NetworkLink></kml>"),
            ("d.gpkg", url),
            ("e.dxf", f"999\n/vsicurl/{url}\n0\nEOF\n"),
        ]:
            (tmp_path / name).write_text(text)
            with pytest.raises((SourceError, CRSError)):
                read_parcels(tmp_path / name)
        with pytest.raises(TimeoutError):
            server.accept()


def test_views_of_a_geopackage_are_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    squares().to_file(path, layer="land")
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE land RENAME TO hidden")
        database.execute("CREATE VIEW land AS SELECT * FROM hidden")
    database.close()
    with pytest.raises(SourceError, match=r"\['land'\] are views, .*; accepted are tables"):
        read_parcels(path)


def test_headings_that_are_there_twice_are_told(tmp_path):
    path = tmp_path / "a.shp"
    squares(aa=["x", "y"], bb=["x", "y"]).to_file(path)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"bb\0", b"aa\0", 1).replace(b"aa\0", b"\0\0\0"))
    with pytest.raises(SourceError, match=r"a\.shp: headings \[''\] are there more than once"):
        read_parcels(path)


def test_views_empty_layers_and_attribute_tables_beside_the_parcels(tmp_path):
    path = tmp_path / "a.gpkg"
    squares(DKBH=["甲", "乙"]).to_file(path, layer="land")
    squares().iloc[:0].to_file(path, layer="empty")
    squares().set_geometry(squares().centroid).to_file(path, layer="points")
    pyogrio.write_dataframe(pd.DataFrame({"styleName": ["x"]}), path, layer="layer_styles")
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW seen AS SELECT * FROM land")
        columns = "data_type, identifier, min_x, min_y, max_x, max_y, srs_id"
        database.execute(
            f"INSERT INTO gpkg_contents (table_name, {columns}) "
            "SELECT 'seen', data_type, 'seen', min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents "
            "WHERE table_name = 'land'"
        )
        database.execute(
            "INSERT INTO gpkg_geometry_columns SELECT 'seen', column_name, geometry_type_name, srs_id, z, m "
            "FROM gpkg_geometry_columns WHERE table_name = 'land'"
        )
    database.close()
    assert read_parcels(path)["parcel_id"].tolist() == ["甲", "乙"]
    with pytest.raises(SourceError, match=r"'seen'.* are views"):
        read_parcels(path, layer="seen")
    with pytest.raises(SourceError, match="'points' has geometries 'Point'; accepted are polygons"):
        read_parcels(path, layer="points")
    with pytest.raises(SourceError, match=r"a\.gpkg has no parcels: 0 rows"):
        read_parcels(path, layer="empty")
    with pytest.raises(SourceError, match="has no layer 'x'; its layers are land"):
        read_parcels(path, layer="x")


def test_a_layer_of_any_geometry_beside_points(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(squares(DKBH=["甲", "乙"]), path, layer="land", geometry_type="Unknown")
    squares().set_geometry(squares().centroid).to_file(path, layer="points")
    assert read_parcels(path)["parcel_id"].tolist() == ["甲", "乙"]


def test_several_layers_with_polygons_need_a_name(tmp_path):
    path = tmp_path / "a.gpkg"
    squares().to_file(path, layer="a")
    squares().to_file(path, layer="b")
    with pytest.raises(SourceError, match=r"2 polygon layers, accepted is one; name it with layer= \(--layer\)"):
        read_parcels(path)
    assert len(read_parcels(path, layer="b")) == 2


def test_a_compressed_geodatabase(tmp_path):
    squares().to_file(tmp_path / "a.gdb", driver="OpenFileGDB")
    (tmp_path / "a.gdb" / "a0000000a.gdbtable.cdf").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"a\.gdb is a compressed geodatabase .*uncompress it"):
        read_parcels(tmp_path / "a.gdb")


@pytest.mark.parametrize(
    "text",
    [
        'LOCAL_CS["x",LOCAL_DATUM["y",0],UNIT["Meter",1],AXIS["E",EAST],AXIS["N",NORTH]]',
        'GEOGCS["unknown",DATUM["unknown",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]]',
        'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]]',
    ],
    ids=["local", "unknown", "wrong"],
)
def test_a_prj_that_is_none_or_wrong_gives_way_to_the_crs_given_and_that_is_told(tmp_path, text):
    path = write_shapefile(tmp_path, "gbk", cpg=True)
    path.with_suffix(".prj").write_text(text)
    with pytest.raises(CRSError, match="--crs"):
        read_parcels(path)
    parcels = read_parcels(path, crs=4547)
    assert parcels.crs.to_epsg() == 4547
    assert "坐标系按 --crs 所给" in parcels["source_repairs"][0]
