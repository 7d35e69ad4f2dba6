"""A GeoDataFrame becomes a table of parcels."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from qy_gis.errors import ArgumentError, CRSError, GeometryError, SourceError
from qy_gis.parcels.prepare import prepare_parcels

SQUARES = [shapely.box(500000 + 200 * i, 2600000, 500100 + 200 * i, 2600100) for i in range(3)]
COLUMNS = ["parcel_id", "name", "use", "declared_m2"]
LAST = ["source_file", "source_sha256", "source_repairs", "geometry"]


def frame(data=None, *, geometry=SQUARES, index=None, crs="EPSG:4547"):
    return gpd.GeoDataFrame(data, geometry=geometry, index=index, crs=crs)


def test_columns_come_in_order_and_other_attributes_stay():
    given = frame(
        {"面积": [1, 2, 3], "DKBH": ["a", "b", "c"], "declared_m2": [1.0, None, 3], "note": [None, {"x": 1}, "z"]}
    )
    parcels = prepare_parcels(given.rename_geometry("geom"))
    assert list(parcels.columns) == [*COLUMNS, "面积", "DKBH", "note", *LAST]
    assert parcels["parcel_id"].tolist() == ["a", "b", "c"]
    assert parcels["note"].tolist() == [None, {"x": 1}, "z"]
    assert parcels["declared_m2"].tolist()[::2] == [1, 3]
    assert np.isnan(parcels["declared_m2"][1])
    assert parcels["source_file"].tolist() == [""] * 3
    assert parcels["source_repairs"].tolist() == ["[]"] * 3


def test_the_index_is_kept_and_the_input_untouched():
    given = frame({"id": [1, 2, 3]}, index=["x", "y", "z"])
    before = given.copy(deep=True)
    assert prepare_parcels(given).index.tolist() == ["x", "y", "z"]
    assert_geodataframe_equal(given, before)


def test_preparing_twice_changes_nothing():
    given = frame({"XMMC": ["p", None, "r"], "YT": "工业"}, geometry=[shapely.force_3d(square) for square in SQUARES])
    once = prepare_parcels(given)
    assert json.loads(once["source_repairs"][0])[0]["what"] == "去除高程 Z / Z dropped"
    assert_geodataframe_equal(prepare_parcels(once), once)


def test_repairs_are_added_to_those_of_the_reader():
    earlier = '[{"line": 3, "what": "w", "before": "b", "after": "a"}]'
    parcels = prepare_parcels(frame({"source_repairs": [earlier]}, geometry=[shapely.force_3d(SQUARES[0])]))
    assert [repair["line"] for repair in json.loads(parcels["source_repairs"][0])] == [3, None]
    for wrong in ("no json", '["a"]', "5"):
        with pytest.raises(SourceError, match="source_repairs is not a JSON list"):
            prepare_parcels(frame({"source_repairs": [wrong]}, geometry=SQUARES[:1]))


def test_no_row_without_a_file_is_nameless():
    one, same = prepare_parcels(frame()), prepare_parcels(frame())
    other = prepare_parcels(frame(geometry=SQUARES[::-1]))
    moved = prepare_parcels(frame(crs="EPSG:4546"))
    assert len(one["source_sha256"][0]) == 64
    assert one["source_sha256"].equals(same["source_sha256"])
    assert len({table["source_sha256"][0] for table in (one, other, moved)}) == 3


@pytest.mark.parametrize("heading", ["parcel_id", "PARCEL_ID", "地块编号", "地块编", "DKBH", "dkbh", "编号", "Id"])
def test_headings_of_ids(heading):
    assert prepare_parcels(frame({heading: ["a", "b", "c"]}))["parcel_id"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("column", "heading"),
    [("name", "地块名称"), ("name", "XMMC"), ("name", "Name"), ("use", "地块用途"), ("use", "TDYT")],
)
def test_headings_of_names_and_uses(column, heading):
    assert prepare_parcels(frame({heading: ["a", None, " c "]}))[column].tolist() == ["a", "", "c"]


def test_the_best_heading_with_a_value_counts():
    parcels = prepare_parcels(frame({"id": [1, 2, 3], "编号": ["a", "b", "c"], "DKBH": [None, None, ""]}))
    assert parcels["parcel_id"].tolist() == ["a", "b", "c"]


def test_a_heading_in_other_letters_is_replaced_not_doubled():
    assert "Name" not in prepare_parcels(frame({"Name": ["a", "b", "c"]})).columns


def test_whole_numbers_made_floats_by_a_null_read_as_whole_numbers():
    assert prepare_parcels(frame({"name": [1.0, None, 2.5]}))["name"].tolist() == ["1", "", "2.5"]


def test_without_a_heading_the_index_names_the_parcels():
    assert prepare_parcels(frame(index=[7, 8, 9]))["parcel_id"].tolist() == ["7", "8", "9"]


def test_the_id_column_asked_for():
    given = frame({"parcel_id": ["a", "a", "b"], "lot": [10, 20, 30]})
    assert prepare_parcels(given, id_column="lot")["parcel_id"].tolist() == ["10", "20", "30"]
    with pytest.raises(ArgumentError, match=r"id_column='plot' is not a column; there are \['parcel_id', 'lot'"):
        prepare_parcels(given, id_column="plot")


def test_duplicate_and_empty_ids_are_named_with_their_rows():
    with pytest.raises(SourceError) as caught:
        prepare_parcels(frame({"DKBH": ["a", " a", None]}, index=[4, 5, 6]))
    assert caught.value.en.splitlines()[1:] == [
        "- row 4: the id 'a' is used more than once",
        "- row 5: the id 'a' is used more than once",
        "- row 6: the id is empty",
    ]
    assert caught.value.zh.splitlines()[1:] == ["- 行 4：编号 'a' 重复", "- 行 5：编号 'a' 重复", "- 行 6：编号为空"]
    with pytest.raises(SourceError, match="the id '1' is used more than once"):
        prepare_parcels(frame(index=[1, 1, 2]))


def test_a_declared_area_that_is_no_number():
    with pytest.raises(SourceError, match=r"\n- row 1: the declared area 'about 5' is not a number"):
        prepare_parcels(frame({"declared_m2": [1, "about 5", ""]}))
    with pytest.raises(SourceError, match=r"\n- row 2: the declared area inf is not a number of square metres$"):
        prepare_parcels(frame({"declared_m2": [1, None, float("inf")]}))


def test_a_missing_or_refused_crs_says_how_to_give_one():
    with pytest.raises(CRSError, match="have no CRS; give one with crs="):
        prepare_parcels(frame(crs=None))
    with pytest.raises(CRSError, match="classified"):
        prepare_parcels(frame(crs="EPSG:2362"))


def test_the_height_axis_of_a_crs_is_dropped():
    degrees = [shapely.box(113, 23, 113.01, 23.01)]
    assert prepare_parcels(frame(geometry=degrees, crs="EPSG:4979")).crs.to_epsg() == 4326


def test_geometry_faults_name_rows_by_the_index():
    with pytest.raises(GeometryError, match="- row x: Point"):
        prepare_parcels(frame(geometry=[*SQUARES[:2], shapely.Point(0, 0)], index=["v", "w", "x"]))


def test_a_multipart_parcel_stays_one_row():
    assert len(prepare_parcels(frame(geometry=[shapely.MultiPolygon(SQUARES)]))) == 1


def test_frames_that_are_no_parcels():
    with pytest.raises(ArgumentError, match="parcels are a DataFrame"):
        prepare_parcels(pd.DataFrame({"a": [1]}))
    with pytest.raises(ArgumentError, match="has 0 geometry columns"):
        prepare_parcels(gpd.GeoDataFrame({"a": [1]}))
    with pytest.raises(ArgumentError, match="has 2 geometry columns"):
        prepare_parcels(frame().assign(centre=frame().centroid))
    with pytest.raises(ArgumentError, match=r"columns \['a'\] are there more than once"):
        prepare_parcels(pd.concat([frame({"a": [1, 2, 3]}), pd.DataFrame({"a": [1, 2, 3]})], axis=1))
    with pytest.raises(SourceError, match="0 rows"):
        prepare_parcels(frame().iloc[:0])
