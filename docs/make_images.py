"""Make the pictures of the README anew: ``make docs``. Needs Chromium."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import qy_gis as qy
from qy_gis.plan.read import bundled_folder

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Draw the pages and take their pictures."""
    examples = bundled_folder("examples")
    parcels = qy.read_parcels(examples / "parcels" / "mixed.gpkg")
    pages = {
        "overview": qy.draw(qy.read_plan()),
        "check": qy.draw(qy.check(parcels, qy.read_plan(examples / "office"), industry="新能源")),
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, page in pages.items():
            file = Path(folder) / f"{name}.html"
            page.save(file)
            tab = browser.new_page(viewport={"width": 1360, "height": 860})
            tab.goto(file.as_uri())
            tab.wait_for_selector("body[data-ready]")
            tab.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
