"""Setbacks: the land within a distance of a layer's features, as drawn and as it may be.

A setback is to the land around features what `qy_gis.overlay.zones` is to the land inside them: it is kept three times,
and known only as far as the layer is complete around. Points and lines have one too, and features outside the study
area count like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from qy_gis.measure.crs import CGCS2000, grid_epsg, planar_excess_ppm, transformer
from qy_gis.measure.plane import Geometries, to_plane
from qy_gis.overlay.zones import BEND_M, buffer_grid, close_gaps, grid_zone_of, place_in_grid, unite
from qy_gis.plan.model import Plan

#: Segments to a quarter of a round corner: they stay inside the circle by at most 0.03 % of the distance.
_QUADRANT_SEGMENTS = 32


@dataclass(frozen=True)
class Setback:
    """Land within a distance of a layer's features, in the survey plane.

    Attributes
    ----------
    union, union_low, union_high
        Within the distance of the features as drawn; within it less the layer's accuracy, which is so wherever their
        lines really are; and within it and the accuracy. ``union_high`` is cut to ``covered``.
    covered
        Where the layer is complete as far as the distance reaches; None means everywhere. Just beyond the edge of what
        was surveyed there may be a feature that nobody knows of.
    """

    union: BaseGeometry
    union_low: BaseGeometry
    union_high: BaseGeometry
    covered: BaseGeometry | None


def list_setbacks(plan: Plan) -> list[tuple[str, float]]:
    """Return the layer and the distance (m) of every setback that rules of a plan ask for, each once, in its order."""
    asked = [(key, rule.distance_m) for key, layer in plan.layers.items() for rule in layer.rules]
    return list(dict.fromkeys((key, distance) for key, distance in asked if distance is not None))


def project_setback(plan: Plan, key: str, distance_m: float) -> Setback:
    """Return the land within a distance of a layer's features.

    Parameters
    ----------
    plan, key
        The layer.
    distance_m
        On the ground, metres, over 0.

    Raises
    ------
    PlanError
        The layer's data have faults.

    Examples
    --------
    Rivers whose lines may be off by 3 km, and 5 km to be kept off them:

    >>> import qy_gis as qy
    >>> strip = project_setback(qy.read_plan(), "river", 5000)
    >>> [round(part.area / 1e6, -2) for part in (strip.union_low, strip.union)]
    [2600.0, 6400.0]
    """
    grid_zone = grid_zone_of(plan)
    table, accuracy_m = plan.features(key), plan.layers[key].accuracy_m
    stored = table.geometry.to_numpy()
    in_grid = place_in_grid(stored, table.crs, grid_zone)
    union = _reach(in_grid, distance_m, grid_zone)
    low = high = union
    if accuracy_m > 0 and len(stored):
        high = _reach(in_grid, distance_m + accuracy_m, grid_zone, at_least=True)
        if distance_m > accuracy_m:
            low = _reach(in_grid, distance_m - accuracy_m, grid_zone)
        else:
            # Surely within the distance is then only what is deep enough inside a polygon.
            parts = shapely.get_parts(place_in_grid(np.array([unite(stored)], dtype=object), table.crs, grid_zone))
            low = _shrink(close_gaps(parts, accuracy_m) if len(parts) else parts, accuracy_m - distance_m, grid_zone)
    coverage, covered = plan.coverage(key), None
    if coverage is not None:
        surveyed = shapely.get_parts(place_in_grid(np.array([coverage], dtype=object), CGCS2000, grid_zone))
        covered = _shrink(surveyed, distance_m, grid_zone)
        high = unite(np.array([shapely.intersection(high, covered)], dtype=object))
    return Setback(union, low, high, covered)


def _shrink(in_grid: Geometries, distance_m: float, grid_zone: int) -> BaseGeometry:
    """Shrink polygons by at least a distance on the ground."""
    return unite(buffer_grid(in_grid, -distance_m, grid_zone) if len(in_grid) else in_grid)


def _reach(in_grid: Geometries, distance_m: float, grid_zone: int, *, at_least: bool = False) -> BaseGeometry:
    """Return the land within a distance on the ground in the survey plane, as exactly as corners can be round.

    ``at_least`` leaves none of it out, whatever the scale of the grid and the chords of round corners make of it.
    """
    if not len(in_grid):
        return unite(in_grid)
    grid = grid_epsg(grid_zone, prefixed=False)
    # Each feature at the scale of the grid where it lies: in its middle, or where the scale is largest.
    x0, y0, x1, y1 = shapely.bounds(in_grid).T
    east, north = (np.array([x0, x1]), np.array([y0, y1])) if at_least else ((x0 + x1) / 2, (y0 + y1) / 2)
    excess = planar_excess_ppm(*transformer(CRS.from_epsg(grid)).transform(east, north), grid)
    reach = distance_m * np.sqrt(1 + excess * 1e-6)
    if at_least:
        reach = (reach.max(axis=0) + BEND_M) / np.cos(np.pi / (4 * _QUADRANT_SEGMENTS))
    return unite(to_plane(shapely.buffer(in_grid, reach, quad_segs=_QUADRANT_SEGMENTS), grid))
