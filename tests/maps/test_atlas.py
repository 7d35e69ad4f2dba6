from pathlib import Path

import pypdfium2
import pytest
from conftest import square

import qy_gis as qy
from qy_gis.errors import ArgumentError, MapError
from qy_gis.maps.atlas import write_atlas

PAGE = """
title = { zh = "图集", en = "Atlas" }
subject = "plan"
note = { zh = "注", en = "Note" }
labels = ["park"]
paper = "A4"
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(
        PAGE + 'each = ["city", "park"]\n[facts]\nfeature_id = { zh = "编号", en = "No." }\n', encoding="utf-8"
    )
    return path


@pytest.fixture
def parks(make_plan) -> qy.Plan:
    return make_plan(park={"shapes": [square(0, 0), square(9000, 0)], "zh": "园区", "accuracy_m": 50})


def test_a_sheet_for_every_feature_after_the_index(parks: qy.Plan, page: Path, tmp_path: Path):
    path = tmp_path / "atlas.pdf"
    said = []
    sheets = write_atlas(parks, path, page=page, progress=lambda *told: said.append(told))
    pdf = pypdfium2.PdfDocument(path)
    assert sheets == len(pdf) == 4
    assert [told[:2] for told in said] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    marks = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in pdf.get_toc()]
    assert marks == [
        (0, "图集 · 图幅索引", 0),
        (0, "city", 1),
        (1, "city 0", 1),
        (0, "园区", 2),
        (1, "park 0", 2),
        (1, "park 1", 3),
    ]
    texts = [sheet.get_textpage().get_text_range() for sheet in pdf]
    for line in ("2 city 0", "3 park 0", "4 park 1"):
        assert line in " ".join(texts[0].split())
    assert "编号：park1" in texts[3].replace(" ", "")
    assert "±50 m" in texts[3]


def test_the_same_atlas_gives_the_same_file(parks: qy.Plan, page: Path, tmp_path: Path):
    for name in ("a.pdf", "b.pdf"):
        write_atlas(parks, tmp_path / name, page=page)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_the_bundled_atlas_has_a_sheet_per_county_and_platform():
    from qy_gis.maps.atlas import list_leaves
    from qy_gis.maps.page import read_page
    from qy_gis.maps.paper import gather_content

    plan = qy.read_plan()
    leaves = list_leaves(gather_content(plan, read_page("atlas"), lang="zh", palette="plan"), "A3")
    count = {key: sum(leaf.layer.key == key for leaf in leaves) for key in ("county", "platform")}
    assert count == {"county": 8, "platform": len(plan.features("platform"))}


def test_what_an_atlas_refuses(parks: qy.Plan, page: Path, tmp_path: Path):
    with pytest.raises(ArgumentError, match=r"ends in \.pdf"):
        write_atlas(parks, tmp_path / "atlas.png", page=page)
    page.write_text(PAGE, encoding="utf-8")
    with pytest.raises(MapError, match="each: the page names no layers; accepted: city, park"):
        write_atlas(parks, tmp_path / "atlas.pdf", page=page)
    page.write_text(PAGE + 'each = ["moon"]', encoding="utf-8")
    with pytest.raises(MapError, match="each: the plan has no layer 'moon'"):
        write_atlas(parks, tmp_path / "atlas.pdf", page=page)
    assert not (tmp_path / "atlas.pdf").exists()
