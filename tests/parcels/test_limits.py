"""Limits: each has a clear error."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from qy_gis import read_parcels
from qy_gis.errors import GeometryError, SourceError
from qy_gis.parcels import limits

POINTS = "X,Y\n2622040,38440000\n2622040,38440050\n2622000,38440050\n"


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_FEATURES", 2, "the text has 4 features; accepted are 2"),
        ("MAX_VERTICES", 3, "the text has 4 vertices; accepted are 3"),
        ("MAX_TEXT_BYTES", 1024**2, "the text has 2 MiB; accepted are 1 as text"),
        ("MAX_SECONDS", 0, "longer to read than 0 s"),
    ],
)
def test_a_limit_names_itself(monkeypatch, limit, value, message):
    monkeypatch.setattr(limits, limit, value)
    text = POINTS + "\n" * 2 * 1024**2 if limit == "MAX_TEXT_BYTES" else POINTS
    with pytest.raises(SourceError, match=message):
        read_parcels(text)


def test_a_tangle_is_refused_before_it_is_mended():
    corners = np.random.default_rng(1).uniform(0, 1000, (3000, 2)) + np.array([440_000, 2_622_000])
    with pytest.raises(GeometryError, match="cross themselves too often to be mended:\n- row 0: 3000 edges"):
        read_parcels(shapely.Polygon(corners), crs=4547, repair=True)


@pytest.mark.parametrize("end", [b"", b"\x1a", b"\n\x1a"])
def test_marks_of_bytes_and_of_the_end_are_no_text(end):
    assert limits.decode_text(b"\xef\xbb\xbf\xef\xbb\xbfX,Y" + end, None, "it").strip() == "X,Y"
