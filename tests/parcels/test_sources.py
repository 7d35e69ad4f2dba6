"""What a source can be: text, bytes, standard input, objects, paths."""

from __future__ import annotations

import hashlib
import io
import sys
import time

import geopandas as gpd
import pytest
import shapely

import qy_gis as qy
from qy_gis.errors import ArgumentError, MissingSourceError, SourceError
from qy_gis.parcels.sources import is_text, sniff_suffix

SQUARE = shapely.box(500000, 2600000, 500100, 2600100)
FRAME = gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[SQUARE], crs=4547)


@pytest.mark.parametrize(
    "source", [SQUARE, [SQUARE], gpd.GeoSeries([SQUARE]), FRAME.geometry, SQUARE.wkt, SQUARE.wkb, SQUARE.wkb_hex]
)
def test_one_outline_in_any_shape(source):
    assert qy.read_parcels(source, crs=4547).geometry.iloc[0].equals(SQUARE)


@pytest.mark.parametrize(
    "ending", [".gpkg", ".zip", ".kml", ".kmz", ".geojson", ".xlsx", ".csv", ".txt", ".fgb", ".parquet"]
)
def test_bytes_are_known_by_what_they_hold(tmp_path, ending):
    path = qy.write_parcels(FRAME, tmp_path / f"a{ending}")
    with open(path, "rb") as file:  # noqa: PTH123
        data = file.read()
    assert sniff_suffix(data, None, "it") == ending
    parcels = qy.read_parcels(data)
    assert parcels["parcel_id"].tolist() == ["A"]
    assert parcels["source_file"].tolist() == ["the bytes"]
    assert parcels["source_sha256"].tolist() == [hashlib.sha256(data).hexdigest()]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SQUARE.wkt.encode())))
    parcels = qy.read_parcels("-", crs=4547)
    assert parcels["source_file"].tolist() == ["standard input"]


@pytest.mark.parametrize(
    "path", ["parcel.txt", "地块 1.gpkg", "a/b.shp", "2024-01.csv", "1.5", "polygons.shp", "multi.kml"]
)
def test_paths_are_no_text(path):
    assert not is_text(path)
    with pytest.raises(MissingSourceError):
        qy.read_parcels(path)


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000 + ".txt"])
def test_what_is_no_path(source):
    with pytest.raises(SourceError, match=r"is no path|no such file"):
        qy.read_parcels(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "source is ''; accepted are files"),
        (" ", "source is ' '; accepted are files"),
        ("https://example.com/a.geojson", "addresses are not opened"),
        ("ftp://example.com/a.shp", "addresses are not opened"),
        ("/vsicurl/https://example.com/a.gpkg", "no such file"),
    ],
)
def test_addresses_are_not_opened(source, message):
    with pytest.raises(SourceError, match=message):
        qy.read_parcels(source)


@pytest.mark.parametrize("source", [5, None, {"a": 1}, [1, 2]])
def test_what_is_no_source(source):
    with pytest.raises(ArgumentError, match="accepted are a path and a GeoDataFrame"):
        qy.read_parcels(source)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x00", b"<kml", b"{", b"PAR1", b"SQLite format 3\0", b"\xff\xfe\xff"]
)
def test_bytes_that_are_nothing(data):
    with pytest.raises(SourceError):
        qy.read_parcels(data)


def test_hexadecimal_text_that_is_no_wkb_is_told_at_once():
    line = "0103000020" + "0A" * 400
    started = time.monotonic()
    for text in (f"{line}\nX{line}\n", f"{line} {line}!\n", "0" * 200_000 + "G"):
        with pytest.raises(SourceError):
            qy.read_parcels(text.encode())
    assert time.monotonic() - started < 5
