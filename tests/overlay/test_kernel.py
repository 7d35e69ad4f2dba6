"""The kernel's functions one by one, each run as plain Python and compiled: the same digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qy_gis.compiling import compiled
from qy_gis.overlay import kernel


@pytest.fixture(params=["plain", "compiled"])
def code(request):
    return kernel if request.param == "plain" else compiled(kernel)


@pytest.mark.parametrize(
    ("lines", "area"),
    [
        ((1, 1, 2, 2, 3), 3),  # one wholly below the other
        ((2, 2, 1, 1, 3), 3),
        ((1, 3, 1, 3, 2), 4),  # the same line
        ((0, 2, 2, 0, 2), 1),  # crossing in the middle
        ((2, 0, 0, 2, 2), 1),
        ((0, 2, 0, 1, 2), 1),  # a common end
        ((1, 5, 2, 1, 0), 0),  # no width
    ],
)
def test_under_two_lines(code, lines, area):
    assert code.under_two(*map(float, lines)) == area


HEIGHT = st.floats(0, 1e3)


@given(HEIGHT, HEIGHT, HEIGHT, HEIGHT, st.floats(0, 1e3))
def test_under_two_lines_is_symmetric_and_at_most_each(ya, yb, za, zb, width):
    area = kernel.under_two(ya, yb, za, zb, width)
    assert area == pytest.approx(kernel.under_two(za, zb, ya, yb, width), rel=1e-12, abs=1e-9)
    assert area <= min((ya + yb), (za + zb)) / 2 * width * (1 + 1e-12) + 1e-9
    assert area == compiled(kernel).under_two(ya, yb, za, zb, width)


def clip(code, *edge, sign=1.0, size=10.0):
    columns = [np.array([value]) for value in (*map(float, edge), sign)]
    out = [np.zeros(4) for _ in range(6)]
    n = code.clip_to_cell(*columns, 100.0, 200.0, size, *out)
    assert n in (0, 4)
    assert not any(column[1:].any() for column in out)
    return [float(column[0]) for column in out[:4]] if n else None


@pytest.mark.parametrize(
    ("edge", "clipped"),
    [
        ((101, 203, 104, 206), [1, 3, 4, 6]),  # inside the cell whose corner is (100, 200)
        ((95, 205, 115, 205), [0, 5, 10, 5]),  # across it
        ((95, 193, 115, 213), [2, 0, 10, 8]),  # rising through the floor
        ((101, 225, 104, 225), [1, 25, 4, 25]),  # above: kept, as a roof
        ((101, 190, 104, 195), None),  # below
        ((80, 205, 100, 205), None),  # ends at the western line
        ((110, 205, 120, 205), None),  # begins at the eastern line
        ((101, 200, 104, 200), None),  # along the floor
        ((96, 196, 104, 204), [0, 0, 4, 4]),  # through the corner
    ],
)
def test_clip_to_cell(code, edge, clipped):
    assert clip(code, *edge) == (None if clipped is None else pytest.approx(clipped))


def test_vertical_edges_have_nothing_to_integrate(code):
    assert clip(code, 105, 201, 105, 209, sign=0.0) is None


@pytest.mark.parametrize(
    ("first", "second", "touch"),
    [
        ((0, 0, 10, 0), (5, 0.0005, 8, 7), True),
        ((0, 0, 10, 0), (5, 0.002, 8, 7), False),
        ((0, 0, 10, 0), (10.0005, 0, 12, 0), True),
        ((0, 0, 10, 0), (2, 0, 8, 0), True),  # along one another
        ((0, 0, 10, 10), (0, 10, 10, 0), True),  # crossing far from every end
        ((0, 0, 10, 10), (0, 21, 21, 0), False),
        ((5, 5, 5, 5), (0, 5, 10, 5), True),  # no length
        ((5, 5, 5, 5), (5.1, 5, 5.1, 5), False),
    ],
)
def test_segments_touch_within_a_millimetre(code, first, second, touch):
    assert code.segments_touch(*map(float, first), *map(float, second), 1e-3) == touch
    assert code.segments_touch(*map(float, second), *map(float, first), 1e-3) == touch
