import re
from pathlib import Path

import folium
import folium.plugins
import pytest

import qy_gis as qy
from qy_gis.errors import MapError, OutputError


def test_a_page_names_no_other_place(plan: qy.Plan):
    page = qy.draw(plan).get_root().render()
    assert re.findall(r"""<link|src\s*=\s*["'](?:https?:)?//|url\(["']?(?!data:|#)""", page) == []
    assert "sourceMappingURL" not in page
    assert "default-src 'none'" in page


def test_folium_keeps_its_own_lists():
    before = list(folium.Map.default_js)
    qy.draw(qy.read_plan(), page="zones").get_root().render()
    assert folium.Map.default_js == before


def test_the_same_map_gives_the_same_file(plan: qy.Plan):
    drawn = [qy.draw(plan) for _ in range(2)]
    for one in drawn:
        folium.Marker([23.6, 113.1], popup="here").add_to(one)
    first, second = (one.get_root().render() for one in drawn)
    assert first == second == drawn[0].get_root().render()


def test_the_overview_is_small():
    assert len(qy.draw(qy.read_plan()).get_root().render().encode()) < 700_000


def test_jquery_comes_only_with_what_needs_it(plan: qy.Plan):
    plain, with_popup = qy.draw(plan), qy.draw(plan)
    folium.Marker([23.6, 113.1], popup="here").add_to(with_popup)
    assert "jQuery" not in plain.get_root().render()
    assert "jQuery" in with_popup.get_root().render()


@pytest.mark.parametrize(
    ("added", "named"),
    [
        (folium.TileLayer("OpenStreetMap"), "TileLayer needs the network"),
        (folium.Marker([23.6, 113.1], icon=folium.Icon()), "Icon needs the network"),
        (folium.plugins.MarkerCluster(), r"markercluster.* has no bundled copy"),
    ],
)
def test_what_needs_the_network_is_named(plan: qy.Plan, added: folium.Element, named: str):
    drawn = qy.draw(plan)
    added.add_to(drawn)
    with pytest.raises(MapError, match=named):
        drawn.get_root().render()


def test_a_failed_render_leaves_the_old_file(plan: qy.Plan, tmp_path: Path):
    path = tmp_path / "map.html"
    path.write_text("old", encoding="utf-8")
    drawn = qy.draw(plan)
    folium.TileLayer("OpenStreetMap").add_to(drawn)
    with pytest.raises(MapError):
        drawn.save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.glob("map*")) == [path]


def test_a_file_that_cannot_be_written_is_an_error_with_its_name(plan: qy.Plan, tmp_path: Path):
    with pytest.raises(OutputError, match=r"map\.html: cannot be written: its folder does not exist"):
        qy.draw(plan).save(tmp_path / "nowhere" / "map.html")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OutputError):
        qy.draw(plan).save(folder)
    assert not list(tmp_path.glob("*.part"))


def test_a_page_carries_the_licence_of_what_it_holds(plan: qy.Plan):
    assert "Redistributions of source code must retain the above copyright" in qy.draw(plan).get_root().render()
