"""Excel workbooks: which sheet, which cells."""

from __future__ import annotations

import openpyxl
import pytest
from parcels.squares import FIRST, FIRST_M2, SECOND, SECOND_M2, planar, told

from qy_gis import read_parcels
from qy_gis.errors import ArgumentError, SourceError

CORNERS = [(2622040, 38440000), (2622040, 38440050), (2622000, 38440050), (2622000, 38440000)]


def test_workbooks(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "界址点"
    for row in [("点号", "X", "Y"), *((n, float(x), y + 0.125) for n, (x, y) in enumerate(CORNERS))]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_parcels(tmp_path / "a.xlsx").geometry[0].bounds[0] == 38440000.125
    book.create_sheet("说明").append(["text", "more"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(SourceError, match=r"has 2 sheets that are not empty.*Its sheets are 界址点, 说明"):
        read_parcels(tmp_path / "a.xlsx")
    assert len(read_parcels(tmp_path / "a.xlsx", layer="界址点")) == 1
    with pytest.raises(SourceError, match="has no sheet 'x'"):
        read_parcels(tmp_path / "a.xlsx", layer="x")
    with pytest.raises(ArgumentError, match="has its encoding"):
        read_parcels(tmp_path / "a.xlsx", encoding="gbk")


def test_a_title_in_merged_cells(tmp_path):
    book = openpyxl.Workbook()
    for row in [("界址点成果表",), ("点号", "X（米）", "Y（米）"), *((n, *corner) for n, corner in enumerate(CORNERS))]:
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    book.save(tmp_path / "a.xlsx")
    parcels = read_parcels(tmp_path / "a.xlsx")
    assert parcels.geometry[0].area == 2000
    assert "界址点成果表" in parcels["source_repairs"][0]


@pytest.fixture
def read(tmp_path):
    def read_rows(rows, *, merged=(), name="a.xlsx"):
        book = openpyxl.Workbook()
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                book.active.cell(at, column, value)
        for cells in merged:
            book.active.merge_cells(cells)
        book.save(tmp_path / "a.xlsx")
        (tmp_path / "a.xlsx").rename(tmp_path / name)
        return read_parcels(tmp_path / name)

    return read_rows


def official(corners):
    """A 界址点成果表: two rows of headings, lengths between the points, a footer."""
    rows = [
        ["界址点成果表"],
        ["宗地代码：", "441802001001GB00001", None, "面积：", 30000],
        ["序号", "点号", "坐标", None, "边长"],
        [None, None, "x(m)", "y(m)", "(m)"],
    ]
    for number, (x, y) in enumerate([*corners, corners[0]]):
        rows.append([number + 1, f"J{number % 4 + 1}", x, y, None])
        if number < 4:
            rows.append([None, None, None, None, 150.25])
    return [*rows, ["S=30000 平方米"], ["制表：张三", None, "审核：李四"]]


MERGED = ["A1:E1", "A3:A4", "B3:B4", "C3:D3"]


def test_the_official_table(read):
    parcels = read(official(FIRST), merged=MERGED)
    assert planar(parcels) == [FIRST_M2]
    assert told(parcels) == ["表头上方的标题略去", "无坐标的行略去", "界址点自身的列略去"]
    assert planar(read(official(FIRST)[2:])) == [FIRST_M2]
    assert planar(read([*official(FIRST)[:3], ["", "", "X", "Y", ""], *official(FIRST)[4:-2]])) == [FIRST_M2]


@pytest.mark.parametrize("between", [[], [[None]]])
def test_two_official_tables_in_a_sheet(read, between):
    assert planar(read([*official(FIRST), *between, *official(SECOND)])) == [FIRST_M2, SECOND_M2]


def test_lengths_with_the_names_of_their_edges(read):
    rows = [["点号", "X", "Y", "边长"]]
    for number, (x, y) in enumerate(FIRST, start=1):
        rows += [[f"J{number}", x, y], [f"J{number}-J{number % 4 + 1}", None, None, 150.25]]
    assert planar(read(rows)) == [FIRST_M2]


def test_blank_rows_and_merged_cells(read):
    first, second = ([[f"J{n}", x, y] for n, (x, y) in enumerate(corners, start=1)] for corners in (FIRST, SECOND))
    assert planar(read([["点号", "X", "Y"], *first, [None], *second])) == [FIRST_M2, SECOND_M2]
    ids = [["A" if not i else None, *row] for i, row in enumerate(first)]
    ids += [["B" if not i else None, *row] for i, row in enumerate(second)]
    parcels = read([["图斑编号", "点号", "X", "Y"], *ids], merged=["A2:A5", "A6:A9"])
    assert parcels["parcel_id"].tolist() == ["A", "B"]
    assert planar(parcels) == [FIRST_M2, SECOND_M2]


def test_headings_of_a_zone(read):
    rows = [["点号", "纵坐标X", "横坐标Y", "带号"], *((n, x, y - 38_000_000, 38) for n, (x, y) in enumerate(FIRST))]
    assert read(rows).crs.to_epsg() == 4547


@pytest.mark.parametrize(
    "rows",
    [
        [[f"J{n}", f"=2622000+{x - 2622000}", y] for n, (x, y) in enumerate(FIRST)],
        [[f'="J{n}"', f"=2622000+{x - 2622000}", f"=38440000+{y - 38440000}"] for n, (x, y) in enumerate(FIRST)],
        [[f"J{n}", x, y] if n else [f'=A{n}&""', x, y] for n, (x, y) in enumerate(FIRST)],
    ],
)
def test_formulas_without_values_are_refused_by_cell(read, rows):
    with pytest.raises(
        SourceError, match=r"a.xlsx has formulas without values.*\n- sheet Sheet, row 2, column"
    ) as caught:
        read([["点号", "X", "Y"], *rows])
    assert "公式没有计算结果" in caught.value.zh


def test_old_workbooks(read, tmp_path):
    rows = [["点号", "X", "Y"], *((n, *corner) for n, corner in enumerate(CORNERS))]
    assert read(rows, name="renamed.xls").geometry[0].area == 2000
    (tmp_path / "text.xls").write_text("点号\tX\tY\n" + "".join(f"{n}\t{x}\t{y}\n" for n, (x, y) in enumerate(CORNERS)))
    assert read_parcels(tmp_path / "text.xls").geometry[0].area == 2000
    for start in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html><table>", b'<?xml version="1.0"?>'):
        (tmp_path / "old.xls").write_bytes(start + b"x" * 600)
        with pytest.raises(SourceError, match=r"old.xls is a workbook of Excel 97 to 2003.*save it as .xlsx"):
            read_parcels(tmp_path / "old.xls")


def test_workbooks_that_hold_nothing(read, tmp_path):
    with pytest.raises(SourceError, match=r"a.xlsx is empty: none of its sheets \(Sheet\) has a cell with a value"):
        read([[None]])
    (tmp_path / "b.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes()[:500])
    with pytest.raises(SourceError, match=r"b\.xlsx"):
        read_parcels(tmp_path / "b.xlsx")
