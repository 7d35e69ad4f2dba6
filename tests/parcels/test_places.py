"""Addresses of other storage that lead nowhere are refused in both languages."""

import pytest

from qy_gis.errors import ArgumentError
from qy_gis.parcels.places import find_place


@pytest.mark.parametrize(
    ("address", "en", "zh"),
    [
        ("file:///data/a.parquet", "lies on this machine; give its path", "在本机；请直接给出路径"),
        ("nosuch://bucket/a.parquet", "no known kind of storage; accepted", "不认识这类存储；可用"),
    ],
)
def test_an_address_that_leads_nowhere(address: str, en: str, zh: str):
    with pytest.raises(ArgumentError) as caught:
        find_place(address)
    assert en in caught.value.en
    assert zh in caught.value.zh
