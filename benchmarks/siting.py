"""Eligible land against rasters: atlite's exclusion on the same input, at growing resolution, in one run.

    python benchmarks/siting.py [--seconds 60]

Runs in an environment with qy_gis and atlite (``pip install -e . atlite``). GLAES is not on PyPI and is not run. atlite
burns shapes into a raster and counts cells; qy_gis cuts the shapes themselves. Input: a park of 40 x 40 km in the
bundled city, 200 patches to be kept off (60 vertices each), and a setback of 300 m from a river. Prints one
table: resolution, share of the park that is eligible, error against the exact share, seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path
from time import perf_counter

import geopandas as gpd
import numpy as np
import shapely

import qy_gis as qy

GRID = "EPSG:4547"
EAST, NORTH = 380_000, 2_620_000
SIZE_M = 40_000
SETBACK_M = 300

LAYER = """
title = {{ zh = "{key}", en = "{key}" }}
group = "control"
geometry = "{geometry}"
file = "{key}.gpkg"
basis = "indicative"
basis_note = {{ zh = "测", en = "For the benchmark" }}
accuracy_m = 0
coverage = "everywhere"
sources = ["test"]
tolerance_m2 = 0
style = {{ color = "#123456" }}
"""
RULE = """
[[rule]]
key = "keep_off"
kind = "outside"
severity = "prohibit"
reason = { zh = "测", en = "For the benchmark" }
settle = { zh = "测", en = "For the benchmark" }
document = "-"
article = ""
sources = ["test"]
reviewed = false
"""
PLAN = """
title = { zh = "测", en = "Benchmark" }
authority = { zh = "测", en = "Benchmark" }
edition = "1"
period = { start = 2021, end = 2025 }
study_area = "park"
languages = ["zh", "en"]
note = { zh = "测", en = "For the benchmark" }
sources = ["test"]
[[group]]
key = "control"
title = { zh = "测", en = "Benchmark" }
"""


def make_shapes(patches: int, vertices: int) -> dict[str, list[shapely.Geometry]]:
    """Return the park, the patches and the river, in metres of the grid; the same every time."""
    random = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    stars = []
    for _ in range(patches):
        knots = random.uniform(0.5, 1.0, 12)
        radius = random.uniform(300, 1500) * np.interp(angles, np.linspace(0, 2 * np.pi, 13), [*knots, knots[0]])
        centre = random.uniform(0, SIZE_M, 2) + np.array([EAST, NORTH])
        stars.append(shapely.Polygon(centre + radius[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])))
    along = np.linspace(0, SIZE_M, 60)
    river = shapely.LineString(np.column_stack([EAST + along, NORTH + SIZE_M / 2 + 4000 * np.sin(along / 5000)]))
    return {"park": [shapely.box(EAST, NORTH, EAST + SIZE_M, NORTH + SIZE_M)], "patches": stars, "river": [river]}


def write_plan(folder: Path, shapes: dict[str, list[shapely.Geometry]]) -> qy.Plan:
    """Write the shapes as a plan."""
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    (folder / "sources.toml").write_text('[test]\ntitle = "t"\naddress = ""\nconfidence = "low"\n', encoding="utf-8")
    for key, layer in shapes.items():
        names = [f"{key}{number}" for number in range(len(layer))]
        gpd.GeoDataFrame({"id": names, "name": names}, geometry=layer, crs=GRID).to_file(folder / f"{key}.gpkg")
        geometry = "line" if key == "river" else "polygon"
        rule = RULE if key == "patches" else ""
        (folder / f"{key}.toml").write_text(LAYER.format(key=key, geometry=geometry) + rule, encoding="utf-8")
    return qy.read_plan(folder)


def measure_exact(plan: qy.Plan) -> float:
    """Share of the park that is eligible, by qy_gis."""
    costs = qy.rule_costs(plan, setbacks={"river": SETBACK_M}).set_index("step")
    return float(costs.at["eligible", "left_m2"] / costs.at["land", "left_m2"])


def measure_raster(shapes: dict[str, list[shapely.Geometry]], cell_m: float) -> float:
    """Share of the park that is eligible, by atlite at a resolution."""
    from atlite.gis import ExclusionContainer, shape_availability

    excluder = ExclusionContainer(crs=GRID, res=cell_m)
    excluder.add_geometry(gpd.GeoSeries(shapes["patches"], crs=GRID))
    # atlite leaves lines out, whatever their buffer: it is given the strip along the river.
    excluder.add_geometry(gpd.GeoSeries(shapes["river"], crs=GRID).buffer(SETBACK_M, quad_segs=64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masked, _ = shape_availability(gpd.GeoSeries(shapes["park"], crs=GRID), excluder)
    return float(masked.sum() * cell_m**2 / SIZE_M**2)


def main() -> None:
    """Run the comparison and the cost of growing input, and print both."""
    parser = argparse.ArgumentParser(description="Eligible land: qy_gis against atlite.")
    parser.add_argument("--seconds", type=float, default=60, help="Stop refining the raster beyond this time.")
    seconds = parser.parse_args().seconds
    shapes = make_shapes(200, 60)
    with tempfile.TemporaryDirectory() as folder:
        plan = write_plan(Path(folder), shapes)
        start = perf_counter()
        exact = measure_exact(plan)
        print(f"qy_gis                 share {exact:.6f}                     {perf_counter() - start:6.2f} s")
    measure_raster(shapes, 400.0)  # the first call pays for the imports
    cell_m, taken = 400.0, 0.0
    while taken < seconds / 5 and cell_m > 1:
        start = perf_counter()
        share = measure_raster(shapes, cell_m)
        taken = perf_counter() - start
        print(f"atlite {cell_m:8.2f} m      share {share:.6f}  error {share / exact - 1:+.4%}  {taken:6.2f} s")
        cell_m /= 2
    for patches, vertices in [(200, 60), (200, 600), (200, 3000)]:
        with tempfile.TemporaryDirectory() as folder:
            plan = write_plan(Path(folder), make_shapes(patches, vertices))
            start = perf_counter()
            measure_exact(plan)
            print(f"qy_gis {patches * vertices:9,} vertices   {perf_counter() - start:6.2f} s")


if __name__ == "__main__":
    main()
