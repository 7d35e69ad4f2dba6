"""The layers of a map page, each as a dictionary that goes into the page's document.

=============  ==============================================================================================
key            value
=============  ==============================================================================================
``key``        the plan's key, or one with a colon, which no plan's layer can have
``title``      text in both languages
``group``      key of the group it stands under in the panel
``names``      one per feature, or None; ``names_en`` the same in English, None where there are none
``codes``      one per feature, by which it can be searched; None where there are none
``facts``      further columns for the popup: ``title``, and ``values`` per feature (a text or None; where there are
               ``choices``, the place of one of them)
``classes``    how features are drawn: ``style``, what the accessible palette changes of it (``accessible``), and,
               where there are several, ``title``
``band``       where lines may be, packed like the layer itself; None: they are exact, or it is not known
``class_of``   place in ``classes`` per feature; None: all are of the first
``anchors``    where names are written, per feature (longitude, latitude); None: they are not
=============  ==============================================================================================

Further: ``basis``, ``basis_note``, ``accuracy_m``, ``date``, ``sources``, ``on`` (visible at first), ``hover`` (named
under the pointer), ``has_data``, and the geometry as `qy_gis.maps.shapes.pack` writes it.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis.maps.extents import Extents, format_area
from qy_gis.maps.palettes import accessible_style, land_use_colours
from qy_gis.maps.shapes import pack, place_label
from qy_gis.maps.words import text, word
from qy_gis.plan.model import Layer, Plan, Text

#: How a parcel is drawn, by its verdict: colours that stay apart for the colour-blind, and a hatch beside them.
VERDICT_STYLE: dict[str, dict[str, Any]] = {
    "prohibited": {"color": "#b3261e", "fill": "#d9453b", "hatch": "cross", "weight": 2.5},
    "undetermined": {"color": "#8a5a00", "fill": "#f0b429", "hatch": "dots", "weight": 2.5},
    "conditional": {"color": "#1d5fa8", "fill": "#4a7fd6", "hatch": "diag", "weight": 2.5},
    "suitable": {"color": "#1b7a43", "fill": "#58b37d", "hatch": None, "weight": 2.5},
}
_TABLE_STYLE: dict[str, Any] = {"color": "#1d5fa8", "fill": "#5b9bd9", "hatch": None, "weight": 1.2}

#: Names of more features than these are not written on the map.
MOST_LABELLED = 400

#: Columns that name a feature of a table that is not a plan's: the first that is there.
_NAME_COLUMNS = ("feature_name", "name", "parcel_id", "feature_id", "id")

#: What holds for a layer that is not a plan's own.
PLAIN: dict[str, Any] = {
    "facts": [],
    "codes": None,
    "class_of": None,
    "band": None,
    "anchors": None,
    "basis": None,
    "basis_note": None,
    "accuracy_m": None,
    "date": None,
    "sources": [],
    "on": True,
    "hover": True,
    "has_data": True,
}


def describe_layer(
    layer: Layer,
    features: gpd.GeoDataFrame,
    *,
    extents: Extents,
    facts: dict[str, Text],
    on: bool,
    labelled: bool,
    number: int | None,
    tolerance_m: float,
) -> dict[str, Any]:
    """Return a layer of a plan.

    Parameters
    ----------
    layer, features
        The layer and its features in degrees; no rows where it has no data.
    extents
        Areas of its features, and the band in which its lines may be.
    facts
        Columns to show in the popup, with their titles; those that the layer lacks are left out.
    on
        Whether it is visible at first.
    labelled
        Whether the names of its features are written on the map.
    number
        Its number among the layers that the accessible palette colours; None: it stays as it is.
    tolerance_m
        How far a line may move, metres.
    """
    style = layer.style.model_dump()
    # A line that may be off by far need not be drawn to the metre.
    tolerance_m = max(tolerance_m, layer.accuracy_m / 100)
    area = {"title": word("area"), "values": [format_area(area_m2) for area_m2 in extents.area_m2.tolist()]}
    return PLAIN | {
        "key": layer.key,
        "title": layer.title.model_dump(),
        "group": layer.group,
        "names": _texts(features["feature_name"]),
        "names_en": _other(_texts(features["feature_name_en"]), _texts(features["feature_name"])),
        "codes": _texts(features["feature_id"]),
        "facts": [
            area,
            *(make_fact(title.model_dump(), features[name]) for name, title in facts.items() if name in features),
        ],
        "classes": [{"title": None, "style": style, "accessible": {} if number is None else recolour(style, number)}],
        "anchors": _anchors(features.geometry) if labelled else None,
        "band": _pack_band(extents, max(tolerance_m, layer.accuracy_m / 20)),
        "basis": layer.basis,
        "basis_note": layer.basis_note.model_dump(),
        "accuracy_m": layer.accuracy_m,
        "date": layer.date.isoformat() if layer.date else None,
        "sources": layer.sources,
        "on": on,
        "has_data": layer.has_data,
        # A dashed line that two neighbours both draw would look solid.
        **pack(features.geometry, tolerance_m=tolerance_m, share_outline=layer.basis != "statutory"),
    }


def describe_overlaps(overlaps: gpd.GeoDataFrame, plan: Plan, *, tolerance_m: float) -> dict[str, Any]:
    """Return the land that parcels share with features of the plan (overlaps in degrees, each with an area)."""
    met = [key for key in plan.layers if key in set(overlaps["layer"])]
    pairs = [
        (plan.layers[layer].title, text(name) or "")
        for layer, name in zip(overlaps["layer"], overlaps["feature_name"], strict=True)
    ]
    return PLAIN | {
        "key": ":overlaps",
        "title": word("overlaps"),
        "group": ":result",
        "names": [f"{title.zh} {name}".strip() for title, name in pairs],
        "names_en": [f"{title.en} {name}".strip() for title, name in pairs],
        "facts": [
            make_fact(word("parcel"), overlaps["parcel_id"]),
            make_fact(word("area"), overlaps["area_m2"].map("{:,.2f} m²".format)),
            make_fact(word("share"), overlaps["share"].map("{:.2%}".format)),
        ],
        "hover": False,
        # The outline alone, in the colour of what is met: a fill would hide the verdict of the parcel above.
        "classes": [
            {
                "title": plan.layers[key].title.model_dump(),
                "style": (style := plan.layers[key].style.model_dump() | {"fill": None, "hatch": None}),
                "accessible": {"color": accessible_style(number)["color"], "weight": style["weight"] + 1},
            }
            for number, key in enumerate(met)
        ],
        "class_of": [met.index(key) for key in overlaps["layer"]],
        "has_data": len(overlaps) > 0,
        **pack(overlaps.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def describe_parcels(parcels: gpd.GeoDataFrame, *, tolerance_m: float) -> dict[str, Any]:
    """Return the parcels of a result (in degrees), coloured by verdict."""
    met = [verdict for verdict in VERDICT_STYLE if verdict in set(parcels["verdict"])]
    names = [text(name) or str(key) for name, key in zip(parcels["name"], parcels["parcel_id"], strict=True)]
    return PLAIN | {
        "key": ":parcels",
        "title": word("parcels"),
        "group": ":result",
        "names": names,
        "names_en": None,
        "codes": [str(key) for key in parcels["parcel_id"]],
        "facts": [
            {
                "title": word("verdict"),
                "choices": [word(verdict) for verdict in met],
                "values": [met.index(verdict) for verdict in parcels["verdict"]],
            },
            make_fact(word("area"), parcels["area_m2"].map("{:,.2f} m²".format)),
        ],
        "classes": [
            {"title": word(verdict), "style": style, "accessible": recolour(style, number)}
            for number, (verdict, style) in enumerate(VERDICT_STYLE.items())
            if verdict in met
        ],
        "class_of": [met.index(verdict) for verdict in parcels["verdict"]],
        "anchors": _anchors(parcels.geometry),
        **pack(parcels.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def describe_rows(table: gpd.GeoDataFrame, *, by: str | None, tolerance_m: float) -> dict[str, Any]:
    """Return any table (in degrees) as one layer, with its other columns for the popup, coloured by one of them.

    Verdicts have their colours, land uses those of the planning norm; other values those of the accessible palette.
    """
    named = next((column for column in _NAME_COLUMNS if column in table), None)
    names = [str(label) for label in table.index] if named is None else _texts(table[named])
    columns = table.drop(columns=table.geometry.name)
    return PLAIN | {
        "key": ":table",
        "title": word("features"),
        "group": ":table",
        "names": names,
        "names_en": None,
        "facts": [make_fact({"zh": str(name), "en": str(name)}, columns[name]) for name in columns if name != named],
        **(_one_class() if by is None else _classes_by(table[by])),
        **pack(table.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def recolour(style: dict[str, Any], number: int) -> dict[str, Any]:
    """Return what the accessible palette changes of a style: nothing of outlines without a fill or a hatch."""
    if style["fill"] is None and style["hatch"] is None:
        return {}
    other = accessible_style(number)
    return {
        "color": other["color"],
        "fill": other["fill"] if style["fill"] else None,
        "hatch": other["hatch"] or style["hatch"],
    }


def _one_class() -> dict[str, Any]:
    return {"classes": [{"title": None, "style": _TABLE_STYLE, "accessible": {}}]}


def _classes_by(column: pd.Series) -> dict[str, Any]:
    values = ["" if value is None else value for value in _texts(column)]
    met = list(dict.fromkeys(values))
    place = {value: number for number, value in enumerate(met)}
    norm = land_use_colours()
    classes = []
    for number, value in enumerate(met):
        other = accessible_style(number)
        style = other | {"weight": 1.2}
        if value in norm:
            style = {"color": "#5a6675", "fill": norm[value], "hatch": None, "weight": 0.8}
        title = {"zh": value, "en": value} if value else word("unnamed")
        if value in VERDICT_STYLE:
            style, title = VERDICT_STYLE[value] | {"weight": 0.8}, word(value)
        classes.append({"title": title, "style": style, "accessible": other})
    return {"classes": classes, "class_of": [place[value] for value in values]}


def _anchors(geometries: gpd.GeoSeries) -> list[list[float]] | None:
    # Names of more features than these would cover each other, and the map.
    return [place_label(geometry) for geometry in geometries] if len(geometries) <= MOST_LABELLED else None


def _pack_band(extents: Extents, tolerance_m: float) -> dict[str, Any] | None:
    if extents.band.is_empty:
        return None
    return pack(gpd.GeoSeries([extents.band], crs="EPSG:4490"), tolerance_m=tolerance_m, share_outline=False)


def _other(texts: list[str | None], first: list[str | None]) -> list[str | None] | None:
    """Return the texts unless they say nothing new."""
    return None if all(text is None or text == known for text, known in zip(texts, first, strict=True)) else texts


def _texts(column: pd.Series) -> list[str | None]:
    return [text(value) for value in column]


def make_fact(title: dict[str, str], column: pd.Series) -> dict[str, Any]:
    """Return a column for the popup."""
    values = _texts(column)
    met = list(dict.fromkeys(value for value in values if value is not None))
    # A text that comes again and again is written once.
    if len(met) * 4 > len(values):
        return {"title": title, "values": values}
    place = {value: number for number, value in enumerate(met)}
    return {"title": title, "choices": met, "values": [None if value is None else place[value] for value in values]}
