"""Write what a siting found: tables for machines, one offline page for people, a print. One table of formats."""

from __future__ import annotations

import html
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from qy_gis import __version__
from qy_gis.columns import SEVERITY_TEXT
from qy_gis.errors import OutputError
from qy_gis.maps.page import draw
from qy_gis.plan.digest import hash_rules
from qy_gis.plan.model import Plan, Severity
from qy_gis.reports.language import Lang, pick
from qy_gis.reports.placing import known_suffix, placed, write_tables
from qy_gis.reports.siting_rows import list_asked, list_costs, list_criteria, list_findings, list_sites
from qy_gis.siting.criteria import Criteria
from qy_gis.siting.rank import rank_stability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: A figure or the sign that there is none, which stand at the right of their column.
_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?%?|—")

_CSS = """
body { font: 15px/1.55 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 1060px; margin: 2em auto;
       padding: 0 1em; color: #20242a; background: #fff; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
p.note { background: #fff6dc; border-left: 4px solid #e6a400; padding: .6em 1em; }
table { border-collapse: collapse; font-size: .87em; } th, td { padding: .3em .7em; border-bottom: 1px solid #d5d8dc; }
th { text-align: left; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
div.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
"""


@dataclass(frozen=True)
class Siting:
    """What a siting found, ready to be written.

    Attributes
    ----------
    title
        Of the page.
    plan
        That the sites were searched in; it lies beneath them on the map.
    sites
        From `qy_gis.find_sites`, or ranked by `qy_gis.rank_sites`.
    land
        From `qy_gis.eligible_area`, unknown land kept.
    costs
        From `qy_gis.rule_costs`.
    findings
        Of `qy_gis.check` for the sites.
    criteria
        Those of the ranking; None without one.
    asked
        What was asked, in words, by what each demand is called; see `describe_question`.
    """

    title: str
    plan: Plan
    sites: gpd.GeoDataFrame
    land: gpd.GeoDataFrame
    costs: pd.DataFrame
    findings: pd.DataFrame
    criteria: Criteria | None
    asked: dict[str, str]


def describe_question(
    plan: Plan,
    *,
    area_ha: float,
    industry: str | None,
    within: str | None,
    shape: str,
    unknown: str,
    severities: Sequence[Severity],
    setbacks: Mapping[str, float],
    candidates: str | None,
) -> dict[str, str]:
    """Say what was asked and of which plan, so that a reader can ask it again; arguments as for `qy_gis.find_sites`."""
    key = plan.industry(industry)
    title = plan.industries[key].title if key is not None else None
    kept = [f"{plan.layers[layer].title.zh} {layer}: {metres:,g} m" for layer, metres in setbacks.items()]
    return {
        "面积 area": f"≥ {area_ha:g} 公顷 ha",
        "产业 industry": f"{title.zh} {title.en}" if title else "未注明 not stated",
        "范围 within": within or "全部 the whole study area",
        "占用土地的规则 rules that take land": ", ".join(
            "".join(SEVERITY_TEXT[each][:1]) + f" {each}" for each in severities
        ),
        "另加退让 setbacks on top": "; ".join(kept) or "无 none",
        "待核实的土地 unknown land": {"drop": "不用 left out", "keep": "也找，结论为待核实 searched too"}[unknown],
        "从何找起 grown from": candidates or {"whole": "整片 whole parts"}.get(shape, f"{shape} 格 cells"),
        "规划 plan": f"{plan.title.zh} {plan.edition}",
        "规则 rules": f"SHA-256 {hash_rules(plan)}",
        "软件 software": f"qy-gis {__version__}",
    }


def write_siting(siting: Siting, path: str | os.PathLike[str]) -> Path:
    """Write a siting to a file, by the suffix of the path.

    Parameters
    ----------
    siting
        What was found.
    path
        ``.gpkg`` (sites and eligible land with geometry, rule costs and findings without), ``.html`` (one offline page
        with map, tables and pictures) or ``.pdf`` (a print).

    Returns
    -------
    pathlib.Path
        The file. It is written beside its place and moved there, so a failure leaves nothing half-written.

    Raises
    ------
    OutputError
        The suffix is not one of these, the file cannot be written, or matplotlib is missing (extra ``print``).
    """
    target = Path(path)
    write = FORMATS[known_suffix(target, FORMATS)]
    try:
        with placed(target) as part:
            write(siting, part)
    except ImportError as error:
        raise OutputError(
            f"{target.name}: pictures need matplotlib; install it with: pip install 'qy-gis[print]'",
            zh=f"{target.name}：图件需要 matplotlib；请安装：pip install 'qy-gis[print]'",
        ) from error
    return target


def summarise_land(costs: pd.DataFrame, *, lang: Lang | None = None) -> str:
    """Say how much land is surely eligible, and how much nobody knows about; in both languages if ``lang`` is None."""
    step = costs.set_index("step")
    areas = step.at["land", "left_m2"], step.at["eligible", "left_m2"], -step.at["unknown", "change_m2"]
    land, left, unknown = (f"{round(area / 1e4):,}" for area in areas)
    zh = (
        f"全部土地 {land} 公顷：确定可选 {left} 公顷，待核实 {unknown} 公顷"
        "（界线精度不足或没有数据，不计入可选），其余已被规则占用。"
    )
    en = (
        f"Of {land} ha, {left} ha are surely eligible and {unknown} ha unknown (lines too rough, or no "
        "data; never counted as eligible); rules take the rest."
    )
    return f"{zh} {en}" if lang is None else pick(lang, zh, en)


def _pictures(siting: Siting) -> list[Figure]:
    from qy_gis.siting import pictures

    drawn = [pictures.draw_waterfall(siting.costs)]
    if siting.criteria is not None and len(siting.sites):
        drawn.append(pictures.draw_contributions(siting.sites, siting.criteria))
        drawn.append(pictures.draw_stability(rank_stability(siting.sites, siting.criteria)))
    return drawn


def _head_tables(siting: Siting) -> dict[str, pd.DataFrame]:
    return {"备选地块 Sites": list_sites(siting.sites)}


def _tail_tables(siting: Siting) -> dict[str, pd.DataFrame]:
    ranked = siting.criteria is not None and len(siting.sites)
    return {
        "未通过与待核实 What stands against the sites or is unknown": list_findings(siting.findings),
        "各规则占用的土地 What each rule takes": list_costs(siting.costs),
        **({"准则 Criteria": list_criteria(siting.criteria, siting.plan)} if siting.criteria and ranked else {}),
        "所问 What was asked": list_asked(siting.asked, siting.criteria),
    }


def _write_gpkg(siting: Siting, path: Path) -> None:
    tables = {"sites": siting.sites, "eligible": siting.land, "rule_costs": siting.costs, "findings": siting.findings}
    write_tables(path, tables)


def _write_html(siting: Siting, path: Path) -> None:
    parts = [
        f"<h1>{html.escape(siting.title)}</h1>",
        f'<p class="note">{html.escape(summarise_land(siting.costs))}</p>',
    ]
    parts += [_section(heading, table) for heading, table in _head_tables(siting).items()]
    if len(siting.land) + len(siting.sites):
        drawn = draw(siting.sites, plan=siting.plan, land=siting.land, criteria=siting.criteria)
        parts += ["<h2>地图 Map</h2>", drawn._repr_html_()]
    parts += [_svg(figure) for figure in _pictures(siting)]
    parts += [_section(heading, table) for heading, table in _tail_tables(siting).items()]
    page = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(siting.title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_CSS}</style></head>\n'
        f"<body>{''.join(parts)}</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _write_pdf(siting: Siting, path: Path) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    from qy_gis.maps.siting_sheet import draw_siting_sheet
    from qy_gis.reports.siting_print import fit_to_page, set_tables

    figures = [*set_tables(siting.title, summarise_land(siting.costs), _head_tables(siting))]
    if len(siting.land) + len(siting.sites):
        figures.append(draw_siting_sheet(siting.sites, siting.land, siting.plan))
    for figure in _pictures(siting):
        figures.append(fit_to_page(figure))
    figures += set_tables("", "", _tail_tables(siting))
    # Without a date the same siting gives the same file.
    with PdfPages(path, metadata={"Title": siting.title, "CreationDate": None}) as pages:
        for figure in figures:
            pages.savefig(figure)


FORMATS: dict[str, Callable[[Siting, Path], None]] = {".gpkg": _write_gpkg, ".html": _write_html, ".pdf": _write_pdf}


def _section(heading: str, table: pd.DataFrame) -> str:
    return f"<h2>{heading}</h2>" + (_table(table) if len(table) else "<p>没有。 None.</p>")


def _table(rows: pd.DataFrame) -> str:
    def cell(text: str) -> str:
        mark = ' class="number"' if _NUMBER.fullmatch(text) else ""
        return f"<td{mark}>{html.escape(text)}</td>"

    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows.columns)
    body = "".join(f"<tr>{''.join(cell(text) for text in row)}</tr>" for row in rows.itertuples(index=False))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _svg(figure: Figure) -> str:
    import matplotlib

    text = io.StringIO()
    # Without a date and with ids that are not random, the same siting gives the same page.
    with matplotlib.rc_context({"svg.hashsalt": "qy_gis"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
