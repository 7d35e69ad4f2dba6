"""Eligible land and sites: against rasters and unions, and cost against the city's size and its vertices.

    pip install -e '.[print]' atlite
    python -m benchmarks.siting

GLAES is not on PyPI and is not run. Each contender is a process of its own, from the files of a city to its answer.
Writes `docs/siting-performance.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.measure import describe_machine, run_program, save_result
from benchmarks.siting_city import make_city, write_city

#: What every size and fineness is given to, in this order; atlite with the cell of the table's head.
WORKS = ("rule_costs", "find_sites", "combine", "shapely", "overlay", "atlite")

#: A work in a city that grows may take so many times as long as a mask.
WORKS_PATIENCE = 5

#: Cells that atlite is given for cities that grow, metres.
CELL_M = 25.0

#: Cells of the first mask, each next one half as wide, metres; and the city they are laid on.
COARSEST_M, RASTER_KM = 400.0, 40

_SOFTWARE = ("qy-gis", "numpy", "pandas", "shapely", "geopandas", "pyogrio", "pyproj", "atlite", "rasterio")


@dataclass
class Ran:
    """What a contender answered, its peak memory, and of each run its seconds without imports and the load before."""

    answer: float
    peak_bytes: int
    seconds: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median seconds."""
        return statistics.median(self.seconds)


def run_one(name: str, folder: Path, *cell_m: float, repeats: int) -> Ran:
    """Run a contender as often as asked, or once if it takes longer than a quarter of a minute."""
    ran: Ran | None = None
    while ran is None or (len(ran.seconds) < repeats and ran.median < 15):
        load = os.getloadavg()[0]
        _, peak, text = run_program("benchmarks.siting_one", name, folder, *cell_m)
        said = json.loads(text.splitlines()[-1])
        ran = ran or Ran(said["share"], peak)
        ran.seconds.append(said["seconds"])
        ran.load.append(load)
    print(
        f"  {name:12} {' '.join(f'{cell:g} m' for cell in cell_m):9} {ran.answer:14.6f} {ran.median:8.2f} s", flush=True
    )
    return ran


def refine_raster(folder: Path, *, repeats: int, patience_s: float) -> dict[float, Ran]:
    """Run atlite on ever finer cells, as long as it is expected to be done in time."""
    masks: dict[float, Ran] = {}
    cell_m = COARSEST_M
    # Half the cell is four times the work.
    while not masks or masks[cell_m * 2].median * 4 <= patience_s:
        masks[cell_m] = run_one("atlite", folder, cell_m, repeats=repeats)
        cell_m /= 2
    return masks


def run_works(
    folder: Path, before: dict[str, Ran], *, growth: float, repeats: int, patience_s: float
) -> dict[str, Ran]:
    """Run every contender that is expected to be done in time, going by its time in a city so many times smaller."""
    ran = {}
    for name in WORKS:
        # geopandas.overlay takes every patch from the whole city: its time grows with the square.
        power = 2 if name == "overlay" else 1
        if not before or (name in before and before[name].median * growth**power <= patience_s):
            cells = (CELL_M,) if name == "atlite" else ()
            ran[name] = run_one(name, folder, *cells, repeats=repeats)
    return ran


def main() -> None:
    """Run the three comparisons, the smallest city first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 80, 160], metavar="KM", help="sides of cities")
    parser.add_argument("--vertices", type=int, nargs="+", default=[60, 300, 1500], help="of each patch", metavar="N")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs of each")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds a peer may take", metavar="SECONDS")
    given = parser.parse_args()
    sizes, finer = [], []
    with tempfile.TemporaryDirectory(prefix="siting-") as scratch:

        def lay(size_km: int, vertices: int) -> tuple[Path, dict[str, float]]:
            folder = Path(scratch) / f"{size_km}-{vertices}"
            folder.mkdir(exist_ok=True)
            city = make_city(size_km * 1000.0, vertices)
            write_city(city, folder)
            print(f"{size_km} x {size_km} km, {city.vertices:,} vertices", flush=True)
            return folder, {"side_km": size_km, "patches": len(city.layers["patches"]), "vertices": city.vertices}

        folder, about = lay(RASTER_KM, 60)
        # What is compiled once on a machine is not counted.
        run_program("benchmarks.siting_one", "find_sites", folder)
        exact = {name: run_one(name, folder, repeats=given.repeats) for name in ("rule_costs", "shapely")}
        masks = refine_raster(folder, repeats=given.repeats, patience_s=given.patience)
        raster = {**about, "exact": {name: asdict(one) for name, one in exact.items()}}
        raster["masks"] = {cell: asdict(one) for cell, one in masks.items()}
        before: dict[str, Ran] = {}
        for size in sorted(given.sizes):
            folder, about = lay(size, 60)
            growth = about["vertices"] / sizes[-1]["vertices"] if sizes else 1.0
            before = run_works(
                folder, before, growth=growth, repeats=given.repeats, patience_s=given.patience * WORKS_PATIENCE
            )
            sizes.append({**about, "works": {name: asdict(one) for name, one in before.items()}})
        before = {}
        for vertices in sorted(given.vertices):
            folder, about = lay(RASTER_KM, vertices)
            growth = about["vertices"] / finer[-1]["vertices"] if finer else 1.0
            before = run_works(
                folder, before, growth=growth, repeats=given.repeats, patience_s=given.patience * WORKS_PATIENCE
            )
            finer.append({**about, "works": {name: asdict(one) for name, one in before.items()}})
    machine = describe_machine(_SOFTWARE)
    result = {"patience_s": given.patience, "raster": raster, "sizes": sizes, "finer": finer, "machine": machine}
    save_result("siting", result)
    run_program("benchmarks.siting_report")


if __name__ == "__main__":
    main()
