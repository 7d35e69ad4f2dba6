"""DXF: closed polylines, holes by containment, layers as attributes, encodings, and the CRS that is never assumed."""

from __future__ import annotations

import geopandas as gpd
import pyogrio
import pytest
import shapely

from qy_gis import read_parcels, write_parcels
from qy_gis.errors import CRSError, SourceError

SQUARE = shapely.box(440000, 2622000, 440100, 2622100)


def write(path, shapes, layers, *, hatch="NO"):
    frame = gpd.GeoDataFrame({"Layer": layers}, geometry=shapes, crs=4547)
    before = pyogrio.get_gdal_config_option("DXF_WRITE_HATCH")
    pyogrio.set_gdal_config_options({"DXF_WRITE_HATCH": hatch})
    pyogrio.write_dataframe(frame, path, driver="DXF")
    pyogrio.set_gdal_config_options({"DXF_WRITE_HATCH": before})
    return path


def moved(shape, east):
    return shapely.affinity.translate(shape, east)


def test_rings_of_a_layer_are_nested_and_each_outline_is_a_parcel(tmp_path):
    holed = SQUARE.difference(shapely.box(440010, 2622010, 440020, 2622020))
    path = write(tmp_path / "a.dxf", [holed, moved(SQUARE, 200), moved(SQUARE, 10)], ["地块", "地块", "红线"])
    parcels = read_parcels(path, crs=4547)
    assert parcels["Layer"].tolist() == ["地块", "地块", "红线"]
    assert parcels.area.tolist() == [9900, 10000, 10000]
    assert read_parcels(path, crs=4547, layer="红线").geometry[0].equals(moved(SQUARE, 10))
    told = parcels["source_repairs"].tolist()
    assert "同层内部闭合线读作洞" in told[0]
    assert '"before": "1", "after": "100.00 m2"' in told[0]
    assert told[1:] == ["[]"] * 2


def test_the_crs_is_recognised_from_a_zone_prefix_or_has_to_be_given(tmp_path):
    path = write(tmp_path / "a.dxf", [SQUARE], ["0"])
    with pytest.raises(CRSError, match=r"a\.dxf: no zone prefix on the eastings"):
        read_parcels(path)
    parcels = read_parcels(write(tmp_path / "b.dxf", [moved(SQUARE, 38_000_000)], ["0"]))
    assert parcels.crs.to_epsg() == 4526
    assert "带号取自横坐标" in parcels["source_repairs"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_layers_in_chinese(tmp_path, encoding):
    path = write(tmp_path / "a.dxf", [SQUARE], ["联通甲地块"])
    path.write_bytes(path.read_bytes().decode().encode(encoding))
    assert read_parcels(path, crs=4547)["Layer"].tolist() == ["联通甲地块"]


def test_what_is_not_an_outline_is_told(tmp_path):
    line = shapely.LineString([(440000, 2622000), (440100, 2622100)])
    path = write(tmp_path / "a.dxf", [SQUARE, line], ["地块", "道路"])
    parcels = read_parcels(path, crs=4547)
    assert len(parcels) == 1
    assert "1 Polyline in layer '道路'" in parcels["source_repairs"][0]
    with pytest.raises(
        SourceError, match=r"has no closed lines or hatches, .*; found 1 Polyline in layer '道路'.*PEDIT"
    ):
        read_parcels(write(tmp_path / "b.dxf", [line], ["道路"]), crs=4547)


def test_hatches_count_where_there_are_no_polylines(tmp_path):
    path = write(tmp_path / "a.dxf", [SQUARE], ["地块"], hatch="YES")
    assert read_parcels(path, crs=4547).geometry[0].equals(SQUARE)


def test_arcs_become_fine_chords(tmp_path):
    circle = "0\nSECTION\n2\nENTITIES\n0\nCIRCLE\n8\n0\n10\n38440000\n20\n2622000\n40\n100\n0\nENDSEC\n0\nEOF\n"
    (tmp_path / "a.dxf").write_text(circle)
    assert read_parcels(tmp_path / "a.dxf").area[0] == pytest.approx(3.14159265 * 100**2, rel=1e-6)


@pytest.mark.parametrize(
    "data", [b"", b"<OGRVRTDataSource/>", b"0\nSECTION\n<OGRVRTDataSource>", b"0\nSECTION\n2\nENT"]
)
def test_what_is_no_drawing(tmp_path, data):
    (tmp_path / "a.dxf").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.dxf"):
        read_parcels(tmp_path / "a.dxf")


EAST, NORTH = 38_440_000, 2_622_000
CORNERS = [(0, 0), (100, 0), (100, 100), (0, 100)]
INNER = [(20, 20), (40, 20), (40, 40), (20, 40)]


def entity(kind, layer, *pairs):
    return "".join(f"{code}\n{value}\n" for code, value in [(0, kind), (8, layer), *pairs])


def polyline(layer, corners=CORNERS, *, extra=(), bulge=0.0, origin=(EAST, NORTH)):
    points = [[(10, origin[0] + x), (20, origin[1] + y), (42, bulge)] for x, y in corners]
    return entity(
        "LWPOLYLINE", layer, *extra, (90, len(corners)), (70, 1), *(pair for point in points for pair in point)
    )


def polyline_3d(layer, flag, heights, faces=()):
    points = [
        entity("VERTEX", layer, (10, EAST + x), (20, NORTH + y), (30, z), (70, 192 if flag == 64 else 32))
        for (x, y), z in zip(CORNERS, heights, strict=True)
    ]
    return entity("POLYLINE", layer, (66, 1), (70, flag)) + "".join([*points, *faces]) + entity("SEQEND", layer)


def polyface(layer):
    face = entity("VERTEX", layer, (10, 0), (20, 0), (30, 0), (70, 128), (71, 1), (72, 2), (73, 3), (74, 4))
    return polyline_3d(layer, 64, [0, 1, 2, 3], [face])


def filled(kind, layer):
    corners = [(0, 0), (100, 0), (0, 100), (100, 100)] if kind == "SOLID" else CORNERS
    places = [((10 + i, EAST + x), (20 + i, NORTH + y), (30 + i, 0)) for i, (x, y) in enumerate(corners)]
    mark = {"SOLID": "AcDbTrace", "3DFACE": "AcDbFace"}[kind]
    return entity(kind, layer, (100, "AcDbEntity"), (100, mark), *(pair for place in places for pair in place))


def places(corners):
    return [(10 + 10 * i, (EAST, NORTH)[i] + at[i]) for at in corners for i in (0, 1)]


def hatch(layer, *rings):
    paths = [
        [
            (92, 2),
            (72, 0),
            (73, 1),
            (93, len(ring)),
            *((10 + 10 * i, (EAST, NORTH)[i] + at[i]) for at in ring for i in (0, 1)),
            (97, 0),
        ]
        for ring in rings
    ]
    start = [(10, 0), (20, 0), (30, 0), (2, "ANSI31"), (70, 0), (71, 0), (91, len(rings))]
    return entity("HATCH", layer, *start, *(pair for path in paths for pair in path), (75, 0), (76, 1), (98, 0))


def round_thing(kind, layer):
    shape = (
        [(40, 100)] if kind == "CIRCLE" else [(11, 100), (21, 0), (31, 0), (40, 0.5), (41, 0), (42, 6.283185307179586)]
    )
    return entity(kind, layer, (10, EAST), (20, NORTH), (30, 0), *shape)


@pytest.fixture
def draw(tmp_path):
    def read(*entities, header="", blocks="", encoding="utf-8", **options):
        parts = [header, f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n" if blocks else "", "0\nSECTION\n2\nENTITIES\n"]
        text = "".join([*parts, *entities, "0\nENDSEC\n0\nEOF\n"])
        (tmp_path / "a.dxf").write_bytes(text.encode(encoding))
        return read_parcels(tmp_path / "a.dxf", **options)

    return read


def told(parcels):
    return parcels["source_repairs"][0]


def test_islands_of_a_hatch_are_holes(draw):
    assert draw(hatch("TC", CORNERS, INNER)).area.tolist() == [9600]
    assert draw(hatch("TC", CORNERS), hatch("TC2", [(x + 300, y) for x, y in CORNERS])).area.tolist() == [10000] * 2


@pytest.mark.parametrize(
    ("fill", "what"),
    [
        (hatch("填充", CORNERS), "1 hatch in layer '填充'"),
        (hatch("填充", INNER), "1 hatch in layer '填充'"),
        (filled("SOLID", "S"), "1 solid in layer 'S'"),
        (filled("3DFACE", "S"), "1 solid in layer 'S'"),
        (polyface("3D"), "1 PolyfaceMesh in layer '3D'"),
        (polyline("TK", [(0, 0), (420, 0), (420, 297), (0, 297)], extra=[(67, 1)], origin=(0, 0)), "in paper space"),
        (entity("POINT", "P", (10, EAST), (20, NORTH)), "1 Point in layer 'P'"),
    ],
)
def test_what_only_fills_or_frames_is_no_second_parcel_and_told(draw, fill, what):
    for entities in ([polyline("JZD"), fill], [fill, polyline("JZD")]):
        parcels = draw(*entities)
        assert parcels["Layer"].tolist() == ["JZD"]
        assert parcels.area.tolist() == [10000]
        assert what in told(parcels)


def test_a_hatch_elsewhere_is_a_parcel(draw):
    parcels = draw(polyline("JZD"), hatch("TC", [(x + 300, y) for x, y in CORNERS]))
    assert sorted(parcels["Layer"]) == ["JZD", "TC"]


@pytest.mark.parametrize("kind", ["SOLID", "3DFACE"])
def test_solids_are_read_where_there_is_nothing_else(draw, kind):
    assert draw(filled(kind, "S")).area.tolist() == [10000]


@pytest.mark.parametrize(
    "again", [CORNERS, CORNERS[::-1], CORNERS[2:] + CORNERS[:2], [(x + 0.0001, y) for x, y in CORNERS]]
)
def test_an_outline_drawn_twice_is_one_parcel_and_told(draw, again):
    parcels = draw(polyline("JZD"), polyline("JZD", again))
    assert parcels.area.tolist() == [10000]
    assert "重复绘制" in told(parcels)


@pytest.mark.parametrize(
    ("drawn", "area"),
    [
        (round_thing("CIRCLE", "A"), 31415.92),
        (round_thing("ELLIPSE", "A"), 15707.96),
        (polyline("A", bulge=1), 10000 + 4 * 3926.99),
        (polyline("A", bulge=-0.2), 10000 - 4 * 671.97),
    ],
)
def test_arcs_are_told(draw, drawn, area):
    parcels = draw(drawn)
    assert parcels.area[0] == pytest.approx(area, rel=2e-3)
    assert "圆弧化弦" in told(parcels)
    assert draw(polyline("A"))["source_repairs"].str.contains("圆弧").tolist() == [False]


def test_splines_are_told(draw):
    knots = [(40, knot) for knot in (0, 0, 1, 2, 3, 4, 4)]
    spline = entity("SPLINE", "A", (70, 9), (71, 1), (72, 7), (73, 5), *knots, *places([*CORNERS, CORNERS[0]]))
    parcels = draw(spline)
    assert parcels.area[0] == pytest.approx(10000, rel=0.01)
    assert "样条曲线化为折线" in told(parcels)


@pytest.mark.parametrize(("flag", "height", "is_told"), [(9, 5, True), (9, 0, False)])
def test_heights_are_dropped_and_told(draw, flag, height, is_told):
    parcels = draw(polyline_3d("A", flag, [height] * 4))
    assert not parcels.has_z.any()
    assert ("Z = 5" in told(parcels)) == is_told


def test_blocks_are_read_where_there_is_nothing_else(draw):
    inside = polyline("K", origin=(0, 0))
    blocks = f"{entity('BLOCK', '0', (2, 'B'), (70, 0), (10, 0), (20, 0))}{inside}{entity('ENDBLK', '0')}"
    header = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n0\nENDSEC\n"
    block = entity("INSERT", "0", (100, "AcDbEntity"), (100, "AcDbBlockReference"), (2, "B"), (10, EAST), (20, NORTH))
    assert draw(block, header=header, blocks=blocks).area.tolist() == [10000]
    away = [(x + 300, y) for x, y in CORNERS]
    parcels = draw(block, polyline("JZD", away), header=header, blocks=blocks)
    assert parcels["Layer"].tolist() == ["JZD"]


def head(version, page):
    return f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n9\n$DWGCODEPAGE\n3\n{page}\n0\nENDSEC\n"


@pytest.mark.parametrize(
    ("name", "encoding", "header", "lies"),
    [
        ("测试界址线", "gbk", head("AC1015", "ANSI_936"), False),
        ("測試地塊界線", "big5", head("AC1015", "ANSI_950"), False),
        ("测试界址线", "utf-8", head("AC1021", "ANSI_936"), False),
        ("测试界址线", "utf-8", head("AC1015", "ANSI_936"), True),
        ("测试界址线", "gbk", head("AC1027", "ANSI_1252"), True),
        ("测试界址线", "gbk", head("AC1015", "ANSI_1252"), False),
    ],
)
def test_names_of_layers_in_the_encoding_they_are_in(draw, name, encoding, header, lies):
    parcels = draw(polyline(name), header=header, encoding=encoding)
    assert parcels["Layer"].tolist() == parcels["parcel_id"].tolist() == [name]
    assert ("文字编码与所注不符" in told(parcels)) == lies


@pytest.mark.parametrize(
    ("written", "name"),
    [("\\U+754C\\U+5740", "界址"), ("A\\U+754C", "A界"), ("\\M+5BDE7", "界"), ("\\U+D842\\U+DFB7", "𠮷")],
)
def test_escapes_of_autocad(draw, written, name):
    assert draw(polyline(written))["Layer"].tolist() == [name]


def test_layers_are_ids_only_where_each_outline_has_one(draw):
    away = [(x + 300, y) for x, y in CORNERS]
    assert draw(polyline("A-1"), polyline("A-2", away))["parcel_id"].tolist() == ["A-1", "A-2"]
    assert draw(polyline("JZD"), polyline("JZD", away))["parcel_id"].tolist() == ["0", "1"]
    assert draw(polyline("0"))["parcel_id"].tolist() == ["0"]


@pytest.mark.parametrize(("factor", "unit"), [(1000, "millimetres"), (100, "centimetres")])
def test_a_drawing_in_another_unit(draw, factor, unit):
    big = [(factor * x, factor * y) for x, y in CORNERS]
    with pytest.raises(SourceError, match=f"a.dxf: found .* looks like {unit}; accepted are metres"):
        draw(polyline("A", big, origin=(factor * 440_000, factor * NORTH)), crs=4547)


def test_a_layer_that_is_not_there(draw):
    with pytest.raises(SourceError, match=r"a\.dxf has no layer 'x'; its layers are JZD"):
        draw(polyline("JZD"), layer="x")


def test_our_own_drawings_keep_ids_parts_and_crs(tmp_path):
    two = shapely.MultiPolygon([SQUARE, moved(SQUARE, 300)])
    parcels = gpd.GeoDataFrame(
        {"parcel_id": ["ª/𠮷", "甲", "ª:𠮷"]}, geometry=[two, moved(two, 1000), moved(SQUARE, 5000)], crs=4547
    )
    again = read_parcels(write_parcels(parcels, tmp_path / "a.dxf"))
    assert again["parcel_id"].tolist() == ["ª_𠮷", "甲", "ª_𠮷_2"]
    assert again.crs.to_epsg() == 4547
    assert shapely.equals(again.geometry.to_numpy(), parcels.geometry.to_numpy()).all()
    assert read_parcels(tmp_path / "a.dxf", crs=4548).crs.to_epsg() == 4548


@pytest.mark.parametrize("value", ["NaN", "1e400", "-1e300"])
def test_coordinates_that_are_no_metres(draw, value):
    with pytest.raises(SourceError, match=r"a\.dxf: a .* in layer 'JZD' has coordinates that are no metres"):
        draw(polyline("JZD").replace(f"10\n{EAST}", f"10\n{value}", 1), crs=4526)
