"""Write `docs/siting-performance.md` and its plots from the last run: ``python -m benchmarks.siting_report``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.measure import RESULTS
from benchmarks.report import describe_machine
from benchmarks.siting import WORKS_PATIENCE

_DOCS = Path(__file__).parent.parent / "docs"

#: Title, colour and width of the line of each contender; ours dark and heavy.
_WORKS = {
    "rule_costs": ("**qy_gis** `rule_costs`", "#b5121b", 3.0),
    "find_sites": ("**qy_gis** `find_sites`", "#e8868b", 2.5),
    "combine": ("**qy_gis** `combine`", "#8c6bb1", 2.5),
    "shapely": ("shapely, one union", "#1b9e77", 1.5),
    "overlay": ("`geopandas.overlay`", "#7570b3", 1.5),
    "atlite": ("atlite, 25 m", "#e6ab02", 1.5),
}

_HEAD = """\
# 选址的性能 Performance of siting

本页由 `python -m benchmarks.siting` 生成，数字全部来自实际运行，勿手改。
This page is written by `python -m benchmarks.siting`; every figure comes from a run. Do not edit it.

合成城市（`benchmarks/siting_city.py`，固定种子）：正方形，每平方公里半块须避开的地块（约占五分之一，相互重叠），
每 20 公里一条河，河边退让 300 米。每个程序各自一个进程，从文件到答案，不计导入，取中位数。
A made-up city (`benchmarks/siting_city.py`, seeded): a square, half a patch to be kept off per km² (a fifth of the
land; they overlap one another), and every 20 km a river with a setback of 300 m. Every contender is a process of its
own, from the files to its answer, imports left out; medians. Load average is that of the machine when a contender
started: where it is above the number of cores, other work ran too, and only multiples within a row mean anything.
负载高于核数时机器上另有工作，只宜在同一行内比较倍数。

| 程序 contender | 答什么 what it answers |
|---|---|
| **qy_gis** `rule_costs` | 各规则单独、合计、边际占用的土地，待核实的土地；精确。\
what each rule takes alone, together, at the margin, and what is unknown; exact |
| **qy_gis** `find_sites` | 10 块 50 公顷的地块，逐块核查。ten sites of 50 ha, each checked |
| **qy_gis** `combine` | 全部图层的一张不重不漏的图。all layers in one partition |
| shapely, one union | 可选面积一个数：先并后减。one figure: a union, taken from the city |
| `geopandas.overlay` | 同上，照一般写法。the same, as users write it |
| atlite | 同上，栅格（`ExclusionContainer`）。the same, on a raster |

GLAES 不在 PyPI 上，没有运行。GLAES is not on PyPI and was not run.
"""

_RASTER = """
## 栅格越细，越接近精确值 The finer the raster, the nearer to the exact share

{side_km} × {side_km} km，{vertices:,} 个顶点 vertices。误差以 qy_gis 的可选比例 {share:.6f} 为准；
独立的参照 shapely 为 {reference:.6f}（{apart:+.5%}：300 米在地面上量还是在格网上量，圆角怎么画）。
格子减半，直到预计超过 {patience_s:g} 秒。
Errors are against the share of qy_gis, {share:.6f}; the independent reference, shapely, has {reference:.6f}
({apart:+.5%}: 300 m on the ground against 300 m in the grid, and how round corners are drawn). Cells are halved until
{patience_s:g} s would be passed.

| 程序 | 可选比例 share | 误差 error | 秒 s | 峰值内存 peak, MB |
|---|---|---|---|---|
"""

_RASTER_END = """
![栅格误差与时间 error and time of the raster](images/siting-raster.png)
"""

_SIZES = """
## 城市越大 The larger the city

密度不变，范围增大。秒；— 表示按前一个城市估计会超过 {seconds:g} 秒，没有运行。
The same density, a growing extent. Seconds; — was not run: its time in the city before says that it would take over
{seconds:g} s.
"""

_FINER = """
## 顶点越多 The more vertices

{side_km} × {side_km} km，同一批地块画得更细。秒。The same patches drawn more finely. Seconds.
"""


def main() -> None:
    """Write the page."""
    result = json.loads((RESULTS / "siting.json").read_text(encoding="utf-8"))
    images = _DOCS / "images"
    images.mkdir(parents=True, exist_ok=True)
    text = _HEAD + _describe_raster(
        {**result["raster"], "patience_s": result["patience_s"]}, images / "siting-raster.png"
    )
    by_size = [(f"{row['side_km']} km, {row['vertices']:,}", row) for row in result["sizes"]]
    text += _SIZES.format(seconds=WORKS_PATIENCE * result["patience_s"]) + _describe_works(
        by_size, "边长与顶点 side, vertices"
    )
    _draw_works(result["sizes"], lambda row: row["side_km"] ** 2, "km²", images / "siting-size.png")
    text += "\n![时间与城市大小 time against the size of the city](images/siting-size.png)\n"
    by_vertices = [(f"{row['vertices']:,}", row) for row in result["finer"]]
    text += _FINER.format(**result["finer"][0]) + _describe_works(by_vertices, "顶点 vertices")
    _draw_works(result["finer"], lambda row: row["vertices"], "vertices", images / "siting-vertices.png")
    text += "\n![时间与顶点数 time against vertices](images/siting-vertices.png)\n"
    loads = list(_find_loads(result))
    if loads:
        text += f"\n负载 load average {min(loads):.1f}-{max(loads):.1f}.\n"
    (_DOCS / "siting-performance.md").write_text(text + describe_machine(result["machine"]), encoding="utf-8")


def _describe_raster(raster: dict[str, Any], picture: Path) -> str:
    exact = {name: one["answer"] for name, one in raster["exact"].items()}
    share, reference = exact["rule_costs"], exact["shapely"]
    text = _RASTER.format(**raster, share=share, reference=reference, apart=reference / share - 1)
    rows = [(_WORKS[name][0], one) for name, one in raster["exact"].items()]
    rows += [(f"atlite, {float(cell):g} m", one) for cell, one in raster["masks"].items()]
    for title, one in rows:
        error = f"{one['answer'] / share - 1:+.4%}" if title.startswith("atlite") else "—"
        cells = (title, f"{one['answer']:.6f}", error, f"{_median(one):.2f}", f"{one['peak_bytes'] / 1e6:,.0f}")
        text += f"| {' | '.join(cells)} |\n"
    figure, axes = plt.subplots(figsize=(7.5, 4.2), dpi=130, layout="constrained")
    seconds = [_median(one) for one in raster["masks"].values()]
    errors = [abs(one["answer"] / share - 1) for one in raster["masks"].values()]
    axes.plot(seconds, errors, marker="o", color=_WORKS["atlite"][1], label="atlite")
    for cell, at, error in zip(raster["masks"], seconds, errors, strict=True):
        axes.annotate(f"{float(cell):g} m", (at, error), (5, 4), textcoords="offset points", fontsize=8)
    ours = _median(raster["exact"]["rule_costs"])
    axes.axvline(ours, color=_WORKS["rule_costs"][1], linewidth=3.0, label="qy_gis rule_costs: exact")
    axes.axhline(1e-3, color="#999999", linestyle=":", label="0.1 %")
    _finish(figure, axes, ("seconds, median", "error of the eligible share"), picture)
    return text + _RASTER_END


def _describe_works(rows: list[tuple[str, dict[str, Any]]], head: str) -> str:
    text = f"\n| {head} | {' | '.join(title for title, _, _ in _WORKS.values())} |\n|---|{'---|' * len(_WORKS)}\n"
    for name, row in rows:
        cells = [f"{_median(row['works'][work]):.2f}" if work in row["works"] else "—" for work in _WORKS]
        text += f"| {name} | {' | '.join(cells)} |\n"
    return text


def _draw_works(rows: list[dict[str, Any]], place: Callable[[dict[str, Any]], float], unit: str, picture: Path) -> None:
    figure, axes = plt.subplots(figsize=(9, 4.4), dpi=130, layout="constrained")
    for work, (title, colour, width) in _WORKS.items():
        ran = [(place(row), _median(row["works"][work])) for row in rows if work in row["works"]]
        label = title.replace("*", "").replace("`", "")
        axes.plot(*zip(*ran, strict=True), marker="o", color=colour, linewidth=width, label=label)
    _finish(figure, axes, (unit, "seconds, median"), picture)


def _finish(figure: Any, axes: Any, labels: tuple[str, str], picture: Path) -> None:
    axes.set(xscale="log", yscale="log", xlabel=f"{labels[0]} (log)", ylabel=f"{labels[1]} (log)")
    axes.grid(which="major", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(picture, metadata={"Software": None})
    plt.close(figure)


def _find_loads(result: Any) -> Iterator[float]:
    """Yield the load average of every run, wherever it stands in the result."""
    if isinstance(result, dict):
        yield from result.get("load", [])
        for value in result.values():
            yield from _find_loads(value)
    elif isinstance(result, list):
        for value in result:
            yield from _find_loads(value)


def _median(one: dict[str, Any]) -> float:
    return float(statistics.median(one["seconds"]))


if __name__ == "__main__":
    main()
