"""Double points and spikes under a millimetre, on a square of 100 m."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import shapely
from pyproj import CRS

from qy_gis.parcels.vertices import drop_vertices

CORNERS = [(0, 0), (100, 0), (100, 100), (0, 100)]


def square(*extra, after=2, hole=None):
    corners = [(400_000 + x, 2_600_000 + y) for x, y in [*CORNERS[:after], *extra, *CORNERS[after:]]]
    return shapely.Polygon(corners, [] if hole is None else [hole])


def drop(polygon, *, crs=4547):
    repairs = defaultdict(list)
    polygons = np.array([polygon], dtype=object)
    drop_vertices(polygons, [0], repairs, crs=CRS.from_epsg(crs))
    return polygons[0], repairs[0]


@pytest.mark.parametrize(
    "extra",
    [
        [(100, 0)],
        [(100.0005, 0.0005)],
        [(110, 0), (100, 0.0005)],
        [(100, 0), (120, -20), (100, 0.0001)],
        [(100, 50), (130, 50), (100, 50.0001)],
    ],
    ids=["twice", "nearly twice", "thin spike", "spike from a corner", "spike from an edge"],
)
@pytest.mark.parametrize("turn", range(5))
def test_what_is_no_corner_goes_wherever_the_ring_starts(extra, turn):
    ring = np.roll(shapely.get_coordinates(square(*extra))[:-1], turn, axis=0)
    cleaned, (repair,) = drop(shapely.Polygon(np.vstack([ring, ring[:1]])))
    assert cleaned.symmetric_difference(square()).area < 0.02
    assert repair["before"].startswith(f"{5 + len(extra)} 点 / points, ")
    assert int(repair["after"].split()[0]) in (5, 6)


@pytest.mark.parametrize("extra", [[], [(100.002, 0)], [(110, 0), (100, 0.5)], [(100, 50)]])
def test_real_corners_stay(extra):
    given = square(*extra)
    assert drop(given) == (given, [])


def test_holes_and_parts_are_cleaned_too():
    hole = [(400_010, 2_600_010), (400_020, 2_600_010), (400_020, 2_600_010.0004), (400_015, 2_600_020)]
    parts = shapely.MultiPolygon([square(hole=hole), shapely.box(400_200, 2_600_000, 400_300, 2_600_100)])
    cleaned, (repair,) = drop(parts)
    assert [repair[at].split(",")[0] for at in ("before", "after")] == ["15 点 / points", "14 点 / points"]
    assert cleaned.geom_type == "MultiPolygon"


def test_in_degrees_a_millimetre_is_as_long():
    ring = [(113, 23), (113.001, 23), (113.001, 23 + 5e-9), (113, 23.001)]
    assert len(drop(shapely.Polygon(ring), crs=4490)[0].exterior.coords) == 4
    apart = [(113, 23), (113.001, 23), (113.001, 23 + 5e-8), (113, 23.001)]
    assert drop(shapely.Polygon(apart), crs=4490)[1] == []


def test_an_outline_with_nothing_left_is_left_for_others_to_refuse():
    line = shapely.Polygon([(400_000, 2_600_000), (400_100, 2_600_000), (400_050, 2_600_000.0001)])
    assert drop(line) == (line, [])


def test_what_a_spike_takes_of_the_area_is_told():
    """A spike of 1 km under 1 mm wide has an area of up to 0.5 m2."""
    cleaned, (repair,) = drop(square((1100, 0), (100, 0.00099)))
    before, after = (float(repair[at].split(", ")[1].removesuffix(" m2")) for at in ("before", "after"))
    assert before - after == pytest.approx(0.495, abs=0.011)
    assert after == pytest.approx(cleaned.area, rel=1e-3)
