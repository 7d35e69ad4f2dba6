import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from click.testing import CliRunner
from conftest import parcels_of, square, write_plan

import qy_gis.verdict.batch
from qy_gis.cli import main
from qy_gis.cli.batching import Pace, show_pace


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    return write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)], "rules": rules, "zh": "农田"}})


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    path = tmp_path / "parcels.parquet"
    parcels_of(square(950, 0, 100), square(1500, 0, 100)).to_parquet(path)
    return path


def test_a_folder_of_tables_is_written_and_summed_up(plan, parcels, tmp_path):
    pages = [tmp_path / "sum.html", tmp_path / "sum.xlsx"]
    options = [option for page in pages for option in ("--summary", page)]
    shown = run("check", parcels, "--layers", plan, "-o", tmp_path / "out.parquet", *options)
    assert shown.exit_code == 1
    assert "2 宗；0 宗未核查" in shown.output
    assert {path.name for path in (tmp_path / "out.parquet").iterdir()} >= {"overlaps", "findings", "verdicts"}
    for page in pages:
        assert page.stat().st_size > 1000
        assert page.name in shown.output.replace("\n", "")
    again = run("check", parcels, "--layers", plan, "-o", tmp_path / "out.parquet")
    assert again.exit_code == 2
    assert "exists already" in again.output


def test_json_is_the_summary(plan, parcels, tmp_path):
    shown = run("check", parcels, "--layers", plan, "-o", tmp_path / "out.parquet", "--json")
    assert json.loads(shown.stdout) == json.loads((tmp_path / "out.parquet" / "summary.json").read_text("utf-8"))


def test_many_parcels_to_a_geopackage_are_a_batch_and_few_are_not(plan, parcels, tmp_path, monkeypatch):
    run("check", parcels, "--layers", plan, "-o", tmp_path / "few.gpkg")
    assert "parcels" in pyogrio.list_layers(tmp_path / "few.gpkg")[:, 0]
    monkeypatch.setattr("qy_gis.cli.batching.MANY", 1)
    shown = run("check", parcels, "--layers", plan, "-o", tmp_path / "many.gpkg", "--summary", tmp_path / "s.html")
    assert shown.exit_code == 1
    assert pyogrio.list_layers(tmp_path / "many.gpkg")[:, 0].tolist() == [
        "verdicts",
        "findings",
        "overlaps",
        "repairs",
        "rejects",
    ]
    # A page is asked for as well, or the file is not one that is read block by block: a check as ever.
    assert run("check", parcels, "--layers", plan, "-o", tmp_path / "b.gpkg", "-o", tmp_path / "b.json").exit_code == 1
    assert "parcels" in pyogrio.list_layers(tmp_path / "b.gpkg")[:, 0]
    gpd.read_parquet(parcels).to_crs(4490).to_file(tmp_path / "p.geojson", engine="pyogrio")
    assert run("check", tmp_path / "p.geojson", "--layers", plan, "-o", tmp_path / "g.gpkg").exit_code == 1
    assert "parcels" in pyogrio.list_layers(tmp_path / "g.gpkg")[:, 0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--resume"], "--resume: for a batch only"),
        (["-o", "x.html", "--dask", "local", "--threads", "2"], "--threads, --dask: for a batch only"),
        (["-o", "x.json", "--summary", "x.html"], "written as .xlsx"),
        (["-o", "x.parquet", "-o", "x.html"], "x.parquet: a batch writes this alone"),
        (["-o", "x.parquet", "--encoding", "gbk", "--layer", "a"], "--layer, --encoding: not for a batch"),
        (["-o", "x.parquet", "--summary", "x.pdf"], "accepted: .html, .xlsx"),
        (["-o", "x.parquet", "--dask", "cluster"], "'local', or an address"),
        (["-o", "x.parquet", "--industry", "咖啡"], "咖啡"),
    ],
)
def test_what_does_not_go_together_is_said_before_the_work(parcels, plan, options, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run("check", parcels, "--layers", plan, *options)
    assert shown.exit_code == 2
    assert says in shown.output
    assert not list(tmp_path.glob("x.*"))


def test_pace_counts_this_run_alone():
    times = iter([100.0, 110.0, 120.0])
    pace = Pace(clock=lambda: next(times))
    assert pace.describe(5000, 20_000) == "5,000 / 20,000 宗 parcels"
    assert pace.describe(6000, 20_000) == "6,000 / 20,000 宗 parcels · 100 宗/秒 per s · 剩余 left 0:02:20"
    assert pace.describe(20_000, 20_000).endswith("750 宗/秒 per s · 剩余 left 0:00:00")


def test_a_log_has_a_line_now_and_then(capsys):
    for quiet in (False, True):
        with show_pace(quiet=quiet) as progress:
            for done in range(0, 1001, 10):
                progress(done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("0 / 1,000")
    assert lines[1].startswith("1,000 / 1,000")


def test_control_c_leaves_a_state_to_go_on_with_and_says_so(plan, tmp_path):
    corners = np.random.default_rng(1).uniform(0, 4000, (3000, 2))
    source = tmp_path / "big.parquet"
    parcels_of(*(square(x, y, 60) for x, y in corners)).to_parquet(source)
    target, part = tmp_path / "out.parquet", tmp_path / "out.parquet.part"
    # Small blocks, so that there is something to stop.
    code = f"""
from functools import partial
import qy_gis.verdict.batch as batch
from qy_gis.cli import main
batch.check_file = partial(batch.check_file, block_rows=20)
main(["check", {str(source)!r}, "-o", {str(target)!r}, "--layers", {str(plan)!r}])
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, encoding="utf-8")
    deadline = time.monotonic() + 60
    while len(list(part.glob("verdicts/*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    assert not target.exists()
    kept = len(list(part.glob("verdicts/*.parquet")))
    assert 3 <= kept < 150
    seen: list[int] = []
    options = {"folders": [plan], "block_rows": 20}
    qy_gis.verdict.batch.check_file(source, target, **options, resume=True, progress=lambda done, _: seen.append(done))
    assert seen[0] == kept * 20
    qy_gis.verdict.batch.check_file(source, tmp_path / "whole", **options)
    names = [path.relative_to(target) for path in target.rglob("*.*")]
    assert len(names) == 5 * 150 + 2
    assert all((target / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in names)
