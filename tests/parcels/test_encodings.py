"""Encodings: what is stated holds, unless its text is unlikely and that of another is likely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qy_gis.parcels.encodings import decode_cut, find_encoding, known_codec

NAMES = ["清远", "滩地围堰", "测试地块一号", "石角镇新城村", "旧厂房用地", "佛冈县汤塘镇", "永久基本农田甲"]
TRADITIONAL = ["清遠市", "測試地塊", "圍堰灘地", "東城街道", "國有建設用地"]


@pytest.mark.parametrize("stated", [None, "utf-8", "gb18030", "big5hkscs", "iso8859-1", "cp1252"])
@pytest.mark.parametrize(
    ("encoding", "names"), [("utf-8", NAMES), ("gb18030", NAMES), ("utf-8", TRADITIONAL), ("big5hkscs", TRADITIONAL)]
)
def test_text_is_read_in_its_own_encoding_whatever_is_stated(encoding, names, stated):
    found = find_encoding([name.encode(encoding) for name in names], stated)
    assert [name.encode(encoding).decode(found) for name in names] == names


def test_what_is_stated_holds_where_nothing_speaks_against_it():
    assert find_encoding([b"A-1"], "iso8859-1") == "iso8859-1"
    assert find_encoding(["Café du Rhône".encode("latin-1")], "iso8859-1") == "iso8859-1"
    assert find_encoding(["Café du Rhône".encode()], None) == "utf-8"
    assert find_encoding([b"\xff\xff\xff"], None) is None


@given(st.lists(st.sampled_from(NAMES + TRADITIONAL), min_size=1))
def test_utf8_is_always_found(names):
    assert find_encoding([name.encode() for name in names], "gb18030") == "utf-8"


def test_names_of_encodings():
    assert [known_codec(name) for name in ("CP936", "windows-936", "UTF8", "OEM 950", " GBK\n", "")] == [
        "gb18030",
        "gb18030",
        "utf-8",
        "big5hkscs",
        "gb18030",
        None,
    ]


def test_a_text_cut_through_a_character_loses_what_is_left_of_it():
    assert decode_cut("地块编号".encode()[:10], "utf-8") == "地块编"
    with pytest.raises(UnicodeDecodeError):
        decode_cut("地".encode()[:2], "utf-8")


def test_text_of_which_nothing_is_left_is_no_evidence():
    assert find_encoding([b"0123456789\xe7\x95"], "gb18030") is not None
