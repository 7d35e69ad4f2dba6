"""Make the pictures of the README and of docs/maps.md anew: ``make docs``. Needs Chromium and the extra ``print``."""

import shutil
import tempfile
import warnings
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

import qy_gis as qy
from qy_gis.maps.offline import OfflineMap
from qy_gis.maps.paper import draw_on_paper
from qy_gis.plan.read import bundled_folder

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Draw the pages and take their pictures."""
    examples = bundled_folder("examples")
    plan = qy.read_plan()
    warnings.simplefilter("ignore", qy.GridWarning)
    parcels = qy.read_parcels(examples / "parcels" / "mixed.gpkg")
    result = qy.check(parcels, qy.read_plan(examples / "office"), industry="新能源")
    overview = qy.draw(plan)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        take_picture(browser, overview, "overview")
        take_picture(browser, qy.draw(result), "check")
        take_picture(browser, qy.draw(plan, page="layout", lang="en"), "layout-dark", dark=True)
        take_picture(browser, overview, "telephone", width=390, height=844)
        browser.close()
    draw_on_paper(plan, page="zones").savefig(IMAGES / "paper.png", dpi=90)


def take_picture(
    browser: Browser, page: OfflineMap, name: str, *, width: int = 1360, height: int = 860, dark: bool = False
) -> None:
    """Open a page as a file and photograph it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.html"
        page.save(file)
        tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
        tab.goto(file.as_uri())
        tab.wait_for_selector("body[data-ready]")
        tab.screenshot(path=IMAGES / f"{name}.png")
        tab.close()


if __name__ == "__main__":
    main()
