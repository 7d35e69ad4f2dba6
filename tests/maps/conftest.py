"""A headless browser that lets nothing out, and a small plan whose names try to run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pytest
from conftest import parcels_of, square, write_plan
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

import qy_gis as qy
from qy_gis.maps.offline import OfflineMap

HOSTILE = [
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 2</script>",
    '<img src="x" onerror="window.ran = 3">',
    "{{ 7 * 7 }}{% raw %}",
    "\" onmouseover='window.ran = 4'",
]

OpenMap = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("QY_GIS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium, or set QY_GIS_CHROMIUM to its path")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*quiet, "--disable-component-update"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def bundled() -> Callable[[str], OfflineMap]:
    """The pages of the bundled plan, each drawn once: nothing changes a map by opening it."""
    plan = qy.read_plan()
    return lru_cache(lambda page: qy.draw(plan, page=page))


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[OpenMap]:
    """Open a map, or any HTML, as a file. Any request and any word on the console fails the test in the end."""
    faults: list[str] = []
    contexts = []

    def open_file(shown: OfflineMap | str, *, width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
        path = tmp_path / f"page{len(contexts)}.html"
        if isinstance(shown, str):
            path.write_text(shown, encoding="utf-8")
        else:
            shown.save(path)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()

        def answer(route: Route) -> None:
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                faults.append(f"request: {route.request.url[:120]}")
                route.abort()

        def listen(message: ConsoleMessage) -> None:
            faults.append(f"console: {message.type}: {message.text}")

        context.route("**/*", answer)
        page.on("console", listen)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.goto(path.as_uri())
        if not isinstance(shown, str):
            page.wait_for_selector("body[data-ready]")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def plan(tmp_path: Path) -> qy.Plan:
    """A city, farmland with hostile names over its middle, a park, and a red line without data."""
    folder = write_plan(
        tmp_path / "plan",
        {
            "farmland": {
                "shapes": [square(1000 * n, 0) for n in range(len(HOSTILE))],
                "rules": [{"kind": "outside", "severity": "prohibit"}],
                "zh": HOSTILE[1],
            },
            "park": {"shapes": [square(0, 2000)], "zh": "园区", "accuracy_m": 30},
            "redline": {"shapes": None, "zh": "红线", "rules": [{"kind": "outside", "severity": "prohibit"}]},
        },
    )
    table = {"id": [f"f{n}" for n in range(len(HOSTILE))], "name": HOSTILE, "name_en": HOSTILE}
    shapes = [square(1000 * n, 0) for n in range(len(HOSTILE))]
    gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4547").to_file(folder / "farmland.gpkg", engine="pyogrio")
    return qy.read_plan(folder)


@pytest.fixture
def result(plan: qy.Plan) -> qy.CheckResult:
    """P1 half on farmland, P2 clear of everything; both wait for the red line."""
    parcels = parcels_of(square(-50, 100, 100), square(-3000, 3000, 100)).assign(name=[HOSTILE[2], "乙地块"])
    return qy.check(parcels.to_crs(4490), plan)
