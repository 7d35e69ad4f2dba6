"""Hold what is sure and what is possible against the truth, at random places near random outlines and their setbacks.

    python -m benchmarks.fuzz_bounds --rounds 100 --seed 1

Outlines are those of ``tests/bounds.py``: with notches, hairs, gaps, spikes and touching holes, in four CRS, of layers
whose accuracy is between 1 cm and 5 km. Prints how many places were tried and how many of each kind were wrong; the
exit status says whether there was one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import qy_gis as qy
from qy_gis.overlay.setbacks import project_setback
from qy_gis.overlay.zones import project_zones

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from bounds import NONE, hold_bounds, hold_setback, random_outlines
from conftest import write_plan

SYSTEMS = (4547, 4526, 4490, 32649)

#: Outlines of a layer.
OUTLINES = 200


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="layers, each of 200 outlines")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bounds, setbacks = NONE, NONE
    for number in range(given.rounds):
        rng = np.random.default_rng([given.seed, number])
        epsg = SYSTEMS[number % len(SYSTEMS)]
        accuracy_m = float(np.round(10 ** rng.uniform(-2, 3.7), 2))
        # Setbacks of an exact layer and of one that is not, smaller and larger than it.
        accuracy_m, distance_m = accuracy_m * rng.integers(0, 2), float(np.round(10 ** rng.uniform(0, 4), 1))
        stored, straight = random_outlines(rng, OUTLINES, epsg)
        grid = 4547 if epsg == 4490 else epsg
        layer = {"shapes": list(stored), "accuracy_m": accuracy_m, "crs": f"EPSG:{epsg}"}
        layer |= {"geometry": "mixed", "coverage": "everywhere"}
        with tempfile.TemporaryDirectory() as folder:
            plan = qy.read_plan(write_plan(Path(folder) / "plan", {"zone": layer}))
            if accuracy_m:
                bounds += hold_bounds(project_zones(plan, "zone"), straight, grid, rng)
            strip = project_setback(plan, "zone", distance_m)
        setbacks += hold_setback(strip, straight, grid, distance_m, accuracy_m, rng)
    print(f"intervals: {bounds}\nsetbacks: {setbacks}")
    sys.exit(any(bounds[1:]) or any(setbacks[1:]))


if __name__ == "__main__":
    main()
