"""A batch on one and on two Dask workers, and in one process: seconds, peak memory, bytes, and whether bytes are equal.

    python -m benchmarks.spread --parcels 200000

Clusters are warm (plan open, index mapped, code compiled), runs are interleaved, and the times are medians, from the
moment when the plan is open until the last block is written.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster

from benchmarks.city import write_parcels, write_plan
from benchmarks.measure import run_command
from qy_gis.verdict.batch import check_file

#: Parcels to a block: so small that the blocks of a small file are shared out evenly.
BLOCK_ROWS = 10_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=200_000, metavar="COUNT")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 200_000, 400_000], metavar="COUNT")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--layers", type=Path, help="plan folder; the made-up city's if absent")
    given = parser.parse_args(arguments)
    plan = given.layers or write_plan()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for count in given.sizes:
            measure_alone(write_parcels(count), plan, work)
        measure_spread(write_parcels(given.parcels), plan, work, repeats=given.repeats)


def measure_alone(parcels: Path, plan: Path, work: Path) -> None:
    """Check a file by the command, in a process of its own; print its time, peak memory and bytes."""
    out = work / "alone.parquet"
    command = [sys.executable, "-m", "qy_gis.cli", "check", parcels, "--layers", plan, "-o", out]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak, _ = run_command([*map(str, command)], accepted=(0, 1))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cores = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(path.stat().st_size for path in out.rglob("*.parquet"))
    shutil.rmtree(out)
    count = int(parcels.stem.partition("-")[2])
    print(
        f"{count:>10,} parcels: {seconds:.1f} s, {cores:.1f} core seconds, peak {peak / 1e6:,.0f} MB, "
        f"{size / count:.0f} bytes a parcel",
        flush=True,
    )


def measure_spread(parcels: Path, plan: Path, work: Path, *, repeats: int) -> None:
    """Check the same file in one process and on one and two workers, in turns; hold their bytes against each other."""
    with ExitStack() as stack:
        run = partial(check_file, parcels, folders=[plan], block_rows=BLOCK_ROWS)
        runs: dict[str, Callable[..., Any]] = {"one process, one thread": partial(run, threads=1)}
        for workers in (1, 2):
            cluster = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0")
            )
            stack.enter_context(Client(cluster))
            runs[f"Dask, workers: {workers}"] = partial(run, dask=cluster.scheduler_address)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(repeats + 1):
            for name, each in runs.items():
                out = work / "spread.parquet"
                at: list[float] = []
                each(output=out, progress=lambda *_, at=at: at.append(time.perf_counter()))
                if number:  # the first warms up
                    seconds[name].append(at[-1] - at[0])
                if number == 1:
                    _hold_against_first(out, work / "first.parquet")
                shutil.rmtree(out, ignore_errors=True)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:26} {median:7.2f} s", [round(each, 2) for each in seconds[name]])
    one, two = medians["Dask, workers: 1"], medians["Dask, workers: 2"]
    print(f"two workers: {one / two:.2f} times one; load {os.getloadavg()[0]:.1f}; every byte equal")


def _hold_against_first(out: Path, first: Path) -> None:
    if not first.exists():
        shutil.copytree(out, first)
    names = {path.relative_to(first) for path in first.rglob("*.*")}
    assert names == {path.relative_to(out) for path in out.rglob("*.*")}
    assert all((out / name).read_bytes() == (first / name).read_bytes() for name in names)


if __name__ == "__main__":
    main()
