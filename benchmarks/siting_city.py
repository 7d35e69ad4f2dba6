"""A made-up city to site a park in, of any extent and fineness, the same every time: shapes, and a plan of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

GRID = "EPSG:4547"
EAST, NORTH = 380_000, 2_560_000

#: Metres to keep off rivers.
SETBACK_M = 300

#: Patches to a square kilometre, and how far their outline is from their middle, metres: a fifth of the land is theirs.
_DENSITY, _RADIUS_M = 0.5, (150, 750)

#: A river crosses the city every so many metres.
_RIVER_EVERY_M = 20_000

_LAYER = """
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
_RULE = """
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
_PLAN = """
title = { zh = "测", en = "Benchmark" }
authority = { zh = "测", en = "Benchmark" }
edition = "1"
period = { start = 2021, end = 2025 }
study_area = "city"
languages = ["zh", "en"]
note = { zh = "测", en = "For the benchmark" }
sources = ["test"]
[[group]]
key = "control"
title = { zh = "测", en = "Benchmark" }
"""


@dataclass(frozen=True)
class City:
    """Shapes in metres of the grid, by layer: the city, patches to be kept off, and rivers with a strip along them."""

    size_m: float
    layers: dict[str, list[shapely.Geometry]]

    @property
    def vertices(self) -> int:
        """Of all layers."""
        return sum(int(shapely.get_num_coordinates(shapes).sum()) for shapes in self.layers.values())


def make_city(size_m: float, vertices: int) -> City:
    """Return a square city with patches of so many vertices each."""
    random = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    corner = np.array([EAST, NORTH])
    patches = []
    for _ in range(round(_DENSITY * size_m**2 / 1e6)):
        knots = random.uniform(0.5, 1.0, 12)
        radius = random.uniform(*_RADIUS_M) * np.interp(angles, np.linspace(0, 2 * np.pi, 13), [*knots, knots[0]])
        centre = random.uniform(0, size_m, 2) + corner
        patches.append(shapely.Polygon(centre + radius[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])))
    along = np.linspace(0, size_m, round(size_m / 500))
    rivers = [
        shapely.LineString(corner + np.column_stack([along, north + 4000 * np.sin(along / 5000)]))
        for north in np.arange(_RIVER_EVERY_M / 2, size_m, _RIVER_EVERY_M)
    ]
    whole = shapely.box(EAST, NORTH, EAST + size_m, NORTH + size_m)
    return City(size_m, {"city": [whole], "patches": patches, "river": rivers})


def write_city(city: City, folder: Path) -> None:
    """Write a city as a folder of a plan, whose data files the peers read too."""
    (folder / "plan.toml").write_text(_PLAN, encoding="utf-8")
    (folder / "sources.toml").write_text('[test]\ntitle = "t"\naddress = ""\nconfidence = "low"\n', encoding="utf-8")
    for key, shapes in city.layers.items():
        names = [f"{key}{number}" for number in range(len(shapes))]
        gpd.GeoDataFrame({"id": names, "name": names}, geometry=shapes, crs=GRID).to_file(folder / f"{key}.gpkg")
        geometry = "line" if key == "river" else "polygon"
        rule = _RULE if key == "patches" else ""
        (folder / f"{key}.toml").write_text(_LAYER.format(key=key, geometry=geometry) + rule, encoding="utf-8")
