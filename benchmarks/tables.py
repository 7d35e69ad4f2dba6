"""The tables of one check of many parcels in memory: seconds and peak of memory of each.

python -m benchmarks.tables
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely

import qy_gis as qy

Made = TypeVar("Made")

_GRID = "EPSG:4547"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what each table takes, in the order in which they are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=200_000, metavar="COUNT")
    parser.add_argument("--layers", default="examples/office", help="folder laid over the bundled plan")
    given = parser.parse_args(arguments)
    plan = qy.read_plan(given.layers)
    parcels = make_boxes(plan, given.parcels)
    qy.check(parcels[:10], plan)
    result = _time("check", lambda: qy.check(parcels, plan))
    _time("verdicts", lambda: result.verdicts)
    _time("findings, with distances", lambda: result.findings)
    _time("overlap_areas", lambda: result.overlap_areas)
    _time("notebook", lambda: result._repr_html_())
    _time("overlaps, with outlines", lambda: result.overlaps)


def make_boxes(plan: qy.Plan, count: int) -> gpd.GeoDataFrame:
    """Return boxes of 0.1 to 50 ha that meet the study area."""
    area = plan.features(plan.study_area).to_crs(_GRID).geometry.union_all()
    shapely.prepare(area)
    draw = np.random.default_rng(1)
    west, south, east, north = area.bounds
    # Of the bounds at least a quarter is study area.
    x, y = draw.uniform(west, east, 4 * count), draw.uniform(south, north, 4 * count)
    side_m = np.sqrt(np.exp(draw.uniform(np.log(1e3), np.log(5e5), 4 * count)))
    boxes = shapely.box(x, y, x + side_m, y + side_m)
    boxes = boxes[shapely.intersects(area, boxes)][:count]
    return gpd.GeoDataFrame({"parcel_id": np.arange(len(boxes)).astype(str)}, geometry=boxes, crs=_GRID)


def _time(what: str, make: Callable[[], Made]) -> Made:
    start = time.perf_counter()
    made = make()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{what:26} {time.perf_counter() - start:7.2f} s, peak {peak:.2f} GB", flush=True)
    return made


if __name__ == "__main__":
    main()
