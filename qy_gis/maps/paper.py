"""A page on paper: the layers of a plan in its grid, at an exact scale, as PDF, PNG or SVG."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from qy_gis.errors import ArgumentError, MapError

try:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise MapError(
        "maps on paper need matplotlib and pypdf: pip install 'qy-gis[print]'",
        zh="纸图需要 matplotlib 与 pypdf；请安装：pip install 'qy-gis[print]'",
    ) from error

from qy_gis.maps import furniture
from qy_gis.maps.document import pick_layers
from qy_gis.maps.extents import find_extents
from qy_gis.maps.fonts import check_glyphs
from qy_gis.maps.ink import draw_band, draw_features, to_sheet
from qy_gis.maps.layers import recolour
from qy_gis.maps.names import Name, write_names
from qy_gis.maps.output import replace_file
from qy_gis.maps.page import Page, pick_page
from qy_gis.maps.shapes import to_degrees
from qy_gis.maps.sheet import SIZES, Box, Paper, Sheet, fit_sheet, frame_of
from qy_gis.maps.words import Lang, text
from qy_gis.overlay.zones import grid_zone_of
from qy_gis.plan.model import Layer, Plan, Style

#: What a map on paper can be written as.
FORMATS = (".pdf", ".png", ".svg")

Palette = Literal["plan", "accessible"]

#: Size of names on the map, points: of the page's first layer of names, and of the others.
_LARGE, _SMALL = 9.0, 6.0

#: White around the extent, as a part of it.
_ROOM = 0.03

#: Text stays as it is: no formulas, and the same file every time.
_SETTINGS: Any = {"svg.hashsalt": "qy_gis", "hatch.linewidth": 0.35, "text.parse_math": False}


@dataclass(frozen=True)
class Drawn:
    """A layer to draw: its features and its band, in degrees, and its style."""

    layer: Layer
    style: Style
    features: gpd.GeoDataFrame
    band: BaseGeometry


@dataclass(frozen=True)
class Content:
    """What the sheets of a page share, gathered once: layers bottom first, those without data, the study area."""

    plan: Plan
    page: Page
    lang: Lang
    layers: list[Drawn]
    empty: list[Layer]
    study_area: gpd.GeoDataFrame
    zone: int


def draw_on_paper(
    plan: Plan,
    *,
    page: str | Path = "overview",
    lang: Lang = "zh",
    paper: Paper | None = None,
    scale: int | None = None,
    palette: Palette = "plan",
    date: dt.date | None = None,
) -> Figure:
    """Draw a page of a plan on paper.

    Parameters
    ----------
    plan
        The plan.
    page
        Name of a bundled page, see `qy_gis.maps.page.pages`, or path of a page file.
    lang
        Language of the sheet.
    paper
        Size; as the page says if absent.
    scale
        The map is 1:scale, exactly so in the grid; as the page says if absent, else a round one at which its extent
        fits.
    palette
        ``plan``: the colours that the layers bring; ``accessible``: colours that the colour-blind can tell apart.
    date
        Day to print on the sheet; absent: none.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with `save_paper`, which keeps the scale.

    Raises
    ------
    ArgumentError
        An argument is not one of those accepted.
    MapError
        The page does not fit the plan, or no font has all its characters.

    Examples
    --------
    >>> import qy_gis as qy
    >>> figure = draw_on_paper(qy.read_plan(), page="zones", paper="A4")
    >>> [round(float(inch) * 25.4) for inch in figure.get_size_inches()]
    [297, 210]
    """
    accepted = {"lang": ("zh", "en"), "paper": (None, *SIZES), "palette": ("plan", "accessible")}
    for name, value in {"lang": lang, "paper": paper, "palette": palette}.items():
        if value not in accepted[name]:
            choices = ", ".join(map(str, accepted[name]))
            raise ArgumentError(
                f"{name}={value!r} is not accepted; accepted: {choices}", zh=f"{name}={value!r} 无效，应为：{choices}"
            )
    content = gather_content(plan, pick_page(page, "overview", "plan"), lang=lang, palette=palette)
    shown = content.page.extent or plan.study_area
    sheet = fit_sheet(
        paper or content.page.paper,
        content.zone,
        find_extent(content, plan.features(shown)),
        scale or content.page.scale,
    )
    return draw_sheet(content, sheet, date=date)


def gather_content(plan: Plan, page: Page, *, lang: Lang, palette: Palette) -> Content:
    """Gather what the sheets of a page show: the layers that it has visible at first."""
    keys, visible = pick_layers(plan, page)
    context = plan.layers[plan.study_area].group
    coloured = [key for key in keys if plan.layers[key].group != context]
    layers = []
    for key in keys:
        layer = plan.layers[key]
        if key not in visible or not layer.has_data:
            continue
        style = layer.style
        if palette == "accessible" and key in coloured:
            style = style.model_copy(update=recolour(style.model_dump(), coloured.index(key)))
        layers.append(Drawn(layer, style, to_degrees(plan.features(key)), find_extents(plan, key).band))
    empty = [plan.layers[key] for key in keys if not plan.layers[key].has_data]
    study_area = to_degrees(plan.features(plan.study_area))
    return Content(plan, page, lang, layers, empty, study_area, grid_zone_of(plan))


def find_extent(content: Content, features: gpd.GeoDataFrame) -> Box:
    """Return the bounds of features in the grid of the sheets, with a little room around them."""
    grid = Sheet("A4", content.zone, (0, 0), 1).epsg
    west, south, east, north = to_degrees(features).geometry.segmentize(0.01).to_crs(grid).total_bounds.tolist()
    room = _ROOM * max(east - west, north - south)
    return west - room, south - room, east + room, north + room


def draw_sheet(
    content: Content,
    sheet: Sheet,
    *,
    date: dt.date | None,
    title: str | None = None,
    facts: Sequence[str] = (),
    focus: tuple[str, str] | None = None,
    framed: Sequence[tuple[str, Box]] = (),
) -> Figure:
    """Draw one sheet of a page or of an atlas.

    Parameters
    ----------
    content
        What the sheets share.
    sheet
        Paper, place and scale.
    date
        Day to print; None: none.
    title
        Instead of the page's.
    facts
        Lines beside the map, above the legend.
    focus
        Layer and id of the feature that the sheet is about: its name is written first, and large.
    framed
        Numbers and bounds of other sheets, whose frames are drawn.
    """
    plan, page, lang = content.plan, content.page, content.lang
    width, height = SIZES[sheet.paper]
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width / 25.4, height / 25.4), facecolor="white")
        FigureCanvasAgg(figure)
        axes = furniture.add_axes(figure, sheet, frame_of(sheet.paper))
        furniture.draw_frame(axes, sheet)
        shapes = {drawn.layer.key: to_sheet(drawn.features, sheet) for drawn in content.layers}
        for drawn in content.layers:
            draw_band(axes, drawn.band, drawn.style, sheet)
            draw_features(axes, shapes[drawn.layer.key], drawn.style, drawn.layer.basis, sheet)
        furniture.draw_frames(axes, framed)
        write_names(axes, _find_names(content, shapes, focus), metres_per_mm=sheet.metres_per_mm)
        furniture.write_title(figure, sheet, title or getattr(page.title, lang), getattr(plan.title, lang))
        furniture.write_foot(
            figure, sheet, note=getattr(page.note, lang), review_number=page.review_number, date=date, lang=lang
        )
        city = content.study_area.geometry.segmentize(0.01).to_crs(sheet.epsg)
        part = not shapely.box(*sheet.bounds).covers(shapely.box(*city.total_bounds))
        floor = furniture.SCALE_HEIGHT + (furniture.inset_size(sheet) if part else 0)
        column = furniture.Column(figure, sheet, floor=floor)
        for line in facts:
            column.lines(line, points=7)
        seen = [one for one in content.layers if not shapely.is_empty(shapes[one.layer.key]).all()]
        furniture.write_legend(column, [(drawn.layer, drawn.style) for drawn in seen], content.empty, lang)
        furniture.draw_scale(column, sheet, lang)
        if part:
            furniture.draw_inset(figure, sheet, city.to_numpy(), plan.layers[plan.study_area].style)
    check_glyphs(artist.get_text() for artist in figure.findobj(matplotlib.text.Text))
    return figure


def save_paper(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a sheet as .pdf, .png (300 dots an inch) or .svg. The same sheet gives the same file.

    Raises
    ------
    OutputError
        The file cannot be written, or its ending is not one of those.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        choices, file = ", ".join(FORMATS), Path(path).name
        raise ArgumentError(
            f"{file}: no ending of a map on paper; accepted: {choices}",
            zh=f"{file}：纸图没有这种格式；文件名应以 {choices} 结尾",
        )
    replace_file(path, render(figure, suffix))


def render(figure: Figure, suffix: str) -> bytes:
    """Return a sheet as the bytes of a file of that ending."""
    # Files that differ by the moment they were made cannot be compared.
    undated: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {}}
    buffer = io.BytesIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format=suffix[1:], dpi=300, metadata=undated[suffix])
    return buffer.getvalue()


def _find_names(
    content: Content, shapes: dict[str, np.ndarray[Any, np.dtype[np.object_]]], focus: tuple[str, str] | None
) -> list[Name]:
    """Return the names to write: that of the sheet's own feature, then in the order of the page's layers of names."""
    names: list[Name] = []
    for number, key in enumerate(content.page.labels):
        drawn = next((one for one in content.layers if one.layer.key == key), None)
        if drawn is None:
            continue
        columns = drawn.features[["feature_id", "feature_name", "feature_name_en"]]
        for shape, (code, zh, en) in zip(shapes[key], columns.itertuples(index=False), strict=True):
            written = (text(en) if content.lang == "en" else None) or text(zh)
            large = number == 0 or focus == (key, code)
            if written:
                name = Name(written, shape, _LARGE if large else _SMALL, bold=large)
                names.insert(0 if focus == (key, code) else len(names), name)
    return names
