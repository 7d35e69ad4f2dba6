"""Write what a siting found: tables for machines, one offline page for people, a print. One table of formats."""

from __future__ import annotations

import html
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from qy_gis import columns
from qy_gis.errors import OutputError
from qy_gis.maps.page import draw
from qy_gis.plan.model import Plan
from qy_gis.reports.placing import placed
from qy_gis.siting.criteria import Criteria
from qy_gis.siting.rank import rank_stability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADS = {
    "rank": "名次 rank",
    "parcel_id": "编号 site",
    "name": "位置 where",
    "area_ha": "公顷 ha",
    "area_mu": "亩 mu",
    "width_m": "最窄 width (m)",
    "compactness": "紧凑度 compactness",
    "verdict": "结论 verdict",
    "score": "得分 score",
    "p_first": "居首概率 P(first)",
    "p_top3": "前三概率 P(top 3)",
    "shift": "改变名次的权重 shift",
}

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
    """

    title: str
    plan: Plan
    sites: gpd.GeoDataFrame
    land: gpd.GeoDataFrame
    costs: pd.DataFrame
    findings: pd.DataFrame
    criteria: Criteria | None


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
    write = FORMATS.get(target.suffix.lower())
    if write is None:
        raise OutputError(f"{target}: cannot write {target.suffix or 'no suffix'!r}; accepted: {list(FORMATS)}")
    try:
        with placed(target) as part:
            write(siting, part)
    except ImportError as error:
        raise OutputError(
            f"{target}: pictures need matplotlib; install it with: pip install 'qy-gis[print]'"
        ) from error
    return target


def summarise_land(costs: pd.DataFrame) -> str:
    """Say in one sentence of each language how much land is surely eligible, and how much nobody knows about."""
    step = costs.set_index("step")
    land, left = step.at["land", "left_m2"] / 1e4, step.at["eligible", "left_m2"] / 1e4
    unknown = -step.at["unknown", "change_m2"] / 1e4
    return (
        f"全部土地 {land:,.0f} 公顷：确定可选 {left:,.0f} 公顷，待核实 {unknown:,.0f} 公顷"
        "（界线精度不足或没有数据，不计入可选），其余已被规则占用。 "
        f"Of {land:,.0f} ha, {left:,.0f} ha are surely eligible and {unknown:,.0f} ha unknown (lines too rough, or no "
        "data; never counted as eligible); rules take the rest."
    )


def _pictures(siting: Siting) -> dict[str, Figure]:
    from qy_gis.siting import pictures

    drawn = {"土地 Land": pictures.draw_waterfall(siting.costs)}
    if siting.criteria is not None and len(siting.sites):
        drawn["得分 Scores"] = pictures.draw_contributions(siting.sites, siting.criteria)
        drawn["稳健性 Stability"] = pictures.draw_stability(rank_stability(siting.sites, siting.criteria))
    return drawn


def _write_gpkg(siting: Siting, path: Path) -> None:
    path.unlink(missing_ok=True)
    siting.sites.to_file(path, layer="sites", driver="GPKG", engine="pyogrio")
    siting.land.to_file(path, layer="eligible", driver="GPKG", engine="pyogrio")
    for name, table in {"rule_costs": siting.costs, "findings": siting.findings}.items():
        gpd.GeoDataFrame(table, geometry=[None] * len(table), crs=siting.sites.crs).to_file(
            path, layer=name, driver="GPKG", engine="pyogrio"
        )


def _write_html(siting: Siting, path: Path) -> None:
    parts = [
        f"<h1>{html.escape(siting.title)}</h1>",
        f'<p class="note">{html.escape(summarise_land(siting.costs))}</p>',
    ]
    parts += ["<h2>备选地块 Sites</h2>", _site_table(siting.sites)]
    if len(siting.land) + len(siting.sites):
        drawn = draw(siting.sites, plan=siting.plan, land=siting.land, criteria=siting.criteria)
        parts += ["<h2>地图 Map</h2>", drawn._repr_html_()]
    for heading, figure in _pictures(siting).items():
        parts += [f"<h2>{heading}</h2>", _svg(figure)]
    parts += ["<h2>未通过与待核实 What stands against them or is unknown</h2>", _finding_table(siting.findings)]
    page = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(siting.title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_CSS}</style></head>\n'
        f"<body>{''.join(parts)}</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _write_pdf(siting: Siting, path: Path) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    from qy_gis.siting import pictures

    # Without a date the same siting gives the same file.
    with PdfPages(path, metadata={"Title": siting.title, "CreationDate": None}) as pages:
        pages.savefig(pictures.draw_summary(siting.title, summarise_land(siting.costs), _site_rows(siting.sites)))
        if len(siting.land) + len(siting.sites):
            pages.savefig(pictures.draw_sites(siting.sites, siting.land))
        for figure in _pictures(siting).values():
            pages.savefig(figure)


FORMATS: dict[str, Callable[[Siting, Path], None]] = {".gpkg": _write_gpkg, ".html": _write_html, ".pdf": _write_pdf}


def _site_rows(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """The columns of sites that a reader needs, as text."""
    digits = {"area_ha": 4, "area_mu": 2, "width_m": 0, "compactness": 2, "score": 3}
    rows: dict[str, list[str]] = {}
    for name, head in _HEADS.items():
        if name in sites:
            rows[head] = [_plain(value, name, digits) for value in sites[name]]
    return pd.DataFrame(rows)


def _plain(value: Any, name: str, digits: dict[str, int]) -> str:
    if name == "verdict":
        return " ".join(columns.VERDICT_TEXT[value])
    if isinstance(value, float) and pd.isna(value):
        return "—"
    if name in ("p_first", "p_top3", "shift"):
        return f"{value:.1%}"
    return f"{value:,.{digits[name]}f}" if name in digits else str(value)


def _site_table(sites: gpd.GeoDataFrame) -> str:
    if not len(sites):
        return "<p>没有找到符合要求的地块。 No site meets the demands.</p>"
    return _table(_site_rows(sites))


def _finding_table(findings: pd.DataFrame) -> str:
    standing = findings[findings["outcome"] != "pass"]
    if not len(standing):
        return "<p>各项均符合。 Every rule passes.</p>"
    heads = {"parcel_id": "编号 site", "outcome": "结果 outcome", "reason": "理由", "reason_en": "reason"}
    return _table(standing[[*heads]].rename(columns=heads).astype(str))


def _table(rows: pd.DataFrame) -> str:
    def cell(text: str) -> str:
        mark = ' class="number"' if text[:1].isdigit() and (text[-1:].isdigit() or text[-1:] == "%") else ""
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
