import json

import geopandas as gpd
import pytest
import shapely

import qy_gis as qy
from qy_gis.errors import MapError
from qy_gis.maps import document
from qy_gis.maps.page import Page, read_page
from qy_gis.plan.model import Text

PAGE = Page(title=Text(zh="图", en="Map"), subject="plan", note=Text(zh="注", en="Note"))


def layers_of(described):
    return {layer["key"]: layer for layer in described["layers"]}


def test_a_page_without_layers_takes_all_of_the_plan_small_above_large(plan: qy.Plan):
    described = document.describe_plan(plan, PAGE, lang="zh")
    # The city is the largest; the red line has no data and therefore no size.
    assert [layer["key"] for layer in described["layers"]] == ["city", "farmland", "park", "redline"]
    assert all(layer["on"] for layer in described["layers"])


def test_on_and_labels_pick_from_whatever_plan_there_is(plan: qy.Plan):
    page = PAGE.model_copy(update={"on": ["park", "not_in_this_plan"], "labels": ["city", "not_in_this_plan"]})
    layers = layers_of(document.describe_plan(plan, page, lang="zh"))
    assert [key for key, layer in layers.items() if layer["on"]] == ["park"]
    assert [key for key, layer in layers.items() if layer["anchors"]] == ["city"]


def test_a_layer_says_what_it_rests_on(plan: qy.Plan):
    park = layers_of(document.describe_plan(plan, PAGE, lang="zh"))["park"]
    assert (park["basis"], park["accuracy_m"], park["date"], park["sources"]) == ("indicative", 30, None, ["test"])
    assert (park["names"], park["names_en"], park["codes"]) == (["park 0"], None, ["park0"])


def test_a_layer_without_data_is_on_the_page(plan: qy.Plan):
    redline = layers_of(document.describe_plan(plan, PAGE, lang="zh"))["redline"]
    assert (redline["has_data"], redline["shapes"]) == (False, [])


def test_listed_layers_keep_their_order_and_facts_their_titles(plan: qy.Plan):
    facts = {"feature_id": Text(zh="编号", en="No.")}
    page = PAGE.model_copy(update={"layers": ["park", "city"], "facts": facts})
    described = document.describe_plan(plan, page, lang="zh")
    assert [layer["key"] for layer in described["layers"]] == ["park", "city"]
    park = plan.features("park")
    area, number = described["layers"][0]["facts"]
    assert number == {"title": {"zh": "编号", "en": "No."}, "values": ["park0"]}
    assert area["values"] == [f"{qy.areas(park.geometry, park.crs)[0]:,.2f} m²"]


def test_a_result_has_its_parcels_on_top_and_its_bounds_around_them(result: qy.CheckResult):
    described = document.describe_result(result, read_page("check"), lang="zh")
    assert [layer["key"] for layer in described["layers"]][-2:] == [":overlaps", ":parcels"]
    west, south, east, north = result.parcels.total_bounds
    assert described["bounds"] == pytest.approx((south, west, north, east))
    parcels = layers_of(described)[":parcels"]
    assert [parcels["classes"][place]["title"]["zh"] for place in parcels["class_of"]] == ["禁止", "待核实"]


def test_overlaps_are_the_land_that_is_shared(result: qy.CheckResult):
    overlaps = layers_of(document.describe_result(result, read_page("check"), lang="zh"))[":overlaps"]
    shared = result.overlaps[(result.overlaps["feature_id"] != "") & (result.overlaps["area_m2"] > 0)]
    assert len(overlaps["shapes"]) == len(shared) == 3  # both parcels lie in the city, one on farmland
    titles = [overlaps["classes"][place]["title"]["en"] for place in overlaps["class_of"]]
    assert sorted(titles) == ["city", "city", "farmland"]
    farmland = titles.index("farmland")
    assert [fact["values"][farmland] for fact in overlaps["facts"]][0::2] == ["P1", "50.00%"]


def test_a_table_shows_its_columns_as_text():
    table = gpd.GeoDataFrame(
        {"name": ["a", None], "code": [441802, 441803], "share": [0.5, float("nan")]},
        geometry=[shapely.box(113, 23, 114, 24), None],
        crs="EPSG:4490",
    )
    (layer,) = document.describe_table(table, lang="en")["layers"]
    assert layer["names"] == ["a", None]
    values = {fact["title"]["en"]: fact["values"] for fact in layer["facts"]}
    # The name is the heading of the popup and not said again.
    assert values == {"code": ["441802", "441803"], "share": ["0.5", None]}


def test_too_many_features_are_refused(monkeypatch: pytest.MonkeyPatch, plan: qy.Plan):
    monkeypatch.setattr(document, "MOST_FEATURES", 6)
    with pytest.raises(MapError, match="7 features are too many for one page; it takes 6"):
        document.describe_plan(plan, PAGE, lang="zh")


def test_every_document_is_json(plan: qy.Plan, result: qy.CheckResult):
    for described in (
        document.describe_plan(plan, PAGE, lang="zh"),
        document.describe_result(result, read_page("check"), lang="zh"),
        document.describe_table(result.parcels, lang="zh"),
    ):
        assert json.loads(json.dumps(described, allow_nan=False))["words"]["no_data"] == {
            "zh": "无数据",
            "en": "no data",
        }
