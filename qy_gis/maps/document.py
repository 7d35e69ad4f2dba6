"""What a map page is told: a plan, a result or a table as one document, which goes into the page as JSON.

The document holds finished values only: the page's scripts draw and list them, and neither measure nor judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd

from qy_gis.errors import MapError
from qy_gis.maps.layers import describe_layer, describe_overlaps, describe_parcels, describe_rows
from qy_gis.maps.listing import list_parcels
from qy_gis.maps.shapes import Bounds, find_bounds, fit_tolerance, to_degrees
from qy_gis.maps.words import Lang, word, words
from qy_gis.plan.model import Layer, Plan

if TYPE_CHECKING:
    from qy_gis.maps.page import Page
    from qy_gis.verdict.check import CheckResult

#: More features than this make a file that no browser opens in reasonable time.
MOST_FEATURES = 100_000

_KINDS = ("polygon", "mixed", "line", "point")


def describe_plan(plan: Plan, page: Page, *, lang: Lang) -> dict[str, Any]:
    """Return the document of a plan's page."""
    extent = page.extent or plan.study_area
    _refuse_unknown("extent", [extent], plan)
    bounds = find_bounds(to_degrees(plan.features(extent)).geometry)
    if bounds is None:
        raise MapError(f"extent: layer {extent!r} has no features to fit the map to; name a layer with data")
    layers = _plan_layers(plan, page, fit_tolerance(bounds))
    return _document(page, plan, layers, bounds=bounds, lang=lang)


def describe_result(result: CheckResult, page: Page, *, lang: Lang) -> dict[str, Any]:
    """Return the document of a check's page: the plan beneath, then what the parcels meet, and the parcels on top."""
    parcels, overlaps = to_degrees(result.parcels), to_degrees(result.overlaps)
    bounds = find_bounds(parcels.geometry)
    if bounds is None:
        raise MapError("the result has no parcels to draw")
    tolerance_m = fit_tolerance(bounds)
    met = overlaps[(overlaps["feature_id"] != "") & ~(overlaps.geometry.isna() | overlaps.geometry.is_empty)]
    layers = [
        *_plan_layers(result.plan, page, tolerance_m),
        describe_overlaps(met, result.plan, tolerance_m=tolerance_m),
        describe_parcels(parcels, tolerance_m=tolerance_m),
    ]
    document = _document(page, result.plan, layers, bounds=bounds, lang=lang)
    document["groups"].insert(0, {"key": ":result", "title": word("result")})
    return document | {"labels": [":parcels", *page.labels], "listing": list_parcels(result)}


def describe_table(table: gpd.GeoDataFrame, *, lang: Lang) -> dict[str, Any]:
    """Return the document of any table: one layer, its columns shown on a click."""
    moved = to_degrees(table)
    bounds = find_bounds(moved.geometry)
    if bounds is None:
        raise MapError(f"the table has no geometry to draw; it has {len(table)} rows")
    layers = [describe_rows(moved, tolerance_m=fit_tolerance(bounds))]
    _refuse_too_many(layers)
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


def _document(page: Page, plan: Plan, layers: list[dict[str, Any]], *, bounds: Bounds, lang: Lang) -> dict[str, Any]:
    _refuse_too_many(layers)
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


def _plan_layers(plan: Plan, page: Page, tolerance_m: float) -> list[dict[str, Any]]:
    """Return the page's layers, bottom first."""
    keys = list(plan.layers) if page.layers is None else page.layers
    _refuse_unknown("layers", keys, plan)
    features = {key: to_degrees(plan.features(key)) for key in keys}
    strays = [name for name in page.facts if not any(name in table for table in features.values())]
    if strays:
        raise MapError(f"facts: no layer of the page has an attribute {', '.join(map(repr, strays))}")
    if page.layers is None:
        keys = sorted(keys, key=lambda key: _stacking(plan.layers[key], features[key]))
    picked = set(page.on or []) & set(keys)
    return [
        describe_layer(
            plan.layers[key],
            features[key],
            facts=page.facts,
            on=key in picked or not picked,
            labelled=key in page.labels,
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
        raise MapError(
            f"{key}: the plan has no layer {', '.join(map(repr, unknown))}; accepted: {', '.join(plan.layers)}"
        )


def _refuse_too_many(layers: list[dict[str, Any]]) -> None:
    count = sum(len(layer["shapes"]) for layer in layers)
    if count > MOST_FEATURES:
        raise MapError(f"{count:,} features are too many for one page; it takes {MOST_FEATURES:,}: draw a part of them")
