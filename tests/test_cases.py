"""Inputs with their right answers (tests/cases), each through the command line as a user would give it.

``files`` are parcel files, ``plans`` layers of a plan, ``robust`` geometry that breaks what is careless with it. A case
is right if parcels, areas (0.05 m2), ids and names are, or, where its answer says so, if it is refused: exit 2, no
traceback.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from click.testing import CliRunner, Result

from qy_gis.cli import main

CASES = Path(__file__).parent / "cases"
FILES = json.loads((CASES / "files" / "answers.json").read_text(encoding="utf-8"))


def run(*arguments: str, data: bytes | None = None) -> Result:
    done = CliRunner().invoke(main, list(arguments), input=data or b"")
    assert done.exit_code in (0, 1, 2), done.output + done.stderr
    assert "Traceback" not in done.stderr
    return done


def read(done: Result) -> dict[str, Any]:
    return json.loads(done.stdout[done.stdout.index("{") :])


def outcomes(folder: Path, rule: str, parcels: str = "parcels.gpkg") -> list[tuple[str, float]]:
    found = read(run("check", str(folder / parcels), "--layers", str(folder), "--json"))["findings"]
    return [(row["outcome"], row["overlap_m2"]) for row in found if row["rule"] == rule]


def verdicts(folder: Path, layers: Path, parcels: str = "parcels.gpkg") -> dict[str, str]:
    found = read(run("check", str(folder / parcels), "--layers", str(layers), "--json"))["verdicts"]
    return {row["parcel_id"]: row["verdict"] for row in found}


@pytest.mark.parametrize("name", FILES)
def test_parcel_file(name):
    answer = FILES[name]
    path = CASES / "files" / answer["file"]
    source, data = ("-", path.read_bytes()) if answer["stdin"] else (str(path), None)
    done = run("check", source, *answer["args"], "--json", data=data)
    right = answer["right"]
    if isinstance(right, str) and right.startswith("repairs have "):
        assert right.removeprefix("repairs have ") in json.dumps(read(done)["repairs"], ensure_ascii=False)
        return
    may_refuse = isinstance(right, str) or "error" in right.get("note", "") or "refusal" in right.get("note", "")
    must_refuse = isinstance(right, str) and "or read" not in right
    if done.exit_code == 2:
        assert may_refuse, done.stderr
        assert len(done.stderr) > 40, "a refusal says what is wrong and what to do"
        return
    assert not must_refuse, done.stdout
    if isinstance(right, str):
        return
    parcels = read(done)["parcels"]
    assert len(parcels) == right.get("parcels", len(parcels))
    areas = sorted(row["area_m2"] for row in parcels)
    assert areas == pytest.approx(sorted(right.get("area_m2", areas)), abs=0.05)
    for key, column in (("ids", "parcel_id"), ("names", "name")):
        if key in right:
            assert sorted(str(row[column]) for row in parcels) == sorted(map(str, right[key]))


def plan_case(name: str) -> Path:
    return CASES / "plans" / name


def test_names_in_gbk_without_a_cpg_file_are_read():
    folder = plan_case("gbk_no_cpg_names")
    assert "永久基本农田甲" in run("check", str(folder / "parcels.gpkg"), "--layers", str(folder), "--json").stdout


def test_the_styles_that_qgis_keeps_beside_a_layer_are_no_layer():
    [(outcome, overlap)] = outcomes(plan_case("gpkg_layer_styles"), "off", "p.gpkg")
    assert outcome == "fail"
    assert overlap == pytest.approx(159964.572, abs=1)


@pytest.mark.parametrize("name", ["id_is_name", "numeric_filter_str", "zh_only"])
def test_a_sound_plan_is_said_to_be_sound(name):
    assert run("layers", "--layers", str(plan_case(name)), "--validate").exit_code == 0


@pytest.mark.parametrize("name", ["dates_and_period", "empty_industries"])
def test_a_plan_that_contradicts_itself_is_refused(name):
    assert run("layers", "--layers", str(plan_case(name)), "--validate").exit_code == 2


def test_an_invalid_zone_is_mended_or_refused_with_its_place():
    done = run("layers", "--layers", str(plan_case("invalid_zone_no_place")), "--validate")
    assert done.exit_code == 0 or ("405500" in done.stderr and "2613000" in done.stderr)


def test_an_open_ring_of_a_layer_is_closed_or_refused():
    done = run("layers", "--layers", str(plan_case("unclosed_ring")), "--validate")
    assert done.exit_code == 0 or "zone.geojson" in done.stderr


def test_land_outside_the_study_area_is_not_suitable():
    folder = plan_case("outside_study_area_suitable")
    assert verdicts(folder, folder / "my_city", "p.gpkg")["100km_outside"] == "undetermined"


def test_a_parcel_within_the_distance_of_a_setback_does_not_pass():
    folder = plan_case("setback_chord")
    assert not {"suitable", "conditional"} & set(verdicts(folder, folder, "p.gpkg").values())


def test_a_surveyed_layer_without_features_is_free_everywhere():
    folder = plan_case("zero_features")
    assert set(verdicts(folder, folder).values()) == {"suitable"}


def test_a_parcel_copied_from_its_zone_in_degrees_is_within_it():
    [(outcome, overlap)] = outcomes(plan_case("parcel_is_zone_degrees_1km"), "in")
    assert (outcome, overlap) == ("pass", 0.0)


def test_a_face_is_split_by_what_is_sure(tmp_path):
    folder, target = plan_case("combine_whole_face_unknown"), tmp_path / "faces.gpkg"
    run("combine", "--layers", str(folder), "-o", str(target), "--outcomes")
    faces = gpd.read_file(target, layer="faces").set_index("face_id")["area_m2"]
    found = gpd.read_file(target, layer="outcomes")
    stated = found[found["industry"].fillna("") == ""]
    unsure = faces.reindex(stated.loc[stated["verdict"] == "undetermined", "face_id"]).sum()
    assert unsure < 1e6


def robust_case(name: str) -> Path:
    return CASES / "robust" / name


def test_a_valid_zone_does_not_vanish():
    folder = robust_case("zone_vanishes")
    [(outcome, overlap)] = outcomes(folder, "off_farmland", "parcel.gpkg")
    assert outcome == "fail"
    assert overlap > 4000


def test_outlines_of_overlaps_are_made():
    folder = robust_case("outline_fails")
    done = run("check", str(folder / "parcel.gpkg"), "--layers", str(folder / "plan"), "--json")
    assert read(done)["overlaps"]


@pytest.mark.parametrize("name", ["list_attribute/list_blist_blist.geojson", "empty_part/part.geojson"])
def test_what_can_be_read_is_read(name):
    assert read(run("check", str(robust_case(name)), "--json"))["parcels"]


@pytest.mark.parametrize("name", ["crs_parquet", "dxf", "empty_part", "pole"])
def test_what_cannot_be_read_is_refused(name):
    crs = ["--crs", "EPSG:4547"] if name == "dxf" else []
    for file in sorted(robust_case(name).iterdir()):
        done = run("check", str(file), *crs, "--json")
        assert done.exit_code in (0, 1) or file.name in done.stderr
