from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import MakePlan, square

import qy_gis as qy
from qy_gis.reports.summary import tabulate_summary
from qy_gis.reports.summary_files import write_summary
from qy_gis.reports.terminal import print_summary

SUMMARY: dict[str, Any] = {
    "parcels": 4,
    "rejects": 1,
    "verdicts": {"prohibited": 1, "undetermined": 2, "conditional": 0, "suitable": 1},
    "verdicts_m2": {"prohibited": 10_000.0, "undetermined": 20_000.0, "conditional": 0.0, "suitable": 10_000.0},
    "area_m2": {"city": 40_000.0, "farmland": 10_000.0},
    "rules": {"farmland.outside_prohibit": {"pass": 1, "fail": 1, "data": 0, "accuracy": 2, "industry": 0, "plan": 0}},
}


@pytest.fixture
def plan(make_plan: MakePlan) -> qy.Plan:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    return make_plan(farmland={"shapes": [square(0, 0)], "rules": rules, "zh": "<b>农田</b>"})


def write(plan: qy.Plan, path: Path, source: str = "big.parquet") -> Path:
    return write_summary(SUMMARY, plan, path, source=source, industry="茶")


def test_tables_hold_counts_areas_and_causes(plan):
    verdicts, layers, rules = tabulate_summary(SUMMARY, plan)
    assert verdicts.shown(verdicts.rows[1]) == ["待核实 to be verified", "2", "50.0%", "2.00", "30.00"]
    assert verdicts.bars[1] == [("undetermined", 0.5)]
    assert layers.shown(layers.rows[1]) == ["<b>农田</b> farmland", "1.00", "15.00", "25.0%"]
    assert [column.en for column in rules.columns[3:6]] == ["pass", "fail", "unknown: no data"]
    assert rules.rows[0][1:] == ["不占用<b>农田</b> off farmland", "禁止 prohibits", 1, 1, 0, 2, 0, 0]
    assert sum(share for _, share in rules.bars[0]) == 1


def test_a_page_needs_nothing_else_and_takes_names_as_text(plan, tmp_path):
    text = write(plan, tmp_path / "s.html", source="<script>alert(1)<script>.parquet").read_text("utf-8")
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;农田" in text
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text
    assert 'class="accuracy" style="width:50.000%"' in text
    assert "茶" in text


def test_a_workbook_has_numbers_as_numbers_and_names_as_text(plan, tmp_path):
    book = openpyxl.load_workbook(write(plan, tmp_path / "s.xlsx", source="=1+1\x1b"))
    assert book.sheetnames == ["概况 About", "结论", "各图层内面积", "各规则的结果"]
    file = book["概况 About"]["B1"]
    assert (file.value, file.data_type) == ("=1+1\N{REPLACEMENT CHARACTER}", "s")
    assert [cell.value for cell in book["结论"][3]] == ["待核实 to be verified", 2, 0.5, 2.0, 30.0]
    assert [cell.value for cell in book["各规则的结果"][2]][3:] == [1, 1, 0, 2, 0, 0]


def test_a_summary_of_nothing_has_no_share(plan):
    nothing = {**SUMMARY, "parcels": 0, "verdicts_m2": dict.fromkeys(SUMMARY["verdicts_m2"], 0.0)}
    nothing["verdicts"], nothing["area_m2"] = dict.fromkeys(SUMMARY["verdicts"], 0), {"city": 0.0, "farmland": 0.0}
    verdicts, layers, _ = tabulate_summary(nothing, plan)
    assert {row[2] for row in verdicts.rows} == {row[3] for row in layers.rows} == {0}


def test_other_files_are_refused(plan, tmp_path):
    with pytest.raises(qy.OutputError, match=r"accepted: \.html, \.xlsx"):
        write(plan, tmp_path / "s.pdf")


def test_it_is_printed(plan, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    print_summary(SUMMARY, plan)
    shown = capsys.readouterr().out
    for text in ("4 宗", "1 宗未核查", "待核实", "50.0%", "<b>农田</b>", "待核实：精度"):
        assert text in shown
    print_summary(SUMMARY, plan, lang="en")
    shown = capsys.readouterr().out
    for text in ("4 parcels", "1 not checked", "to be verified", "unknown: accuracy"):
        assert text in shown
