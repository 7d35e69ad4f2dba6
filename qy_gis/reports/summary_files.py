"""Write the summary of a batch: a page for people, or a workbook."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from qy_gis.plan.model import Plan
from qy_gis.reports.placing import known_suffix, placed
from qy_gis.reports.summary import OUTCOME_TEXT, Cell, Kind, SummaryTable, tabulate_summary

#: What stands at the head of a summary: Chinese and English name, and text.
Fact = tuple[str, str, str]

#: How a workbook is to show a number.
_IN_WORKBOOK = {"text": "@", "count": "#,##0", "area": "#,##0.00", "share": "0.0%"}


def write_summary(
    summary: dict[str, Any], plan: Plan, path: str | os.PathLike[str], *, source: str, industry: str | None
) -> Path:
    """Write the summary of a batch.

    Parameters
    ----------
    summary, plan
        What `qy_gis.verdict.batch.check_file` returned, and the plan it checked against.
    path
        ``.html`` (one page that needs nothing else) or ``.xlsx`` (a sheet for each table).
    source, industry
        The file that was checked, and the industry that was stated.

    Raises
    ------
    OutputError
        The suffix is not one of these, or the file cannot be written.
    """
    target = Path(path)
    suffix = check_summary_suffix(target)
    chosen = plan.industry(industry)
    title = plan.industries[chosen].title if chosen else None
    facts = [
        ("文件", "File", Path(source).name),
        ("规划", "Plan", f"{plan.title.zh} · {plan.title.en} · {plan.edition}"),
        ("产业", "Industry", f"{title.zh} · {title.en}" if title else "未注明 not stated"),
        ("已核查", "Checked", f"{summary['parcels']:,} 宗 parcels"),
        ("未核查", "Rejected", f"{summary['rejects']:,} 宗 parcels"),
    ]
    with placed(target) as part:
        FORMATS[suffix](facts, tabulate_summary(summary, plan), part)
    return target


def check_summary_suffix(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a path, in lower case, if a summary can be written to it; else raise `OutputError`."""
    return known_suffix(path, FORMATS)


def _write_page(facts: list[Fact], tables: list[SummaryTable], path: Path) -> None:
    page = Template((Path(__file__).parent / "summary.html").read_text(encoding="utf-8"))
    listed = "\n".join(f"<dt>{_two(zh, en)}</dt><dd>{html.escape(text)}</dd>" for zh, en, text in facts)
    legend = "\n".join(f'<li><i class="{name}"></i>{_two(*text)}</li>' for name, text in OUTCOME_TEXT.items())
    text = page.substitute(facts=listed, tables="\n".join(map(_table_html, tables)), legend=legend)
    path.write_text(text, encoding="utf-8")


def _table_html(table: SummaryTable) -> str:
    heads = "".join(
        f'<th scope="col" class="{column.kind}">{_two(column.zh, column.en)}</th>' for column in table.columns
    )
    rows = []
    for row, bar in zip(table.rows, table.bars, strict=True):
        cells = [
            f'<td class="{column.kind}">{html.escape(text)}</td>'
            for column, text in zip(table.columns, table.shown(row), strict=True)
        ]
        # A bar repeats the figures beside it: it says nothing to a screen reader.
        parts = "".join(f'<i class="{name}" style="width:{share:.3%}"></i>' for name, share in bar)
        rows.append(f'<tr>{"".join(cells)}<td class="bar" aria-hidden="true"><div>{parts}</div></td></tr>')
    return (
        f"<section><h2>{_two(table.zh, table.en)}</h2>"
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(table.zh)}">'
        f"<table><thead><tr>{heads}<td></td></tr></thead><tbody>\n{chr(10).join(rows)}\n</tbody></table></div></section>"
    )


def _two(zh: str, en: str) -> str:
    return f'{html.escape(zh)} <span lang="en">{html.escape(en)}</span>'


def _write_workbook(facts: list[Fact], tables: list[SummaryTable], path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    about = book.create_sheet("概况 About")
    for zh, en, text in facts:
        about.append([_cell(about, f"{zh} {en}", "text"), _cell(about, text, "text")])
    for table in tables:
        sheet = book.create_sheet(table.zh.partition("（")[0])
        sheet.append([_cell(sheet, f"{column.zh} {column.en}", "text") for column in table.columns])
        for row in table.rows:
            sheet.append([_cell(sheet, value, column.kind) for value, column in zip(row, table.columns, strict=True)])
    book.save(path)


def _cell(sheet: Any, value: Cell, kind: Kind) -> WriteOnlyCell:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = _IN_WORKBOOK[kind]
    if kind == "text":
        # Text that starts with "=" is text, not a formula.
        cell.data_type = "s"
    return cell


FORMATS: dict[str, Callable[[list[Fact], list[SummaryTable], Path], None]] = {
    ".html": _write_page,
    ".xlsx": _write_workbook,
}
