"""Every fault of a TOML file is told in both languages, in our words, with its place and what is accepted."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from qy_gis.errors import Fault
from qy_gis.maps.page import Page
from qy_gis.plan.model import Layer, Plan, Rule, Style, Text
from qy_gis.siting.criteria import Criteria, Criterion, Linear
from qy_gis.toml_files import load_toml, parse_table

#: Keys of all tables, so that what is made up reaches the inner ones.
KEYS = sorted(
    {
        field.alias or name
        for model in (Plan, Layer, Rule, Style, Text, Page, Criteria, Criterion, Linear)
        for name, field in model.model_fields.items()
        if not field.exclude
    }
)


def faults_of(model: type[BaseModel], table: dict[str, object]) -> dict[str, Fault]:
    faults: list[Fault] = []
    assert parse_table(model, table, "own.toml", faults) is None
    return {fault.en.split(": ", 2)[1]: fault for fault in faults}


@pytest.mark.parametrize(
    ("model", "key", "value", "en", "zh"),
    [
        (
            Layer,
            "basis",
            3,
            "found 3; accepted: 'statutory', 'indicative' or 'proxy'",
            "读到 3，应为 'stat",
        ),
        (Layer, "accuracy_m", "5", "found '5'; accepted: a number without quotes", "读到 '5'，应为不加引号的数字"),
        (Layer, "accuracy_m", -1.0, "found -1.0; accepted: 0 or more", "读到 -1.0，应不小于 0"),
        (Layer, "date", "2020", "found '2020'; accepted: a date without quotes", "读到 '2020'，应为不加引号的日期"),
        (Layer, "sources", [], "found []; accepted: entries, at least 1", "读到 []，应不少于 1 项"),
        (Layer, "title", "甲", "found '甲'; accepted: a table of keys", "读到 '甲'，应为由键组成的表"),
        (Layer, "group", "A b", "accepted: small letters, digits and _", "应以小写字母开头"),
        (Layer, "colour", 1, "not a key here; accepted: key, title, group", "此处无此键；可用的键：key, title, group"),
        (Plan, "edition", "", "found ''; accepted: a text that is not empty", "读到 ''，文字不得为空"),
        (Page, "scale", 1.5, "found 1.5; accepted: a whole number", "读到 1.5，应为整数"),
        (Page, "scale", 1, "found 1; accepted: 100 or more", "读到 1，应不小于 100"),
        (Page, "layers", "a", "found 'a'; accepted: a list in brackets", "读到 'a'，应为方括号"),
    ],
)
def test_values(model: type[BaseModel], key: str, value: object, en: str, zh: str):
    fault = faults_of(model, {key: value})[key]
    assert fault.en.startswith(f"own.toml: {key}: ")
    assert en in fault.en
    assert fault.zh.startswith(f"own.toml：{key}：")
    assert zh in fault.zh


def test_the_keys_of_the_table_that_is_meant():
    value = {"kind": "linear", "worst": 1.0, "best": 2.0, "q": 2}
    found = faults_of(Criteria, {"criterion": [{"value": value}, {"value": {"kind": "line"}}, {"value": {}}]})
    assert found["criterion.#1.value.linear.q"].en.endswith("accepted: kind, worst, best")
    assert found["criterion.#2.value"].zh.endswith("'kind' 应为 'linear', 'step', 'gaussian'")
    assert found["criterion.#3.value"].en.endswith("'kind' is missing; add it")
    assert found["criterion.#3.key"].zh.endswith("缺此项，请补上")


def test_what_contradicts_itself_is_told_as_the_model_says_it():
    page = {
        "title": {"zh": "图", "en": "Map"},
        "subject": "plan",
        "note": {"zh": "注", "en": "Note"},
        "layers": ["a"],
        "on": ["b"],
    }
    faults: list[Fault] = []
    assert parse_table(Page, page, "own.toml", faults) is None
    assert faults == [
        Fault(
            "own.toml: not among the page's layers: on: 'b'; accepted: a",
            "own.toml：不在该页的图层中：on: 'b'；可用的图层：a",
        )
    ]


@pytest.mark.parametrize(
    ("content", "place", "found"),
    [
        (b"a = ", 1, "a ="),
        (b"a = 1\na = 2\n", 2, "a = 2"),
        (b"[t]\nx = proxy\n", 2, "x = proxy"),
        (b'a = """\n\nfoo', 3, "foo"),
        (b"a = " + b"[" * 5000, 1, "a = [["),
        (b"a = " + b"1" * 5000, 1, "a = 11"),
        ("a = '中'".encode("gbk"), 1, None),
        (b"", None, None),
        (b"\xef\xbb\xbfa = 1", None, None),
    ],
)
def test_text_that_is_no_toml(tmp_path: Path, content: bytes, place: int | None, found: str | None):
    (tmp_path / "own.toml").write_bytes(content)
    faults: list[Fault] = []
    table = load_toml(tmp_path / "own.toml", faults)
    if place is None:
        assert (table, faults) in (({}, []), ({"a": 1}, []))
        return
    assert table is None
    assert faults[0].en.startswith(f"own.toml: not a TOML file in UTF-8: line {place}")
    assert f"第 {place} 行" in faults[0].zh
    if found is not None:
        assert found in faults[0].en
        assert found in faults[0].zh
    assert len(faults[0].en) < 250


def test_a_file_that_is_not_there(tmp_path: Path):
    faults: list[Fault] = []
    assert load_toml(tmp_path / "gone.toml", faults) is None
    assert faults[0].en.startswith("gone.toml: cannot be read")
    assert str(tmp_path) not in faults[0].en + faults[0].zh


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["plan", "ahp", "A3", "a", "#ffffff", "linear", "setback", "inside", 10**30])
    | st.dates()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    model=st.sampled_from([Plan, Layer, Page, Criteria]),
    table=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12),
)
def test_whatever_a_file_says_is_told_in_our_words(model: type[BaseModel], table: dict[str, object]):
    faults: list[Fault] = []
    record = parse_table(model, table, "own.toml", faults)
    assert (record is None) == bool(faults)
    for fault in faults:
        assert fault.en.startswith("own.toml: ")
        assert fault.zh.startswith("own.toml：")
        for word in ("Input should", "validation", "Field required", "permitted", "is not accepted here"):
            assert word not in fault.en
