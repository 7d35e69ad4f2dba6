"""Random valid zones of every awkward kind, for properties that must hold of all of them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from qy_gis.measure.crs import transformer

#: Where they lie (EPSG:4547): about the middle of Qingyuan.
WEST, SOUTH, EXTENT = 360_000.0, 2_620_000.0, 80_000.0


def random_zone(rng: np.random.Generator) -> shapely.MultiPolygon:
    """Return a valid multipolygon in EPSG:4547 of one to three parts, edges of 1 m to some 10 km.

    Its parts may have spikes that run back along an edge, as overlays leave them, be slivers, have holes that touch the
    outline in a point, and be empty.
    """
    parts = []
    corner = np.array([WEST, SOUTH]) + rng.uniform(0, EXTENT, 2)
    for _ in range(rng.integers(1, 4)):
        size = 10 ** rng.uniform(0.3, 4)
        parts.append(_part(rng, corner + size, size))
        corner = corner + np.array([2.5 * size, 0])
    if rng.random() < 0.2:
        parts.insert(int(rng.integers(0, len(parts) + 1)), shapely.Polygon())
    return shapely.MultiPolygon(parts)


def make_zones(rng: np.random.Generator, count: int, epsg: int) -> NDArray[np.object_]:
    """Return random zones in a CRS, moved to it from EPSG:4547 corner by corner."""
    zones = np.array([random_zone(rng) for _ in range(count)], dtype=object)
    if epsg == 4547:
        return zones
    to_degrees = transformer(CRS.from_epsg(4547))
    zones = shapely.transform(zones, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
    if epsg == 4490:
        return zones
    to_grid = transformer(CRS.from_epsg(epsg), inverse=True)
    return shapely.transform(zones, lambda xy: np.column_stack(to_grid.transform(*xy.T)))


def _part(rng: np.random.Generator, centre: np.ndarray, size: float) -> shapely.Polygon:
    if rng.random() < 0.15:
        return _sliver(rng, centre, size)
    star = _star(rng, centre, size)
    if rng.random() < 0.4:
        star = _with_hole(rng, star)
    if rng.random() < 0.5:
        star = _with_spike(rng, star, size)
    return star


def _star(rng: np.random.Generator, centre: np.ndarray, size: float) -> shapely.Polygon:
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(4, 12)))
    # No two corners in one direction, and none of the gaps over half a turn.
    angles = np.linspace(0, 2 * np.pi, len(angles), endpoint=False) + 0.5 * angles / len(angles)
    reach = size * rng.uniform(0.2, 1, len(angles))
    corners = centre + np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, None]
    return shapely.Polygon(np.round(corners, 3) if rng.random() < 0.5 else corners)


def _sliver(rng: np.random.Generator, centre: np.ndarray, size: float) -> shapely.Polygon:
    along = np.array([np.cos(turn := rng.uniform(0, np.pi)), np.sin(turn)])
    across = np.array([-along[1], along[0]]) * 10 ** rng.uniform(-3, -0.5)
    ends = centre - along * size / 2, centre + along * size / 2
    return shapely.Polygon([ends[0], ends[1], ends[1] + across, ends[0] + across])


def _with_hole(rng: np.random.Generator, star: shapely.Polygon) -> shapely.Polygon:
    """Return the polygon with a hole that touches its outline in a corner, or lies inside it."""
    corners = np.array(star.exterior.coords[:-1])
    middle = np.array(star.centroid.coords[0])
    at = corners[rng.integers(0, len(corners))]
    hole = at + (corners - at) * 0.3
    hole = hole if rng.random() < 0.5 else middle + (corners - middle) * 0.2
    with_hole = shapely.Polygon(corners, [hole])
    return with_hole if with_hole.is_valid else star


def _with_spike(rng: np.random.Generator, star: shapely.Polygon, size: float) -> shapely.Polygon:
    """Return the polygon with a spike along the line of one of its edges, nanometres to centimetres wide."""
    corners = np.array(star.exterior.coords[:-1])
    at = int(rng.integers(0, len(corners)))
    here, before = corners[at], corners[at - 1]
    along = (here - before) / np.hypot(*(here - before))
    across = np.array([-along[1], along[0]]) * 10 ** rng.uniform(-9, -2) * rng.choice([-1, 1])
    tip = here + along * size * rng.uniform(0.01, 1) * rng.choice([-1, 1]) + across
    spiked = shapely.Polygon(np.insert(corners, at + 1, [tip, here + 2 * across], axis=0), star.interiors)
    return spiked if spiked.is_valid else star
