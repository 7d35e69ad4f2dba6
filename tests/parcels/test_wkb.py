"""Outlines from bytes against shapely, and the quick look at whether they are simple against GEOS."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from qy_gis.compiling import compiled
from qy_gis.measure.outlines import take_outlines
from qy_gis.parcels import wkb as wkb_module
from qy_gis.parcels import wkb_kernel
from qy_gis.parcels.wkb import find_simple, read_outlines

RING = shapely.box(0, 0, 90, 60) - shapely.box(10, 10, 20, 20)
SHAPES = [
    shapely.box(0, 0, 20, 10),
    RING,
    shapely.MultiPolygon([RING, shapely.box(200, 0, 210, 10)]),
    shapely.Point(1, 2),
    shapely.Polygon(),
    shapely.LineString([(0, 0), (1, 1)]),
    shapely.force_3d(shapely.box(0, 0, 5, 5), 12.0),
    shapely.GeometryCollection([shapely.box(0, 0, 1, 1)]),
]
WKB = [
    *shapely.to_wkb(SHAPES),
    None,
    b"",
    b"not a geometry",
    shapely.to_wkb(RING)[:-9],
    shapely.to_wkb(RING, byte_order=0),
]


@pytest.fixture(params=["plain", "compiled"], autouse=True)
def code(request, monkeypatch):
    chosen = wkb_kernel if request.param == "plain" else compiled(wkb_kernel)
    monkeypatch.setattr(wkb_module, "code_for", lambda module, **_: chosen)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_polygons_are_read_and_all_else_has_no_ring(kind):
    outlines = read_outlines(pa.array(WKB, kind))
    assert np.diff(outlines.first_ring).tolist() == [1, 2, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2]
    assert outlines.areas().tolist() == [200, 5300, 5400, 0, 0, 0, 25, 0, 0, 0, 0, 0, 5300]
    plain = read_outlines(pa.array(WKB[:3], kind))
    same = take_outlines(np.array(SHAPES[:3], dtype=object))
    for name in ("x", "y", "ring_first", "hole", "first_ring"):
        assert np.array_equal(getattr(plain, name), getattr(same, name)), name


def test_a_part_of_a_column_is_read_from_where_it_begins():
    column = pa.array(WKB, pa.binary())
    assert read_outlines(column.slice(1, 2)).areas().tolist() == [5300, 5400]
    assert len(read_outlines(column.slice(0, 0))) == 0


@pytest.mark.parametrize(
    ("points", "simple"),
    [
        ([(0, 0), (9, 0), (9, 9), (0, 9)], True),
        ([(0, 0), (5, 0), (9, 0), (9, 9), (0, 9)], True),  # a point on an edge
        ([(0, 0), (9, 9), (9, 0), (0, 9)], False),  # a bow-tie
        ([(0, 0), (9, 0), (9, 9), (9, 0), (0, 9)], False),  # there and back
        ([(0, 0), (9, 0), (12, 0), (9, 0), (9, 9)], False),  # a spike
        ([(0, 0), (9, 0), (9, 0), (9, 9)], False),  # the same point twice: GEOS may allow it
        ([(0, 0), (9, 0), (9, 9), (4, 0), (0, 9)], False),  # a corner on an edge
        ([(0, 0), (9, 0), (9, 0.0009), (9, 9)], False),  # nearly the same point twice
        ([(0, 0), (9, 0), (9, 0.0011), (9, 9)], True),
        ([(0, 0), (9, 0), (9, 5), (20, 5), (9, 5.0009), (9, 9)], False),  # nearly there and back
        ([(0, 0.0009), (9, 0), (9, 9), (0, 9), (0, 20)], False),  # a spike where the ring begins
    ],
)
def test_what_is_plainly_simple(points, simple):
    polygon = np.array([shapely.Polygon(points)], dtype=object)
    assert find_simple(take_outlines(polygon), geographic=False).tolist() == [simple]


def test_holes_parts_and_outlines_of_many_corners_are_left_to_geos():
    circle = shapely.Point(0, 0).buffer(10, quad_segs=30)
    shapes = np.array([RING, SHAPES[2], circle, None], dtype=object)
    assert not find_simple(take_outlines(shapes), geographic=False).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_nothing_that_geos_calls_invalid_is_plainly_simple(seed, lattice):
    rng = np.random.default_rng(seed)
    rings = [rng.uniform(0, 10, (int(rng.integers(3, 9)), 2)) for _ in range(100)]
    shapes = np.array([shapely.Polygon(np.round(ring) if lattice else ring) for ring in rings], dtype=object)
    simple, valid = find_simple(take_outlines(shapes), geographic=False), shapely.is_valid(shapes)
    assert not (simple & ~valid).any()
    if not lattice:  # in general position nothing is doubtful but corners so sharp that they are spikes
        assert (simple == valid).mean() > 0.97
