"""What stands around a map on paper: frame and grid, title, legend, scale, north, place in the city, and notes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.transforms import Affine2D
from pyproj import Proj

from qy_gis.errors import MapError
from qy_gis.maps.fonts import find_font
from qy_gis.maps.ink import BAND_ALPHA, DASHES, draw_features, make_sign
from qy_gis.maps.sheet import SIZES, Box, Sheet, column_of, frame_of, round_step
from qy_gis.maps.words import Lang, word
from qy_gis.plan.model import Basis, Layer, Style

INK, QUIET, GRID = "#1c2430", "#4d5866", "#b9c1ca"
#: Height of north, scale and scale bar at the foot of the column, millimetres.
SCALE_HEIGHT = 40.0

_MM_PER_POINT = 25.4 / 72


class Column:
    """The column beside the map, filled from the top; ``y`` is where the next line goes, in millimetres.

    It is a class because what is written next depends on how far the column is filled.
    """

    def __init__(self, figure: Figure, sheet: Sheet, *, floor: float) -> None:
        left, bottom, width, height = frame_of(sheet.paper)
        self.width = column_of(sheet.paper)
        self.axes = add_axes(figure, sheet, (left + width + 5, bottom, self.width, height))
        self.axes.set(xlim=(0, self.width), ylim=(0, height))
        self.axes.axis("off")
        self.y = height
        self.floor = floor
        self.paper = sheet.paper

    def heading(self, text: str) -> None:
        """Write a heading."""
        self._step(6)
        self.axes.text(0, self.y, text, fontproperties=find_font(bold=True), fontsize=8.5, color=INK, parse_math=False)
        self.y -= 1.5

    def lines(self, text: str, *, points: float = 6.5, color: str = QUIET) -> None:
        """Write a text, broken to the width of the column."""
        for line in wrap(text, 0.97 * self.width / (points * _MM_PER_POINT)):
            self._step(points * _MM_PER_POINT * 1.4)
            self.axes.text(0, self.y, line, fontproperties=find_font(), fontsize=points, color=color, parse_math=False)

    def sign(self, signs: Sequence[Any], text: str, note: str) -> None:
        """Write a line of the legend: signs in a unit square, text, and a note at the right edge."""
        wrapped = wrap(text, (self.width - 9 - 13) / (7 * _MM_PER_POINT))
        self._step(5.2)
        # A sign is drawn in a unit square, which here becomes a box of 7 by 3.2 mm.
        place = Affine2D().scale(7, 3.2).translate(0, self.y - 0.6) + self.axes.transData
        for artist in signs:
            artist.set_transform(place)
            self.axes.add_artist(artist)
        look: dict[str, Any] = {"fontproperties": find_font(), "parse_math": False}
        self.axes.text(self.width, self.y, note, ha="right", fontsize=5.5, color=QUIET, **look)
        for number, line in enumerate(wrapped):
            self._step(3.4 if number else 0)
            self.axes.text(9, self.y, line, fontsize=7, color=INK, **look)

    def _step(self, height: float) -> None:
        self.y -= height
        if self.y < self.floor:
            raise MapError(
                f"legend and facts do not fit beside the map on {self.paper}; take a larger paper (--paper), or a page "
                "that has fewer layers visible at first (its key `on`)",
                zh=f"图例与说明在 {self.paper} 图幅旁放不下；请用更大的纸（--paper），"
                "或用初始显示图层较少的页面（键 on）",
            )


def add_axes(figure: Figure, sheet: Sheet, box: Box) -> Axes:
    """Add axes at left, bottom, width and height in millimetres."""
    paper_width, paper_height = SIZES[sheet.paper]
    left, bottom, width, height = box
    return figure.add_axes((left / paper_width, bottom / paper_height, width / paper_width, height / paper_height))


def draw_frame(axes: Axes, sheet: Sheet) -> None:
    """Draw the frame, the grid lines and their coordinates in kilometres (the zone in front of the east)."""
    west, south, east, north = sheet.bounds
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=INK, linewidth=0.9)
    tick = 1.5 * sheet.metres_per_mm
    look: dict[str, Any] = {"fontproperties": find_font(), "fontsize": 6, "color": INK, "clip_on": False}
    step = sheet.step_m
    decimals = max(0, math.ceil(-math.log10(step / 1000)))
    for x in range(math.ceil(west / step) * step, math.floor(east) + 1, step):
        axes.plot([x, x], [south, north], color=GRID, linewidth=0.3, zorder=0.5, gid=f"grid-east-{x}")
        label = f"{sheet.zone * 1000 + x / 1000:.{decimals}f}"
        axes.text(x, south - tick, label, ha="center", va="top", **look)
        axes.text(x, north + tick, label, ha="center", va="bottom", **look)
    for y in range(math.ceil(south / step) * step, math.floor(north) + 1, step):
        axes.plot([west, east], [y, y], color=GRID, linewidth=0.3, zorder=0.5, gid=f"grid-north-{y}")
        label = f"{y / 1000:.{decimals}f}"
        axes.text(west - tick, y, label, ha="right", va="center", rotation=90, **look)
        axes.text(east + tick, y, label, ha="left", va="center", rotation=270, **look)


def draw_frames(axes: Axes, framed: Sequence[tuple[str, Box]]) -> None:
    """Draw the frames of other sheets with their numbers, as an index does."""
    for number, (west, south, east, north) in framed:
        look: dict[str, Any] = {"edgecolor": "#c2185b", "linewidth": 0.7, "zorder": 8}
        axes.add_patch(Rectangle((west, south), east - west, north - south, facecolor="none", **look))
        axes.text(
            west,
            north,
            number,
            va="top",
            fontproperties=find_font(bold=True),
            fontsize=6.5,
            color="#c2185b",
            zorder=11,
            clip_on=True,
        )


def write_title(figure: Figure, sheet: Sheet, title: str, subtitle: str) -> None:
    """Write the title over the map, and at its right a smaller line."""
    left, bottom, width, height = frame_of(sheet.paper)
    y = bottom + height + 8
    _write(figure, sheet, left, y, title, points=17, bold=True)
    _write(figure, sheet, left + width + 5 + column_of(sheet.paper), y, subtitle, points=8, right=True)


def write_foot(
    figure: Figure, sheet: Sheet, *, note: str, review_number: str | None, date: dt.date | None, lang: Lang
) -> None:
    """Write under the map: 审图号 at the left, then what the map is not; grid and date at the right."""
    left, bottom, width, _ = frame_of(sheet.paper)
    number = review_number or word("no_review_number")[lang]
    colon = "：" if lang == "zh" else ": "
    y = bottom - 10
    _write(figure, sheet, left, y, f"{word('review_number')[lang]}{colon}{number}", points=8, bold=True)
    stop = "。" if lang == "zh" else ". "
    _write(figure, sheet, left, y - 4.4, f"{word('indicative_map')[lang]}{stop}{note}", points=6.5)
    right = left + width + 5 + column_of(sheet.paper)
    dated = "" if date is None else f"{word('printed')[lang]}{colon}{date.isoformat()}"
    _write(figure, sheet, right, y, dated, points=7, right=True)


def write_legend(column: Column, layers: Sequence[tuple[Layer, Style]], empty: Sequence[Layer], lang: Lang) -> None:
    """Write the legend: layers with their signs and bases, kinds of lines, and the layers that have no data."""
    column.heading(word("legend")[lang])
    # The topmost first, as one sees them.
    for layer, style in reversed(layers):
        column.sign(make_sign(style, layer.basis, _kind(layer)), getattr(layer.title, lang), word(layer.basis)[lang])
    used: list[Basis] = [basis for basis in DASHES if any(layer.basis == basis for layer, _ in layers)]
    column.heading(word("lines")[lang])
    for basis in used:
        line = make_sign(Style(color=INK, weight=1.5), basis, "polygon")
        column.sign(line, word(basis)[lang], "")
    if any(layer.accuracy_m > 0 for layer, _ in layers):
        box = Rectangle((0, 0), 1, 1).get_path()
        column.sign([PathPatch(box.deepcopy(), facecolor=INK, alpha=BAND_ALPHA, linewidth=0)], word("band")[lang], "")
    if empty:
        column.heading(word("no_data")[lang])
        column.lines(("、" if lang == "zh" else ", ").join(getattr(layer.title, lang) for layer in empty))


def draw_scale(column: Column, sheet: Sheet, lang: Lang) -> None:
    """Draw north, scale and scale bar at the foot of the column, and say in which grid the map is."""
    axes = column.axes
    meridian, grid = find_north(sheet)
    _draw_arrow(axes, (9, 27), meridian)
    angle = f"{abs(meridian):.2f}°"
    side = word("convergence_west" if meridian < 0 else "convergence_east")[lang]
    look: dict[str, Any] = {"fontproperties": find_font(), "color": QUIET, "parse_math": False}
    axes.text(19, 30, f"1:{sheet.scale:,}", fontproperties=find_font(bold=True), fontsize=11, color=INK)
    axes.text(19, 25.5, f"{word('convergence')[lang]} {angle} {side}", fontsize=6, **look)
    axes.text(0, 2.2, grid, fontsize=6, **look)
    length = round_step(column.width * 0.5 * sheet.metres_per_mm / 2)
    part = length / sheet.metres_per_mm / 2
    for number in range(2):
        fill = INK if number == 0 else "white"
        axes.add_patch(Rectangle((number * part, 11), part, 1.5, facecolor=fill, edgecolor=INK, linewidth=0.6))
    unit, divisor = ("km", 1000) if length >= 2000 else ("m", 1)
    for number, label in enumerate(("0", f"{length / 2 / divisor:g}", f"{length / divisor:g} {unit}")):
        align = "left" if number == 0 else "center"
        axes.text(number * part, 13.6, label, ha=align, fontsize=6.5, color=INK, fontproperties=find_font())


def find_north(sheet: Sheet) -> tuple[float, str]:
    """Return by how many degrees true north lies clockwise from the grid's at the centre, and the name of the grid.

    Examples
    --------
    >>> from qy_gis.maps.sheet import Sheet
    >>> angle, grid = find_north(Sheet("A3", 38, (400_000, 2_650_000), 100_000))
    >>> round(angle, 2), grid
    (0.4, 'CGCS2000 / 3-degree Gauss-Kruger zone 38 (EPSG:4526)')
    """
    grid = Proj(sheet.epsg)
    longitude, latitude = grid(*sheet.centre, inverse=True)
    east, north = grid(longitude, latitude + 1e-4)
    turn = math.degrees(math.atan2(east - sheet.centre[0], north - sheet.centre[1]))
    return turn, f"CGCS2000 / 3-degree Gauss-Kruger zone {sheet.zone} (EPSG:{4488 + sheet.zone})"


def inset_size(sheet: Sheet) -> float:
    """Return the side of the square inset, millimetres."""
    return column_of(sheet.paper) * 0.5


def draw_inset(figure: Figure, sheet: Sheet, shapes: Any, style: Style) -> None:
    """Draw the study area small, with the frame of the map in it, above the scale."""
    left, bottom, width, _ = frame_of(sheet.paper)
    size = inset_size(sheet)
    axes = add_axes(figure, sheet, (left + width + 5, bottom + SCALE_HEIGHT, size, size))
    bounds = [shape.bounds for shape in shapes]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    half = max(east - west, north - south) * 0.53
    x, y = (west + east) / 2, (south + north) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half), xticks=[], yticks=[])
    small = Sheet(sheet.paper, sheet.zone, (x, y), round(2 * half / size * 1000))
    draw_features(axes, shapes, style.model_copy(update={"weight": 0.8}), "statutory", small)
    fw, fs, fe, fn = sheet.bounds
    axes.add_patch(Rectangle((fw, fs), fe - fw, fn - fs, facecolor="none", edgecolor="#c2185b", linewidth=1.2))


def wrap(text: str, ems: float) -> list[str]:
    """Break a text into lines of so many ems; a Chinese character is one em wide, others about half.

    Examples
    --------
    >>> wrap("清远市产业规划", 4), wrap("Core and belt", 5)
    (['清远市产', '业规划'], ['Core and', 'belt'])
    """
    lines, line, width = [], "", 0.0
    for letter in text:
        advance = 1.0 if ord(letter) > 0x2E7F else 0.56
        if width + advance > ems and line:
            head, space, tail = line.rpartition(" ")
            # English breaks at a space, Chinese anywhere.
            if space and letter != " " and all(ord(one) < 0x2E80 for one in tail + letter):
                lines.append(head)
                line, width = tail, 0.56 * len(tail)
            else:
                lines.append(line)
                line, width = "", 0.0
        if line or letter != " ":
            line, width = line + letter, width + advance
    return [one.rstrip() for one in [*lines, line] if one]


def _kind(layer: Layer) -> str:
    return "polygon" if layer.geometry == "mixed" else layer.geometry


def _draw_arrow(axes: Axes, centre: tuple[float, float], degrees: float) -> None:
    x, y = centre
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))

    def turned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + dx * cosine + dy * sine, y - dx * sine + dy * cosine) for dx, dy in points]

    axes.add_patch(Polygon(turned([(0, 6), (3, -6), (0, -3.4), (-3, -6)]), facecolor=INK, linewidth=0))
    axes.text(*turned([(0, 8.5)])[0], "N", ha="center", va="center", fontsize=9, fontproperties=find_font(bold=True))


def _write(
    figure: Figure,
    sheet: Sheet,
    x: float,
    y: float,
    text: str,
    *,
    points: float,
    bold: bool = False,
    right: bool = False,
) -> None:
    width, height = SIZES[sheet.paper]
    figure.text(
        x / width,
        y / height,
        text,
        ha="right" if right else "left",
        fontproperties=find_font(bold=bold),
        fontsize=points,
        color=INK,
        parse_math=False,
    )
