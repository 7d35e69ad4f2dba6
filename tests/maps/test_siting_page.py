"""The page of a siting: sites by rank on the land that the rules leave, and nothing of them can run."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from conftest import parcels_of, square, write_plan
from maps.screen import look_at, pixel
from maps.test_access import faults
from maps.test_hostile import EVIL, TEXT, use_everything
from playwright.sync_api import expect

import qy_gis as qy
from qy_gis.errors import ArgumentError, MapError
from qy_gis.maps import siting
from qy_gis.maps.document import describe_siting
from qy_gis.maps.page import draw, read_page
from qy_gis.reports.siting import Siting, write_siting
from qy_gis.siting.criteria import Criteria

#: A site is worth its hectares out of 100, and something more for being a square.
CRITERIA = Criteria.model_validate(
    {
        "criterion": [
            {
                "key": "large",
                "title": {"zh": "面积大", "en": "Large"},
                "measure": "area",
                "value": {"kind": "linear", "worst": 0.0, "best": 100.0},
                "weight": 3.0,
            },
            {
                "key": "near",
                "title": {"zh": "近农田", "en": "Near farmland"},
                "measure": "distance",
                "layer": "farmland",
                "value": {"kind": "linear", "worst": 5000.0, "best": 0.0},
            },
        ]
    }
)
SMALL, LARGE = square(1200, 200, 700), square(1200, 1500, 900)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> qy.Plan:
    """A park of 3 x 3 km with farmland in its corner, surveyed but for a strip in the east."""
    park = {"shapes": [square(0, 0, 3000)], "rules": [{"kind": "inside", "severity": "approve"}], "accuracy_m": 5}
    farmland = {"shapes": [square(0, 0)], "rules": [{"kind": "outside", "severity": "prohibit"}]}
    spare = {"shapes": None}
    return qy.read_plan(
        write_plan(tmp_path_factory.mktemp("siting") / "plan", {"park": park, "farmland": farmland, "spare": spare})
    )


@pytest.fixture(scope="module")
def land(world: qy.Plan) -> gpd.GeoDataFrame:
    return qy.eligible_area(world, unknown="keep")


@pytest.fixture(scope="module")
def sites(world: qy.Plan) -> gpd.GeoDataFrame:
    given = parcels_of(SMALL, LARGE).assign(name=["小块", "大块"])
    return qy.find_sites(world, area_ha=40, candidates=given)


@pytest.fixture(scope="module")
def ranked(world: qy.Plan, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return qy.rank_sites(sites, world, criteria=CRITERIA)


def described(sites, plan, **more):
    return describe_siting(sites, plan, read_page("siting"), lang="zh", **more)


def test_sites_lie_on_land_by_verdict_and_that_on_the_plan(world, land, ranked):
    layers = described(ranked, world, land=land, criteria=CRITERIA)["layers"]
    assert [layer["key"] for layer in layers] == [
        "city", "park", "farmland", "spare", ":land_undetermined", ":land_suitable", ":sites",
    ]  # fmt: skip
    *_, unknown, suitable, top = layers
    assert unknown["title"] == {"zh": "规则留下的土地：待核实", "en": "Land that the rules leave: to be verified"}
    assert len(suitable["names"]) == (land["verdict"] == "suitable").sum() > 0
    assert (top["names"], top["codes"]) == (["1 · P2", "2 · P1"], ["P2", "P1"])


def test_the_list_goes_by_rank_whatever_the_order_of_the_rows(world, ranked):
    listed = described(ranked[::-1], world, criteria=CRITERIA)["listing"]
    assert [(site["id"], site["row"], site["place"]) for site in listed["parcels"]] == [
        ("1 · P2", 1, "大块"),
        ("2 · P1", 0, "小块"),
    ]
    assert (listed["layer"], listed["counts"]) == (":sites", [{"verdict": "suitable", "parcels": 2}])


def test_parts_have_value_and_title_and_add_up_to_the_score(world, ranked):
    first = described(ranked, world, criteria=CRITERIA)["listing"]["parcels"][0]
    large, near = first["parts"]
    assert (large["title"]["zh"], near["title"]["en"]) == ("面积大", "Near farmland")
    assert large["value"] == f"{ranked['area_ha'].iloc[0]:,.2f} ha"
    assert near["value"].endswith(" m")
    # 81 ha of 100, times the weight of three quarters.
    assert large["share"] == pytest.approx(0.81 * 0.75, abs=1e-3)
    assert large["share"] + near["share"] == pytest.approx(float(first["score"]), abs=1e-3)


def test_without_criteria_their_keys_have_to_do(world, ranked):
    parts = described(ranked, world)["listing"]["parcels"][0]["parts"]
    assert [part["title"]["zh"] for part in parts] == ["large", "near"]


def test_sites_without_a_rank_are_listed_as_they_come(world, sites):
    listed = described(sites, world)["listing"]["parcels"]
    assert [(site["id"], site["score"], site["sure"], site["parts"]) for site in listed] == [
        ("P1", None, None, []),
        ("P2", None, None, []),
    ]


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch, world, sites):
    monkeypatch.setattr(siting, "MOST_LISTED", 1)
    listed = described(sites, world)["listing"]
    assert (len(listed["parcels"]), listed["unlisted"]) == (1, 1)


def test_what_is_refused(world, land, sites, ranked):
    with pytest.raises(ArgumentError, match=r"sites: no columns compactness, width_m.*qy_gis.find_sites"):
        draw(sites.drop(columns=["compactness", "width_m"]), plan=world)
    with pytest.raises(ArgumentError, match=r"land: no columns part_id.*qy_gis.eligible_area"):
        draw(sites, plan=world, land=land.drop(columns="part_id"))
    with pytest.raises(ArgumentError, match=r"not ranked by large, near; accepted .* qy_gis.rank_sites"):
        draw(sites, plan=world, criteria=CRITERIA)
    with pytest.raises(ArgumentError, match="plan= is for sites"):
        draw(world, plan=world)
    with pytest.raises(ArgumentError, match="plan= is for sites"):
        draw(sites, plan=world, by="name")
    with pytest.raises(ArgumentError, match="land= and criteria= are for sites"):
        draw(ranked, criteria=CRITERIA)
    with pytest.raises(MapError, match="is for a plan, and was given sites"):
        draw(sites, plan=world, page="overview")
    with pytest.raises(MapError, match="page siting: is for sites, and was given a plan"):
        draw(world, page="siting")
    with pytest.raises(MapError, match="no sites and no land"):
        draw(sites[:0], plan=world, land=land[:0])


def test_two_renders_are_the_same(world, land, ranked):
    one, other = (draw(ranked, plan=world, land=land, criteria=CRITERIA).get_root().render() for _ in range(2))
    assert one == other


def test_the_list_tells_and_goes_to_a_site(open_map, world, land, ranked):
    page = open_map(draw(ranked, plan=world, page="siting", land=land, criteria=CRITERIA))
    cards = page.locator(".qy-parcel")
    told = cards.first.inner_text()
    for text in ("1 · P2", "可行", "大块", "m²", "公顷", "亩", f"得分 {ranked['score'].iloc[0]:.3f}", "面积大", "居首"):
        assert text in told
    bars = page.evaluate("Array.from(document.querySelectorAll('.qy-part-bar span'), bar => bar.offsetWidth)")
    assert bars[0] > bars[1] > 0
    assert page.locator(".qy-name:visible", has_text="1 · P2").count() == 1
    far = page.evaluate("qy.map.getZoom()")
    cards.nth(1).locator("button").click()
    assert page.evaluate("qy.map.getZoom()") > far
    x, _ = pixel(page, SMALL)
    frame = page.locator(".folium-map").bounding_box()
    assert abs(x - (frame["x"] + frame["width"] / 2)) < 100
    assert page.locator(".qy-marked").count() == 1
    assert "spare" in page.locator("#qy-layers").inner_text()  # without data, and listed


def test_a_click_tells_of_the_site_and_of_the_land_below_it(open_map, world, land, ranked):
    page = open_map(draw(ranked, plan=world, land=land, criteria=CRITERIA, lang="en"))
    look_at(page, LARGE)
    page.mouse.click(*pixel(page, LARGE))
    cards = page.locator(".leaflet-popup .qy-card")
    cards.first.wait_for()
    first, second = cards.all_text_contents()[:2]
    for text in ("1 · P2", "Large", "suitable", " ha", "Score", "Narrowest", "Near farmland"):
        assert text in first
    assert "Land that the rules leave: suitable" in second
    assert faults(page) == []
    page.click("#qy-lang-button")
    assert "得分" in page.locator("#qy-listing").inner_text()
    page.uncheck("input[data-layer=':sites']")
    # A popup that fades out still takes the click.
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    page.mouse.click(*pixel(page, LARGE))
    expect(page.locator(".leaflet-popup h2")).to_have_text(["E1", "park 0", "city 0"])


def test_on_a_telephone_the_sheet_lies_over_no_site(open_map, world, land, ranked):
    page = open_map(draw(ranked, plan=world, land=land, criteria=CRITERIA), width=390, height=844, scheme="dark")
    sheet = page.locator("#qy-panel").bounding_box()["y"]
    for shape in (SMALL, LARGE):
        x, y = pixel(page, shape)
        assert 0 < x < 390
        assert y < sheet
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page) == []


def test_no_site_is_said_beside_the_land(open_map, world, land, sites):
    page = open_map(draw(sites[:0], plan=world, land=land, criteria=CRITERIA))
    assert "没有找到符合要求的地块" in page.locator("#qy-listing").inner_text()
    assert page.locator("input[data-layer=':land_suitable']").is_checked()


def test_nothing_of_a_siting_can_run(open_map, world, land, ranked):
    texts = ["parcel_id", "name", "use", "summary", "summary_en"]
    evil = ranked.assign(**dict.fromkeys(texts, EVIL))
    titled = [each.model_copy(update={"title": type(each.title)(**TEXT)}) for each in CRITERIA.criteria]
    criteria = CRITERIA.model_copy(update={"criteria": titled})
    page = open_map(draw(evil, plan=world, land=land.assign(part_id=EVIL), criteria=criteria))
    use_everything(page, LARGE)
    page.locator(".qy-parcel-name").first.click()
    page.mouse.click(*pixel(page, LARGE))
    page.locator(".leaflet-popup .qy-card").first.wait_for()
    assert page.evaluate("window.ran") is None


def test_nothing_of_a_criterion_s_key_can_run(open_map, world, ranked):
    renamed = {f"large_{part}": f"{EVIL}_{part}" for part in ("value", "worth", "part")}
    use_everything(open_map(draw(ranked.rename(columns=renamed), plan=world)), LARGE)


def test_the_report_holds_the_page(open_map, tmp_path: Path, world, land, ranked):
    found = Siting(
        title="选址",
        plan=world,
        sites=ranked,
        land=land,
        costs=qy.rule_costs(world),
        findings=qy.check(ranked, world).findings,
        criteria=CRITERIA,
        asked={"面积 area": "≥ 50 公顷 ha"},
    )
    text = write_siting(found, tmp_path / "sites.html").read_text(encoding="utf-8")
    page = open_map(text)
    inside = page.frame_locator("iframe")
    inside.locator("body[data-ready]").wait_for()
    assert "1 · P2" in inside.locator(".qy-parcel").first.inner_text()
    assert inside.locator("input[data-layer=park]").count() == 1


def test_the_document_is_json(world, land, ranked):
    document = described(ranked, world, land=land, criteria=CRITERIA)
    assert json.loads(json.dumps(document, allow_nan=False))["labels"][0] == ":sites"
    west, south, east, north = shapely.total_bounds(ranked.geometry.to_numpy())
    assert document["bounds"] == pytest.approx((south, west, north, east))
