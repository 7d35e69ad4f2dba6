"""Pictures of a siting: what the rules cost, what makes a site good, and how sure the ranking is.

Each function returns a matplotlib figure, to be saved as PNG, SVG or PDF. They receive finished tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qy_gis import columns
from qy_gis.measure.crs import grid_epsg, zone_at
from qy_gis.siting.criteria import Criteria

#: Fonts with Chinese, best first; the first that is installed is used.
_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei", "Noto Sans CJK JP")

#: Told apart in grey and by the colour-blind (Okabe and Ito, 2008).
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
_LAND, _TAKEN, _OPEN, _LEFT = "#9aa0a6", "#d55e00", "#e6c35c", "#009e73"
_VERDICT = {"suitable": _LEFT, "conditional": "#56b4e9", "undetermined": _OPEN}


def draw_waterfall(costs: pd.DataFrame) -> Figure:
    """Draw what each rule takes of the land, in the order of the table.

    Parameters
    ----------
    costs
        What `qy_gis.rule_costs` returned.
    """
    rows = costs.iloc[::-1].reset_index(drop=True)
    hectares = rows["change_m2"] / 1e4
    with _style():
        figure = Figure(figsize=(9.5, 1.6 + 0.46 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for place, row in enumerate(rows.itertuples()):
            left, change = row.left_m2 / 1e4, hectares[place]
            start, width = (0.0, left) if row.step in ("land", "eligible") else (left, -change)
            colour = {"land": _LAND, "unknown": _OPEN, "eligible": _LEFT}.get(row.step, _TAKEN)
            axes.barh(
                place,
                width,
                left=start,
                facecolor=colour,
                edgecolor="#7a6212",
                height=0.62,
                linewidth=0,
                hatch="//" if row.step == "unknown" else None,
            )
            label = (
                f"{left:,.0f}" if row.step in ("land", "eligible") else f"−{-change:,.0f}" if change <= -5e-1 else "0"
            )
            if row.step in ("rule", "setback"):
                label += f"   (没有本条 without it: +{row.marginal_m2 / 1e4:,.0f})" if row.marginal_m2 >= 5e3 else ""
            axes.annotate(label, (start + width, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
        axes.set_yticks(range(len(rows)), [f"{row.title}\n{row.title_en}" for row in rows.itertuples()], fontsize=8)
        axes.set_xlabel("公顷 ha")
        axes.set_xlim(0, costs["left_m2"].iloc[0] / 1e4 * 1.22)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_title("各规则占用的土地 What each rule takes", loc="left")
        _clean(axes)
    return figure


def draw_contributions(ranked: gpd.GeoDataFrame, criteria: Criteria) -> Figure:
    """Draw what each criterion contributes to the score of each site.

    Parameters
    ----------
    ranked, criteria
        What `qy_gis.rank_sites` returned, and the criteria it was given.
    """
    places = np.arange(len(ranked))[::-1]
    with _style():
        figure = Figure(figsize=(9.5, 1.9 + 0.4 * len(ranked)), layout="constrained")
        axes = figure.add_subplot()
        start = np.zeros(len(ranked))
        for number, each in enumerate(criteria.criteria):
            part = ranked[f"{each.key}_part"].to_numpy()
            colour = _COLOURS[number % len(_COLOURS)]
            axes.barh(places, part, left=start, color=colour, height=0.62, label=f"{each.title.zh} {each.title.en}")
            start = start + part
        for place, score in zip(places, ranked["score"], strict=True):
            axes.annotate(f"{score:.3f}", (score, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
        axes.set_yticks(places, [f"{row.parcel_id} {row.name}" for row in ranked.itertuples(index=False)], fontsize=8.5)
        axes.set_xlim(0, 1.08)
        axes.set_xlabel("得分 score (0-1)")
        axes.set_title("各准则的贡献 What each criterion contributes", loc="left")
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
        _clean(axes)
    return figure


def draw_stability(stability: pd.DataFrame) -> Figure:
    """Draw how often each site takes each rank when the weights vary.

    Parameters
    ----------
    stability
        What `qy_gis.rank_stability` returned.
    """
    shares = stability.to_numpy(dtype=np.float64)
    count = len(stability)
    with _style():
        figure = Figure(figsize=(max(5.0, 2.4 + 0.62 * count), 1.9 + 0.44 * count), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(shares.shape):
            if shares[row, column] >= 0.005:
                dark = shares[row, column] > 0.5
                text = f"{shares[row, column]:.0%}"
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
        axes.set_xticks(range(count), [str(rank) for rank in stability.columns])
        axes.set_yticks(range(count), [str(parcel) for parcel in stability.index])
        axes.set_xlabel("名次 rank")
        axes.set_title("权重变动时的名次 Ranks when weights vary", loc="left")
        figure.colorbar(image, label="抽样占比 share of draws")
    return figure


def draw_sites(sites: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> Figure:
    """Draw sites on the land they were chosen from.

    Parameters
    ----------
    sites
        What `qy_gis.find_sites` or `qy_gis.rank_sites` returned.
    land
        What `qy_gis.eligible_area` returned.
    """
    x0, _, x1, _ = (sites if len(sites) else land).total_bounds
    zone = int(zone_at(np.array([(x0 + x1) / 2]))[0])
    ground, placed = (table.to_crs(grid_epsg(zone, prefixed=False)) for table in (land, sites))
    with _style():
        figure = Figure(figsize=(8.2, 8.2), layout="constrained")
        axes = figure.add_subplot()
        for verdict, colour in _VERDICT.items():
            parts = ground[ground["verdict"] == verdict]
            if len(parts):
                parts.plot(ax=axes, color=colour, alpha=0.45, edgecolor=colour, linewidth=0.6)
                axes.plot(
                    [], [], "s", color=colour, alpha=0.6, markersize=9, label=" ".join(columns.VERDICT_TEXT[verdict])
                )
        if len(placed):
            placed.plot(ax=axes, facecolor="#ffffff88", edgecolor="#20242a", linewidth=1.4)
            for row in placed.itertuples(index=False):
                point = row.geometry.representative_point()
                axes.annotate(
                    str(row.parcel_id), (point.x, point.y), ha="center", va="center", fontsize=9, weight="bold"
                )
        x0, y0, x1, y1 = (placed if len(placed) else ground).total_bounds
        room = 0.25 * max(x1 - x0, y1 - y0)
        axes.set_xlim(x0 - room, x1 + room)
        axes.set_ylim(y0 - room, y1 + room)
        _add_scale(axes)
        axes.set_axis_off()
        axes.set_title("备选地块与可选土地 Sites on eligible land", loc="left")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper right", fontsize=8.5)
    return figure


def _add_scale(axes: Axes) -> None:
    x0, x1 = axes.get_xlim()
    y0, y1 = axes.get_ylim()
    rough = (x1 - x0) / 4
    step = 10 ** np.floor(np.log10(rough))
    metres = float(max(each for each in (step, 2 * step, 5 * step) if each <= rough))
    left, low = x0 + 0.03 * (x1 - x0), y0 + 0.03 * (y1 - y0)
    axes.plot([left, left + metres], [low, low], color="#20242a", linewidth=3, solid_capstyle="butt")
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    axes.annotate(text, (left, low), (0, 5), textcoords="offset points", fontsize=8.5)


def _clean(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


@contextmanager
def _style() -> Iterator[None]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = [name for name in _FONTS if name in installed][:1]
    style: dict[Any, Any] = {
        "font.family": [*families, "DejaVu Sans"],
        "font.size": 9.5,
        "axes.titlesize": 11,
    }
    with matplotlib.rc_context(style):
        yield
