"""One parcel: warm, in a process that holds the plan; cold, as a command, against `import geopandas` alone.

python -m benchmarks.one_parcel
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import qy_gis as qy
from benchmarks.city import write_parcels, write_plan
from benchmarks.inputs import Inputs
from benchmarks.measure import ProgramError, describe_machine, run_command, run_program, save_result
from benchmarks.prepare import prepare

#: What an officer types.
_CHECK = "qy-gis check one.geojson"

#: Calls before those that are counted: a process that goes on checking has loaded compiled code by then.
_BEFORE = 100


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and save them for the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=300, help="how many are checked, one by one", metavar="COUNT")
    parser.add_argument("--starts", type=int, default=11, help="cold starts of each command", metavar="COUNT")
    given = parser.parse_args(arguments)
    parcels = write_parcels(1000)
    inputs = Inputs(write_plan(), parcels, parcels)
    prepare(inputs)
    warm = measure_warm(inputs, given.parcels)
    save_result("one_parcel", {"machine": describe_machine(), "warm": warm, "cold": measure_cold(inputs, given.starts)})
    run_program("benchmarks.report")


def measure_warm(inputs: Inputs, count: int) -> dict[str, list[float]]:
    """Return the seconds of every call, by what is called; calls before, of other parcels, are not counted."""
    table = gpd.read_parquet(inputs.parcels)
    parcels = [table.iloc[[row]] for row in range(count + _BEFORE)]
    in_plane = gpd.read_parquet(inputs.parcels_plane)
    zones = gpd.read_parquet(inputs.zones)
    shapes = zones.geometry.to_numpy()
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    plan = qy.read_plan(inputs.plan)

    def check(row: int) -> None:
        result = qy.check(parcels[row], plan)
        # Tables are made when they are asked for.
        assert len(result.verdicts) == 1
        assert len(result.findings) > 0

    def cover(row: int) -> None:
        plot = in_plane.geometry.iloc[row]
        near = shapes[tree.query(plot, predicate="intersects")]
        near = near[~shapely.covers(near, plot)]
        np.asarray(shapely.area(shapely.intersection(near, plot)))

    def overlay(row: int) -> None:
        gpd.overlay(in_plane.iloc[[row]], zones, how="intersection", keep_geom_type=False)

    return {
        "qy_gis.check, findings and verdict": _time_calls(check, count, before=_BEFORE),
        "shapely on prepared whole zones, `covers` first, areas only": _time_calls(cover, count, before=_BEFORE),
        "geopandas.overlay, areas only": _time_calls(overlay, 5, before=1),
    }


def _time_calls(function: Callable[[int], None], count: int, *, before: int) -> list[float]:
    for row in range(count, count + before):
        function(row)
    seconds = []
    for row in range(count):
        start = time.perf_counter()
        function(row)
        seconds.append(time.perf_counter() - start)
    print(f"{function.__name__:8} median {statistics.median(seconds) * 1e3:.3f} ms", flush=True)
    return seconds


def measure_cold(inputs: Inputs, starts: int) -> dict[str, list[float]]:
    """Return the seconds of every start, in turns; the first of each, which fills the caches, is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.geojson"
        gpd.read_parquet(inputs.parcels).iloc[[0]].to_file(file, driver="GeoJSON", engine="pyogrio")
        program = str(Path(sys.executable).with_name("qy-gis"))
        commands = {
            _CHECK: [program, "check", str(file), "--layers", str(inputs.plan), "--json"],
            'python -c "import geopandas"': [sys.executable, "-c", "import geopandas"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(starts + 1):
            for name, command in commands.items():
                # 1 is the answer that something stands against the parcel, but also how Python ends on an error, so
                # that only what was printed tells a check from a crash.
                taken, _, text = run_command(command, accepted=(0, 1) if name == _CHECK else (0,))
                if name == _CHECK and '"verdicts"' not in text:
                    raise ProgramError(f"{name} gave no verdict: {text.splitlines()[-1] if text else 'no output'}")
                seconds[name].append(taken)
    for name, found in seconds.items():
        print(f"{name} median {statistics.median(found[1:]):.3f} s", flush=True)
    return {name: found[1:] for name, found in seconds.items()}


if __name__ == "__main__":
    main()
