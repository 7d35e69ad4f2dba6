"""Run contenders as processes of their own, interleaved; check that they agree; take time and peak memory.

This process stays small (standard library only), because a child's peak memory begins at that of its parent.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.inputs import Inputs
from benchmarks.postgis import PostgisMissingError, postgis_version

RESULTS = Path(__file__).parent / "data" / "results"
_ROOT = Path(__file__).parent.parent

#: What a result of the overlap engine names the versions of: packages, and the server.
_ENGINE = (
    "qy-gis",
    "numpy",
    "pandas",
    "shapely",
    "geopandas",
    "pyarrow",
    "duckdb",
    "sedonadb",
    "dask-geopandas",
    "PostGIS",
)


@dataclass(frozen=True)
class Contender:
    """A program of `benchmarks.contenders`; ``pairs``: it measures overlaps; ``server``: it needs PostGIS."""

    name: str
    title: str
    pairs: bool = True
    server: bool = False


#: The one whose areas the others are held against: the first of these that ran.
REFERENCES = ("shapely_covers", "shapely_tiles")

#: The one of ours that does what the peers do and no more; the others' times are multiples of its.
OURS = "qy_gis_pairs"

#: Those that can bear a zone of a million vertices.
BEARING = (OURS, "shapely_tiles", "sedonadb_tiles", "duckdb_tiles", "shapely_covers")

CONTENDERS = (
    Contender(OURS, "**qy_gis**, pair table"),
    Contender("qy_gis_batch", "**qy_gis**, whole check: intervals, findings, verdicts"),
    Contender("floor", "floor: read, parse and write only, nothing measured", pairs=False),
    Contender("shapely_tiles", "shapely on tiles, prepared, threads"),
    Contender("sedonadb_tiles", "SedonaDB, zones pre-tiled"),
    Contender("duckdb_tiles", "DuckDB spatial, zones pre-tiled"),
    Contender("postgis_tiles", "PostGIS, loaded and indexed, zones pre-tiled", server=True),
    Contender("dask_geopandas_tiles", "dask-geopandas, zones pre-tiled, threads"),
    Contender("shapely_covers", "shapely on whole zones, `covers` first"),
    Contender("geopandas_overlay", "`geopandas.overlay` as users write it"),
)


@dataclass
class Measured:
    """What a contender did with one input: seconds of the first and of each counted run, peak memory, equality."""

    first_seconds: float | None = None
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    comparison: dict[str, float | str] | None = None
    remark: str = ""

    @property
    def median(self) -> float | None:
        """Median seconds; None if it did not run or its areas are wrong."""
        return statistics.median(self.seconds) if self.seconds and not self.remark else None


class ProgramError(Exception):
    """A program ended with an error; the message is its last line."""


def run_program(module: str, *arguments: object, address: str | None = None) -> tuple[float, int, str]:
    """Run a module of ours in a process of its own; return its seconds, its peak memory (bytes) and its output."""
    environment = {**os.environ, **({"BENCHMARK_POSTGIS": address} if address else {})}
    command = [sys.executable, "-W", "ignore", "-m", module, *map(str, arguments)]
    return run_command(command, environment=environment)


def run_command(
    command: Sequence[str], *, environment: Mapping[str, str] = os.environ, accepted: tuple[int, ...] = (0,)
) -> tuple[float, int, str]:
    """Run a command; see `run_program`. ``accepted`` are the exit statuses that are no error."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    if process.returncode not in accepted:
        raise ProgramError(text.splitlines()[-1] if text else f"exit status {process.returncode}")
    return seconds, usage.ru_maxrss * 1024, text


def race(
    contenders: Sequence[Contender],
    inputs: Inputs,
    *,
    repeats: int,
    patience_s: float,
    expected: Mapping[str, float],
    address: str | None,
) -> dict[str, Measured]:
    """Let contenders measure the same parcels, in turns.

    The first run of each is compared with the reference and not counted: it also fills caches, builds our index and
    compiles. Only a contender that is too slow to be run again is counted by its first run; ours runs once more after
    it, so that an hour in which the machine is slow is felt by both.

    Parameters
    ----------
    contenders
        Who runs, in this order in every round.
    inputs
        What they are given; prepared and, for PostGIS, loaded here.
    repeats
        Counted runs of each.
    patience_s
        No contender is run when it is expected to take longer than this (seconds), nor repeated when its runs together
        would.
    expected
        Seconds each is expected to take, by name, as far as known.
    address
        Of the PostGIS server; None if there is none.

    Returns
    -------
    dict
        By name of the contender.
    """
    run_program("benchmarks.prepare", inputs.plan, inputs.parcels, inputs.out)
    if address is not None:
        run_program("benchmarks.postgis_load", inputs.plan, inputs.parcels, inputs.out, address=address)
    measured = {contender.name: Measured() for contender in contenders}
    with tempfile.TemporaryDirectory(prefix="pairs-") as folder:
        outs = {name: Inputs(inputs.plan, inputs.parcels, Path(folder) / f"{name}.parquet") for name in measured}
        for contender in contenders:
            result = measured[contender.name]
            wait = expected.get(contender.name, 0.0)
            if contender.server and address is None:
                result.remark = "no PostGIS server here"
            elif wait > patience_s:
                result.remark = f"not run: about {wait:.0f} s expected from its time with fewer parcels"
            else:
                _run_once(contender, outs[contender.name], result, address=address)
                slow = result.median is not None and result.median * repeats > patience_s
                if slow and OURS in outs and contender.name != OURS:
                    _run_once(contenders[0], outs[OURS], measured[OURS], address=address)
        _hold_against_reference(contenders, {name: out.out for name, out in outs.items()}, measured)
        again = [
            contender
            for contender in contenders
            if (seconds := measured[contender.name].median) is not None and seconds * repeats <= patience_s
        ]
        for _ in range(repeats):
            for contender in again:
                _run_once(contender, outs[contender.name], measured[contender.name], address=address)
    return measured


def _run_once(contender: Contender, inputs: Inputs, result: Measured, *, address: str | None) -> None:
    module = f"benchmarks.contenders.{contender.name}"
    try:
        seconds, peak, _ = run_program(module, inputs.plan, inputs.parcels, inputs.out, address=address)
    except ProgramError as error:
        result.remark = f"failed: {error}"
        print(f"  {contender.name:22} {result.remark}", flush=True)
        return
    if result.first_seconds is None:
        result.first_seconds = seconds
    elif result.seconds == [result.first_seconds]:
        # It has been run again: the first counts no more.
        result.seconds, result.peak_bytes = [], 0
    result.seconds.append(seconds)
    result.peak_bytes = max(result.peak_bytes, peak)
    print(f"  {contender.name:22} {seconds:8.2f} s {peak / 1e6:8.0f} MB", flush=True)


def _hold_against_reference(
    contenders: Sequence[Contender], outs: Mapping[str, Path], measured: Mapping[str, Measured]
) -> None:
    reference = next((name for name in REFERENCES if name in measured and measured[name].median is not None), None)
    for contender in contenders:
        result = measured[contender.name]
        if reference is None or not contender.pairs or contender.name == reference or result.median is None:
            continue
        _, _, text = run_program("benchmarks.compare", outs[reference], outs[contender.name])
        found = json.loads(text)
        result.comparison = {"reference": reference, **found}
        if found["unequal"]:
            result.remark = f"{found['unequal']:.0f} areas differ, by up to {found['largest_m2']:.3g} m2"
        print(f"  {contender.name:22} against {reference}: {found}", flush=True)


def describe_machine(software: Sequence[str] = _ENGINE) -> dict[str, object]:
    """Return what a reader needs to know of the machine, the versions of what was run, and the command."""
    processor = next(
        (line.split(":")[1].strip() for line in _read("/proc/cpuinfo").splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "system": " ".join([platform.system(), platform.machine(), *platform.libc_ver()]),
        "versions": {"Python": platform.python_version(), **{name: _version_of(name) for name in software}},
        "command": " ".join(["python", "-m", f"benchmarks.{Path(sys.argv[0]).stem}", *sys.argv[1:]]),
        "date": time.strftime("%Y-%m-%d"),
    }


def _version_of(name: str) -> str:
    if name != "PostGIS":
        return version(name)
    try:
        return postgis_version()
    except PostgisMissingError:
        return "not installed"


def _read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8") if Path(file).exists() else ""


def save_result(name: str, result: object) -> None:
    """Write a result as JSON for `benchmarks.report`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
