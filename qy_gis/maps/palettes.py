"""Colours as data: one palette that all readers can tell apart, and the planning norm's colours of land use."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "palettes.toml"

#: The second channel beside colour, where there are more classes than colours.
_HATCHES = (None, "diag", "dots", "back", "horiz", "cross")


@lru_cache(maxsize=1)
def _palettes() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def accessible_colours() -> list[str]:
    """Return the colours that stay apart for the colour-blind, in the order in which to take them.

    Examples
    --------
    >>> accessible_colours()[:3]
    ['#3f90da', '#ffa90e', '#bd1f01']
    """
    return list(_palettes()["accessible"]["colours"])


def land_use_colours() -> dict[str, str]:
    """Return the planning norm's colour of each land use, by its Chinese name.

    Examples
    --------
    >>> land_use_colours()["工业用地"]
    '#bb9674'
    """
    return dict(_palettes()["land_use"]["colours"])


def accessible_style(number: int) -> dict[str, str | None]:
    """Return outline, fill and hatch of the class of that number, counted from 0.

    After ten classes the colours come again with another hatch.

    Examples
    --------
    >>> accessible_style(1), accessible_style(11)["hatch"]
    ({'color': '#ffa90e', 'fill': '#ffa90e', 'hatch': None}, 'diag')
    """
    colours = accessible_colours()
    round_of, place = divmod(number, len(colours))
    return {"color": colours[place], "fill": colours[place], "hatch": _HATCHES[round_of % len(_HATCHES)]}
