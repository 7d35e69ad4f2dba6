"""Results on a terminal: tables for people, in Chinese with English beside it."""

from __future__ import annotations

from typing import Any

import click
import geopandas as gpd
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from qy_gis.columns import SEVERITY_TEXT, VERDICT_TEXT
from qy_gis.plan.model import Plan
from qy_gis.reports.summary import tabulate_summary
from qy_gis.reports.tables import tabulate_overlaps
from qy_gis.verdict.check import CheckResult


def print_layers(plan: Plan) -> None:
    """Print the layers of a plan with basis, accuracy and rules."""
    table = Table(title=f"{plan.title.zh} · {plan.edition}", title_justify="left")
    for heading in ("图层 key", "名称 title", "依据 basis", "精度 accuracy", "要素 features", "规则 rules"):
        table.add_column(heading)
    for key, layer in plan.layers.items():
        accuracy = f"±{layer.accuracy_m:,.0f} m" if layer.has_data else "—"
        count = str(len(plan.features(key))) if layer.has_data else "无数据 no data"
        rules = ", ".join(f"{rule.key} ({rule.severity})" for rule in layer.rules)
        table.add_row(key, _shown(f"{layer.title.zh} {layer.title.en}"), layer.basis, accuracy, count, rules)
    _console().print(table)


def print_verdicts(result: CheckResult) -> None:
    """Print a line per parcel: areas in three units, verdict, and the layers it comes from."""
    colours = {"prohibited": "bold red", "undetermined": "yellow", "conditional": "blue", "suitable": "green"}
    table = Table()
    for heading in ("地块 parcel", "面积 m²", "公顷 ha", "亩 mu"):
        table.add_column(heading, justify="left" if "parcel" in heading else "right", overflow="fold")
    table.add_column("结论 verdict")
    table.add_column("缘由 because of", overflow="fold")
    for parcel, verdict in zip(
        result.parcels.itertuples(index=False), result.verdicts.itertuples(index=False), strict=True
    ):
        zh, en = VERDICT_TEXT[verdict.verdict]
        table.add_row(
            _shown(f"{parcel.parcel_id} {parcel.name}".strip()),
            f"{parcel.area_m2:,.2f}",
            f"{parcel.area_ha:,.4f}",
            f"{parcel.area_mu:,.2f}",
            f"[{colours[verdict.verdict]}]{zh}[/]\n{en}",
            _shown(verdict.summary.partition("：")[2]),
        )
    _console().print(table)


def print_overlaps(result: CheckResult) -> None:
    """Print where each parcel lies, in three units that add up."""
    table = Table(title="位于何处 / where it lies", title_justify="left")
    for heading in ("地块 parcel", "图层 layer", "要素 feature", "面积 m²", "公顷 ha", "亩 mu", "占比 share"):
        table.add_column(heading, justify="right" if heading[0] in "面公亩占" else "left", overflow="fold")
    for row in tabulate_overlaps(result).itertuples(index=False):
        title = result.plan.layers[row.layer].title.zh
        areas = (f"{row.area_m2:,.2f}", f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}", f"{row.share:.2%}")
        table.add_row(_shown(row.parcel_id), _shown(title), _shown(row.feature_name) or "（层外 outside）", *areas)
    _console().print(table)


def print_result(result: CheckResult) -> None:
    """Print all of a result but the findings that pass."""
    print_verdicts(result)
    print_overlaps(result)
    table = Table(title="不符合与待核实 / what stands against it or is unknown", title_justify="left", show_lines=True)
    for heading in ("地块", "规则", "级别", "结果", "理由 reason", "依据 document", "如何核实 to settle"):
        table.add_column(heading, overflow="fold")
    standing = result.findings[result.findings["outcome"] != "pass"]
    for row in standing.itertuples(index=False):
        outcome = "[red]不符合 fail[/]" if row.outcome == "fail" else "[yellow]待核实 unknown[/]"
        source = _shown(" ".join(part for part in (row.document, row.article, row.date) if part))
        title = _shown(result.plan.layers[row.layer].title.zh)
        severity = "\n".join(SEVERITY_TEXT[row.severity])
        table.add_row(_shown(row.parcel_id), title, severity, outcome, _shown(row.reason), source, _shown(row.settle))
    if len(standing):
        _console().print(table)
    passed = int((result.findings["outcome"] == "pass").sum())
    click.echo(f"另有 {passed} 项符合；-o 结果.html 可见全部 / {passed} more pass; -o result.html shows all")
    tolerance = result.tolerance_m2
    if tolerance is not None:
        click.echo(
            f"注意：容差由命令指定为 {tolerance:,.2f} m² / note: the command set the tolerance to {tolerance:,.2f} m2"
        )
    for row in result.repairs.itertuples(index=False):
        place = f"{row.file}:{row.line}" if row.line == row.line and row.line is not None else row.file
        said = f"{row.parcel_id} {place} {row.what} {row.before} → {row.after}"
        click.echo(f"已修复 / repaired: {_plain(said)}")


def print_sites(sites: gpd.GeoDataFrame) -> None:
    """Print a line per site, with its scores where sites are ranked."""
    if not len(sites):
        click.echo(
            "没有找到符合要求的地块 / no site meets the demands; --unknown keep 可列出待核实的土地 / lists unknown land"
        )
        return
    ranked = "rank" in sites
    table = Table(title="备选地块 / sites", title_justify="left")
    # Words may be broken on a narrow terminal, figures not.
    for heading in ("地块 site", "位置 where"):
        table.add_column(heading, overflow="fold")
    for heading in ("公顷\nha", "亩\nmu", "最窄\nm"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("结论 verdict", overflow="fold")
    for heading in ("得分\nscore", "居首\nfirst", "前三\ntop 3") if ranked else ():
        table.add_column(heading, justify="right", no_wrap=True)
    for row in sites.itertuples(index=False):
        verdict = " ".join(VERDICT_TEXT[row.verdict])
        scores = (f"{row.score:.3f}", f"{row.p_first:.1%}", f"{row.p_top3:.1%}") if ranked else ()
        areas = (f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}", f"{row.width_m:,.0f}")
        table.add_row(_shown(row.parcel_id), _shown(row.name), *areas, verdict, *scores)
    _console().print(table)


def print_combined(plan: Plan, cross: pd.DataFrame) -> None:
    """Print the area of each layer in the study area."""
    table = Table(title="各图层面积 / area of each layer in the study area", title_justify="left")
    for heading in ("图层 layer", "名称 title", "km²", "占比 share"):
        table.add_column(heading, justify="right" if heading in ("km²", "占比 share") else "left")
    whole = cross[(cross["layer"] == "") & (cross["other"] != "")]
    for row in whole.itertuples(index=False):
        title = plan.layers[row.other].title
        table.add_row(row.other, _shown(f"{title.zh} {title.en}"), f"{row.area_km2:,.2f}", f"{row.share:.1%}")
    _console().print(table)


def print_summary(summary: dict[str, Any], plan: Plan) -> None:
    """Print the summary of a batch: verdicts, land inside each layer, and what became of each rule."""
    click.echo(f"{summary['parcels']:,} 宗 / parcels; {summary['rejects']:,} 未核查 / rejected")
    for each in tabulate_summary(summary, plan):
        table = Table(title=f"{each.zh} / {each.en}", title_justify="left")
        for column in each.columns:
            justify: Any = "left" if column.kind == "text" else "right"
            table.add_column(f"{column.zh}\n{column.en}", justify=justify, overflow="fold")
        for row in each.rows:
            table.add_row(*map(_shown, each.shown(row)))
        _console().print(table)


def _console() -> Console:
    # A table cut to 80 columns in a pipe or a log would lose its reasons.
    console = Console()
    return console if console.is_terminal else Console(width=160)


def _plain(text: str) -> str:
    # Names come from strangers' files: a control character could recolour or clear a terminal.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


def _shown(text: str) -> str:
    return escape(_plain(text))
