"""A siting on paper: sites by rank and the land they were found on, over the plan, at an exact scale."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from qy_gis.errors import MapError
from qy_gis.maps.layers import VERDICT_STYLE
from qy_gis.maps.page import pick_page
from qy_gis.maps.paper import Content, Drawn, find_extent, gather_content
from qy_gis.maps.paper import draw_sheet as draw_content
from qy_gis.maps.shapes import find_bounds, to_degrees
from qy_gis.maps.sheet import Paper, fit_sheet
from qy_gis.maps.siting import call_site, title_land
from qy_gis.maps.surroundings import keep_near, keep_surroundings
from qy_gis.maps.words import Lang, word
from qy_gis.plan.model import Layer, Plan, Style, Text

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise MapError(
        "maps on paper need matplotlib and pypdf: pip install 'qy-gis[print]'",
        zh="纸图需要 matplotlib 与 pypdf；请安装：pip install 'qy-gis[print]'",
    ) from error


def draw_siting_sheet(
    sites: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    plan: Plan,
    *,
    lang: Lang = "zh",
    paper: Paper = "A4",
    date: dt.date | None = None,
) -> Figure:
    """Draw sites and the land on a sheet of the page `maps/siting.toml`.

    Parameters
    ----------
    sites
        What `qy_gis.find_sites` or `qy_gis.rank_sites` returned.
    land
        What `qy_gis.eligible_area` returned.
    plan
        The plan beneath.
    lang, paper, date
        As for `qy_gis.maps.paper.draw_on_paper`.

    Returns
    -------
    matplotlib.figure.Figure
        The sites fill the sheet; where there are none, the land does.

    Raises
    ------
    MapError
        There is nothing to draw, or no font has all its characters.
    """
    sites, land = to_degrees(sites), to_degrees(land)
    bounds = find_bounds(sites.geometry) or find_bounds(land.geometry)
    if bounds is None:
        raise MapError(
            "there are no sites and no land to draw; search with other conditions",
            zh="没有可画的选址结果，也没有可选用地；请放宽条件再选",
        )
    page = pick_page(None, "siting", "sites")
    content = gather_content(keep_surroundings(plan, bounds), page, lang=lang, palette="plan")
    # The outline of a city is cut off at no edge of the surroundings, and neither is its land.
    land = keep_near(land, bounds)
    above = [
        _as_layer(land[land["verdict"] == verdict], verdict)
        for verdict in VERDICT_STYLE
        if verdict in set(land["verdict"])
    ]
    labels = page.labels
    if len(sites):
        above.append(_as_layer(sites, "sites"))
        labels = ["sites", *labels]
    whole = Content(
        plan=content.plan,
        page=page.model_copy(update={"labels": labels}),
        lang=lang,
        layers=[*content.layers, *above],
        empty=content.empty,
        study_area=content.study_area,
        zone=content.zone,
    )
    extent = find_extent(whole, sites if len(sites) else land)
    return draw_content(whole, fit_sheet(paper, whole.zone, extent, None), date=date)


def _as_layer(table: gpd.GeoDataFrame, what: str) -> Drawn:
    """Return sites, or the land of one verdict, as a layer: what is found is a proposal, and drawn like one."""
    title, style = (
        (word("sites"), {"color": "#20242a", "weight": 2.5})
        if what == "sites"
        else (title_land(what), VERDICT_STYLE[what] | {"weight": 0.8})
    )
    layer = Layer(
        key=what,
        title=Text(**title),
        group="siting",
        geometry="polygon",
        basis="indicative",
        basis_note=Text(**title),
        accuracy_m=0,
        coverage="study_area",
        sources=["siting"],
        style=Style(**style),
        folder=Path(),
    )
    names = np.array([call_site(row) for row in table.to_dict("records")] if what == "sites" else [""] * len(table))
    features = gpd.GeoDataFrame(
        {"feature_id": names, "feature_name": names, "feature_name_en": names},
        geometry=table.geometry.to_numpy(),
        crs=table.crs,
    )
    return Drawn(layer, layer.style, features, shapely.Polygon())
