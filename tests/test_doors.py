"""The same flawed parcels through every door: single check, batch, conversion, GeoDataFrame. One answer.

A door gives ids, areas to the digit, repairs, outcomes and figures of rules, and the rows that it refuses with their
reasons. What one door refuses the other lists as rejects, in the same words.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import EAST, NORTH, square, write_plan
from shapely import affinity

import qy_gis as qy
from qy_gis.parcels.read import READERS
from qy_gis.parcels.stream import SUFFIXES
from qy_gis.verdict.batch import check_file

CASES = Path(__file__).parent / "cases" / "files"

RULES = [{"kind": "outside", "severity": "prohibit"}]

#: Outlines on paper of about 60 m, the first of three parcels; the others are squares.
GOOD = [square(100 * number, 0, 60) for number in range(3)]


def at(wkt: str) -> Any:
    """An outline on paper, from text in metres."""
    return affinity.translate(shapely.from_wkt(wkt), EAST, NORTH)


def frame(first: Any, columns: dict[str, Any] | None = None, crs: Any = 4547) -> gpd.GeoDataFrame:
    """Three parcels, of which the first outline is given."""
    return gpd.GeoDataFrame(
        {"DKBH": ["A", "B", "C"]} if columns is None else columns, geometry=[first, *GOOD[1:]], crs=crs
    )


def every(shapes: list[Any], crs: Any = 4547) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"DKBH": [f"P{n}" for n in range(len(shapes))]}, geometry=shapes, crs=crs)


def swapped(shape: Any) -> Any:
    return shapely.transform(shape, lambda points: points[:, ::-1])


def moved(shape: Any, east: float) -> Any:
    return affinity.translate(shape, east)


SQUARE = "0 0, 60 0, 60 60, 0 60, 0 0"
IN_DEGREES = gpd.GeoSeries(GOOD, crs=4547).to_crs(4490).tolist()

#: A jagged ring of many corners, which is not looked at edge by edge.
JAGGED = shapely.Polygon(
    [(EAST + 30 + (20 + 5 * (k % 2)) * np.cos(k / 60 * np.pi), NORTH + 30 + (20 + 5 * (k % 2)) * np.sin(k / 60 * np.pi))
     for k in range(120)]
)  # fmt: skip

#: What can be wrong with a table of parcels.
FLAWS: dict[str, Callable[[], gpd.GeoDataFrame]] = {
    "none": lambda: frame(GOOD[0]),
    "none, in degrees": lambda: every(IN_DEGREES, 4490),
    "none, a hole": lambda: frame(at(f"POLYGON (({SQUARE}), (10 10, 10 20, 20 20, 20 10, 10 10))")),
    "none, two parts": lambda: frame(at(f"MULTIPOLYGON ((({SQUARE})), ((0 100, 9 100, 9 109, 0 100)))")),
    "none, many corners": lambda: frame(JAGGED),
    "ids under two headings": lambda: frame(GOOD[0], {"id": [7, 8, 9], "DKBH": ["A", "B", "C"]}),
    "ids under two headings, the better one empty": lambda: frame(
        GOOD[0], {"DKBH": [None, "", " "], "BSM": ["x", "y", "z"], "id": [1, 2, 3]}
    ),
    "ids with blanks around": lambda: frame(GOOD[0], {"DKBH": [" A", "B ", "C"]}),
    "ids as numbers": lambda: frame(GOOD[0], {"bsm": [1.0, 2.0, 3.0]}),
    "ids as whole numbers": lambda: frame(GOOD[0], {"编号": [10**15 + 1, 2, 3]}),
    "no ids": lambda: frame(GOOD[0], {"colour": ["red", "red", "blue"]}),
    "a null id": lambda: frame(GOOD[0], {"DKBH": ["A", None, "C"]}),
    "a blank id": lambda: frame(GOOD[0], {"DKBH": ["A", "  ", "C"]}),
    "a repeated id": lambda: frame(GOOD[0], {"DKBH": ["A", "B", "A"]}),
    "an id repeated but for blanks": lambda: frame(GOOD[0], {"DKBH": ["A", "B", " A"]}),
    "a declared area that is wrong": lambda: frame(
        GOOD[0], {"DKBH": list("ABC"), "declared_m2": [3600.0, 9000.0, np.nan]}
    ),
    "a declared area that is planar": lambda: frame(
        affinity.scale(GOOD[0], 20, 20), {"DKBH": list("ABC"), "declared_m2": [1440000.0, np.nan, np.nan]}
    ),
    "a declared area that is text": lambda: frame(
        GOOD[0], {"DKBH": list("ABC"), "declared_m2": ["about 5", "", "3599"]}
    ),
    "a declared area without end": lambda: frame(GOOD[0], {"DKBH": list("ABC"), "declared_m2": [np.inf, np.nan, 3599]}),
    "a spike": lambda: frame(at("POLYGON ((0 0, 60 0, 60 20, 90 20, 60 20.0004, 60 60, 0 60, 0 0))")),
    "a spike on its own edge": lambda: frame(at("POLYGON ((0 0, 60 0, 60 60, 60 20, 60 60, 0 60, 0 0))")),
    "a spike of half a square metre": lambda: frame(at("POLYGON ((0 0, 1100 0, 60 0.00095, 60 60, 0 60, 0 0))")),
    "a spike in degrees": lambda: every(
        [shapely.Polygon([*IN_DEGREES[0].exterior.coords[:2], (113.2, 23.7), *IN_DEGREES[0].exterior.coords[1:]])], 4490
    ),
    "a double point": lambda: frame(at("POLYGON ((0 0, 60 0, 60 0.0005, 60 60, 0 60, 0 0))")),
    "the same point twice": lambda: frame(at("POLYGON ((0 0, 60 0, 60 0, 60 60, 0 60, 0 0))")),
    "a collection with a polygon": lambda: frame(shapely.GeometryCollection([GOOD[0], shapely.Point(EAST, NORTH)])),
    "a collection without one": lambda: frame(shapely.GeometryCollection([shapely.Point(EAST, NORTH)])),
    "a part that is empty": lambda: frame(at(f"MULTIPOLYGON ((({SQUARE})), EMPTY)")),
    "a ring that is empty": lambda: frame(at(f"POLYGON (({SQUARE}), EMPTY)")),
    "an empty outline": lambda: frame(shapely.Polygon()),
    "no outline": lambda: frame(None),
    "a point": lambda: frame(shapely.Point(EAST, NORTH)),
    "a line": lambda: frame(GOOD[0].exterior),
    "heights": lambda: frame(shapely.force_3d(GOOD[0], 12.5)),
    "heights in every parcel": lambda: every(list(shapely.force_3d(GOOD, 12.5))),
    "a bow tie": lambda: frame(at("POLYGON ((0 0, 60 60, 60 0, 0 60, 0 0))")),
    "a little crossing": lambda: frame(at("POLYGON ((0 0, 60 0, 60 60, 30 60, 30.05 60.05, 30.05 59.95, 0 60, 0 0))")),
    "a ring that touches itself": lambda: frame(
        at("POLYGON ((0 0, 60 0, 60 60, 30 60, 20 40, 40 40, 30 60, 0 60, 0 0))")
    ),
    "rings swapped": lambda: frame(at(f"POLYGON ((10 10, 20 10, 20 20, 10 20, 10 10), ({SQUARE}))")),
    "a hole as a part": lambda: frame(at(f"MULTIPOLYGON ((({SQUARE})), ((10 10, 20 10, 20 20, 10 20, 10 10)))")),
    "a hole across the edge": lambda: frame(at(f"POLYGON (({SQUARE}), (50 10, 70 10, 70 20, 50 20, 50 10))")),
    "parts that overlap": lambda: frame(at(f"MULTIPOLYGON ((({SQUARE})), ((50 10, 70 10, 70 20, 50 20, 50 10)))")),
    "a part twice": lambda: frame(at(f"MULTIPOLYGON ((({SQUARE})), (({SQUARE})))")),
    "nothing but a line": lambda: frame(at("POLYGON ((0 0, 60 0, 30 0, 0 0))")),
    "smaller than contact": lambda: frame(at("POLYGON ((0 0, 0.05 0, 0.05 0.05, 0 0.05, 0 0))")),
    "x and y swapped": lambda: frame(swapped(GOOD[0])),
    "x and y swapped in every parcel": lambda: every([swapped(shape) for shape in GOOD]),
    "x and y swapped, in degrees": lambda: every([swapped(IN_DEGREES[0]), *IN_DEGREES[1:]], 4490),
    "a prefix too many": lambda: frame(moved(GOOD[0], 38_000_000)),
    "a prefix too many in every parcel": lambda: every([moved(shape, 38_000_000) for shape in GOOD]),
    "a prefix too few": lambda: every(GOOD, 4526),
    "another zone's prefix": lambda: every(
        [moved(GOOD[0], 35_000_000), *(moved(shape, 38_000_000) for shape in GOOD[1:])], 4526
    ),
    "a digit too many": lambda: frame(moved(GOOD[0], 3_640_000)),
    "degrees in a grid": lambda: frame(IN_DEGREES[0]),
    "metres in degrees": lambda: every([GOOD[0], *IN_DEGREES[1:]], 4490),
    "the pole": lambda: every([shapely.box(100, 89, 101, 90), *IN_DEGREES[1:]], 4326),
    "numbers too large": lambda: frame(moved(GOOD[0], 1e300)),
    "an edge across China": lambda: every([shapely.box(80, 23, 120, 23.1), *IN_DEGREES[1:]], 4490),
    "several at once": lambda: every(
        [
            None,
            at("POLYGON ((0 0, 60 60, 60 0, 0 60, 0 0))"),
            moved(GOOD[0], 38_000_000),
            GOOD[1],
            shapely.force_3d(GOOD[2], 1),
        ]
    ),
}

#: Formats that cannot hold a flaw.
CANNOT_HOLD = {
    "a collection with a polygon": {".shp"},
    "a collection without one": {".shp"},
    "a point": {".shp"},
    "a line": {".shp"},
    "heights": {".fgb"},
    "several at once": {".fgb"},
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers = {"farmland": {"shapes": [square(-500, -500, 550)], "accuracy_m": 5, "rules": RULES}}
    return write_plan(tmp_path_factory.mktemp("doors") / "plan", layers)


def told(result: qy.CheckResult) -> dict[str, Any]:
    """What a single check says, in no order."""
    findings = result.findings
    return {
        "areas": dict(zip(result.parcels["parcel_id"], result.parcels["area_m2"], strict=True)),
        "verdicts": dict(zip(result.verdicts["parcel_id"], result.verdicts["verdict"], strict=True)),
        "findings": rows(findings, ["parcel_id", "rule", "outcome", "overlap_m2", "low_m2", "high_m2"]),
        "repairs": rows(result.repairs, ["parcel_id", "what", "before", "after"]),
        "refused": set(),
    }


def rows(table: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(table[columns].astype(object).itertuples(index=False, name=None), key=str)


def refused(error: qy.QyGisError) -> dict[str, Any]:
    """The rows of a refusal with their reasons, and what is said of the whole file if it names no row."""
    of_rows = re.findall(r"^- row (\d+): (.*)$", error.en, flags=re.M)
    in_chinese = re.findall(r"^- 行 (\d+)：(.*)$", error.zh, flags=re.M)
    assert [row for row, _ in of_rows] == [row for row, _ in in_chinese]
    reasons = {(int(row), f"{zh} / {en}") for (row, en), (_, zh) in zip(of_rows, in_chinese, strict=True)}
    return {"refused": reasons or {(-1, type(error).__name__)}}


def single(source: Any, plan: Path) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", qy.GridWarning)
            parcels = source if isinstance(source, gpd.GeoDataFrame) else qy.read_parcels(source)
            return told(qy.check(parcels, qy.read_plan(plan)))
    except qy.QyGisError as error:
        return refused(error)


def batch(source: Path, plan: Path, folder: Path) -> dict[str, Any]:
    try:
        check_file(source, folder / "out", folders=[plan], block_rows=2, threads=1)
    except qy.QyGisError as error:
        return refused(error)
    tables = {
        name: pd.concat(map(pd.read_parquet, sorted((folder / "out" / name).iterdir())))
        for name in ("rejects", "repairs", "verdicts", "findings")
    }
    verdicts, rejects = tables["verdicts"], tables["rejects"]
    assert set(tables["repairs"]["file"]) <= {source.name}
    return {
        "areas": dict(zip(verdicts["parcel_id"], verdicts["area_m2"], strict=True)),
        "verdicts": dict(zip(verdicts["parcel_id"], verdicts["verdict"], strict=True)),
        "findings": rows(tables["findings"], ["parcel_id", "rule", "outcome", "overlap_m2", "low_m2", "high_m2"]),
        "repairs": rows(tables["repairs"], ["parcel_id", "what", "before", "after"]),
        "refused": set(rejects[["row", "reason"]].itertuples(index=False, name=None)),
    }


def agree(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Hold a single check against a batch: the same tables, or the same rows with the same reasons."""
    if not one["refused"]:
        assert other == one
        return
    # Of parcels with one id a batch has judged the first before it meets the second.
    left_out = {(row, text) for row, text in one["refused"] if "used more than once" in text}
    assert one["refused"] - left_out <= other["refused"] <= one["refused"]


@pytest.mark.parametrize(
    ("flaw", "suffix"),
    [(f, s) for f in FLAWS for s in (".parquet", ".gpkg", ".fgb") if s not in CANNOT_HOLD.get(f, ())],
)
def test_a_flawed_file_has_one_answer(flaw: str, suffix: str, plan: Path, tmp_path: Path):
    given = FLAWS[flaw]()
    path = write(given, tmp_path / f"p{suffix}")
    by_file, by_batch = single(path, plan), batch(path, plan, tmp_path)
    agree(by_file, by_batch)
    if suffix == ".parquet":
        assert single(given, plan) == by_file, "a GeoDataFrame has the answer of its file"
    if by_file["refused"]:
        return
    again = tmp_path / "again.parquet"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", qy.GridWarning)
        qy.write_parcels(qy.read_parcels(path), again)
    converted = single(again, plan)
    assert converted["areas"] == by_file["areas"]
    assert converted["findings"] == by_file["findings"]


@pytest.mark.parametrize(
    ("flaw", "suffix"), [(f, s) for f in FLAWS for s in (".geojson", ".shp") if s not in CANNOT_HOLD.get(f, ())]
)
def test_a_file_that_no_batch_reads_has_the_answer_of_its_table(flaw: str, suffix: str, plan: Path, tmp_path: Path):
    path = tmp_path / f"p{suffix}"
    write(FLAWS[flaw](), path)
    # What the format keeps of a table is what its driver gives back.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        raw = pyogrio.read_dataframe(path)
    by_file = single(path, plan)
    if any("winding order" in str(warning.message) for warning in said):
        # What GDAL corrects is told, and no longer there to be seen in the table.
        told_of = [row for row in by_file["repairs"] if "winding order" in row[1]]
        assert len(told_of) == len(by_file["areas"])
        by_file["repairs"] = [row for row in by_file["repairs"] if row not in told_of]
    agree(by_file, batch(write(raw, tmp_path / "raw.parquet"), plan, tmp_path))


@pytest.mark.parametrize("path", sorted(CASES.iterdir()), ids=lambda path: path.name)
def test_a_case_has_the_same_answer_once_it_is_a_table(path: Path, plan: Path, tmp_path: Path):
    files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in READERS] if path.is_dir() else [path]
    for number, file in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parcels = qy.read_parcels(file)
        except qy.QyGisError:
            continue
        table = folder / "table.parquet"
        parcels.to_parquet(table)
        by_file, by_batch = single(table, plan), batch(table, plan, folder)
        agree(by_file, by_batch)
        assert single(parcels, plan).get("areas") == by_file.get("areas")


def write(parcels: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        parcels.to_parquet(path)
        return path
    options = {".fgb": {"SPATIAL_INDEX": "NO"}, ".geojson": {"COORDINATE_PRECISION": "17"}}.get(path.suffix, {})
    mixed = {} if path.suffix in (".geojson", ".shp") else {"geometry_type": "Unknown"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(parcels, path, **mixed, **options)
    return path


def test_ids_that_are_the_index_of_a_table_are_ids(plan: Path, tmp_path: Path):
    path = tmp_path / "p.parquet"
    frame(GOOD[0]).set_index("DKBH").to_parquet(path)
    by_file = single(path, plan)
    assert list(by_file["areas"]) == ["A", "B", "C"]
    agree(by_file, batch(path, plan, tmp_path))


def test_every_format_of_a_batch_is_tried():
    assert {".parquet", ".gpkg", ".fgb"} == set(SUFFIXES) - {".geoparquet"}
    assert len(FLAWS) >= 40
