"""Parcels of the made-up city: 4-60 vertices, 0.1-50 ha, clustered around towns, with the awkward cases in."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from benchmarks.shapes import Towns, make_stars

#: A polygon with this many coordinates or fewer is as simple as a parcel.
_PARCEL_COORDINATES = 61


def make_parcels(count: int, *, seed: int, towns: Towns, farmland: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return valid parcels in plane metres, of shape (count,).

    One in a hundred is an exact copy of a farmland patch, one in a hundred a strip laid against the edge of a patch, so
    that the two share the edge; one in two hundred has a hole.
    """
    rng = np.random.default_rng([seed, count])
    parcels = make_stars(
        rng,
        towns.scatter(rng, count, evenly=0.25),
        area_m2=10 ** rng.uniform(3, np.log10(5e5), count),
        vertices=np.clip(rng.geometric(1 / 14, count) + 4, 5, 60),
        rectangles=0.3,
    )
    chosen = rng.permutation(count)
    copies, strips, holed = np.split(chosen[: 2 * (count // 100) + count // 200], [count // 100, 2 * (count // 100)])
    simple = farmland[shapely.get_num_coordinates(farmland) <= _PARCEL_COORDINATES]
    parcels[copies] = rng.choice(simple, len(copies))
    parcels[strips] = [_lay_strip(rng, patch) for patch in rng.choice(simple, len(strips))]
    parcels[holed] = [_make_hole(parcel) for parcel in parcels[holed]]
    return parcels


def _lay_strip(rng: np.random.Generator, patch: Polygon) -> Polygon:
    """A strip of 1-8 m on the outer side of one edge of a patch (whose vertices run counter-clockwise)."""
    ring = shapely.get_coordinates(patch)
    first = int(rng.integers(0, len(ring) - 1))
    start, end = ring[first], ring[first + 1]
    along = end - start
    outwards = np.array([along[1], -along[0]]) / np.hypot(*along) * rng.uniform(1, 8)
    return Polygon([start, start + outwards, end + outwards, end])


def _make_hole(parcel: Polygon) -> Polygon:
    """The parcel with a small square hole; as it is where the square would not fit."""
    middle = parcel.representative_point()
    half = 0.05 * np.sqrt(parcel.area)
    hole = shapely.box(middle.x - half, middle.y - half, middle.x + half, middle.y + half)
    return Polygon(parcel.exterior.coords, [hole.exterior.coords]) if parcel.contains_properly(hole) else parcel
