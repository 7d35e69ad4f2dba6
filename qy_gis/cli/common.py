"""What every command shares: the group, errors as one message, progress."""

from __future__ import annotations

import atexit
import codecs
import gc
import io
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis import __version__
from qy_gis.errors import GridWarning, QyGisError, cannot_write

if TYPE_CHECKING:
    from qy_gis.reports.language import Lang

#: Exit statuses that are no verdict: of a fault of ours, and, as shells have them, of Ctrl-C and of a broken pipe.
PROGRAM_FAULT, INTERRUPTED, _SIGPIPE = 70, 130, 141

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
      qy-gis check FOLDER -o results/ --summary all.xlsx    all files of a folder, and a workbook
      qy-gis convert FOLDER all.gpkg       many files into one
      qy-gis map overview                  the plan as one offline HTML page
      qy-gis layers --validate             what the plan holds, and whether its data are sound

    \b
    Exit status: 0 nothing stands against the parcels, 1 something does or is unknown, or
    some of many files were refused, 2 the command is wrong or no file could be checked
    (one message says what, and what to do), 130 stopped by Ctrl-C.
    """
    # Imports make a great many objects that stay. To look for rubbish among them, while they come and once more at the
    # end, takes a quarter of the time a short command has.
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    # A pipe on Windows is in the code page, which has no "²": better "m2" than no result.
    codecs.register_error("readable", _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="readable")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_WITHOUT.get(letter, "?") for letter in found), error.end


#: What stands for a letter that a code page has not.
_WITHOUT = {"²": "2", "±": "+-", "–": "-", "→": "->", "·": ".", "×": "x", "−": "-", "…": "..."}


def find_lang() -> Lang:
    """Return the language to print in: as QY_GIS_LANG says, else of the locale, Chinese if neither says.

    Examples
    --------
    >>> find_lang() in ("zh", "en")
    True
    """
    names = ("QY_GIS_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    stated = next((found for name in names if (found := os.environ.get(name))), "")
    language = re.split(r"[._@-]", stated.casefold())[0]
    return "zh" if language in ("", "c", "posix", "zh", "chinese") else "en"


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the language of what it prints."""
    return click.option(
        "--lang",
        type=click.Choice(["zh", "en"]),
        default=find_lang,
        envvar="QY_GIS_LANG",
        help="Language of what is printed. Default: QY_GIS_LANG, else the locale; 中文 if neither says.",
    )(command)


@contextmanager
def one_line_errors(lang: Lang | None = None) -> Iterator[None]:
    """Turn our errors into a message and exit status 2, our warnings into notes, and any other error into status 70.

    Errors are printed in both languages, notes in ``lang``, or in both if it is None.

    A reader that went away (``| head``) and Ctrl-C end the command as they end other tools: 141 and 130.
    """
    with warnings.catch_warnings():
        warnings.showwarning = partial(_print_note, lang)
        warnings.simplefilter("always", GridWarning)
        try:
            yield
            # What is left in the buffer is written here, where a reader that went away is no fault.
            sys.stdout.flush()
        except QyGisError as error:
            click.echo(say_error(error), err=True)
            sys.exit(2)
        except BrokenPipeError:
            # Python would try to write the rest once more at its end, and say so.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(_SIGPIPE)
        except KeyboardInterrupt:
            click.echo("已中断 / stopped", err=True)
            sys.exit(INTERRUPTED)
        except click.exceptions.Exit:
            raise
        except Exception:
            # Status 1 says that something stands against a parcel; a fault of the program must not say so.
            traceback.print_exc()
            click.echo("程序错误，请报告 / a fault of the program; please report it", err=True)
            sys.exit(PROGRAM_FAULT)


def say_error(error: QyGisError) -> str:
    """Return an error as it is printed, in both languages whatever the language of the results is."""
    return f"错误 / error: {error}"


def _print_note(lang: Lang | None, message: Warning | str, *_: Any) -> None:
    if lang is None or not isinstance(message, GridWarning):
        click.echo(f"提示 / note: {message}", err=True)
    elif lang == "zh":
        click.echo(f"提示：{message.zh or message.en}", err=True)
    else:
        click.echo(f"note: {message.en}", err=True)


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
