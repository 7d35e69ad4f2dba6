"""GeoJSON in all its forms, a feature on each line, EsriJSON and TopoJSON: ids, CRS, attributes, and what is told."""

from __future__ import annotations

import json

import pytest

from qy_gis import read_parcels
from qy_gis.errors import GeometryError, SourceError

RING = [[113.0, 23.6], [113.002, 23.6], [113.002, 23.602], [113.0, 23.602], [113.0, 23.6]]
CORNERS = [(500000, 2622000), (500100, 2622000), (500100, 2622100), (500000, 2622100), (500000, 2622000)]
GRID = [[float(x), float(y)] for x, y in CORNERS]
POLYGON = {"type": "Polygon", "coordinates": [RING]}


def feature(number=None, *, ring=RING, **properties):
    made = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return made if number is None else {**made, "id": number}


def collection(*features, **members):
    return {"type": "FeatureCollection", **members, "features": list(features)}


@pytest.fixture
def read(tmp_path):
    def read_document(document, *, name="a.geojson", encoding="utf-8", **options):
        text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        (tmp_path / name).write_bytes(text.encode(encoding))
        return read_parcels(tmp_path / name, **options)

    return read_document


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1014770, 1014990], ["1014770", "1014990"]),
        ([0, 1], ["0", "1"]),
        ([9, 5], ["9", "5"]),
        (["a", "b"], ["a", "b"]),
        (["a", 3], ["a", "3"]),
        ([-1, 2], ["-1", "2"]),
        ([1.5, 2.5], ["1.5", "2.5"]),
        (["007", "008"], ["007", "008"]),
        ([10**17, 10**17 + 1], ["100000000000000000", "100000000000000001"]),
        ([None, None], ["0", "1"]),
    ],
)
def test_the_ids_of_features_are_those_of_parcels(read, ids, expected):
    assert read(collection(*map(feature, ids)))["parcel_id"].tolist() == expected


def test_an_attribute_goes_before_the_id_of_the_feature(read):
    assert read(collection(feature(7, DKBH="A"), feature(8, DKBH="B")))["parcel_id"].tolist() == ["A", "B"]
    assert read(collection(feature(7, id="x"), feature(8, id="y")))["parcel_id"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    "document",
    [
        collection(collection(feature("a"), feature("b"))),
        collection(feature("a"), collection(feature("b"))),
        [feature("a"), feature("b")],
        [collection(feature("a")), feature("b")],
        collection(feature("a"), feature("b"), bbox=[1, 2, 3, 4], name="dk", totalFeatures=2),
    ],
)
def test_collections_in_collections_and_lists_lose_nothing(read, document):
    assert read(document)["parcel_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "document", [POLYGON, feature(), {"type": "GeometryCollection", "geometries": [POLYGON]}, [POLYGON]]
)
def test_bare_features_and_geometries(read, document):
    assert len(read(document)) == 1


@pytest.mark.parametrize(
    "odd", [{"type": "feature", "geometry": POLYGON}, {"geometry": POLYGON}, {"type": "x", "coordinates": [RING]}]
)
def test_what_is_no_feature_is_a_fault_and_not_passed_over(read, odd):
    with pytest.raises(SourceError, match=r"a\.geojson is no GeoJSON of parcels.*\n- feature 1: found"):
        read(collection(feature("a"), odd))


def test_a_feature_without_geometry_is_named(read):
    with pytest.raises(GeometryError, match="no geometry"):
        read(collection(feature("a"), {"type": "Feature", "id": "b", "properties": {}, "geometry": None}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([True, False], "[true, false]"),
        ([1, 2], "[1, 2]"),
        (["甲", "乙"], '["甲", "乙"]'),
        ({"a": [1, {"b": None}]}, '{"a": [1, {"b": null}]}'),
        ([[1], [2, 3]], "[[1], [2, 3]]"),
        ([], "[]"),
    ],
)
def test_lists_and_objects_are_text(read, value, text):
    for others in ([value], [None], ["x"]):
        parcels = read(collection(feature(v=value), *(feature(v=other) for other in others)))
        assert json.loads(parcels["v"].iloc[0]) == json.loads(text)


@pytest.mark.parametrize(
    "member",
    [
        {"type": "EPSG", "properties": {"code": 4547}},
        {"type": "EPSG", "properties": {"code": "4547"}},
        {"type": "name", "properties": {"name": "EPSG:4547"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:8.9:4547"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/4547"}},
        {"type": "OGC", "properties": {"urn": "urn:ogc:def:crs:EPSG::4547"}},
        {"type": "link", "properties": {"href": "http://127.0.0.1:9/ref/epsg/4547/proj4/", "type": "proj4"}},
        {"wkid": 4547},
        "EPSG:4547",
        4547,
    ],
)
def test_old_forms_of_the_crs_member(read, member):
    parcels = read(collection(feature(ring=GRID), crs=member))
    assert parcels.crs.to_epsg() == 4547
    assert parcels["source_repairs"].tolist() == ["[]"]


def test_a_crs_in_place_of_the_default_is_told(read):
    parcels = read(collection(feature(ring=GRID)), crs=4547)
    assert "坐标系按 --crs 所给" in parcels["source_repairs"][0]
    assert read(collection(feature()), crs=4326)["source_repairs"].tolist() == ["[]"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\x1e", "\n\n"])
@pytest.mark.parametrize("ending", ["geojsonl", "ndjson", "geojsons", "jsonl"])
def test_a_feature_on_each_line(read, separator, ending):
    text = separator.join(json.dumps(feature(f"p{i}", v=[1])) for i in range(3)) + "\n"
    parcels = read(text, name=f"a.{ending}")
    assert parcels["parcel_id"].tolist() == ["p0", "p1", "p2"]
    assert parcels.crs.to_epsg() == 4326


def test_a_fault_on_a_line_is_named(read):
    with pytest.raises(SourceError, match=r"a\.ndjson is not JSON at line 2, column"):
        read(json.dumps(feature()) + "\n{]\n", name="a.ndjson")


def esri(**members):
    hole = [[500020, 2622020], [500040, 2622020], [500040, 2622040], [500020, 2622040], [500020, 2622020]]
    rings = [GRID[::-1], hole]
    return {
        "geometryType": "esriGeometryPolygon",
        "fields": [],
        "features": [{"attributes": {"DKBH": "E"}, "geometry": {"rings": rings}}],
        **members,
    }


def test_esri_json(read):
    for name in ("a.json", "a.geojson"):
        parcels = read(esri(spatialReference={"wkid": 4547}), name=name)
        assert parcels["parcel_id"].tolist() == ["E"]
        assert parcels.area.tolist() == [9600]
        assert parcels.crs.to_epsg() == 4547
    assert read(esri(), crs=4547).crs.to_epsg() == 4547
    part = read(esri(spatialReference={"wkid": 4547}, exceededTransferLimit=True))
    assert "只返回了一部分" in part["source_repairs"][0]
    with pytest.raises(SourceError, match="curveRings"):
        read(json.dumps(esri()).replace("rings", "curveRings"))


def test_topojson(read):
    arcs = [[[0, 0], [2, 0], [0, 2], [-2, 0], [0, -2]]]
    parts = [{"type": "Polygon", "id": "T1", "properties": {"mc": "甲"}, "arcs": [[0]]}]
    document = {
        "type": "Topology",
        "objects": {"dk": {"type": "GeometryCollection", "geometries": parts}},
        "arcs": arcs,
    }
    parcels = read({**document, "transform": {"scale": [0.001, 0.001], "translate": [113, 23.6]}}, name="a.topojson")
    assert parcels["parcel_id"].tolist() == ["T1"]
    assert parcels.geometry[0].bounds == pytest.approx((113, 23.6, 113.002, 23.602))


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_an_encoding_that_is_not_utf8_is_told(read, encoding):
    parcels = read(collection(feature("甲地块", 名称="测试地块一号")), encoding=encoding)
    assert parcels["parcel_id"].tolist() == ["甲地块"]
    assert "文字编码与所注不符" in parcels["source_repairs"][0]
    assert read(collection(feature("甲")), encoding="utf-8-sig")["source_repairs"].tolist() == ["[]"]


def test_no_number_as_an_attribute_or_a_coordinate(read):
    assert len(read(json.dumps(collection(feature(v=float("nan")))))) == 1
    with pytest.raises(GeometryError, match="not numbers"):
        read(json.dumps(collection(feature())).replace("113.002", "NaN", 1))
