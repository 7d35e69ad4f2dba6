"""Layers read by columns and by features: the same table, and the same refusals."""

from __future__ import annotations

import sqlite3
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qy_gis import read_parcels
from qy_gis.errors import QyGisError, SourceError
from qy_gis.parcels import drivers

SQUARES = [shapely.box(500000 + 200 * i, 2600000, 500100 + 200 * i, 2600100) for i in range(3)]
PLAIN = {
    "text": ["甲", None, " b "],
    "whole": np.array([1, 2, 3], dtype=np.int32),
    "long": [1, 2, 2**60],
    "real": [0.1, None, 3.0],
}


def write(path, columns, geometry=SQUARES, **options):
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=4547)
    pyogrio.write_dataframe(frame, path, layer="p", geometry_type="Polygon", **options)
    return path


def edit(path, *statements):
    with sqlite3.connect(path) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        for statement in statements:
            database.execute(statement)
    database.close()


@pytest.fixture
def read_both(monkeypatch):
    """Read a layer by columns if it may be, and by features; say whether columns were asked for."""

    def read(path):
        columns = []
        real = drivers._read_columns
        with monkeypatch.context() as patch:
            patch.setattr(drivers, "_read_columns", lambda *of: columns.append(real(*of)) or columns[0])
            chosen = drivers.read_layer(str(path), "p", title="p", in_columns=True)
        return chosen, drivers.read_layer(str(path), "p", title="p"), columns

    return read


@pytest.mark.parametrize("ending", ["gpkg", "fgb"])
def test_columns_and_features_give_the_same_table(tmp_path, read_both, ending):
    options = {"SPATIAL_INDEX": "NO"} if ending == "fgb" else {}
    chosen, features, columns = read_both(write(tmp_path / f"p.{ending}", PLAIN, **options))
    assert len(columns) == 1
    assert_geodataframe_equal(chosen, features)


def test_rows_without_a_geometry(tmp_path, read_both):
    chosen, features, columns = read_both(write(tmp_path / "p.gpkg", PLAIN, [SQUARES[0], None, SQUARES[2]]))
    assert len(columns) == 1
    assert_geodataframe_equal(chosen, features)
    assert chosen.geometry.isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "column",
    [
        [True, False, True],
        pd.to_datetime(["2024-01-01 08:00", None, "2024-02-29 00:00"]),
        np.array([1, 2, 3], np.float32),
    ],
    ids=["boolean", "time", "single precision"],
)
def test_what_would_differ_is_read_by_features(tmp_path, read_both, column):
    chosen, features, columns = read_both(write(tmp_path / "p.gpkg", {"odd": column}))
    assert columns == []
    assert_geodataframe_equal(chosen, features)


def test_curves_that_a_layer_does_not_admit_to_become_chords(tmp_path, read_both):
    path = write(tmp_path / "p.gpkg", PLAIN)
    arcs = [(500000, 2600050), (500050, 2600100), (500100, 2600050), (500050, 2600000), (500000, 2600050)]
    curve = struct.pack("<BIIBII", 1, 10, 1, 1, 8, len(arcs)) + b"".join(struct.pack("<dd", *point) for point in arcs)
    blob = b"GP\0\1" + struct.pack("<i", 4547) + curve
    edit(path, f"UPDATE p SET geom = x'{blob.hex()}' WHERE fid = 2")
    chosen, features, columns = read_both(path)
    assert columns == [None]
    assert_geodataframe_equal(chosen, features)
    assert chosen.geometry.iloc[1].area == pytest.approx(np.pi * 50**2, rel=0.002)


def test_text_that_is_not_utf8_is_told_at_once(tmp_path):
    path = write(tmp_path / "p.gpkg", PLAIN)
    edit(path, "UPDATE p SET text = CAST(x'C4E3FF41' AS TEXT) WHERE fid = 1")
    with pytest.raises(SourceError, match=r"p\.gpkg: column 'text' has text that is not UTF-8"):
        read_parcels(path)


@pytest.fixture(scope="module", params=["gpkg", "fgb"])
def sample(tmp_path_factory, request):
    options = {"SPATIAL_INDEX": "NO"} if request.param == "fgb" else {}
    return write(tmp_path_factory.mktemp("p") / f"p.{request.param}", PLAIN, **options)


@pytest.mark.filterwarnings("ignore")  # GDAL has much to say of damaged files
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6))
def test_a_damaged_file_is_the_same_either_way_or_refused(sample, tmp_path, monkeypatch, edits):
    data = bytearray(sample.read_bytes())
    for place, put in edits:
        at = int(place * len(data))
        data[at : at + len(put)] = put
    path = tmp_path / sample.name
    path.write_bytes(data)

    def outcome():
        try:
            return read_parcels(path)
        except QyGisError:
            return None

    by_columns = outcome()
    with monkeypatch.context() as patch:
        patch.setattr(drivers, "_is_plain", lambda _: False)
        by_features = outcome()
    assert (by_columns is None) == (by_features is None)
    if by_columns is not None:
        # What GDAL has to say of the damage is told with the parcels, and is not the same by both ways.
        told = ["source_repairs"]
        assert_geodataframe_equal(by_columns.drop(columns=told), by_features.drop(columns=told))
