"""GML and GPX: read by GDAL on a short lead."""

from __future__ import annotations

import socket

import pytest

from qy_gis import read_parcels
from qy_gis.errors import SourceError

SPACES = 'xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" xmlns:x="http://x"'
POINTS = "500000 2622000 500100 2622000 500100 2622100 500000 2622100 500000 2622000"
RING = [(113.0, 23.6), (113.002, 23.6), (113.002, 23.602), (113.0, 23.602), (113.0, 23.6)]


def gml(root="wfs:FeatureCollection", more="", name="EPSG:4547"):
    ring = f"<gml:exterior><gml:LinearRing><gml:posList>{POINTS}</gml:posList></gml:LinearRing></gml:exterior>"
    polygon = f'<gml:Polygon srsName="{name}">{ring}</gml:Polygon>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} {SPACES} {more}><gml:featureMember><x:dk gml:id="dk.1">'
        f"<x:mc>甲</x:mc><x:geom>{polygon}</x:geom></x:dk></gml:featureMember></{root}>"
    )


def gpx(*tracks, more=""):
    def points(ring):
        return "".join(f'<trkpt lat="{y}" lon="{x}"><ele>3</ele></trkpt>' for x, y in ring)

    made = "".join(f"<trk><name>甲</name><trkseg>{points(ring)}</trkseg></trk>" for ring in tracks)
    space = 'xmlns="http://www.topografix.com/GPX/1/1"'
    return f'<?xml version="1.0"?><gpx version="1.1" creator="x" {space}>{more}{made}</gpx>'


@pytest.fixture
def read(tmp_path):
    def read_text(text, name):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_parcels(tmp_path / name)

    return read_text


@pytest.mark.parametrize("root", ["wfs:FeatureCollection", "gml:FeatureCollection", "x:FeatureCollection"])
def test_a_collection_of_gml(read, tmp_path, root):
    parcels = read(gml(root), "a.gml")
    assert parcels["parcel_id"].tolist() == ["dk.1"]
    assert parcels.area.tolist() == [10000]
    assert parcels.crs.to_epsg() == 4547
    assert [path.name for path in tmp_path.iterdir()] == ["a.gml"]


def test_an_address_in_gml_is_not_fetched(read):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.xsd"
        space = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        assert len(read(gml(more=f'{space} xsi:schemaLocation="http://x {url}"'), "a.gml")) == 1
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "text", ["", "<a/>", "<!DOCTYPE a><FeatureCollection/>", "<FeatureCollection><OGRVRTDataSource/>"]
)
@pytest.mark.parametrize("name", ["a.gml", "a.gpx"])
def test_what_is_neither(read, text, name):
    with pytest.raises(SourceError, match=name):
        read(text, name)


def test_closed_tracks_are_parcels_and_told(read):
    parcels = read(gpx(RING, RING[:3], more='<wpt lat="1" lon="2"/>'), "a.gpx")
    assert parcels["name"].tolist() == ["甲"]
    assert parcels.geometry[0].bounds == (113.0, 23.6, 113.002, 23.602)
    for what in ("闭合线按面读", "去除高程 Z", "1 open line, 1 waypoint"):
        assert what in parcels["source_repairs"][0]


def test_an_open_track_says_what_to_do(read):
    with pytest.raises(SourceError, match="found 1 open line: close the track"):
        read(gpx(RING[:-1]), "a.gpx")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.dwg", "DXF"),
        ("a.VCT", "Shapefile"),
        ("a.mdb", "file geodatabase"),
        ("a.rar", "zip"),
        ("a.ofd", "TXT"),
    ],
)
def test_formats_that_are_not_read_say_what_to_do(tmp_path, name, advice):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SourceError, match=f"{name} is .*{advice}"):
        read_parcels(tmp_path / name)
