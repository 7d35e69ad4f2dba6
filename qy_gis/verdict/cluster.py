"""Run a batch on a Dask cluster: every worker reads blocks of the file itself, checks them, and writes their parts.

Nothing but numbers goes over the scheduler. A block of a worker that dies is checked again by another. The file, the
output and the plan folders must be where the workers find them under the same names: a shared folder, or (file and
output) other storage. A worker whose plan, file or version of qy_gis is not that of the process that asks refuses.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import logging
import signal
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qy_gis.errors import ArgumentError, ClusterError
from qy_gis.overlay.index import open_index
from qy_gis.parcels.places import is_address
from qy_gis.parcels.stream import ParcelStream
from qy_gis.plan.model import Plan
from qy_gis.verdict.parts import Parts

if TYPE_CHECKING:
    from qy_gis.verdict.batch import Job

#: Dask gives a block up when more workers than this died with it: it, and not a machine, may be at fault.
_DEATHS_FORGIVEN = 4

#: How long (s) a scheduler may take to answer.
_ANSWER_S = 10

_KEPT = "What is done is kept; the same command with --resume goes on"
_KEPT_ZH = "已完成的部分保留；同一命令加 --resume 可继续"

_opening = Lock()


def check_address(address: str, stream: ParcelStream) -> None:
    """Refuse, before any work, what cannot be the address of a cluster, or a file whose blocks it cannot read.

    Raises
    ------
    ArgumentError
        So it is, or Dask is not installed.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ArgumentError(
            "--dask needs the extra: pip install 'qy-gis[dask]'", zh="--dask 需要另装：pip install 'qy-gis[dask]'"
        )
    if address != "local" and "://" not in address:
        raise ArgumentError(
            f"--dask {address}: is not accepted; give 'local', or an address such as tcp://10.0.0.1:8786",
            zh=f"--dask {address} 无效；应为 local，或形如 tcp://10.0.0.1:8786 的地址",
        )
    if not stream.in_any_order:
        name = Path(stream.source).name
        raise ArgumentError(
            f"{name}: --dask reads GeoParquet; qy-gis convert makes it of other formats",
            zh=f"{name}：--dask 只读 GeoParquet；其他格式请先用 qy-gis convert 转换",
        )


def run_on_cluster(
    job: Job, plan: Plan, stream: ParcelStream, parts: Parts, *, address: str, workers: int | None
) -> Iterator[int]:
    """Make the parts of all blocks that are not done, and yield the parcels of each block that was finished.

    Parameters
    ----------
    job, plan, stream, parts
        The work, as opened by the process that asks.
    address
        Of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, or ``local``: processes on this machine.
    workers
        How many processes, if ``local``; None for one to a core.

    Raises
    ------
    ClusterError
        The scheduler does not answer or was lost, or a block ended one worker after the other.
    ArgumentError
        A worker finds another plan or file under the same name, or has other versions.
    """
    from distributed import KilledWorker, as_completed

    # Workers have working folders of their own.
    job = replace(job, source=_absolute(job.source), folders=tuple(map(_absolute, job.folders)))
    parts = replace(parts, folder=_absolute(parts.folder))
    with _connect(address, workers) as client:
        done = parts.done()
        fingerprint = json.dumps(job.fingerprint(plan, stream))
        waiting = {}
        for number, repeated in enumerate(stream.repeats()):
            if number in done:
                continue
            task = client.submit(
                check_one,
                number,
                np.flatnonzero(repeated),
                job,
                parts,
                fingerprint,
                pure=False,
            )
            waiting[task] = number, len(repeated)
        try:
            for task in as_completed(list(waiting)):
                block, rows = waiting.pop(task)
                try:
                    task.result()
                except KilledWorker as error:
                    ended = error.allowed_failures + 1
                    raise ClusterError(
                        f"--dask {address}: block {block} ended {ended} workers; have they memory enough? {_KEPT}",
                        zh=f"--dask {address}：第 {block} 块先后使 {ended} 个工作进程退出；内存是否不足？{_KEPT_ZH}",
                    ) from error
                except CancelledError as error:
                    raise ClusterError(
                        f"--dask {address}: the scheduler was lost or restarted. {_KEPT}",
                        zh=f"--dask {address}：调度器失联或已重启。{_KEPT_ZH}",
                    ) from error
                yield rows
        finally:
            client.cancel(list(waiting))


def check_one(number: int, repeated: NDArray[np.int64], job: Job, parts: Parts, fingerprint: str) -> None:
    """Check one block, on a worker; nothing is left to do if another worker was faster or died after the last part."""
    from qy_gis.verdict.batch import write_block

    if parts.has(number):
        return
    plan, stream = _open(job, fingerprint)
    block = next(stream.blocks(first=number, stop=number + 1))
    flags = np.zeros(block.rows, dtype=bool)
    flags[repeated] = True
    write_block(replace(block, repeated=flags), plan, job, parts)


def _absolute(place: str) -> str:
    return place if is_address(place) else str(Path(place).absolute())


def _open(job: Job, fingerprint: str) -> tuple[Plan, ParcelStream]:
    # Threads of one worker that begin together open the plan once.
    with _opening:
        return _open_once(job, fingerprint)


@lru_cache(maxsize=1)
def _open_once(job: Job, fingerprint: str) -> tuple[Plan, ParcelStream]:
    plan, stream = job.open()
    theirs, ours = json.loads(fingerprint), job.fingerprint(plan, stream)
    differing = [name for name in ours if ours[name] != theirs.get(name)]
    if differing:
        named = ", ".join(differing)
        raise ArgumentError(
            f"a worker finds another {named} under the same name; see docs/scale.md",
            zh=f"工作进程按同一名字找到的 {named} 不同；各机须见到相同的文件与版本，见 docs/scale.md",
        )
    open_index(plan)
    return plan, stream


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _connect(address: str, workers: int | None) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    with dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS_FORGIVEN}):
        if address == "local":
            with (
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.ERROR,
                ) as cluster,
                Client(cluster) as client,
            ):
                # Control-C goes to every process of a terminal; this one alone answers it.
                client.run(_ignore_interrupts)
                yield client
            return
        reason = None
        try:
            client = Client(address, timeout=_ANSWER_S)
        except (OSError, ValueError) as error:
            reason = str(error)
        if reason is not None:
            # A client half made closes itself when it is collected; if another one started just then, both would wait.
            gc.collect()
            raise ClusterError(
                f"--dask {address}: no scheduler answers there: {reason}",
                zh=f"--dask {address}：该处没有调度器应答；请核对地址与网络（{reason}）",
            )
        with client:
            yield client
