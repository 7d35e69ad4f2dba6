"""Check files larger than memory: parcels stream through in blocks, and every block is a file of its own.

The result is a folder of Parquet tables, each a data set of parts that pandas, DuckDB and GIS programs read as one.
Parts are written whole or not at all, in a folder that takes its name only when all are there; a run that was stopped,
by whatever, goes on where it was, and its parts are the same to the byte.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qy_gis.errors import OutputError
from qy_gis.overlay.index import open_index
from qy_gis.parcels.stream import Block, ParcelStream, open_stream
from qy_gis.plan.digest import hash_files, hash_rules
from qy_gis.plan.model import Plan
from qy_gis.plan.read import read_plan
from qy_gis.verdict.block import TABLES, check_block
from qy_gis.verdict.findings import VERDICTS

#: Called as ``progress(parcels done, parcels in all)``.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """What a batch is asked for: all that decides the bytes of its parts."""

    source: str
    folders: tuple[str, ...]
    industry: str | None
    tolerance_m2: float | None
    crs: str | None
    id_column: str | None
    block_rows: int

    def fingerprint(self, plan: Plan, stream: ParcelStream) -> dict[str, Any]:
        """Return what a run that goes on must have in common with the one that stopped."""
        return {
            "job": {**self.__dict__, "source": Path(self.source).name, "folders": len(self.folders)},
            "source": stream.fingerprint,
            "plan": hash_files(plan),
            "rules": hash_rules(plan),
        }


def check_file(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    folders: Sequence[str | os.PathLike[str]] = (),
    industry: str | None = None,
    tolerance_m2: float | None = None,
    crs: str | None = None,
    id_column: str | None = None,
    block_rows: int = 50_000,
    threads: int | None = None,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check every parcel of a file, in memory that does not grow with it.

    Parameters
    ----------
    source
        GeoParquet, GeoPackage or FlatGeobuf.
    output
        Folder to make, for example ``out.parquet``: a folder of parts for each of `TABLES`, and ``summary.json``.
    folders
        Plan folders, as for `qy_gis.read_plan`.
    industry, tolerance_m2, crs, id_column
        As for `qy_gis.check` and `qy_gis.read_parcels`. Without ``id_column`` a known heading, else the row's number.
    block_rows
        Parcels to a block.
    threads
        How many blocks at a time; None for one to a core.
    resume
        Go on with a run that was stopped. Without it, what such a run left is removed.
    strict
        Stop at the first parcel that cannot be checked, instead of listing it in ``rejects``.
    progress
        Called after each block.

    Returns
    -------
    dict
        The summary: parcels, rejects, verdicts by kind, and per layer the area (m2) inside and unknowns by rule.

    Raises
    ------
    OutputError
        The output exists, or the run to go on with was of something else.
    GeometryError
        ``strict``, and a parcel cannot be checked.
    SourceError, CRSError, PlanError, ArgumentError
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
    )
    target = Path(output)
    if target.exists():
        raise OutputError(f"{target}: exists already; remove it, or give another -o")
    plan = read_plan(*folders)
    plan.industry(industry)
    stream = open_stream(source, crs=crs, id_column=id_column, block_rows=block_rows)
    part = target.with_name(target.name + ".part")
    _prepare_folder(part, job.fingerprint(plan, stream), resume=resume)
    open_index(plan)
    done = 0
    threads = threads or os.cpu_count() or 1
    waiting: deque[tuple[Block, Future[None]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for block in stream.blocks():
                if not _is_done(part, block.number):
                    waiting.append((block, pool.submit(write_block, block, plan, job, part, strict=strict)))
                else:
                    done += block.rows
                # A few blocks ahead keep every core at work; more would only fill memory.
                while len(waiting) > threads + 1:
                    done += _finish(waiting)
                    if progress is not None:
                        progress(done, stream.rows)
            while waiting:
                done += _finish(waiting)
                if progress is not None:
                    progress(done, stream.rows)
        except BaseException:
            for _, future in waiting:
                future.cancel()
            raise
    summary = summarise(part, plan)
    (part / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(target)
    return summary


def write_block(block: Block, plan: Plan, job: Job, folder: Path, *, strict: bool) -> None:
    """Check the parcels of one block and write its parts; ``verdicts`` last, which says that the block is done."""
    tables = check_block(
        block, plan, industry=plan.industry(job.industry), tolerance_m2=job.tolerance_m2, strict=strict
    )
    for name, table in tables.items():
        path = _part_path(folder, name, block.number)
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(table, unfinished, compression="zstd", use_dictionary=True, write_statistics=False)
        unfinished.replace(path)


def summarise(folder: Path, plan: Plan) -> dict[str, Any]:
    """Sum up the parts of a batch: counts, verdicts, area inside each layer, and unknowns by rule."""
    verdicts = dict.fromkeys(VERDICTS, 0)
    area = dict.fromkeys(plan.layers, 0.0)
    unknowns: dict[str, int] = {}
    parcels = rejects = 0
    for path in sorted((folder / "verdicts").glob("*.parquet")):
        counts = pq.read_table(path, columns=["verdict"])["verdict"].value_counts().to_pylist()
        for each in counts:
            verdicts[each["values"]] += each["counts"]
            parcels += each["counts"]
    for path in sorted((folder / "overlaps").glob("*.parquet")):
        table = pq.read_table(path, columns=["layer", "feature_id", "area_m2"]).to_pandas()
        inside = table[table["feature_id"] != ""].groupby("layer", observed=True)["area_m2"].sum()
        for key, value in inside.items():
            area[str(key)] += float(value)
    for path in sorted((folder / "findings").glob("*.parquet")):
        table = pq.read_table(path, columns=["layer", "rule"], filters=[("outcome", "=", "unknown")])
        for key, count in table.to_pandas().value_counts().items():
            name = ".".join(map(str, key))
            unknowns[name] = unknowns.get(name, 0) + int(count)
    for path in sorted((folder / "rejects").glob("*.parquet")):
        rejects += pq.read_metadata(path).num_rows
    return {
        "parcels": parcels,
        "rejects": rejects,
        "verdicts": verdicts,
        "area_m2": {key: round(value, 2) for key, value in area.items()},
        "unknowns": dict(sorted(unknowns.items())),
    }


def _finish(waiting: deque[tuple[Block, Future[None]]]) -> int:
    block, future = waiting.popleft()
    future.result()
    return block.rows


def _prepare_folder(part: Path, fingerprint: dict[str, Any], *, resume: bool) -> None:
    text = json.dumps(fingerprint, ensure_ascii=False, indent=1, sort_keys=True)
    note = part / "job.json"
    if resume and note.exists() and note.read_text(encoding="utf-8") != text:
        raise OutputError(f"{part}: is of another file, plan or option; remove it, or leave --resume out to start anew")
    if not resume:
        shutil.rmtree(part, ignore_errors=True)
    try:
        for name in TABLES:
            (part / name).mkdir(parents=True, exist_ok=True)
        note.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{part}: cannot be written: {error}") from error


def _part_path(folder: Path, table: str, number: int) -> Path:
    return folder / table / f"part-{number:06d}.parquet"


def _is_done(folder: Path, number: int) -> bool:
    return _part_path(folder, "verdicts", number).exists()
