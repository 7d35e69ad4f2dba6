"""Time reading 100,000 parcels against bare geopandas, which finds no ids, checks nothing and repairs nothing.

python benchmarks/read_parcels.py [--parcels 100000] [--runs 5]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import qy_gis as qy

#: Reading has to reach this share of the bare speed.
LEAST = 0.7


def make_parcels(count: int) -> gpd.GeoDataFrame:
    """Return parcels with twelve corners each, in rows and columns 200 m apart."""
    draw = np.random.default_rng(1)
    at = np.arange(count)
    radius = 60 + 30 * draw.random((count, 12))
    angle = -np.linspace(0, 2 * np.pi, 13)[:-1]
    east = 420_000 + 200.0 * (at % 300)[:, None] + radius * np.cos(angle)
    north = 2_600_000 + 200.0 * (at // 300)[:, None] + radius * np.sin(angle)
    columns = {
        "parcel_id": [f"G{i:06d}" for i in at],
        "name": [f"地块{i}" for i in at],
        "use": draw.choice(["工业用地", "物流仓储用地"], count),
    }
    outlines = shapely.polygons(np.stack([east, north], axis=-1).round(3))
    return gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4547")


def best(read: Callable[[], object]) -> float:
    """Return the seconds one run takes of the processor."""
    start = time.process_time()
    read()
    return time.process_time() - start


def main() -> None:
    """Read the command line, write the files, time both readers in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore", qy.GridWarning)
    parcels = make_parcels(wanted.parcels)
    with tempfile.TemporaryDirectory() as folder:
        for ending, bare in ((".gpkg", gpd.read_file), (".parquet", gpd.read_parquet)):
            path = qy.write_parcels(parcels, Path(folder) / f"parcels{ending}")
            pairs = [
                (best(lambda path=path, bare=bare: bare(path)), best(lambda path=path: qy.read_parcels(path)))
                for _ in range(wanted.runs)
            ]
            plain, ours = (min(times) for times in zip(*pairs, strict=True))
            share = plain / ours
            print(f"{ending}: geopandas {plain:.2f} s, qy_gis {ours:.2f} s, {share:.2f} of the speed ({LEAST} asked)")


if __name__ == "__main__":
    main()
