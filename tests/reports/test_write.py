import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import MakePlan, parcels_of, square

import qy_gis as qy
from qy_gis import columns
from qy_gis.plan.read import bundled_folder
from qy_gis.reports.write import to_json


@pytest.fixture
def result(make_plan: MakePlan) -> qy.CheckResult:
    rules = [{"kind": "outside", "severity": "prohibit"}]
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": rules}, unseen={"shapes": None, "rules": rules})
    return qy.check(parcels_of(square(950, 0, 100), square(1500, 0, 100)), plan)


def test_json_holds_every_table_with_the_same_numbers(result, tmp_path):
    path = qy.write_report(result, tmp_path / "out.json")
    read = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert list(read) == [
        "plan",
        "industry",
        "parcels",
        "overlaps",
        "findings",
        "verdicts",
        "repairs",
        "evidence",
    ]
    assert list(read["findings"][0]) == columns.FINDINGS
    assert [row["area_m2"] for row in read["parcels"]] == result.parcels["area_m2"].tolist()
    assert [row["outcome"] for row in read["findings"]] == result.findings["outcome"].tolist()
    assert read["parcels"][0]["geometry"]["type"] == "Polygon"
    assert None in [row["distance_m"] for row in read["overlaps"]]  # no feature to be near to


def test_gpkg_holds_every_table(result, tmp_path):
    path = qy.write_report(result, tmp_path / "out.gpkg")
    assert gpd.list_layers(path)["name"].tolist() == [
        "parcels",
        "overlaps",
        "findings",
        "verdicts",
        "repairs",
        "evidence",
    ]
    parcels = gpd.read_file(path, layer="parcels")
    assert parcels["area_m2"].to_numpy() == pytest.approx(result.parcels["area_m2"].to_numpy(), abs=0)
    overlaps = gpd.read_file(path, layer="overlaps")
    assert len(overlaps) == len(result.overlaps)
    assert np.array_equal(overlaps["area_m2"], result.overlaps["area_m2"])
    findings = gpd.read_file(path, layer="findings")
    assert findings["reason"].tolist() == result.findings["reason"].tolist()


def test_html_is_one_page_that_names_the_parcels(result, tmp_path):
    text = qy.write_report(result, tmp_path / "out.html").read_text(encoding="utf-8")
    assert "P1" in text
    assert "禁止" in text
    assert 'src="http' not in text


def test_an_unknown_suffix_lists_the_accepted_ones(result, tmp_path):
    with pytest.raises(qy.OutputError, match=r"accepted: .*\.json.*\.gpkg.*\.html"):
        qy.write_report(result, tmp_path / "out.odt")


@pytest.mark.parametrize("suffix", ["json", "gpkg", "html"])
def test_a_failure_leaves_nothing_half_written(result, tmp_path, suffix):
    with pytest.raises(qy.OutputError, match="cannot be written"):
        qy.write_report(result, tmp_path / "no folder" / f"out.{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


@pytest.mark.parametrize("suffix", ["json", "gpkg"])
def test_writing_again_replaces_the_file(result, tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"
    path.write_bytes(b"old")
    qy.write_report(result, path)
    qy.write_report(result, path)
    assert path.read_bytes()[:3] != b"old"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("out")] == [path.name]


def test_tables_without_outlines_are_tables_of_attributes(tmp_path):
    result = qy.check(qy.read_parcels(bundled_folder("examples") / "parcels" / "suitable.geojson"))
    file = qy.write_report(result, tmp_path / "result.gpkg")
    with closing(sqlite3.connect(file)) as database:
        kinds = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
    assert kinds == {
        "parcels": "features",
        "overlaps": "features",
        "findings": "attributes",
        "verdicts": "attributes",
        "repairs": "attributes",
        "evidence": "attributes",
    }


def test_coordinates_in_json_are_to_a_tenth_of_a_millimetre():
    result = qy.check(qy.read_parcels(bundled_folder("examples") / "parcels" / "zone_border.geojson"))
    document = json.loads(to_json(result))
    for row in [*document["parcels"], *document["overlaps"]]:
        if row["geometry"] is None:
            continue
        points = np.asarray(shapely.get_coordinates(shapely.geometry.shape(row["geometry"])))
        assert (points == points.round(9)).all()
