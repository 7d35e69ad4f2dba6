import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely
from conftest import MakePlan, square, write_layer
from shapes import make_zones, random_zone

import qy_gis as qy
from qy_gis.caching import cache_folder
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.plane import to_plane
from qy_gis.overlay import index as index_module
from qy_gis.overlay.grid import cut_zones, zone_areas
from qy_gis.overlay.index import build_index, open_index
from qy_gis.overlay.overlap import measure_parcels


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    monkeypatch.setenv("QY_GIS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[qy.Plan]:
    """The plans that were built and not read from the cache."""
    plans: list[qy.Plan] = []
    build = build_index

    def count(plan, **options):
        plans.append(plan)
        return build(plan, **options)

    monkeypatch.setattr(index_module, "build_index", count)
    return plans


PLOTS = to_plane([square(900, 0, 200, 100), square(50, 50, 10)], 4547)
KEEP_OFF = {"kind": "setback", "severity": "advise", "distance_m": 60}
FARMLAND = {
    "shapes": [square(0, 0), square(1000, 0)],
    "accuracy_m": 5,
    "rules": [KEEP_OFF],
}


def figures(index):
    measured = measure_parcels(take_outlines(PLOTS), index)
    named = [getattr(measured, name).tolist() for name in ("parcel", "feature", "area_m2", "low_m2", "outside_high_m2")]
    return [*named, *(areas.tolist() for areas in measured.beyond)]


def test_the_second_time_it_is_read_and_gives_the_same_digits(make_plan: MakePlan, built, cache, tmp_path):
    first = open_index(make_plan(farmland=FARMLAND))
    second = open_index(qy.read_plan(tmp_path / "plan"))
    assert first is not second
    assert len(built) == 1
    assert figures(first) == figures(second)
    assert first.features.ids.tolist() == second.features.ids.tolist()
    assert shapely.equals(first.features.packed.unpack(), second.features.packed.unpack()).all()
    assert cache_folder() == cache
    assert [folder.name.startswith(".part") for folder in cache.iterdir()] == [False]


@pytest.mark.parametrize(
    "change",
    [
        lambda plan, folder: write_layer(folder, "farmland", [square(0, 0), square(1000, 1)], accuracy_m=5),
        lambda plan, folder: write_layer(folder, "farmland", **{**FARMLAND, "accuracy_m": 6}),
        lambda plan, folder: write_layer(folder, "farmland", **FARMLAND, coverage="everywhere"),
        lambda plan, folder: write_layer(folder, "farmland", **{**FARMLAND, "rules": [{**KEEP_OFF, "distance_m": 61}]}),
        lambda plan, folder: write_layer(folder, "another", [square(0, 0)]),
    ],
)
def test_a_change_of_geometry_is_noticed(make_plan: MakePlan, built, tmp_path, change):
    plan = make_plan(farmland=FARMLAND)
    open_index(plan)
    change(plan, tmp_path / "plan")
    open_index(qy.read_plan(tmp_path / "plan"))
    assert len(built) == 2


def test_a_change_of_words_is_not_one_of_geometry(make_plan: MakePlan, built, tmp_path):
    open_index(make_plan(farmland=FARMLAND))
    toml = tmp_path / "plan" / "farmland.toml"
    toml.write_text(toml.read_text("utf-8").replace("#123456", "#654321").replace("测试", "说明"), "utf-8")
    open_index(qy.read_plan(tmp_path / "plan"))
    assert len(built) == 1


def spoil_truncate(folder: Path) -> None:
    file = folder / "bounds.edges.npy"
    os.truncate(file, file.stat().st_size - 8)


def spoil_flip(folder: Path) -> None:
    file = folder / "drawn.edges.npy"
    content = bytearray(file.read_bytes())
    content[-3] ^= 0xFF
    file.write_bytes(content)


def spoil_foreign(folder: Path) -> None:
    (folder / "meta.json").write_text('{"format": 0}', encoding="utf-8")


def spoil_text(folder: Path) -> None:
    (folder / "meta.json").write_text("not an index", encoding="utf-8")


def spoil_missing(folder: Path) -> None:
    (folder / "near.tree.npy").unlink()


@pytest.mark.parametrize("spoil", [spoil_truncate, spoil_flip, spoil_foreign, spoil_text, spoil_missing])
def test_what_is_not_whole_is_built_anew(make_plan: MakePlan, built, cache, tmp_path, spoil):
    before = figures(open_index(make_plan(farmland=FARMLAND)))
    spoil(next(cache.iterdir()))
    assert figures(open_index(qy.read_plan(tmp_path / "plan"))) == before
    assert len(built) == 2
    open_index(qy.read_plan(tmp_path / "plan"))
    assert len(built) == 2


def test_without_a_place_to_keep_it_it_still_works(make_plan: MakePlan, cache, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="utf-8")
    plan = make_plan(farmland=FARMLAND)
    assert figures(open_index(plan)) == figures(build_index(plan))


def test_the_same_outline_in_two_layers_is_cut_once(make_plan: MakePlan):
    alone = build_index(make_plan(a={"shapes": [square(0, 0)]}))
    shutil.rmtree(cache_folder(), ignore_errors=True)
    twice = build_index(make_plan(a={"shapes": [square(0, 0)]}, b={"shapes": [square(0, 0)]}))
    assert twice.drawn.grid.zones[0] == alone.drawn.grid.zones[0]
    assert len(twice.drawn.layer) == len(alone.drawn.layer) + 1


def test_large_arrays_are_mapped_not_read(make_plan: MakePlan):
    plan = make_plan(round={"shapes": [square(0, 0).centroid.buffer(900, quad_segs=4000)]})
    open_index(plan)
    assert isinstance(open_index(plan.model_copy()).bounds.grid.edges, np.memmap)


def test_progress_names_each_layer_and_none_when_it_is_kept(make_plan: MakePlan):
    seen: list[tuple[int, int, str]] = []
    plan = make_plan(park={"shapes": [square(0, 0)], "zh": "园区"})
    for _ in range(2):
        open_index(plan, progress=lambda *step: seen.append(step))
    assert seen == [(0, 2, "city"), (1, 2, "园区")]


@pytest.mark.parametrize("epsg", [4547, 4526, 4490, 32649])
def test_a_zone_has_the_same_area_in_the_index_as_its_outline(epsg):
    zones = make_zones(np.random.default_rng(epsg), 1_250, epsg)
    outline, cut = qy.areas(zones, epsg), zone_areas(cut_zones(to_plane(zones, epsg)))
    assert (outline > 0).all()
    assert (np.abs(cut - outline) <= np.maximum(1e-3, 1e-9 * outline)).all()


def test_a_layer_of_awkward_zones_has_the_same_areas_in_the_index(make_plan: MakePlan):
    rng = np.random.default_rng(3)
    plan = make_plan(zone={"shapes": [random_zone(rng) for _ in range(150)]})
    index = build_index(plan)
    stored = plan.features("zone")
    own = index.features.layer == index.layers.index("zone")
    assert index.features.area_m2[own] == pytest.approx(qy.areas(stored.geometry, stored.crs), abs=1e-3, rel=1e-9)
    # A parcel that holds them all shares with each all of its land.
    around = to_plane([shapely.box(*stored.total_bounds).buffer(10)], 4547)
    measured = measure_parcels(take_outlines(around), index)
    of_zone = np.isin(measured.feature, np.flatnonzero(own))
    assert measured.area_m2[of_zone] == pytest.approx(
        index.features.area_m2[measured.feature[of_zone]], abs=6e-3, rel=1e-8
    )


def test_a_zone_that_is_cut_wrongly_is_refused_by_name(make_plan: MakePlan, monkeypatch):
    monkeypatch.setattr(index_module, "zone_areas", lambda grid: np.full(int(grid.zones[0]), 5.0))
    with pytest.raises(qy.PlanError, match="layer 'farmland', feature 'farmland0'"):
        build_index(make_plan(farmland=FARMLAND))
