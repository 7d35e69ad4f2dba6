"""Plans, sites and batches on a terminal, in one language at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import geopandas as gpd
import pandas as pd
from rich.table import Table

from qy_gis.columns import SEVERITY_TEXT, VERDICT_TEXT
from qy_gis.errors import Fault
from qy_gis.plan.model import Layer, Plan, Rule
from qy_gis.reports.console import is_wide, plain, print_lines, print_table, shown
from qy_gis.reports.language import Lang, pick, pick_text, rule_name
from qy_gis.reports.summary import tabulate_summary

_BASIS = {
    "statutory": ("法定", "statutory"),
    "indicative": ("示意", "indicative"),
    "proxy": ("代用", "proxy"),
}


def print_layers(plan: Plan, *, lang: Lang = "zh") -> None:
    """Print the layers of a plan with basis, accuracy and rules; a layer's key is the name of its file."""
    title = f"{pick_text(lang, plan.title)} · {plan.edition}"
    rows = [(key, *_describe_layer(plan, key, layer, lang)) for key, layer in plan.layers.items()]
    if is_wide():
        table = Table(title=shown(title), title_justify="left")
        headings = [("键", "key"), ("名称", "title"), ("依据", "basis"), ("精度", "accuracy"), ("要素", "features")]
        for heading in [*headings, ("规则", "rules")]:
            table.add_column(pick(lang, *heading), overflow="fold")
        for *cells, rules in rows:
            table.add_row(*map(shown, cells), shown("\n".join(rules)) if rules else "")
        print_table(table)
        return
    click.echo(plain(title))
    for key, *cells, rules in rows:
        print_lines(plain(" · ".join([f"{cells[0]} ({key})", *cells[1:]])), first="- ")
        for rule in rules:
            print_lines(plain(rule), indent=2, first="- ")


def print_validation(plan: Plan, notes: Sequence[Fault], *, lang: Lang = "zh") -> None:
    """Print what was repaired in a plan's data, what should be known of it, and that it can be used."""
    repairs = plan.repairs
    if len(repairs):
        click.echo(pick(lang, "图层修正：", "Repairs of layers:"))
    for row in repairs.itertuples(index=False):
        place = " ".join(part for part in (row.layer, row.feature_id) if part)
        figures = " → ".join(part for part in (row.before, row.after) if part)
        print_lines(plain(f"{place}: {row.what} {figures}"), first="- ")
    for note in notes:
        print_lines(plain(pick(lang, f"提示：{note.zh}", f"note: {note.en}")), first="- ")
    count = len(plan.layers)
    if len(repairs):
        changed = ", ".join(dict.fromkeys(repairs["layer"]))
        zh = f"全部 {count} 个图层的数据可用，其中有修正的：{changed}"
        click.echo(pick(lang, zh, f"the data of all {count} layers can be used; repaired: {changed}"))
    else:
        click.echo(pick(lang, f"全部 {count} 个图层的数据无误", f"the data of all {count} layers are sound"))


def _describe_layer(plan: Plan, key: str, layer: Layer, lang: Lang) -> tuple[str, str, str, str, list[str]]:
    if not layer.has_data:
        accuracy, count = "—", pick(lang, "无数据", "no data")
    else:
        number = len(plan.features(key))
        accuracy, count = f"±{layer.accuracy_m:,.0f} m", pick(lang, f"{number} 个要素", f"{number} features")
    rules = [_describe_rule(rule, lang) for rule in layer.rules]
    return pick_text(lang, layer.title), pick(lang, *_BASIS[layer.basis]), accuracy, count, rules


def _describe_rule(rule: Rule, lang: Lang) -> str:
    return pick(lang, "{}：{}", "{}: {}").format(pick(lang, *SEVERITY_TEXT[rule.severity]), rule_name(rule, lang))


def print_sites(sites: gpd.GeoDataFrame, *, lang: Lang = "zh") -> None:
    """Print a line per site, with its scores where sites are ranked."""
    if not len(sites):
        zh = "没有找到符合要求的地块；--unknown keep 可列出待核实的土地"
        click.echo(pick(lang, zh, "no site meets the demands; --unknown keep lists unknown land too"))
        return
    ranked = "rank" in sites
    table = Table(title=pick(lang, "备选地块", "sites"), title_justify="left")
    # Words may be broken on a narrow terminal, figures not.
    for heading in (("地块", "site"), ("位置", "where")):
        table.add_column(pick(lang, *heading), overflow="fold")
    for heading in (("公顷", "ha"), ("亩", "mu"), ("最窄\nm", "width\nm")):
        table.add_column(pick(lang, *heading), justify="right", no_wrap=True)
    table.add_column(pick(lang, "结论", "verdict"), overflow="fold")
    for heading in (("得分", "score"), ("居首", "first"), ("前三", "top 3")) if ranked else ():
        table.add_column(pick(lang, *heading), justify="right", no_wrap=True)
    for row in sites.itertuples(index=False):
        verdict = pick(lang, *VERDICT_TEXT[row.verdict])
        scores = (f"{row.score:.3f}", f"{row.p_first:.1%}", f"{row.p_top3:.1%}") if ranked else ()
        areas = (f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}", f"{row.width_m:,.0f}")
        table.add_row(shown(row.parcel_id), shown(row.name), *areas, verdict, *scores)
    print_table(table)


def print_combined(plan: Plan, cross: pd.DataFrame, *, lang: Lang = "zh") -> None:
    """Print the area of each layer in the study area."""
    title = pick(lang, "各图层面积", "area of each layer in the study area")
    table = Table(title=title, title_justify="left")
    table.add_column(pick(lang, "图层", "layer"), overflow="fold")
    for heading in (("平方公里", "km²"), ("占比", "share")):
        table.add_column(pick(lang, *heading), justify="right")
    whole = cross[(cross["layer"] == "") & (cross["other"] != "")]
    for row in whole.itertuples(index=False):
        layer = pick_text(lang, plan.layers[row.other].title)
        table.add_row(shown(layer), f"{row.area_km2:,.2f}", f"{row.share:.1%}")
    print_table(table)


def print_summary(summary: dict[str, Any], plan: Plan, *, lang: Lang = "zh") -> None:
    """Print the summary of a batch: land inside each layer, what became of each rule, and the verdicts last."""
    for each in reversed(tabulate_summary(summary, plan, lang=lang)):
        table = Table(title=pick(lang, each.zh, each.en), title_justify="left")
        for column in each.columns:
            justify: Any = "left" if column.kind == "text" else "right"
            table.add_column(pick(lang, column.zh, column.en), justify=justify, overflow="fold")
        for row in each.rows:
            table.add_row(*map(shown, each.shown(row)))
        print_table(table)
    parcels, rejects = f"{summary['parcels']:,}", f"{summary['rejects']:,}"
    click.echo(pick(lang, f"{parcels} 宗；{rejects} 宗未核查", f"{parcels} parcels; {rejects} not checked"))
