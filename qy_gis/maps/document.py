"""What a map page is told: a plan, a result, a siting or a table as one document, which goes into the page as JSON.

The document holds finished values only: the page's scripts draw and list them, and neither measure nor judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd

from qy_gis import columns
from qy_gis.errors import ArgumentError, MapError
from qy_gis.maps.extents import find_extents
from qy_gis.maps.layers import describe_layer, describe_overlaps, describe_parcels, describe_rows
from qy_gis.maps.listing import list_parcels
from qy_gis.maps.shapes import Bounds, find_bounds, fit_tolerance, to_degrees
from qy_gis.maps.siting import describe_land, describe_sites, list_sites
from qy_gis.maps.surroundings import keep_near, keep_surroundings
from qy_gis.maps.words import Lang, word, words
from qy_gis.plan.model import Layer, Plan
from qy_gis.verdict.evidence import say_layer_repairs

if TYPE_CHECKING:
    from qy_gis.maps.page import Page
    from qy_gis.siting.criteria import Criteria
    from qy_gis.verdict.check import CheckResult

#: More features than this make a file that no browser opens in reasonable time.
MOST_FEATURES = 100_000

#: Parcels and tables are looked at closely: their lines never move farther, however far they lie apart.
MOST_TOLERANCE_M = 2.0

_KINDS = ("polygon", "mixed", "line", "point")


def describe_plan(plan: Plan, page: Page, *, lang: Lang, before: Plan | None = None) -> dict[str, Any]:
    """Return the document of a plan's page; layers of an earlier edition, if given, to hold against it."""
    extent = page.extent or plan.study_area
    _refuse_unknown("extent", [extent], plan)
    bounds = find_bounds(to_degrees(plan.features(extent)).geometry)
    if bounds is None:
        raise MapError(
            f"extent: layer {extent!r} has no features to fit the map to; name a layer with data",
            zh=f"extent：图层 {extent!r} 没有要素，定不出图幅范围；请换有数据的图层",
        )
    layers = _plan_layers(plan, page, fit_tolerance(bounds))
    document = _document(page, plan, layers, bounds=bounds, lang=lang)
    return document if before is None else _add_edition(document, before, page)


def describe_result(result: CheckResult, page: Page, *, lang: Lang) -> dict[str, Any]:
    """Return the document of a check's page: the plan beneath, then what the parcels meet, and the parcels on top."""
    parcels, overlaps = to_degrees(result.parcels), to_degrees(result.overlaps)
    bounds = find_bounds(parcels.geometry)
    if bounds is None:
        raise MapError(
            "the result has no parcels to draw; check one or more parcels first",
            zh="检查结果中没有可画的地块；请先检查至少一个地块",
        )
    tolerance_m = min(fit_tolerance(bounds), MOST_TOLERANCE_M)
    met = overlaps[(overlaps["feature_id"] != "") & ~(overlaps.geometry.isna() | overlaps.geometry.is_empty)]
    _refuse_too_many(len(parcels) + len(met))
    layers = [
        *_plan_layers(keep_surroundings(result.plan, bounds), page, tolerance_m),
        describe_overlaps(met, result.plan, tolerance_m=tolerance_m),
        describe_parcels(parcels, tolerance_m=tolerance_m),
    ]
    document = _document(page, result.plan, layers, bounds=bounds, lang=lang)
    document["groups"].insert(0, {"key": ":result", "title": word("result")})
    listing = list_parcels(result) | _note_repairs(result.plan)
    return document | {"labels": [":parcels", *page.labels], "listing": listing}


def describe_siting(
    sites: gpd.GeoDataFrame,
    plan: Plan,
    page: Page,
    *,
    lang: Lang,
    land: gpd.GeoDataFrame | None = None,
    criteria: Criteria | None = None,
) -> dict[str, Any]:
    """Return the document of a siting's page: the plan beneath, then the land, and the sites on top."""
    _refuse_missing("sites", sites, columns.SITES, "qy_gis.find_sites or qy_gis.rank_sites")
    sites = to_degrees(sites)
    bounds = find_bounds(sites.geometry)
    if land is not None:
        _refuse_missing("land", land, columns.ELIGIBLE, "qy_gis.eligible_area")
        land = to_degrees(land)
        # Where no site was found, the land shows why.
        bounds = bounds or find_bounds(land.geometry)
        land = None if bounds is None else keep_near(land, bounds)
    if bounds is None:
        raise MapError(
            "there are no sites and no land to draw; search with other conditions",
            zh="没有可画的选址结果，也没有可选用地；请放宽条件再选",
        )
    tolerance_m = min(fit_tolerance(bounds), MOST_TOLERANCE_M)
    _refuse_too_many(len(sites) + (0 if land is None else len(land)))
    layers = [
        *_plan_layers(keep_surroundings(plan, bounds), page, tolerance_m),
        *([] if land is None else describe_land(land, tolerance_m=tolerance_m)),
        *([describe_sites(sites, criteria, tolerance_m=tolerance_m)] if len(sites) else []),
    ]
    document = _document(page, plan, layers, bounds=bounds, lang=lang)
    document["groups"].insert(0, {"key": ":siting", "title": word("siting")})
    listing = list_sites(sites, criteria) | _note_repairs(plan)
    return document | {"labels": [":sites", *page.labels], "listing": listing}


def _note_repairs(plan: Plan) -> dict[str, list[dict[str, str]]]:
    """Return what the side panel says of layers that were repaired as they were read."""
    return {"notes": [{"zh": note.zh, "en": note.en} for note in say_layer_repairs(plan)]}


def describe_table(table: gpd.GeoDataFrame, *, lang: Lang, by: str | None = None) -> dict[str, Any]:
    """Return the document of any table: one layer, its columns shown on a click, coloured by one of them."""
    if by is not None and by not in table:
        accepted = ", ".join(map(str, table.columns))
        raise ArgumentError(
            f"by={by!r} is not a column of the table; accepted: {accepted}",
            zh=f"by={by!r} 不是表中的字段；可用的字段：{accepted}",
        )
    moved = to_degrees(table)
    bounds = find_bounds(moved.geometry)
    if bounds is None:
        raise MapError(
            f"the table has no geometry to draw; it has {len(table)} rows; give one with outlines, lines or points",
            zh=f"表中没有可画的图形（共 {len(table)} 行）；请给出有面、线或点的表",
        )
    _refuse_too_many(len(moved))
    layers = [describe_rows(moved, by=by, tolerance_m=min(fit_tolerance(bounds), MOST_TOLERANCE_M))]
    return {
        "lang": lang,
        "title": word("features"),
        "note": None,
        "review_number": None,
        "words": words(),
        "groups": [{"key": ":table", "title": word("layer")}],
        "sources": {},
        "labels": [],
        "large_label": None,
        "layers": layers,
        "bounds": bounds,
        "listing": None,
    }


def _add_edition(document: dict[str, Any], before: Plan, page: Page) -> dict[str, Any]:
    """Return the document with the layers that another edition has too, in a group of their own and hidden at first."""
    keys = [layer["key"] for layer in document["layers"] if layer["key"] in before.layers]
    facts = {name: title for name, title in page.facts.items() if any(name in before.features(key) for key in keys)}
    shown = page.model_copy(update={"layers": keys, "facts": facts})
    earlier = [
        layer | {"key": f":before_{layer['key']}", "group": ":before", "on": False, "anchors": None}
        for layer in _plan_layers(before, shown, fit_tolerance(document["bounds"]))
    ]
    title = {lang: f"{text} ({before.edition})" for lang, text in word("before").items()}
    cited = {source for layer in earlier for source in layer["sources"]}
    return document | {
        "layers": [*document["layers"], *earlier],
        "groups": [*document["groups"], {"key": ":before", "title": title}],
        "sources": {key: before.all_sources[key].title for key in sorted(cited)} | document["sources"],
    }


def _document(page: Page, plan: Plan, layers: list[dict[str, Any]], *, bounds: Bounds, lang: Lang) -> dict[str, Any]:
    cited = {source for layer in layers for source in layer["sources"]}
    shown = {layer["group"] for layer in layers}
    return {
        "lang": lang,
        "title": page.title.model_dump(),
        "note": page.note.model_dump(),
        "review_number": page.review_number,
        "words": words(),
        "groups": [
            {"key": group.key, "title": group.title.model_dump()} for group in plan.groups if group.key in shown
        ],
        "sources": {key: source.title for key, source in plan.all_sources.items() if key in cited},
        "labels": page.labels,
        "large_label": page.labels[0] if page.labels else None,
        "layers": layers,
        "bounds": bounds,
        "listing": None,
    }


def pick_layers(plan: Plan, page: Page) -> tuple[list[str], set[str]]:
    """Return the layers of a page, bottom first, and those of them that are visible at first."""
    keys = list(plan.layers) if page.layers is None else page.layers
    _refuse_unknown("layers", keys, plan)
    if page.layers is None:
        keys = sorted(keys, key=lambda key: _stacking(plan.layers[key], to_degrees(plan.features(key))))
    picked = set(page.on or []) & set(keys)
    return keys, picked or set(keys)


def _plan_layers(plan: Plan, page: Page, tolerance_m: float) -> list[dict[str, Any]]:
    """Return the page's layers, bottom first."""
    keys, visible = pick_layers(plan, page)
    features = {key: to_degrees(plan.features(key)) for key in keys}
    _refuse_too_many(sum(map(len, features.values())))
    strays = [name for name in page.facts if not any(name in table for table in features.values())]
    if strays:
        named = ", ".join(map(repr, strays))
        raise MapError(
            f"facts: no layer of the page has an attribute {named}; correct it, or leave it out",
            zh=f"facts：该页各图层都没有字段 {named}；请改正或删去",
        )
    # Context stays as it is: only what the plan says is coloured anew.
    context = plan.layers[plan.study_area].group
    coloured = [key for key in keys if plan.layers[key].group != context]
    return [
        describe_layer(
            plan.layers[key],
            features[key],
            extents=find_extents(plan, key),
            facts=page.facts,
            on=key in visible,
            labelled=key in page.labels,
            number=coloured.index(key) if key in coloured else None,
            tolerance_m=tolerance_m,
        )
        for key in keys
    ]


def _stacking(layer: Layer, features: gpd.GeoDataFrame) -> tuple[int, bool, float]:
    """Return the place of a layer from the bottom: areas below points, fills below outlines, large below small."""
    south, west, north, east = find_bounds(features.geometry) or (0.0, 0.0, 0.0, 0.0)
    return _KINDS.index(layer.geometry), layer.style.fill is None, -(north - south) * (east - west)


def _refuse_unknown(key: str, names: list[str], plan: Plan) -> None:
    unknown = [name for name in names if name not in plan.layers]
    if unknown:
        named, accepted = ", ".join(map(repr, unknown)), ", ".join(plan.layers)
        raise MapError(
            f"{key}: the plan has no layer {named}; accepted: {accepted}",
            zh=f"{key}：规划中没有图层 {named}；可用的图层：{accepted}",
        )


def _refuse_missing(name: str, table: gpd.GeoDataFrame, needed: list[str], made_by: str) -> None:
    missing = [column for column in needed if column not in table]
    if missing:
        named = ", ".join(missing)
        raise ArgumentError(
            f"{name}: no columns {named}; accepted is what {made_by} returned",
            zh=f"{name}：缺字段 {named}；应为 {made_by} 返回的表",
        )


def _refuse_too_many(count: int) -> None:
    if count > MOST_FEATURES:
        raise MapError(
            f"{count:,} features are too many for one page; it takes {MOST_FEATURES:,}: draw a part of them, or put "
            "them on paper (qy-gis map NAME -o page.pdf)",
            zh=f"{count:,} 个要素，一页放不下，最多 {MOST_FEATURES:,} 个；请只画其中一部分，"
            "或出纸图（qy-gis map NAME -o page.pdf）",
        )
