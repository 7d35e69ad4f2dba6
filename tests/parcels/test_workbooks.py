"""Excel workbooks: which sheet, which cells."""

from __future__ import annotations

import openpyxl
import pytest

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
