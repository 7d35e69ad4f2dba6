"""The ten layers of the made-up city, as polygons in plane metres: few giants, many small patches, holes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from benchmarks.shapes import (
    Floats,
    Towns,
    displace_midpoints,
    found_towns,
    largest_polygon,
    make_blob,
    make_stars,
)

#: Where the eight counties lie, km from the middle of the city.
_COUNTY_SEATS_KM = [[-50, 30], [0, 58], [45, 45], [55, -5], [20, -45], [-30, -40], [-10, 12], [20, 12]]

#: The belt's line, km from the middle of the city.
_BELT_KM = [[-70, -20], [-30, -5], [0, 10], [25, 0], [60, 20]]


@dataclass(frozen=True)
class City:
    """The layers by key, each an array of polygons, and the towns around which things cluster."""

    layers: dict[str, NDArray[np.object_]]
    towns: Towns


def make_city(seed: int) -> City:
    """Return the city of a seed: always the same for the same versions of numpy and GEOS."""
    rng = np.random.default_rng(seed)
    counties = _make_counties(rng)
    city = largest_polygon(shapely.union_all(counties))
    south, north = (largest_polygon(shapely.union_all(half)) for half in (counties[:4], counties[4:]))
    towns = found_towns(rng, city)
    heart = np.array([south.centroid.x, south.centroid.y])
    belt = shapely.linestrings(displace_midpoints(np.array(_BELT_KM) * 1e3, rng, segment_m=60))
    layers = {
        "city": [city],
        "county": counties,
        "south": [south],
        "north": [north],
        "core": [make_blob(rng, heart, area_m2=900e6, vertices=3000)],
        "belt": [belt.buffer(1500, quad_segs=4)],
        "park": _make_parks(rng, towns),
        "farmland": _make_farmland(rng, towns),
        "redline": _make_redline(rng, towns),
        "water": _make_water(rng, towns),
    }
    return City({key: _polygons(shapes) for key, shapes in layers.items()}, towns)


def _polygons(shapes: Iterable[BaseGeometry]) -> NDArray[np.object_]:
    flat = np.array(list(shapes), dtype=object)
    broken = ~shapely.is_valid(flat)
    flat[broken] = shapely.make_valid(flat[broken], method="structure", keep_collapsed=False)
    return flat


def _make_counties(rng: np.random.Generator) -> list[Polygon]:
    """Eight counties with fractal borders that neighbours share vertex by vertex, the southernmost first."""
    angle = np.linspace(0, 2 * np.pi, 26, endpoint=False)
    waves = 0.17 * np.sin(2 * angle + 0.6) + 0.12 * np.sin(3 * angle + 2.0) + 0.07 * rng.uniform(-1, 1, 26)
    radius = 76e3 * (1 + waves)
    outline = Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    seats = np.array(_COUNTY_SEATS_KM) * 1e3
    seats += rng.uniform(-6e3, 6e3, seats.shape)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seats), extend_to=outline))
    borders = shapely.boundary(shapely.intersection(cells, outline))
    edges = shapely.get_parts(shapely.line_merge(shapely.union_all(borders)))
    fine = [displace_midpoints(shapely.get_coordinates(edge), rng, segment_m=15) for edge in edges]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([shapely.linestrings(line) for line in fine])]))
    faces = faces[np.argsort(-shapely.area(faces))]
    counties, crumbs = list(faces[:8]), faces[8:]
    # Where a fractal border crosses itself it cuts off a crumb: it goes to the neighbour with the longest common line.
    for crumb in crumbs:
        common = [shapely.length(shapely.intersection(county.boundary, crumb.boundary)) for county in counties]
        if max(common) > 0:
            counties[int(np.argmax(common))] = shapely.union(counties[int(np.argmax(common))], crumb)
    return sorted((largest_polygon(county) for county in counties), key=lambda county: county.centroid.y)


def _make_parks(rng: np.random.Generator, towns: Towns) -> list[BaseGeometry]:
    """Sixty parks, every other one a circle."""
    return [
        shapely.Point(place).buffer(rng.uniform(150, 2500), quad_segs=32)
        if number % 2
        else make_blob(rng, place, area_m2=rng.uniform(0.1e6, 15e6), vertices=300)
        for number, place in enumerate(towns.scatter(rng, 60, evenly=0.4))
    ]


def _make_farmland(rng: np.random.Generator, towns: Towns) -> NDArray[np.object_]:
    """Twenty thousand patches of 8-200 vertices, 0.3-100 ha; they overlap one another where they cluster."""
    return make_stars(
        rng,
        towns.scatter(rng, 20_000, evenly=0.35),
        area_m2=10 ** rng.uniform(np.log10(3e3), 6, 20_000),
        vertices=np.clip(rng.geometric(1 / 35, 20_000) + 7, 8, 200),
        rectangles=0.0,
    )


def _make_redline(rng: np.random.Generator, towns: Towns) -> list[Polygon]:
    """Three thousand patches: 12 of about 20,000 vertices with 20-50 holes, 288 middling, the rest small."""
    patches = []
    for number, place in enumerate(towns.scatter(rng, 3000, evenly=0.8)):
        if number < 12:
            area, vertices, corners, holes = rng.uniform(80e6, 350e6), 20_000, 14, int(rng.integers(20, 51))
        elif number < 300:
            area, vertices, corners = rng.uniform(1e6, 20e6), int(rng.integers(500, 3000)), 10
            holes = int(rng.integers(1, 6)) if number % 2 else 0
        else:
            area, vertices, corners, holes = 10 ** rng.uniform(4.7, 6), int(rng.integers(30, 300)), 8, 0
        patches.append(make_blob(rng, place, area_m2=area, vertices=vertices, corners=corners, holes=holes))
    return patches


def _make_water(rng: np.random.Generator, towns: Towns) -> list[BaseGeometry]:
    """Fifty stretches of river and a hundred and fifty lakes."""
    places = towns.scatter(rng, 200, evenly=0.5)
    rivers = [_make_river(rng, place) for place in places[:50]]
    lakes = [
        make_blob(rng, place, area_m2=10 ** rng.uniform(4, 7), vertices=int(rng.integers(60, 2000)))
        for place in places[50:]
    ]
    return [*rivers, *lakes]


def _make_river(rng: np.random.Generator, source: Floats) -> BaseGeometry:
    angle = rng.uniform(0, 2 * np.pi)
    mouth = source + rng.uniform(3e3, 20e3) * np.array([np.cos(angle), np.sin(angle)])
    course = displace_midpoints(np.array([source, mouth]), rng, segment_m=40)
    return shapely.linestrings(course).buffer(rng.uniform(30, 200), quad_segs=2)
