"""Checks and conversions of many files: nothing one is refused for stops the others."""

import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from click.testing import CliRunner
from conftest import parcels_of, square, write_plan

import qy_gis as qy
from qy_gis.cli import main

#: That planar areas are off is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    layers = {"farmland": {"shapes": [square(0, 0)], "rules": rules, "zh": "农田"}}
    return write_plan(tmp_path / "plan", layers)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two good files with the same ids, one that is broken, one of no known format."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    bad = parcels_of(square(950, 0, 100), square(1500, 0, 100)).assign(name=["甲", "乙"], declared_m2=[1.0, None])
    bad.to_file(tmp_path / "in" / "a.gpkg", engine="pyogrio")
    parcels_of(square(1600, 0, 100)).to_crs(4326).to_file(tmp_path / "in" / "b.geojson", engine="pyogrio")
    (tmp_path / "in" / "broken.geojson").write_text("{", encoding="utf-8")
    (tmp_path / "in" / "notes.docx").write_text("x", encoding="utf-8")
    return tmp_path / "in"


def test_a_folder_gets_a_page_for_each_file_and_a_workbook_of_all(folder, plan, tmp_path):
    shown = run("check", "in", "--layers", plan, "-o", "results/", "--summary", "all.xlsx")
    assert shown.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["a.html", "b.html"]
    listed, ending = shown.output.split("未能核查的文件 1 个")
    assert "略过（不是已知格式）1 个：" in listed
    assert "notes.docx" in listed
    assert "broken.geojson" in ending
    assert "合计 3 个文件，3 宗：禁止 1，可行 2；未能核查 1 个文件" in ending
    book = openpyxl.load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames == ["地块 Parcels", "未能核查 Refused", "略过 Passed over", "概况 About"]
    sheet = book.worksheets[0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C2", "A1:N4")
    head, first, *others = sheet.values
    row = dict(zip([str(heading).split()[0] for heading in head], first, strict=True))
    exact = qy.check(qy.read_parcels(folder / "a.gpkg"), qy.read_plan(plan)).parcels["area_m2"].iloc[0]
    assert row["文件"] == "a.gpkg"
    assert (row["地块编号"], row["名称"], row["结论"], row["缘由"]) == ("P1", "甲", "禁止", "农田")
    assert row["面积（平方米）"] == round(exact, 2)
    assert row["申报面积（平方米）"] == 1
    assert (row["不符合（项）"], row["修复（处）"], row["提示（项）"]) == (1, 0, 1)
    assert "农田" in row["下一步"]
    assert [(other[0], other[1], other[7], other[9]) for other in others] == [
        ("a.gpkg", "P2", "可行", None),
        ("b.geojson", "P1", "可行", None),
    ]
    refused = list(book["未能核查 Refused"].values)[1]
    assert refused[0] == "broken.geojson"
    assert "broken.geojson" in refused[2]
    assert list(book["略过 Passed over"].values)[1:] == [(str(Path("in/notes.docx")),)]


def test_a_second_run_says_the_same(folder, plan):
    command = ("check", "in", "--layers", plan, "-o", "in/results/", "--format", "json", "--format", "gpkg")
    first, second = run(*command), run(*command)
    assert first.output == second.output
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["a.gpkg", "a.json", "b.gpkg", "b.json"]


def test_many_files_become_one_in_which_the_file_is_a_column(folder, plan, tmp_path):
    assert run("check", "in/*.g*", "--layers", plan, "-o", "all.gpkg", "-o", "all.json").exit_code == 1
    assert {"parcels", "overlaps", "findings", "verdicts", "repairs"} <= set(pyogrio.list_layers("all.gpkg")[:, 0])
    parcels = pyogrio.read_dataframe("all.gpkg", layer="parcels")
    assert parcels[["file", "parcel_id"]].values.tolist() == [["a.gpkg", "P1"], ["a.gpkg", "P2"], ["b.geojson", "P1"]]
    for name in ("a.gpkg", "b.geojson"):
        alone = qy.check(qy.read_parcels(folder / name), qy.read_plan(plan))
        whole = parcels[parcels["file"] == name]
        assert whole["area_m2"].tolist() == alone.parcels["area_m2"].tolist()
    assert [one["file"] for one in json.loads((tmp_path / "all.json").read_text("utf-8"))] == ["a.gpkg", "b.geojson"]


def test_json_is_an_object_for_a_file_and_a_list_for_several(folder, plan):
    one = json.loads(run("check", "in/b.geojson", "--layers", plan, "--json").stdout)
    assert one["verdicts"][0]["verdict"] == "suitable"
    several = json.loads(run("check", "in", "--layers", plan, "--json").stdout)
    assert [each["file"] for each in several] == ["a.gpkg", "b.geojson", "broken.geojson"]
    assert {"file", *one} == set(several[1])
    assert several[1]["verdicts"] == one["verdicts"]
    assert set(several[2]["error"]) == {"zh", "en"}


def test_the_status_says_what_became_of_all(folder, plan):
    assert run("check", "in/b.geojson", "in/b.geojson", "--layers", plan).exit_code == 0
    assert run("check", "in/b.geojson", "in/broken.geojson", "--layers", plan).exit_code == 1
    assert run("check", "in/b.geojson", "in/notes.docx", "--layers", plan).exit_code == 1
    assert run("check", "in/b.geojson", "nowhere.txt", "--layers", plan).exit_code == 1
    assert run("check", "in/broken.geojson", "nowhere.txt", "--layers", plan).exit_code == 2
    (folder / "empty").mkdir()
    empty = run("check", "in/empty", "--layers", plan)
    assert empty.exit_code == 2
    assert "没有已知格式的文件" in empty.output


def test_a_fault_of_the_program_is_told_and_stops_no_other_file(folder, plan, monkeypatch):
    read = qy.read_parcels

    def fail(source, **options):
        if "a.gpkg" in source:
            raise ZeroDivisionError
        return read(source, **options)

    monkeypatch.setattr("qy_gis.parcels.read.read_parcels", fail)
    shown = run("check", "in", "--layers", plan)
    assert shown.exit_code == 70
    assert "ZeroDivisionError" in shown.output
    assert "可行 1" in shown.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "in", "-o", "all.html"], "-o results/"),
        (["check", "in", "--summary", "all.pdf"], "written as .xlsx"),
        (["check", "in", "-o", "all.gpkg", "--format", "json"], "-o results/"),
        (["check", "in", "--resume"], "for a batch only"),
        (["check", "in", "-o", "in", "--format", "json", "--summary", "in/a.gpkg"], "written as .xlsx"),
        (["check", "in", "in/b.geojson", "-o", "in/b.json", "-o", "in/b.geojson"], "results/"),
        (["check", "in", "--layers", "nowhere"], "nowhere"),
        (["check", "in", "--lang", "fr"], "'zh', 'en'"),
        (["convert", "in", "out/"], "--format"),
        (["convert", "in/a.gpkg", "in/b.geojson", "in/b.geojson"], "is a file that is read"),
    ],
)
def test_a_wrong_command_is_said_before_the_work(folder, arguments, says):
    shown = run(*arguments)
    assert shown.exit_code == 2
    assert says in shown.output
    assert "P1" not in shown.output


def test_files_of_a_folder_are_not_written_over(folder, plan):
    (folder / "c.json").write_bytes((folder / "b.geojson").read_bytes())
    before = (folder / "c.json").read_bytes()
    shown = run("check", folder / "c.json", "--layers", plan, "-o", folder, "--format", "json")
    assert (shown.exit_code, (folder / "c.json").read_bytes()) == (2, before)


def test_batches_of_several_files(folder, plan, tmp_path):
    parcels_of(square(1500, 0, 100)).to_parquet(folder / "c.parquet")
    shown = run(
        "check", "in/a.gpkg", "in/c.parquet", "in/broken.geojson", "-o", "out/", "--format", "parquet", "--layers", plan
    )
    assert shown.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.parquet", "c.parquet"]
    assert "broken.geojson" in shown.output


def test_several_files_are_converted_into_one(folder, tmp_path):
    done = run("convert", "in/a.gpkg", "in/b.geojson", "all.gpkg")
    assert done.exit_code == 0, done.output
    assert "2 宗的编号在几个文件中重复" in done.output
    assert "坐标系有 2 种" in done.output
    parcels = gpd.read_file(tmp_path / "all.gpkg", engine="pyogrio")
    assert parcels["parcel_id"].tolist() == ["a.gpkg:P1", "P2", "b.geojson:P1"]
    assert parcels["file"].tolist() == ["a.gpkg", "a.gpkg", "b.geojson"]
    outlines = {path: qy.read_parcels(path) for path in (folder / "a.gpkg", folder / "b.geojson", Path("all.gpkg"))}
    *apart, whole = (qy.areas(each.geometry.to_numpy(), each.crs) for each in outlines.values())
    assert whole.tolist() == pytest.approx([*apart[0], *apart[1]], abs=1e-4)
    some = run("convert", "in", "in/broken.geojson", "some.gpkg")
    assert some.exit_code == 1
    assert "broken.geojson" in some.output
    assert len(gpd.read_file(tmp_path / "some.gpkg", engine="pyogrio")) == 3


def test_a_folder_of_files_is_converted_into_another(folder, tmp_path):
    done = run("convert", "in/a.gpkg", "in/b.geojson", "out/", "--format", "kml")
    assert done.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.kml", "b.kml"]
    assert run("convert", "in/broken.geojson", "nowhere.txt", "x.gpkg").exit_code == 2
    assert not (tmp_path / "x.gpkg").exists()
