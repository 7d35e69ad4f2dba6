"""界址点 text: the dialect, what writers get wrong, and faults by line. All parcels are 50 x 40 m unless said."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qy_gis import areas, read_parcels
from qy_gis.errors import ArgumentError, CRSError, GeometryError, SourceError

ATTRIBUTES = """[属性描述]
格式版本号=1.01版本
数据产生单位=测绘队
数据产生日期=2026-01-01
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
带号=38
精度=0.001
转换参数=,,,,,,
"""
PROJECT = "[项目信息]\n项目名称=示例\n"
HEADER = "5,0.2000,2022-K037,甲地块,面,H49,商服用地,0501,@"
POINTS = """J1,1,2622040.000,38440000.000
J2,1,2622040.000,38440050.000
J3,1,2622000.000,38440050.000
J4,1,2622000.000,38440000.000
J1,1,2622040.000,38440000.000
"""
STATUTORY_M2 = 1999.825  # 2000 m2 in the grid, 60 km west of its central meridian


def text(*, attributes=ATTRIBUTES, header=HEADER, points=POINTS):
    return f"{PROJECT}{attributes}[地块坐标]\n{header}\n{points}"


@pytest.fixture
def read(tmp_path):
    def read_text(content, **options):
        path = tmp_path / "parcel.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_parcels(path, **options)

    return read_text


def repairs_of(parcels: gpd.GeoDataFrame, row: int = 0):
    return json.loads(parcels["source_repairs"].iloc[row])


def kinds_of(parcels: gpd.GeoDataFrame, row: int = 0):
    return [repair["what"].split(" / ")[0] for repair in repairs_of(parcels, row)]


def square(north, east, size, *, ring, first=1):
    """Lines of a closed square with its north-west corner at (north, east)."""
    corners = [(north, east), (north, east + size), (north - size, east + size), (north - size, east)]
    numbers = [*range(first, first + 4), first]
    return "".join(f"J{n},{ring},{x},{y}\n" for n, (x, y) in zip(numbers, [*corners, corners[0]], strict=True))


def test_a_parcel_as_the_dialect_has_it(read):
    parcels = read(text())
    row = parcels.iloc[0]
    assert (row["parcel_id"], row["name"], row["use"]) == ("2022-K037", "甲地块", "商服用地")
    assert row["declared_m2"] == pytest.approx(2000)
    assert (row["图幅号"], row["地类编码"], row["source_repairs"]) == ("H49", "0501", "[]")
    assert row.geometry.bounds == (38440000, 2622000, 38440050, 2622040)
    assert parcels.crs.to_epsg() == 4526
    assert areas(parcels.geometry, parcels.crs)[0] == pytest.approx(STATUTORY_M2, abs=0.01)


def test_sections_come_in_any_order(read):
    swapped = f"[地块坐标]\n{HEADER}\n{POINTS}{ATTRIBUTES}{PROJECT}"
    assert read(swapped).drop(columns="source_sha256").equals(read(text()).drop(columns="source_sha256"))


def test_several_parcels_in_a_file(read):
    second = HEADER.replace("2022-K037", "B-2") + "\n" + square(2622500, 38440000, 10, ring=1)
    parcels = read(text(points=POINTS + second))
    assert parcels["parcel_id"].tolist() == ["2022-K037", "B-2"]
    assert parcels.area.round(3).tolist() == [2000, 100]


def test_a_hole_by_its_number(read):
    parcels = read(
        text(
            header="10,,A,,面,,,,@",
            points=square(2622100, 38440000, 100, ring=1) + square(2622090, 38440010, 20, ring=2, first=5),
        )
    )
    assert parcels.area.iloc[0] == pytest.approx(100 * 100 - 20 * 20)
    assert repairs_of(parcels) == []


@pytest.mark.parametrize(
    "data",
    [
        text().encode(),
        text().encode("utf-8-sig"),
        text().encode("gb18030"),
        text().encode("gbk"),
        text().encode("utf-16"),
        text().replace("\n", "\r\n").encode("gbk"),
    ],
    ids=["utf-8", "utf-8 with BOM", "gb18030", "gbk", "utf-16", "gbk with CRLF"],
)
def test_every_encoding_reads_right_and_is_no_repair(read, data):
    parcels = read(data)
    assert parcels["name"].tolist() == ["甲地块"]
    assert repairs_of(parcels) == []


def test_an_encoding_given_is_obeyed(read):
    assert read(text().encode("utf-16-le"), encoding="utf-16-le")["name"].tolist() == ["甲地块"]
    with pytest.raises(SourceError, match="not text in ascii"):
        read(text(), encoding="ascii")
    with pytest.raises(SourceError, match="not text in klingon"):
        read(text(), encoding="klingon")


@pytest.mark.parametrize(
    ("zone", "points", "epsg"),
    [
        ("37", POINTS.replace(",384", ",375"), 4525),
        ("38", POINTS, 4526),
        ("39", POINTS.replace(",38", ",39"), 4527),
        ("37", POINTS.replace(",384", ",5"), 4546),
        ("38", POINTS.replace(",38", ","), 4547),
        ("39", POINTS.replace(",38", ","), 4548),
    ],
)
@pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")
def test_the_grid_from_zone_and_prefix(read, zone, points, epsg):
    parcels = read(text(attributes=ATTRIBUTES.replace("带号=38", f"带号={zone}"), points=points))
    assert parcels.crs.to_epsg() == epsg
    assert repairs_of(parcels) == []


# What writers get wrong: each is read, and reported with its line.

CLEAN = gpd.GeoSeries.from_wkt(
    ["POLYGON ((38440000 2622040, 38440050 2622040, 38440050 2622000, 38440000 2622000, 38440000 2622040))"]
)


@pytest.mark.parametrize(
    ("content", "what", "line"),
    [
        (text(header=HEADER.replace("5,", "4,", 1), points=POINTS.rsplit("J1", 1)[0]), "圈未闭合,已闭合", 18),
        (
            text(points="".join(f"{j},{c},{y},{x}\n" for j, c, x, y in (p.split(",") for p in POINTS.split()))),
            "X、Y 颠倒 ",
            15,
        ),
        (text(points=POINTS.replace("J", "")), "点号缺 J", 15),
        (text(points="2622040.000".join(POINTS.rsplit("38440000.000", 1))), "闭合点 X 写了两次,按首点读", 19),
        (text(header=HEADER.replace("5,", "7,", 1)), "界址点数不符", 14),
        (text(header=HEADER.replace("5,", ",", 1)), "界址点数不符", 14),
        (text(attributes=ATTRIBUTES.replace("带号=38", "带号=")), "带号未填,取自横坐标", 10),
        (text(points=POINTS.replace(",", "，")), "全角字符", 15),
        (text(header=HEADER.replace(",", "，").replace("@", "＠")), "全角标点", 14),
        (text().replace("[地块坐标]", "【地块坐标】"), "全角标点", 13),
        (text().replace("带号=38", "带号＝３８"), "全角标点", 10),
        (text(attributes=ATTRIBUTES.replace("=2000国家大地坐标系", "=")), "坐标系未填,按 2000 国家大地坐标系读", 7),
        (
            text(attributes=ATTRIBUTES.replace("2000国家大地坐标系", "WGS-84")),
            "坐标系为 WGS 84,按 2000 国家大地坐标系读,此精度下相同",
            7,
        ),
        (text(attributes=""), "坐标系未填,按 2000 国家大地坐标系读", None),
        (text(header=HEADER.removesuffix(",@")), "地块行缺 @", 14),
        (text(header=HEADER.removesuffix("@")), "地块行缺 @", 14),
        (text(header=HEADER.replace("面", "")), "图形属性未填,按面读", 14),
        (text(header=HEADER.replace("0.2000", "0.2000公顷")), "面积带单位", 14),
        (text(header=HEADER.replace("0.2000", "2000㎡")), "面积带单位", 14),
    ],
)
def test_a_known_mistake_is_read_and_reported(read, content, what, line):
    parcels = read(content)
    assert parcels.geometry.iloc[0].equals(CLEAN.iloc[0])
    assert parcels["declared_m2"].iloc[0] == pytest.approx(2000)
    assert parcels.crs.to_epsg() == 4526
    found = {repair["what"].split(" / ")[0].split("(")[0].rstrip(): repair["line"] for repair in repairs_of(parcels)}
    assert found[what.rstrip()] == line


def test_trailing_blanks_and_commas_are_nothing(read):
    padded = text().replace("\n", " \t\n").replace(HEADER, HEADER + ",,") + "\n \n"
    parcels = read(padded.replace("38440000.000", "38440000.000,"))
    assert parcels.geometry.iloc[0].equals(CLEAN.iloc[0])
    assert repairs_of(parcels) == []


@pytest.mark.parametrize("count", ["5", "4"])
def test_counts_with_and_without_closing_point_are_both_right(read, count):
    assert repairs_of(read(text(header=HEADER.replace("5,", f"{count},", 1)))) == []


def test_a_name_may_hold_a_full_width_comma(read):
    assert read(text(header=HEADER.replace("甲地块", "甲地块，一期")))["name"].tolist() == ["甲地块，一期"]


def test_repairs_of_one_kind_are_counted_once(read):
    (repair,) = repairs_of(read(text(points=POINTS.replace("J", ""))))
    assert repair == {
        "line": 15,
        "what": "点号缺 J / point number without J (5 处 / places)",
        "before": "1",
        "after": "J1",
    }


def test_a_zone_prefix_on_some_points_only_is_taken_off(read):
    parcels = read(text(points=POINTS.replace("38440050", "440050")))
    assert parcels.crs.to_epsg() == 4547
    assert parcels.geometry.iloc[0].bounds == (440000, 2622000, 440050, 2622040)
    assert kinds_of(parcels) == ["部分横坐标带带号,已去除"]


def test_one_ring_number_for_several_outer_rings(read):
    points = square(2622100, 38440000, 100, ring=1) + square(2622100, 38440200, 50, ring=1, first=5)
    parcels = read(text(header="10,,A,,面,,,,@", points=points))
    assert parcels.geometry.iloc[0].geom_type == "MultiPolygon"
    assert parcels.area.iloc[0] == pytest.approx(100 * 100 + 50 * 50)
    assert kinds_of(parcels) == ["圈号与位置不符,按包含关系定内外"]


def test_holes_are_decided_by_containment_not_by_number(read):
    points = (
        square(2622100, 38440000, 100, ring=1)
        + square(2622100, 38440200, 50, ring=2, first=5)
        + square(2622090, 38440210, 10, ring=1, first=9)
    )
    parcels = read(text(header="15,,A,,面,,,,@", points=points))
    assert parcels.area.iloc[0] == pytest.approx(100 * 100 + 50 * 50 - 10 * 10)
    assert "(2 处" in repairs_of(parcels)[0]["what"]


def test_ids_left_empty_throughout_become_the_row(read):
    assert read(text(header=HEADER.replace("2022-K037", "")))["parcel_id"].tolist() == ["0"]


def test_no_declared_area_is_nan(read):
    assert np.isnan(read(text(header=HEADER.replace("0.2000", "")))["declared_m2"].iloc[0])


# What cannot be decided is an error with its line.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"line 1, column \d+: there is no section \[地块坐标\]"),
        (text().replace("[地块坐标]", "[界址]"), r"line 13, column \d+: found the section '\[界址\]'; accepted are"),
        ("随便一行\n" + text(), r"line 1, column \d+: found '随便一行' before any section"),
        (PROJECT + ATTRIBUTES + "[地块坐标]\n", r"there is no parcel in \[地块坐标\]"),
        (PROJECT + ATTRIBUTES + "[地块坐标]\n" + POINTS, r"line 14, column \d+: found 'J1,1,.*before any parcel"),
        (text(points=""), r"line 14, column \d+: found a parcel without points"),
        (text(header="1,编号,面,@"), r"line 14, column 1: found a header of 4 fields: '1,编号,面,@'; accepted are 9"),
        (text(header=HEADER.replace("面", "面,积")), r"line 14, column 1: found a header of 10 fields.* comma in it$"),
        (text(points=POINTS.replace("2622000.000", "2_622_000", 1)), r"line 17, column 6: found '2_622_000'"),
        (text(points=POINTS.replace("38440050.000", "2622040.000", 1)), r"line 16, column 6: found X=2622040.*, Y=262"),
        (text(header=HEADER.replace("面", "线")), r"line 14, column \d+: found 图形属性='线'; accepted is 面"),
        (
            text(header=HEADER.replace("0.2000", "约0.2")),
            r"line 14, column \d+: found 面积='约0.2'; accepted is a number of 公顷",
        ),
        (
            text(header=HEADER.replace("5,", "五,", 1)),
            r"line 14, column \d+: found 界址点数='五'; accepted is a whole number",
        ),
        (
            text(points=POINTS.replace("J2,1,", "J2,1,x")),
            r"line 16, column 6: found 'x2622040.000' in 'J2,1,x2622040.*accepted is 点号,圈号,X,Y with",
        ),
        (text(points=POINTS.replace("J2,1", "J2,一")), r"line 16, column 4: .*圈号 a whole number"),
        (text(points=POINTS.replace("J2,1,", "J2,")), "line 16, column 1: .*with 3 fields"),
        (
            text(points="J1,1,113.05,23.70\n"),
            r"line 10, column 4: found 带号='38', but the coordinates are in degrees \(line 15\)",
        ),
        (text(points=POINTS.replace("2622040.000", "nan")), r"line 15, column \d+: found 'nan' in"),
        (
            text(points="J1,1,2622040,38440000\nJ2,1,2622040,38440050\n"),
            r"line 15, column \d+: found a ring of 2 points",
        ),
        (
            text(header=HEADER.replace("5,", "100,", 1), points=POINTS.rsplit("J1", 1)[0]),
            r"line 14, column \d+: found 4 points and an open ring, but 界址点数=100: the file looks cut off",
        ),
        (
            text(points=POINTS.replace("J1,1,2622040.000,38440000.000", "J1,1,2622041,38440000", 1)),
            r"line 19, column \d+: found the number of line 15 again",
        ),
        (
            text(points=POINTS.rsplit("J1", 1)[0] + "J9,1,2622040.000,38440050.000\n"),
            r"line 19, column \d+: found the point of line 16 again; accepted is the ring's first, line 15",
        ),
        (text(attributes=ATTRIBUTES + "带号=37\n"), r"line 13, column \d+: found 带号='37', but line 10 has '38'"),
        (
            text(attributes=ATTRIBUTES + "没有等号\n"),
            r"line 13, column \d+: found '没有等号' in \[属性描述\]; accepted is key=value",
        ),
    ],
)
def test_what_cannot_be_decided_names_the_line(read, content, message):
    with pytest.raises(SourceError, match=message) as caught:
        read(content)
    assert "parcel.txt" in str(caught.value)


def test_all_faults_of_a_file_come_at_once_by_line(read):
    wrong = text(
        attributes=ATTRIBUTES.replace("带号=38", "带号=37"),
        header=HEADER.replace("面", "点"),
        points=POINTS.replace("J3,1", "J3,x"),
    )
    with pytest.raises(SourceError) as caught:
        read(wrong)
    assert [line.split("：")[0] for line in caught.value.zh.splitlines()[1:]] == [
        "- 第 10 行第 4 列",
        "- 第 14 行第 24 列",
        "- 第 17 行第 4 列",
    ]
    lines = [line.split(":")[0] for line in caught.value.en.splitlines()[1:]]
    assert lines == ["- line 10, column 4", "- line 14, column 24", "- line 17, column 4"]


def test_many_faults_are_cut_short(read):
    with pytest.raises(SourceError, match="- and 80 more") as caught:
        read(text(points="J1,1,0,0\n" * 100))
    assert len(caught.value.en.splitlines()) == len(caught.value.zh.splitlines()) == 22


@pytest.mark.parametrize("first", [0, 1])
def test_duplicate_and_partly_empty_ids_are_refused(read, first):
    headers = [HEADER, HEADER if first else HEADER.replace("2022-K037", "")]
    with pytest.raises(SourceError, match="empty or not unique"):
        read(text(header=headers[0], points=f"{POINTS}{headers[1]}\n{POINTS}"))


def test_a_bow_tie_is_a_geometry_error(read):
    lines = POINTS.splitlines()
    with pytest.raises(GeometryError, match="row 0: Self-intersection"):
        read(text(points="\n".join([lines[0], lines[2], lines[1], *lines[3:]])))


# The grid.


def test_a_zone_that_neither_header_nor_eastings_give_needs_crs(read):
    bare = text(attributes=ATTRIBUTES.replace("带号=38", ""), points=POINTS.replace(",38", ","))
    with pytest.raises(CRSError, match=r"line 15, column \d+: no 带号, and no zone prefix.*crs="):
        read(bare)
    assert read(bare, crs="EPSG:4547").crs.to_epsg() == 4547


def test_a_crs_against_that_of_the_file_is_an_error(read):
    with pytest.raises(CRSError, match=r"parcel.txt is in '.*zone 38', but crs= \(--crs\) says '.*zone 37'"):
        read(text(), crs="EPSG:4525")


def test_layers_do_not_apply(read):
    with pytest.raises(ArgumentError, match="has no layers"):
        read(text(), layer="a")


# Whatever the bytes, the outcome is a frame or an error of ours.

_TOKENS = st.sampled_from(
    [
        *("[属性描述]", "[地块坐标]", "带号=38", "带号=３", "坐标系=", "坐标系=西安80", "\n", "@", ",", "，", "面"),
        *("J1", "1", "2622040", "2622000", "38440000", "440050", "113.1", "-1", "nan", "inf"),
        *(f"{HEADER}\n", POINTS, "J1,1,2622040,38440000\n", "J2,2,2622040,38440090\n", "J3,2,nan,2622040\n"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(_TOKENS, max_size=30).map(lambda tokens: "".join(tokens).encode())))
@pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")
def test_random_bytes_and_lines_give_a_frame_or_an_error_of_ours(data):
    with tempfile.TemporaryDirectory() as folder:
        for prefix in (b"", text().split(HEADER)[0].encode()):
            path = Path(folder) / "random.txt"
            path.write_bytes(prefix + data)
            try:
                parcels = read_parcels(path)
            except (SourceError, CRSError, GeometryError):
                continue
            assert len(parcels) > 0
            assert parcels.is_valid.all()


# The other dialects.


def body(header, points, *, attributes=ATTRIBUTES):
    return f"{PROJECT}{attributes}[地块坐标]\n{header}\n{points}"


def test_one_map_has_five_fields_and_starts_with_the_number(read):
    parcels = read(body("7-01,甲地块,面,,@", POINTS))
    assert parcels[["parcel_id", "name"]].values.tolist() == [["7-01", "甲地块"]]
    assert repairs_of(parcels) == []


def test_linkage_has_the_ring_last_and_blanks_that_are_no_mistake(read):
    points = "".join(
        f"{number},{x},{y},50.00,{ring},\n" for number, ring, x, y in (p.split(",") for p in POINTS.split())
    )
    attributes = ATTRIBUTES.replace("几度分带", "分带")
    parcels = read(body(",0.2000,,建新地块1,,,,水浇地,@", points, attributes=attributes))
    assert parcels[["name", "地类编码"]].values.tolist() == [["建新地块1", "水浇地"]]
    assert parcels.area[0] == 2000
    assert repairs_of(parcels) == []


def test_satellite_is_in_degrees_and_starts_with_a_count(read):
    degrees = "J1,1,113.41,23.70\nJ2,1,113.411,23.70\nJ3,1,113.411,23.699\nJ1,1,113.41,23.70\n"
    parcels = read(body("4,地块1,面,公共基础设施,@", degrees, attributes=""))
    assert parcels[["name", "use"]].values.tolist() == [["地块1", "公共基础设施"]]
    assert parcels.crs.to_epsg() == 4490
    assert parcels.geometry[0].bounds == (113.41, 23.699, 113.411, 23.70)
    swapped = "".join(f"{n},{c},{y},{x}\n" for n, c, x, y in (p.split(",") for p in degrees.split()))
    assert "X、Y 颠倒 (4 处" not in kinds_of(parcels)
    assert read(body("4,地块1,面,,@", swapped, attributes="")).geometry[0].equals(parcels.geometry[0])


def test_an_area_in_square_metres_without_a_unit_is_told_by_its_size(read):
    parcels = read(text(header=HEADER.replace("0.2000", "2000")))
    assert parcels["declared_m2"].tolist() == [2000]
    assert kinds_of(parcels) == ["面积以平方米计"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (body("7-01,甲,线,,@", POINTS), r"line 14, column 8: found 图形属性='线'"),
        (
            text(points=POINTS + "J9,2622000,38440000,50.00,2,\n"),
            r"line 20, column 1: found a point of 5 fields; those",
        ),
        (
            text(attributes="", points=POINTS + "J9,1,113.4,23.7\n"),
            r"line 10, column 1: found metres in line 5 and deg",
        ),
        (
            text(attributes=ATTRIBUTES.replace("计量单位", "x")).replace("投影类型=高斯", "投影类型=墨卡托"),
            "accepted is 高斯",
        ),
    ],
)
def test_dialects_that_contradict_themselves(read, content, message):
    with pytest.raises((SourceError, CRSError), match=message):
        read(content)


def test_a_degree_file_with_a_zone_is_a_contradiction_that_says_both(read):
    with pytest.raises(CRSError, match=r"found 带号='38', but the coordinates are in degrees \(line 15\)"):
        read(
            text(
                points="J1,1,113.41,23.70\nJ2,1,113.411,23.70\nJ3,1,113.411,23.699\n",
                header=HEADER.replace("5,", "3,", 1),
            )
        )


# What some offices add or leave out.


@pytest.mark.parametrize(
    "header",
    [
        *("5,0.2000,2022-K037,甲地块,面,,,,", "5,0.2000,2022-K037,甲地块,面,,,", "5,0.2000,2022-K037,甲地块,面"),
        *("5,0.2000,2022-K037,甲地块,面,H49", "5,0.2000,2022-K037,甲地块,面,,商服用地", "5,,2022-K037,甲地块,,,,,"),
        *("2022-K037,甲地块,面,,", "2022-K037,甲地块,面", "5,0.2000,2022-K037,甲地块,面,H49,商服,05,国有,清新,2025"),
    ],
)
def test_a_header_without_its_at_sign_is_read_and_told(read, header):
    parcels = read(text(header=header))
    assert parcels[["parcel_id", "name"]].values.tolist() == [["2022-K037", "甲地块"]]
    assert parcels.geometry.iloc[0].equals(CLEAN.iloc[0])
    assert "地块行缺 @" in kinds_of(parcels)


@pytest.mark.parametrize(
    ("header", "more"),
    [
        ("5,0.2000,2022-K037,甲地块,面,H49,商服用地,0501,国有,清新区,2025,@", "国有,清新区,2025"),
        ("5,0.2000,2022-K037,甲地块,面,H49,商服用地,0501,,1,6,5,备注一,@", ",1,6,5,备注一"),
        ("5，0.2000，2022-K037，甲地块，面，H49，商服用地，0501，国有，清新区，2025，@", "国有,清新区,2025"),
    ],
)
def test_headers_of_12_and_14_fields(read, header, more):
    parcels = read(text(header=header))
    assert parcels[["parcel_id", "use", "地类编码", "扩展属性"]].values.tolist() == [
        ["2022-K037", "商服用地", "0501", more]
    ]
    assert parcels.area[0] == 2000


def test_the_section_of_extensions_is_left_out_and_told(read):
    for content in ("[扩展信息]\n批次=一\n" + text(), text().replace("[地块坐标]", "[扩展信息]\n批次\n[地块坐标]")):
        parcels = read(content)
        assert parcels.area[0] == 2000
        assert kinds_of(parcels) == ["[扩展信息] 略去"]


@pytest.mark.parametrize("header", [HEADER, HEADER.removesuffix(",@"), "5,0.2000,A,甲,面,,,,@", "7-01,甲地块,面,,@"])
def test_tabs_between_fields(read, header):
    parcels = read(text(header=header.replace(",", "\t"), points=POINTS.replace(",", "\t")))
    assert parcels.geometry.iloc[0].equals(CLEAN.iloc[0])
    assert any(kind.startswith("以制表符分隔") for kind in kinds_of(parcels))
    assert read(text(header=header, points=POINTS.replace(",", "\t"))).area[0] == 2000


def test_blanks_between_the_fields_of_points(read):
    assert kinds_of(read(text(points=POINTS.replace(",", "  ")))) == ["以空格分隔"]


@pytest.mark.parametrize("height", ["12.5", "0", "-3.25"])
def test_points_with_a_height(read, height):
    parcels = read(text(points=POINTS.replace("\n", f",{height}\n")))
    assert parcels.geometry.iloc[0].equals(CLEAN.iloc[0])
    assert kinds_of(parcels) == ["去除高程 Z"]


def test_every_fault_has_its_chinese(read):
    with pytest.raises(SourceError) as caught:
        read(text(header="1,编号,面,积,@", points="J1,1,nan,0\nJ2,x,1,2\n"))
    english, chinese = caught.value.en.splitlines(), caught.value.zh.splitlines()
    assert len(english) == len(chinese) == 3
    assert chinese[0] == "parcel.txt 不能按界址点坐标读取："
