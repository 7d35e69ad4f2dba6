"""Files of any size: what `qy-gis check` does for ``-o out.parquet``, and for a large file with ``-o out.gpkg``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis.cli.common import INTERRUPTED
from qy_gis.errors import ArgumentError, QyGisError

if TYPE_CHECKING:
    from qy_gis.reports.language import Lang

#: A file with more parcels than this is checked block by block when a GeoPackage alone is asked for.
MANY = 10_000

BATCH_HELP = "批量 batch: "

_OPTIONS = [
    click.option("--resume", is_flag=True, help=BATCH_HELP + "go on with a run that was stopped."),
    click.option("--strict", is_flag=True, help=BATCH_HELP + "stop at the first parcel that cannot be checked."),
    click.option(
        "--distances", is_flag=True, help=BATCH_HELP + "distance to every layer too; takes half as long again."
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        help=BATCH_HELP + "blocks (--dask local: processes) at a time. Default: one to a core.",
    ),
    click.option(
        "--dask", metavar="ADDRESS", help=BATCH_HELP + "local, or tcp://… of a Dask scheduler (docs/scale.md)."
    ),
    click.option(
        "--summary",
        "summaries",
        multiple=True,
        type=click.Path(),
        help="A row per parcel as .xlsx, with the files refused; of a batch, counts as .html or .xlsx.",
    ),
]


@dataclass(frozen=True)
class BatchOptions:
    """The options that a batch alone has."""

    resume: bool
    strict: bool
    distances: bool
    threads: int | None
    dask: str | None
    summaries: tuple[str, ...]

    def refuse(self) -> None:
        """Refuse those that were given, for a check that is not a batch; a summary it has too."""
        given = [f"--{name}" for name, value in vars(self).items() if value and name != "summaries"]
        if given:
            raise ArgumentError(
                f"{', '.join(given)}: for a batch only, that is with -o out.parquet, or with -o out.gpkg alone for a "
                f"GeoParquet, GeoPackage or FlatGeobuf file of more than {MANY:,} parcels",
                zh=f"{'、'.join(given)} 只用于批量：-o 名.parquet，或地块超过 {MANY:,} 宗的 GeoParquet、GeoPackage、"
                "FlatGeobuf 单独写 -o 名.gpkg",
            )


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a batch."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def is_batch(file: str, outputs: tuple[str, ...]) -> bool:
    """Say whether a check is to run block by block: by what it writes, and for a GeoPackage by how much it reads."""
    tables = [output for output in outputs if Path(output).suffix.lower() in (".parquet", ".geoparquet")]
    if tables and len(outputs) > 1:
        name = Path(tables[0]).name
        raise ArgumentError(
            f"-o {name}: a batch writes this alone; leave the other -o out",
            zh=f"-o {name}：逐块检查只写这一项；请去掉另外的 -o",
        )
    if tables or [Path(output).suffix.lower() for output in outputs] != [".gpkg"]:
        return bool(tables)
    try:
        from qy_gis.parcels.stream import open_stream

        return open_stream(file).rows > MANY
    except QyGisError:
        # Not a file that can be read block by block; a single check reads it, or says what is wrong with it.
        return False


def run_batch(
    file: str,
    output: str,
    options: BatchOptions,
    *,
    industry: str | None,
    as_json: bool,
    lang: Lang = "zh",
    **asked: Any,
) -> int:
    """Run a batch, and print its summary; return the exit status. ``asked`` goes to `check_file` as it is."""
    from qy_gis.plan.read import read_plan
    from qy_gis.reports.language import pick
    from qy_gis.reports.summary_files import check_summary_suffix, write_summary
    from qy_gis.reports.terminal import print_summary
    from qy_gis.reports.terminal_check import print_layer_repairs
    from qy_gis.verdict.batch import check_file

    for path in options.summaries:
        check_summary_suffix(path)
    try:
        with show_pace(quiet=as_json) as progress:
            summary = check_file(
                file,
                output,
                industry=industry,
                distances=options.distances,
                threads=options.threads,
                dask=options.dask,
                resume=options.resume,
                strict=options.strict,
                progress=progress,
                **asked,
            )
    except KeyboardInterrupt:
        said = "已中断；做完的都留着，同一命令加 --resume 可续 / stopped; what is done is kept, and the same command"
        click.echo(f"{said} with --resume goes on", err=True)
        return INTERRUPTED
    plan = read_plan(*asked["folders"])
    if as_json:
        import json

        click.echo(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        print_summary(summary, plan, lang=lang)
        print_layer_repairs(plan, lang)
    for path in options.summaries:
        written = write_summary(summary, plan, path, source=file, industry=industry)
        click.echo(pick(lang, f"已写出：{written}", f"written: {written}"), err=as_json)
    click.echo(pick(lang, f"已写出：{output}", f"written: {output}"), err=as_json)
    return 0 if summary["verdicts"]["suitable"] == summary["parcels"] and not summary["rejects"] else 1


class Pace:
    """How fast a batch goes, counting the parcels of this run and not those of a run it goes on with."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def describe(self, done: int, total: int) -> str:
        """Say how many parcels are done, how many a second, and how long the others will take."""
        now = self._clock()
        if self._start is None:
            self._start = now, done
        seconds, finished = now - self._start[0], done - self._start[1]
        text = f"{done:,} / {total:,} 宗 parcels"
        if not finished or not seconds:
            return text
        left = timedelta(seconds=round((total - done) * seconds / finished))
        return f"{text} · {finished / seconds:,.0f} 宗/秒 per s · 剩余 left {left}"


@contextmanager
def show_pace(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with pace on a terminal; in a log a line now and then, and nothing when output is for a machine."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    pace, console = Pace(), Console(stderr=True)
    if console.is_terminal:
        shown = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*shown, console=console, transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda done, total: bar.update(
                task, completed=done, total=total, description=pace.describe(done, total)
            )
        return
    said = -_LOG_EVERY_S

    def log(done: int, total: int) -> None:
        nonlocal said
        text = pace.describe(done, total)
        if not quiet and (time.monotonic() - said >= _LOG_EVERY_S or done == total):
            said = time.monotonic()
            click.echo(text, err=True)

    yield log


#: Seconds between two lines of a log.
_LOG_EVERY_S = 10.0
