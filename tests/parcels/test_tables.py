"""Tables: a row for each point or a WKT column, headings in two languages, text that is pasted."""

from __future__ import annotations

import json

import pytest
import shapely
from parcels.squares import DEGREES, FIRST, FIRST_M2, SECOND, SECOND_M2, lines, planar, told

from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, CRSError, GeometryError, SourceError

SQUARE = shapely.box(440000, 2622000, 440050, 2622040)
CORNERS = [(2622040, 38440000), (2622040, 38440050), (2622000, 38440050), (2622000, 38440000)]
HERE = "2622040,38440000\n2622040,38440050\n2622000,38440050\n2622000,38440000\n"


def words(parcels):
    return [repair["what"].split(" / ")[0] for repair in json.loads(parcels["source_repairs"].iloc[0])]


@pytest.fixture
def read(tmp_path):
    def read_table(content, **options):
        path = tmp_path / "points.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_parcels(path, **options)

    return read_table


@pytest.mark.parametrize(
    "headings",
    ["序号,X,Y", "点号,X坐标(m),Y坐标(m)", "点号,北坐标,东坐标", "Point,North,East", "点号,纵坐标（米）,横坐标（米）"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
def test_headings_in_two_languages_and_every_separator(read, headings, separator):
    rows = [headings, *(f"J{n},{x},{y}" for n, (x, y) in enumerate(CORNERS, start=1))]
    parcels = read("\n".join(rows).replace(",", separator))
    assert parcels.crs.to_epsg() == 4526
    assert parcels.geometry[0].bounds == (38440000, 2622000, 38440050, 2622040)
    assert words(parcels) == ["坐标系未填,带号取自横坐标", "圈未闭合,已闭合"]


@pytest.mark.parametrize(
    "text", [HERE, HERE.replace(",", " "), HERE.replace(",", "\t"), HERE.replace(",", "，"), "\n" + HERE + "\n"]
)
def test_pasted_coordinates(text):
    assert read_parcels(text).geometry[0].area == 2000


def test_bare_columns_are_told_by_their_number(read):
    assert read("J1,1,2622040,440000\nJ2,1,2622040,440050\nJ3,1,2622000,440050\n", crs=4547).area[0] == 1000
    with pytest.raises(SourceError, match="found 5 columns of numbers without headings, none of them coordinates"):
        read("1,2,3,4,5\n")


def test_rings_and_parcels_are_kept_apart(read):
    rows = ["地块编号,地块名称,圈号,点号,X,Y"]
    for parcel, west in (("A", 440000), ("B", 440200)):
        for ring, inset in ((1, 0), (2, 10)):
            low, high, east = 2622000 + inset, 2622100 - inset, west + 100 - inset
            points = [(high, west + inset), (high, east), (low, east), (low, west + inset), (high, west + inset)]
            # A merged cell of a workbook has its value in the first row only.
            rows += [
                f"{parcel if i == 0 and ring == 1 else ''},名{parcel},{ring},,{x},{y}"
                for i, (x, y) in enumerate(points)
            ]
    parcels = read("\n".join(rows), crs=4547)
    assert parcels["parcel_id"].tolist() == ["A", "B"]
    assert parcels["name"].tolist() == ["名A", "名B"]
    assert parcels.area.tolist() == [100 * 100 - 80 * 80] * 2


def test_x_and_y_swapped_is_reported(read):
    swapped = "X,Y\n" + "".join(f"{y},{x}\n" for x, y in CORNERS)
    parcels = read(swapped)
    assert parcels.geometry[0].bounds == (38440000, 2622000, 38440050, 2622040)
    assert "X、Y 颠倒" in words(parcels)


@pytest.mark.parametrize("headings", ["经度,纬度", "X,Y", "lon,lat"])
def test_degrees_are_recognised(read, headings):
    parcels = read(f"{headings}\n113.1,23.5\n113.101,23.5\n113.101,23.501\n")
    assert parcels.crs.to_epsg() == 4490
    assert parcels.geometry[0].bounds == (113.1, 23.5, 113.101, 23.501)
    assert "X、Y 颠倒" not in words(parcels)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_wkt_columns_with_their_attributes(read, encoding):
    text = f'地块编号,项目名称,crs,几何\nA,甲,EPSG:4547,"{SQUARE.wkt}"\nB,乙,EPSG:4547,"{SQUARE.wkt}"\n'
    parcels = read(text.encode(encoding))
    assert parcels[["parcel_id", "name"]].values.tolist() == [["A", "甲"], ["B", "乙"]]
    assert parcels.crs.to_epsg() == 4547
    assert parcels.geometry[1].equals(SQUARE)


def test_a_title_above_the_headings_is_left_out_and_told(read):
    rows = "".join(f"A,J{n},{x},{y}\n" for n, (x, y) in enumerate(CORNERS, start=1))
    parcels = read("界址点成果表,,,\n单位：米,,,\n地块编号,点号,X,Y\n" + rows)
    assert parcels["parcel_id"].tolist() == ["A"]
    assert words(parcels)[0] == "表头上方的标题略去"
    assert json.loads(parcels["source_repairs"][0])[0]["before"] == "界址点成果表"
    outline = read(f'地块,\n编号,wkt\nA,"SRID=4547;{SQUARE.wkt}"\n')
    assert words(outline) == ["表头上方的标题略去"]
    assert outline.geometry[0].equals(SQUARE)


def test_a_table_that_states_its_crs_is_held_to_it(read):
    column = "crs,点号,X,Y\n" + "".join(f"EPSG:4526,{n},{x},{y}\n" for n, (x, y) in enumerate(CORNERS))
    front = f'编号,wkt\nA,"SRID=4547;{SQUARE.wkt}"\n'
    assert read(column).crs.to_epsg() == read(column, crs=4526).crs.to_epsg() == 4526
    assert read(front).crs.to_epsg() == 4547
    for content in (column, front):
        with pytest.raises(CRSError, match=r"but crs= \(--crs\) says '.*zone 39'; leave crs= out"):
            read(content, crs=4527)
    with pytest.raises(CRSError, match=r"found the CRS \['4526', '4547'\]; accepted is one"):
        read(f'crs,wkt\n4526,"SRID=4547;{SQUARE.wkt}"\n')


@pytest.mark.parametrize("between", [";", "；", "; "])
def test_points_pasted_in_one_line(between):
    assert read_parcels(between.join(f"{x},{y}" for x, y in CORNERS)).geometry[0].area == 2000
    assert read_parcels(", ".join(f"{x} {y}" for x, y in CORNERS)).geometry[0].area == 2000


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", SourceError, "is empty"),
        ("a,b\n1,2\n", SourceError, r"line 1: found the headings \['a', 'b'\]; accepted are a WKT column"),
        ("点号,X,Y\n", SourceError, "has headings, but no points"),
        (
            "X,Y\n2622040,38440000\n,38440050\n1e6,nan\n",
            SourceError,
            "no numbers.*\n- line 3: 'X' = ''\n- line 4: 'X' = '1e6'",
        ),
        ("X,Y\n2622040,38440000\n2622000,38440000\n", SourceError, "line 2, column 1: found a ring of 2 points"),
        ("X,Y\n2622040,440000\n2622040,440050\n2622000,440050\n", CRSError, "no zone prefix on the eastings"),
        ("X,Y\n2622040,38440000\n2622040,37440050\n2622000,38440050\n", CRSError, r"prefixes \[37, 38\]"),
        ("X,Y\n5,6\n7,8\n9,1\n", SourceError, r"found \(5, 6\) first; accepted are"),
        ("title,\nwkt,id\nSRID=4547;POLYGON EMPTY,1\n", GeometryError, "row 0: empty Polygon"),
        ("wkt;id\nPOLYGON ((0 0;1\n", SourceError, "line 2, column 1: found 'POLYGON"),
        ("X,Y\n1,2,3\n", SourceError, "rows with more cells than headings:\n- line 2"),
        ("crs,wkt\n4547,POLYGON EMPTY\n4526,POLYGON EMPTY\n", CRSError, r"found the CRS \['4526', '4547'\]"),
    ],
)
def test_what_cannot_be_read_names_the_line(read, content, error, message):
    with pytest.raises(error, match=message):
        read(content)


def test_text_files_without_sections_are_tables(tmp_path):
    (tmp_path / "a.txt").write_text(HERE)
    assert read_parcels(tmp_path / "a.txt").area[0] == 2000


def test_layers_do_not_apply(read):
    with pytest.raises(ArgumentError, match="has no layers"):
        read("X,Y\n1,2\n", layer="a")


@pytest.mark.parametrize("ending", [".dat", ".txt", ".csv"])
@pytest.mark.parametrize("code", ["", "JZD", "{n}30"])
def test_points_of_cass(tmp_path, ending, code):
    path = tmp_path / f"a{ending}"
    path.write_text(lines(FIRST, lambda n, x, y: f"{n},{code.format(n=n)},{y - 38_000_000},{x},12.{n}"))
    parcels = read_parcels(path, crs=4547)
    assert planar(parcels) == [FIRST_M2]
    assert "去除高程 Z" in told(parcels)


def test_codes_of_cass_that_are_parcels():
    text = "".join(
        lines(corners, lambda n, x, y, code=code: f"{n},{code},{y},{x},12.5")
        for code, corners in (("地块一", FIRST), ("地块二", SECOND))
    )
    assert planar(read_parcels(text)) == [FIRST_M2, SECOND_M2]


@pytest.mark.parametrize(
    "form", ["{n},{x},{y},12.5", "{x},{y},12.5", "J{n} {x} {y} 12.5", "J{n},1,{x},{y},12.5", "{n}\t{y}\t{x}\t12.5"]
)
def test_bare_points_with_a_height(form):
    parcels = read_parcels(lines(FIRST, lambda n, x, y: form.format(n=n, x=x, y=y)))
    assert planar(parcels) == [FIRST_M2]
    assert "去除高程 Z" in told(parcels)


@pytest.mark.parametrize("first", [1, 4, 20])
def test_numbers_of_points_are_no_latitudes(first):
    parcels = read_parcels(lines(DEGREES, lambda n, lon, lat: f"{n + first - 1},{lon},{lat}"))
    assert parcels.geometry[0].bounds[:2] == pytest.approx((113.0489366667861, 23.696520210286767))


def test_bare_rings_and_ids():
    ids = "".join(
        lines(corners, lambda n, x, y, parcel=parcel: f"{parcel},{x},{y}")
        for parcel, corners in (("A", FIRST), ("B", SECOND))
    )
    parcels = read_parcels(ids)
    assert parcels["parcel_id"].tolist() == ["A", "B"]
    assert planar(parcels) == [FIRST_M2, SECOND_M2]


def test_titles_of_several_cells_are_left_out_and_told():
    text = "项目名称,一期,面积,3.0\n单位：米,,,\n点号,X,Y,边长\n" + lines(FIRST, lambda n, x, y: f"J{n},{x},{y},{n}")
    parcels = read_parcels(text)
    assert planar(parcels) == [FIRST_M2]
    assert told(parcels) == ["表头上方的标题略去", "界址点自身的列略去"]


def test_points_above_the_headings_are_refused():
    text = lines(SECOND, lambda n, x, y: f"J{n},{x},{y}") + "点号,X,Y\n" + lines(FIRST, lambda n, x, y: f"J{n},{x},{y}")
    with pytest.raises(SourceError, match="line 1: found coordinates above the headings"):
        read_parcels(text)
