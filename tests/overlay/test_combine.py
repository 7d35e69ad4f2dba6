import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import MakePlan, square
from hypothesis import given, settings
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis.overlay.combine import cross_layers, split_faces
from qy_gis.overlay.zones import project_zones


@pytest.fixture
def faces(make_plan: MakePlan) -> gpd.GeoDataFrame:
    # A park of 2 x 1 km, and farmland of 1 x 1 km on its east half and 1 km beyond; surveyed on 4 x 4 km only.
    plan = make_plan(
        park={"shapes": [square(0, 0, 2000, 1000)]},
        farmland={"shapes": [square(1000, 0), square(1500, 0, 1500, 1000)]},
        town={"shapes": [shapely.Point(405_500, 2_610_500)], "geometry": "point"},
        redline={"shapes": None},
    )
    return qy.combine(plan)


def area_ha(table: gpd.GeoDataFrame) -> float:
    return float(table["area_ha"].sum())


def test_faces_know_every_feature_that_covers_them(faces):
    # Edges on one another with corners at different places part by tenths of a millimetre once densified.
    real = faces[faces["width_m"] > 1e-3]
    by_farmland = real[real["park"] == "park0"].groupby("farmland")["area_ha"].sum().round(1)
    # On the ellipsoid a square kilometre of this grid is 0.02 % smaller.
    assert by_farmland.to_dict() == {"": 100.0, "farmland0": 50.0, "farmland0;farmland1": 50.0}


def test_unsurveyed_is_not_free(faces):
    assert faces["redline"].isna().all()
    assert (faces["park"].notna()).all()
    assert "town" not in faces


def test_faces_are_a_partition_of_the_city(faces):
    assert shapely.coverage_is_valid(faces.geometry.to_numpy())
    assert area_ha(faces) == pytest.approx(50_000**2 / 1e4, rel=3e-4)


def test_cross_table_adds_up(faces):
    cross = cross_layers(faces).set_index(["layer", "other"])
    assert cross.at[("park", "park"), "area_m2"] == pytest.approx(2e6, rel=3e-4)
    assert cross.at[("farmland", "farmland"), "area_m2"] == pytest.approx(2e6, rel=3e-4)
    assert cross.at[("park", "farmland"), "area_m2"] == pytest.approx(1e6, rel=3e-4)
    assert cross.at[("park", "farmland"), "share"] == pytest.approx(0.5, rel=1e-4)
    assert cross.at[("", "park"), "area_km2"] == pytest.approx(2, rel=3e-4)
    assert cross.at[("redline", "park"), "share"] == 0


def test_the_bundled_plan_adds_up_to_a_square_metre():
    plan = qy.read_plan()
    faces = qy.combine(plan)
    city = project_zones(plan, plan.study_area).union
    assert faces["area_m2"].sum() == pytest.approx(city.area, abs=1)
    assert shapely.coverage_is_valid(faces.geometry.to_numpy())
    cross = cross_layers(faces).set_index(["layer", "other"])["area_m2"]
    unions = {key: project_zones(plan, key).union for key in ("core", "platform", "pilot_zone", "north_ecology")}
    for key, union in unions.items():
        assert cross[key, key] == pytest.approx(shapely.intersection(union, city).area, abs=1)
        for other, beside in unions.items():
            both = shapely.intersection(shapely.intersection(union, beside), city).area
            assert cross[key, other] == pytest.approx(both, abs=1)


def test_a_wrong_layer_is_refused(make_plan: MakePlan):
    plan = make_plan(park={"shapes": [square(0, 0)]})
    for layers in (["nothing"], "park"):
        with pytest.raises(qy.ArgumentError, match="accepted is a list of layers with an area: city, park"):
            qy.combine(plan, layers=layers)


def test_progress_names_each_step(make_plan: MakePlan):
    seen: list[str] = []
    qy.combine(make_plan(park={"shapes": [square(0, 0)], "zh": "园区"}), progress=lambda _, __, what: seen.append(what))
    assert seen[:2] == ["city", "园区"]
    assert len(seen) == 5


corner = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=60)
@given(st.lists(corner, min_size=1, max_size=8))
def test_each_square_of_paper_is_covered_once_and_by_the_right_shapes(corners):
    shapes = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in corners])
    faces, face, shape = split_faces(shapes)
    covers = np.zeros((len(faces), len(shapes)), dtype=bool)
    covers[face, shape] = True
    for x in range(15):
        for y in range(15):
            cell = shapely.Point(x + 0.5, y + 0.5)
            of = np.flatnonzero(shapely.contains(faces, cell))
            expected = shapely.contains(shapes, cell)
            assert len(of) == expected.any()
            assert not len(of) or (covers[of[0]] == expected).all()


def test_faces_are_split_where_it_ends_to_be_sure(make_plan: MakePlan):
    off = {"kind": "outside", "severity": "prohibit"}
    plan = make_plan(park={"shapes": [square(0, 0, 2000)], "accuracy_m": 5, "rules": [off]})
    whole, split = qy.combine(plan), qy.combine(plan, by_certainty=True)
    assert (len(whole), len(split)) == (2, 4)
    assert split["area_m2"].sum() == pytest.approx(whole["area_m2"].sum(), abs=1)
    inside = split["park"] == "park0"
    assert split.loc[inside, "area_m2"].sum() == pytest.approx(whole.loc[whole["park"] == "park0", "area_m2"].sum())
    # The rings inside and outside the line are 5 m wide and 8 km long.
    assert sorted(split["area_m2"])[:2] == pytest.approx([40_000, 40_000], rel=0.05)


def test_land_not_surveyed_is_none_in_every_column(make_plan: MakePlan):
    plan = make_plan(redline={"shapes": None}, park={"shapes": [square(0, 0)], "coverage": "none"})
    faces = qy.combine(plan)
    missing = faces[["redline", "park"]].map(lambda value: value is None)
    assert missing["redline"].all()
    assert missing["park"].sum() == (faces["park"] != "park0").sum() == 1
    assert set(faces["city"]) == {"city0"}
