"""A siting on a map page: sites by rank with what each criterion adds to their score, and the land they were found on.

Everything comes finished from `qy_gis.siting`; nothing is measured or ranked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis.columns import VERDICT_TEXT
from qy_gis.errors import ArgumentError
from qy_gis.maps.layers import PLAIN, VERDICT_STYLE, describe_parcels, make_fact, recolour
from qy_gis.maps.listing import MOST_LISTED, count_verdicts, say_area
from qy_gis.maps.palettes import accessible_style
from qy_gis.maps.shapes import pack
from qy_gis.maps.words import text, word
from qy_gis.siting.criteria import Criteria

#: Decimals of a criterion's values, by its unit.
_DECIMALS = {"m": 0, "ha": 2}


def describe_sites(sites: gpd.GeoDataFrame, criteria: Criteria | None, *, tolerance_m: float) -> dict[str, Any]:
    """Return the sites (in degrees) as the layer on top, coloured by verdict and called by their rank."""
    parcels = describe_parcels(sites, tolerance_m=tolerance_m)
    (verdict, _) = parcels["facts"]
    rows = sites.to_dict("records")
    facts = [
        make_fact(word("place"), sites["name"]),
        verdict,
        {"title": word("area"), "values": [say_area(row) for row in rows]},
        make_fact(word("narrowest"), sites["width_m"].map("{:,.0f} m".format)),
    ]
    if "score" in sites:
        facts.append(make_fact(word("score"), sites["score"].map("{:.3f}".format)))
    for part in _list_criteria(sites, criteria):
        told = [f"+{row[f'{part.key}_part']:.3f} · {part.say_value(row)}" for row in rows]
        facts.append({"title": part.title, "values": told})
    return parcels | {
        "key": ":sites",
        "title": word("sites"),
        "group": ":siting",
        "names": [call_site(row) for row in rows],
        "facts": facts,
    }


def describe_land(land: gpd.GeoDataFrame, *, tolerance_m: float) -> list[dict[str, Any]]:
    """Return the land (in degrees) as layers below the sites, one per verdict: unknown land is not eligible land."""
    return [
        _describe_land(land[land["verdict"] == verdict], verdict, number, tolerance_m)
        for number, verdict in enumerate(VERDICT_STYLE)
        if verdict in set(land["verdict"])
    ]


def call_site(row: dict[str, Any]) -> str:
    """Return what a site is called: its rank, if it has one, and its id."""
    return f"{row['rank']} · {row['parcel_id']}" if "rank" in row else str(row["parcel_id"])


def title_land(verdict: str) -> dict[str, str]:
    """Return the title of the land of a verdict."""
    zh, en = VERDICT_TEXT[verdict]
    return {"zh": f"{word('land')['zh']}：{zh}", "en": f"{word('land')['en']}: {en}"}


def list_sites(sites: gpd.GeoDataFrame, criteria: Criteria | None) -> dict[str, Any]:
    """Return the panel's list: the sites in their order, as `qy_gis.maps.listing.list_parcels` lists parcels.

    Where they are ranked the order is that of the ranks, and each has its ``score`` with the ``parts`` it adds up from.
    """
    table = pd.DataFrame(sites.drop(columns=sites.geometry.name)).assign(row=range(len(sites)))
    if "rank" in table:
        table = table.sort_values("rank", kind="stable")
    listed = _list_criteria(sites, criteria) if len(sites) else []
    return {
        "layer": ":sites",
        "title": "sites",
        "counts": count_verdicts(sites),
        "parcels": [_list_site(row, listed) for row in table[:MOST_LISTED].to_dict("records")],
        "unlisted": max(0, len(table) - MOST_LISTED),
        "repairs": [],
    }


@dataclass(frozen=True)
class _Part:
    """A criterion as readers see it: without the criteria of the ranking, its key has to do."""

    key: str
    title: dict[str, str]
    unit: str

    def say_value(self, row: dict[str, Any]) -> str:
        value = f"{row[f'{self.key}_value']:,.{_DECIMALS.get(self.unit, 3)}f}"
        return f"{value} {self.unit}" if self.unit in _DECIMALS else value


def _list_criteria(sites: gpd.GeoDataFrame, criteria: Criteria | None) -> list[_Part]:
    if criteria is None:
        keys = [str(name).removesuffix("_part") for name in sites if str(name).endswith("_part")]
        return [_Part(key, {"zh": key, "en": key}, "") for key in keys]
    missing = [each.key for each in criteria.criteria if f"{each.key}_part" not in sites]
    if missing:
        named = ", ".join(missing)
        raise ArgumentError(
            f"sites are not ranked by {named}; accepted with criteria= is what qy_gis.rank_sites returned",
            zh=f"选址结果未按 {named} 排序；criteria= 须与 qy_gis.rank_sites 返回的表同用",
        )
    return [_Part(each.key, each.title.model_dump(), each.unit) for each in criteria.criteria]


def _describe_land(land: gpd.GeoDataFrame, verdict: str, number: int, tolerance_m: float) -> dict[str, Any]:
    # Lighter than the sites, which lie on it in the same colours.
    style = VERDICT_STYLE[verdict] | {"weight": 0.8}
    return PLAIN | {
        "key": f":land_{verdict}",
        "title": title_land(verdict),
        "group": ":siting",
        "names": [str(part) for part in land["part_id"]],
        "names_en": None,
        "facts": [{"title": word("area"), "values": [say_area(row) for row in land.to_dict("records")]}],
        "classes": [{"title": None, "style": style, "accessible": recolour(style, number)}],
        "hover": False,
        **pack(land.geometry, tolerance_m=tolerance_m, share_outline=False),
    }


def _list_site(row: dict[str, Any], listed: list[_Part]) -> dict[str, Any]:
    return {
        "row": row["row"],
        "id": call_site(row),
        "name": None,
        "place": text(row["name"]),
        "use": text(row["use"]),
        "verdict": row["verdict"],
        "area": say_area(row),
        "declared": None,
        "summary": {"zh": text(row["summary"]) or "", "en": text(row["summary_en"]) or ""},
        "findings": {},
        "score": f"{row['score']:.3f}" if "score" in row else None,
        "sure": _say_sure(row) if "p_first" in row else None,
        "parts": [
            {
                "title": part.title,
                "value": part.say_value(row),
                "part": f"{row[f'{part.key}_part']:.3f}",
                "share": round(float(row[f"{part.key}_part"]), 4),
                "color": accessible_style(number)["color"],
            }
            for number, part in enumerate(listed)
        ],
    }


def _say_sure(row: dict[str, Any]) -> dict[str, str]:
    first, top = f"{row['p_first']:.0%}", f"{row['p_top3']:.0%}"
    return {
        "zh": f"权重变动时：居首 {first} · 前三 {top}",
        "en": f"As weights vary: first in {first}, among three in {top}",
    }
