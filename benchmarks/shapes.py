"""Shapes that look like planning data: fractal lines, ragged blobs with holes, star-shaped parcels. Plane metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]


def displace_midpoints(line: Floats, rng: np.random.Generator, *, segment_m: float, roughness: float = 0.11) -> Floats:
    """Return a polyline of shape (n, 2) made fractal by midpoint displacement until a segment has ``segment_m``."""
    line = np.asarray(line, dtype=float)
    while True:
        steps = np.diff(line, axis=0)
        if np.median(np.hypot(*steps.T)) <= segment_m:
            return line
        normals = np.column_stack([-steps[:, 1], steps[:, 0]])
        height = np.clip(rng.normal(0, roughness, len(steps)), -2 * roughness, 2 * roughness)
        middles = (line[:-1] + line[1:]) / 2 + normals * height[:, None]
        finer = np.empty((len(line) + len(middles), 2))
        finer[0::2], finer[1::2] = line, middles
        line = finer


def make_star(rng: np.random.Generator, corners: int) -> Floats:
    """Return a closed star-shaped ring of unit area around (0, 0), of shape (corners + 1, 2)."""
    angle = 2 * np.pi * (np.arange(corners) + 0.3 * rng.uniform(-1, 1, corners)) / corners + rng.uniform(0, 2 * np.pi)
    radius = 1 + 0.33 * rng.uniform(-1, 1, corners)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    ring /= np.sqrt(shapely.area(Polygon(ring)))
    return np.vstack([ring, ring[:1]])


def make_blob(
    rng: np.random.Generator, centre: Floats, *, area_m2: float, vertices: int, corners: int = 10, holes: int = 0
) -> Polygon:
    """Return a blob of about the area and the number of vertices; a fifth of them go to the holes, if any."""
    outer = _fractal_ring(rng, make_star(rng, corners) * np.sqrt(area_m2), int(vertices * 0.8) if holes else vertices)
    inner = _make_holes(rng, outer, np.sqrt(area_m2 / np.pi), holes, int(vertices * 0.2 / holes)) if holes else []
    blob = Polygon(outer.exterior.coords, [hole.exterior.coords for hole in inner])
    return shapely.transform(blob, lambda points: points + centre)


def _make_holes(rng: np.random.Generator, outer: Polygon, radius: float, count: int, vertices: int) -> list[Polygon]:
    """Holes that lie inside and keep clear of each other; fewer than asked for where they find no room."""
    size = radius * 0.35 / np.sqrt(count)
    found: list[Polygon] = []
    for place in rng.uniform(-0.75, 0.75, (count * 6, 2)) * radius:
        ring = make_star(rng, 8) * np.sqrt(np.pi) * size * 0.8 + place
        hole = _fractal_ring(rng, ring, vertices)
        clear = all(hole.distance(other) > size / 10 for other in found)
        if clear and outer.contains_properly(hole):
            found.append(hole)
        if len(found) == count:
            break
    return found


def _fractal_ring(rng: np.random.Generator, ring: Floats, vertices: int) -> Polygon:
    length = np.hypot(*np.diff(ring, axis=0).T).sum()
    fine = displace_midpoints(ring, rng, segment_m=1.3 * length / max(vertices, len(ring) - 1))
    return largest_polygon(shapely.make_valid(Polygon(fine)))


def largest_polygon(geometry: BaseGeometry) -> Polygon:
    """Return the largest polygon in a geometry, its holes filled."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return Polygon(max(parts[shapely.get_dimensions(parts) == 2], key=shapely.area).exterior)


@dataclass(frozen=True)
class Towns:
    """Where things cluster: 45 towns of shape (45, 2) with their weights and spreads, inside an outline."""

    centre: Floats
    weight: Floats
    spread_m: Floats
    outline: Polygon

    def scatter(self, rng: np.random.Generator, count: int, *, evenly: float) -> Floats:
        """Return points of shape (count, 2) inside the outline: around towns, and a share ``evenly`` anywhere."""
        x0, y0, x1, y1 = self.outline.bounds
        shapely.prepare(self.outline)
        found = np.empty((0, 2))
        while len(found) < count:
            many = int((count - len(found)) * 1.5) + 10
            town = rng.choice(len(self.centre), many, p=self.weight)
            points = self.centre[town] + rng.normal(0, 1, (many, 2)) * self.spread_m[town][:, None]
            anywhere = np.column_stack([rng.uniform(x0, x1, many), rng.uniform(y0, y1, many)])
            points = np.where((rng.random(many) < evenly)[:, None], anywhere, points)
            found = np.vstack([found, points[shapely.contains_xy(self.outline, points[:, 0], points[:, 1])]])
        return found[:count]


def found_towns(rng: np.random.Generator, city: Polygon) -> Towns:
    """Return 45 towns in a city, the first the largest."""
    outline = city.simplify(300).buffer(0)
    everywhere = Towns(np.zeros((1, 2)), np.ones(1), np.ones(1), outline)
    weight = 1 / np.arange(1, 46) ** 0.7
    return Towns(everywhere.scatter(rng, 45, evenly=1.0), weight / weight.sum(), rng.uniform(1.5e3, 8e3, 45), outline)


def make_stars(
    rng: np.random.Generator, centre: Floats, *, area_m2: Floats, vertices: NDArray[np.int64], rectangles: float
) -> NDArray[np.object_]:
    """Return star-shaped polygons of the given areas, a share ``rectangles`` of them rectangles at any angle."""
    count = len(centre)
    rectangle = rng.random(count) < rectangles
    vertices = np.where(rectangle, 4, vertices)
    start = np.concatenate([[0], np.cumsum(vertices)])
    owner = np.repeat(np.arange(count), vertices)
    place = np.arange(start[-1]) - start[owner]
    angle = 2 * np.pi * (place + 0.42 * rng.uniform(-1, 1, start[-1])) / vertices[owner]
    radius = 1 + 0.3 * rng.uniform(-1, 1, start[-1])
    # The corners of a rectangle lie on one circle, at angles that its aspect ratio gives.
    first = np.arctan(np.exp(-rng.uniform(0, 1.2, count)))
    corners = np.column_stack([first, np.pi - first, np.pi + first, 2 * np.pi - first])
    angle[rectangle[owner]] = corners[rectangle].ravel()
    radius[rectangle[owner]] = 1.0
    angle += rng.uniform(0, 2 * np.pi, count)[owner]
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    following = np.arange(1, start[-1] + 1)
    following[start[1:] - 1] = start[:-1]
    cross = points[:, 0] * points[following, 1] - points[following, 0] * points[:, 1]
    scale = np.sqrt(area_m2 / (0.5 * np.add.reduceat(cross, start[:-1])))
    points = points * scale[owner, None] + centre[owner]
    return np.asarray(shapely.polygons(shapely.linearrings(points, indices=owner)))
