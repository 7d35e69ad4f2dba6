"""Flaws and simple outlines told from corners alone; GEOS is the judge of what is simple."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from qy_gis.parcels import corners
from qy_gis.parcels.corners import Wkb, find_bare, find_unreal, in_metres, judge_rings, read_rings, take_rings

SQUARE = shapely.box(400_000, 2_600_000, 400_100, 2_600_100)


def rings_of(*polygons):
    given = np.array(polygons, dtype=object)
    return list(take_rings(given, np.arange(len(given))))


@pytest.fixture(autouse=True)
def one_is_many(monkeypatch):
    monkeypatch.setattr(corners, "_FEW", 0)


def judge(*polygons, geographic=False):
    """Return the places of polygons with flaws, and of those that are simple for certain."""
    judged = [judge_rings(rings, geographic=geographic) for rings in rings_of(*polygons)]
    return [sorted({int(i) for one in judged for i in one[k]}) for k in (0, 1)]


def bytes_of(values):
    return Wkb(np.frombuffer(b"".join(values), np.uint8), np.cumsum([0, *map(len, values)]))


def test_rings_of_polygons_holes_parts_and_none():
    hole = shapely.Polygon(SQUARE.exterior, [shapely.box(400_010, 2_600_010, 400_020, 2_600_020).exterior.coords])
    parts = shapely.from_wkt("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY, ((5 5, 6 5, 6 6, 5 5)))")
    four, five = rings_of(hole, SQUARE, None, parts)
    assert (sorted(four.of), four.alone.tolist(), four.x.shape, four.y.shape) == ([3, 3], [False] * 2, (4, 2), (4, 2))
    assert sorted(zip(five.of.tolist(), five.alone.tolist(), strict=True)) == [(0, False), (0, False), (1, True)]
    assert (four.extent, five.extent) == ((0, 0, 6, 6), (400_000, 2_600_000, 400_100, 2_600_100))
    assert five.x[:, five.alone].ravel().tolist() == [400_100, 400_100, 400_000, 400_000, 400_100]


def test_rings_are_of_the_places_asked_for():
    given = np.array([SQUARE, None, SQUARE], dtype=object)
    (rings,) = take_rings(given, np.array([1, 2]))
    assert rings.of.tolist() == [2]
    assert rings_of(None, None) == []


def test_more_rings_than_are_looked_at_together():
    many = [affinity.translate(SQUARE, i) for i in range(20_000)]
    groups = rings_of(*many)
    assert len(groups) > 1
    assert np.concatenate([rings.of for rings in groups]).tolist() == list(range(20_000))
    assert np.concatenate([rings.x[2] for rings in groups]).tolist() == [400_000 + i for i in range(20_000)]


HOLED = SQUARE - shapely.box(400_010, 2_600_010, 400_020, 2_600_020)
BARE = [SQUARE, shapely.Polygon([(0, 0), (9, 0), (0, 9)]), shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])]
OTHERS = [
    *shapely.to_wkb([HOLED, shapely.MultiPolygon([SQUARE]), shapely.force_3d(SQUARE, 1.0), shapely.Polygon()]),
    *shapely.to_wkb([shapely.Point(1, 2), SQUARE.exterior, shapely.GeometryCollection([SQUARE])]),
    shapely.to_wkb(SQUARE, byte_order=0),
    shapely.to_wkb(shapely.set_srid(SQUARE, 4547), include_srid=True),
    shapely.to_wkb(SQUARE)[:-1],
    shapely.to_wkb(SQUARE) + b"\0",
    shapely.to_wkb(SQUARE)[:13],
    b"",
    b"\1",
]


def test_rings_are_read_from_bytes_where_there_is_one_alone():
    values = [wkb for pair in zip(OTHERS, [*shapely.to_wkb(BARE)] * 5, strict=False) for wkb in pair]
    wkb = bytes_of(values)
    bare = find_bare(wkb)
    assert bare.tolist() == [False, True] * len(OTHERS)
    places = np.flatnonzero(bare)
    shapes = np.full(len(values), None)
    shapes[places] = ([*BARE] * 5)[: len(places)]
    read, taken = list(read_rings(wkb, places)), list(take_rings(shapes, places))
    assert len(read) == len(taken) == 2
    for one, other in zip(read, taken, strict=True):
        assert one.extent == other.extent
        for name in ("of", "alone", "x", "y"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_no_bytes_at_all():
    assert find_bare(bytes_of([b"", b""])).tolist() == [False, False]
    assert find_bare(bytes_of([])).tolist() == []


def test_coordinates_that_are_not_numbers():
    with np.errstate(invalid="ignore"):
        unreal = [shapely.Polygon([(0, 0), (1, wrong), (1, 1)]) for wrong in (np.nan, np.inf, -np.inf)]
    assert [find_unreal(rings).tolist() for rings in rings_of(SQUARE, *unreal, SQUARE)] == [[1, 2, 3], []]


def test_a_degree_is_as_long_as_on_the_ground():
    assert in_metres(np.array([0.0, 60.0]))[0] == pytest.approx([111_000, 55_500])
    assert in_metres(np.array([60.0]))[1] == 111_000


@pytest.mark.parametrize("turn", range(6))
def test_flaws_are_found_wherever_a_ring_starts(turn):
    square = shapely.get_coordinates(SQUARE)[:-1]
    for extra in ([(400_100.0005, 2_600_100)], [(400_150, 2_600_100), (400_100, 2_600_100.0005)]):
        ring = np.roll(np.insert(square, 2, extra, axis=0), turn, axis=0)
        assert judge(SQUARE, shapely.Polygon(ring)) == [[1], [0]]


def test_flaws_in_degrees_are_a_millimetre_at_their_latitude():
    # 1.5e-8 degrees of longitude are 1.5 mm at 25 N, and 0.8 mm at 60 N.
    apart = [
        [(110, y), (110.001, y), (110.001, y + 0.001), (110 + 1.5e-8, y + 0.001), (110, y + 0.001)] for y in (25, 60)
    ]
    assert judge(*map(shapely.Polygon, apart), geographic=True) == [[1], [0]]


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
    assert judge(shapely.from_wkt(wkt))[1] == [0] * simple


def test_few_corners_are_left_to_geos(monkeypatch):
    monkeypatch.setattr(corners, "_FEW", 11)
    assert judge(SQUARE, SQUARE) == [[], []]
    assert judge(SQUARE, SQUARE, SQUARE) == [[], [0, 1, 2]]


U = [(0, 0), (9, 0), (9, 9), (6, 9), (6, 2), (3, 2), (3, 9), (0, 9)]
#: The same with an arm bent over onto the other.
BENT = [(0, 0), (9, 0), (9, 9), (2, 9), (2, 8), (6, 2), (3, 2), (3, 9), (0, 9)]


@pytest.mark.parametrize("angle", [0, 30, 45, 77, 90, 200])
@pytest.mark.parametrize("turn", range(8))
def test_what_no_point_sees_all_of_is_simple_if_its_edges_keep_apart(angle, turn):
    ring, crossed = (affinity.rotate(shapely.Polygon(np.roll(one, turn, axis=0)), angle) for one in (U, BENT))
    # Seen along another edge than its first, boxes are as narrow.
    assert judge(affinity.translate(ring, 4e5, 26e5), affinity.translate(crossed, 4e5, 26e5))[1] == [0]


def test_outlines_of_very_many_corners_that_wind_are_left_to_geos():
    comb = [(x, y) for i in range(20) for x, y in ((2 * i, 0), (2 * i, 9), (2 * i + 1, 9), (2 * i + 1, 0))]
    assert judge(shapely.Polygon([*comb, (39, -1), (0, -1)])) == [[], []]


places = st.tuples(st.integers(0, 12), st.integers(0, 12))


@given(st.lists(places, min_size=3, max_size=12), st.sampled_from([(1, 0), (1e-4, 0), (1e-9, 2_600_000), (3.7, 38e6)]))
def test_nothing_is_called_simple_that_geos_calls_invalid(corners, grid):
    scale, shift = grid
    polygon = affinity.translate(affinity.scale(shapely.Polygon(corners), scale, scale, origin=(0, 0)), shift, shift)
    if judge(polygon)[1]:
        assert polygon.is_valid


@given(st.lists(places, min_size=3, max_size=9))
def test_convex_outlines_are_all_called_simple(corners):
    hull = shapely.MultiPoint(corners).convex_hull
    if hull.geom_type == "Polygon":
        assert judge(SQUARE, hull)[1] == [0, 1]
