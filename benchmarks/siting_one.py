"""One contender sites in one city: ``python -m benchmarks.siting_one CONTENDER FOLDER [CELL_M]`` prints its share.

From the files of a city to the share of it that is eligible; its seconds leave the imports out.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import geopandas as gpd

from benchmarks.siting_city import GRID, SETBACK_M

#: Sites that are searched for: how many hectares, and how many.
SITES_HA, SITES = 50, 10


def cost_rules(folder: Path) -> float:
    """qy_gis: what every rule takes alone, together and at the margin, and what is unknown."""
    import qy_gis as qy

    costs = qy.rule_costs(qy.read_plan(folder), setbacks={"river": SETBACK_M}).set_index("step")
    return float(costs.at["eligible", "left_m2"] / costs.at["land", "left_m2"])


def find_sites(folder: Path) -> float:
    """qy_gis: sites on the eligible land, each checked. Returns how many were found."""
    import qy_gis as qy

    return float(len(qy.find_sites(qy.read_plan(folder), area_ha=SITES_HA, n=SITES, setbacks={"river": SETBACK_M})))


def combine(folder: Path) -> float:
    """qy_gis: all layers in one partition. Returns how many faces there are."""
    import qy_gis as qy

    return float(len(qy.combine(qy.read_plan(folder))))


def unite_shapely(folder: Path) -> float:
    """Shapely: one union of all that is to be kept off, taken from the city; nothing about rules, nothing unknown."""
    import shapely

    city, patches, river = _read(folder)
    off = shapely.union_all([*patches, *river.buffer(SETBACK_M, quad_segs=64)])
    return float(city.difference(off).area.sum() / city.area.sum())


def overlay_geopandas(folder: Path) -> float:
    """geopandas.overlay as users write it: the city less the patches, less the strips along the rivers."""
    city, patches, river = (gpd.GeoDataFrame(geometry=series) for series in _read(folder))
    strips = gpd.GeoDataFrame(geometry=river.buffer(SETBACK_M, quad_segs=64))
    left = city.overlay(patches, how="difference").overlay(strips, how="difference")
    return float(left.area.sum() / city.area.sum())


def mask_atlite(folder: Path, cell_m: float) -> float:
    """atlite: a mask of cells, one layer of exclusion after the other."""
    from atlite.gis import ExclusionContainer, shape_availability

    city, patches, river = _read(folder)
    excluder = ExclusionContainer(crs=GRID, res=cell_m)
    excluder.add_geometry(patches)
    # atlite leaves lines out, whatever their buffer: it is given the strips along the rivers.
    excluder.add_geometry(river.buffer(SETBACK_M, quad_segs=64))
    masked, _ = shape_availability(city, excluder)
    return float(masked.sum() * cell_m**2 / city.area.sum())


CONTENDERS: dict[str, Callable[..., float]] = {
    "rule_costs": cost_rules,
    "find_sites": find_sites,
    "combine": combine,
    "shapely": unite_shapely,
    "overlay": overlay_geopandas,
    "atlite": mask_atlite,
}


def _read(folder: Path) -> tuple[gpd.GeoSeries, gpd.GeoSeries, gpd.GeoSeries]:
    city, patches, river = (gpd.read_file(folder / f"{key}.gpkg").geometry for key in ("city", "patches", "river"))
    return city, patches, river


def main() -> None:
    """Run one contender once."""
    warnings.simplefilter("ignore")
    name, folder, *cell = sys.argv[1:]
    _import(name)
    start = perf_counter()
    share = CONTENDERS[name](Path(folder), *map(float, cell))
    print(json.dumps({"share": share, "seconds": perf_counter() - start}))


def _import(name: str) -> None:
    """Import what the contender needs, so that its seconds are those of its work."""
    if name == "atlite":
        import atlite.gis  # noqa: F401
    elif name in ("rule_costs", "find_sites", "combine"):
        import qy_gis.overlay.combine
        import qy_gis.siting.sites  # noqa: F401


if __name__ == "__main__":
    main()
