"""An atlas: an index sheet, then a sheet for every feature of the layers that a page names, with bookmarks."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from qy_gis.errors import ArgumentError, MapError
from qy_gis.maps.output import replace_file
from qy_gis.maps.page import pick_page
from qy_gis.maps.paper import Content, Palette, draw_sheet, find_extent, gather_content, render
from qy_gis.maps.sheet import Paper, Sheet, fit_sheet
from qy_gis.maps.words import Lang, text, word
from qy_gis.plan.model import Layer, Plan

#: A place that is a point, or smaller, is shown with this much around it, metres.
_LEAST_EXTENT_M = 25_000.0


@dataclass(frozen=True)
class Leaf:
    """A sheet of an atlas: of which layer and feature, with the facts that stand beside the map."""

    layer: Layer
    feature_id: str
    name: str
    sheet: Sheet
    facts: list[str]


def write_atlas(
    plan: Plan,
    path: str | os.PathLike[str],
    *,
    page: str | Path = "atlas",
    lang: Lang = "zh",
    paper: Paper | None = None,
    palette: Palette = "plan",
    date: dt.date | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> int:
    """Write an atlas as one PDF.

    Parameters
    ----------
    plan
        The plan.
    path
        The file, ``.pdf``.
    page
        A page whose ``each`` names the layers of which every feature has a sheet.
    lang, paper, palette, date
        As for `qy_gis.maps.paper.draw_on_paper`.
    progress
        Called before each sheet.

    Returns
    -------
    int
        The number of sheets, the index included.

    Raises
    ------
    ArgumentError
        The ending is not .pdf.
    MapError
        The page has no ``each``, or names a layer that the plan lacks.
    OutputError
        The file cannot be written.
    """
    from pypdf import PdfReader, PdfWriter

    if Path(path).suffix.lower() != ".pdf":
        name = Path(path).name
        raise ArgumentError(
            f"{name}: an atlas is a PDF; accepted: a name that ends in .pdf",
            zh=f"{name}：图集是 PDF；文件名应以 .pdf 结尾",
        )
    picked = pick_page(page, "atlas", "plan")
    unknown = [key for key in picked.each if key not in plan.layers]
    if unknown or not picked.each:
        named, accepted = ", ".join(map(repr, unknown)), ", ".join(plan.layers)
        found = f"the plan has no layer {named}" if unknown else "the page names no layers"
        found_zh = f"规划中没有图层 {named}" if unknown else "页面没有列出图层"
        raise MapError(f"each: {found}; accepted: {accepted}", zh=f"each：{found_zh}；可用的图层：{accepted}")
    content = gather_content(plan, picked, lang=lang, palette=palette)
    leaves = list_leaves(content, paper or picked.paper)
    writer = PdfWriter()
    headings: dict[str, Any] = {}
    for number, (title, figure) in enumerate(_draw_sheets(content, leaves, paper or picked.paper, date)):
        if progress is not None:
            progress(number, len(leaves) + 1, title)
        writer.append(PdfReader(io.BytesIO(render(figure, ".pdf"))), import_outline=False)
        if number == 0:
            writer.add_outline_item(title=title, page_number=0)
            continue
        layer = leaves[number - 1].layer
        if layer.key not in headings:
            headings[layer.key] = writer.add_outline_item(title=getattr(layer.title, lang), page_number=number)
        writer.add_outline_item(title=title, page_number=number, parent=headings[layer.key])
    buffer = io.BytesIO()
    writer.compress_identical_objects()
    writer.write(buffer)
    replace_file(path, buffer.getvalue())
    return len(leaves) + 1


def list_leaves(content: Content, paper: Paper) -> list[Leaf]:
    """Return the sheets of an atlas after its index, in the order of the page's ``each``."""
    leaves = []
    for key in content.page.each:
        features = content.plan.features(key)
        for row in range(len(features)):
            feature = features.iloc[[row]]
            if feature.geometry.iloc[0] is None or feature.geometry.is_empty.iloc[0]:
                continue
            sheet = fit_sheet(paper, content.zone, _widen(find_extent(content, feature)), None)
            layer = content.plan.layers[key]
            facts = _list_facts(content, layer, feature)
            leaves.append(Leaf(layer, feature["feature_id"].iloc[0], _name(feature, content.lang), sheet, facts))
    return leaves


def _draw_sheets(content: Content, leaves: list[Leaf], paper: Paper, date: dt.date | None) -> Any:
    """Yield title and figure of the index and of every leaf."""
    plan, lang = content.plan, content.lang
    sheet = fit_sheet(paper, content.zone, find_extent(content, plan.features(plan.study_area)), None)
    index = [f"{number}  {leaf.name}" for number, leaf in enumerate(leaves, start=2)]
    framed = [(str(number), leaf.sheet.bounds) for number, leaf in enumerate(leaves, start=2)]
    title = f"{getattr(content.page.title, lang)} · {word('index')[lang]}"
    yield title, draw_sheet(content, sheet, date=date, title=title, facts=index, framed=framed)
    for number, leaf in enumerate(leaves, start=2):
        heading = f"{number}  {leaf.name}"
        focus = (leaf.layer.key, leaf.feature_id)
        yield leaf.name, draw_sheet(content, leaf.sheet, date=date, title=heading, facts=leaf.facts, focus=focus)


def _list_facts(content: Content, layer: Layer, feature: gpd.GeoDataFrame) -> list[str]:
    lang = content.lang
    colon = "：" if lang == "zh" else ": "
    facts = [f"{getattr(layer.title, lang)} · {word(layer.basis)[lang]} · ±{layer.accuracy_m:,.0f} m"]
    for column, title in content.page.facts.items():
        value = text(feature[column].iloc[0]) if column in feature else None
        if value:
            facts.append(f"{getattr(title, lang)}{colon}{value}")
    return [*facts, getattr(layer.basis_note, lang)]


def _name(feature: gpd.GeoDataFrame, lang: Lang) -> str:
    other = text(feature["feature_name_en"].iloc[0]) if lang == "en" else None
    return other or text(feature["feature_name"].iloc[0]) or word("unnamed")[lang]


def _widen(extent: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = extent
    wide = max(0.0, (_LEAST_EXTENT_M - (east - west)) / 2)
    high = max(0.0, (_LEAST_EXTENT_M - (north - south)) / 2)
    return west - wide, south - high, east + wide, north + high
