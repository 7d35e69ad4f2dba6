"""Maps on paper: the scale is measured on the files, and names are looked for where they are."""

import re
from pathlib import Path

import matplotlib.text
import numpy as np
import pypdfium2
import pytest
import shapely
from conftest import square
from matplotlib.figure import Figure

import qy_gis as qy
from qy_gis.errors import ArgumentError, MapError, OutputError
from qy_gis.maps import fonts
from qy_gis.maps.furniture import find_north
from qy_gis.maps.paper import draw_on_paper, save_paper
from qy_gis.maps.sheet import Sheet, frame_of


@pytest.fixture(scope="module")
def overview() -> Figure:
    return draw_on_paper(qy.read_plan(), page="overview")


@pytest.fixture
def figure(plan: qy.Plan) -> Figure:
    return draw_on_paper(plan, scale=200_000, paper="A4")


def spread(places: list[float]) -> list[float]:
    return np.diff(np.unique(np.round(places, 3))).tolist()


def test_the_scale_is_exact_on_the_pdf(figure: Figure, tmp_path: Path):
    save_paper(figure, tmp_path / "map.pdf")
    page = pypdfium2.PdfDocument(tmp_path / "map.pdf")[0]
    assert np.array(page.get_size()) / 72 * 25.4 == pytest.approx((297, 210), abs=0.01)
    boxes = [item.get_bounds() for item in page.get_objects() if item.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH]
    _, _, width, height = (edge * 72 / 25.4 for edge in frame_of("A4"))
    upright = [(x0 + x1) / 2 for x0, y0, x1, y1 in boxes if x1 - x0 < 2 and abs(y1 - y0 - height) < 2]
    level = [(y0 + y1) / 2 for x0, y0, x1, y1 in boxes if y1 - y0 < 2 and abs(x1 - x0 - width) < 2]
    # The lines of the grid are 10 km apart, which is 50 mm at 1:200,000; the frame's own edges are among the lines.
    for places in (upright, level):
        millimetres = np.array(spread(places)) * 25.4 / 72
        assert (np.abs(millimetres / 50 - 1) < 0.001).sum() >= 2


def test_the_scale_is_exact_on_the_svg(figure: Figure, tmp_path: Path):
    save_paper(figure, tmp_path / "map.svg")
    svg = (tmp_path / "map.svg").read_text(encoding="utf-8")
    found = re.findall(r'id="grid-east-(\d+)">\s*<path d="M ([\d.]+) ', svg)
    metres, points = np.array(found, dtype=float).T
    assert len(metres) >= 3
    assert (np.diff(points) / 72 * 0.0254 * 200_000) == pytest.approx(np.diff(metres), rel=0.001)


def test_the_same_sheet_gives_the_same_file(plan: qy.Plan, tmp_path: Path):
    for suffix in ("pdf", "svg", "png"):
        written = []
        for number in range(2):
            path = tmp_path / f"{number}.{suffix}"
            save_paper(draw_on_paper(plan, paper="A4"), path)
            written.append(path.read_bytes())
        assert written[0] == written[1]


def test_names_do_not_cover_each_other(overview: Figure):
    renderer = overview.canvas.get_renderer()
    names = [text for text in overview.findobj(matplotlib.text.Text) if text.get_gid() == "name"]
    assert len(names) > 60
    boxes = [shapely.box(*name.get_window_extent(renderer).extents) for name in names]
    pairs = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    assert [(names[a].get_text(), names[b].get_text()) for a, b in pairs.T if a < b] == []
    assert {"清城区", "英德市", "连山壮族瑶族自治县"} <= {name.get_text() for name in names}


def test_what_stands_around_the_map(overview: Figure):
    told = "\n".join(text.get_text() for text in overview.findobj(matplotlib.text.Text))
    for part in (
        "产业规划总览图",
        "图例",
        "代用",
        "示意",
        "误差带",
        "无数据",
        "生态保护红线",
        "审图号",
        "1:900,000",
        "N",
    ):
        assert part in told
    assert "38400" in told  # the zone stands in front of the kilometres
    assert "EPSG:4526" in told


def test_north_is_turned_by_the_convergence():
    # By the formula: the longitude from the central meridian times the sine of the latitude.
    angle, _ = find_north(Sheet("A3", 38, (400_000, 2_650_000), 100_000))
    assert angle == pytest.approx(0.983 * np.sin(np.radians(23.95)), abs=0.005)
    assert find_north(Sheet("A3", 38, (500_000, 2_650_000), 100_000))[0] == pytest.approx(0, abs=1e-6)


def test_a_part_of_the_city_has_its_place_shown(plan: qy.Plan):
    whole, part = draw_on_paper(plan, paper="A4"), draw_on_paper(plan, paper="A4", scale=20_000)
    assert (len(whole.axes), len(part.axes)) == (2, 3)


def test_a_feature_with_a_hole_stays_empty_inside(make_plan):
    ring = square(0, 0, 9000).difference(square(3000, 3000, 3000))
    figure = draw_on_paper(make_plan(park={"shapes": [ring], "zh": "园"}), paper="A4")
    assert len(figure.axes[0].patches) > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"paper": "B5"}, "paper='B5'"), ({"lang": "fr"}, "lang='fr'"), ({"palette": "x"}, "accepted: plan, accessible")],
)
def test_what_paper_refuses(plan: qy.Plan, arguments: dict[str, str], said: str):
    with pytest.raises(ArgumentError, match=said):
        draw_on_paper(plan, **arguments)


def test_where_it_can_be_written(figure: Figure, tmp_path: Path):
    with pytest.raises(ArgumentError, match=r"accepted: \.pdf, \.png, \.svg"):
        save_paper(figure, tmp_path / "map.docx")
    with pytest.raises(OutputError, match="cannot be written"):
        save_paper(figure, tmp_path / "nowhere" / "map.pdf")
    assert list(tmp_path.glob("*.part")) == []


def test_a_legend_that_does_not_fit_says_so(make_plan):
    layers = {f"layer{n}": {"shapes": [square(0, 0)], "zh": "图层"} for n in range(24)}
    with pytest.raises(MapError, match="do not fit beside the map on A4; take a larger paper"):
        draw_on_paper(make_plan(**layers), paper="A4")


def test_a_character_that_the_font_lacks_is_named():
    fonts.check_glyphs(["清远 Qingyuan", "\n"])
    with pytest.raises(MapError, match=r"U\+E000.*apt-get install fonts-noto-cjk"):
        fonts.check_glyphs(["甲\ue000乙"])


def test_no_font_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fonts, "FAMILIES", ("No Such Font",))
    fonts.find_font.cache_clear()
    with pytest.raises(MapError, match="No Such Font; on Debian or Ubuntu: sudo apt-get install fonts-noto-cjk"):
        fonts.find_font()
