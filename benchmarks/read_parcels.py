"""Time reading 100,000 parcels against bare geopandas, which finds no ids, checks nothing and repairs nothing.

python benchmarks/read_parcels.py [--parcels 100000] [--runs 9]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

import qy_gis as qy

#: Reading has to reach this share of the bare speed.
LEAST = 0.7


def corners_of(shape: str, draw: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Return the corners of parcels about their middles, in metres: x and y of shape (count, corners)."""
    if shape == "rectangles":
        x, y = np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1])
        return x * draw.uniform(20, 90, (count, 1)), y * draw.uniform(20, 90, (count, 1))
    if shape == "notched":
        # A U, which no point sees all of, turned any way.
        x, y = np.array([-9, 9, 9, 4, 4, -4, -4, -9]), np.array([-9, -9, 9, 9, -5, -5, 9, 9])
        x, y = x * draw.uniform(5, 9, (count, 1)), y * draw.uniform(5, 9, (count, 1))
        turn = draw.uniform(0, 2 * np.pi, (count, 1))
        return x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    angle = np.linspace(0, 2 * np.pi, 13)[:-1]
    radius = draw.uniform(60, 90, (count, 12))
    return radius * np.cos(angle), radius * np.sin(angle)


def make_parcels(count: int, shape: str = "twelve corners") -> gpd.GeoDataFrame:
    """Return parcels in rows and columns 200 m apart."""
    draw = np.random.default_rng(1)
    at = np.arange(count)
    x, y = corners_of(shape, draw, count)
    east, north = 420_000 + 200.0 * (at % 300)[:, None] + x, 2_600_000 + 200.0 * (at // 300)[:, None] + y
    columns = {
        "parcel_id": [f"G{i:06d}" for i in at],
        "name": [f"地块{i}" for i in at],
        "use": draw.choice(["工业用地", "物流仓储用地"], count),
    }
    outlines = shapely.polygons(np.stack([east, north], axis=-1).round(3))
    return gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4547")


def seconds(read: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Return the seconds that one run takes by the clock, and of the processors."""
    clock, processors = time.perf_counter(), time.process_time()
    read(path)
    return time.perf_counter() - clock, time.process_time() - processors


def main() -> None:
    """Read the command line, write the files, time both readers in turn, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=9)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore", qy.GridWarning)
    with tempfile.TemporaryDirectory() as folder:
        for shape in ("twelve corners", "rectangles", "notched"):
            parcels = make_parcels(wanted.parcels, shape)
            for ending, bare in ((".gpkg", gpd.read_file), (".parquet", gpd.read_parquet)):
                path = Path(qy.write_parcels(parcels, Path(folder) / f"{shape}{ending}"))
                seconds(qy.read_parcels, path)
                pairs = [(seconds(bare, path), seconds(qy.read_parcels, path)) for _ in range(wanted.runs)]
                plain, ours = (statistics.median(pair[i][0] for pair in pairs) for i in (0, 1))
                clock, processors = (statistics.median(one[k] / two[k] for one, two in pairs) for k in (0, 1))
                print(
                    f"{shape}, {ending}: geopandas {plain:.2f} s, qy_gis {ours:.2f} s; {clock:.2f} of the speed by the "
                    f"clock, {processors:.2f} by processor time ({LEAST} asked)"
                )


if __name__ == "__main__":
    main()
