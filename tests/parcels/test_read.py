"""One door for every format: sources, CRS, provenance, the grid warning."""

from __future__ import annotations

import hashlib

import geopandas as gpd
import geopandas.testing
import pytest
import shapely

import qy_gis
from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, CRSError, GridWarning, MissingSourceError, SourceError
from qy_gis.parcels.prepare import prepare_parcels
from qy_gis.parcels.read import READERS

SQUARE = shapely.box(500000, 2600000, 500100, 2600100)


def square(crs="EPSG:4547", east=0):
    return gpd.GeoDataFrame({"DKBH": ["甲"]}, geometry=[shapely.affinity.translate(SQUARE, east)], crs=crs)


@pytest.mark.parametrize("ending", [".geojson", ".GeoJSON", ".json", ".gpkg", ".shp"])
def test_every_format_gives_the_same_table(tmp_path, ending):
    path = tmp_path / f"parcel{ending}"
    driver = {".gpkg": "GPKG", ".shp": "ESRI Shapefile"}.get(ending, "GeoJSON")
    options = {"encoding": "gbk"} if ending == ".shp" else {}
    square().to_file(path, driver=driver, **options)
    for source in (path, str(path)):
        parcels = read_parcels(source)
        assert list(parcels.columns) == [
            *("parcel_id", "name", "use", "declared_m2", "DKBH"),
            *("source_file", "source_sha256", "source_repairs", "geometry"),
        ]
        assert parcels["parcel_id"].tolist() == ["甲"]
        assert parcels["source_file"].tolist() == [path.name]
        assert parcels["source_sha256"].tolist() == [hashlib.sha256(path.read_bytes()).hexdigest()]
        assert parcels.geometry[0].normalize() == SQUARE.normalize()
        assert parcels.crs.to_epsg() == 4547
        gpd.testing.assert_geodataframe_equal(prepare_parcels(parcels), parcels)


def test_a_frame_is_prepared_and_its_file_is_empty():
    parcels = read_parcels(square())
    gpd.testing.assert_geodataframe_equal(parcels, prepare_parcels(square()))
    assert parcels["source_file"].tolist() == [""]


def test_options_that_do_not_apply_to_a_frame():
    with pytest.raises(ArgumentError, match="are for files"):
        read_parcels(square(), layer="a")
    with pytest.raises(ArgumentError, match="are for files"):
        read_parcels(square(), encoding="gbk")
    with pytest.raises(ArgumentError, match="source is a int; accepted are a path and a GeoDataFrame"):
        read_parcels(5)


def test_a_frame_without_crs_takes_the_one_given_and_stays_untouched():
    bare = square(crs=None)
    assert read_parcels(bare, crs=4547).crs.to_epsg() == 4547
    assert bare.crs is None
    with pytest.raises(CRSError, match="give one with crs="):
        read_parcels(bare)


def test_a_crs_given_against_that_of_the_source():
    with pytest.raises(CRSError, match=r"the GeoDataFrame is in '.*114E', but crs= \(--crs\) says '.*zone 38'"):
        read_parcels(square(), crs=4526)
    assert read_parcels(square(), crs=square().crs.to_wkt("WKT1_ESRI")).crs.to_epsg() == 4547
    with pytest.raises(CRSError, match="'nonsense' is not a coordinate reference system"):
        read_parcels(square(), crs="nonsense")


def test_sources_that_are_no_file(tmp_path):
    with pytest.raises(MissingSourceError, match=r"nowhere\.gpkg: there is no such file"):
        read_parcels(tmp_path / "nowhere.gpkg")
    with pytest.raises(FileNotFoundError):
        read_parcels("/vsicurl/nowhere.gpkg")
    with pytest.raises(SourceError, match=r"is a folder; accepted are files ending in .geojson"):
        read_parcels(tmp_path)


def test_an_unknown_extension_lists_those_accepted(tmp_path):
    (tmp_path / "a.xyz").write_bytes(b"")
    with pytest.raises(SourceError) as caught:
        read_parcels(tmp_path / "a.xyz")
    assert caught.value.en == f"a.xyz ends in '.xyz'; accepted are {', '.join(READERS)}"
    assert caught.value.zh == f"a.xyz 以 '.xyz' 结尾；接受 {', '.join(READERS)}"


def test_id_column_and_repair_are_passed_on():
    bow_tie = shapely.Polygon([(500000, 2600000), (500100, 2600100), (500100, 2600000), (500000, 2600100)])
    frame = gpd.GeoDataFrame({"lot": [7]}, geometry=[bow_tie], crs=4547)
    assert read_parcels(frame, id_column="lot", repair=True)["parcel_id"].tolist() == ["7"]


def test_a_grid_far_from_its_meridian_is_warned_of_once():
    far = gpd.GeoDataFrame(geometry=[shapely.affinity.translate(SQUARE, x) for x in (-100_000, -150_000)], crs=4547)
    with pytest.warns(GridWarning) as caught:
        read_parcels(far)
    (warning,) = caught
    # (150 km / 6371 km) squared is 554 ppm.
    assert "CM 114E' are off by up to +55" in str(warning.message)
    assert "statutory" in str(warning.message)
    assert warning.filename == __file__


def test_no_warning_near_the_meridian_nor_in_degrees():
    read_parcels(square(east=-60_000))
    read_parcels(gpd.GeoDataFrame(geometry=[shapely.box(112.6, 23.5, 112.601, 23.501)], crs=4490))


def test_it_is_the_public_name():
    assert qy_gis.read_parcels is read_parcels
