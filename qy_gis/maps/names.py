"""Names on paper: written where they fit, the important ones first, and never over each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from shapely.geometry.base import BaseGeometry

from qy_gis.maps.fonts import find_font

#: Millimetres kept free around a name, and between a point and its name.
_GAP_MM = 0.6
_AWAY_MM = 1.4

#: A name may be this much wider than its area and still stand in it.
_OVERHANG = 1.6


@dataclass(frozen=True)
class Name:
    """A name to write: what it names (in the grid of the sheet), and how large."""

    text: str
    shape: BaseGeometry
    points: float
    bold: bool


def write_names(axes: Axes, names: list[Name], *, metres_per_mm: float) -> list[str]:
    """Write names, the first first; one that finds no free place is left out.

    Returns
    -------
    list of str
        The names that were left out.
    """
    canvas: Any = axes.figure.canvas  # of Agg, which alone measures text
    renderer = canvas.get_renderer()
    frame = shapely.box(*_frame(axes))
    taken: list[BaseGeometry] = []
    left_out = []
    for name in names:
        if name.shape.is_empty:
            continue
        artist = _make_text(axes, name)
        box = artist.get_window_extent(renderer).transformed(axes.transData.inverted())
        gap = _GAP_MM * metres_per_mm
        width, height = box.width + 2 * gap, box.height + 2 * gap
        for x, y in _places(name.shape, width, height, _AWAY_MM * metres_per_mm):
            here = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            if frame.contains(here) and not any(here.intersects(other) for other in taken):
                artist.set_position((x, y))
                taken.append(here)
                break
        else:
            artist.remove()
            left_out.append(name.text)
    return left_out


def _make_text(axes: Axes, name: Name) -> Text:
    text = axes.text(
        0,
        0,
        name.text,
        ha="center",
        va="center",
        fontproperties=find_font(bold=name.bold),
        fontsize=name.points,
        color="#1c2430",
        zorder=10,
        gid="name",
        parse_math=False,
    )
    text.set_path_effects([withStroke(linewidth=1.6, foreground="white", alpha=0.9)])
    return text


def _frame(axes: Axes) -> tuple[float, float, float, float]:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    return west, south, east, north


def _places(shape: BaseGeometry, width: float, height: float, away: float) -> list[tuple[float, float]]:
    """Return the middles at which a name may stand: in its area if that is wide enough, else around it."""
    point = shape.centroid if shape.covers(shape.centroid) else shape.point_on_surface()
    x, y = float(point.x), float(point.y)
    west, _, east, _ = shape.bounds
    if shapely.get_dimensions(shape) == 2 and (east - west) * _OVERHANG > width:
        return [(x, y + part * height) for part in (0, 0.8, -0.8, 1.6, -1.6)]
    reach = away + (east - west) / 2
    beside, above = reach + width / 2, reach + height / 2
    return [
        (x + beside, y),
        (x - beside, y),
        (x, y + above),
        (x, y - above),
        (x + beside, y + above),
        (x + beside, y - above),
        (x - beside, y + above),
        (x - beside, y - above),
    ]
