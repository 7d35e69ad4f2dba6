"""A world of squares on paper, in the grid EPSG:4547, for tests whose figures can be checked by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry.base import BaseGeometry

import qy_gis as qy
from qy_gis.verdict.rules import NOTHING_ASKED, OUTSIDE_STUDY_AREA

#: South-west corner of the paper, in EPSG:4547 (deep inside Qingyuan, near the meridian 113.1 E).
EAST, NORTH = 405_000, 2_610_000

PLAN_TOML = """
title = { zh = "方格规划", en = "A plan of squares" }
authority = { zh = "测试", en = "Test" }
edition = "1"
period = { start = 2021, end = 2025 }
study_area = "city"
languages = ["zh", "en"]
note = { zh = "测试用", en = "For tests" }
sources = ["test"]
[[group]]
key = "control"
title = { zh = "控制线", en = "Control lines" }
"""

LAYER_TOML = """
title = {{ zh = "{zh}", en = "{key}" }}
group = "control"
geometry = "{geometry}"
basis = "indicative"
basis_note = {{ zh = "测试用", en = "For tests" }}
accuracy_m = {accuracy_m}
coverage = "{coverage}"
sources = ["test"]
tolerance_m2 = {tolerance_m2}
style = {{ color = "#123456" }}
{file}
{rules}
"""

RULE_TOML = """
[[rule]]
key = "{kind}_{severity}"
kind = "{kind}"
severity = "{severity}"
reason = {{ zh = "文件如此规定。", en = "The document says so." }}
settle = {{ zh = "取得官方界线", en = "get the official boundary" }}
document = "测试文件"
article = "第一条"
sources = ["test"]
reviewed = false
{more}
"""

MakePlan = Callable[..., qy.Plan]


def square(x: float, y: float, size: float = 1000.0, height: float | None = None) -> BaseGeometry:
    """A rectangle whose south-west corner is (x, y) metres from that of the paper."""
    import shapely

    return shapely.box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + (size if height is None else height))


def parcels_of(*shapes: BaseGeometry, crs: str = "EPSG:4547") -> gpd.GeoDataFrame:
    ids = [f"P{number}" for number in range(1, len(shapes) + 1)]
    return gpd.GeoDataFrame({"parcel_id": ids}, geometry=list(shapes), crs=crs)


def of_rules(result: qy.CheckResult) -> pd.DataFrame:
    """The findings of the plan's own rules, without those that are of every plan."""
    built_in = result.findings["rule"].isin([OUTSIDE_STUDY_AREA, NOTHING_ASKED])
    return result.findings[~built_in].reset_index(drop=True)


def altered(result: qy.CheckResult, **tables: pd.DataFrame) -> qy.CheckResult:
    """A result with other tables in place of those it would make."""
    other = copy(result)
    vars(other).update({f"_{name}": table for name, table in tables.items()})
    return other


def write_layer(
    folder: Path,
    key: str,
    shapes: list[BaseGeometry] | None,
    *,
    zh: str | None = None,
    accuracy_m: float = 0,
    coverage: str | None = None,
    tolerance_m2: float = 0,
    geometry: str = "polygon",
    rules: list[dict[str, Any]] | None = None,
    crs: str = "EPSG:4547",
) -> None:
    """Write one layer of a test plan: its TOML and its data (None: declared without data)."""
    text = []
    for rule in rules or []:
        more = "\n".join(f"{name} = {rule[name]}" for name in ("industries", "distance_m") if name in rule)
        text.append(RULE_TOML.format(kind=rule["kind"], severity=rule["severity"], more=more))
    file = ""
    if shapes is not None:
        table = {"id": [f"{key}{n}" for n in range(len(shapes))], "name": [f"{key} {n}" for n in range(len(shapes))]}
        gpd.GeoDataFrame(table, geometry=shapes, crs=crs).to_file(folder / f"{key}.gpkg", engine="pyogrio")
        file = f'file = "{key}.gpkg"'
    default = "none" if shapes is None else "everywhere" if key == "city" else "study_area"
    toml = LAYER_TOML.format(
        key=key,
        zh=zh or key,
        geometry=geometry,
        accuracy_m=accuracy_m,
        coverage=coverage or default,
        tolerance_m2=tolerance_m2,
        file=file,
        rules="".join(text),
    )
    (folder / f"{key}.toml").write_text(toml, encoding="utf-8")


def write_plan(folder: Path, layers: dict[str, dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(PLAN_TOML, encoding="utf-8")
    source = '[test]\ntitle = "测试"\naddress = ""\nconfidence = "low"\n'
    (folder / "sources.toml").write_text(source, encoding="utf-8")
    names = {"tea": ("茶", "Tea"), "ceramics": ("陶瓷", "Ceramics")}
    industries = [
        f'[{key}]\ntitle = {{ zh = "{zh}", en = "{en}" }}\ngroup = "test"\n' for key, (zh, en) in names.items()
    ]
    (folder / "industries.toml").write_text("".join(industries), encoding="utf-8")
    write_layer(folder, "city", [square(-20_000, -20_000, 50_000)])
    for key, layer in layers.items():
        write_layer(folder, key, **layer)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the indexes of the tests, and of the processes they start, out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QY_GIS_CACHE", str(tmp_path_factory.mktemp("cache")))
        # What is printed is not to depend on who runs the tests.
        patch.setenv("QY_GIS_LANG", "zh")
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture
def make_plan(tmp_path: Path) -> MakePlan:
    """Make a plan of squares: ``make_plan(farmland={"shapes": [square(0, 0)], "rules": [...]})``."""

    def make(**layers: dict[str, Any]) -> qy.Plan:
        return qy.read_plan(write_plan(tmp_path / "plan", layers))

    return make
