"""Zip archives: what is refused before anything is unpacked."""

from __future__ import annotations

import stat
import zipfile
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from qy_gis import read_parcels, write_parcels
from qy_gis.errors import SourceError
from qy_gis.parcels import archive
from qy_gis.parcels.archive import unpack_source


@contextmanager
def unpack_shapefile(path, *, layer):
    with unpack_source(path, kinds=(".shp",), layer=layer, title=path.name) as (unpacked, _):
        yield unpacked


PARTS = {f"land{ending}": ending.encode() for ending in (".shp", ".shx", ".dbf", ".prj")}


@pytest.fixture
def pack(tmp_path):
    def pack_members(members, compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / "parcels.zip"
        with zipfile.ZipFile(path, "w", compression) as file:
            for name, data in members.items():
                file.writestr(name, data)
        return path

    return pack_members


def test_one_shapefile_is_unpacked_and_removed_again(pack):
    with unpack_shapefile(pack(PARTS | {"readme.txt": "x", "__MACOSX/._land.shp": "y"}), layer=None) as path:
        assert sorted(file.name for file in path.parent.iterdir()) == [
            "parcels.dbf",
            "parcels.prj",
            "parcels.shp",
            "parcels.shx",
        ]
        assert path.read_bytes() == b".shp"
    assert not path.parent.exists()


def test_names_in_gbk_folders_and_capitals(tmp_path):
    path = tmp_path / "parcels.zip"
    # zipfile marks such names as UTF-8; tools in China often do not and write GBK.
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("dk/AA.SHP", b"1")
        file.writestr("dk/AA.DBF", b"2")
    path.write_bytes(path.read_bytes().replace(b"dk/AA", b"dk/" + "地".encode("gbk")))
    with unpack_shapefile(path, layer="地") as unpacked:
        assert unpacked.with_suffix(".dbf").read_bytes() == b"2"


def test_several_shapefiles_need_a_name(pack):
    path = pack(PARTS | {"b/land.shp": b"other", "b/road.shp": b"road"})
    with pytest.raises(SourceError, match=r"has 3 sources, accepted is one.*Found: land.shp, b/land.shp, b/road.shp"):
        unpack_shapefile(path, layer=None).__enter__()
    with pytest.raises(SourceError, match="has 2 sources named 'land'"):
        unpack_shapefile(path, layer="land").__enter__()
    for layer, data in (("road", b"road"), ("b/land", b"other")):
        with unpack_shapefile(path, layer=layer) as unpacked:
            assert unpacked.read_bytes() == data


def test_no_shapefile_says_what_was_found(pack):
    with pytest.raises(SourceError, match=r"has 0 sources.*Found: a\.gpkg"):
        unpack_shapefile(pack({"a.gpkg": b"x"}), layer=None).__enter__()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../land.shp", "leads outside"),
        ("a/../../land.shp", "leads outside"),
        ("/etc/land.shp", "leads outside"),
        ("..\\land.shp", "leads outside"),
        ("C:\\land.shp", "leads outside"),
        ("inner.zip", "archive inside the archive"),
        ("inner.TAR", "archive inside the archive"),
    ],
)
def test_unsafe_names_are_refused(pack, name, message):
    with pytest.raises(SourceError, match=f"parcels.zip is refused:\n- .*{message}"):
        unpack_shapefile(pack(PARTS | {name: b"x"}), layer=None).__enter__()


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("land.dbf")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "parcels.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("land.shp", b"x")
        file.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match=r"'land\.dbf' is a link"):
        unpack_shapefile(path, layer=None).__enter__()


def test_encrypted_members_are_refused(pack):
    path = pack({"land.shp": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError, match=r"'land\.shp' is encrypted"):
        unpack_shapefile(path, layer=None).__enter__()


def test_bombs_are_refused_with_all_that_is_wrong(pack, monkeypatch):
    with pytest.raises(SourceError, match="times its size when unpacked; accepted is 200"):
        unpack_shapefile(pack({"land.shp": bytes(10_000_000)}), layer=None).__enter__()
    monkeypatch.setattr(archive, "MAX_BYTES", 2 * 1024**2)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(SourceError, match="4 members; accepted are 3\n- 3 MiB unpacked; accepted are 2"):
        unpack_shapefile(
            pack({f"{i}.shp": bytes(3 * 1024**2 // 4) for i in range(4)}, zipfile.ZIP_STORED), layer=None
        ).__enter__()


@pytest.mark.parametrize("damage", ["no zip", "cut", "crc"])
def test_damaged_archives(pack, damage):
    path = pack(PARTS, zipfile.ZIP_STORED)
    data = path.read_bytes()
    damaged = {"no zip": b"junk", "cut": data[: len(data) // 2], "crc": data.replace(b".shp.shp", b".shp.shx")}[damage]
    assert damaged != data
    path.write_bytes(damaged)
    with pytest.raises(SourceError, match=r"parcels\.zip cannot be unpacked"):
        unpack_shapefile(path, layer=None).__enter__()


SQUARE = shapely.box(500000, 2622000, 500100, 2622100)


def zipped(tmp_path, members):
    path = tmp_path / "parcels.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "kml", "dxf", "txt", "csv", "xlsx", "fgb", "parquet"])
@pytest.mark.parametrize("folder", ["", "一/"])
def test_any_one_source_in_an_archive(tmp_path, ending, folder):
    parcels = gpd.GeoDataFrame({"parcel_id": ["甲"]}, geometry=[SQUARE], crs=4547)
    data = Path(write_parcels(parcels, tmp_path / f"a.{ending}")).read_bytes()
    path = zipped(tmp_path, {f"{folder}地块.{ending}": data, "说明.pdf": b"x", "__MACOSX/._a.kml": b"y"})
    assert read_parcels(path)["parcel_id"].tolist() == ["甲"]
    assert read_parcels(path, layer=f"地块.{ending}")["source_file"].tolist() == ["parcels.zip"]


def test_a_note_beside_the_parcels_is_no_source(tmp_path):
    parcels = gpd.GeoDataFrame({"parcel_id": ["甲"]}, geometry=[SQUARE], crs=4547)
    data = Path(write_parcels(parcels, tmp_path / "a.gpkg")).read_bytes()
    path = zipped(tmp_path, {"a.gpkg": data, "readme.txt": b"x", "b.csv": b"y"})
    assert read_parcels(path)["parcel_id"].tolist() == ["甲"]


@pytest.mark.parametrize("folder", ["", "data/", "a/b/"])
def test_a_geodatabase_without_its_folder(tmp_path, folder):
    gpd.GeoDataFrame({"DKBH": ["甲"]}, geometry=[SQUARE], crs=4547).to_file(tmp_path / "a.gdb", driver="OpenFileGDB")
    files = {f"{folder}{path.name}": path.read_bytes() for path in (tmp_path / "a.gdb").iterdir()}
    assert read_parcels(zipped(tmp_path, files))["parcel_id"].tolist() == ["甲"]


def test_a_member_without_a_name_ends_nothing(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p.wkt", "POLYGON ((403000 2622000, 403050 2622000, 403050 2622040, 403000 2622000))")
    # The name of the only member is cut to nothing, in its header and in the list of members.
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):
        begin = data.index(mark)
        data[begin + at : begin + at + 2] = bytes(2)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError):
        read_parcels(path, crs=4547)
