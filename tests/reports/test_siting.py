"""Siting and combined layers, from the command line to their files."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pypdfium2
import pytest
import shapely
from click.testing import CliRunner
from conftest import square, write_plan

from qy_gis.cli import main

CRITERIA = """
[[criterion]]
key = "compact"
title = { zh = "紧凑", en = "Compact" }
measure = "compactness"
value = { kind = "linear", worst = 0, best = 1 }
"""


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    park = {"shapes": [square(0, 0, 3000)], "rules": [{"kind": "inside", "severity": "approve"}]}
    farmland = {"shapes": [square(0, 0)], "rules": [{"kind": "outside", "severity": "prohibit"}]}
    return write_plan(tmp_path_factory.mktemp("siting") / "plan", {"park": park, "farmland": farmland})


@pytest.fixture(scope="module")
def written(plan: Path):
    folder = plan.parent
    (folder / "criteria.toml").write_text(CRITERIA, encoding="utf-8")
    outputs = [part for name in ("s.gpkg", "s.html", "s.pdf") for part in ("-o", folder / name)]
    shown = run("site", "--area", 50, "--layers", plan, "--criteria", folder / "criteria.toml", "-n", 3, *outputs)
    assert shown.exit_code == 0, shown.output
    return folder, shown.output


def test_the_command_prints_sites_and_how_sure_they_are(written):
    _, shown = written
    for text in ("S1", "可行", "居首", "确定可选 800 公顷", "s.pdf"):
        assert text in shown


def test_the_geopackage_holds_sites_land_and_tables(written):
    file = written[0] / "s.gpkg"
    layers = pyogrio.list_layers(file)[:, 0].tolist()
    assert layers == ["sites", "eligible", "rule_costs", "findings"]
    sites = gpd.read_file(file, layer="sites", engine="pyogrio")
    land = gpd.read_file(file, layer="eligible", engine="pyogrio")
    assert len(sites) == 3
    assert (sites["p_top3"] == 1).all()
    assert shapely.covers(land.geometry.union_all(), sites.geometry.to_numpy()).all()


def test_the_page_makes_no_request_and_shows_everything(written):
    page = (written[0] / "s.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 3
    assert "<iframe" in page
    for text in (
        "各规则占用的土地",
        "备选地块",
        "What was asked",
        "最窄 width",
        "0 → 0; 1 → 1",
        "SHA-256",
        "给定 given",
    ):
        assert text in page
    assert not re.search(r"""(src=|(<|&lt;)link[^>]*href=)("|'|&quot;|&#x27;|&#39;)https?:""", page)


def test_the_print_is_a4_and_says_what_the_page_says(written):
    printed = pypdfium2.PdfDocument(written[0] / "s.pdf")
    for sheet in printed:
        assert np.array(sheet.get_size()) / 72 * 25.4 == pytest.approx((297, 210), abs=0.3)
    texts = "\n".join(sheet.get_textpage().get_text_range() for sheet in printed)
    for text in ("S1", "suitable", "审图号", "What each rule takes", "0 → 0; 1 → 1", "SHA-256"):
        assert text in texts


def test_no_site_is_said_and_is_no_success(plan, tmp_path):
    shown = run("site", "--area", 5000, "--layers", plan, "-o", tmp_path / "none.html")
    assert shown.exit_code == 1
    assert "没有找到符合要求的地块" in shown.output
    assert "待核实 0 公顷" in shown.output
    assert "<h2>备选地块 Sites</h2><p>没有。 None.</p>" in (tmp_path / "none.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--setback", "park"), "LAYER=METRES"),
        (("--within", "nowhere"), "is not in the study area"),
        (("-o", "sites.doc"), "cannot write '.doc'"),
    ],
)
def test_a_wrong_option_is_one_line_and_2(plan, arguments, message):
    shown = run("site", "--area", 50, "-n", 1, "--layers", plan, *arguments)
    assert shown.exit_code == 2
    assert message in shown.output


def test_combined_layers_are_written(plan, tmp_path):
    outputs = [part for name in ("c.gpkg", "c.parquet", "c.html") for part in ("-o", tmp_path / name)]
    shown = run("combine", "--layers", plan, "--outcomes", *outputs)
    assert shown.exit_code == 0, shown.output
    assert "9.00" in shown.output
    assert pyogrio.list_layers(tmp_path / "c.gpkg")[:, 0].tolist() == ["faces", "cross", "outcomes"]
    faces = gpd.read_parquet(tmp_path / "c.parquet")
    assert faces.loc[faces["farmland"] == "farmland0", "area_ha"].sum() == pytest.approx(100, rel=4e-4)
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    for text in ("叠合图：未注明产业", "farmland 0", "needs justification or approval"):
        assert text in page
