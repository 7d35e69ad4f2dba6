"""GeoParquet by way of pyarrow."""

from __future__ import annotations

import struct

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet

from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, SourceError

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
