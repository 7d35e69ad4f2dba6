"""Write the made-up city: a plan folder that qy_gis reads, and parcels as GeoParquet, in degrees (EPSG:4490).

    python -m benchmarks.city --parcels 10000 100000

Nothing in it is real. It is written once to ``benchmarks/data/`` and is always the same for the same seed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from benchmarks.parcels import make_parcels
from benchmarks.zones import City, make_city

SEED = 20260101
DATA = Path(__file__).parent / "data"

#: Larger files are made piece by piece.
_AT_A_TIME = 1_000_000

#: The middle of the city, and metres per degree there: good enough for things that are made up.
_LONGITUDE, _LATITUDE = 112.9, 24.3
_METRES_PER_DEGREE = np.array([111_320 * np.cos(np.radians(_LATITUDE)), 110_800])

_PLAN = """\
title = {{ zh = "【{source.zh}】测速用规划", en = "({source.en}) A plan for benchmarks" }}
authority = {{ zh = "{source.zh}", en = "{source.en}" }}
edition = "1"
period = {{ start = 2026, end = 2030 }}
study_area = "{study_area}"
languages = ["zh", "en"]
note = {{ zh = "只用于测速。", en = "For benchmarks only." }}
sources = ["{source.key}"]

[[group]]
key = "structure"
title = {{ zh = "布局结构", en = "Structure" }}

[[group]]
key = "control"
title = {{ zh = "控制线", en = "Control lines" }}
"""

_SOURCES = """\
[{source.key}]
title = "{source.title}"
address = ""
confidence = "low"
"""

_INDUSTRIES = """\
[industry]
title = { zh = "工业", en = "Industry" }
group = "any"
"""

_LAYER = """\
title = {{ zh = "【{source.zh}】{text.zh}", en = "({source.en}) {text.en}" }}
group = "{text.group}"
geometry = "polygon"
file = "data/{text.key}.gpkg"
basis = "indicative"
basis_note = {{ zh = "{source.title}", en = "{source.title}" }}
accuracy_m = {text.accuracy_m}
coverage = "{text.coverage}"
sources = ["{source.key}"]
style = {{ color = "#555555" }}
"""

_RULE = """
[[rule]]
key = "{kind}_{key}"
kind = "{kind}"
severity = "{severity}"
reason = {{ zh = "测速用规则。", en = "A rule for benchmarks." }}
settle = {{ zh = "提供更精确的界线。", en = "Supply a more accurate line." }}
document = "{source.title}"
article = ""
sources = ["{source.key}"]
reviewed = false
"""


@dataclass(frozen=True)
class Source:
    """What the TOML files say of where the data come from."""

    key: str
    zh: str
    en: str
    title: str


SYNTHETIC = Source("synthetic", "合成", "synthetic", "合成数据 Synthetic data")


@dataclass(frozen=True)
class LayerText:
    """What the TOML file of a layer says; ``rule`` is kind and severity, or None for a layer without rules."""

    key: str
    zh: str
    en: str
    group: str
    accuracy_m: float
    coverage: str
    rule: tuple[str, str] | None


#: The red line was surveyed in six of the eight counties only, so that some findings are unknown for want of data.
SURVEYED = "data/surveyed.gpkg"

LAYERS = (
    LayerText("city", "市域", "City", "structure", 5, "everywhere", ("inside", "prohibit")),
    LayerText("county", "县", "Counties", "structure", 5, "study_area", None),
    LayerText("south", "南部", "South", "structure", 5, "study_area", None),
    LayerText("north", "北部", "North", "structure", 5, "study_area", ("outside", "approve")),
    LayerText("core", "核心", "Core", "structure", 20, "study_area", None),
    LayerText("belt", "发展带", "Belt", "structure", 20, "study_area", None),
    LayerText("park", "园区", "Parks", "structure", 5, "study_area", ("inside", "advise")),
    LayerText("farmland", "基本农田", "Farmland", "control", 1, "study_area", ("outside", "prohibit")),
    LayerText("redline", "生态红线", "Red line", "control", 2, SURVEYED, ("outside", "prohibit")),
    LayerText("water", "水域", "Water", "control", 5, "study_area", ("outside", "prohibit")),
)


def city_folder(seed: int = SEED) -> Path:
    """Return the folder of a city's data, written or not."""
    return DATA / f"city-{seed}"


def write_plan(seed: int = SEED) -> Path:
    """Return the plan folder of the city, written now if it does not exist."""
    folder = city_folder(seed) / "plan"
    if not folder.exists():
        layers = {text: to_degrees(_city(seed).layers[text.key]) for text in LAYERS}
        write_layers(folder, layers, surveyed=to_degrees(_city(seed).layers["county"][:6]))
    return folder


def write_layers(
    folder: Path,
    layers: dict[LayerText, NDArray[np.object_]],
    *,
    surveyed: NDArray[np.object_] | None = None,
    source: Source = SYNTHETIC,
) -> None:
    """Write a plan folder of layers in degrees, whole or not at all.

    The first layer is the study area; ``surveyed`` is the land behind `SURVEYED`.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "data").mkdir(parents=True)
    study_area = next(iter(layers)).key
    (part / "plan.toml").write_text(_PLAN.format(source=source, study_area=study_area), encoding="utf-8")
    (part / "sources.toml").write_text(_SOURCES.format(source=source), encoding="utf-8")
    (part / "industries.toml").write_text(_INDUSTRIES, encoding="utf-8")
    for text, shapes in layers.items():
        toml = _LAYER.format(source=source, text=text)
        if text.rule is not None:
            toml += _RULE.format(source=source, key=text.key, kind=text.rule[0], severity=text.rule[1])
        (part / f"{text.key}.toml").write_text(toml, encoding="utf-8")
        _write_features(shapes, part / "data" / f"{text.key}.gpkg", key=text.key)
    if surveyed is not None:
        _write_features(surveyed, part / SURVEYED, key="surveyed")
    part.rename(folder)


def _write_features(shapes: NDArray[np.object_], file: Path, *, key: str) -> None:
    names = [f"{key}-{number}" for number in range(len(shapes))]
    table = gpd.GeoDataFrame({"id": names, "name": names}, geometry=shapes, crs="EPSG:4490")
    # One geometry type per file, as GeoPackage wants it.
    table.to_file(file, engine="pyogrio", promote_to_multi=True)


def write_parcels(count: int, seed: int = SEED) -> Path:
    """Return the GeoParquet file of so many parcels (``parcel_id``, geometry), written now if it does not exist."""
    file = city_folder(seed) / f"parcels-{count}.parquet"
    if not file.exists():
        city = _city(seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            pieces = []
            for number, first in enumerate(range(0, count, _AT_A_TIME)):
                some = min(_AT_A_TIME, count - first)
                shapes = make_parcels(some, seed=seed + number, towns=city.towns, farmland=city.layers["farmland"])
                names = [f"P{row:08d}" for row in range(first, first + some)]
                table = gpd.GeoDataFrame({"parcel_id": names}, geometry=to_degrees(shapes), crs="EPSG:4490")
                pieces.append(Path(folder, f"{number}.parquet"))
                table.to_parquet(pieces[-1], index=False)
            _join(pieces, part)
        part.rename(file)
    return file


def _join(pieces: list[Path], file: Path) -> None:
    """Put GeoParquet files one after another; with several, the bounds that the first states are left out."""
    if len(pieces) == 1:
        pieces[0].rename(file)
        return
    schema = pq.read_schema(pieces[0])
    about = json.loads(schema.metadata[b"geo"])
    del about["columns"]["geometry"]["bbox"]
    schema = schema.with_metadata({"geo": json.dumps(about)})
    with pq.ParquetWriter(file, schema) as writer:
        for piece in pieces:
            writer.write_table(pq.read_table(piece).cast(schema))


@lru_cache(maxsize=1)
def _city(seed: int) -> City:
    return make_city(seed)


def to_degrees(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return made-up shapes in longitude and latitude; what the change of digits folds over itself is repaired."""
    degrees = shapely.transform(shapes, lambda points: points / _METRES_PER_DEGREE + [_LONGITUDE, _LATITUDE])
    folded = ~shapely.is_valid(degrees)
    degrees[folded] = shapely.make_valid(degrees[folded], method="structure", keep_collapsed=False)
    return np.asarray(degrees)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the city and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, nargs="+", default=[10_000], metavar="COUNT")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    plan = write_plan(given.seed)
    for text in LAYERS:
        shapes = gpd.read_file(plan / "data" / f"{text.key}.gpkg", engine="pyogrio").geometry
        vertices = shapely.get_num_coordinates(shapes.to_numpy())
        print(f"{text.key:9}{len(shapes):7} features{vertices.sum():9} vertices, at most {vertices.max():6} in one")
    for count in given.parcels:
        print(write_parcels(count, given.seed))


if __name__ == "__main__":
    main()
