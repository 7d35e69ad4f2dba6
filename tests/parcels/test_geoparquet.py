"""GeoParquet by way of pyarrow."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import geopandas as gpd
import geopandas.testing
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet
from shapely import affinity

from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.parcels.prepare import prepare_parcels

SQUARE = shapely.box(500000, 2600000, 500100, 2600100)


@pytest.mark.parametrize("name", ["a.parquet", "a.geoparquet"])
def test_a_file_with_and_without_crs(tmp_path, name):
    frame = gpd.GeoDataFrame({"DKBH": ["甲"]}, geometry=[SQUARE], crs=4547)
    frame.to_parquet(tmp_path / name)
    assert read_parcels(tmp_path / name)["parcel_id"].tolist() == ["甲"]
    frame.set_crs(None, allow_override=True).to_parquet(tmp_path / name)
    assert read_parcels(tmp_path / name, crs=4526 + 21).crs.to_epsg() == 4547


def test_what_is_no_geoparquet(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 no parquet")
    with pytest.raises(SourceError, match="cannot be read as GeoParquet"):
        read_parcels(path)
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(SourceError, match="cannot be read as GeoParquet"):
        read_parcels(path)
    with pytest.raises(ArgumentError, match="has no layers"):
        read_parcels(path, layer="x")


def test_curves_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    gpd.GeoDataFrame(geometry=[SQUARE], crs=4547).to_parquet(path)
    table = parquet.read_table(path)
    curve = pa.array([struct.pack("<BII", 1, 10, 0)], table.schema.field("geometry").type)
    parquet.write_table(table.set_column(0, table.schema.field("geometry"), curve), path)
    with pytest.raises(SourceError, match=r"a\.parquet has curves"):
        read_parcels(path)


def write_wkb(path, values):
    """Write a GeoParquet file whose outlines are these bytes, in EPSG:4547."""
    gpd.GeoDataFrame({"DKBH": [""]}, geometry=[SQUARE], crs=4547).to_parquet(path)
    schema = parquet.read_schema(path)
    ids = pa.array([f"甲{i}" for i in range(len(values))], schema.field("DKBH").type)
    parquet.write_table(pa.table([ids, pa.array(values, pa.binary())], schema=schema), path)
    return path


HOLED = SQUARE - shapely.box(500010, 2600010, 500020, 2600020)
SPIKED = shapely.Polygon(
    [(500000, 2600000), (500100, 2600000), (500200, 2600000), (500100, 2600000), (500100, 2600100)]
)
TANGLE = [(0, 0), (50, 0), (50.2, 0.2), (50.2, 0), (50, 0.2), (100, 0), (100, 100), (0, 100)]
TANGLED = affinity.translate(shapely.Polygon(TANGLE), 500000, 2600000)
ALIKE = [
    *shapely.to_wkb([SQUARE, HOLED, shapely.MultiPolygon([SQUARE, affinity.translate(SQUARE, 200)]), SPIKED, TANGLED]),
    *shapely.to_wkb([shapely.force_3d(SQUARE, 7.0), shapely.GeometryCollection([SQUARE, shapely.Point(1, 2)])]),
    *(shapely.to_wkb(shape, byte_order=0) for shape in (SQUARE, HOLED, SPIKED)),
    shapely.to_wkb(shapely.set_srid(SQUARE, 4547), include_srid=True),
]


def test_all_shapes_are_what_they_are_without_their_bytes(tmp_path):
    path = write_wkb(tmp_path / "a.parquet", ALIKE)
    parcels = read_parcels(path)
    source = ("a.parquet", parcels["source_sha256"][0])
    geopandas.testing.assert_geodataframe_equal(parcels, prepare_parcels(gpd.read_parquet(path), source=source))
    assert np.flatnonzero(parcels["source_repairs"] != "[]").tolist() == [3, 4, 5, 6, 9]


def test_unusable_outlines_are_those_without_their_bytes(tmp_path):
    unreal = shapely.to_wkb(SQUARE)[:29] + struct.pack("<d", np.nan) + shapely.to_wkb(SQUARE)[37:]
    far = shapely.to_wkb(affinity.translate(SQUARE, 1e300))
    point, empty = shapely.to_wkb([shapely.Point(1, 2), shapely.Polygon()])
    path = write_wkb(tmp_path / "a.parquet", [*ALIKE, unreal, None, point, empty, far])
    with pytest.raises(SourceError, match="4 of 16 parcels") as caught:
        read_parcels(path)
    with pytest.raises(SourceError) as expected, np.errstate(invalid="ignore"):
        prepare_parcels(gpd.read_parquet(path))
    assert str(caught.value) == str(expected.value.of("a.parquet"))


@pytest.mark.parametrize("wrong", [b"", b"\1", shapely.to_wkb(SQUARE)[:-1], shapely.to_wkb(SQUARE)[:-8] + bytes(8)])
def test_bytes_that_are_no_geometry(tmp_path, wrong):
    with pytest.raises(SourceError, match="cannot be read as GeoParquet"):
        read_parcels(write_wkb(tmp_path / "a.parquet", [shapely.to_wkb(SQUARE), wrong]))


def test_more_rows_than_are_read_together(tmp_path):
    squares = shapely.transform(
        np.full(70_000, SQUARE), lambda xy: xy + np.outer(np.repeat(np.arange(70_000), 5), [0, 1])
    )
    squares[[0, 40_000, 69_999]] = shapely.force_3d(SQUARE, 1.0)
    frame = gpd.GeoDataFrame({"DKBH": np.arange(70_000)}, geometry=squares, crs=4547)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=30_000)
    parcels = read_parcels(tmp_path / "a.parquet")
    assert parcels["parcel_id"].tolist() == frame["DKBH"].astype(str).tolist()
    assert shapely.equals_exact(parcels.geometry.to_numpy(), shapely.force_2d(squares)).all()
    assert np.flatnonzero(parcels["source_repairs"] != "[]").tolist() == [0, 40_000, 69_999]


def test_a_file_with_an_index_a_box_or_other_encodings(tmp_path):
    path = tmp_path / "a.parquet"
    frame = gpd.GeoDataFrame({"DKBH": ["甲"], "geometry": ["text"]}, index=[5]).set_geometry(
        gpd.GeoSeries([SQUARE], index=[5], crs=4547).rename("outline")
    )
    for options in ({"index": True}, {"write_covering_bbox": True}, {"geometry_encoding": "geoarrow"}):
        frame.to_parquet(path, **options)
        parcels = read_parcels(path)
        assert parcels.columns.tolist()[4:6] == ["DKBH", "geometry"]


DEGREES = shapely.box(113.0, 23.6, 113.002, 23.602)


def write_geo(path, shape=SQUARE, **column):
    """Write a GeoParquet file whose column has these members in place of its own; None leaves one out."""
    gpd.GeoDataFrame({"DKBH": ["甲"]}, geometry=[shape], crs=4547).to_parquet(path)
    table = parquet.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    about = geo["columns"]["geometry"]
    about.update(column)
    geo["columns"]["geometry"] = {key: value for key, value in about.items() if value != "leave out"}
    parquet.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo)}), path)
    return path


@pytest.mark.parametrize("crs", ["abc", {"type": "GeographicCRS"}, 7, {}, [], "EPSG:999999", {"a": "b"}])
def test_a_crs_that_is_none_is_refused_unless_one_is_given(tmp_path, crs):
    path = write_geo(tmp_path / "a.parquet", crs=crs)
    with pytest.raises(CRSError, match=r"a\.parquet: the crs of its column 'geometry' is none that is known"):
        read_parcels(path)
    parcels = read_parcels(path, crs=4547)
    assert parcels.crs.to_epsg() == 4547
    assert "坐标系按 --crs 所给" in parcels["source_repairs"][0]


def test_a_default_crs_gives_way_to_the_one_given_and_that_is_told(tmp_path):
    path = write_geo(tmp_path / "a.parquet", crs="leave out")
    with pytest.raises(CRSError, match="--crs"):
        read_parcels(path)
    parcels = read_parcels(path, crs=4547)
    assert parcels.crs.to_epsg() == 4547
    assert "坐标系按 --crs 所给" in parcels["source_repairs"][0]
    assert read_parcels(write_geo(path, DEGREES, crs="leave out")).crs.is_geographic
    assert read_parcels(write_geo(path, DEGREES, crs="leave out"), crs=4326)["source_repairs"].tolist() == ["[]"]


@pytest.mark.parametrize("name", ["geometry", "geom", "图形"])
@pytest.mark.parametrize("options", [{}, {"include_srid": True}, {"byte_order": 0}])
def test_a_column_of_wkb_without_metadata(tmp_path, name, options):
    path = tmp_path / "a.parquet"
    shapes = shapely.set_srid([SQUARE, affinity.translate(SQUARE, 200)], 4547 if options.get("include_srid") else 0)
    table = {
        "DKBH": ["甲", "乙"],
        "photo": [b"\xff\xd8\xff\xe0", b"\xff\xd8"],
        name: list(shapely.to_wkb(shapes, **options)),
    }
    parquet.write_table(pa.table(table), path)
    parcels = read_parcels(path, crs=None if options.get("include_srid") else 4547)
    assert parcels["parcel_id"].tolist() == ["甲", "乙"]
    assert parcels.crs.to_epsg() == 4547
    assert "该列按 WKB 图形读" in parcels["source_repairs"][1]


def test_several_columns_of_wkb_or_none(tmp_path):
    path = tmp_path / "a.parquet"
    wkb = [shapely.to_wkb(SQUARE)]
    parquet.write_table(pa.table({"a": wkb, "geom": wkb}), path)
    assert len(read_parcels(path, crs=4547)) == 1
    parquet.write_table(pa.table({"a": wkb, "b": wkb}), path)
    with pytest.raises(SourceError, match="2 columns of outlines, a, b"):
        read_parcels(path, crs=4547)
    parquet.write_table(pa.table({"a": [1], "b": [b"text"]}), path)
    with pytest.raises(SourceError, match="no column of outlines as WKB; its columns are a, b"):
        read_parcels(path, crs=4547)


def test_metres_in_degrees_by_default_of_the_native_type(tmp_path):
    sample = Path(__file__).parents[1] / "cases" / "files" / "duck_deg_none" / "duck_deg_none.parquet"
    assert read_parcels(sample).crs.is_geographic
    assert read_parcels(sample, crs=4326)["parcel_id"].tolist() == ["甲-01"]
    assert "坐标系按 --crs 所给" in read_parcels(sample, crs=4490)["source_repairs"][0]


def test_text_that_is_not_utf8(tmp_path):
    path = tmp_path / "a.parquet"
    text = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xe6\xb8\xff"))
    parquet.write_table(pa.table({"DKBH": text, "geom": [shapely.to_wkb(SQUARE)]}), path)
    with pytest.raises(SourceError, match=r"a\.parquet cannot be read as GeoParquet"):
        read_parcels(path, crs=4547)
