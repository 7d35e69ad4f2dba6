"""Tables on paper: nothing is lost, whatever the length of texts and tables."""

import pandas as pd

from qy_gis.reports.siting_print import set_tables


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_a_long_table_goes_on_overleaf_under_its_heads():
    table = pd.DataFrame({"编号 id": [f"S{number}" for number in range(60)], "面积 area": ["50.0001"] * 60})
    pages = [texts_of(figure) for figure in set_tables("题 Title", "注。 Note.", {"地块 Sites": table})]
    assert len(pages) == 3
    assert [text for page in pages for text in page if text.startswith("S")] == table["编号 id"].tolist()
    assert all("编号 id" in page for page in pages)
    assert pages[0][:3] == ["题 Title", "注。 Note.", "地块 Sites"]
    # A figure stays in one piece.
    assert sum(text == "50.0001" for page in pages for text in page) == 60


def test_long_texts_are_broken_within_the_page():
    table = pd.DataFrame({"编号": ["S1"], "理由": ["很长的理由" * 40], "reason": ["a long reason " * 40]})
    (figure,) = set_tables("", "", {"结果 Findings": table})
    figure.canvas.draw()
    width = figure.get_figwidth() * figure.dpi
    assert all(text.get_window_extent().x1 < width for text in figure.texts)
    assert "".join(text for text in texts_of(figure) if "很长" in text or "理由" in text).count("很长的理由") >= 38


def test_a_table_without_rows_says_so():
    (figure,) = set_tables("", "", {"结果 Findings": pd.DataFrame()})
    assert texts_of(figure) == ["结果 Findings", "没有。 None."]
