"""Data of layers as offices hold them: read, named and cleaned, and told."""

import datetime as dt
from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import pytest
import shapely
from conftest import MakePlan, square, write_plan

import qy_gis as qy
from qy_gis.plan.validate import validate_folders, validate_plan

OFF = [{"kind": "outside", "severity": "prohibit"}]


def plan_of(folder: Path, frame: gpd.GeoDataFrame, keys: str = "", *, name: str = "park.gpkg", **options) -> Path:
    """Write a plan whose layer ``park`` has this data file and these keys."""
    layer = {"shapes": [square(0, 0)], "rules": OFF} | options
    write_plan(folder, {"park": layer})
    (folder / "park.gpkg").unlink()
    if name.endswith("parquet"):
        frame.to_parquet(folder / name)
    else:
        frame.to_file(folder / name, driver="OpenFileGDB" if name.endswith("gdb") else None)
    file = folder / "park.toml"
    text = file.read_text("utf-8").replace('file = "park.gpkg"', "")
    file.write_text(f'file = "{name}"\n{keys}\n{text}', "utf-8")
    return folder


def parks(**columns) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[square(2000 * n, 0) for n in range(count)], crs=4547)


def refused(folder: Path) -> qy.PlanError:
    with pytest.raises(qy.PlanError) as caught:
        validate_folders(folder)
    assert all(fault.zh for fault in caught.value.said)
    assert str(folder) not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("wanted", "ids"), [('"11"', ["a"]), ("11", ["a"]), ('["12", 11]', ["a", "b"]), ("[12.0]", ["b"]), ('"11 "', ["a"])]
)
@pytest.mark.parametrize("values", [[11, 12], [11.0, 12.0], ["11", "12 "]])
def test_a_filter_takes_numbers_and_texts(tmp_path: Path, wanted: str, ids: list[str], values: list):
    folder = plan_of(
        tmp_path / "p", parks(id=["a", "b"], name=["甲", "乙"], code=values), f"filter = {{ code = {wanted} }}"
    )
    assert qy.read_plan(folder).features("park")["feature_id"].tolist() == ids


def test_a_filter_without_a_match_shows_what_there_is(tmp_path: Path):
    frame = parks(id=["a", "b", "c"], name=["1", "2", "3"], code=["x", "x", "y"])
    said = str(refused(plan_of(tmp_path / "p", frame, 'filter = { code = "z" }')))
    assert "no features match code = 'z'; the values there are (features): 'x' (2), 'y' (1)" in said


@pytest.mark.parametrize("keys", ['id_column = "NAME"', 'id_column = "name_en"', 'id_column = "name"'])
def test_one_column_may_be_id_and_name(tmp_path: Path, keys: str):
    table = qy.read_plan(plan_of(tmp_path / "p", parks(Name=["甲", "乙"], name_en=["甲", "乙"]), keys)).features("park")
    assert table["feature_id"].tolist() == table["feature_name"].tolist() == ["甲", "乙"]


def test_rows_of_one_id_are_refused_numbered_or_merged(tmp_path: Path):
    frame = parks(ID=["a", "a", "b"], name=["1", "2", "3"])
    said = str(refused(plan_of(tmp_path / "refused", frame)))
    assert "'a' (2)" in said
    assert 'id_column = "#"' in said
    assert "merge = true" in said
    assert qy.read_plan(plan_of(tmp_path / "n", frame, 'id_column = "#"')).features("park")["feature_id"].tolist() == [
        *"123"
    ]
    merged = qy.read_plan(plan_of(tmp_path / "merged", frame, "merge = true"))
    assert merged.features("park").area.round().tolist() == [2e6, 1e6]
    told = merged.repairs.iloc[0]
    assert (told["feature_id"], told["before"].split()[0], told["after"].split()[0]) == ("a", "2", "1")


@pytest.mark.parametrize("keys", ["empty = true", ""])
def test_a_layer_may_be_empty(tmp_path: Path, keys: str):
    plan = qy.read_plan(plan_of(tmp_path / "p", parks(id=["a"], name=["1"]).iloc[:0], keys))
    parcel = gpd.GeoDataFrame(geometry=[square(0, 0)], crs=4547)
    assert set(qy.check(parcel, plan).findings["outcome"]) == {"pass"}
    assert len(plan.repairs) == (0 if keys else 1)


def test_empty_is_held_against_the_file_and_the_coverage(tmp_path: Path):
    said = str(refused(plan_of(tmp_path / "full", parks(id=["a"], name=["1"]), "empty = true")))
    assert "found 1 features, but empty = true" in said
    folder = write_plan(tmp_path / "none", {"park": {"shapes": None}})
    file = folder / "park.toml"
    file.write_text("empty = true\n" + file.read_text("utf-8"), "utf-8")
    assert "state where it was made with coverage" in str(refused(folder))


@pytest.mark.parametrize("name", ["park.parquet", "park.shp", "park.geojson", "park.gdb"])
def test_formats_of_parcels_are_formats_of_layers(tmp_path: Path, name: str):
    frame = parks(id=["a"], name=["甲"])
    folder = plan_of(tmp_path / "p", frame.to_crs(4326) if name.endswith("json") else frame, name=name)
    assert qy.read_plan(folder).features("park")["feature_name"].tolist() == ["甲"]


def test_a_zipped_shapefile_in_gbk_without_a_cpg(tmp_path: Path):
    folder = plan_of(tmp_path / "p", parks(id=["a"], name=["永久基本农田甲"]))
    parks(id=["a"], name=["永久基本农田甲"]).to_file(tmp_path / "park.shp", encoding="gbk")
    with ZipFile(folder / "park.zip", "w") as archive:
        for ending in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"park.{ending}", f"park.{ending}")
    file = folder / "park.toml"
    file.write_text(file.read_text("utf-8").replace("park.gpkg", "park.zip"), "utf-8")
    assert qy.read_plan(folder).features("park")["feature_name"].tolist() == ["永久基本农田甲"]


def test_no_crs_is_said_in_the_toml(tmp_path: Path):
    frame = parks(id=["a"], name=["1"])
    for keys in ("", 'crs = "EPSG:4547"'):
        folder = plan_of(tmp_path / f"p{len(keys)}", frame, keys, name="park.shp")
        (folder / "park.prj").unlink()
        if keys:
            assert qy.read_plan(folder).features("park").crs.to_epsg() == 4547
        else:
            assert 'crs = "EPSG:…" in the TOML' in str(said := refused(folder))
            assert "--crs" not in str(said)


def test_one_of_several_layers_is_named_in_the_toml(tmp_path: Path):
    for keys in ("", 'layer = "second"'):
        folder = plan_of(tmp_path / f"p{len(keys)}", parks(id=["a"], name=["1"]), keys)
        parks(id=["b"], name=["2"]).to_file(folder / "park.gpkg", layer="second")
        if keys:
            assert qy.read_plan(folder).features("park")["feature_id"].tolist() == ["b"]
        else:
            assert 'layer = "…"' in str(said := refused(folder))
            assert "--layer" not in str(said)


def test_zones_are_mended_and_that_is_told(tmp_path: Path):
    spiked = shapely.Polygon([*square(0, 0).exterior.coords[:2], (404_500, 2_611_000), (405_000, 2_611_000)])
    touching = shapely.MultiPolygon([square(3000, 0), square(3500, 0)])
    frame = gpd.GeoDataFrame({"id": ["s", "t"], "name": ["", ""]}, geometry=[spiked, touching], crs=4547)
    with pytest.raises(qy.PlanError, match=r"feature 't' \(number 2\).*\["):
        qy.read_plan(plan_of(tmp_path / "p", frame)).features("park")
    folded = shapely.Polygon(
        [
            (405_000, 2_610_000),
            (406_000, 2_610_000),
            (406_000, 2_611_000),
            (406_000, 2_612_000),
            (406_000, 2_611_000),
            (405_000, 2_611_000),
        ]
    )
    frame = gpd.GeoDataFrame({"id": ["f"], "name": ["f"]}, geometry=[folded], crs=4547)
    plan = qy.read_plan(plan_of(tmp_path / "q", frame))
    assert plan.repairs[["layer", "feature_id"]].values.tolist() == [["park", "f"]]
    assert plan.features("park").area.tolist() == pytest.approx([1e6])


def test_points_and_lines_are_cleaned(tmp_path: Path):
    line = shapely.LineString([(405_000, 2_610_000, 5), (405_000, 2_610_000, 5), (406_000, 2_610_000, 5)])
    frame = gpd.GeoDataFrame({"id": ["l"], "name": ["l"]}, geometry=[line], crs=4547)
    plan = qy.read_plan(plan_of(tmp_path / "p", frame, geometry="line", rules=[]))
    assert len(shapely.get_coordinates(plan.features("park").geometry[0])) == 2
    assert [what.split(" / ")[1] for what in plan.repairs["what"]] == ["Z dropped", "repeated points dropped"]


def write(folder: Path, name: str, old: str, new: str) -> Path:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reviewed", "industries = []\nreviewed", "names no industry"),
        ("accuracy_m", "date = 2099-01-01\naccuracy_m", "has not come yet"),
        ("reviewed", "date = 2099-01-01\nreviewed", "has not come yet"),
        ("accuracy_m", "acuracy_m", "did you mean 'accuracy_m'?"),
        ('sources = ["test"]', 'sources = ["tset"]', "did you mean 'test'?"),
    ],
)
def test_faults_of_a_layer(tmp_path: Path, old: str, new: str, said: str):
    folder = write_plan(tmp_path / "p", {"park": {"shapes": [square(0, 0)], "rules": OFF}})
    assert said in str(refused(write(folder, "park.toml", old, new)))


def test_faults_of_files_and_data_come_together(tmp_path: Path):
    folder = plan_of(tmp_path / "p", parks(id=["a", "a"], name=["1", "2"]))
    said = str(refused(write(folder, "plan.toml", "end = 2025", "end = 2025 }\nperiods = { x = 1")))
    assert "periods" in said
    folder = write(plan_of(tmp_path / "q", parks(id=["a", "a"], name=["1", "2"])), "city.toml", '"control"', '"contrl"')
    said = str(refused(folder))
    assert "did you mean 'control'?" in said
    assert "share an id" in said


def test_a_period_is_in_order(tmp_path: Path):
    folder = write(write_plan(tmp_path / "p", {}), "plan.toml", "end = 2025", "end = 2000")
    assert "before it starts" in str(refused(folder))


def test_rules_that_contradict(make_plan: MakePlan):
    rules = [*OFF, {"kind": "inside", "severity": "prohibit"}]
    with pytest.raises(qy.PlanError, match="contradict one another"):
        validate_plan(make_plan(park={"shapes": [square(0, 0)], "rules": rules}))
    rules[1]["severity"] = "advise"
    assert len(validate_plan(make_plan(park={"shapes": [square(0, 0)], "rules": rules}))) == 1
    rules[1] |= {"severity": "prohibit", "industries": '["tea"]'}
    assert validate_plan(make_plan(park={"shapes": [square(0, 0)], "rules": rules})) == []


def test_a_late_date_is_a_note(tmp_path: Path):
    folder = write_plan(tmp_path / "p", {"park": {"shapes": [square(0, 0)]}})
    _, notes = validate_folders(write(folder, "park.toml", "accuracy_m", f"date = {dt.date(2026, 1, 1)}\naccuracy_m"))
    assert "after the plan's period" in notes[0].en


def test_english_is_asked_for_where_the_plan_speaks_it(tmp_path: Path):
    folder = write(write_plan(tmp_path / "p", {}), "city.toml", ', en = "city"', "")
    assert "city.toml: title.en: is missing" in str(refused(folder))
    write(folder, "plan.toml", '["zh", "en"]', '["zh"]')
    assert validate_folders(folder)[0].layers["city"].title.en == "city"


def test_one_rule_needs_few_entries(tmp_path: Path):
    folder = write_plan(tmp_path / "p", {"park": {"shapes": [square(0, 0)]}})
    (folder / "park.toml").write_text(
        'title = { zh = "园", en = "Park" }\nfile = "park.gpkg"\naccuracy_m = 1\ncoverage = "study_area"\n'
        'sources = ["test"]\n[[rule]]\nkind = "outside"\nseverity = "prohibit"\ndocument = "文件"\n'
        'reason = { zh = "不得。", en = "Keep off." }\n',
        "utf-8",
    )
    plan, _ = validate_folders(folder)
    rule = plan.layers["park"].rules[0]
    assert (rule.key, rule.sources, rule.reviewed, plan.layers["park"].basis) == (
        "outside_park",
        ["test"],
        False,
        "indicative",
    )
    assert "not stated" in plan.layers["park"].basis_note.en


def test_a_plan_outside_china(tmp_path: Path):
    folder = write_plan(tmp_path / "p", {})
    far = gpd.GeoDataFrame({"id": ["a"], "name": ["a"]}, geometry=[shapely.box(10, 50, 10.1, 50.1)], crs=4326)
    far.to_file(folder / "city.gpkg")
    assert "city.gpkg" in str(refused(folder))


def test_a_feature_far_from_the_others_is_a_note(make_plan: MakePlan):
    shapes = [square(0, 0), square(-300_000, 0)]
    notes = validate_plan(make_plan(park={"shapes": shapes}))
    assert [note.en for note in notes] == [
        "park.toml: park.gpkg: 1 of 2 features lie outside the study area: park1; are their coordinates right?"
    ]


@pytest.mark.parametrize(("kind", "accuracy_m", "is_fault"), [("outside", 0, True), ("outside", 50, False)])
def test_a_point_stands_for_land_so_it_has_an_accuracy(
    make_plan: MakePlan, kind: str, accuracy_m: float, is_fault: bool
):
    rules = [{"kind": kind, "severity": "prohibit"}]
    point = {"shapes": [square(0, 0).centroid], "geometry": "mixed", "accuracy_m": accuracy_m, "rules": rules}
    plan = make_plan(park=point)
    if is_fault:
        with pytest.raises(qy.PlanError, match=r"park\.gpkg: holds 1 points, each for land of unknown outline"):
            plan.features("park")
    else:
        assert len(plan.features("park")) == 1
