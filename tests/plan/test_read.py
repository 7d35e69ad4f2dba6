from pathlib import Path

import pytest
import shapely
from conftest import MakePlan, square, write_layer, write_plan

import qy_gis as qy

KEEP_OFF = [{"kind": "outside", "severity": "prohibit"}]


def test_a_plan_reads_as_written(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": KEEP_OFF, "accuracy_m": 5})
    layer = plan.layers["farmland"]
    assert list(plan.layers) == ["city", "farmland"]
    assert (layer.basis, layer.accuracy_m, layer.coverage) == ("indicative", 5, "study_area")
    assert [rule.severity for rule in layer.rules] == ["prohibit"]
    assert plan.features("farmland")[["feature_id", "feature_name"]].values.tolist() == [["farmland0", "farmland 0"]]


def test_every_fault_of_every_file_is_reported_at_once(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)]}})
    toml = (folder / "farmland.toml").read_text(encoding="utf-8")
    (folder / "wrong.toml").write_text(
        toml.replace('"indicative"', '"certain"').replace("accuracy_m = 0", 'accuracy_m = "5"\ncolour = "red"'),
        encoding="utf-8",
    )
    (folder / "lost.toml").write_text(toml.replace("farmland.gpkg", "gone.gpkg"), encoding="utf-8")
    (folder / "broken.toml").write_text("title = {", encoding="utf-8")
    with pytest.raises(qy.PlanError) as caught:
        qy.read_plan(folder)
    faults = "\n".join(caught.value.faults)
    assert "wrong.toml: basis: found 'certain'; accepted: 'statutory', 'indicative' or 'proxy'" in faults
    assert "wrong.toml: accuracy_m: found '5'; accepted: a number without quotes" in faults
    assert "wrong.toml: colour: not a key here; accepted: " in faults
    assert "lost.toml: file: 'gone.gpkg' does not exist in the folder 'plan'" in faults
    assert "broken.toml: not a TOML file in UTF-8" in faults


def test_references_to_nothing_are_faults(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)], "rules": KEEP_OFF}})
    file = folder / "farmland.toml"
    text = file.read_text(encoding="utf-8").replace('sources = ["test"]', 'sources = ["rumour"]')
    text = text.replace('group = "control"', 'group = "nowhere"').replace("reviewed", 'industries = ["gold"]\nreviewed')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(qy.PlanError) as caught:
        qy.read_plan(folder)
    faults = "\n".join(caught.value.faults)
    assert "source 'rumour' does not exist; accepted: test" in faults
    assert "group 'nowhere' does not exist; accepted: control" in faults
    assert "industry 'gold' does not exist; accepted: ceramics, tea" in faults


def test_a_rule_on_a_layer_of_points_is_a_fault(tmp_path: Path):
    points = {"shapes": [shapely.Point(405_000, 2_610_000)], "geometry": "point", "rules": KEEP_OFF}
    with pytest.raises(qy.PlanError, match="a point layer has no area"):
        qy.read_plan(write_plan(tmp_path / "plan", {"town": points}))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "setback"}, "distance_m is for rules of kind 'setback', which need it"),
        ({"kind": "outside", "distance_m": 300}, "distance_m is for rules of kind 'setback', which need it"),
        ({"kind": "setback", "distance_m": 0}, "found 0; accepted: over 0"),
    ],
)
def test_a_distance_belongs_to_a_setback(tmp_path: Path, rule, message):
    layer = {"shapes": [square(0, 0)], "rules": [{**rule, "severity": "prohibit"}]}
    with pytest.raises(qy.PlanError, match=message):
        qy.read_plan(write_plan(tmp_path / "plan", {"farmland": layer}))


def test_points_and_lines_may_have_a_setback(make_plan: MakePlan):
    keep_off = [{"kind": "setback", "severity": "prohibit", "distance_m": 300}]
    point = shapely.Point(405_000, 2_610_000)
    plan = make_plan(town={"shapes": [point], "geometry": "point", "rules": keep_off})
    assert plan.layers["town"].rules[0].distance_m == 300


def test_a_layer_without_data_is_declared_and_covers_nothing(make_plan: MakePlan):
    plan = make_plan(redline={"shapes": None, "rules": KEEP_OFF})
    assert not plan.layers["redline"].has_data
    assert plan.features("redline").empty
    assert plan.coverage("redline").is_empty


def test_an_office_folder_replaces_the_data_and_inherits_the_rules(tmp_path: Path):
    base = write_plan(tmp_path / "plan", {"redline": {"shapes": None, "rules": KEEP_OFF, "zh": "红线"}})
    office = tmp_path / "office"
    office.mkdir()
    write_layer(office, "redline", [square(0, 0)], accuracy_m=1)
    text = (office / "redline.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("title", "group", "style", "tolerance_m2"))]
    (office / "redline.toml").write_text("\n".join(kept), encoding="utf-8")

    layer = qy.read_plan(base, office).layers["redline"]
    assert (layer.title.zh, layer.accuracy_m, layer.folder) == ("红线", 1, office)
    assert [rule.key for rule in layer.rules] == ["outside_prohibit"]
    assert not qy.read_plan(base).layers["redline"].has_data


def test_what_replaces_data_must_say_what_the_new_data_are(tmp_path: Path):
    base = write_plan(tmp_path / "plan", {"redline": {"shapes": None, "rules": KEEP_OFF}})
    office = tmp_path / "office"
    office.mkdir()
    (office / "redline.toml").write_text('file = "lines.gpkg"\nsources = ["test"]', encoding="utf-8")
    with pytest.raises(qy.PlanError, match=r"redline\.toml: a layer with a file states accuracy_m and coverage"):
        qy.read_plan(base, office)


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(qy.PlanError, match="not a folder"):
        qy.read_plan(tmp_path / "nowhere")


@pytest.mark.parametrize("coverage", ["somewhere", "outline.geojson"])
def test_an_unknown_coverage_lists_the_accepted_ones(tmp_path: Path, coverage: str):
    layer = {"shapes": [square(0, 0)], "coverage": coverage}
    with pytest.raises(qy.PlanError, match="accepted: everywhere, study_area, none, or a data file"):
        qy.read_plan(write_plan(tmp_path / "plan", {"farmland": layer}))


def test_filter_keeps_matching_features_and_names_what_there_is(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"park": {"shapes": [square(0, 0), square(5000, 0)]}})
    file = folder / "park.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('file = "park.gpkg"', 'file = "park.gpkg"\nfilter = { id = "park1" }'), "utf-8")
    assert qy.read_plan(folder).features("park")["feature_id"].tolist() == ["park1"]
    file.write_text(text.replace('file = "park.gpkg"', 'file = "park.gpkg"\nfilter = { tier = "city" }'), "utf-8")
    with pytest.raises(qy.PlanError, match="there is no attribute 'tier'; it has id, name;"):
        qy.read_plan(folder).features("park")


def test_industry_by_key_title_or_alias_and_the_accepted_ones_else(make_plan: MakePlan):
    plan = make_plan()
    assert [plan.industry(name) for name in ("tea", "茶", "TEA", None)] == ["tea", "tea", "tea", None]
    with pytest.raises(qy.ArgumentError, match=r"accepted: 茶 \(tea\), 陶瓷 \(ceramics\)"):
        plan.industry("coffee")


def test_an_unknown_layer_lists_those_there_are(make_plan: MakePlan):
    with pytest.raises(qy.ArgumentError, match="accepted: city"):
        make_plan().features("moon")


def test_a_folder_without_a_layer_is_not_passed_over(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(qy.PlanError, match="holds no TOML file"):
        qy.read_plan(tmp_path / "empty")


def test_the_byte_order_mark_of_windows_is_read(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)]}})
    file = folder / "farmland.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert "farmland" in qy.read_plan(folder).layers


def test_a_file_that_is_no_toml_is_one_fault(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {})
    (folder / "broken.toml").write_text("title = {", encoding="utf-8")
    with pytest.raises(qy.PlanError) as caught:
        qy.read_plan(folder)
    assert len(caught.value.faults) == 1


def test_an_absolute_path_is_refused(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)]}})
    file = folder / "farmland.toml"
    file.write_text(file.read_text("utf-8").replace('"farmland.gpkg"', f'"{folder / "farmland.gpkg"}"'), "utf-8")
    with pytest.raises(qy.PlanError, match="absolute path"):
        qy.read_plan(folder)


def test_a_study_area_without_data_is_a_fault(tmp_path: Path):
    folder = write_plan(tmp_path / "plan", {})
    write_layer(folder, "city", None, coverage="none")
    with pytest.raises(qy.PlanError, match="study_area: layer 'city' has no data"):
        qy.read_plan(folder)


def test_features_are_the_readers_own(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)]})
    mine = plan.features("farmland")
    mine.loc[0, "geometry"] = square(9000, 0)
    assert plan.features("farmland").geometry[0].equals(square(0, 0))


def test_a_copy_of_a_plan_derives_its_own(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)]})
    assert plan.derive("answer", lambda: 1) == plan.derive("answer", lambda: 2) == 1
    assert plan.model_copy().derive("answer", lambda: 2) == 2


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch):
    write_plan(tmp_path / "plan", {"farmland": {"shapes": [square(0, 0)]}})
    monkeypatch.chdir(tmp_path)
    plan = qy.read_plan("plan")
    monkeypatch.chdir("/")
    assert len(plan.features("farmland")) == 1


@pytest.mark.parametrize("key", ["outside_study_area", "nothing_asked"])
def test_no_rule_of_the_study_area_has_the_key_of_a_finding_of_every_plan(tmp_path: Path, key: str):
    rules = [{"kind": "inside", "severity": "prohibit"}]
    folder = write_plan(tmp_path / "plan", {})
    write_layer(folder, "city", [square(0, 0)], rules=rules)
    toml = folder / "city.toml"
    toml.write_text(toml.read_text("utf-8").replace("inside_prohibit", key), "utf-8")
    with pytest.raises(qy.PlanError, match=f"city.toml: rule '{key}': the key is that of a finding"):
        qy.read_plan(folder)
