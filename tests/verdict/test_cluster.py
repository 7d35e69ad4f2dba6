import gc
import json
import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import parcels_of, square, write_plan
from distributed import Client, LocalCluster

import qy_gis as qy
from qy_gis.verdict.batch import Job, check_file
from qy_gis.verdict.cluster import check_one
from qy_gis.verdict.parts import Parts


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two workers, each a process of its own, which is started again when it dies."""
    folder = str(tmp_path_factory.mktemp("dask"))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", local_directory=folder
    ) as started:
        yield started


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    layers = {"farmland": {"shapes": [square(0, 0), square(2500, 0)], "accuracy_m": 5, "rules": rules}}
    return write_plan(tmp_path_factory.mktemp("plan") / "plan", layers)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand parcels in row groups of 300; the last has the id of the first."""
    corners = np.random.default_rng(1).uniform(0, 4000, (2000, 2))
    parcels = parcels_of(*(square(x, y, 60) for x, y in corners))
    parcels.loc[1999, "parcel_id"] = "P1"
    path = tmp_path_factory.mktemp("source") / "big.parquet"
    parcels.to_parquet(path, row_group_size=300)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_a_killed_worker_loses_nothing_and_no_byte_differs(cluster, plan, source, tmp_path):
    whole = check_file(source, tmp_path / "whole", folders=[plan], block_rows=50, threads=1)
    with Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
    seen: list[int] = []

    def kill_one(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 5:
            os.kill(pids[0], signal.SIGKILL)

    options = {"folders": [plan], "block_rows": 50, "dask": cluster.scheduler_address}
    summary = check_file(source, tmp_path / "spread", **options, progress=kill_one)
    assert len(seen) > 5
    assert seen[-1] == 2000
    assert pids[0] not in [worker.pid for worker in cluster.workers.values()]
    assert summary == whole
    assert (summary["parcels"], summary["rejects"]) == (1999, 1)
    assert content(tmp_path / "spread") == content(tmp_path / "whole")


def test_what_a_worker_refuses_reaches_the_caller(cluster, plan, source, tmp_path):
    options = {"folders": [plan], "block_rows": 500, "dask": cluster.scheduler_address}
    with pytest.raises(qy.SourceError, match=r"row 1999 \(P1\): the id 'P1' is used more than once"):
        check_file(source, tmp_path / "out", **options, strict=True)
    # What was done is kept, and another run may finish it.
    summary = check_file(source, tmp_path / "out", **options, resume=True)
    assert summary["rejects"] == 1


def test_a_scheduler_that_is_lost_is_an_error_and_what_is_done_is_kept(cluster, plan, source, tmp_path, monkeypatch):
    seen: list[int] = []

    def lose(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 2:  # what Dask raises for every task that is open, when the connection ends
            monkeypatch.setattr("distributed.Future.result", lost)

    def lost(*_: object) -> None:
        raise CancelledError

    options = {"folders": [plan], "block_rows": 50, "dask": cluster.scheduler_address}
    with pytest.raises(qy.ClusterError, match=r"lost or restarted.*--resume"):
        check_file(source, tmp_path / "out", **options, progress=lose)
    assert len(list((tmp_path / "out.part" / "verdicts").glob("*.parquet"))) >= 1


def test_a_block_that_ends_every_worker_is_an_error(plan, source, tmp_path, monkeypatch):
    # A function of no module is sent to the worker as it is.
    made: dict[str, Any] = {"__name__": "__main__"}
    exec("def end(*_):\n    import os\n    os._exit(1)", made)
    monkeypatch.setattr("qy_gis.verdict.cluster.check_one", made["end"])
    monkeypatch.setattr("qy_gis.verdict.cluster._DEATHS_FORGIVEN", 0)
    with pytest.raises(qy.ClusterError, match=r"block [01] ended 1 workers.*--resume"):
        check_file(source, tmp_path / "out", folders=[plan], block_rows=1000, dask="local", threads=1)


def test_an_error_of_a_worker_keeps_its_faults():
    error = pickle.loads(pickle.dumps(qy.PlanError(["a", "b"])))
    assert (error.faults, str(error)) == (["a", "b"], "规划有 2 处错误\n2 faults in the plan\n- a\n- b")


def test_a_worker_with_another_plan_refuses(cluster, plan, source, tmp_path):
    job = Job(str(source), (str(plan),), None, None, None, None, 500, False, False, False)
    theirs = json.dumps({**job.fingerprint(*job.open()), "plan": {}, "versions": {}})
    with pytest.raises(qy.ArgumentError, match="another plan, versions under the same name"):
        check_one(0, np.zeros(0, int), job, Parts("x", "x"), theirs)


@pytest.mark.parametrize(
    ("address", "says"),
    [("cluster", "is not accepted"), ("tcp://127.0.0.1:9", "no scheduler answers"), ("nowhere://x", "--dask")],
)
def test_a_scheduler_that_is_not_there_is_an_error(plan, source, tmp_path, address, says, monkeypatch):
    monkeypatch.setattr("qy_gis.verdict.cluster._ANSWER_S", 0.5)
    with pytest.raises((qy.ArgumentError, qy.ClusterError), match=says):
        check_file(source, tmp_path / "out", folders=[plan], dask=address)
    # One that was half made and is collected while another starts would stop both for good.
    assert all(each.status == "closed" for each in gc.get_objects() if type(each) is Client)


def test_workers_read_geoparquet_alone(plan, source, tmp_path):
    gpd.read_parquet(source).head(3).to_file(tmp_path / "p.gpkg", engine="pyogrio")
    with pytest.raises(qy.ArgumentError, match="reads GeoParquet"):
        check_file(tmp_path / "p.gpkg", tmp_path / "out", folders=[plan], dask="local")


def test_local_starts_workers_of_its_own(plan, source, tmp_path):
    check_file(source, tmp_path / "out", folders=[plan], block_rows=1000, dask="local", threads=1)
    assert len(pd.read_parquet(tmp_path / "out" / "verdicts")) == 1999
