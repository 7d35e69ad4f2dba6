"""Coordinates without a CRS: recognised or refused."""

from __future__ import annotations

import numpy as np
import pytest

from qy_gis.errors import CRSError, SourceError
from qy_gis.parcels.coordinates import recognise

NORTH, EAST = np.array([2622000.0, 2622040.0]), np.array([440000.0, 440050.0])
LAT, LON = np.array([23.5, 23.6]), np.array([113.0, 113.1])


def know(first, second, *, crs=None, north_first=True):
    found = recognise(first, second, crs=crs, north_first=north_first, title="it")
    return found.north_first, found.crs.to_epsg(), [repair["what"].split(" / ")[0] for repair in found.repairs]


ZONE, DATUM, TURNED = "坐标系未填,带号取自横坐标", "坐标系未填,按 2000 国家大地坐标系读", "X、Y 颠倒"


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        (NORTH, EAST + 38e6, (True, 4526, [ZONE])),
        (EAST + 37e6, NORTH, (False, 4525, [TURNED, ZONE])),
        (LAT, LON, (True, 4490, [DATUM])),
        (LON, LAT, (False, 4490, [TURNED, DATUM])),
    ],
)
def test_zone_prefixes_and_degrees_are_recognised(first, second, known):
    assert know(first, second) == known


def test_a_crs_given_is_taken_and_the_order_still_told():
    assert know(EAST, NORTH, crs=4547) == (False, 4547, [TURNED])
    assert know(np.array([5.0]), np.array([6.0]), crs=4326, north_first=False) == (False, 4326, [])


@pytest.mark.parametrize(
    ("first", "second", "error", "message"),
    [
        (NORTH, EAST, CRSError, "no zone prefix"),
        (NORTH, EAST + np.array([37e6, 38e6]), CRSError, r"prefixes \[37, 38\]"),
        (NORTH, EAST + 20e6, CRSError, "zone 20 is not a 3-degree zone"),
        (NORTH, NORTH, SourceError, "found \\(2622000, 2622000\\) first"),
        (np.array([np.nan]), np.array([np.inf]), SourceError, "accepted are, for all points alike"),
        (np.append(NORTH, 23.5), np.append(EAST, 113), SourceError, "for all points alike"),
    ],
)
def test_what_is_not_recognised_is_refused(first, second, error, message):
    with pytest.raises(error, match=message):
        know(first, second)
