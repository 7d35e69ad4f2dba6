"""The layers of a map page, each as a dictionary that goes into the page's document.

=============  ==============================================================================================
key            value
=============  ==============================================================================================
``key``        the plan's key, or one with a colon, which no plan's layer can have
``title``      text in both languages
``group``      key of the group it stands under in the panel
``names``      one per feature, or None; ``names_en`` the same in English
``facts``      further columns for the popup: ``title``, and ``values`` per feature (a text, both languages, or None)
``classes``    how features are drawn: ``style`` and, where there are several, ``title``
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

from qy_gis.maps.shapes import pack, place_label
from qy_gis.maps.words import text, word
from qy_gis.plan.model import Layer, Plan, Text

#: How a parcel is drawn, by its verdict: colours that stay apart for the colour-blind, and a hatch beside them.
VERDICT_STYLE: dict[str, dict[str, Any]] = {
    "prohibited": {"color": "#b3261e", "fill": "#d9453b", "hatch": "cross", "weight": 2.5},
    "undetermined": {"color": "#8a5a00", "fill": "#f0b429", "hatch": "dots", "weight": 2.5},
    "conditional": {"color": "#1d5fa8", "fill": "#5b9bd9", "hatch": "diag", "weight": 2.5},
    "suitable": {"color": "#1b7a43", "fill": "#58b37d", "hatch": None, "weight": 2.5},
}
_TABLE_STYLE: dict[str, Any] = {"color": "#1d5fa8", "fill": "#5b9bd9", "hatch": None, "weight": 1.2}

#: Columns that name a feature of a table that is not a plan's: the first that is there.
_NAME_COLUMNS = ("feature_name", "name", "parcel_id", "feature_id", "id")

#: What holds for a layer that is not a plan's own.
_PLAIN: dict[str, Any] = {
    "facts": [],
    "class_of": None,
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
    layer: Layer, features: gpd.GeoDataFrame, *, facts: dict[str, Text], on: bool, labelled: bool, tolerance_m: float
) -> dict[str, Any]:
    """Return a layer of a plan.

    Parameters
    ----------
    layer, features
        The layer and its features in degrees; no rows where it has no data.
    facts
        Columns to show in the popup, with their titles; those that the layer lacks are left out.
    on
        Whether it is visible at first.
    labelled
        Whether the names of its features are written on the map.
    tolerance_m
        How far a line may move, metres.
    """
    return _PLAIN | {
        "key": layer.key,
        "title": layer.title.model_dump(),
        "group": layer.group,
        "names": _texts(features["feature_name"]),
        "names_en": _texts(features["feature_name_en"]),
        "facts": [_fact(title.model_dump(), features[name]) for name, title in facts.items() if name in features],
        "classes": [{"title": None, "style": layer.style.model_dump()}],
        "anchors": [place_label(geometry) for geometry in features.geometry] if labelled else None,
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
    return _PLAIN | {
        "key": ":overlaps",
        "title": word("overlaps"),
        "group": ":result",
        "names": [f"{title.zh} {name}".strip() for title, name in pairs],
        "names_en": [f"{title.en} {name}".strip() for title, name in pairs],
        "facts": [
            _fact(word("parcel"), overlaps["parcel_id"]),
            _fact(word("area"), overlaps["area_m2"].map("{:,.2f} m²".format)),
            _fact(word("share"), overlaps["share"].map("{:.2%}".format)),
        ],
        "hover": False,
        # The outline alone, in the colour of what is met: a fill would hide the verdict of the parcel above.
        "classes": [
            {
                "title": plan.layers[key].title.model_dump(),
                "style": plan.layers[key].style.model_dump() | {"fill": None, "hatch": None},
            }
            for key in met
        ],
        "class_of": [met.index(key) for key in overlaps["layer"]],
        "has_data": len(overlaps) > 0,
        **pack(overlaps.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def describe_parcels(parcels: gpd.GeoDataFrame, *, tolerance_m: float) -> dict[str, Any]:
    """Return the parcels of a result (in degrees), coloured by verdict."""
    met = [verdict for verdict in VERDICT_STYLE if verdict in set(parcels["verdict"])]
    names = [text(name) or str(key) for name, key in zip(parcels["name"], parcels["parcel_id"], strict=True)]
    return _PLAIN | {
        "key": ":parcels",
        "title": word("parcels"),
        "group": ":result",
        "names": names,
        "names_en": names,
        "facts": [
            {"title": word("verdict"), "values": [word(verdict) for verdict in parcels["verdict"]]},
            _fact(word("area"), parcels["area_m2"].map("{:,.2f} m²".format)),
        ],
        "classes": [{"title": word(verdict), "style": VERDICT_STYLE[verdict]} for verdict in met],
        "class_of": [met.index(verdict) for verdict in parcels["verdict"]],
        "anchors": [place_label(geometry) for geometry in parcels.geometry],
        **pack(parcels.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def describe_rows(table: gpd.GeoDataFrame, *, tolerance_m: float) -> dict[str, Any]:
    """Return any table (in degrees) as one layer, with all its columns for the popup."""
    named = next((column for column in _NAME_COLUMNS if column in table), None)
    names = [str(label) for label in table.index] if named is None else _texts(table[named])
    columns = table.drop(columns=table.geometry.name)
    return _PLAIN | {
        "key": ":table",
        "title": word("features"),
        "group": ":table",
        "names": names,
        "names_en": names,
        "facts": [_fact({"zh": str(name), "en": str(name)}, columns[name]) for name in columns],
        "classes": [{"title": None, "style": _TABLE_STYLE}],
        **pack(table.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def _texts(column: pd.Series) -> list[str | None]:
    return [text(value) for value in column]


def _fact(title: dict[str, str], column: pd.Series) -> dict[str, Any]:
    return {"title": title, "values": _texts(column)}
