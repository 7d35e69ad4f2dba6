from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from conftest import EAST, NORTH, MakePlan, parcels_of, square
from rasterio.transform import from_origin

import qy_gis as qy
from qy_gis.siting.criteria import Criteria, Gaussian, Linear, Step, measure_criteria

TITLE = {"zh": "准则", "en": "Criterion"}
UP = {"kind": "linear", "worst": 0.0, "best": 1.0}


def criteria(*rows, folder=Path(), **head) -> Criteria:
    given = [{"key": f"c{number}", "title": TITLE, "value": UP, **row} for number, row in enumerate(rows)]
    return Criteria.model_validate({"criterion": given, "folder": folder, **head})


def test_value_functions_by_hand():
    values = np.array([-5.0, 0.0, 5.0, 10.0, 20.0])
    assert Linear(kind="linear", worst=10, best=0).worth(values).tolist() == [1, 1, 0.5, 0, 0]
    assert Step(kind="step", limit=5, better="below").worth(values).tolist() == [1, 1, 1, 0, 0]
    assert Step(kind="step", limit=5, better="above").worth(values).tolist() == [0, 0, 1, 1, 1]
    gaussian = Gaussian(kind="gaussian", best=0, width=5).worth(values)
    assert gaussian == pytest.approx([0.6065, 1, 0.6065, 0.1353, 0.0003], abs=1e-4)


def test_each_measure_by_hand(make_plan: MakePlan):
    town = shapely.Point(EAST - 1000, NORTH)
    plan = make_plan(
        town={"shapes": [town], "geometry": "point"}, zone={"shapes": [square(0, 0), square(100, 0, 300, 2000)]}
    )
    sites = parcels_of(square(0, 0, 400, 200), square(500, 900, 200))
    asked = criteria(
        {"measure": "distance", "layer": "town"},
        {"measure": "share", "layer": "zone"},
        {"measure": "share", "layer": "zone", "features": ["zone1"]},
        {"measure": "area"},
        {"measure": "compactness"},
        {"measure": "width"},
        {"measure": "distance", "layer": "zone", "features": ["zone1"]},
    )
    values = measure_criteria(sites, plan, asked)
    # The grid is 0.01 % longer than the ellipsoid here, and areas are 0.02 % larger.
    assert values["c0"].tolist() == pytest.approx([1000, np.hypot(1500, 900)], rel=2e-4)
    assert values["c1"].tolist() == pytest.approx([1, 0.5], abs=1e-4)
    assert values["c2"].tolist() == pytest.approx([0.75, 0], abs=1e-4)
    assert values["c3"].tolist() == pytest.approx([8, 4], rel=4e-4)
    assert values["c4"].tolist() == pytest.approx([4 * np.pi * 8 / 144, np.pi / 4], rel=1e-3)
    assert values["c5"].tolist() == pytest.approx([200, 200], rel=1e-3)
    assert values["c6"].tolist() == pytest.approx([0, 100], rel=2e-4)


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")  # in rasterio, of affine
def test_the_mean_of_a_raster_weighs_cells_by_their_share(make_plan: MakePlan, tmp_path: Path):
    # Columns of 100 m with 0, 10, 20 … percent of slope; a site from 150 m to 350 m has half of 10, all of 20 and
    # half of 30.
    slope = np.tile(np.arange(10) * 10.0, (10, 1)).astype("float32")
    profile = {"driver": "GTiff", "width": 10, "height": 10, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    with rasterio.open(
        tmp_path / "slope.tif", "w", transform=from_origin(EAST, NORTH + 1000, 100, 100), **profile
    ) as file:
        file.write(slope, 1)
    plan = make_plan(zone={"shapes": [square(0, 0)]})
    asked = criteria({"measure": "raster", "file": "slope.tif"}, folder=tmp_path)
    values = measure_criteria(parcels_of(square(150, 300, 200)), plan, asked)
    assert values["c0"].item() == pytest.approx(20, abs=0.01)
    with pytest.raises(qy.ArgumentError, match="no value in 1 of 1 sites"):
        measure_criteria(parcels_of(square(5000, 5000, 200)), plan, asked)
    place = from_origin(EAST, NORTH + 1000, 100, 100)
    with rasterio.open(tmp_path / "placeless.tif", "w", transform=place, **{**profile, "crs": None}) as file:
        file.write(slope, 1)
    (tmp_path / "text.tif").write_text("no raster", encoding="utf-8")
    for name, says in {"placeless.tif": "has no CRS", "text.tif": "cannot be read as a raster"}.items():
        asked = criteria({"measure": "raster", "file": name}, folder=tmp_path)
        with pytest.raises(qy.ArgumentError, match=says) as caught:
            measure_criteria(parcels_of(square(150, 300, 200)), plan, asked)
        assert str(tmp_path) not in str(caught.value)


def test_direction_and_unit():
    rows = [
        {"measure": "distance", "layer": "town", "value": {"kind": "linear", "worst": 9.0, "best": 1.0}},
        {"measure": "area", "value": {"kind": "step", "limit": 9.0, "better": "above"}},
        {"measure": "width", "value": {"kind": "gaussian", "best": 9.0, "width": 1.0}},
    ]
    asked = criteria(*rows).criteria
    assert [(each.direction, each.unit) for each in asked] == [("less", "m"), ("more", "ha"), ("near", "m")]


def test_criteria_are_read_from_toml():
    found = qy.read_criteria(Path(__file__).parents[2] / "examples" / "siting.toml")
    assert [each.key for each in found.criteria] == ["near_town", "off_farmland", "off_river"]
    assert found.comparisons[0] == ("near_town", "off_farmland", 2)


def test_all_faults_of_a_file_are_listed(tmp_path: Path):
    file = tmp_path / "criteria.toml"
    file.write_text(
        '[[criterion]]\nkey = "a"\nmeasure = "speed"\ntitle = { zh = "甲", en = "A" }\n'
        'value = { kind = "linear", worst = 1, best = 1 }\nwight = 2\n',
        encoding="utf-8",
    )
    with pytest.raises(qy.ArgumentError) as caught:
        qy.read_criteria(file)
    for part in ("measure", "worst and best are the same", "wight"):
        assert part in str(caught.value)
    with pytest.raises(qy.ArgumentError, match="cannot be read"):
        qy.read_criteria(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        ([{"measure": "distance"}], {}, "layer is for the measures distance, share"),
        ([{"measure": "area", "file": "a.tif"}], {}, "file is for the measures raster"),
        ([{"measure": "area"}, {"measure": "area", "key": "c0"}], {}, "keys are used twice"),
        ([{"measure": "area"}], {"weights": "ahp"}, "comparisons are for weights = 'ahp'"),
        ([{"measure": "area"}], {"weights": "ahp", "comparisons": [("c0", "c9", 2.0)]}, "comparisons name"),
    ],
)
def test_criteria_that_contradict_themselves_are_refused(rows, head, message):
    with pytest.raises(ValueError, match=message):
        criteria(*rows, **head)


def test_what_is_not_there_is_named(make_plan: MakePlan):
    plan = make_plan(zone={"shapes": [square(0, 0)]})
    asked = criteria(
        {"measure": "distance", "layer": "sea"},
        {"measure": "distance", "layer": "zone", "features": ["zone9"]},
        {"measure": "raster", "file": "slope.tif"},
    )
    with pytest.raises(qy.ArgumentError) as caught:
        measure_criteria(parcels_of(square(0, 0)), plan, asked)
    assert caught.value.en.count("\n") == caught.value.zh.count("\n") == 2
