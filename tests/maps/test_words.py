import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qy_gis.maps
from qy_gis.maps.words import WORDS, text, words

ASSETS = Path(qy_gis.maps.__file__).parent / "assets"


def test_every_word_that_the_page_asks_for_is_there():
    scripts = "".join(path.read_text(encoding="utf-8") for path in [*ASSETS.glob("js/*.js"), ASSETS / "page.html"])
    asked = set(re.findall(r"""qy\.(?:word|label)\(\s*"(\w+)\"""", scripts))
    # Where a word is put together, its ends are those of the tools.
    composed = {
        "show_": ["bands", "graticule", "accessible"],
        "measure_": ["length", "area"],
        "swipe_": ["left", "right"],
    }
    assert {key for key in asked if key.endswith("_")} == set(composed)
    asked = {key for key in asked if not key.endswith("_")}
    asked |= {start + end for start, ends in composed.items() for end in ends}
    asked |= set(re.findall(r"""data-(?:word|label)="(\w+)\"""", scripts))
    assert len(asked) > 20
    assert asked <= set(words())


def test_both_languages_are_given_and_differ():
    assert [key for key, (zh, en) in WORDS.items() if not zh or not en or zh == en] == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        ("", None),
        (np.nan, None),
        (pd.NaT, None),
        (pd.NA, None),
        (0, "0"),
        ("甲", "甲"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_cells_as_text(value: object, said: str | None):
    assert text(value) == said
