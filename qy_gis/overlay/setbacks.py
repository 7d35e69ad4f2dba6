"""Setbacks: the land within a distance of a layer's features, as drawn and as it may be.

A setback is to the land around features what `qy_gis.overlay.zones` is to the land inside them: it is kept three times,
and known only as far as the layer is complete around. Points and lines have one too, and features outside the study
area count like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from shapely.geometry.base import BaseGeometry

from qy_gis.measure.crs import CGCS2000, transformer
from qy_gis.measure.plane import Geometries, project, to_lonlat
from qy_gis.overlay.growing import grow
from qy_gis.overlay.zones import (
    BEND_M,
    BUFFER_EDGE_M,
    grid_zone_of,
    place_in_grid,
    shrink_on_ground,
    unite,
    unite_stored,
)
from qy_gis.plan.model import Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Of what is drawn at a distance, the part (of the distance) and the metres that round corners may be off.
_OFF_SHARE, _OFF_M = 1e-5, 0.012

#: Where lines may be off themselves, round corners may be by this part of it; no tangent turns by more than this.
_ACCURACY_SHARE, _LARGEST_STEP = 0.002, np.pi / 8

#: Distances are taken in Gauss-Krueger grids of their own for every so many degrees: near their meridians a metre of
#: the grid is one on the ground, to some millionths.
_BAND_DEG = 0.1

#: The least radius of curvature of the ellipsoid (m): that of the meridian at the equator.
_RADIUS_M = 6_335_439.0


@dataclass(frozen=True)
class Setback:
    """Land within a distance of a layer's features, in the survey plane.

    Attributes
    ----------
    union, union_low, union_high
        Within the distance of the features as drawn; within it less the layer's accuracy, which is so wherever their
        lines really are; and within it and the accuracy. All of ``union_low`` is land within its distance, and all land
        within its distance is in ``union_high``, so that without accuracy too there is a hair between them (0.002 % of
        the distance and 2 cm at most). ``union_high`` is cut to ``covered``.
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
    table, accuracy_m = plan.features(key), plan.layers[key].accuracy_m
    stored = table.geometry.to_numpy()
    reach = _Reach(to_lonlat(stored, table.crs, spacing_m=BUFFER_EDGE_M))
    union = reach.inside(distance_m)
    low, high = union, reach.around(distance_m + accuracy_m, doubt_m=accuracy_m)
    if distance_m > accuracy_m > 0:
        low = reach.inside(distance_m - accuracy_m, doubt_m=accuracy_m)
    elif accuracy_m > 0:
        # Surely within the distance is then only what is deep enough inside a polygon.
        whole = place_in_grid(*unite_stored(stored, table.crs, grid_zone_of(plan)), grid_zone_of(plan))
        low = _shrink(whole, accuracy_m - distance_m, grid_zone_of(plan))
    coverage, covered = plan.coverage(key), None
    if coverage is not None:
        surveyed = place_in_grid(np.array([coverage], dtype=object), CGCS2000, grid_zone_of(plan))
        covered = _shrink(surveyed, distance_m, grid_zone_of(plan))
        high = unite(np.array([shapely.intersection(high, covered)], dtype=object))
    return Setback(union, low, high, covered)


def _shrink(in_grid: Geometries, distance_m: float, grid_zone: int) -> BaseGeometry:
    """Return, in the survey plane, the land at least a distance on the ground inside polygons."""
    return unite(shrink_on_ground(shapely.get_parts(in_grid), distance_m, grid_zone))


class _Reach:
    """Draws the land within a distance of features, inside the truth or around it.

    Parameters
    ----------
    lonlat
        The features, with edges short enough.
    """

    def __init__(self, lonlat: Geometries) -> None:
        parts = shapely.get_parts(lonlat)
        parts = parts[~shapely.is_empty(parts)]
        west, _, east, _ = shapely.bounds(parts).T
        wide = east - west > 2 * _BAND_DEG
        self._bands = list(_split_bands(parts[~wide], parts[wide]))
        # Of wide polygons bands hold the outline alone: the land inside it is within any distance.
        land = parts[wide & (shapely.get_dimensions(parts) == 2)]
        self._land = shapely.get_parts(shapely.buffer(project(land), 0))

    def inside(self, distance_m: float, *, doubt_m: float = 0) -> BaseGeometry:
        """Return land that is all within the distance; corners are the less exact the more lines may be off."""
        step = _largest_step(distance_m, doubt_m)
        # A metre of a grid is never more than one on the ground; the ends of tangents are farther than the tangents.
        return self._draw(distance_m, lambda _: (distance_m - BEND_M) * np.cos(step / 2), step)

    def around(self, distance_m: float, *, doubt_m: float = 0) -> BaseGeometry:
        """Return all land within the distance, and a hair more."""

        def radius(bounds: Floats) -> Floats:
            farthest = np.abs(bounds[:, [0, 2]]).max(axis=1) + distance_m
            return np.asarray(distance_m * (1 + farthest**2 / (2 * _RADIUS_M**2)) + BEND_M)

        return self._draw(distance_m, radius, _largest_step(distance_m, doubt_m))

    def _draw(self, distance_m: float, radius: Callable[[Floats], Floats | float], step: float) -> BaseGeometry:
        drawn = [self._land]
        for degrees, features in self._bands:
            grid = _grid_at(degrees)
            in_grid = shapely.transform(features, _mover(grid))
            of_each = np.broadcast_to(np.maximum(radius(shapely.bounds(in_grid)), 1e-6), len(features))
            drawn.append(project(to_lonlat(grow(in_grid, of_each, step), grid, spacing_m=BUFFER_EDGE_M)))
        return unite(np.concatenate(drawn))


def _largest_step(distance_m: float, doubt_m: float) -> float:
    """Return how far tangents may turn (radians), so that circles inside and around are apart by what is allowed."""
    off = _OFF_SHARE * distance_m + _OFF_M + _ACCURACY_SHARE * doubt_m
    return float(min(2 * np.sqrt(off / distance_m), _LARGEST_STEP))


def _split_bands(narrow: Geometries, wide: Geometries) -> Iterator[tuple[float, Geometries]]:
    """Give features in degrees by bands of longitude, with the middle of each; wide ones are cut to lines in bands."""
    lines = np.concatenate([wide[shapely.get_dimensions(wide) == 1], shapely.get_rings(wide)])
    runs, run_band = _cut_lines(lines)
    west, _, east, _ = shapely.bounds(narrow).T
    band = np.concatenate([np.floor((west + east) / 2 / _BAND_DEG), run_band])
    features = np.concatenate([narrow, runs])
    for each in np.unique(band):
        yield float((each + 0.5) * _BAND_DEG), features[band == each]


def _cut_lines(lines: Geometries) -> tuple[Geometries, Floats]:
    """Return lines in degrees cut at corners, so that each piece begins its edges in one band, and the band of each."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    # Of each edge, where it begins: the last corner of a line begins none.
    edge = np.flatnonzero(line[1:] == line[:-1])
    band = np.floor(points[edge, 0] / _BAND_DEG)
    if not len(edge):
        return np.empty(0, dtype=object), band
    starts = np.flatnonzero(np.append(True, (np.diff(band) != 0) | (np.diff(line[edge]) != 0)))
    count = np.diff(np.append(starts, len(edge))) + 1
    # A piece has the corners where its edges begin, and the last one's end.
    piece = np.repeat(np.arange(len(starts)), count)
    corner = edge[starts][piece] + np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(shapely.linestrings(points[corner], indices=piece), dtype=object), band[starts]


def _grid_at(degrees: float) -> CRS:
    """Return the Gauss-Krueger grid of a meridian."""
    return ProjectedCRS(
        TransverseMercatorConversion(longitude_natural_origin=degrees), geodetic_crs=CRS.from_user_input(CGCS2000)
    )


def _mover(grid: CRS) -> Callable[[Floats], Floats]:
    to_grid = transformer(grid, inverse=True)
    return lambda points: np.column_stack(to_grid.transform(points[:, 0], points[:, 1]))
