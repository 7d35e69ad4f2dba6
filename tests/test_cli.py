import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import parcels_of, square, write_plan

import qy_gis as qy
from qy_gis.cli import main


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    return write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)], "rules": rules, "zh": "农田"}})


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    path = tmp_path / "parcels.gpkg"
    parcels_of(square(950, 0, 100), square(1500, 0, 100)).to_crs(4490).to_file(path, engine="pyogrio")
    return path


def test_help_teaches():
    shown = run("--help")
    assert shown.exit_code == 0
    for command in ("check", "map", "layers", "demo"):
        assert command in shown.output
        assert run(command, "--help").exit_code == 0
    assert "Exit status: 0" in shown.output


def test_check_prints_verdict_and_reason_and_exits_1(plan, parcels):
    shown = run("check", parcels, "--layers", plan)
    assert shown.exit_code == 1
    for text in ("P1", "禁止", "农田", "测试文件", "第一条"):
        assert text in shown.output


def test_check_exits_0_when_nothing_stands_against_it(plan, tmp_path):
    path = tmp_path / "good.geojson"
    parcels_of(square(1500, 0, 100)).to_crs(4326).to_file(path, engine="pyogrio")
    shown = run("check", path, "--layers", plan)
    assert shown.exit_code == 0
    assert "可行" in shown.output


def test_json_of_the_command_is_that_of_the_function(plan, parcels):
    shown = run("check", parcels, "--layers", plan, "--json")
    result = qy.check(qy.read_parcels(parcels), qy.read_plan(plan))
    assert json.loads(shown.stdout)["findings"] == json.loads(qy.reports.write.to_json(result))["findings"]


def test_outputs_are_written_and_named(plan, parcels, tmp_path):
    written = [tmp_path / f"out.{suffix}" for suffix in ("json", "gpkg", "html")]
    options = [option for path in written for option in ("-o", path)]
    shown = run("check", parcels, "--layers", plan, *options)
    assert shown.exit_code == 1
    for path in written:
        assert path.stat().st_size > 1000
        assert path.name in shown.output.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere.txt"], "nowhere.txt"),
        (["check", "{parcels}", "--industry", "咖啡"], "咖啡"),
        (["check", "{parcels}", "--crs", "EPSG:2436"], "Beijing 1954"),
        (["check", "{parcels}", "-o", "out.odt"], ".json"),
        (["check", "{parcels}", "--layers", "nowhere"], "not a folder"),
        (["map", "moon"], "overview"),
        (["layers", "--layers", "nowhere"], "not a folder"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_exits_2(parcels, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run(*(argument.format(parcels=parcels) for argument in arguments))
    assert shown.exit_code == 2
    assert says in shown.output
    assert "Traceback" not in shown.output


def test_layers_lists_what_the_plan_holds():
    shown = run("layers", "--validate")
    assert shown.exit_code == 0
    for text in ("一核", "proxy", "无数据", "access_negative_list", "are sound"):
        assert text in shown.output
    listed = json.loads(run("layers", "--json").stdout)
    assert listed["county"]["accuracy_m"] == 700


def test_map_writes_a_page(tmp_path):
    shown = run("map", "overview", "-o", tmp_path / "deep" / "overview.html")
    assert shown.exit_code == 0
    assert (tmp_path / "deep" / "overview.html").stat().st_size > 100_000


def test_demo_shows_every_verdict_and_the_pages(tmp_path):
    shown = run("demo", "-o", tmp_path)
    assert shown.exit_code == 0
    for text in ("禁止", "待核实", "需论证/报批", "可行"):
        assert text in shown.output
    pages = {path.name for path in tmp_path.glob("*.html")}
    assert {"overview.html", "zones.html", "platforms.html", "check-office-suitable.html"} <= pages
