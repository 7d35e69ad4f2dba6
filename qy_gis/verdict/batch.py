"""Check files larger than memory: parcels stream through in blocks, and every block is a file of its own.

The result is a folder of Parquet tables, each a data set of parts that pandas, DuckDB and GIS programs read as one, or
a GeoPackage put together from them. Parts are written whole or not at all; a run that was stopped, by whatever, goes on
where it was, and its parts are the same to the byte, whether threads or other machines make them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from qy_gis.errors import OutputError, SourceError
from qy_gis.measure.reach import OUT_OF_REACH
from qy_gis.overlay.index import open_index
from qy_gis.parcels.faults import Fault, Kind, refuse_faults
from qy_gis.parcels.places import is_address
from qy_gis.parcels.screen import screen_block
from qy_gis.parcels.stream import Block, ParcelStream, open_stream
from qy_gis.plan.digest import hash_files, hash_rules
from qy_gis.plan.model import Plan
from qy_gis.plan.read import read_plan
from qy_gis.verdict.block import check_block
from qy_gis.verdict.evidence import count_layer_repairs
from qy_gis.verdict.gather import gather_parts
from qy_gis.verdict.outlines import add_metadata, add_outlines, find_checked
from qy_gis.verdict.parts import SUMMARY_KEY, Parts, prepare_parts
from qy_gis.verdict.summary import add_up, summarise_block

#: Called as ``progress(parcels done, parcels in all)``.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """What a batch is asked for: all that decides the bytes of its parts, and whether a bad parcel stops it."""

    source: str
    folders: tuple[str, ...]
    industry: str | None
    tolerance_m2: float | None
    crs: str | None
    id_column: str | None
    block_rows: int
    distances: bool
    repair: bool
    strict: bool

    def open(self) -> tuple[Plan, ParcelStream]:
        """Read the plan and open the file."""
        plan = read_plan(*self.folders)
        plan.industry(self.industry)
        return plan, open_stream(self.source, crs=self.crs, id_column=self.id_column, block_rows=self.block_rows)

    def fingerprint(self, plan: Plan, stream: ParcelStream) -> dict[str, Any]:
        """Return what runs and processes that work on the same parts must have in common."""
        asked = {name: value for name, value in vars(self).items() if name != "strict"}
        return {
            "job": {**asked, "source": Path(self.source).name, "folders": len(self.folders)},
            "source": stream.fingerprint,
            "plan": hash_files(plan),
            "rules": hash_rules(plan),
            "versions": {name: version(name) for name in ("qy-gis", "numpy", "pyarrow", "pyproj", "shapely")},
        }


#: Makes the parts of the blocks that are not done, and yields the parcels of each block that it finished.
Executor = Callable[[Job, Plan, ParcelStream, Parts], Iterator[int]]


def check_file(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    folders: Sequence[str | os.PathLike[str]] = (),
    industry: str | None = None,
    tolerance_m2: float | None = None,
    crs: str | None = None,
    id_column: str | None = None,
    block_rows: int = 20_000,
    distances: bool = False,
    threads: int | None = None,
    dask: str | None = None,
    resume: bool = False,
    repair: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check every parcel of a file, in memory that does not grow with it.

    Parameters
    ----------
    source
        GeoParquet, GeoPackage or FlatGeobuf; GeoParquet also on other storage (``s3://…``, through fsspec).
    output
        Folder to make, for example ``out.parquet``: a folder of parts for each of `qy_gis.verdict.block.TABLES`, and
        ``summary.json``; on other storage too. Or a GeoPackage to make, ``out.gpkg``, of the same tables.
    folders
        Plan folders, as for `qy_gis.read_plan`.
    industry, tolerance_m2, crs, id_column
        As for `qy_gis.check` and `qy_gis.read_parcels`. Without ``id_column`` the first known heading that has a value,
        else the row's number.
    block_rows
        Parcels to a block.
    distances
        Add ``distance_m`` to the overlaps, which takes about half as long again.
    threads
        How many blocks at a time, or how many processes if ``dask`` is ``local``; None for one to a core.
    dask
        Address of a Dask scheduler, or ``local`` for processes on this machine; see `qy_gis.verdict.cluster`.
    resume
        Go on with a run that was stopped. Without it, what such a run left is removed.
    repair
        Accept outlines that had to be mended even if their area changed by more than 1 m2 or 0.1 %.
    strict
        Stop at the first parcel that cannot be checked, instead of listing it in ``rejects``.
    progress
        Called at the start and after each block.

    Returns
    -------
    dict
        The summary; see `qy_gis.verdict.summary.summarise_block`. And ``layer_repairs``: how often what was repaired in
        the data of each layer as they were read.

    Raises
    ------
    OutputError
        The output exists or cannot be written, or the run to go on with was of something else.
    CRSError
        Every parcel is out of the reach of the CRS; else as for a single check.
    GeometryError, SourceError
        ``strict``, and a parcel cannot be checked; else as for a single check.
    PlanError, ArgumentError
        As for a single check.
    """
    job = Job(
        str(source),
        tuple(map(str, folders)),
        industry,
        tolerance_m2,
        None if crs is None else str(crs),
        id_column,
        block_rows,
        distances,
        repair,
        strict,
    )
    as_geopackage = Path(output).suffix.lower() == ".gpkg"
    if as_geopackage and is_address(output):
        raise OutputError(
            f"{output}: a GeoPackage is written on this machine; give a folder, such as out.parquet",
            zh=f"{output}：GeoPackage 只能写在本机；请改写成文件夹，如 out.parquet",
        )
    plan, stream = job.open()
    if not stream.rows:
        name = Path(source).name
        raise SourceError(
            f"{name}: holds no parcel; give a file with one or more", zh=f"{name}：没有地块；请给出至少有一个地块的文件"
        )
    execute = _choose_executor(stream, threads, dask)
    parts = prepare_parts(output, job.fingerprint(plan, stream), resume=resume)
    # Other processes find it ready.
    open_index(plan)
    done = sum(min(block_rows, stream.rows - number * block_rows) for number in parts.done())
    if progress is not None:
        progress(done, stream.rows)
    for finished in execute(job, plan, stream, parts):
        done += finished
        if progress is not None:
            progress(done, stream.rows)
    if len(parts.done()) != stream.block_count:
        name = Path(source).name
        raise SourceError(
            f"{name}: says that it holds {stream.rows} parcels, but {done} were read; is it damaged?",
            zh=f"{name}：自称有 {stream.rows} 个地块，却只读到 {done} 个；文件可能已损坏，请重新导出",
        )
    summary = add_up(parts, plan)
    summary["layer_repairs"] = count_layer_repairs(plan)
    if not summary["parcels"]:
        _refuse_mislabelled(parts, stream)
    if as_geopackage:
        gather_parts(parts, Path(output), stream.crs)
        parts.remove()
    else:
        parts.write_summary(summary)
        parts.place()
    return summary


def write_block(block: Block, plan: Plan, job: Job, parts: Parts) -> None:
    """Check the parcels of one block and write its parts."""
    screened = screen_block(block, repair=job.repair)
    tables = check_block(
        block,
        screened,
        plan,
        industry=plan.industry(job.industry),
        tolerance_m2=job.tolerance_m2,
        distances=job.distances,
        strict=job.strict,
    )
    summary = summarise_block(tables, plan)
    checked = find_checked(block, tables["rejects"])
    verdicts = add_outlines(tables["verdicts"], screened.wkb.filter(pa.array(checked)), block.crs)
    tables["verdicts"] = add_metadata(verdicts, SUMMARY_KEY, summary)
    parts.write(block.number, tables)


def _refuse_mislabelled(parts: Parts, stream: ParcelStream) -> None:
    """Raise the CRSError of a single check, and leave nothing, if every parcel is out of the reach of the CRS."""
    reasons = [reason for path in parts.list("rejects") for reason in parts.read(path)["reason"].to_pylist()]
    told = [reason.partition(f" / {OUT_OF_REACH}") for reason in reasons]
    if not all(found for _, found, _ in told):
        return
    if not is_address(parts.folder):
        parts.remove()
    faults = {row: Fault(Kind.REACH, OUT_OF_REACH + en, zh) for row, (zh, _, en) in enumerate(told)}
    refuse_faults(faults, range(stream.rows))


def _choose_executor(stream: ParcelStream, threads: int | None, dask: str | None) -> Executor:
    if dask is not None:
        from qy_gis.verdict.cluster import check_address, run_on_cluster

        check_address(dask, stream)
        return partial(run_on_cluster, address=dask, workers=threads)
    return partial(_run_in_threads, threads=threads or os.cpu_count() or 1)


def _run_in_threads(job: Job, plan: Plan, stream: ParcelStream, parts: Parts, *, threads: int) -> Iterator[int]:
    done = parts.done()
    waiting: deque[tuple[int, Future[None]]] = deque()

    def finish() -> int:
        rows, future = waiting.popleft()
        future.result()
        return rows

    with ThreadPoolExecutor(threads) as pool:
        try:
            for block in stream.blocks():
                if block.number not in done:
                    waiting.append((block.rows, pool.submit(write_block, block, plan, job, parts)))
                # A few blocks ahead keep every core at work; more would only fill memory.
                while len(waiting) > threads + 1:
                    yield finish()
            while waiting:
                yield finish()
        finally:
            for _, future in waiting:
                future.cancel()
