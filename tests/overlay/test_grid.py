"""Areas and contact of the kernel against GEOS in the same plane, on random and on adversarial input."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from qy_gis import compiling
from qy_gis.measure.outlines import take_outlines
from qy_gis.overlay import grid as grid_module
from qy_gis.overlay.grid import TOUCH_M, TOUCH_M2, cut_zones, overlap_areas, sign_edges


def array(*geometries):
    out = np.empty(len(geometries), dtype=object)
    out[:] = geometries
    return out


def matrix(parcels, zones):
    """Areas and relations (2 area, 1 contact, 0 nothing) of all pairs."""
    parcel, zone, area, contact = overlap_areas(sign_edges(take_outlines(parcels)), cut_zones(zones))
    areas = np.zeros((len(parcels), len(zones)))
    areas[parcel, zone] = area
    touches = np.zeros(areas.shape, dtype=bool)
    touches[parcel, zone] = contact
    return areas, np.where(areas > TOUCH_M2, 2, np.where(touches, 1, 0))


def expected(parcels, zones):
    areas = shapely.area(shapely.intersection(parcels[:, None], zones[None, :]))
    near = shapely.dwithin(parcels[:, None], zones[None, :], TOUCH_M)
    return areas, np.where(areas > TOUCH_M2, 2, np.where(near, 1, 0))


def random_polygons(rng, count, size, *, lattice, origin):
    """Stars with holes and second parts, wound either way; on a lattice edges and corners coincide."""
    out = []
    while len(out) < count:
        corners = int(rng.integers(3, 14))
        turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = size * rng.uniform(0.2, 1, corners)
        centre = rng.uniform(0, 2000, 2)
        points = centre + np.column_stack([reach * np.cos(turn), reach * np.sin(turn)])
        shape = shapely.Polygon(np.round(points / 100) * 100 if lattice else points)
        if not shape.is_valid:
            continue
        if rng.random() < 0.3:
            shape = shape - shapely.Point(centre).buffer(size * 0.3, quad_segs=2)
        if rng.random() < 0.2:
            corner = np.round(rng.uniform(0, 2000, 2) / 100) * 100
            shape = shape | shapely.box(*corner, *(corner + 100))
        if rng.random() < 0.5:
            shape = shape.reverse()
        if shape.is_valid and shape.area > 1 and shape.geom_type in ("Polygon", "MultiPolygon"):
            out.append(shapely.transform(shape, lambda points: points + origin))
    return array(*out)


# 42 examples of 50 parcels and 50 zones: 105,000 pairs in a run.
@settings(max_examples=42, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([100.0, 300.0]),
    st.sampled_from([200.0, 600.0, 1000.0]),
    st.sampled_from([(0.0, 0.0), (30_000.0, -50_000.0), (10_000_000.0, 4_000_000.0)]),
)
def test_random_pairs_agree_with_geos(seed, lattice, parcel_size, zone_size, origin):
    rng = np.random.default_rng(seed)
    parcels = random_polygons(rng, 50, parcel_size, lattice=lattice, origin=np.array(origin))
    zones = random_polygons(rng, 50, zone_size, lattice=lattice, origin=np.array(origin))
    areas, relations = matrix(parcels, zones)
    exact, should_be = expected(parcels, zones)
    assert np.abs(areas - exact).max() < 1e-3
    # Where area or distance is itself on the edge of a tolerance, either answer is right.
    near = shapely.distance(parcels[:, None], zones[None, :])
    doubtful = (np.abs(exact - TOUCH_M2) < 1e-4) | (np.abs(near - TOUCH_M) < 1e-6)
    assert (relations == should_be)[~doubtful].all()


@pytest.mark.parametrize("few", [True, False])
def test_plain_and_compiled_give_the_same_digits(monkeypatch, few):
    rng = np.random.default_rng(3)
    zones = cut_zones(random_polygons(rng, 40, 600.0, lattice=False, origin=np.zeros(2)))
    parcels = random_polygons(rng, 40, 300.0, lattice=True, origin=np.zeros(2))
    default = overlap_areas(sign_edges(take_outlines(parcels)), zones)
    monkeypatch.setattr(compiling, "_LOADING", np.inf if few else 0)
    for first, second in zip(default, overlap_areas(sign_edges(take_outlines(parcels)), zones), strict=True):
        assert np.array_equal(first, second)


def test_one_parcel_of_many_has_the_digits_it_has_alone():
    rng = np.random.default_rng(4)
    zones = cut_zones(random_polygons(rng, 30, 600.0, lattice=False, origin=np.zeros(2)))
    parcels = random_polygons(rng, 30, 300.0, lattice=False, origin=np.zeros(2))
    parcel, zone, area, _ = overlap_areas(sign_edges(take_outlines(parcels)), zones)
    for number in range(30):
        _, own_zone, own_area, _ = overlap_areas(sign_edges(take_outlines(parcels[[number]])), zones)
        assert np.array_equal(zone[parcel == number], own_zone)
        assert np.array_equal(area[parcel == number], own_area)


SQUARE = shapely.box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("zone", "area", "relation"),
    [
        (SQUARE, 10_000, 2),  # the same outline
        (shapely.box(-1e6, -1e6, 1e6, 1e6), 10_000, 2),
        (shapely.box(100, 0, 200, 100), 0, 1),  # a shared edge
        (shapely.box(100, 100, 200, 200), 0, 1),  # a shared corner
        (shapely.box(100.0005, 0, 200, 100), 0, 1),  # half a millimetre apart
        (shapely.box(100.01, 0, 200, 100), 0, 0),  # a centimetre apart
        (shapely.Polygon([(100, 50), (200, 0), (200, 100)]), 0, 1),  # a corner on an edge
        (shapely.Polygon([(50, 50), (150, 0), (150, 100)]), 1250, 2),
        (SQUARE - shapely.box(25, 25, 75, 75), 7_500, 2),
        (SQUARE - shapely.Polygon([(0, 50), (50, 25), (50, 75)]), 8_750, 2),  # a hole that touches its shell
        (shapely.box(-100, -100, 200, 200) - SQUARE, 0, 1),  # it fills the hole
        (shapely.MultiPolygon([shapely.box(-50, -50, 0, 0), shapely.box(90, 90, 150, 150)]), 100, 2),
        (shapely.box(50, -1000, 50.001, 1000), 0.1, 2),  # a millimetre wide
        (shapely.box(99.999995, 0, 200, 100), 0, 1),  # 0.0005 m2 is contact
        (shapely.box(50, 50, 50.01, 50.01), 0, 1),  # a square centimetre in the middle
    ],
)
def test_telling_pairs(zone, area, relation):
    areas, relations = matrix(array(SQUARE), array(zone))
    assert areas[0, 0] == pytest.approx(area, abs=1e-3)
    assert relations[0, 0] == relation


def test_a_boundary_on_the_lines_between_cells(monkeypatch):
    # Whatever the cells, a zone whose edges lie on their borders keeps its area and its contacts.
    zones = array(*(shapely.box(x, y, x + 100, y + 100) for x in range(0, 500, 100) for y in range(0, 500, 100)))
    frame = np.array([0.0, 0.0, 50.0, 11.0, 11.0, 1.0])
    monkeypatch.setattr(grid_module, "_fit_frame", lambda polygons, rounded: frame)
    parcels = array(shapely.box(100, 100, 200, 200), shapely.box(150, 150, 250, 350), shapely.box(500, 0, 600, 100))
    areas, relations = matrix(parcels, zones)
    exact, should_be = expected(parcels, zones)
    assert np.array_equal(areas, exact)
    assert np.array_equal(relations, should_be)


def test_pieces_add_up_to_their_zone_however_many_vertices():
    rng = np.random.default_rng(5)
    turn = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    reach = 50_000 * (0.7 + 0.3 * np.cumsum(rng.normal(0, 1, len(turn))) / 5_000)
    zone = shapely.make_valid(shapely.Polygon(np.column_stack([reach * np.cos(turn), reach * np.sin(turn)])))
    cut = cut_zones(array(zone))
    whole = array(shapely.box(*zone.bounds).buffer(10))
    assert overlap_areas(sign_edges(take_outlines(whole)), cut, contact=False)[2][0] == pytest.approx(
        zone.area, rel=1e-9
    )


def test_corners_kept_to_a_micrometre_change_no_area():
    rng = np.random.default_rng(7)
    turn = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    zones = []
    for x, y in rng.uniform(0, 20_000, (40, 2)):
        reach = 500 * rng.uniform(0.9, 1.1, len(turn))
        zones.append(shapely.Polygon(np.column_stack([x + reach * np.cos(turn), y + reach * np.sin(turn)])))
    boxes = array(*(shapely.box(x, y, x + 300, y + 200) for x, y in rng.uniform(0, 20_000, (900, 2))))
    lots = sign_edges(take_outlines(boxes))
    exact, rounded = cut_zones(array(*zones)), cut_zones(array(*zones), rounded=True)
    assert rounded.edges.nbytes * 2 == exact.edges.nbytes
    parcel, zone, area, _ = overlap_areas(lots, exact, contact=False)
    assert len(parcel) > 100
    again = overlap_areas(lots, rounded, contact=False)
    assert np.array_equal(again[:2], (parcel, zone))
    assert np.abs(again[2] - area).max() < 1e-3


def test_large_cells_keep_their_corners_as_they_are():
    assert cut_zones(array(shapely.box(0, 0, 50_000, 50_000)), rounded=True).edges.dtype == np.float64


def test_a_parcel_of_a_hundred_thousand_vertices():
    turn = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    reach = 3_000 + 200 * np.sin(40 * turn)
    parcel = shapely.Polygon(np.column_stack([reach * np.cos(turn), reach * np.sin(turn)]))
    zones = array(
        *(shapely.box(x, y, x + 900, y + 900) for x in range(-4000, 4000, 1000) for y in range(-4000, 4000, 1000))
    )
    areas, _ = matrix(array(parcel), zones)
    assert areas[0] == pytest.approx(shapely.area(shapely.intersection(parcel, zones)), abs=1e-3)


def test_many_zones_in_one_place():
    zones = array(*(shapely.box(0, 0, 10 + n, 10) for n in range(300)))
    areas, _ = matrix(array(shapely.box(5, 5, 400, 400)), zones)
    assert areas[0] == pytest.approx([(5 + n) * 5 for n in range(300)])


def test_a_parcel_far_from_every_zone_or_larger_than_the_grid():
    zones = array(SQUARE)
    areas, relations = matrix(array(shapely.box(1e7, 1e7, 1e7 + 9, 1e7 + 9), shapely.box(-1e7, -1e7, 1e7, 1e7)), zones)
    assert areas[:, 0].tolist() == [0, pytest.approx(10_000)]
    assert relations[:, 0].tolist() == [0, 2]


@pytest.mark.parametrize("zones", [array(), array(shapely.Polygon())])
def test_no_zone_gives_no_overlap(zones):
    assert len(overlap_areas(sign_edges(take_outlines(array(SQUARE))), cut_zones(zones))[0]) == 0


def test_edges_do_not_depend_on_winding():
    ring = SQUARE - shapely.box(25, 25, 75, 75)
    for shape in (ring, ring.reverse(), shapely.orient_polygons(ring)):
        edges = sign_edges(take_outlines(array(shape)))
        under = edges.sign * (edges.x1 - edges.x0) * (edges.y0 + edges.y1) / 2
        assert under.sum() == pytest.approx(7_500)
        assert edges.first.tolist() == [0, 8]
