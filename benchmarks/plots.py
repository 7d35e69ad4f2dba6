"""The plots of `docs/performance.md`: time against parcels and against vertices, and peak memory."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.measure import CONTENDERS, OURS

_TITLES = {contender.name: contender.title.replace("*", "").replace("`", "") for contender in CONTENDERS}

#: One colour a contender, the same in every plot: ours dark and heavy, the floor grey.
_COLOURS = dict(zip(_TITLES, ("#b5121b", "#e8868b", "#9a9a9a", *mpl.color_sequences["Dark2"]), strict=False))


#: What contenders did, by name, for each number of parcels or of vertices.
Rows = Mapping[int, Mapping[str, Any]]


def draw_run(sizes: Rows, folder: Path) -> None:
    """Draw time and peak memory against the number of parcels."""
    _draw(sizes, _seconds, ("parcels", "seconds, median"), folder / "performance-parcels.png")
    # The memory of PostGIS is in its server, which is not measured.
    without = {
        count: {name: one for name, one in row.items() if name != "postgis_tiles"} for count, row in sizes.items()
    }
    _draw(without, _megabytes, ("parcels", "peak memory, MB"), folder / "performance-memory.png")


def draw_growth(zones: Rows, folder: Path) -> None:
    """Draw time against the vertices of one zone."""
    _draw(zones, _seconds, ("vertices of the one zone", "seconds, median"), folder / "performance-vertices.png")


def _seconds(one: Mapping[str, Any]) -> float:
    return float(statistics.median(one["seconds"]))


def _megabytes(one: Mapping[str, Any]) -> float:
    return float(one["peak_bytes"]) / 1e6


def _draw(rows: Rows, value: Callable[[Mapping[str, Any]], float], labels: tuple[str, str], file: Path) -> None:
    """Draw a line per contender, both axes logarithmic; what did not run or is wrong has no point."""
    figure, axes = plt.subplots(figsize=(9, 4.8), dpi=130, layout="constrained")
    for name, title in _TITLES.items():
        ran = {
            at: row[name]
            for at, row in rows.items()
            if name in row and row[name]["seconds"] and not row[name]["remark"]
        }
        if ran:
            style, width = ":" if name == "floor" else "-", 3.0 if name == OURS else 1.5
            line = [value(one) for one in ran.values()]
            axes.plot(list(ran), line, style, marker="o", color=_COLOURS[name], linewidth=width, label=title)
    axes.set(xscale="log", yscale="log", xlabel=f"{labels[0]} (log)", ylabel=f"{labels[1]} (log)")
    axes.grid(which="major", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)
