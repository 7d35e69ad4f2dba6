"""Flaws and simple outlines told from corners alone; GEOS is the judge of what is simple."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from qy_gis.parcels.corners import find_flawed, find_simple, find_unreal, in_metres, take_rings

SQUARE = shapely.box(400_000, 2_600_000, 400_100, 2_600_100)
METRES = np.ones(2)


def rings_of(*polygons):
    return take_rings(np.array(polygons, dtype=object))


def test_rings_of_polygons_holes_parts_and_none():
    hole = shapely.Polygon(SQUARE.exterior, [shapely.box(400_010, 2_600_010, 400_020, 2_600_020).exterior.coords])
    parts = shapely.from_wkt("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY, ((5 5, 6 5, 6 6, 5 5)))")
    rings = rings_of(hole, SQUARE, None, parts)
    assert sorted(zip(rings.of.tolist(), rings.alone.tolist(), np.diff(rings.start).tolist(), strict=True)) == [
        (0, False, 5),
        (0, False, 5),
        (1, True, 5),
        (3, False, 4),
        (3, False, 4),
    ]
    assert rings.extent.tolist() == [0, 0, 400_100, 2_600_100]
    assert len(rings.x) == len(rings.y) == rings.start[-1] == 23


def test_no_rings_at_all():
    assert rings_of(None, None).extent.tolist() == [np.inf, np.inf, -np.inf, -np.inf]


def test_coordinates_that_are_not_numbers():
    with np.errstate(invalid="ignore"):
        unreal = [shapely.Polygon([(0, 0), (1, wrong), (1, 1)]) for wrong in (np.nan, np.inf, -np.inf)]
    assert find_unreal(rings_of(SQUARE, *unreal, SQUARE)).tolist() == [1, 2, 3]
    assert find_unreal(rings_of(SQUARE)).tolist() == []


def test_a_degree_is_as_long_as_on_the_ground():
    assert in_metres(rings_of(shapely.box(113, 59, 113.1, 61)), geographic=True) == pytest.approx([55_500, 111_000])
    assert in_metres(rings_of(SQUARE), geographic=False).tolist() == [1, 1]


@pytest.mark.parametrize("turn", range(6))
def test_flaws_are_found_wherever_a_ring_starts(turn):
    corners = shapely.get_coordinates(SQUARE)[:-1]
    for extra in ([(400_100.0005, 2_600_100)], [(400_150, 2_600_100), (400_100, 2_600_100.0005)]):
        ring = np.roll(np.insert(corners, 2, extra, axis=0), turn, axis=0)
        assert find_flawed(rings_of(SQUARE, shapely.Polygon(ring)), METRES).tolist() == [1]


@pytest.mark.parametrize(
    ("wkt", "simple"),
    [
        ("POLYGON ((0 0, 1 0, 0 1, 0 0))", True),
        ("POLYGON ((0 0, 0 1, 1 0, 0 0))", True),
        ("POLYGON ((0 0, 4 0, 4 3, 3 3, 3 4, 0 4, 0 0))", True),
        ("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", False),
        ("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0, 2 0, 2 2, 0 2, 0 0))", False),
        ("POLYGON ((0 3, 2 -3, -3 1, 3 1, -2 -3, 0 3))", False),
        ("POLYGON ((0 0, 1 0, 2 0, 0 0))", False),
        ("POLYGON ((0 0, 1 0, 1 0, 0 1, 0 0))", False),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))", False),
    ],
    ids=["anticlockwise", "clockwise", "L", "bow tie", "twice round", "star", "line", "double point", "hole"],
)
def test_what_goes_once_round_its_middle_is_simple(wkt, simple):
    assert find_simple(rings_of(shapely.from_wkt(wkt))).tolist() == [0] * simple


places = st.tuples(st.integers(0, 12), st.integers(0, 12))


@given(st.lists(places, min_size=3, max_size=9), st.sampled_from([(1, 0), (1e-4, 0), (1e-9, 2_600_000), (3.7, 38e6)]))
def test_nothing_is_called_simple_that_geos_calls_invalid(corners, grid):
    scale, shift = grid
    polygon = affinity.translate(affinity.scale(shapely.Polygon(corners), scale, scale, origin=(0, 0)), shift, shift)
    if len(find_simple(rings_of(polygon))):
        assert polygon.is_valid


@given(st.lists(places, min_size=3, max_size=9))
def test_convex_outlines_are_all_called_simple(corners):
    hull = shapely.MultiPoint(corners).convex_hull
    if hull.geom_type == "Polygon":
        assert find_simple(rings_of(SQUARE, hull)).tolist() == [0, 1]
