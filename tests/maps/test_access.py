"""Whether people who use no mouse, a screen reader, a small screen or a dark one can use the pages."""

from pathlib import Path

import pytest

import qy_gis as qy

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FAULTS = """() => axe.run(document).then(result =>
  result.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")))"""


def faults(page):
    # What is still fading in has no contrast yet.
    page.evaluate(
        """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
        .then(() => Promise.allSettled(document.getAnimations().map(one => one.finished)))
        .then(() => null)"""
    )
    page.evaluate(AXE)
    return page.evaluate(FAULTS)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_on_the_overview(open_map, bundled, width: int, scheme: str):
    page = open_map(bundled("overview"), width=width, height=844, scheme=scheme)
    if width == 390:
        page.click("#qy-panel-button")
    assert faults(page) == []


@pytest.mark.parametrize("tool", ["search", "measure", "swipe", "print", "link"])
def test_axe_finds_nothing_in_a_tool(open_map, plan: qy.Plan, tool: str):
    page = open_map(qy.draw(plan))
    page.click(f"[data-tool={tool}]")
    assert faults(page) == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.tool") == tool


def test_axe_finds_nothing_on_a_result(open_map, result: qy.CheckResult):
    page = open_map(qy.draw(result))
    page.focus(".folium-map")
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup .qy-card").first.wait_for()
    assert faults(page) == []


@pytest.mark.parametrize("tool", ["search", "measure", "swipe", "print", "link"])
def test_a_tool_fits_a_telephone(open_map, plan: qy.Plan, tool: str):
    page = open_map(qy.draw(plan), width=390, height=844)
    page.click(f"[data-tool={tool}]")
    box = page.locator("#qy-tool").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390 - 50  # the buttons stay in reach
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_measuring_by_keyboard(open_map, plan: qy.Plan):
    page = open_map(qy.draw(plan))
    page.focus("[data-tool=measure]")
    page.keyboard.press("Enter")
    page.focus(".folium-map")
    page.keyboard.press("Enter")
    page.evaluate("qy.map.panBy([200, 0], { animate: false })")
    page.keyboard.press("Enter")
    assert not page.inner_text(".qy-reading").startswith("0.0 m")
