"""A siting on paper: sites, map, what the rules cost, how sure the ranking is, what was asked; all of it A4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from qy_gis.maps.fonts import find_font
from qy_gis.maps.furniture import wrap

#: A4 on its side and its margin, inches.
_WIDTH, _HEIGHT, _MARGIN = 11.69, 8.27, 0.6

#: Size of text in tables (points), and its line in inches.
_POINTS, _LINE = 8.0, 0.165

#: A column is at most this wide before its text is broken, ems; and what the columns of a page have together.
_MOST_EMS, _PAGE_EMS = 60.0, (_WIDTH - 2 * _MARGIN) * 72 / _POINTS

_INK, _RULE = "#20242a", "#c5c9ce"


def set_tables(title: str, note: str, tables: dict[str, pd.DataFrame]) -> Iterator[Figure]:
    """Set tables of texts under one another, with a title and a note on the first page; a long one goes on overleaf.

    Parameters
    ----------
    title, note
        Of the first page.
    tables
        By their headings; a table without rows says that there is none.
    """
    page = _Page()
    if title:
        page.write(title, points=16, bold=True, after=0.15)
        page.paragraph(note, after=0.1)
    for heading, table in tables.items():
        lines = _break(table)
        # A heading alone at the foot of a page is of no use.
        if page.top - _LINE * 4 - sum(map(_height, lines[:2])) < _MARGIN:
            yield page.figure
            page = _Page()
        page.write(heading, points=11, bold=True, after=0.08)
        if not len(table):
            page.paragraph("没有。 None.", after=0.1)
            continue
        places = _place_columns(lines)
        head, *rows = lines
        page.row(head, places, bold=True)
        for row in rows:
            if page.top - _height(row) < _MARGIN:
                yield page.figure
                page = _Page()
                page.row(head, places, bold=True)
            page.row(row, places)
        page.top -= 0.15
    yield page.figure


def fit_to_page(figure: Figure) -> Figure:
    """Make a picture as large as the page, with its margin."""
    figure.set_size_inches(_WIDTH, _HEIGHT)
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=_MARGIN, h_pad=_MARGIN)
    return figure


class _Page:
    """A page that is written from the top."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(_WIDTH, _HEIGHT))
        self.top = _HEIGHT - _MARGIN

    def write(self, text: str, *, points: float, bold: bool = False, after: float = 0.0) -> None:
        self._text(_MARGIN, text, points=points, bold=bold)
        self.top -= points / 72 * 1.35 + after

    def paragraph(self, text: str, *, after: float) -> None:
        for line in wrap(text, _PAGE_EMS):
            self.write(line, points=_POINTS + 0.5)
        self.top -= after

    def row(self, cells: list[list[str]], places: list[float], *, bold: bool = False) -> None:
        start = self.top
        for cell, place in zip(cells, places, strict=True):
            self.top = start
            for line in cell:
                self._text(_MARGIN + place, line, points=_POINTS, bold=bold)
                self.top -= _LINE
        self.top = start - _height(cells)
        rule: Any = matplotlib.lines.Line2D(
            [_MARGIN / _WIDTH, 1 - _MARGIN / _WIDTH], [(self.top + 0.06) / _HEIGHT] * 2, color=_RULE, linewidth=0.5
        )
        self.figure.add_artist(rule)

    def _text(self, left: float, text: str, *, points: float, bold: bool) -> None:
        self.figure.text(
            left / _WIDTH,
            self.top / _HEIGHT,
            text,
            fontproperties=find_font(bold=bold),
            fontsize=points,
            color=_INK,
            va="top",
            parse_math=False,
        )


def _break(table: pd.DataFrame) -> list[list[list[str]]]:
    """Return the rows of a table, its heads first, each cell as lines that leave room for all columns."""
    texts = [[str(name) for name in table.columns], *table.astype(str).to_numpy().tolist()]
    if not texts[0]:
        return [[]]
    natural = np.array([[_ems(text) for text in row] for row in texts]).max(axis=0) + 1.5
    widths = np.minimum(natural, _MOST_EMS)
    if widths.sum() > _PAGE_EMS:
        # The wide columns share what the narrow ones leave.
        fair = _PAGE_EMS / len(widths)
        wide = widths > fair
        widths[wide] *= (_PAGE_EMS - widths[~wide].sum()) / widths[wide].sum()
    return [[wrap(text, width - 1.4) or [""] for text, width in zip(row, widths, strict=True)] for row in texts]


def _place_columns(lines: list[list[list[str]]]) -> list[float]:
    """Return where each column begins, inches from the margin."""
    widths = [max(_ems(line) for row in lines for line in row[column]) + 1.5 for column in range(len(lines[0]))]
    return [float(place) * _POINTS / 72 for place in np.cumsum([0.0, *widths[:-1]])]


def _height(cells: list[list[str]]) -> float:
    return max((len(cell) for cell in cells), default=1) * _LINE + 0.1


def _ems(text: str) -> float:
    return sum(1.0 if ord(letter) > 0x2E7F else 0.56 for letter in text)
