"""KML and KMZ: placemarks with polygons, and nothing that a document links to."""

from __future__ import annotations

import zipfile

import pytest

from qy_gis import read_parcels
from qy_gis.errors import SourceError

RING = "113,23.5,0 113.001,23.5,0 113.001,23.501,0 113,23.501,0 113,23.5,0"
HOLE = "113.0002,23.5002 113.0004,23.5002 113.0004,23.5004"
POLYGON = (
    f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{RING}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
)
MARK = f"<Placemark><name>甲</name>{POLYGON}</Placemark>"


def document(inside, *, space=' xmlns="http://www.opengis.net/kml/2.2"', start=""):
    return f'<?xml version="1.0" encoding="UTF-8"?>{start}<kml{space}><Document>{inside}</Document></kml>'


@pytest.fixture
def read(tmp_path):
    def read_text(text, **options):
        (tmp_path / "a.kml").write_text(text, encoding="utf-8")
        return read_parcels(tmp_path / "a.kml", **options)

    return read_text


@pytest.mark.parametrize(
    "space", ["", ' xmlns="http://www.opengis.net/kml/2.2"', ' xmlns="http://earth.google.com/kml/2.0"']
)
def test_a_placemark_is_a_parcel_whatever_the_version(read, space):
    parcels = read(document(MARK, space=space))
    assert parcels["name"].tolist() == ["甲"]
    assert parcels.crs.to_epsg() == 4326
    assert parcels.geometry[0].bounds == (113, 23.5, 113.001, 23.501)


@pytest.mark.parametrize("encoding", ["GBK", "gb2312", "GB18030"])
def test_a_document_in_an_encoding_of_chinese(tmp_path, encoding):
    text = document(MARK).replace('"UTF-8"', f"'{encoding}'")
    (tmp_path / "a.kml").write_bytes(text.encode("gb18030"))
    assert read_parcels(tmp_path / "a.kml")["name"].tolist() == ["甲"]


def test_data_holes_parts_and_folders(read):
    hole = f"<innerBoundaryIs><LinearRing><coordinates>{HOLE}</coordinates></LinearRing></innerBoundaryIs></Polygon>"
    data = (
        '<ExtendedData><Data name="地块编号"><value>A</value></Data>'
        '<SchemaData><SimpleData name="DKYT">工业</SimpleData></SchemaData></ExtendedData>'
    )
    far = POLYGON.replace("113", "114")
    mark = f"<Placemark>{data}<MultiGeometry>{POLYGON.replace('</Polygon>', hole)}{far}</MultiGeometry></Placemark>"
    text = document(f"<Folder><name>一</name>{mark}</Folder><Folder><name>二</name>{MARK}</Folder>")
    parcels = read(text, layer="一")
    assert parcels[["parcel_id", "use", "folder"]].values.tolist() == [["A", "工业", "一"]]
    assert [len(part.interiors) for part in parcels.geometry[0].geoms] == [1, 0]
    assert len(read(text.replace("地块编号", "x"))) == 2


def test_a_kmz(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as file:
        file.writestr("doc.kml", document(MARK))
        file.writestr("files/icon.png", b"x")
    assert read_parcels(tmp_path / "a.kmz")["name"].tolist() == ["甲"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (document(MARK.replace("113,23.5,0 ", "nan,23.5,0 ", 1)), "a ring starting 'nan,23.5,0 113.* cannot be read"),
        (
            document(MARK.replace("113,23.5,0 ", "113, 23.5,0 ", 1)),
            "found '113,'; accepted is longitude,latitude",
        ),
        (document(MARK, start='<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares a document type"),
        (document(MARK, start="<!DOCTYPE kml [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>"), "declares a document type"),
        ("<a>" * 100 + "</a>" * 100, "nested more than 64 deep"),
        ("<gpx></gpx>", "found <gpx> where KML has <kml>"),
        ("<kml>", "is not XML"),
        ("", "is not XML"),
        (document("<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>"), "no polygons; found Point"),
        (document("<NetworkLink><Link><href>http://localhost:9/</href></Link></NetworkLink>"), "found no placemarks"),
        (document(MARK.replace(RING, "113,23 x,y 1,2")), "a ring starting '113,23 x,y 1,2' cannot be read"),
        (document(MARK.replace(RING, "113,23")), "found 1 points"),
    ],
)
def test_what_is_refused(read, text, message):
    with pytest.raises(SourceError, match=message) as caught:
        read(text)
    assert "root:" not in str(caught.value)
