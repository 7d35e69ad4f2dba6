"""The tools of the page: each is used, and what it does is held against what it should."""

import re

import geopandas as gpd
import numpy as np
import pypdfium2
import pytest
import shapely
from conftest import square
from maps.screen import ink, look_at, pixel
from playwright.sync_api import expect

import qy_gis as qy
from qy_gis.measure.crs import grid_epsg


def corners(shape):
    """The outer corners of a shape in EPSG:4547, as squares without size that `pixel` finds."""
    return [shapely.Point(at) for at in shapely.get_coordinates(shape)[:-1]]


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"[\d,]+\.\d+", text)]


def test_search_finds_chinese_english_and_codes_and_goes_there(open_map, bundled):
    page = open_map(bundled("overview"))
    page.click("[data-tool=search]")
    box, found = page.locator("#qy-tool input"), page.locator(".qy-found")
    for wanted in ("英德市", "yingde city", "441881"):
        box.fill(wanted)
        expect(found.locator("b", has_text="英德市").first).to_be_visible()
    box.fill("nowhere at all")
    assert "没有找到" in page.inner_text("#qy-tool")
    page.uncheck("input[data-layer=platform_city]")
    box.fill("广佛")
    far = page.evaluate("qy.map.getZoom()")
    found.filter(has_text="市级平台").first.click()
    assert page.evaluate("qy.map.getZoom()") > far
    assert page.is_checked("input[data-layer=platform_city]")
    assert page.locator(".qy-marked").count() > 0


def test_measured_figures_are_those_of_the_ellipsoid(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    shape = square(0, 0, 3000, 2000)
    look_at(page, square(-2000, -2000, 8000, 6000))
    page.click("[data-tool=measure]")
    for corner in corners(shape):
        page.mouse.click(*pixel(page, corner))
    along = numbers(page.inner_text(".qy-reading"))
    # A click is a whole pixel, which is about 15 m here.
    assert along[0] == pytest.approx(3000 + 2000 + 2000, rel=0.01) or along[0] == pytest.approx(8000, rel=0.01)
    page.check("input[name=qy-measure] >> nth=1")
    m2, hectares, mu = numbers(page.inner_text(".qy-reading"))
    assert m2 == pytest.approx(qy.areas([shape], "EPSG:4547")[0], rel=0.02)
    assert (hectares, mu) == pytest.approx((m2 / 1e4, m2 * 0.0015), abs=0.01)
    page.click("text=撤销一点")
    assert numbers(page.inner_text(".qy-reading"))[0] == pytest.approx(m2 / 2, rel=0.05)
    page.click("text=清除")
    assert numbers(page.inner_text(".qy-reading"))[0] == 0
    assert page.locator(".leaflet-popup").count() == 0  # a click measures, and asks nothing


def test_the_formulas_of_the_page_agree_with_ours(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    shape = square(0, 0, 600, 400)
    lonlat = gpd.GeoSeries([shape], crs="EPSG:4547").to_crs(4490)
    ring = shapely.get_coordinates(lonlat.iloc[0])[:-1]
    places = f"{[[y, x] for x, y in ring.tolist()]}.map(p => L.latLng(p))"
    assert page.evaluate(f"qy.areaOf({places})") == pytest.approx(qy.areas([shape], "EPSG:4547")[0], rel=1e-6)
    length = lonlat.to_crs("+proj=laea +lat_0=23.6 +lon_0=113.06 +ellps=GRS80").iloc[0].exterior.length
    assert page.evaluate(f"qy.lengthOf({places}.concat([{places}[0]]))") == pytest.approx(length, rel=1e-6)
    for lng, lat in [(111.9, 23.4), (112.49, 25.1), (112.51, 25.1), (113.95, 24.3)]:
        zone = 37 if lng < 112.5 else 38
        at = gpd.points_from_xy([lng], [lat], crs=4490).to_crs(grid_epsg(zone, prefixed=True))
        told = page.evaluate(f"qy.toGrid({{ lat: {lat}, lng: {lng} }})")
        assert (told["zone"], told["east"], told["north"]) == pytest.approx((zone, at.x[0], at.y[0]), abs=1e-3)


def test_the_pointer_is_told_in_degrees_and_in_the_grid(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    look_at(page, square(0, 0, 400))
    place = square(0, 0, 400)
    page.mouse.move(*pixel(page, place))
    told = page.inner_text("#qy-pointer")
    assert "3度带 38" in told
    north, east = (float(found) for found in re.findall(r"[XY] (\d+)", told))
    assert (east - 38_000_000, north) == pytest.approx((place.centroid.x, place.centroid.y), abs=5)


def test_swipe_shows_one_layer_left_and_another_right(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    page.click("[data-tool=swipe]")
    page.select_option("[data-side=left]", label="city")
    page.select_option("[data-side=right]", label="园区")
    clips = "() => ['left', 'right'].map(s => qy.map.getPane('qySwipe-' + s).style.clip.match(/-?[\\d.]+px/g))"
    slider = page.locator("#qy-tool input[type=range]")
    for share in (0, 25, 100):
        slider.fill(str(share))
        left, right = ([float(edge[:-2]) for edge in edges] for edges in page.evaluate(clips))
        whole = right[1] - left[3]
        assert (left[1] - left[3]) / whole == pytest.approx(share / 100)
        assert left[1] == right[3]
    line = page.locator("#qy-swipe").bounding_box()
    page.mouse.move(line["x"] + 8, 400)
    page.mouse.down()
    page.mouse.move(300, 400)
    page.mouse.up()
    assert page.locator("#qy-swipe").bounding_box()["x"] + 8 == pytest.approx(300, abs=2)
    page.keyboard.press("Escape")
    page.click("[data-tool=swipe]")
    assert not page.locator("#qy-swipe").is_visible()
    assert page.evaluate("qy.layers.every(layer => layer.renderer === null)")


def test_two_editions_can_be_held_against_each_other(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan, before=plan))
    assert "前一版 (1)" in page.inner_text("#qy-layers")
    assert page.locator("input[data-layer^=':before_']").count() == len(plan.layers)
    page.click("[data-tool=swipe]")
    page.select_option("[data-side=right]", index=4)
    assert page.is_checked("input[data-layer='city']")


def test_opacity_fades_a_layer(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    full = ink(page)
    row = page.locator("li", has=page.locator("input[data-layer=city]")).last
    row.locator(".qy-opacity-button").click()
    row.locator("input[type=range]").fill("0")
    gone = ink(page)
    assert gone < full
    row.locator("input[type=range]").fill("100")
    assert ink(page) == full


def test_bands_show_where_a_line_may_be(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    look_at(page, square(0, 2000))
    with_bands = ink(page)
    page.uncheck("[data-switch=bands]")
    assert ink(page) < with_bands
    assert page.evaluate("qy.layers.map(l => [l.doc.key, l.band.length])") == [
        ["city", 0],
        ["farmland", 0],
        ["park", 1],  # the only layer that is not exact
        ["redline", 0],
    ]


def test_the_accessible_palette_changes_what_the_plan_says_and_nothing_of_the_context(open_map, bundled):
    page = open_map(bundled("overview"))
    colours = "() => Object.fromEntries(qy.layers.map(l => [l.doc.key, qy.styleOf(l.doc.classes[0]).color]))"
    before = page.evaluate(colours)
    page.check("[data-switch=accessible]")
    after = page.evaluate(colours)
    same = {key for key in before if before[key] == after[key]}
    assert {"county", "river", "town"} <= same
    assert not {"core", "belt", "north_ecology", "platform_city"} & same
    assert page.evaluate("document.activeElement.dataset.switch") == "accessible"


def test_a_link_leads_back_to_what_was_seen(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    look_at(page, square(0, 2000))
    page.uncheck("input[data-layer=city]")
    page.click("#qy-lang-button")
    page.click("[data-tool=link]")
    link = page.locator("#qy-tool input").input_value()
    assert link == page.url
    seen = (
        "() => [qy.map.getZoom().toFixed(1), qy.map.getCenter().lat.toFixed(4), qy.lang, qy.layers.map(qy.isVisible)]"
    )
    state = page.evaluate(seen)
    page.evaluate("location.hash = ''")
    page.check("input[data-layer=city]")
    page.evaluate("qy.map.setView([24, 113], 8, { animate: false })")
    page.evaluate("hash => { location.hash = hash; }", link.partition("#")[2])
    page.wait_for_timeout(100)
    assert page.evaluate(seen) == state


@pytest.mark.parametrize(
    "wrong", ["map=a/b/c", "map=9/99/999", "lang=<b>&theme=x", "layers=nothing,<img src=x>", "%E0%A4%A"]
)
def test_a_wrong_link_is_passed_over(open_map, plan: qy.Plan, wrong: str):
    page = open_map(qy.draw(plan))
    before = page.evaluate("qy.map.getCenter().lat")
    page.evaluate("hash => { location.hash = hash; }", wrong)
    page.wait_for_timeout(50)
    assert page.evaluate("qy.map.getCenter().lat") == before
    assert page.inner_text("#qy-layers h2") == "图层与图例"


@pytest.mark.parametrize(("size", "turned", "millimetres"), [("A4", "false", (297, 210)), ("A3", "true", (297, 420))])
def test_print_is_a_sheet_at_the_scale_chosen(open_map, bundled, size: str, turned: str, millimetres: tuple[int, int]):
    page = open_map(bundled("zones"))
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    before = page.evaluate("[qy.map.getZoom(), qy.map.getSize().x]")
    page.keyboard.press("Control+p")
    page.select_option("[data-choice=scale]", "1000000")
    page.select_option("[data-choice=paper_size]", size)
    page.select_option("[data-choice=orientation]", turned)
    page.click("#qy-print-now")
    page.wait_for_timeout(300)
    assert page.evaluate("window.printed")
    # CSS pixels are 25.4 / 96 mm; how far it is in reality, the page's own formula says (held against ours above).
    ratios = page.evaluate(
        """() => {
          const { lat, lng } = qy.map.getCenter();
          return [[0.05, 0], [0, 0.05]].map(([n, e]) => {
            const ends = [L.latLng(lat - n, lng - e), L.latLng(lat + n, lng + e)];
            const pixels = qy.map.project(ends[0]).distanceTo(qy.map.project(ends[1]));
            return qy.lengthOf(ends) / (pixels * 0.0254 / 96);
          });
        }"""
    )
    assert ratios == pytest.approx([1_000_000, 1_000_000], rel=0.003)
    sheet = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    assert len(sheet) == 1
    assert np.array(sheet[0].get_size()) / 72 * 25.4 == pytest.approx(millimetres, abs=0.5)
    text = sheet[0].get_textpage().get_text_range()
    for part in ("布局结构与分区图", "1:1,000,000", "制图日期", "审图号", "示意", "图层与图例"):
        assert part in text
    picture = np.asarray(sheet[0].render(scale=1).to_pil().convert("RGB")).astype(int)
    coloured = (picture.max(axis=2) - picture.min(axis=2) > 12).mean()
    assert coloured > 0.1  # a blank canvas would leave the sheet without colour
    page.evaluate("qy.leavePaper()")
    assert page.evaluate("[qy.map.getZoom(), qy.map.getSize().x]") == pytest.approx(before)
