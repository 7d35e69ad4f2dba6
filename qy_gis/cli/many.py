"""A check of many files: one after the other, each by itself; what one is refused for does not stop the others."""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis.cli.common import PROGRAM_FAULT, make_folder
from qy_gis.cli.inputs import Input, Inputs
from qy_gis.errors import ArgumentError, GridWarning, OutputError, PlanError, QyGisError

if TYPE_CHECKING:
    from qy_gis.plan.model import Plan
    from qy_gis.reports.language import Lang
    from qy_gis.reports.next_steps import Command
    from qy_gis.reports.parcel_list import ParcelList
    from qy_gis.verdict.check import CheckResult

#: What a folder of results gets for each file, unless told otherwise.
DEFAULT_FORMATS = ("html",)

#: Seconds between two lines of a log.
_LOG_EVERY_S = 10.0


@dataclass(frozen=True)
class Targets:
    """Where results go: folders with a file for each input, files with all of them, and lists of parcels."""

    folders: list[Path] = field(default_factory=list)
    merged: list[Path] = field(default_factory=list)
    summaries: list[Path] = field(default_factory=list)
    formats: tuple[str, ...] = DEFAULT_FORMATS


@dataclass(frozen=True)
class Question:
    """What every file is asked: the plan, the industry, and how files are read."""

    plan: Plan
    industry: str | None
    tolerance_m2: float | None
    reading: dict[str, Any]
    command: Command
    lang: Lang


def is_folder(output: str) -> bool:
    """Return whether an output is a folder for results: it ends in a slash, is one, or has no ending."""
    return output.endswith(("/", "\\")) or Path(output).is_dir() or not Path(output).suffix


def name_outputs(inputs: list[Input], formats: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the names of the files that each input is to have in a folder, by its label.

    The name of the file without its ending, where no other has the same; else with it, and with its folders.

    Examples
    --------
    >>> name_outputs([Input("x/a.txt", "a.txt"), Input("x/b.shp", "b.shp"), Input("b.zip", "b.zip")], ("html",))
    {'a.txt': ['a.html'], 'b.shp': ['b.shp.html'], 'b.zip': ['b.zip.html']}
    """
    stems = Counter(_stem(one.label).casefold() for one in inputs)
    names = {}
    for one in inputs:
        stem = _stem(one.label)
        if stems[stem.casefold()] > 1:
            stem = _safe(one.label)
        names[one.label] = [f"{stem}.{form}" for form in formats]
    return names


def _stem(label: str) -> str:
    return _safe(Path(label).stem)


def _safe(label: str) -> str:
    return "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in label) or "_"


def check_many(inputs: Inputs, question: Question, targets: Targets, *, as_json: bool) -> int:
    """Check files one after the other, write and print what was found, and return the exit status.

    The status is 0 if every file was checked and nothing stands against any parcel, 2 if no file could be checked, and
    else 1.
    """
    from qy_gis.reports.merging import as_list, write_merged
    from qy_gis.reports.parcel_list import ParcelList, write_parcel_list

    listed = ParcelList(passed_over=inputs.passed_over, files=[*(one.label for one in inputs.found), *inputs.empty])
    names = name_outputs(inputs.found, targets.formats)
    written = [folder / name for folder in targets.folders for each in names.values() for name in each]
    refuse_to_overwrite(inputs.found, [*written, *targets.merged, *targets.summaries])
    for folder in targets.folders:
        make_folder(folder)
    kept: dict[str, CheckResult] = {}
    standing: list[Any] = []
    faults = 0
    with show_files(len(inputs.found), quiet=as_json, lang=question.lang) as tell:
        for number, one in enumerate(inputs.found):
            tell(number, one.label)
            try:
                result = _check_one(one, question, listed)
                for folder in targets.folders:
                    _write_each(result, folder, names[one.label])
            except (PlanError, OutputError):
                # Neither is the fault of the file, and no other would fare better.
                raise
            except QyGisError as error:
                listed.refused.append((one.label, error))
                continue
            except Exception:
                faults += 1
                traceback.print_exc()
                en, zh = "a fault of the program; please report it", "程序错误，请报告"
                listed.refused.append((one.label, QyGisError(en, zh=zh)))
                continue
            rows = result.findings[result.findings["outcome"] != "pass"]
            standing.append(rows.drop_duplicates(["layer", "rule", "outcome"]))
            if targets.merged or as_json:
                kept[one.label] = result
        tell(len(inputs.found), "")
    _refuse_empty(inputs, listed)
    lang = question.lang
    if as_json:
        click.echo(as_list(kept, dict(listed.refused)))
    else:
        _print_all(listed, standing, question)
    for path in targets.merged if kept else ():
        say_written(write_merged(kept, path), lang, as_json=as_json)
    for path in targets.summaries:
        listing = write_parcel_list(listed, path, plan=question.plan, industry=question.industry, lang=lang)
        say_written(listing, lang, as_json=as_json)
    for folder in targets.folders:
        say_written(folder, lang, as_json=as_json)
    if faults:
        return PROGRAM_FAULT
    if not listed.rows:
        return 2
    return 1 if listed.refused or any(row.verdict != "suitable" for row in listed.rows) else 0


def _print_all(listed: ParcelList, standing: list[Any], question: Question) -> None:
    """Print the parcels, what their layers lack, the files refused, the counts and the next step, in this order."""
    import pandas as pd

    from qy_gis.reports.parcel_list import print_parcel_list, print_refused
    from qy_gis.reports.terminal_check import print_layer_repairs, print_layers_to_get, print_next

    print_parcel_list(listed, lang=question.lang)
    if not standing:
        print_refused(listed, lang=question.lang)
        return
    print_layer_repairs(question.plan, question.lang)
    whole = pd.concat(standing, ignore_index=True)
    print_layers_to_get(whole, question.plan, question.lang)
    print_refused(listed, lang=question.lang)
    print_next(whole, question.plan, question.command, question.lang)


def say_written(path: Path | str, lang: Lang, *, as_json: bool = False) -> None:
    """Say that a file was written; beside JSON, on the error stream."""
    from qy_gis.reports.language import pick

    click.echo(pick(lang, f"已写出：{path}", f"written: {path}"), err=as_json)


def _check_one(one: Input, question: Question, listed: ParcelList) -> CheckResult:
    from qy_gis.parcels.read import read_parcels
    from qy_gis.reports.parcel_list import list_parcels
    from qy_gis.verdict.check import check

    with warnings.catch_warnings(record=True) as warned:
        parcels = read_parcels(one.source, **question.reading)
    for warning in warned:
        # That planar areas are off is true of most files of an office; once for all of them is enough.
        if isinstance(warning.message, GridWarning):
            listed.off_grid.append(one.label)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    result = check(parcels, question.plan, industry=question.industry, tolerance_m2=question.tolerance_m2)
    listed.rows += list_parcels(result, one.label, lang=question.lang)
    return result


def _write_each(result: CheckResult, folder: Path, names: list[str]) -> None:
    from qy_gis.reports.write import write_report

    for name in names:
        write_report(result, folder / name)


def _refuse_empty(inputs: Inputs, listed: ParcelList) -> None:
    """Add folders and patterns in which there is nothing to read to what was refused."""
    for name in inputs.empty:
        en = "holds no file of a known format; docs/formats.md lists them"
        zh = "其中没有已知格式的文件；可读格式见 docs/formats.md"
        listed.refused.append((name, QyGisError(en, zh=zh)))


def refuse_to_overwrite(inputs: list[Input], written: list[Path]) -> None:
    """Refuse to write over a file that is read."""
    read = {Path(one.source).resolve() for one in inputs if "\n" not in one.source}
    for path in written:
        if path.resolve() in read:
            raise ArgumentError(
                f"{path.name} is a file that is read; give another name or folder for what is written",
                zh=f"{path.name} 就是读入的文件；请为写出的文件换一个名称或文件夹",
            )


@contextmanager
def show_files(total: int, *, quiet: bool, lang: Lang) -> Iterator[Callable[[int, str], None]]:
    """Show a bar on a terminal; in a log a line now and then, and nothing when output is for a machine."""
    if sys.stderr.isatty() and not quiet:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        shown = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            TimeRemainingColumn(),
        )
        with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda done, name: bar.update(task, completed=done, description=name)
        return
    said = time.monotonic()

    def log(done: int, name: str) -> None:
        nonlocal said
        if not quiet and done < total and time.monotonic() - said >= _LOG_EVERY_S:
            said = time.monotonic()
            click.echo(f"{done} / {total}  {name}", err=True)

    yield log
