"""Tables of points: several parcels never become one in silence, and a number of points is no id."""

from __future__ import annotations

import pytest
from parcels.squares import DEGREES, FIRST, FIRST_M2, HOLE, HOLE_M2, SECOND, SECOND_M2, lines, planar, told

from qy_gis import areas, read_parcels
from qy_gis.errors import CRSError, SourceError

BOTH = [FIRST_M2, SECOND_M2]


def of(parcel: str):
    return lambda number, x, y: f"{parcel},J{number},{x},{y}"


def bare(number, x, y):
    return f"{x},{y}"


def numbered(number, x, y):
    return f"J{number},{x},{y}"


IDS = [
    *("地块编号", "DKBH", "宗地代码", "宗地号", "地块号", "图斑编号", "图斑号", "TBBH", "地块", "序号", "不动产单元号"),
    *(
        "地块序号",
        "块号",
        "FID",
        "OBJECTID",
        "parcel",
        "polygon_id",
        "编号",
        "ID",
        "Plot No.",
        "lot_number",
        "ORIG_FID",
    ),
]
NAMES = ["地块名称", "项目名称", "名称", "name", "DKMC"]


@pytest.mark.parametrize("heading", [*IDS, *NAMES, "权利人", "村"])
@pytest.mark.parametrize("closed", [False, True])
def test_a_column_that_changes_in_blocks_tells_parcels_apart(heading, closed):
    text = f"{heading},点号,X,Y\n" + lines(FIRST, of("12"), closed=closed) + lines(SECOND, of("13"), closed=closed)
    parcels = read_parcels(text)
    assert planar(parcels) == BOTH
    if heading in IDS:
        assert parcels["parcel_id"].tolist() == ["12", "13"]
    if heading in NAMES:
        assert parcels["name"].tolist() == ["12", "13"]
    assert (told(parcels) == ["无地块编号,按此列分块"]) == (heading not in (*IDS, *NAMES))


@pytest.mark.parametrize("heading", ["序号", "点号", "编号", "FID", "名称", "宗地号"])
def test_triangles_without_numbers_of_points_stay_apart(heading):
    text = f"{heading},X,Y\n" + "".join(
        lines(corners[:3], lambda number, x, y, parcel=parcel: f"{parcel},{x},{y}")
        for parcel, corners in (("甲", FIRST), ("乙", SECOND))
    )
    assert planar(read_parcels(text)) == [FIRST_M2 / 2, SECOND_M2 / 2]


@pytest.mark.parametrize("heading", ["编号", "id", "序号", "点号", "FID", "名称", "ID", "objectid"])
@pytest.mark.parametrize("number", ["{}", "P{}", "K1-{}"])
def test_a_column_that_numbers_the_points_is_no_id(heading, number):
    parcels = read_parcels(f"{heading},X,Y\n" + lines(FIRST, lambda n, x, y: f"{number.format(n)},{x},{y}"))
    assert planar(parcels) == [FIRST_M2]
    assert parcels["parcel_id"].tolist() == ["0"]
    assert told(parcels) == []


def test_a_merged_id_stands_in_the_first_row_of_its_parcel():
    text = "地块编号,点号,X,Y\n" + "".join(
        lines(corners, lambda n, x, y, parcel=parcel: f"{parcel if n == 1 else ''},J{n},{x},{y}")
        for parcel, corners in (("A", FIRST), ("B", SECOND))
    )
    parcels = read_parcels(text)
    assert parcels["parcel_id"].tolist() == ["A", "B"]
    assert planar(parcels) == BOTH


def test_of_two_columns_the_one_that_changes_tells_parcels_apart():
    text = "项目名称,地块名称,X,Y\n" + "".join(
        lines(corners, lambda n, x, y, name=name: f"一期,{name},{x},{y}")
        for name, corners in (("甲", FIRST), ("乙", SECOND))
    )
    parcels = read_parcels(text)
    assert planar(parcels) == BOTH
    assert parcels["name"].tolist() == ["甲", "乙"]
    assert parcels["项目名称"].tolist() == ["一期", "一期"]


# Without any column, what stands between the points parts them, and that is told.


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lines(FIRST, bare) + "\n" + lines(SECOND, bare), "空行"),
        (lines(FIRST, bare) + " , \n\n" + lines(SECOND, bare), "空行"),
        ("X,Y\n" + lines(FIRST, bare) + ",\n" + lines(SECOND, bare), "空行"),
        ("点号,X,Y\n" + lines(FIRST, numbered) + lines(SECOND, numbered), "点号重新开始"),
        ("id,X,Y\n" + lines(FIRST, numbered) + lines(SECOND, numbered), "点号重新开始"),
        ("项目名称,点号,X,Y\n" + lines(FIRST, of("一期")) + lines(SECOND, of("一期")), "点号重新开始"),
        ("X,Y\n" + lines(FIRST, bare, closed=True) + lines(SECOND, bare, closed=True), "圈已闭合"),
        ("名称,点号,X,Y\n" + lines(FIRST, of("甲"), closed=True) + lines(SECOND, of("甲"), closed=True), "圈已闭合"),
        ("点号,X,Y\n" + lines(FIRST, numbered) + "点号,X,Y\n" + lines(SECOND, numbered), "重复的表头"),
        ("点号,X,Y\n甲,,\n" + lines(FIRST, numbered) + "乙：,,\n" + lines(SECOND, numbered), "单独成行的文字"),
        ("甲\n" + lines(FIRST, numbered) + "乙\n" + lines(SECOND, numbered), "单独成行的文字"),
        (
            "圈号,X,Y\n"
            + lines(FIRST, lambda n, x, y: f"1,{x},{y}")
            + lines(HOLE, lambda n, x, y: f"2,{x},{y}")
            + lines(SECOND, lambda n, x, y: f"1,{x},{y}"),
            "圈号重新开始",
        ),
    ],
)
def test_what_stands_between_points_begins_a_parcel(text, why):
    parcels = read_parcels(text)
    assert planar(parcels) == [FIRST_M2 - (HOLE_M2 if why == "圈号重新开始" else 0), SECOND_M2]
    assert told(parcels, 1) == [f"无地块编号,{why}处另起一块"]
    if why == "单独成行的文字":
        assert parcels["name"].tolist() == ["甲", "乙"]


@pytest.mark.parametrize("names", [("A{}", "B{}"), ("1-{}", "2-{}"), ("甲{}", "乙{}")])
def test_point_numbers_that_start_again_under_another_name(names):
    points = "".join(
        lines(corners, lambda n, x, y, name=name: f"{name.format(n)},{x},{y}")
        for name, corners in zip(names, (FIRST, SECOND), strict=True)
    )
    parcels = read_parcels("点号,X,Y\n" + points)
    assert planar(parcels) == BOTH
    assert told(parcels, 1) == ["无地块编号,点号重新开始处另起一块"]
    letters = lines(FIRST, lambda n, x, y: f"{'ABCD'[n - 1]}1,{x},{y}")
    assert planar(read_parcels("点号,X,Y\n" + letters)) == [FIRST_M2]


def test_a_row_without_the_id_that_the_rows_above_have_is_refused():
    text = "地块编号,X,Y\n" + lines(FIRST, lambda n, x, y: f"A,{x},{y}") + lines(SECOND, lambda n, x, y: f",{x},{y}")
    with pytest.raises(SourceError, match="line 6, column 1: found no '地块编号', which the rows above have each"):
        read_parcels(text)


def test_closing_points_that_repeat_the_first_number_end_a_ring():
    closing = "".join(
        lines(corners, lambda n, x, y: f"J{(n - 1) % 4 + 1},{x},{y}", closed=True) for corners in (FIRST, SECOND)
    )
    assert planar(read_parcels("点号,X,Y\n" + closing)) == BOTH


@pytest.mark.parametrize("between", ["", "\n"])
def test_a_ring_inside_is_a_hole_and_told(between):
    parcels = read_parcels(lines(FIRST, bare, closed=True) + between + lines(HOLE, bare, closed=True))
    assert planar(parcels) == [FIRST_M2 - HOLE_M2]
    assert told(parcels) == ["位于本块之内的一圈,按洞读"]


def test_blank_lines_between_all_points_are_wide_spacing():
    assert planar(read_parcels(lines(FIRST, lambda n, x, y: f"{x},{y}\n"))) == [FIRST_M2]


def test_rings_of_one_id_are_one_parcel_and_told():
    apart = "地块编号,点号,X,Y\n" + lines(FIRST, of("A"), closed=True) + lines(SECOND, of("A"), closed=True)
    parcels = read_parcels(apart)
    assert planar(parcels) == [FIRST_M2 + SECOND_M2]
    assert told(parcels) == ["无圈号的另一圈,按包含关系定内外"]
    back = apart + lines(HOLE, of("B"), closed=True).replace("J", "K") + lines(HOLE, of("A"), closed=True)
    assert planar(read_parcels(back)) == [FIRST_M2 + SECOND_M2 - HOLE_M2, HOLE_M2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "地块编号,点号,X,Y\n" + lines(FIRST, of("A")) + lines(SECOND, of("A")),
            "line 6, column 1: found point numbers that start again within the open ring of parcel 'A'",
        ),
        (
            "地块编号,点号,X,Y\n" + lines(FIRST, of("A")) + "\n" + lines(SECOND, lambda n, x, y: f"A,J{n + 4},{x},{y}"),
            "line 7, column 1: found a blank line within the open ring of parcel 'A'",
        ),
        (
            "地块编号,X,Y\n"
            + "".join(
                lines(corners, lambda n, x, y, parcel=parcel: f"{parcel},{x},{y}")
                for parcel, corners in (("A", FIRST), ("B", SECOND), ("A", HOLE))
            ),
            "line 10, column 1: found points of another parcel within the open ring of parcel 'A'",
        ),
        (
            "地块编号,权利人,X,Y\n"
            + "".join(
                lines(corners, lambda n, x, y, owner=owner: f"A,{owner},{x},{y}", closed=True)
                for owner, corners in (("张三", FIRST), ("李四", SECOND))
            ),
            "line 7, column 1: '权利人' changes from '张三' to '李四' within one parcel; accepted is one value",
        ),
        (
            "点号,X,Y\n" + lines(FIRST, numbered) + "点号,X,Y\n" + lines(SECOND, lambda n, x, y: f"J{n + 4},{x},{y}"),
            "line 7, column 1: found the headings again within an open ring \\(from line 2\\) whose",
        ),
        ("地块编号,X,Y\n" + lines(FIRST[:2], lambda n, x, y: f"A,{x},{y}"), "found a ring of 2 points"),
        ("点号,X,Y\n" + lines(FIRST, numbered).replace("2622150,", ",", 1), "line 3: 'X' = ''"),
        ("点号,X,Y\nJ1,,\n" + lines(FIRST, numbered), "line 2: 'X' = ''\n- line 2: 'Y' = ''"),
        ("点号,X,Y\n" + lines(FIRST, numbered).replace("2622150", "#REF!", 1), "line 3: 'X' = '#REF!'"),
        ("点号,X,Y\nJ1,2.622E+06,3.84E+07\n", "line 2: 'X' = '2.622E.06'"),
    ],
)
def test_what_cannot_be_told_apart_is_refused_by_line(text, message):
    with pytest.raises(SourceError, match=message) as caught:
        read_parcels(text)
    assert "行" in caught.value.zh


# Headings.


@pytest.mark.parametrize(
    "headings",
    [
        *("坐标X,坐标Y", "X坐标,Y坐标", "X值,Y值", "纵坐标X,横坐标Y", "北坐标X,东坐标Y", "X/m,Y/m", "X(m),Y(m)", "N,E"),
        *(
            "北,东",
            "XZB,YZB",
            "Northing,Easting",
            "x坐标（米）,y坐标（米）",
            "纵坐标(X),横坐标(Y)",
            "X(北),Y(东)",
            "Ｘ,Ｙ",
        ),
        *("坐标(X),坐标(Y)", "2000坐标X,2000坐标Y", "CGCS2000_X,CGCS2000_Y", "界址点坐标X,界址点坐标Y", "X座标,Y座标"),
    ],
)
def test_headings_with_north_first(headings):
    parcels = read_parcels(f"{headings}\n" + lines(FIRST, bare))
    assert parcels.geometry[0].bounds == (38440000, 2622000, 38440200, 2622150)
    assert told(parcels) == []


@pytest.mark.parametrize(
    "headings",
    ["POINT_X,POINT_Y", "X_COORD,Y_COORD", "Easting,Northing", "E,N", "东坐标,北坐标", "Y,X", "横坐标,纵坐标"],
)
def test_headings_with_east_first(headings):
    parcels = read_parcels(f"{headings}\n" + lines(FIRST, lambda n, x, y: f"{y},{x}"))
    assert parcels.geometry[0].bounds == (38440000, 2622000, 38440200, 2622150)
    assert told(parcels) == []


@pytest.mark.parametrize(
    "headings", ["东经,北纬", "经度,纬度", "lon,lat", "经度(°),纬度(°)", "L,B", "Longitude,Latitude"]
)
def test_headings_of_degrees(headings):
    parcels = read_parcels(f"{headings}\n" + lines(DEGREES, bare))
    assert areas(parcels.geometry, parcels.crs)[0] == pytest.approx(29993.05, abs=0.05)
    assert told(parcels) == []


@pytest.mark.parametrize(
    ("heading", "value", "epsg"),
    [("带号", "38", 4547), ("带号", "38号带", 4547), ("中央子午线", "114", 4547), ("中央经线", "114°", 4547)],
)
def test_a_column_states_the_zone(heading, value, epsg):
    text = f"点号,X,Y,{heading}\n" + lines(FIRST, lambda n, x, y: f"J{n},{x},{y - 38_000_000},{value}")
    assert read_parcels(text).crs.to_epsg() == epsg
    assert read_parcels(text.replace(",440", ",38440")).crs.to_epsg() == 4526


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "X,Y,带号\n" + lines(FIRST, lambda n, x, y: f"{x},{y},37"),
            "zone 37, but eastings have the prefix \\['38'\\]",
        ),
        (
            "X,Y,带号\n" + lines(FIRST, lambda n, x, y: f"{x},{y},{37 + n % 2}"),
            "found the zones '38' \\(line 2\\), '37'",
        ),
        ("X,Y,带号\n" + lines(FIRST, lambda n, x, y: f"{x},{y},20"), "found the zones '20'"),
        ("X(西安80),Y(西安80)\n" + lines(FIRST, bare), "line 1: found the headings .*on Beijing 1954 or Xi'an 1980"),
        (
            "坐标系：1980西安坐标系\nX,Y\n" + lines(FIRST, bare),
            "line 1: found '坐标系：1980西安坐标系'; accepted is CGCS2000",
        ),
        ("X,Y\n" + lines(FIRST, bare) + "注：北京54坐标系\n", "line 6: found '注：北京54坐标系'"),
        ("坐标系,X,Y\n" + lines(FIRST, lambda n, x, y: f"西安80,{x},{y}"), "line 2: found '西安80'"),
    ],
)
def test_zones_and_datums_that_contradict(text, message):
    with pytest.raises(CRSError, match=message) as caught:
        read_parcels(text)
    assert caught.value.zh


def test_of_two_datums_the_accepted_one_is_read():
    text = "X(西安80),Y(西安80),X(2000),Y(2000)\n" + lines(FIRST, lambda n, x, y: f"{x + 9},{y + 9},{x},{y}")
    parcels = read_parcels(text)
    assert parcels.geometry[0].bounds[0] == 38440000
    assert told(parcels) == ["界址点自身的列略去"]
    with pytest.raises(SourceError, match="several columns of one axis, \\['X', 'X'\\]"):
        read_parcels("X,Y,X,Y\n" + lines(FIRST, lambda n, x, y: f"{x},{y},{x},{y}"))


# Columns and rows that are of no parcel.


@pytest.mark.parametrize("heading", ["H", "高程", "Z", "大地高(m)"])
def test_heights_are_dropped_and_told(heading):
    parcels = read_parcels(f"点号,X,Y,{heading}\n" + lines(FIRST, lambda n, x, y: f"J{n},{x},{y},12.{n}"))
    assert planar(parcels) == [FIRST_M2]
    assert told(parcels) == ["去除高程 Z"]


def test_what_each_point_has_of_its_own_is_left_out_and_told():
    kinds = ["钢钉", "钢钉", "水泥桩", "水泥桩"]
    text = "地块编号,X,Y,界标类型,边长\n" + lines(FIRST, lambda n, x, y: f"A,{x},{y},{kinds[n - 1]},{n * 7}")
    parcels = read_parcels(text)
    assert told(parcels) == ["界址点自身的列略去"]
    assert not {"界标类型", "边长"} & {*parcels.columns}


def test_vertices_of_programs():
    qgis = "fid,name,vertex_index,vertex_part,vertex_part_ring,distance,x,y\n" + "".join(
        lines(corners, lambda n, x, y, parcel=parcel: f"{parcel},{n - 1},0,0,{n * 3.5},{y},{x}", closed=True)
        for parcel, corners in (("1,甲", FIRST), ("2,乙", SECOND))
    )
    parcels = read_parcels(qgis)
    assert parcels[["parcel_id", "name"]].values.tolist() == [["1", "甲"], ["2", "乙"]]
    assert planar(parcels) == BOTH
    arcgis = "FID,Shape *,Id,ORIG_FID,POINT_X,POINT_Y\n" + "".join(
        lines(corners, lambda n, x, y, start=start: f"{start + n},Point,0,{start},{y},{x}")
        for start, corners in ((0, FIRST), (4, SECOND))
    )
    assert planar(read_parcels(arcgis)) == BOTH
