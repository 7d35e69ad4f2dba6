import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from conftest import EAST, NORTH, MakePlan, parcels_of, square, write_plan

import qy_gis as qy
from qy_gis.cli import main
from qy_gis.maps.document import describe_result
from qy_gis.maps.page import read_page
from qy_gis.plan.features import NO_FEATURES
from qy_gis.reports.write import to_json
from qy_gis.verdict.batch import check_file
from qy_gis.verdict.evidence import say_layer_repairs

RULES = [{"kind": "outside", "severity": "prohibit"}]


def test_the_same_check_gives_the_same_record_ready_for_json(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": RULES})
    first, second = (qy.check(parcels_of(square(0, 0, 10)), plan, industry="tea").evidence for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(first)) == first
    assert first["industry"] == "tea"
    assert first["crs"]["parcels"] == "EPSG:4547"
    assert "+proj=cea" in first["crs"]["plane"]
    assert set(first["plan"]["files"]) == {
        "0:city.gpkg",
        "0:city.toml",
        "0:farmland.gpkg",
        "0:farmland.toml",
        "0:industries.toml",
        "0:plan.toml",
        "0:sources.toml",
    }


@pytest.mark.parametrize("part", ["parcel", "rule", "distance", "data"])
def test_every_change_of_what_it_rests_on_shows(make_plan: MakePlan, tmp_path, part):
    keep_off = {"kind": "setback", "severity": "approve", "distance_m": 300}
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": [*RULES, keep_off]})
    before = qy.check(parcels_of(square(0, 0, 10)), plan).evidence
    shape = square(0, 0, 11) if part == "parcel" else square(0, 0, 10)
    toml = tmp_path / "plan" / "farmland.toml"
    if part == "rule":
        toml.write_text(toml.read_text("utf-8").replace("第一条", "第二条"), "utf-8")
    if part == "distance":
        toml.write_text(toml.read_text("utf-8").replace("distance_m = 300", "distance_m = 301"), "utf-8")
    if part == "data":
        data = tmp_path / "plan" / "farmland.gpkg"
        data.write_bytes(data.read_bytes() + b"\0")
    after = qy.check(parcels_of(shape), qy.read_plan(tmp_path / "plan")).evidence
    assert (before["parcels"] != after["parcels"]) == (part == "parcel")
    assert (before["rules_sha256"] != after["rules_sha256"]) == (part in ("rule", "distance"))
    assert (before["plan"]["files"] != after["plan"]["files"]) == (part in ("rule", "distance", "data"))


def test_it_is_of_what_was_measured_whenever_it_is_asked_for(make_plan: MakePlan, tmp_path):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": RULES})
    before = qy.check(parcels_of(square(0, 0, 10)), plan).evidence
    later = qy.check(parcels_of(square(0, 0, 10)), plan)
    (tmp_path / "plan" / "farmland.gpkg").write_bytes(b"another file")
    assert later.evidence == before


def test_moved_parcels_are_not_those_of_the_file(make_plan: MakePlan, tmp_path):
    plan = make_plan()
    parcels_of(square(0, 0, 10)).to_crs(4490).to_file(tmp_path / "p.gpkg", engine="pyogrio")
    read = qy.read_parcels(tmp_path / "p.gpkg")
    moved = read.set_geometry(read.translate(0.01))
    first, second = (qy.check(parcels, plan).evidence for parcels in (read, moved))
    assert first["parcels"] == second["parcels"]
    assert first["geometry_sha256"] != second["geometry_sha256"]


def test_every_file_of_a_shapefile_counts(make_plan: MakePlan, tmp_path):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": RULES})
    table = plan.features("farmland").rename(columns={"feature_id": "id", "feature_name": "name"})
    folder = tmp_path / "plan"
    toml = folder / "farmland.toml"
    toml.write_text(toml.read_text("utf-8").replace("farmland.gpkg", "farmland.shp"), "utf-8")
    table[["id", "name", "geometry"]].to_file(folder / "farmland.shp", engine="pyogrio")
    (folder / "farmland.gpkg").unlink()
    files = qy.check(parcels_of(square(0, 0, 10)), qy.read_plan(folder)).evidence["plan"]["files"]
    assert {"0:farmland.shp", "0:farmland.prj", "0:farmland.dbf"} <= set(files)


def repaired_plan(folder: Path) -> Path:
    """A plan of which one layer has a spike, and another a file without features."""
    corners = [(0, 0), (1000, 0), (1000, 1000), (500, 1000), (500, 1500), (500, 1000), (0, 1000)]
    spiked = shapely.Polygon([(EAST + x, NORTH + y) for x, y in corners])
    layers = {"farmland": {"shapes": [spiked], "rules": RULES}, "reserve": {"shapes": [], "rules": RULES}}
    return write_plan(folder, layers)


def test_layers_that_were_repaired_are_told_through_every_door(tmp_path: Path):
    folder = repaired_plan(tmp_path / "plan")
    parcels = parcels_of(square(0, 0, 10))
    parcels.to_parquet(tmp_path / "p.parquet")
    # The second time the index is kept, and no data file is read.
    for plan in (qy.read_plan(folder), qy.read_plan(folder)):
        result = qy.check(parcels, plan)
        layers = result.evidence["layers"]
        assert list(layers) == ["farmland", "reserve"]
        assert list(layers["farmland"]["repairs"].values()) == [1]
        assert layers["reserve"]["repairs"] == {NO_FEATURES: 1}
    assert json.loads(to_json(result))["evidence"]["layers"] == layers
    notes = describe_result(result, read_page("check"), lang="zh")["listing"]["notes"]
    assert [note["zh"][:4] for note in notes] == ["图层fa", "图层re"]
    summary = check_file(tmp_path / "p.parquet", tmp_path / "out", folders=[folder])
    assert summary["layer_repairs"] == {key: of["repairs"] for key, of in layers.items()}
    for more in ([], ["-o", str(tmp_path / "result/")], ["-o", str(tmp_path / "b.parquet")]):
        said = CliRunner().invoke(main, ["check", str(tmp_path / "p.parquet"), "--layers", str(folder), *more]).output
        for note in notes:
            assert note["zh"] in said.replace("\n  ", "")


def test_sound_layers_have_no_note(make_plan: MakePlan):
    result = qy.check(parcels_of(square(0, 0, 10)), make_plan(farmland={"shapes": [square(0, 0)], "rules": RULES}))
    assert result.evidence["layers"] == {}
    assert say_layer_repairs(result.plan) == []


def test_what_stands_in_the_log_of_an_open_geopackage_is_evidence_too(make_plan: MakePlan, tmp_path: Path):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": RULES})
    before = qy.check(parcels_of(square(0, 0, 10)), plan).verdicts["verdict"].tolist()
    # As a GIS program does that has the file open: what it deletes stands in the log only.
    with closing(sqlite3.connect(tmp_path / "plan" / "farmland.gpkg")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("DELETE FROM farmland")
        database.commit()
        after = qy.check(parcels_of(square(0, 0, 10)), qy.read_plan(tmp_path / "plan"))
    assert before == ["prohibited"]
    assert after.verdicts["verdict"].tolist() == ["suitable"]
    assert "0:farmland.gpkg-wal" in after.evidence["plan"]["files"]
