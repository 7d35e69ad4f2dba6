"""What every command shares: the group, errors as one message, progress."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from qy_gis import __version__
from qy_gis.errors import ArgumentError, GridWarning, QyGisError, cannot_write

LAYERS_HELP = "Plan folder; repeat it to lay one over another. Without a plan.toml it lies over the bundled plan."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qy-gis")
def main() -> None:
    """规划与地块：查重叠、给结论、出图。A plan meets parcels: overlaps, outcomes with reasons, maps.

    \b
    Start here / 从这里开始:
      qy-gis demo                          check the sample parcels, draw the maps
      qy-gis check parcel.txt              is this parcel all right?
      qy-gis check parcel.txt -o out.html  the same as one page to open or print
      qy-gis map overview                  the plan as one offline HTML page
      qy-gis layers --validate             what the plan holds, and whether its data are sound

    \b
    Exit status: 0 nothing stands against the parcels, 1 something does or is unknown,
    2 the command or a file is wrong (one message says what, and what to do).
    """
    # Imports make a great many objects that stay. To look for rubbish among them, while they come and once more at the
    # end, takes a quarter of the time a short command has.
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn our errors into a message and exit status 2, our warnings into notes, and any other error into status 70."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: click.echo(f"提示 / note: {message}", err=True)
        warnings.simplefilter("always", GridWarning)
        try:
            yield
        except QyGisError as error:
            click.echo(f"错误 / error: {error}", err=True)
            sys.exit(2)
        except (KeyboardInterrupt, click.exceptions.Exit):
            raise
        except Exception:
            # Status 1 says that something stands against a parcel; a fault of the program must not say so.
            traceback.print_exc()
            click.echo("程序错误，请报告 / a fault of the program; please report it", err=True)
            sys.exit(70)


@contextmanager
def show_progress(*, quiet: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """Show a bar on a terminal; nothing when output is read by a machine."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)


def make_folder(folder: Path) -> Path:
    """Make a folder for output, with those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def refuse_overwriting(source: str, outputs: tuple[str, ...]) -> None:
    """Refuse to write a result over the file it is made from."""
    for output in outputs:
        if Path(output).resolve() == Path(source).resolve():
            name = Path(output).name
            raise ArgumentError(
                f"-o {name} is the file that is read; give another name",
                zh=f"-o {name} 就是读入的文件；请换一个名字",
            )
