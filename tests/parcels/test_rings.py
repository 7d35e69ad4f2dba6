"""Rings by hand-checkable squares."""

from __future__ import annotations

import pytest

from qy_gis.parcels.rings import Point, nest_rings, split_rings


def ring(west, south, size, *, number=1, close=True):
    corners = [(west, south), (west, south + size), (west + size, south + size), (west + size, south)]
    points = [Point(0, str(i), number, north, east) for i, (east, north) in enumerate(corners)]
    return points + points[:1] if close else points


def test_a_ring_ends_where_it_closes_or_its_number_changes():
    points = ring(0, 0, 10) + ring(20, 0, 10, close=False) + ring(40, 0, 10, number=2)
    assert [len(part) for part in split_rings(points)] == [5, 4, 5]


def test_a_closing_point_is_the_first_within_a_millimetre():
    # Under 360 these would be degrees, of which a millimetre is less.
    first, *others = ring(440_000, 0, 10, close=False)
    near = first._replace(north=first.north + 0.0009)
    assert len(split_rings([first, *others, near, *ring(440_020, 0, 10)])) == 2
    assert len(split_rings([first, *others, first._replace(north=0.002), *ring(440_020, 0, 10)])) == 1


def test_in_degrees_a_millimetre_is_a_hundred_millionth():
    first, *others = ring(113, 23, 1, close=False)
    assert len(split_rings([first, *others, first._replace(north=23 + 9e-9), *ring(115, 23, 1)])) == 2
    assert len(split_rings([first, *others, first._replace(north=23 + 2e-8), *ring(115, 23, 1)])) == 1


def test_many_rings_side_by_side_are_nested_quickly():
    rings = [corners for i in range(2000) for corners in (ring(440_000 + 20 * i, 0, 10), ring(440_003 + 20 * i, 3, 4))]
    land, holes = nest_rings(rings)
    assert sum(holes) == 2000
    assert land.area == pytest.approx(2000 * (100 - 16))


@pytest.mark.parametrize("close", [True, False])
def test_land_in_a_hole_is_land_again(close):
    rings = [ring(4, 4, 2, close=close), ring(0, 0, 10, close=close), ring(2, 2, 6, close=close)]
    land, holes = nest_rings(rings)
    assert land.is_valid
    assert land.area == 100 - 36 + 4
    assert holes == [False, False, True]


def test_a_ring_in_a_notch_with_all_corners_on_the_outline_is_land():
    horseshoe = [(0, 0), (30, 0), (30, 30), (20, 30), (20, 10), (10, 10), (10, 30), (0, 30)]
    outer = [Point(0, str(i), 1, north, east) for i, (east, north) in enumerate(horseshoe)]
    filling = [Point(0, "9", 1, n, e) for e, n in [(10, 10), (20, 10), (20, 30), (10, 30)]]
    _, holes = nest_rings([outer, filling])
    assert holes == [False, False]


def test_a_hole_that_touches_the_outline_is_a_hole():
    land, holes = nest_rings([ring(0, 0, 10), [Point(0, "", 2, n, e) for e, n in [(0, 5), (5, 8), (5, 2)]]])
    assert holes == [False, True]
    assert land.area == 100 - 15


def test_two_neighbours_are_two_parts():
    land, holes = nest_rings([ring(0, 0, 10), ring(10, 0, 5)])
    assert holes == [False, False]
    assert land.area == 125
