"""A row per parcel, of one file or of many: what an office keeps of a check, as a workbook and on the terminal."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import openpyxl
import pandas as pd
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from rich.cells import cell_len
from rich.table import Table

from qy_gis.columns import VERDICT_TEXT
from qy_gis.errors import OutputError, QyGisError
from qy_gis.measure.units import round_parts
from qy_gis.plan.model import Plan
from qy_gis.reports.console import is_wide, plain, print_lines, print_table, shown
from qy_gis.reports.language import Lang, pick, pick_text
from qy_gis.reports.next_steps import say_next
from qy_gis.reports.placing import placed
from qy_gis.reports.terminal_check import COLOURS, split_repairs
from qy_gis.verdict.check import CheckResult

#: A sheet of a workbook has room for this many rows, its headings among them.
MOST_ROWS = 1_048_576


@dataclass(frozen=True)
class ParcelRow:
    """One parcel of a list. Areas in m2, 公顷 and 亩, rounded as everywhere; texts in the language of the list."""

    file: str
    parcel_id: str
    name: str
    area_m2: float
    area_ha: float
    area_mu: float
    declared_m2: float | None
    verdict: str
    because: str
    next_step: str
    fails: int
    unknowns: int
    repairs: int
    notes: int


@dataclass
class ParcelList:
    """The parcels of many files, the files that were refused with their errors, and those that were passed over.

    ``off_grid`` are the files whose planar areas are off where they lie (`qy_gis.errors.GridWarning`).
    """

    rows: list[ParcelRow] = field(default_factory=list)
    refused: list[tuple[str, QyGisError]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    off_grid: list[str] = field(default_factory=list)


#: Headings and widths of the list in a workbook, column by column, and how figures are shown.
_COLUMNS: dict[str, tuple[str, str, float, str]] = {
    "file": ("文件", "File", 28, "@"),
    "parcel_id": ("地块编号", "Parcel", 18, "@"),
    "name": ("名称", "Name", 20, "@"),
    "area_m2": ("面积（平方米）", "Area m²", 16, "#,##0.00"),
    "area_ha": ("面积（公顷）", "Area ha", 13, "#,##0.0000"),
    "area_mu": ("面积（亩）", "Area mu", 13, "#,##0.00"),
    "declared_m2": ("申报面积（平方米）", "Declared m²", 18, "#,##0.00"),
    "verdict": ("结论", "Verdict", 14, "@"),
    "because": ("缘由", "Because of", 36, "@"),
    "next_step": ("下一步", "Next step", 60, "@"),
    "fails": ("不符合（项）", "Fails", 12, "0"),
    "unknowns": ("待核实（项）", "Unknown", 12, "0"),
    "repairs": ("修复（处）", "Repairs", 11, "0"),
    "notes": ("提示（项）", "Notes", 11, "0"),
}


def list_parcels(result: CheckResult, file: str, *, lang: Lang = "zh") -> list[ParcelRow]:
    """List the parcels of a result, a row for each in their order.

    Parameters
    ----------
    result
        What `qy_gis.check` returned.
    file
        What to call the file that they come from.
    lang
        Language of verdicts, reasons and next steps.
    """
    standing = result.findings[result.findings["outcome"] != "pass"]
    of_parcel = dict(iter(standing.groupby("parcel_id", sort=False)))
    nothing = standing.iloc[:0]
    notes = split_repairs(result)
    repaired, noticed = (Counter(table["parcel_id"]) for table in notes)
    steps: dict[tuple[tuple[str, str, str], ...], str] = {}
    rows = []
    both = zip(result.parcels.itertuples(index=False), result.verdicts.itertuples(index=False), strict=True)
    for parcel, verdict in both:
        findings = of_parcel.get(parcel.parcel_id, nothing)
        # Parcels with the same findings have the same next step; a large file has few kinds.
        kind = tuple(zip(findings["layer"], findings["rule"], findings["outcome"], strict=True))
        if kind not in steps:
            steps[kind] = say_next(findings, result.plan, result.industry, lang)
        summary = pick(lang, verdict.summary, verdict.summary_en)
        areas = (parcel.area_m2, 2), (parcel.area_ha, 4), (parcel.area_mu, 2)
        area_m2, area_ha, area_mu = (float(round_parts([area], decimals=places)[0]) for area, places in areas)
        rows.append(
            ParcelRow(
                file=file,
                parcel_id=str(parcel.parcel_id),
                name=str(parcel.name or ""),
                area_m2=area_m2,
                area_ha=area_ha,
                area_mu=area_mu,
                declared_m2=None if pd.isna(parcel.declared_m2) else float(parcel.declared_m2),
                verdict=verdict.verdict,
                because=summary.partition(pick(lang, "：", ": "))[2],
                next_step=steps[kind],
                fails=int(verdict.fails),
                unknowns=int(verdict.unknowns),
                repairs=repaired[parcel.parcel_id],
                notes=noticed[parcel.parcel_id],
            )
        )
    return rows


def write_parcel_list(
    listed: ParcelList, path: str | os.PathLike[str], *, plan: Plan, industry: str | None, lang: Lang = "zh"
) -> Path:
    """Write a list of parcels as a workbook: a sheet of parcels, the files refused, those passed over, and what it is.

    Parameters
    ----------
    listed
        The parcels, and the files that have none.
    path
        A path that ends in ``.xlsx``.
    plan, industry
        Of the check.
    lang
        Language of the cells; headings are in Chinese and English.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        Another ending, more parcels than a sheet has room for, or the file cannot be written.
    """
    target = Path(path)
    check_list_suffix(target)
    if len(listed.rows) >= MOST_ROWS:
        raise OutputError(
            f"{target.name}: {len(listed.rows):,} parcels; a sheet has room for {MOST_ROWS - 1:,}; check fewer files",
            zh=f"{target.name}：共 {len(listed.rows):,} 宗，一张工作表最多 {MOST_ROWS - 1:,} 宗；请分几次核查",
        )
    book = openpyxl.Workbook(write_only=True)
    _write_sheet(
        book,
        "地块 Parcels",
        [(f"{zh} {en}", width, form) for zh, en, width, form in _COLUMNS.values()],
        [list((asdict(row) | {"verdict": pick(lang, *VERDICT_TEXT[row.verdict])}).values()) for row in listed.rows],
        frozen=3,
    )
    _write_sheet(
        book,
        "未能核查 Refused",
        [("文件 File", 28, "@"), ("原因 Why (zh)", 70, "@"), ("原因 Why (en)", 70, "@")],
        [[file, error.zh, error.en] for file, error in listed.refused],
    )
    _write_sheet(book, "略过 Passed over", [("文件 File", 60, "@")], [[file] for file in listed.passed_over])
    _write_sheet(
        book, "概况 About", [("项目 Item", 28, "@"), ("内容 Value", 60, "@")], _about(listed, plan, industry, lang)
    )
    with placed(target) as part:
        book.save(part)
    return target


def check_list_suffix(path: str | os.PathLike[str]) -> None:
    """Refuse a path to which no list of parcels can be written."""
    suffix = Path(path).suffix.lower()
    if suffix != ".xlsx":
        raise OutputError(
            f"--summary {Path(path).name}: a list of parcels is written as .xlsx, found {suffix or 'no ending'!r}",
            zh=f"--summary {Path(path).name}：地块一览写为 .xlsx，所给为 {suffix or '无后缀'!r}",
        )


def _about(listed: ParcelList, plan: Plan, industry: str | None, lang: Lang) -> list[list[Any]]:
    from qy_gis import __version__

    counts = Counter(row.verdict for row in listed.rows)
    chosen = plan.industry(industry)
    facts: list[list[Any]] = [
        ["规划 Plan", f"{pick_text(lang, plan.title)} · {plan.edition}"],
        [
            "产业 Industry",
            pick_text(lang, plan.industries[chosen].title) if chosen else pick(lang, "未注明", "not stated"),
        ],
        ["文件 Files", len(listed.files)],
        ["未能核查 Refused", len(listed.refused)],
        ["地块 Parcels", len(listed.rows)],
        ["面积合计（平方米） Area in all, m²", round(sum(row.area_m2 for row in listed.rows), 2)],
    ]
    facts += [[f"{zh} {en}", counts[verdict]] for verdict, (zh, en) in VERDICT_TEXT.items()]
    facts.append(["制表日期 Date", dt.date.today().isoformat()])
    facts.append(["软件 Software", f"qy_gis {__version__}"])
    return facts


def _write_sheet(
    book: Any, title: str, columns: list[tuple[str, float, str]], rows: list[list[Any]], *, frozen: int = 1
) -> None:
    sheet = book.create_sheet(title)
    for number, (_, width, _) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = f"{get_column_letter(frozen)}2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    head = [WriteOnlyCell(sheet, value=heading) for heading, _, _ in columns]
    for cell in head:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFE8EEF7")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.append(head)
    for row in rows:
        sheet.append([_cell(sheet, value, form) for value, (_, _, form) in zip(row, columns, strict=True)])


def _cell(sheet: Any, value: Any, form: str) -> WriteOnlyCell:
    is_text = isinstance(value, str)
    if is_text:
        value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = form if is_text or form != "@" else "General"
    cell.alignment = Alignment(vertical="top", wrap_text=is_text)
    if is_text:
        # Text that starts with "=" is text, not a formula.
        cell.data_type = "s"
    return cell


def print_parcel_list(listed: ParcelList, *, lang: Lang = "zh") -> None:
    """Print a list of parcels: a line for each, then the files that were passed over."""
    if is_wide() and listed.rows:
        _tabulate(listed.rows, lang)
    else:
        _print_rows(listed.rows, lang)
    if listed.passed_over:
        count = len(listed.passed_over)
        title = pick(lang, f"略过（不是已知格式）{count} 个：", f"passed over, of no known format ({count}): ")
        click.echo("")
        print_lines(plain(pick(lang, "、", ", ").join(listed.passed_over)), first=title)

    if listed.off_grid:
        count = len(listed.off_grid)
        zh = f"提示：{count} 个文件所用坐标系的平面面积在地块处偏差超过 100 ppm；所报椭球面积不受影响"
        en = f"note: planar areas in the grids of {count} files are off by more than 100 ppm; those reported are not"
        click.echo("")
        print_lines(pick(lang, zh, en))


def print_refused(listed: ParcelList, *, lang: Lang = "zh") -> None:
    """Print which files were refused and why, in both languages, and the counts of all."""
    count = len(listed.refused)
    if count:
        click.echo("\n" + pick(lang, f"未能核查的文件 {count} 个", f"files refused: {count}"))
    for file, error in listed.refused:
        print_lines(plain(file), first="- ")
        for line in str(error).splitlines():
            print_lines(plain(line), indent=4)
    click.echo("")
    print_lines(say_counts(listed, lang))


def say_counts(listed: ParcelList, lang: Lang) -> str:
    """Say how many files and parcels there are, and how many of each verdict."""
    counts = Counter(row.verdict for row in listed.rows)
    verdicts = [f"{pick(lang, *text)} {counts[key]}" for key, text in VERDICT_TEXT.items() if counts[key]]
    files, parcels, refused = len(listed.files), len(listed.rows), len(listed.refused)
    said = pick(lang, f"合计 {files} 个文件，{parcels} 宗", f"in all {files} files, {parcels} parcels")
    said += pick(lang, "：", ": ") + pick(lang, "，", ", ").join(verdicts) if verdicts else ""
    return said + (pick(lang, f"；未能核查 {refused} 个文件", f"; {refused} files refused") if refused else "")


def _tabulate(rows: list[ParcelRow], lang: Lang) -> None:
    table = Table()
    headings = [("文件", "file"), ("地块", "parcel"), ("面积 m²", "area m²"), ("公顷", "ha"), ("亩", "mu")]
    for heading in headings:
        justify: Any = "right" if heading in headings[2:] else "left"
        table.add_column(pick(lang, *heading), justify=justify, overflow="fold")
    table.add_column(pick(lang, "结论", "verdict"))
    table.add_column(pick(lang, "缘由", "because of"), overflow="fold")
    for row in rows:
        areas = (f"{row.area_m2:,.2f}", f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}")
        verdict = f"[{COLOURS[row.verdict]}]{pick(lang, *VERDICT_TEXT[row.verdict])}[/]"
        name = f"{row.parcel_id} {row.name}".strip()
        table.add_row(shown(row.file), shown(name), *areas, verdict, shown(row.because))
    print_table(table)


def _print_rows(rows: list[ParcelRow], lang: Lang) -> None:
    widest = max((cell_len(pick(lang, *text)) for text in VERDICT_TEXT.values()), default=0)
    file = None
    for row in rows:
        if row.file != file:
            file = row.file
            click.echo(plain(file))
        verdict = pick(lang, *VERDICT_TEXT[row.verdict])
        verdict += " " * (widest - cell_len(verdict))
        area = f"{row.area_ha:>12,.4f} {pick(lang, '公顷', 'ha')}"
        click.echo(
            f"  {click.style(verdict, fg=COLOURS[row.verdict])} {area}  {plain(f'{row.parcel_id} {row.name}'.strip())}"
        )
