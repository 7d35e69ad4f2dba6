"""A sheet of paper: its size in millimetres, the frame of the map on it, and the scale and grid the map is drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qy_gis.measure.crs import grid_epsg

Paper = Literal["A4", "A3", "A2", "A1"]

#: Width and height, millimetres; sheets lie on their long side.
SIZES: dict[Paper, tuple[float, float]] = {"A4": (297, 210), "A3": (420, 297), "A2": (594, 420), "A1": (841, 594)}

#: First digits of round scales and of the steps of grids and scale bars.
_ROUND_SCALES = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 9)
_ROUND_STEPS = (1, 2, 5)

#: Grid lines are at least this far apart on paper, millimetres.
_LEAST_STEP_MM = 40

#: West, south, east, north in the grid, metres.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """A sheet with a map of a certain scale.

    Attributes
    ----------
    paper
        Its size.
    zone
        3-degree zone of the grid in which the map is drawn.
    centre
        Easting (without the zone in front) and northing of the middle of the map, metres.
    scale
        A millimetre on paper is so many millimetres in the grid.
    """

    paper: Paper
    zone: int
    centre: tuple[float, float]
    scale: int

    @property
    def epsg(self) -> int:
        """EPSG code of the grid, eastings without the zone in front."""
        return grid_epsg(self.zone, prefixed=False)

    @property
    def metres_per_mm(self) -> float:
        """Metres in the grid to a millimetre on paper."""
        return self.scale / 1000

    @property
    def bounds(self) -> Box:
        """What the map shows: west, south, east, north in the grid."""
        _, _, width, height = frame_of(self.paper)
        half_width, half_height = width * self.metres_per_mm / 2, height * self.metres_per_mm / 2
        east, north = self.centre
        return east - half_width, north - half_height, east + half_width, north + half_height

    @property
    def step_m(self) -> int:
        """Distance of the grid lines, metres."""
        return round_step(_LEAST_STEP_MM * self.metres_per_mm)


def margin_of(paper: Paper) -> float:
    """Return the width of the blank margin, millimetres."""
    return SIZES[paper][0] / 30


def column_of(paper: Paper) -> float:
    """Return the width of the column for legend and scale beside the map, millimetres."""
    return 62 if paper == "A4" else 78


def frame_of(paper: Paper) -> Box:
    """Return the left, bottom, width and height of the map on the sheet, millimetres.

    Examples
    --------
    >>> frame_of("A3")
    (20.0, 29.0, 303.0, 237.0)
    """
    width, height = SIZES[paper]
    margin = margin_of(paper)
    ticks, foot, head = 6.0, 15.0, 17.0
    left, bottom = margin + ticks, margin + foot
    return left, bottom, width - left - column_of(paper) - 5 - margin, height - bottom - head - margin


def fit_sheet(paper: Paper, zone: int, extent: Box, scale: int | None) -> Sheet:
    """Return the sheet whose map shows an extent (west, south, east, north in the grid).

    Without a scale it is a round one at which the extent fits.

    Examples
    --------
    >>> fit_sheet("A3", 38, (300_000, 2_590_000, 500_000, 2_790_000), None).scale
    900000
    >>> fit_sheet("A3", 38, (300_000, 2_590_000, 500_000, 2_790_000), 250_000).scale
    250000
    """
    west, south, east, north = extent
    if scale is None:
        _, _, width, height = frame_of(paper)
        needed = max((east - west) / width, (north - south) / height) * 1000
        scale = round_scale(max(needed, 500))
    return Sheet(paper, zone, ((west + east) / 2, (south + north) / 2), scale)


def round_scale(needed: float) -> int:
    """Return the next round scale that is not below the one needed.

    Examples
    --------
    >>> round_scale(847_458), round_scale(5_100), round_scale(9_000)
    (900000, 6000, 9000)
    """
    return _round_up(needed, _ROUND_SCALES)


def round_step(needed: float) -> int:
    """Return the next length of 1, 2 or 5 with noughts that is not below the one needed.

    Examples
    --------
    >>> round_step(8_000), round_step(33_000), round_step(1)
    (10000, 50000, 1)
    """
    return _round_up(needed, _ROUND_STEPS)


def _round_up(needed: float, firsts: tuple[float, ...]) -> int:
    power = 1
    while True:
        fitting = [round(first * power) for first in firsts if first * power >= needed * (1 - 1e-9)]
        if fitting:
            return fitting[0]
        power *= 10
