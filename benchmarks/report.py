"""Write `docs/performance.md` and its plots from the results of the last runs: ``python -m benchmarks.report``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.measure import CONTENDERS, OURS, RESULTS
from benchmarks.plots import draw_growth, draw_run

_DOCS = Path(__file__).parent.parent / "docs"
_IMAGES = _DOCS / "images"

_HEAD = """\
# 性能 Performance

本页由 `make bench` 生成，数字全部来自实际运行，勿手改。
This page is written by `make bench`; every figure comes from a run. Do not edit it.
"""

_RUN = """
## 同一座城市，同一批地块 The same city, the same parcels

合成城市（`benchmarks/city.py`，固定种子）：10个图层，其中有6.5万顶点的单个面、2万块农田（相互有重叠）、3000块红线
（12块约2万至3.5万顶点并带洞）、60个园区；地块4至60个顶点、0.1至50公顷，成簇分布。
每个程序各自一个进程，从文件到文件，轮流运行，取中位数。
A synthetic city (`benchmarks/city.py`, seeded): 10 layers, among them single polygons of 65,000 vertices, 20,000
farmland patches (which overlap one another), 3,000 red-line patches (12 of about 20,000-35,000 vertices with holes)
and 60 parks; parcels of 4-60 vertices, 0.1-50 ha, clustered. Every contender is a process of its own, from file to
file, in turns; medians.

**对同行从宽** The peers get a head start: 地块与分区已预先投影、加密，分区已切块（PostGIS已载入并建索引），均不计时；
本项目从经纬度文件开始，投影、加密、有效性检查都计时，只有分区索引是预先建好的。
倍数以“pair table”为1，它与同行做的是同一件事。
Their parcels and zones are projected and densified beforehand, zones cut into tiles, PostGIS loaded and indexed, none
of it counted. qy_gis starts from the file in degrees, and projecting, densifying and checking validity are counted;
only its index of the zones is prebuilt. The multiples are of its pair table, the same work that the peers do.
"""

_PARCELS = "\n### {count:,} 个地块 parcels\n"

_RUN_COLUMNS = """
| 程序 contender | 中位数 median, s | 范围 range (次数 runs) | 峰值内存 peak, MB | 倍数 times ours |
|---|---|---|---|---|
"""

_RUN_NOTES = """
PostGIS 的峰值内存只是客户端。The peak memory of PostGIS is its client's only.

![时间与地块数 time against parcels](images/performance-parcels.png)

![峰值内存 peak memory](images/performance-memory.png)
"""

_FIRST_RUN = """
本项目首次运行（尚无的索引和编译此时生成）
Our first run, which builds and compiles what is not there yet: {seconds:.1f} s.
"""

_EQUAL = """
### 先比结果 Equal results first

计时之前，每对面积与同一平面中的参照逐一相比，误差不得超过 1e-3 m² 或 1e-9。
Before times count, every area is held against the reference's in the same plane; the two agree within 1e-3 m² or 1e-9
of themselves, or the contender gets no time.
"""

_EQUAL_COLUMNS = """
| 地块 parcels | 程序 | 参照 reference | 对数 pairs | 不等 unequal | 最大差 apart, m² | 关系不同 related otherwise |
|---|---|---|---|---|---|---|
"""

_GROWTH = """
## 一个分区的顶点数 Vertices of one zone

{parcels:,}个地块，一个图层，一个分区（约9000 km²）；顶点更多的分区是同一轮廓的更细画法。从文件到文件，含启动。秒。
{parcels:,} parcels, one layer with one zone of about 9,000 km²; zones of more vertices are finer drawings of the same
outline (edges over 70 m get extra points in every one). File to file, start included. Seconds.
"""

_REAL = """
## 真实陆地 Real land

{parcels:,}个地块，两个图层：东经105°至117°、北纬18°至26°内各国和地区的陆地（{countries}个面，{country_vertices:,}个顶点）
及其合并（{land_vertices:,}个顶点）；长边会加密。数据：npm 包 `{package}`，© OpenStreetMap 贡献者，ODbL 许可；
界线照该数据绘制，不代表本项目的任何立场；本仓库不附带该数据。地块为合成，四成沿真实海岸线和界线分布。
{parcels:,} parcels, two layers: the land of countries and regions within 105°-117°E, 18°-26°N ({countries} features,
{country_vertices:,} vertices), and all of it as one ({land_vertices:,} vertices); long edges get extra points.
Data: the npm package `{package}`, © OpenStreetMap contributors, ODbL; lines are drawn as that data
set draws them, the project takes no stand on them, and none of it is shipped here. The parcels are made up, four in ten
of them along the real coasts and borders.
"""

_ONE = """
## 一个地块 One parcel

**热** Warm: 进程中已载入规划，此前已核查一百宗。
in a process that already holds the plan and has checked a hundred other parcels.

| 调用 call | 次数 calls | 中位数 median, ms | p95, ms |
|---|---|---|---|
"""

_COLD = """
**冷** Cold: 新进程，索引已在。a new process, the index present.

| 命令 command | 次数 starts | 中位数 median, s | 比值 ratio |
|---|---|---|---|
"""


def main() -> None:
    """Write the page from the results that exist."""
    _IMAGES.mkdir(parents=True, exist_ok=True)
    sections = {"run": _describe_run, "growth": _describe_growth, "real": _describe_real, "one_parcel": _describe_one}
    text = _HEAD
    for name, describe in sections.items():
        file = RESULTS / f"{name}.json"
        if file.exists():
            result = json.loads(file.read_text(encoding="utf-8"))
            text += describe(result) + describe_machine(result["machine"])
    (_DOCS / "performance.md").write_text(text, encoding="utf-8")


def _describe_run(result: dict[str, Any]) -> str:
    sizes = {int(count): row for count, row in result["sizes"].items()}
    draw_run(sizes, _IMAGES)
    text = _RUN
    for count, row in sizes.items():
        text += _PARCELS.format(count=count) + _RUN_COLUMNS
        text += "".join(_contender_row(contender.name, contender.title, row) for contender in CONTENDERS)
        first = row.get(OURS, {}).get("first_seconds")
        if first is not None:
            text += _FIRST_RUN.format(seconds=first)
    text += _EQUAL + _EQUAL_COLUMNS
    return text + "".join(_equality_rows(count, row) for count, row in sizes.items()) + _RUN_NOTES


def _contender_row(name: str, title: str, row: dict[str, Any]) -> str:
    one = row.get(name)
    if one is None:
        return ""
    if one["remark"] or not one["seconds"]:
        return f"| {title} | - | {one['remark']} | - | - |\n"
    seconds, median = one["seconds"], statistics.median(one["seconds"])
    spread = f"{min(seconds):.2f}-{max(seconds):.2f} ({len(seconds)})"
    ours = row.get(OURS, {})
    times = f"{median / statistics.median(ours['seconds']):.1f}" if ours.get("seconds") and not ours["remark"] else "-"
    return f"| {title} | {median:.2f} | {spread} | {one['peak_bytes'] / 1e6:,.0f} | {times} |\n"


def _equality_rows(count: int, row: dict[str, Any]) -> str:
    text = ""
    for name, one in row.items():
        if found := one["comparison"]:
            text += f"| {count:,} | {name} | {found['reference']} | {found['pairs']:,} | {found['unequal']:,} "
            text += f"| {found['largest_m2']:.2g} | {found['related_otherwise']:,} |\n"
    return text


def _describe_growth(result: dict[str, Any]) -> str:
    zones = result["zones"]
    draw_growth({zone["vertices"]: zone["contenders"] for zone in zones}, _IMAGES)
    text = _GROWTH.format(parcels=result["parcels"]) + "\n| 程序 contender |"
    text += "".join(f" {zone['vertices']:,} |" for zone in zones) + "\n|---|" + "---|" * len(zones) + "\n"
    for contender in CONTENDERS:
        found = [zone["contenders"].get(contender.name) for zone in zones]
        if any(found):
            cells = [
                f"{statistics.median(one['seconds']):.2f}" if not one["remark"] else one["remark"] for one in found
            ]
            text += f"| {contender.title} | {' | '.join(cells)} |\n"
    return text + "\n![时间与顶点数 time against vertices](images/performance-vertices.png)\n"


def _describe_real(result: dict[str, Any]) -> str:
    row = result["contenders"]
    text = _REAL.format(**result) + _RUN_COLUMNS
    text += "".join(_contender_row(contender.name, contender.title, row) for contender in CONTENDERS)
    return text + _EQUAL_COLUMNS + _equality_rows(result["parcels"], row)


def _describe_one(result: dict[str, Any]) -> str:
    text = _ONE
    for name, seconds in result["warm"].items():
        high = sorted(seconds)[int(0.95 * (len(seconds) - 1))]
        text += f"| {name} | {len(seconds)} | {statistics.median(seconds) * 1e3:.3g} | {high * 1e3:.3g} |\n"
    text += _COLD
    base = statistics.median(list(result["cold"].values())[-1])
    for name, seconds in result["cold"].items():
        median = statistics.median(seconds)
        text += f"| `{name}` | {len(seconds)} | {median:.3f} | {median / base:.2f} |\n"
    return text


def describe_machine(machine: dict[str, Any]) -> str:
    """Return a line of the machine, the versions and the command."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    hardware = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB"
    return f"\n`{machine['command']}` ({machine['date']}; {hardware}; {machine['system']}; {versions})\n"


if __name__ == "__main__":
    main()
