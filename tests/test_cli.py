import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import parcels_of, square, write_plan

import qy_gis as qy
from qy_gis.caching import hashes_file
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
        (["map", "-o", "map.docx"], ".pdf, .png, .svg"),
        (["map", "--scale", "5000"], "-o with .pdf"),
        (["map", "-o", "map.pdf", "--before", "x"], "paper has no swipe"),
        (["map", "all", "-o", "x.html"], "leave -o out"),
        (["atlas", "-o", "x.png"], "ends in .pdf"),
        (["layers", "--layers", "nowhere"], "not a folder"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_exits_2(parcels, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run(*(argument.format(parcels=parcels) for argument in arguments))
    assert shown.exit_code == 2
    assert says in shown.output
    assert "Traceback" not in shown.output


def test_what_is_wrong_with_the_command_is_said_before_the_work(parcels, plan, tmp_path):
    shown = run("check", parcels, "--layers", plan, "-o", tmp_path / "out.odt")
    assert (shown.exit_code, "P1" in shown.output) == (2, False)
    before = parcels.read_bytes()
    for command in (("check", parcels, "-o", parcels), ("convert", parcels, parcels)):
        shown = run(*command)
        assert shown.exit_code == 2
        assert "is a file that is read" in shown.output
    assert parcels.read_bytes() == before


def test_a_file_where_a_folder_should_be_is_no_verdict(parcels, tmp_path):
    (tmp_path / "afile").write_text("", encoding="utf-8")
    for command in (("map", "zones", "-o", tmp_path / "afile" / "x.html"), ("demo", "-o", tmp_path / "afile" / "x")):
        assert run(*command).exit_code == 2


def test_a_fault_of_the_program_is_no_verdict(parcels, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("qy_gis.plan.read.read_plan", fail)
    shown = run("check", parcels)
    assert shown.exit_code == 70
    assert "ZeroDivisionError" in shown.output


def test_an_override_of_the_tolerance_is_said(parcels, plan):
    shown = run("check", parcels, "--layers", plan, "--tolerance", "7")
    assert "容差由命令指定为 7.00 m²" in shown.output


def test_control_characters_do_not_reach_the_terminal(plan, tmp_path):
    path = tmp_path / "hostile.gpkg"
    parcels_of(square(950, 0, 100)).assign(parcel_id="\x1b[2Jgone", name="[red]x").to_file(path, engine="pyogrio")
    shown = run("check", path, "--layers", plan)
    assert "\x1b" not in shown.output
    assert "[red]x" in shown.output


def test_severity_is_shown(parcels, plan):
    assert "不占用农田（禁止 · 农田）" in run("check", parcels, "--layers", plan).output
    assert "(prohibits · farmland)" in run("check", parcels, "--layers", plan, "--lang", "en").output


def test_index_shows_and_clears_what_is_kept(plan, parcels, tmp_path, monkeypatch):
    monkeypatch.setenv("QY_GIS_CACHE", str(tmp_path / "cache"))
    run("check", parcels, "--layers", plan)
    hashes_file().write_text("{}")
    assert "1 个索引" in run("index").output
    assert "已清除" in run("index", "--clear").output
    assert "0 个索引" in run("index").output
    assert list((tmp_path / "cache").iterdir()) == []


def test_layers_lists_what_the_plan_holds():
    shown = run("layers", "--validate")
    assert shown.exit_code == 0
    for text in ("一核", "core", "代用", "无数据", "报批", "数据无误"):
        assert text in shown.output
    english = run("layers", "--validate", "--lang", "en").output
    for text in ("Core", "proxy", "no data", "approval", "are sound"):
        assert text in english
    listed = json.loads(run("layers", "--json").stdout)
    assert listed["county"]["accuracy_m"] == 700


def test_map_writes_a_page(tmp_path):
    shown = run("map", "overview", "-o", tmp_path / "deep" / "overview.html")
    assert shown.exit_code == 0
    assert (tmp_path / "deep" / "overview.html").stat().st_size > 100_000


def test_map_on_paper_and_atlas(plan, tmp_path):
    page = tmp_path / "own.toml"
    both = '{ zh = "图", en = "Map" }'
    text = f'title = {both}\nsubject = "plan"\nnote = {both}\neach = ["farmland"]\n'
    page.write_text(text, encoding="utf-8")
    for suffix in ("pdf", "png", "svg"):
        target = tmp_path / f"map.{suffix}"
        shown = run("map", page, "-o", target, "--layers", plan, "--scale", 300000, "--paper", "A4", "--accessible")
        assert shown.exit_code == 0
        assert target.stat().st_size > 10_000
    shown = run("atlas", "-o", tmp_path / "atlas.pdf", "--layers", plan, "--page", page, "--paper", "A4")
    assert shown.exit_code == 0
    assert "2 幅" in shown.output


def test_every_page_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("map", "all").exit_code == 0
    written = {path.stem for path in (tmp_path / "maps" / "html").glob("*.html")}
    assert written == {"atlas", "control", "layout", "overview", "platforms", "zones"}


def test_demo_shows_every_verdict_and_the_pages(tmp_path):
    shown = run("demo", "-o", tmp_path)
    assert shown.exit_code == 0
    for text in ("禁止", "待核实", "需论证/报批", "可行"):
        assert text in shown.output
    pages = {path.name for path in tmp_path.glob("*.html")}
    assert {"overview.html", "zones.html", "platforms.html", "check-office-suitable.html"} <= pages


def test_convert_tells_repairs_and_writes(tmp_path: Path):
    folder = Path(__file__).parent.parent / "examples" / "parcels" / "formats"
    done = CliRunner().invoke(main, ["convert", str(folder / "dirty.txt"), str(tmp_path / "a.gpkg")])
    assert done.exit_code == 0, done.output
    assert "已修复：dirty.txt:7 X、Y 颠倒（4 处）" in done.output
    assert f"已写出：{tmp_path / 'a.gpkg'}（1 宗）" in done.output
    wrong = CliRunner().invoke(main, ["convert", str(tmp_path / "a.gpkg"), str(tmp_path / "a.txt"), "--dialect", "x"])
    assert wrong.exit_code == 2
    assert "dialect='x' is no dialect" in wrong.output
