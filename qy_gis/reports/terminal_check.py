"""The result of a check on a terminal: a list where it is narrow, tables where it is wide, the verdict always last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import click
import pandas as pd
from rich.cells import cell_len
from rich.table import Table

from qy_gis.columns import SEVERITY_TEXT, VERDICT_TEXT
from qy_gis.plan.model import Plan
from qy_gis.reports.console import is_wide, plain, print_lines, print_table, shown
from qy_gis.reports.language import Lang, one_language, pick, pick_text
from qy_gis.reports.next_steps import (
    Command,
    layers_to_get,
    say_layers_to_get,
    say_settle,
    say_what_to_type,
    title_of,
)
from qy_gis.reports.tables import in_units, tabulate_overlaps
from qy_gis.verdict.check import CheckResult
from qy_gis.verdict.evidence import say_layer_repairs
from qy_gis.verdict.findings import say_figures

COLOURS = {"prohibited": "red", "undetermined": "yellow", "conditional": "blue", "suitable": "green"}

_OUTCOMES = {"fail": ("不符合", "stands against it"), "unknown": ("待核实", "unknown")}


class Notes(NamedTuple):
    """What was repaired while reading, and what is only to be noticed, such as a declared area that does not agree."""

    repaired: pd.DataFrame
    noticed: pd.DataFrame


def split_repairs(result: CheckResult) -> Notes:
    """Part the table of repairs: what changed the parcel as it was read, and what changed nothing."""
    repairs = result.repairs
    # Only the declared area is compared without changing anything; its rows say so by their first words.
    noticed = repairs["what"].str.startswith("申报")
    return Notes(repairs[~noticed], repairs[noticed])


def print_verdicts(result: CheckResult, *, lang: Lang = "zh") -> None:
    """Print a line per parcel: areas in three units, verdict, and the layers it comes from."""
    rows = list(_verdict_rows(result, lang))
    if is_wide():
        table = Table()
        for zh, en in (("地块", "parcel"), ("面积 m²", "area m²"), ("公顷", "ha"), ("亩", "mu")):
            justify: Any = "left" if en == "parcel" else "right"
            table.add_column(pick(lang, zh, en), justify=justify, overflow="fold")
        table.add_column(pick(lang, "结论", "verdict"))
        table.add_column(pick(lang, "缘由", "because of"), overflow="fold")
        for row in rows:
            verdict = f"[{COLOURS[row.verdict]}]{row.verdict_text}[/]"
            table.add_row(shown(row.parcel), *row.areas, verdict, shown(row.because))
        print_table(table)
        return
    units = pick(lang, "m² 公顷 亩", "m² ha mu").split()
    for row in rows:
        verdict = click.style(row.verdict_text, fg=COLOURS[row.verdict], bold=True)
        areas = " · ".join(f"{area} {unit}" for area, unit in zip(row.areas, units, strict=True))
        print_lines(plain(f"{row.parcel}  {areas}"))
        first = f"  {pick(lang, '结论：', 'verdict: ')}"
        because = pick(lang, "（{}）", " ({})").format(row.because) if row.because else ""
        if cell_len(first + row.verdict_text + because) < _room():
            click.echo(first + verdict + plain(because))
        else:
            click.echo(first + verdict)
            print_lines(plain(row.because), indent=4)


def print_result(result: CheckResult, *, lang: Lang = "zh", command: Command | None = None) -> None:
    """Print all of a result but the findings that pass: the verdict last, and below it what to do next.

    Parameters
    ----------
    result
        What `qy_gis.check` returned.
    lang
        Language of everything that is printed; names from files stay as they are.
    command
        The check as it was typed; the next step builds on it.
    """
    _print_overlaps(result, lang)
    standing = result.findings[result.findings["outcome"] != "pass"]
    missing = layers_to_get(standing, result.plan)
    if is_wide():
        _tabulate_findings(result, standing, lang)
    else:
        _list_findings(result, standing[~standing["layer"].isin([layer.key for layer in missing])], lang)
    _print_notes(result, lang)
    print_layers_to_get(standing, result.plan, lang)
    passed = int((result.findings["outcome"] == "pass").sum())
    more = pick(lang, f"另有 {passed} 项符合；-o 结果.html 可见全部", f"{passed} more pass; -o result.html shows all")
    click.echo("")
    print_lines(more)
    click.echo("")
    print_verdicts(result, lang=lang)
    print_next(standing, result.plan, command or Command(pick(lang, "文件", "FILE"), result.industry), lang)


def print_layers_to_get(findings: pd.DataFrame, plan: Plan, lang: Lang) -> None:
    """Print which layers have no data and leave parcels unknown, by whom they are to be had from."""
    missing = layers_to_get(findings, plan)
    if missing:
        title = pick(lang, "没有数据的图层（地块因此待核实）", "layers without data (parcels are unknown for it)")
        click.echo("")
        print_lines(title)
    for line in say_layers_to_get(missing, lang):
        print_lines(plain(line), first="- ")


def print_next(findings: pd.DataFrame, plan: Plan, command: Command, lang: Lang) -> None:
    """Print what to do next, one line for each thing."""
    for line in say_what_to_type(findings, plan, command, lang):
        print_lines(plain(line), first=pick(lang, "下一步：", "next: "))


class _VerdictRow(NamedTuple):
    parcel: str
    areas: tuple[str, str, str]
    verdict: str
    verdict_text: str
    because: str


def _verdict_rows(result: CheckResult, lang: Lang) -> Iterator[_VerdictRow]:
    both = zip(result.parcels.itertuples(index=False), result.verdicts.itertuples(index=False), strict=True)
    for parcel, verdict in both:
        summary = pick(lang, verdict.summary, verdict.summary_en)
        yield _VerdictRow(
            f"{parcel.parcel_id} {parcel.name}".strip(),
            in_units(parcel.area_m2),
            verdict.verdict,
            pick(lang, *VERDICT_TEXT[verdict.verdict]),
            summary.partition(pick(lang, "：", ": "))[2],
        )


def _room() -> int:
    from qy_gis.reports.console import width

    return width()


def _print_overlaps(result: CheckResult, lang: Lang) -> None:
    """Print where each parcel lies, in three units that add up; what it only touches stands apart."""
    located, names = tabulate_overlaps(result), _feature_names(result, lang)
    title = pick(lang, "位于何处", "where it lies")
    if is_wide():
        table = Table(title=title, title_justify="left")
        words = [("地块", "parcel"), ("图层", "layer"), ("要素", "feature"), ("面积 m²", "area m²"), ("公顷", "ha")]
        for place, heading in enumerate([*words, ("亩", "mu"), ("占比", "share")]):
            table.add_column(pick(lang, *heading), justify="right" if place > 2 else "left", overflow="fold")
        for row in located.itertuples(index=False):
            name = names.get((row.layer, row.feature_id), row.feature_name)
            figures = (f"{row.area_m2:,.2f}", f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}", f"{row.share:.2%}")
            layer = _layer_title(result.plan, row.layer, lang)
            table.add_row(shown(row.parcel_id), shown(layer), shown(name) or _outside(lang), *figures)
        print_table(table)
    else:
        for parcel, rows in located.groupby("parcel_id", sort=False):
            click.echo(f"{plain(parcel)}  {title}")
            for layer, features in rows.groupby("layer", sort=False):
                parts = [
                    f"{names.get((row.layer, row.feature_id), row.feature_name) or _outside(lang)} "
                    f"{row.area_m2:,.2f} m² ({row.share:.2%})"
                    for row in features.itertuples(index=False)
                ]
                first = _layer_title(result.plan, str(layer), lang) + pick(lang, "：", ": ")
                print_lines(plain(first + pick(lang, "；", "; ").join(parts)), first="- ", indent=2)
    for line in _say_neighbours(result, names, lang):
        print_lines(plain(line))


def _say_neighbours(result: CheckResult, names: dict[tuple[str, str], str], lang: Lang) -> Iterator[str]:
    """Say which features each parcel touches without sharing land, and how far those are that it must keep off."""
    overlaps = result.overlaps
    comma = pick(lang, "、", ", ")
    touching = overlaps[overlaps["relation"] == "touches"]
    for parcel, rows in touching.groupby("parcel_id", sort=False):
        said = [
            f"{_layer_title(result.plan, row.layer, lang)} "
            f"{names.get((row.layer, row.feature_id), row.feature_name)}".strip()
            for row in rows.itertuples(index=False)
        ]
        yield f"{parcel}  " + pick(lang, "相邻（不共用土地）：", "touches (no land shared): ") + comma.join(said)
    off = {
        key
        for key, layer in result.plan.layers.items()
        if layer.has_data and any(rule.kind != "inside" for rule in layer.rules)
    }
    apart = overlaps[(overlaps["feature_id"] == "") & overlaps["layer"].isin(off) & (overlaps["distance_m"] > 0)]
    for parcel, rows in apart.groupby("parcel_id", sort=False):
        said = [
            f"{_layer_title(result.plan, row.layer, lang)} {row.distance_m:,.1f} m"
            for row in rows.itertuples(index=False)
        ]
        yield f"{parcel}  " + pick(lang, "距离：", "distance to: ") + comma.join(said)


def _feature_names(result: CheckResult, lang: Lang) -> dict[tuple[str, str], str]:
    """Return the names of features in English by layer and id; none in Chinese, which the tables hold."""
    if lang == "zh":
        return {}
    met = result.overlaps.loc[result.overlaps["feature_id"] != "", "layer"].unique()
    return {
        (layer, str(row.feature_id)): row.feature_name_en
        for layer in met
        for row in result.plan.features(layer).itertuples(index=False)
        if row.feature_name_en
    }


def _layer_title(plan: Plan, key: str, lang: Lang) -> str:
    return pick_text(lang, plan.layers[key].title) if key in plan.layers else key


def _outside(lang: Lang) -> str:
    return pick(lang, "（层外）", "(outside)")


def _tabulate_findings(result: CheckResult, standing: pd.DataFrame, lang: Lang) -> None:
    if not len(standing):
        return
    title = pick(lang, "不符合与待核实", "what stands against it or is unknown")
    table = Table(title=title, title_justify="left", show_lines=True)
    headings = [("地块", "parcel"), ("规则", "rule"), ("级别", "severity"), ("结果", "outcome"), ("理由", "reason")]
    for heading in [*headings, ("依据", "document"), ("如何核实", "to settle")]:
        table.add_column(pick(lang, *heading), overflow="fold")
    for row in standing.itertuples(index=False):
        colour = "red" if row.outcome == "fail" else "yellow"
        table.add_row(
            shown(row.parcel_id),
            shown(title_of(row, result.plan, lang)),
            pick(lang, *SEVERITY_TEXT[row.severity]),
            f"[{colour}]{pick(lang, *_OUTCOMES[row.outcome])}[/]",
            shown(_reason(row, lang)),
            shown(_source(row)),
            shown(say_settle(row, result.plan, lang)),
        )
    print_table(table)


def _list_findings(result: CheckResult, standing: pd.DataFrame, lang: Lang) -> None:
    for outcome, words in _OUTCOMES.items():
        rows = standing[standing["outcome"] == outcome]
        if len(rows):
            click.echo(f"\n{pick(lang, *words)}")
        for row in rows.itertuples(index=False):
            title = title_of(row, result.plan, lang)
            layer = _layer_title(result.plan, row.layer, lang)
            of = [pick(lang, *SEVERITY_TEXT[row.severity]), *([layer] if layer not in ("", title) else [])]
            print_lines(
                plain(f"{row.parcel_id}  {title}" + pick(lang, "（{}）", " ({})").format(" · ".join(of))), first="- "
            )
            print_lines(plain(_reason(row, lang)), indent=2)
            print_lines(plain(pick(lang, "依据：", "document: ") + _source(row)), indent=2)
            if row.settle:
                settle = pick(lang, "如何核实：", "to settle: ") + say_settle(row, result.plan, lang)
                print_lines(plain(settle), indent=2)


def _reason(finding: Any, lang: Lang) -> str:
    """Return why, and how much of the parcel it is about."""
    figures = pick(lang, *say_figures(finding._asdict()))
    return pick(lang, f"{finding.reason}（{figures}）", f"{finding.reason_en} ({figures})")


def _source(finding: Any) -> str:
    return " ".join(part for part in (finding.document, finding.article, finding.date) if part)


def _print_notes(result: CheckResult, lang: Lang) -> None:
    notes = split_repairs(result)
    groups = [
        (notes.repaired, pick(lang, "已修复", "repaired"), say_repair),
        (notes.noticed, pick(lang, "提示（未作改动）", "to notice (nothing was changed)"), say_notice),
    ]
    for rows, title, say in groups:
        if len(rows):
            click.echo(f"\n{title}")
        # What was done to a whole file stands with each of its parcels; it is said once.
        parcels: dict[str, list[str]] = {}
        for row in rows.itertuples(index=False):
            parcels.setdefault(say(row, lang), []).append(str(row.parcel_id))
        for text, names in parcels.items():
            several = pick(lang, f" 等 {len(names)} 宗", f" and {len(names) - 1} more") if len(names) > 1 else ""
            print_lines(plain(f"{names[0]}{several}  {text}"), first="- ")
    print_layer_repairs(result.plan, lang)
    if result.tolerance_m2 is not None:
        tolerance = f"{result.tolerance_m2:,.2f} m²"
        said = pick(lang, f"注意：容差由命令指定为 {tolerance}", f"note: the command set the tolerance to {tolerance}")
        click.echo(f"\n{said}")


def print_layer_repairs(plan: Plan, lang: Lang) -> None:
    """Print which layers were repaired as they were read: what is measured is not all that stands in their files."""
    notes = say_layer_repairs(plan)
    if notes:
        click.echo(f"\n{pick(lang, '提示：图层数据', 'to notice: data of layers')}")
    for note in notes:
        print_lines(plain(pick(lang, note.zh, note.en)), first="- ")


def say_repair(row: Any, lang: Lang) -> str:
    """Say a row of ``repairs`` in one language: where, what, and what became of what."""
    before, after = one_language(str(row.before), lang), one_language(str(row.after), lang)
    change = f"{before} → {after}" if before and after else before or after
    return " ".join(part for part in (_place(row), one_language(str(row.what), lang), change) if part)


def say_notice(row: Any, lang: Lang) -> str:
    """Say a declared area that does not agree, in one language."""
    figures = pick(lang, f"申报 {row.before}，计算 {row.after}", f"declared {row.before}, computed {row.after}")
    return pick(lang, "：", ": ").join([f"{_place(row)} {one_language(str(row.what), lang)}".strip(), figures])


def _place(row: Any) -> str:
    line = row.line
    return str(row.file or "") if line is None or pd.isna(line) else f"{row.file}:{int(line)}"
