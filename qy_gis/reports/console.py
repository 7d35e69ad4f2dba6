"""The terminal: how wide it is, text that is safe to print on it, and lines that fit."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: From this many columns on there are tables; below, lists.
WIDE = 120

#: Columns of a pipe or a file, if COLUMNS does not say.
_PIPED = 100

#: Fewer columns than this do not hold an area and its unit.
_LEAST = 40

#: These do not begin a line; they stay with what is before them.
_NOT_FIRST = "，。、；：！？）》」』】〉％"

#: What may be broken between two lines: a word or one Chinese character, with the marks and the space behind it.
_PIECES = re.compile(rf"(?:[^\s\u2e80-\u9fff\uff00-\uffef]+|\S)[{_NOT_FIRST}]*\s*")


def width() -> int:
    """Return how many columns there are: as COLUMNS says, else those of the terminal, else 100."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return max(int(stated), _LEAST)
    if sys.stdout.isatty():
        return max(shutil.get_terminal_size((_PIPED, 24)).columns, _LEAST)
    return _PIPED


def is_wide() -> bool:
    """Return whether there is room for tables."""
    return width() >= WIDE


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, in colour if it is one."""
    columns = width()
    # Rich would end the process itself when nobody reads on; click says so as other tools do.
    text = io.StringIO()
    Console(file=text, width=columns, force_terminal=sys.stdout.isatty(), legacy_windows=False).print(table)
    click.echo(text.getvalue(), nl=False)


def print_lines(text: str, *, indent: int = 0, first: str = "") -> None:
    """Print a text in lines that fit, each ``indent`` columns from the edge, after a mark on the first."""
    click.echo(wrap(first + text, width(), indent=indent, hang=indent + cell_len(first)))


def wrap(text: str, columns: int, *, indent: int = 0, hang: int = 0) -> str:
    """Return a text in lines of at most so many columns, where a Chinese character takes two.

    Parameters
    ----------
    text
        Printable text on one line.
    columns
        Columns of a line. A word that is wider is cut.
    indent, hang
        Columns before the first line, and before the others.

    Examples
    --------
    >>> print(wrap("永久基本农田：12.00 m² 位于其内。", 16, hang=2))
    永久基本农田：
      12.00 m² 位于
      其内。
    """
    lines, line, room = [], " " * indent, columns - indent
    for piece in _PIECES.findall(text):
        for part in _cut(piece, columns - hang):
            if cell_len(part.rstrip()) > room and line.strip():
                lines.append(line.rstrip())
                line, room = " " * hang, columns - hang
            line, room = line + part, room - cell_len(part)
    return "\n".join([*lines, line.rstrip()])


def _cut(word: str, columns: int) -> list[str]:
    """Return a word in parts that fit into a line."""
    parts = [""]
    for letter in word:
        if cell_len((parts[-1] + letter).rstrip()) > columns:
            parts.append("")
        parts[-1] += letter
    return parts


def plain(text: Any) -> str:
    """Return a text without control characters: in names from strangers' files they could clear a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


def shown(text: Any) -> str:
    """Return a text as a cell of a table: printable, and its brackets no markup."""
    return escape(plain(text))
