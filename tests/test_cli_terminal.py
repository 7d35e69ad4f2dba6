"""What stands on a terminal: how wide, in which language, what is last, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import parcels_of, square, write_plan
from rich.cells import cell_len

import qy_gis as qy
from qy_gis.cli import main
from qy_gis.reports.tables import tabulate_overlaps

SAMPLES = Path(__file__).parent.parent / "examples"
CHINESE = re.compile(r"[\u3400-\u9fff]")


def run(*arguments: object, **environment: str):
    runner = CliRunner(env=environment)
    return runner.invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def start(*arguments: object, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "qy_gis.cli", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if name not in ("QY_GIS_LANG", "LC_ALL", "LANG")}
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=clean | environment)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    return write_plan(
        tmp_path / "plan",
        {
            "farmland": {"shapes": [square(0, 0)], "rules": rules, "zh": "农田"},
            "redline": {"shapes": None, "rules": rules, "zh": "红线"},
        },
    )


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    path = tmp_path / "parcels.geojson"
    parcels_of(square(950, 0, 100), square(1500, 0, 100)).to_crs(4490).to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("columns", [40, 80, 100, 119])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_narrow_terminal_has_a_list_with_the_verdict_and_the_next_step_last(columns, lang):
    file = SAMPLES / "parcels" / "formats" / "dirty.txt"
    shown = run("check", file, "--lang", lang, COLUMNS=str(columns))
    lines = shown.stdout.splitlines()
    assert "│" not in shown.stdout
    assert max(map(cell_len, lines)) <= columns
    verdict = max(number for number, line in enumerate(lines) if re.match(r"  (结论：|verdict: )", line))
    following = min(number for number, line in enumerate(lines) if re.match("下一步：|next: ", line))
    assert verdict < following
    assert len(lines) - verdict <= (14 if columns >= 80 else 40)


def test_a_wide_terminal_has_tables_with_the_verdict_last(parcels, plan):
    shown = run("check", parcels, "--layers", plan, COLUMNS="140").stdout
    assert "│" in shown
    assert max(map(cell_len, shown.splitlines())) <= 140
    assert shown.rindex("缘由") > shown.index("如何核实")
    assert shown.rstrip().splitlines()[-1].startswith("下一步：")


def test_nothing_is_cut_short_in_a_pipe(parcels, plan):
    whole = run("check", parcels, "--layers", plan).stdout.replace("\n", "").replace(" ", "")
    for row in qy.check(qy.read_parcels(parcels), qy.read_plan(plan)).findings.itertuples():
        if row.outcome == "fail":
            assert row.reason.replace(" ", "") in whole
    assert "…" not in whole


def test_one_language_at_a_time(parcels, plan):
    for command in (["check", parcels], ["check", parcels, parcels.parent / "plan" / "farmland.gpkg"], ["layers"]):
        english = run(*command, "--layers", plan, "--lang", "en").stdout
        # The names of a plan's documents are as they are; those of the test plan are Chinese.
        assert not CHINESE.search(english.replace("测试文件", "").replace("第一条", ""))
    chinese = run("check", parcels, "--layers", plan).stdout
    for code in ("prohibit", "undetermined", "unknown", "fail", "outside", "within", "touches", " / "):
        assert code not in chinese


def test_errors_are_in_both_languages():
    for lang in ("zh", "en"):
        said = run("check", "x.foo", "--lang", lang).output
        assert "错误 / error" in said


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.GBK"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "en_GB"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "QY_GIS_LANG": "en"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environment, lang, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "QY_GIS_LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("个索引" in run("index").output) == (lang == "zh")


def test_repairs_and_declared_areas_are_told_apart():
    file = SAMPLES / "parcels" / "formats" / "dirty.txt"
    shown = run("check", file, "--industry", "新能源").stdout
    repaired, noticed = shown.split("已修复\n")[1].split("提示（未作改动）\n")
    assert "dirty.txt:1 " in repaired
    assert not re.search(r":\d+\.0", shown)
    assert "申报" not in repaired
    assert "申报面积" in noticed.split("\n\n")[0]


def test_a_neighbour_that_is_touched_stands_apart_without_an_area(tmp_path):
    rules = [{"kind": "outside", "severity": "prohibit"}]
    farmland = {"shapes": [square(0, 0), square(0, 1000)], "rules": rules, "zh": "农田"}
    folder = write_plan(tmp_path / "plan", {"farmland": farmland})
    parcels_of(square(950, 900, 100, 100)).to_file(tmp_path / "p.gpkg", engine="pyogrio")
    result = qy.check(parcels_of(square(950, 900, 100, 100)), qy.read_plan(folder))
    assert (result.overlaps["relation"] == "touches").any()
    table = tabulate_overlaps(result)
    assert "touches" not in set(table["relation"])
    for columns in ("80", "140"):
        shown = run("check", tmp_path / "p.gpkg", "--layers", folder, COLUMNS=columns).stdout
        assert "相邻（不共用土地）：农田 farmland 1" in shown
        assert not re.search(r" 0\.00 m² \(|│\s*0\.00\s*│", shown)


def test_the_bundled_plan_says_which_layers_to_get_from_whom_and_what_to_type():
    file = SAMPLES / "parcels" / "farmland.txt"
    shown = run("check", file, "--industry", "新能源", COLUMNS="140").stdout
    for text in ("向自然资源主管部门索取：", "永久基本农田", "向生态环境主管部门索取：饮用水水源保护区"):
        assert text in shown
    # Where the line is folded depends on how long the path is.
    typed = f"qy-gis check {file} --industry 新能源 --layers 文件夹"
    assert typed.replace(" ", "") in "".join(shown.split())
    # With the layers of an office there is nothing left to get.
    own = run("check", file, "--industry", "新能源", "--layers", SAMPLES / "office", COLUMNS="140").stdout
    assert "索取：" not in own
    assert "调整地块或项目，以符合：" in own


def test_every_command_named_next_is_one_that_exists():
    text = "".join(path.read_text("utf-8") for path in Path(qy.__file__).parent.glob("reports/*.py"))
    named = set(re.findall(r"qy-gis ([a-z]+)", text))
    assert named
    assert named <= set(main.commands)


def test_a_reader_that_goes_away_is_no_fault(tmp_path):
    read, write = os.pipe()
    os.close(read)
    for arguments in (["--json"], ["--lang", "en"], []):
        process = start("check", SAMPLES / "parcels" / "mixed.gpkg", *arguments, stdout=write)
        said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 141, said
        assert "Traceback" not in said
        assert "BrokenPipe" not in said
    os.close(write)


def test_control_c_is_said_in_a_word(tmp_path):
    # A file that never ends keeps the command at work.
    os.mkfifo(tmp_path / "slow.txt")
    process = start("check", tmp_path / "slow.txt")
    writer = os.open(tmp_path / "slow.txt", os.O_WRONLY)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    os.close(writer)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130, said
    assert "已中断 / stopped" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("encoding", ["gbk", "cp1252"])
def test_a_code_page_without_a_letter_is_no_fault(encoding):
    process = start("check", SAMPLES / "parcels" / "mixed.gpkg", PYTHONIOENCODING=encoding, QY_GIS_LANG="en")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert ("m2" if encoding == "gbk" else "m²") in out.decode(encoding)
