"""The page in a browser. Every test also fails on any request and on any word on the console; see conftest."""

import folium
import pytest
import shapely
from conftest import square
from maps.screen import ink, look_at, pixel
from playwright.sync_api import expect

import qy_gis as qy


@pytest.mark.parametrize("name", ["overview", "zones", "platforms", "layout", "control", "atlas"])
def test_bundled_pages_open(open_map, bundled, name: str):
    page = open_map(bundled(name))
    assert page.title() == page.inner_text("#qy-title") != ""
    assert ink(page) > 0
    assert page.locator(".qy-name:visible", has_text="英德市").count() >= 1


def test_layers_come_and_go_and_the_order_stays(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    boxes = page.locator("input[data-layer]")
    assert [box.get_attribute("data-layer") for box in boxes.all()] == ["redline", "park", "farmland", "city"]
    full = ink(page)
    page.uncheck("input[data-layer=city]")
    assert ink(page) < full
    page.check("input[data-layer=city]")
    assert ink(page) == full


def test_a_layer_without_data_is_listed_and_cannot_be_shown(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    row = page.locator("label", has=page.locator("input[data-layer=redline]"))
    assert "红线" in row.inner_text()
    assert "无数据" in row.inner_text()
    assert row.locator("input").is_disabled()
    page.click("#qy-lang-button")
    assert "no data" in page.locator("label", has=page.locator("input[data-layer=redline]")).inner_text()


def test_a_click_tells_everything_visible_there(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    look_at(page, square(0, 2000))
    page.mouse.click(*pixel(page, square(0, 2000)))
    cards = page.locator(".leaflet-popup .qy-card")
    assert cards.locator("h2").all_inner_texts() == ["park 0", "city 0"]
    told = cards.first.text_content()
    for part in ("园区", "示意", "30 m", "时点未载", "测试用", "测试"):
        assert part in told
    page.uncheck("input[data-layer=park]")
    page.mouse.click(*pixel(page, square(0, 2000, 400)))
    expect(page.locator(".leaflet-popup h2")).to_have_text(["city 0"])


def test_the_pointer_names_what_lies_under_it(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    look_at(page, square(0, 2000))
    page.mouse.move(*pixel(page, square(0, 2000)))
    page.locator(".qy-tip", has_text="park 0").wait_for()
    assert page.inner_text("#qy-pointer").startswith("113.07")
    page.mouse.move(640, 20)
    page.locator(".qy-tip").wait_for(state="detached")


def test_hostile_names_stay_text(open_map, plan: qy.Plan, result: qy.CheckResult):
    names = plan.features("farmland")["feature_name"].tolist()
    for shown in (qy.draw(plan), qy.draw(plan.features("farmland")), qy.draw(result)):
        page = open_map(shown)
        look_at(page, square(0, 0, 5000, 1000))
        for place, name in enumerate(names):
            page.mouse.click(*pixel(page, square(1000 * place, 0)))
            page.locator(".leaflet-popup h2", has_text=name).first.wait_for()
        page.click("#qy-lang-button")
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0


def test_the_language_changes_and_changes_back(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan, lang="en"))
    assert page.inner_text("#qy-layers h2") == "Layers and legend"
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click("#qy-lang-button")
    assert page.inner_text("#qy-layers h2") == "图层与图例"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.click("#qy-lang-button")
    assert "Indicative map" in page.inner_text("#qy-note")


def test_dark_follows_the_system_and_the_button(open_map, plan: qy.Plan):
    brightness = "() => getComputedStyle(document.body).backgroundColor"
    light, dark = (open_map(qy.draw(plan), scheme=scheme) for scheme in ("light", "dark"))
    day, night = light.evaluate(brightness), dark.evaluate(brightness)
    assert day != night
    for page, other in ((light, night), (dark, day)):
        page.click("#qy-theme-button")
        assert page.evaluate(brightness) == other


def test_a_telephone(open_map, bundled):
    page = open_map(bundled("overview"), width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator("#qy-panel").is_visible()
    page.click("#qy-panel-button")
    panel = page.locator("#qy-panel").bounding_box()
    assert panel["width"] == 390
    assert panel["height"] < 0.6 * 844
    small = [box for box in page.locator("button:visible").all() if box.bounding_box()["height"] < 40]
    assert small == []
    page.uncheck("input[data-layer=county]")
    page.click("#qy-panel-button")
    assert not page.locator("#qy-panel").is_visible()


def test_the_keyboard_reaches_everything(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.layer || 'map'"))
    assert {"qy-panel-button", "qy-theme-button", "qy-lang-button", "park", "city", "map"} <= reached
    page.focus(".folium-map")
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup .qy-card").first.wait_for()
    nameless = page.evaluate(
        "Array.from(document.querySelectorAll('button, a[href], [tabindex]'))"
        ".filter(e => !e.innerText.trim() && !e.getAttribute('aria-label')).map(e => e.outerHTML)"
    )
    assert nameless == []


def test_names_on_the_map_never_cover_each_other(open_map, bundled):
    page = open_map(bundled("overview"))
    boxes = [name.bounding_box() for name in page.locator(".qy-name:visible").all()]
    assert len(boxes) > 30
    shapes = [shapely.box(b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]) for b in boxes]
    tree = shapely.STRtree(shapes)
    pairs = tree.query(shapes, predicate="intersects")
    assert [(a, b) for a, b in pairs.T if a != b] == []


def test_a_result_lists_its_parcels_and_goes_to_them(open_map, result: qy.CheckResult):
    page = open_map(qy.draw(result))
    parcels = page.locator(".qy-parcel")
    assert parcels.count() == 2
    first = parcels.nth(0).inner_text()
    assert "禁止" in first
    assert "公顷" in first
    assert result.findings.iloc[0]["reason"].split("</script>")[-1] in first
    passed = parcels.nth(1).locator("details")
    assert passed.get_attribute("open") is None
    assert "符合 (2)" in passed.inner_text()
    far = page.evaluate("qy.map.getZoom()")
    parcels.nth(1).locator("button").click()
    assert page.evaluate("qy.map.getZoom()") > far
    x, y = pixel(page, square(-3000, 3000, 100))
    frame = page.locator(".folium-map").bounding_box()
    assert abs(x - (frame["x"] + frame["width"] / 2)) < 100
    assert abs(y - (frame["y"] + frame["height"] / 2)) < 100
    assert page.locator(".qy-marked").count() == 1


def test_a_result_on_a_telephone(open_map, result: qy.CheckResult):
    page = open_map(qy.draw(result), width=390, height=844)
    panel = page.locator("#qy-panel").bounding_box()
    page.locator(".qy-parcel-name").nth(1).click()
    _, y = pixel(page, square(-3000, 3000, 100))
    assert y < panel["y"]  # the sheet does not lie over the parcel


def test_what_folium_adds_is_there(open_map, plan: qy.Plan):
    drawn = qy.draw(plan)
    folium.Marker([23.6, 113.06], popup="from folium").add_to(drawn)
    page = open_map(drawn)
    page.locator(".leaflet-marker-icon").dispatch_event("click")
    assert page.locator(".leaflet-popup").inner_text().startswith("from folium")
    assert page.evaluate("document.querySelector('.leaflet-marker-icon').naturalWidth") > 0


def test_a_map_shows_itself_in_a_notebook(open_map, plan: qy.Plan):
    page = open_map(
        f'<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">{qy.draw(plan)._repr_html_()}'
    )
    page.frame_locator("iframe").locator("body[data-ready]").wait_for()
