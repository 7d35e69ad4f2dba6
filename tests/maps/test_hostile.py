"""Nothing in data can run: every way by which text of others reaches a page, with text that tries."""

import geopandas as gpd
import pandas as pd
import pytest
from conftest import altered, parcels_of, square
from playwright.sync_api import Page

import qy_gis as qy
from qy_gis.maps.page import draw

PAYLOADS = [
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 2</script>",
    "<img src=x onerror=window.ran=3>",
    "<svg onload=window.ran=4>",
    "<iframe srcdoc='<script>parent.ran = 5</script>'></iframe>",
    "javascript:window.ran=6",
    '" onmouseover="window.ran=7',
    "'-(window.ran=8)-'",
    "${window.ran=9}`+(window.ran=9)+`",
    "{{ ''.__class__ }}{% for x in () %}{% endfor %}{# #}",
    "<!--<script>window.ran=10",
    "\u2028</style><style>*{display:none}</style>]]>&lt;script&gt;",
]
EVIL = " ".join(PAYLOADS)
TEXT = {"zh": EVIL, "en": EVIL}


def use_everything(page: Page, place) -> None:
    """Use whatever writes text on the page: popup, tooltip, panel, languages, search, swipe, print."""
    west, south, east, north = gpd.GeoSeries([place], crs="EPSG:4547").to_crs(4490).total_bounds
    page.evaluate("b => qy.map.fitBounds(b, { animate: false })", [[south, west], [north, east]])
    page.mouse.move(400, 400)
    page.mouse.click(420, 420)
    page.wait_for_timeout(30)
    page.click("#qy-lang-button")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.click("[data-tool=search]")
    page.fill("#qy-tool input", "window.ran")
    page.evaluate("qy.openTool('swipe'); qy.openTool('link'); qy.openTool(null)")
    page.wait_for_timeout(30)
    assert page.evaluate("window.ran") is None
    assert page.locator("img, iframe, svg[onload]").count() == 0
    assert page.locator("#qy-layers").is_visible()


def of_plan(plan: qy.Plan, **changes: object) -> qy.Plan:
    return plan.model_copy(update=changes)


def change_layers(plan: qy.Plan, **changes: object) -> qy.Plan:
    return of_plan(plan, layers={key: layer.model_copy(update=changes) for key, layer in plan.layers.items()})


def text_of(plan: qy.Plan):
    return type(plan.title)(**TEXT)


@pytest.mark.parametrize(
    "path",
    ["feature names", "layer title", "basis note", "group title", "source title", "plan title", "earlier edition"],
)
def test_a_plan(open_map, plan: qy.Plan, path: str):
    evil = text_of(plan)
    before = None
    if path == "layer title":
        plan = change_layers(plan, title=evil)
    elif path == "basis note":
        plan = change_layers(plan, basis_note=evil)
    elif path == "group title":
        plan = of_plan(plan, groups=[group.model_copy(update={"title": evil}) for group in plan.groups])
    elif path == "source title":
        plan = of_plan(plan, all_sources={k: s.model_copy(update={"title": EVIL}) for k, s in plan.all_sources.items()})
    elif path == "plan title":
        plan = of_plan(plan, title=evil)
    elif path == "earlier edition":
        before = of_plan(plan, edition=EVIL)
    use_everything(open_map(draw(plan, before=before)), square(0, 0))


def test_title_note_facts_and_number_of_a_page(open_map, plan: qy.Plan, tmp_path):
    import json

    evil = json.dumps(EVIL, ensure_ascii=True)
    both = f"{{ zh = {evil}, en = {evil} }}"
    file = tmp_path / "evil.toml"
    file.write_text(
        f'title = {both}\nsubject = "plan"\nnote = {both}\nreview_number = {evil}\n[facts]\nfeature_id = {both}\n',
        encoding="utf-8",
    )
    use_everything(open_map(draw(plan, page=file)), square(0, 0))


@pytest.mark.parametrize("by", [None, EVIL])
def test_columns_and_cells_of_a_table(open_map, by: str | None):
    table = gpd.GeoDataFrame(
        {"name": PAYLOADS, EVIL: PAYLOADS, "id": [EVIL] * len(PAYLOADS)},
        geometry=[square(1000 * n, 0) for n in range(len(PAYLOADS))],
        crs="EPSG:4547",
    )
    use_everything(open_map(draw(table, by=by)), square(0, 0))


def test_a_result(open_map, plan: qy.Plan):
    parcels = parcels_of(square(-50, 100, 100)).assign(parcel_id=[EVIL], name=[EVIL], use=[EVIL])
    checked = qy.check(parcels.to_crs(4490), plan)
    findings = checked.findings.assign(
        reason=EVIL, reason_en=EVIL, settle=f"{EVIL} / {EVIL}", document=EVIL, article=EVIL
    )
    repairs = pd.DataFrame(
        [[EVIL, EVIL, 1, EVIL, EVIL, EVIL]], columns=["parcel_id", "file", "line", "what", "before", "after"]
    )
    verdicts = checked.verdicts.assign(summary=EVIL, summary_en=EVIL)
    evil = altered(checked, findings=findings, repairs=repairs, verdicts=verdicts)
    use_everything(open_map(draw(evil)), square(0, 0))


def test_the_address(open_map, plan: qy.Plan):
    page = open_map(draw(plan))
    for payload in PAYLOADS:
        page.evaluate("p => { location.hash = 'lang=' + p + '&layers=' + p + '&map=' + p; }", payload)
        page.wait_for_timeout(10)
    use_everything(page, square(0, 0))
