import numpy as np
import pytest
import shapely

from qy_gis.overlay.thin import find_thin


@pytest.fixture
def features() -> np.ndarray:
    """Winding lines, some of several parts, points, and a polygon, which is not thin."""
    rng = np.random.default_rng(3)
    lines = [shapely.LineString(rng.normal(0, 5, (50, 2)).cumsum(axis=0)) for _ in range(6)]
    many = shapely.MultiLineString([lines[4], lines[5]])
    points = [shapely.Point(rng.uniform(-50, 50, 2)) for _ in range(20)]
    spread = shapely.MultiPoint(rng.uniform(-50, 50, (5, 2)))
    return np.array([shapely.box(0, 0, 9, 9), *lines[:4], many, *points, spread], dtype=object)


@pytest.mark.parametrize("distance", [0.001, 3.0])
def test_pairs_are_those_of_whole_features(features, distance):
    corners = np.random.default_rng(4).uniform(-60, 60, (400, 2))
    parcels = shapely.box(*corners.T, *(corners + 4).T)
    thin = find_thin(np.arange(len(features)), features)
    expected = shapely.dwithin(parcels[:, None], features[None, 1:], distance)
    found = np.zeros_like(expected)
    found[thin.meet(parcels, distance)] = True
    assert thin.places.tolist() == list(range(1, len(features)))
    assert (found == expected).all()
    assert expected.sum() > 50
    pairs = np.stack(thin.meet(parcels, distance), axis=1).tolist()
    assert pairs == sorted(pairs)


def test_a_line_of_two_parts_has_no_segment_between_them():
    apart = shapely.MultiLineString([[(0, 0), (1, 0)], [(9, 0), (10, 0)]])
    thin = find_thin(np.array([0]), np.array([apart], dtype=object))
    assert len(thin.pieces) == 2
    assert thin.meet(np.array([shapely.box(4, -1, 6, 1)]), 0.001)[0].tolist() == []


def test_a_plan_may_have_none():
    thin = find_thin(np.array([0]), np.array([shapely.box(0, 0, 1, 1)], dtype=object))
    assert len(thin.places) == 0
    assert thin.meet(np.array([shapely.box(0, 0, 1, 1)]), 0.001)[0].tolist() == []
