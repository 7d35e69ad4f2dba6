import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import parcels_of, square, write_layer, write_plan

import qy_gis as qy
from qy_gis import columns
from qy_gis.verdict.batch import check_file
from qy_gis.verdict.block import TABLES

RULES = [{"kind": "outside", "severity": "prohibit"}]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    layers = {
        "farmland": {"shapes": [square(0, 0), square(2500, 0)], "accuracy_m": 5, "rules": RULES},
        "unseen": {"shapes": None, "rules": [{"kind": "inside", "severity": "advise", "industries": ["tea"]}]},
    }
    return write_plan(tmp_path / "plan", layers)


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 4000, (300, 2))
    return parcels_of(*(square(x, y, 60) for x, y in corners), crs="EPSG:4547").to_crs(4490)


def write(parcels: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        parcels.to_parquet(path)
    else:
        parcels.to_file(path, engine="pyogrio")
    return path


def read(folder: Path, table: str) -> pd.DataFrame:
    found = pd.read_parquet(folder / table)
    texts = found.select_dtypes("category").columns
    return found.astype(dict.fromkeys(texts, object))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_a_setback_has_the_digits_of_a_check(parcels, tmp_path):
    river = {
        "shapes": [shapely.LineString([square(0, 0).bounds[:2], square(0, 0).bounds[2:]])],
        "geometry": "line",
        "accuracy_m": 20,
        "rules": [{"kind": "setback", "severity": "approve", "distance_m": 300}],
    }
    plan = write_plan(tmp_path / "rivers", {"river": river})
    check_file(write(parcels, tmp_path / "big.parquet"), tmp_path / "out", folders=[plan], block_rows=70)
    findings, expected = read(tmp_path / "out", "findings"), qy.check(parcels, qy.read_plan(plan)).findings
    assert set(findings["outcome"]) == {"pass", "fail", "unknown"}
    for column in ["parcel_id", "outcome", "overlap_m2", "low_m2", "high_m2"]:
        assert findings[column].tolist() == expected[column].tolist(), column
    assert findings["reason"][findings["outcome"] == "fail"].unique() == ["有土地距river不足 300 m。文件如此规定。"]


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg", ".fgb"])
@pytest.mark.parametrize("industry", [None, "茶", "陶瓷"])
def test_a_batch_has_the_digits_of_a_check(plan, parcels, tmp_path, suffix, industry):
    source = write(parcels, tmp_path / f"big{suffix}")
    summary = check_file(source, tmp_path / "out", folders=[plan], industry=industry, block_rows=70)
    result = qy.check(parcels, qy.read_plan(plan), industry=industry)
    # FlatGeobuf keeps its own order.
    keys = ["parcel_id", "layer"]
    findings = read(tmp_path / "out", "findings").sort_values([*keys, "rule"], ignore_index=True)
    expected = result.findings.sort_values([*keys, "rule"], ignore_index=True)
    assert findings.columns.tolist() == columns.FINDINGS
    for column in columns.FINDINGS:
        # Distances only if they were asked for.
        wanted = [True] * len(findings) if column == "distance_m" else expected[column].tolist()
        assert (findings[column].isna() if column == "distance_m" else findings[column]).tolist() == wanted, column
    verdicts = read(tmp_path / "out", "verdicts").set_index("parcel_id").loc[result.parcels["parcel_id"]]
    for column in columns.VERDICTS[1:]:
        assert verdicts[column].tolist() == result.verdicts[column].tolist(), column
    assert verdicts["area_m2"].tolist() == result.parcels["area_m2"].tolist()
    overlaps = read(tmp_path / "out", "overlaps").sort_values([*keys, "feature_id"], ignore_index=True)
    single = result.overlaps.sort_values([*keys, "feature_id"], ignore_index=True)
    for column in ["feature_id", "feature_name", "relation", "area_m2", "low_m2", "high_m2", "share"]:
        assert overlaps[column].tolist() == single[column].tolist(), column
    assert summary["parcels"] == 300
    assert summary["verdicts"]["prohibited"] == (result.verdicts["verdict"] == "prohibited").sum()
    inside = result.overlaps[result.overlaps["feature_id"] != ""].groupby("layer")["area_m2"].sum()
    assert summary["area_m2"]["farmland"] == pytest.approx(inside["farmland"], abs=0.01)
    for (layer, rule), found in result.findings.groupby(["layer", "rule"]):
        counts = summary["rules"][f"{layer}.{rule}"]
        assert [counts["pass"], counts["fail"]] == [(found["outcome"] == name).sum() for name in ("pass", "fail")]
        assert sum(counts.values()) == 300
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8")) == summary


def test_bad_parcels_are_listed_and_do_not_stop_the_run(plan, parcels, tmp_path):
    bad = parcels.iloc[:6].copy()
    bow_tie = shapely.Polygon([(113.1, 23.6), (113.2, 23.7), (113.2, 23.6), (113.1, 23.7)])
    shapes = [
        bow_tie,
        None,
        shapely.Point(113.1, 23.6),
        shapely.box(500, 500, 501, 501),
        shapely.box(113, 23, 113.00000001, 23.0000001),
    ]
    bad.geometry = [*shapes, bad.geometry.iloc[5]]
    bad["parcel_id"] = ["a", "b", "c", "d", "e", "P9"]  # the last is used before
    source = write(pd.concat([parcels, bad], ignore_index=True), tmp_path / "big.parquet")
    summary = check_file(source, tmp_path / "out", folders=[plan], block_rows=64)
    rejects = read(tmp_path / "out", "rejects").set_index("parcel_id")
    assert (summary["parcels"], summary["rejects"]) == (300, 6)
    says = [
        "Self-intersection",
        "no geometry",
        "without a polygon",
        "out of the reach",
        "smaller than",
        "more than once",
    ]
    for name, text in zip(["a", "b", "c", "d", "e", "P9"], says, strict=True):
        assert text in rejects.loc[name, "reason"]
    assert rejects["row"].tolist() == list(range(300, 306))
    with pytest.raises(qy.GeometryError, match=r"row 300 \(a\): Self-intersection"):
        check_file(source, tmp_path / "strict", folders=[plan], block_rows=64, strict=True)
    assert not (tmp_path / "strict").exists()


def test_the_same_run_twice_is_the_same_to_the_byte(plan, parcels, tmp_path):
    source = write(parcels, tmp_path / "big.parquet")
    for name, threads in [("one", 1), ("two", 2)]:
        check_file(source, tmp_path / name, folders=[plan], block_rows=50, threads=threads)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_killed_run_goes_on_to_the_same_bytes(plan, parcels, tmp_path):
    many = pd.concat([parcels.assign(parcel_id=[f"{n}-{i}" for i in range(300)]) for n in range(20)], ignore_index=True)
    source = write(many, tmp_path / "big.parquet")
    arguments = f"{str(source)!r}, OUT, folders=[{str(plan)!r}], block_rows=50"
    check_file(source, tmp_path / "whole", folders=[plan], block_rows=50)
    target, part = tmp_path / "killed", tmp_path / "killed.part"
    code = f"from qy_gis.verdict.batch import check_file; check_file({arguments})".replace("OUT", repr(str(target)))
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while len(list(part.glob("verdicts/*.parquet"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not target.exists()
    assert len(list(part.glob("verdicts/*.parquet"))) >= 5
    seen: list[int] = []
    check_file(source, target, folders=[plan], block_rows=50, resume=True, progress=lambda done, _: seen.append(done))
    assert content(target) == content(tmp_path / "whole")
    assert seen[0] >= 5 * 50  # what was there is not done again


def test_going_on_with_something_else_is_refused(plan, parcels, tmp_path):
    source = write(parcels, tmp_path / "big.parquet")
    spoilt = parcels.copy()
    spoilt.loc[299, "geometry"] = shapely.Point(113, 23)
    write(spoilt, source)
    with pytest.raises(qy.GeometryError):
        check_file(source, tmp_path / "out", folders=[plan], block_rows=50, strict=True)
    with pytest.raises(qy.OutputError, match="is of another file, plan or option"):
        check_file(source, tmp_path / "out", folders=[plan], block_rows=50, industry="茶", resume=True)
    with pytest.raises(qy.OutputError, match="exists already"):
        check_file(source, tmp_path / "plan", folders=[plan])


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("gone.parquet", qy.MissingSourceError, "no such file"),
        ("text.parquet", qy.SourceError, "cannot be read"),
        ("text.gpkg", qy.SourceError, "cannot be read"),
        ("text.csv", qy.SourceError, "block by block"),
        ("plain.parquet", qy.SourceError, "without the 'geo' metadata"),
    ],
)
def test_what_cannot_be_streamed_says_why(tmp_path, name, error, says):
    if name.startswith("text"):
        (tmp_path / name).write_text("not parcels", encoding="utf-8")
    if name == "plain.parquet":
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / name)
    with pytest.raises(error, match=says):
        check_file(tmp_path / name, tmp_path / "out")


def test_verdicts_open_as_a_map(plan, parcels, tmp_path):
    bad = parcels.copy()
    bad.loc[5, "geometry"] = shapely.Point(113, 23)
    check_file(write(bad, tmp_path / "big.parquet"), tmp_path / "out", folders=[plan], block_rows=70)
    opened = gpd.read_parquet(tmp_path / "out" / "verdicts")
    given = parcels.drop(index=5).set_index("parcel_id")
    assert opened.crs == parcels.crs
    assert opened["parcel_id"].tolist() == given.index.tolist()
    assert opened.geometry.tolist() == given.geometry.tolist()


def test_distances_are_those_of_a_check(plan, parcels, tmp_path):
    source = write(parcels, tmp_path / "big.parquet")
    check_file(source, tmp_path / "out", folders=[plan], block_rows=70, distances=True)
    keys = ["parcel_id", "layer", "feature_id"]
    found = read(tmp_path / "out", "overlaps").sort_values(keys, ignore_index=True)
    expected = qy.check(parcels, qy.read_plan(plan)).overlaps.sort_values(keys, ignore_index=True)
    pd.testing.assert_series_equal(found["distance_m"], expected["distance_m"])
    assert found["distance_m"].max() > 100


def test_the_cause_of_an_unknown_is_told(plan, parcels, tmp_path):
    rules = [{"kind": "outside", "severity": "prohibit", "industries": ["tea"]}]
    write_layer(plan, "tea_garden", [square(0, 0)], accuracy_m=5, rules=rules)
    edge = parcels_of(square(999, 0, 60), square(3600, 0, 60)).to_crs(4490)  # on the line of farmland, and clear of all
    source = write(edge, tmp_path / "big.parquet")
    summary = check_file(source, tmp_path / "out", folders=[plan])
    findings = read(tmp_path / "out", "findings").set_index(["parcel_id", "layer"])["cause"]
    rest = {"unseen": "industry", "city": ""}
    assert findings["P1"].to_dict() == {"farmland": "accuracy", "tea_garden": "industry", **rest}
    assert findings["P2"].to_dict() == {"farmland": "", "tea_garden": "", "unseen": "industry", "city": ""}
    summary = check_file(source, tmp_path / "tea", folders=[plan], industry="茶")
    counts = {"pass": 0, "fail": 0, "data": 2, "accuracy": 0, "industry": 0, "plan": 0}
    assert summary["rules"]["unseen.inside_advise"] == counts
    assert summary["rules"]["farmland.outside_prohibit"]["accuracy"] == 1


def test_land_where_features_overlap_counts_once(parcels, tmp_path):
    twice = {"farmland": {"shapes": [square(0, 0, 9000), square(0, 0, 9000)], "rules": RULES}}
    plan = write_plan(tmp_path / "twice", twice)
    summary = check_file(write(parcels, tmp_path / "big.parquet"), tmp_path / "out", folders=[plan], block_rows=70)
    assert summary["area_m2"]["farmland"] == summary["area_m2"]["city"] == summary["verdicts_m2"]["prohibited"]


def test_file_and_outcome_may_lie_on_other_storage(plan, parcels, tmp_path):
    source = write(parcels, tmp_path / "big.parquet")
    check_file(source, tmp_path / "out", folders=[plan], block_rows=70)
    there = fsspec.filesystem("memory")
    there.pipe("/batch/big.parquet", source.read_bytes())
    for resume in (False, True):  # nothing is there to go on with, and then all of it but the last word
        check_file("memory://batch/big.parquet", "memory://batch/out", folders=[plan], block_rows=70, resume=resume)
        found = {path.removeprefix("/batch/out/"): there.cat(path) for path in there.find("/batch/out")}
        here = content(tmp_path / "out")
        assert found.keys() == here.keys()
        assert {name for name in found if found[name] != here[name]} == {"job.json"}  # it is another file
        with pytest.raises(qy.OutputError, match="exists already"):
            check_file("memory://batch/big.parquet", "memory://batch/out", folders=[plan], block_rows=70)
        there.rm("/batch/out/summary.json")
    with pytest.raises(qy.OutputError, match="exists already"):  # a folder that is no batch is not removed
        check_file("memory://batch/big.parquet", "memory://batch", folders=[plan])
    with pytest.raises(qy.OutputError, match="on this machine"):
        check_file("memory://batch/big.parquet", "memory://batch/out.gpkg", folders=[plan])


def test_a_geopackage_is_put_together_from_the_parts(plan, parcels, tmp_path):
    bad = parcels.copy()
    bad.loc[5, "geometry"] = shapely.Point(113, 23)
    bad.loc[6, "geometry"] = shapely.MultiPolygon([bad.geometry[6]])
    target = tmp_path / "out.gpkg"
    summary = check_file(write(bad, tmp_path / "big.parquet"), target, folders=[plan], block_rows=70)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("out")] == ["out.gpkg"]
    tables = {name: gpd.read_file(target, layer=name, engine="pyogrio") for name in TABLES}
    assert [len(tables[name]) for name in ("rejects", "verdicts", "findings")] == [1, 299, 897]
    assert tables["verdicts"].crs == parcels.crs
    assert set(tables["verdicts"].geom_type) == {"MultiPolygon"}
    assert tables["verdicts"].geometry[5].equals(parcels.geometry[6])
    assert tables["verdicts"]["verdict"].value_counts()["prohibited"] == summary["verdicts"]["prohibited"]
    assert "geometry" not in tables["overlaps"]
    with pytest.raises(qy.OutputError, match="exists already"):
        check_file(tmp_path / "big.parquet", target, folders=[plan])


def test_what_cannot_be_written_says_so(plan, parcels, tmp_path):
    (tmp_path / "afile").write_text("", encoding="utf-8")
    with pytest.raises(qy.OutputError, match="cannot be written"):
        check_file(write(parcels, tmp_path / "big.parquet"), tmp_path / "afile" / "out", folders=[plan])
    with pytest.raises(qy.SourceError, match="holds no parcel"):
        check_file(write(parcels.iloc[:0], tmp_path / "none.parquet"), tmp_path / "none", folders=[plan])


def test_every_table_is_there_even_if_empty(plan, parcels, tmp_path):
    check_file(write(parcels.iloc[:3], tmp_path / "three.parquet"), tmp_path / "out", folders=[plan])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*TABLES, "job.json", "summary.json"}
    assert read(tmp_path / "out", "rejects").empty
