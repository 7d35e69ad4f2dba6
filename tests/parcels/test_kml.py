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
RING_TAG = f"<LinearRing><coordinates>{RING}</coordinates></LinearRing>"
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
        (document(MARK.replace("113,23.5,0 ", "nan,23.5,0 ", 1)), "line 1, placemark '甲': a point 'nan,23.5,0'"),
        (document(MARK.replace("113,23.5,0 ", "113;23.5,0 ", 1)), "a point '113;23.5,0'"),
        (document(f"<Placemark>{POLYGON.replace(RING, '')}</Placemark>" + MARK), "a ring with 0 points"),
        (document(MARK.replace("</LinearRing>", f"</LinearRing>{RING_TAG}")), "2 outer"),
        (document(MARK, start='<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares a document type"),
        (document(MARK, start="<!DOCTYPE kml [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>"), "declares a document type"),
        ("<a>" * 100 + "</a>" * 100, "nested more than 64 deep"),
        ("<gpx></gpx>", "found <gpx> where KML has <kml>"),
        ("<kml>", "is not XML"),
        ("", "is not XML"),
        (
            document("<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>"),
            "no closed lines, which are what is accepted; found 1 Point",
        ),
        (
            document("<NetworkLink><Link><href>http://localhost:9/</href></Link></NetworkLink>"),
            "found 1 NetworkLink; what it links to is not opened",
        ),
        (document(MARK.replace(RING, "113,23 x,y 1,2")), "a point 'x,y'"),
        (document(MARK.replace(RING, "113,23")), "a ring with 1 points"),
    ],
)
def test_what_is_refused(read, text, message):
    with pytest.raises(SourceError, match=message) as caught:
        read(text)
    assert "root:" not in str(caught.value)


def line(ring=RING, name="乙", tag="LineString"):
    return f"<Placemark><name>{name}</name><{tag}><coordinates>{ring}</coordinates></{tag}></Placemark>"


FAR = RING.replace("113", "113.1").replace("113.1.001", "113.101")


@pytest.mark.parametrize("prefix", ["gx", "xsi", "atom", "mwm", "ovital"])
@pytest.mark.parametrize("inside", ["<{}:drawOrder>1</{}:drawOrder>", '<a {}:type="b" y="{}"/>', "<{}:x><b/></{}:x>"])
def test_prefixes_that_are_declared_nowhere(read, prefix, inside):
    text = document(MARK.replace("<Polygon>", "<Polygon>" + inside.format(prefix, prefix)))
    assert read(text)["name"].tolist() == ["甲"]


def test_a_document_whose_own_elements_have_a_prefix(read):
    text = document(MARK, space="").replace("</", "</kml:").replace("<", "<kml:").replace("<kml:/kml:", "</kml:")
    assert len(read(text.replace("<kml:?xml", "<?xml"))) == 1


@pytest.mark.parametrize("tag", ["LineString", "LinearRing"])
def test_a_closed_line_is_a_parcel_and_told_beside_polygons_too(read, tag):
    parcels = read(document(MARK + line(FAR, tag=tag) + line("113,23 113.1,23.1", "道路")))
    assert parcels["name"].tolist() == ["甲", "乙"]
    assert ["闭合线按面读" in text for text in parcels["source_repairs"]] == [False, True]
    assert all("1 LineString" in text for text in parcels["source_repairs"])


def test_a_border_drawn_over_a_polygon_is_no_second_parcel(read):
    parcels = read(document(MARK + line()))
    assert parcels["name"].tolist() == ["甲"]
    assert "1 LineString" in parcels["source_repairs"][0]


def test_a_line_in_a_placemark_with_a_polygon_is_told(read):
    mark = f"<MultiGeometry>{POLYGON}<LineString><coordinates>{FAR}</coordinates></LineString><Point/></MultiGeometry>"
    parcels = read(document(f"<Placemark>{mark}</Placemark>"))
    assert len(parcels) == 1
    assert "1 LineString, 1 Point" in parcels["source_repairs"][0]


def test_rings_are_closed_heights_dropped_and_empty_holes_left_out_and_told(read):
    ring = RING.replace(",0", ",8").rpartition(" ")[0]
    hole = "<innerBoundaryIs><LinearRing><coordinates></coordinates></LinearRing></innerBoundaryIs></Polygon>"
    parcels = read(document(MARK.replace(RING, ring).replace("</Polygon>", hole)))
    assert parcels.geometry[0].bounds == (113, 23.5, 113.001, 23.501)
    for what in ("圈未闭合,已闭合", "去除高程 Z", "空圈略去"):
        assert what in parcels["source_repairs"][0]
    assert read(document(MARK))["source_repairs"].tolist() == ["[]"]


def test_blanks_behind_commas(read):
    assert len(read(document(MARK.replace(",", ", ")))) == 1


def test_ids_of_placemarks_where_each_has_one(read):
    one, other = (
        MARK.replace("<Placemark>", '<Placemark id="P1">'),
        line(FAR).replace("<Placemark>", '<Placemark id="P2">'),
    )
    assert read(document(one + other))["parcel_id"].tolist() == ["P1", "P2"]
    assert read(document(one + line(FAR)))["parcel_id"].tolist() == ["0", "1"]
    assert read(document(one + other.replace("P2", "P1")))["parcel_id"].tolist() == ["0", "1"]


@pytest.mark.parametrize("root", ["Document", "Folder", "Placemark"])
def test_a_document_without_its_root(read, root):
    assert len(read(MARK if root == "Placemark" else f"<{root}>{MARK}</{root}>")) == 1


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "big5"])
def test_an_encoding_that_is_not_the_one_stated_is_told(tmp_path, encoding):
    name = "測試地塊" if encoding == "big5" else "测试地块"
    (tmp_path / "a.kml").write_bytes(document(MARK.replace("甲", name)).encode(encoding))
    parcels = read_parcels(tmp_path / "a.kml")
    assert parcels["name"].tolist() == [name]
    assert "文字编码与所注不符" in parcels["source_repairs"][0]


def test_utf16(tmp_path):
    (tmp_path / "a.kml").write_bytes(document(MARK).replace("UTF-8", "UTF-16").encode("utf-16"))
    assert read_parcels(tmp_path / "a.kml")["name"].tolist() == ["甲"]


def pack(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    return path


def link(href):
    return f"<NetworkLink><Link><href>{href}</href></Link></NetworkLink>"


@pytest.mark.parametrize(
    ("href", "name"), [("files/a.kml", "files/a.kml"), ("./%E4%B8%80.kml", "一.kml"), ("x/../b.kml", "b.kml")]
)
def test_documents_of_an_archive_that_link_to_one_another(tmp_path, href, name):
    path = pack(tmp_path / "a.kmz", {"doc.kml": document(link(href) + line(FAR)), name: document(MARK + link(href))})
    assert read_parcels(path)["name"].tolist() == ["乙", "甲"]


def test_a_link_that_leads_out_of_an_archive_is_not_opened_and_told(tmp_path):
    outside = "".join(map(link, ["http://localhost:9/a.kml", "../a.kml", "/etc/passwd"]))
    (tmp_path / "a.kml").write_text(document(line(FAR)), encoding="utf-8")
    path = pack(tmp_path / "a.kmz", {"doc.kml": document(MARK + outside)})
    parcels = read_parcels(path)
    assert parcels["name"].tolist() == ["甲"]
    assert "3 NetworkLink" in parcels["source_repairs"][0]


def test_an_archive_of_several_documents_without_a_main_one(tmp_path):
    path = pack(tmp_path / "a.kmz", {"a.kml": document(MARK), "b.kml": document(line(FAR))})
    with pytest.raises(SourceError, match=r"has 2 KML documents, none of them doc\.kml.*a\.kml, b\.kml"):
        read_parcels(path)
    assert read_parcels(path, layer="b")["name"].tolist() == ["乙"]


def test_an_overlay_is_no_parcel(tmp_path):
    tiles = f"<Folder>{link('1/0/0.kml')}<GroundOverlay><Icon/></GroundOverlay></Folder>"
    path = pack(tmp_path / "a.kmz", {"doc.kml": document(tiles), "1/0/0.kml": document("<GroundOverlay/>")})
    with pytest.raises(SourceError, match="found 2 GroundOverlay"):
        read_parcels(path)


def test_what_ovital_writes_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "a.ovkml").write_text(document(MARK), encoding="utf-8")
    with pytest.raises(SourceError, match=r"GCJ-02.*rename it to a\.kml and give --crs GCJ-02"):
        read_parcels(tmp_path / "a.ovkml")
