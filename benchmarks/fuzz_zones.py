"""Cut random zones of every awkward kind and hold their areas in the grid against those of the outlines.

    python -m benchmarks.fuzz_zones --cases 200000 --seed 1

Zones are those of ``tests/shapes.py``, in four CRS. Prints how many were cut, the largest difference, and each that
differs by more than 0.001 m2 and 1e-9 of its area; the exit status says whether there was one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import qy_gis as qy
from qy_gis.measure.plane import to_plane
from qy_gis.overlay.grid import cut_zones, zone_areas

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from shapes import make_zones

SYSTEMS = (4547, 4526, 4490, 32649)

#: Zones cut together.
CHUNK = 2_000


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    wrong, largest = 0, 0.0
    for start in range(0, given.cases, CHUNK):
        epsg = SYSTEMS[start // CHUNK % len(SYSTEMS)]
        zones = make_zones(rng, min(CHUNK, given.cases - start), epsg)
        outline, cut = qy.areas(zones, epsg), zone_areas(cut_zones(to_plane(zones, epsg)))
        apart = np.abs(cut - outline)
        largest = max(largest, float(apart.max()))
        for place in np.flatnonzero(apart > np.maximum(1e-3, 1e-9 * outline)).tolist():
            wrong += 1
            print(f"EPSG:{epsg}: {outline[place]:.4f} m2 by its outline, {cut[place]:.4f} m2 cut: {zones[place].wkt}")
    print(f"{given.cases} zones, {wrong} of them wrong, largest difference {largest:.6f} m2")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
