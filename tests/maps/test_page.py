from pathlib import Path

import folium
import geopandas as gpd
import pytest
import shapely

import qy_gis as qy
from qy_gis.errors import ArgumentError, CRSError, MapError
from qy_gis.maps.page import draw, pages, read_page

PAGE = """
title = { zh = "图", en = "Map" }
subject = "plan"
note = { zh = "注", en = "Note" }
"""


@pytest.fixture
def write_page(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", pages())
def test_every_bundled_page_fits_the_bundled_plan(name: str):
    page, plan = read_page(name), qy.read_plan()
    named = {*(page.layers or []), *(page.on or []), *page.labels, *([page.extent] if page.extent else [])}
    assert named <= set(plan.layers)
    if page.subject == "plan":
        assert isinstance(draw(plan, page=name), folium.Map)


def test_the_bundled_pages():
    assert pages() == ["atlas", "check", "control", "layout", "overview", "platforms", "siting", "zones"]


def test_a_page_file_of_ones_own(write_page, plan: qy.Plan):
    page = read_page(write_page(PAGE + 'layers = ["city", "park"]\non = ["park"]\nreview_number = "粤S(2026)001号"\n'))
    assert (page.layers, page.on, page.review_number) == (["city", "park"], ["park"], "粤S(2026)001号")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 3", ["own.toml: title", "found 3", "own.toml: subject: is missing; add it", "own.toml: note"]),
        (PAGE + "colour = 1", ["own.toml: colour: not a key here; accepted: title, subject, layers"]),
        (PAGE.replace('"plan"', '"plans"'), ["own.toml: subject", "'plan', 'result' or 'sites'", "found 'plans'"]),
        (PAGE + 'layers = ["a"]\non = ["b"]\nlabels = ["c"]', ["on: 'b', labels: 'c'; accepted: a"]),
        ("title = ", ["own.toml: not a TOML file in UTF-8"]),
    ],
)
def test_faults_of_a_page_name_file_key_and_what_is_accepted(write_page, text: str, said: list[str]):
    with pytest.raises(MapError) as caught:
        read_page(write_page(text))
    for part in said:
        assert part in str(caught.value)


def test_a_page_that_is_not_there():
    with pytest.raises(
        MapError,
        match="nowhere: no such page; accepted: atlas, check, control, layout, overview, platforms, siting, zones",
    ):
        read_page("nowhere")


def test_what_draw_refuses(plan: qy.Plan, write_page):
    table = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(113, 23, 114, 24)], crs="EPSG:4490")
    with pytest.raises(ArgumentError, match="subject is a str; accepted: a Plan, a CheckResult"):
        draw("plan")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="lang='fr' is not accepted"):
        draw(plan, lang="fr")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="a GeoDataFrame is drawn without a page"):
        draw(table, page="overview")
    with pytest.raises(MapError, match="is for a result, and was given a plan"):
        draw(plan, page="check")
    with pytest.raises(MapError, match="layers: the plan has no layer 'core'; accepted: city, farmland, park, redline"):
        draw(plan, page=write_page(PAGE + 'layers = ["city", "core"]'))
    with pytest.raises(MapError, match="extent: the plan has no layer 'nowhere'"):
        draw(plan, page=write_page(PAGE + 'extent = "nowhere"'))
    with pytest.raises(MapError, match="extent: layer 'redline' has no features"):
        draw(plan, page=write_page(PAGE + 'extent = "redline"'))
    with pytest.raises(MapError, match="no layer of the page has an attribute 'height'"):
        draw(plan, page=write_page(PAGE + '[facts]\nheight = { zh = "高", en = "Height" }'))
    with pytest.raises(CRSError, match="no CRS"):
        draw(table.set_crs(None, allow_override=True))
    with pytest.raises(MapError, match="no geometry to draw; it has 0 rows"):
        draw(table[:0])
