import json
import tomllib
from pathlib import Path

import geopandas as gpd
import jsonschema
import pytest
import shapely
from conftest import MakePlan, square, write_plan

import qy_gis as qy
from qy_gis.plan.read import bundled_folder
from qy_gis.plan.validate import layer_schema, validate_plan


def test_sound_data_pass(make_plan: MakePlan):
    validate_plan(make_plan(farmland={"shapes": [square(0, 0)]}))


def test_all_faults_of_all_layers_are_reported(tmp_path: Path):
    bow_tie = shapely.Polygon([(405_000, 2_610_000), (405_100, 2_610_100), (405_100, 2_610_000), (405_000, 2_610_100)])
    layers = {
        "crossed": {"shapes": [square(0, 0), bow_tie]},
        "points": {"shapes": [shapely.Point(405_000, 2_610_000)]},
        "old": {"shapes": [square(0, 0)], "crs": "EPSG:2436"},
        "rumour": {"shapes": [square(0, 0)]},
    }
    folder = write_plan(tmp_path / "plan", layers)
    (folder / "rumour.gpkg").write_bytes(b"not a GeoPackage")
    with pytest.raises(qy.PlanError) as caught:
        validate_plan(qy.read_plan(folder))
    faults = "\n".join(caught.value.faults)
    assert "feature 'crossed1' (number 2): Self-intersection[405050 2610050]" in faults
    assert "points.gpkg: layer 'points' has geometries 'Point'; accepted are polygons" in faults
    assert "Beijing 1954" in faults
    assert "rumour.gpkg: cannot be read" in faults
    assert len(caught.value.faults) == 4


def test_ids_used_twice_and_missing_geometries_are_named(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)]}})
    table = {"id": ["a", "a", "b"], "name": ["1", "2", "3"]}
    gpd.GeoDataFrame(table, geometry=[square(0, 0), square(2000, 0), None], crs=4547).to_file(
        folder / "park.gpkg", engine="pyogrio"
    )
    with pytest.raises(qy.PlanError) as caught:
        validate_plan(qy.read_plan(folder))
    faults = "\n".join(caught.value.faults)
    assert "feature 'b' (number 3): no geometry" in faults
    gpd.GeoDataFrame(table, geometry=[square(0, 0), square(2000, 0), square(4000, 0)], crs=4547).to_file(
        folder / "park.gpkg", engine="pyogrio"
    )
    assert "2 features share an id with another: 'a' (2)" in refused(folder)


def test_the_committed_schema_is_that_of_the_model_and_accepts_every_layer():
    folder = bundled_folder("layers")
    text = (folder / "layer.schema.json").read_text(encoding="utf-8")
    assert text == layer_schema(), "run `make schema`"
    for file in sorted(folder.glob("*.toml")):
        if file.name not in ("plan.toml", "sources.toml", "industries.toml"):
            # TOML has dates of its own; JSON, and so its schema, has text.
            table = json.loads(json.dumps(tomllib.loads(file.read_text(encoding="utf-8")), default=str))
            jsonschema.validate(table, json.loads(text))


def refused(folder: Path) -> str:
    with pytest.raises(qy.PlanError) as caught:
        validate_plan(qy.read_plan(folder))
    return "\n".join(caught.value.faults)


def test_a_layer_far_from_the_study_area_is_in_the_wrong_crs(tmp_path: Path):
    # Figures of zone 38 labelled as zone 37: three degrees to the west.
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)], "crs": "EPSG:4546"}})
    assert "park.gpkg: lies at 110.0" in refused(folder)


def test_metres_labelled_as_degrees_are_named_with_their_file(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)], "crs": "EPSG:4490"}})
    assert "out of the reach of the CRS" in refused(folder)


@pytest.mark.parametrize("blank", ["", " ", None])
def test_a_feature_without_an_id_is_a_fault(tmp_path: Path, blank):
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)]}})
    gpd.GeoDataFrame(
        {"id": [blank, "b"], "name": ["1", "2"]}, geometry=[square(0, 0), square(2000, 0)], crs=4547
    ).to_file(folder / "park.gpkg", engine="pyogrio")
    assert "1 features have no id" in refused(folder)


@pytest.mark.parametrize(
    ("outline", "crs", "says"),
    [
        (shapely.Point(405_000, 2_610_000), 4547, "has geometries 'Point'"),
        (None, 4547, "no geometry"),
        (square(0, 0), 2436, "Beijing 1954"),
        (square(0, 0), 4546, "outside the study area"),
    ],
)
def test_a_coverage_file_is_held_to_the_same(tmp_path: Path, outline, crs, says):
    (tmp_path / "plan").mkdir()
    table = gpd.GeoDataFrame({"id": ["a"]}, geometry=[outline], crs=crs)
    table.to_file(tmp_path / "plan" / "outline.gpkg", engine="pyogrio")
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)], "coverage": "outline.gpkg"}})
    faults = refused(folder)
    assert "park.toml: coverage: outline.gpkg: " in faults
    assert says in faults


def test_a_data_file_of_several_layers_is_a_fault(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0)]}})
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[square(0, 0)], crs=4547).to_file(
        folder / "park.gpkg", layer="second", engine="pyogrio"
    )
    assert "has 2 polygon layers" in refused(folder)
