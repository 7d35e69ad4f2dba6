"""Geometry as text and bytes."""

from __future__ import annotations

import struct

import pytest
import shapely

from qy_gis import read_parcels
from qy_gis.errors import CRSError, SourceError

SQUARE = shapely.box(38440000, 2622000, 38440050, 2622040)
BARE = shapely.box(440000, 2622000, 440050, 2622040)


def test_wkt_with_and_without_a_crs():
    assert read_parcels(SQUARE.wkt).crs.to_epsg() == 4526
    assert read_parcels(BARE.wkt, crs=4547).crs.to_epsg() == 4547
    assert read_parcels(f"SRID=4547;{BARE.wkt}").geometry[0].equals(BARE)
    with pytest.raises(CRSError, match="the text: no zone prefix"):
        read_parcels(BARE.wkt)
    with pytest.raises(CRSError, match=r"is in '.*114E', but crs= \(--crs\) says '.*zone 38'"):
        read_parcels(f"SRID=4547;{BARE.wkt}", crs=4526)


def test_one_geometry_a_line(tmp_path):
    other = shapely.affinity.translate(SQUARE, 100)
    (tmp_path / "a.wkt").write_text(f"{SQUARE.wkt}\n{other.wkt}\n")
    parcels = read_parcels(tmp_path / "a.wkt")
    assert parcels.geometry[1].equals(other)
    assert parcels["source_file"].tolist() == ["a.wkt"] * 2


def test_wkt_with_north_first_is_turned_and_reported():
    turned = shapely.transform(SQUARE, lambda xy: xy[:, ::-1])
    parcels = read_parcels(turned.wkt)
    assert parcels.geometry[0].equals(SQUARE)
    assert "X、Y 颠倒" in parcels["source_repairs"][0]


@pytest.mark.parametrize("as_text", [False, True])
def test_wkb_with_its_srid(as_text):
    wkb = shapely.to_wkb(shapely.set_srid(BARE, 4547), hex=as_text, include_srid=True)
    assert read_parcels(wkb).geometry[0].equals(BARE)


def test_geojson_as_text():
    text = shapely.to_geojson(shapely.box(113, 23.5, 113.001, 23.501))
    assert read_parcels(text).crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("POLYGON ((1 2", "found 'POLYGON"),
        ("GEOMETRYCOLLECTION (" * 40 + ")" * 40, "more than 32 deep"),
        ("POLYGON " + "(" * 100_000, "more than 32 deep"),
        (
            "SRID=4526;CURVEPOLYGON (CIRCULARSTRING (0 0, 5 5, 9 0, 5 -5, 0 0))",
            "which has curves; accepted are polygons",
        ),
        (struct.pack("<BII", 1, 10, 0), "has curves; accepted are polygons"),
        (b"\x01\x03\x00", "is no WKB"),
        ("0103000000FF", "is no WKB"),
        ("POINT (113 23)", "Point without a polygon"),
    ],
)
def test_what_is_no_geometry(source, message):
    with pytest.raises(ValueError, match=message):
        read_parcels(source)


def test_two_srids_are_refused():
    with pytest.raises(SourceError, match=r"found the SRIDs \['4526', '4547'\]"):
        read_parcels(f"SRID=4547;{BARE.wkt}\nSRID=4526;{SQUARE.wkt}")
