"""Text to rows: marks between columns, one line, sentences, a KML's coordinates."""

from __future__ import annotations

import pytest
from parcels.squares import DEGREES, FIRST, FIRST_M2, SECOND, SECOND_M2, lines, planar, told

from qy_gis import areas, read_parcels
from qy_gis.errors import SourceError
from qy_gis.parcels.pasted import split_text

KML = " ".join(f"{lon},{lat},0" for lon, lat in DEGREES)


def is_the_first(parcels):
    return len(parcels) == 1 and areas(parcels.geometry, parcels.crs)[0] == pytest.approx(29993.05, abs=0.05)


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            "J{n}：X={x}，Y={y}",
            "J{n}: X={x}, Y={y};",
            "J{n}（X={x}，Y={y}）",
            "{n}、X：{x}  Y：{y}",
            "X{n}={x},Y{n}={y}",
        ),
        *(
            "J{n}点 X坐标为{x}米，Y坐标为{y}米",
            "第{n}点，纵坐标{x}，横坐标{y}",
            "J{n}：Y={y}，X={x}",
            "北坐标：{x}；东坐标：{y}",
        ),
    ],
)
def test_points_in_sentences(sentence):
    text = lines(FIRST, lambda n, x, y: sentence.format(n=n, x=f"{x}.000", y=f"{y}.000"))
    for pasted in (text, text.replace("\n", "；") + "。"):
        assert planar(read_parcels(pasted)) == [FIRST_M2]


def test_sentences_of_two_parcels():
    first, second = (lines(corners, lambda n, x, y: f"J{n}：X={x}，Y={y}") for corners in (FIRST, SECOND))
    for text in (first + "\n" + second, (first + second).replace("\n", "；")):
        assert planar(read_parcels(text)) == [FIRST_M2, SECOND_M2]
    named = read_parcels(f"甲地块：\n{first}乙地块：\n{second}")
    assert named["name"].tolist() == ["甲地块", "乙地块"]
    assert planar(read_parcels(f"甲地块：{first}乙地块：{second}".replace("\n", " "))) == [FIRST_M2, SECOND_M2]


def test_sentences_in_degrees():
    assert is_the_first(read_parcels(lines(DEGREES, lambda n, lon, lat: f"J{n}：东经{lon:.9f}°，北纬{lat:.9f}°")))
    assert is_the_first(read_parcels(lines(DEGREES, lambda n, lon, lat: f"J{n} E{lon:.9f} N{lat:.9f}")))


def test_a_table_with_labels_in_its_cells_stays_a_table():
    text = "地块编号,经度,纬度\n" + lines(DEGREES, lambda n, lon, lat: f"A,E{lon}°,N{lat}°")
    parcels = read_parcels(text)
    assert parcels["parcel_id"].tolist() == ["A"]
    assert is_the_first(parcels)


@pytest.mark.parametrize(
    "text",
    [
        *(KML, KML.replace(",0", ""), KML.replace(" ", "\n"), f"<coordinates>{KML}</coordinates>", f"\n  {KML}\n"),
        *(KML.replace(" ", "\n", 1), KML.encode()),
    ],
)
def test_coordinates_out_of_a_kml(text):
    parcels = read_parcels(text)
    assert is_the_first(parcels)
    assert told(parcels) == []


def test_rings_out_of_a_kml_stay_apart():
    east = [(lon + 0.01, lat) for lon, lat in DEGREES]
    rings = [" ".join(f"{lon},{lat},0" for lon, lat in [*corners, corners[0]]) for corners in (DEGREES, east)]
    for text in ("\n".join(rings), " ".join(rings)):
        assert len(read_parcels(text)) == 2


def test_open_rings_in_a_line_each_stay_apart():
    east = [(lon + 0.01, lat) for lon, lat in DEGREES]
    kml = [" ".join(f"{lon},{lat},0" for lon, lat in corners) for corners in (DEGREES, east)]
    assert len(read_parcels("\n".join(kml))) == len(read_parcels("\n\n".join(kml))) == 2
    for between, within in ((";", ","), (",", " ")):
        rings = [between.join(f"{x}{within}{y}" for x, y in corners) for corners in (FIRST, SECOND)]
        assert planar(read_parcels("\n".join(rings))) == [FIRST_M2, SECOND_M2]


def test_corners_named_in_sentences_are_of_one_parcel():
    names = ["东南", "东北", "西北", "西南"]
    text = lines(FIRST, lambda n, x, y: f"{names[n - 1]}角：X={x}，Y={y}")
    assert planar(read_parcels("该地块界址点坐标如下：" + text)) == [FIRST_M2]


def test_heights_out_of_a_kml_are_told():
    assert told(read_parcels(KML.replace(",0", ",12.5"))) == ["去除高程 Z"]


@pytest.mark.parametrize(
    "form", ["{x},{y};", "| J{n} | {x} | {y} |", "J{n};{x};{y}", "J{n}\t{x}\t{y}", "J{n}  {x}  {y}"]
)
def test_marks_between_columns(form):
    assert planar(read_parcels(lines(FIRST, lambda n, x, y: form.format(n=n, x=x, y=y)))) == [FIRST_M2]


def test_a_table_in_markdown():
    text = "| 点号 | X | Y |\n|---|:--|--:|\n" + lines(FIRST, lambda n, x, y: f"| J{n} | {x} | {y} |")
    assert planar(read_parcels(text)) == [FIRST_M2]


def test_a_title_does_not_decide_the_mark():
    text = "坐标系：2000国家大地坐标系，单位：米\n点号\tX\tY\n" + lines(FIRST, lambda n, x, y: f"J{n}\t{x}\t{y}")
    parcels = read_parcels(text)
    assert planar(parcels) == [FIRST_M2]
    assert told(parcels) == ["表头上方的标题略去"]


@pytest.mark.parametrize(
    "form",
    [
        "{d}°{m:02d}′{s:09.6f}″",
        "{d}-{m:02d}-{s:09.6f}",
        "{d} {m:02d} {s:09.6f}",
        "{d}度{m}分{s:.6f}秒",
        "{d}:{m}:{s:.6f}",
        "{d}° {m}′ {s:.6f}″",
    ],
)
def test_degrees_minutes_and_seconds(form):
    def angle(value):
        minutes = value % 1 * 60
        return form.format(d=int(value), m=int(minutes), s=minutes % 1 * 60)

    text = "点号\t东经\t北纬\n" + lines(DEGREES, lambda n, lon, lat: f"J{n}\t{angle(lon)}\t{angle(lat)}")
    assert is_the_first(read_parcels(text))


@pytest.mark.parametrize("thousands", [",", " "])
def test_thousands(thousands):
    text = lines(FIRST, lambda n, x, y: f'J{n}\t"{x:,.3f}"\t"{y:,.3f}"'.replace(",", thousands))
    assert planar(read_parcels("点号\tX\tY\n" + text)) == [FIRST_M2]
    with pytest.raises(
        SourceError, match="line 2, column 1: found 7 cells under the 3 headings of line 1; a comma within"
    ):
        read_parcels("点号,X,Y\n" + lines(FIRST, lambda n, x, y: f"J{n},{x:,.3f},{y:,.3f}"))


def test_a_quoted_cell_that_does_not_end():
    rows = split_text('a,b\n"1,2\n', "it")
    assert rows[-1][1] == ["1,2"]
