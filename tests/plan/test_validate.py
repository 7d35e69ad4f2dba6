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
    assert "1 features are invalid (Self-intersection): crossed1" in faults
    assert "1 features are not MultiPolygon or Polygon (geometry = 'polygon'): points0" in faults
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
    assert "1 features have no geometry: b" in faults
    assert "2 features share an id with another: a, a" in faults


def test_the_committed_schema_is_that_of_the_model_and_accepts_every_layer():
    folder = bundled_folder("layers")
    text = (folder / "layer.schema.json").read_text(encoding="utf-8")
    assert text == layer_schema(), "run `make schema`"
    for file in sorted(folder.glob("*.toml")):
        if file.name not in ("plan.toml", "sources.toml", "industries.toml"):
            # TOML has dates of its own; JSON, and so its schema, has text.
            table = json.loads(json.dumps(tomllib.loads(file.read_text(encoding="utf-8")), default=str))
            jsonschema.validate(table, json.loads(text))
