import html

import pytest
from conftest import parcels_of, square

import qy_gis as qy
from qy_gis.maps import document, notebook
from qy_gis.maps.notebook import plan_html, result_html


def tables(shown: str) -> str:
    """The view without its map."""
    before, _, after = shown.partition("<iframe")
    return before + after.partition("</iframe>")[2]


def test_a_plan_lists_every_layer_also_those_without_data(plan: qy.Plan):
    shown = tables(plan_html(plan))
    assert shown.count("<tr>") == 1 + len(plan.layers)
    assert "无数据 no data" in shown
    assert "示意 indicative" in shown


def test_a_result_shows_verdicts_and_what_stands_against_them(result: qy.CheckResult):
    shown = tables(result_html(result))
    assert "禁止 prohibited" in shown
    assert "待核实 to be verified" in shown
    failed = result.findings.iloc[0]
    assert html.escape(failed["reason"]) in shown
    passed = result.findings[result.findings["outcome"] == "pass"].iloc[0]
    assert html.escape(passed["reason"]) not in shown


def test_names_are_text(result: qy.CheckResult):
    shown = result_html(result)
    assert "<img" not in shown
    assert "<script" not in shown


def test_long_tables_say_how_long_they_are(plan: qy.Plan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notebook, "MOST_ROWS", 2)
    result = qy.check(parcels_of(square(0, 0, 100), square(200, 0, 100), square(400, 0, 100)).to_crs(4490), plan)
    shown = tables(result_html(result))
    assert "First 2 of 3 rows: <code>result.verdicts</code>" in shown
    assert "First 2 of 6 rows: <code>result.findings</code>" in shown


def test_tables_stand_where_a_map_cannot_be_drawn(result: qy.CheckResult, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(document, "MOST_FEATURES", 1)
    shown = result_html(result)
    assert "禁止 prohibited" in shown
    assert "features are too many for one page; it takes 1" in shown
    assert "<iframe" not in shown


def test_both_views_open_without_a_request(open_map, plan: qy.Plan, result: qy.CheckResult):
    for shown in (plan_html(plan), result_html(result)):
        page = open_map(f'<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">{shown}')
        frame = page.frame_locator("iframe")
        frame.locator("body[data-ready]").wait_for()
        assert frame.locator("input[data-layer=park]").count() == 1
        assert page.frames[1].evaluate("window.ran") is None


def test_many_parcels_are_counted_and_the_first_ones_drawn(plan: qy.Plan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notebook, "MOST_MAPPED", 2)
    result = qy.check(parcels_of(square(0, 0, 100), square(200, 0, 100), square(400, 0, 100)).to_crs(4490), plan)
    shown = result_html(result)
    assert html.escape(str(result)) in shown
    assert "First 2 of 3 parcels" in shown
    assert shown.count("<path ") == 2
    assert "<iframe" not in shown
