"""Zones: the geometry of a layer in the survey plane, as drawn and as it may be.

A layer's line may be off by ``accuracy_m``, so every layer is kept three times: shrunk by it (surely inside), as drawn,
and grown by it (possibly inside). Where the layer is not complete, nothing is sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from qy_gis.errors import Fault, PlanError
from qy_gis.measure.crs import grid_epsg, planar_excess_ppm, transformer, zone_at
from qy_gis.measure.outlines import outlines_to_grid, take_outlines
from qy_gis.measure.plane import Geometries, project, to_grid, to_lonlat, to_plane
from qy_gis.overlay.growing import grow, join_parts, shrink, union_polygons
from qy_gis.plan.model import Layer, Plan

#: While shrinking or growing, edges are at most this long, so that an edge that is straight in degrees, in the grid or
#: in the plane is off by less than `BEND_M` in the others.
BUFFER_EDGE_M, BEND_M = 180.0, 0.002

#: Areas (m2) of one outline are the same within this, or this share of it.
SAME_M2, SAME_SHARE = 1e-3, 1e-9

#: Uniting may change the area (m2) of a feature by this.
_MEETING_M2 = 0.01

#: Shrunk and grown outlines are off by no more than this share of the distance, and these metres.
_OFF_SHARE, _OFF_M = 0.02, 0.01

#: Cosines of half the most and the least that tangents turn: a right angle, and next to nothing.
_SQUARE, _ROUND = np.sqrt(0.5), 0.9999


@dataclass(frozen=True)
class Zones:
    """One layer in the survey plane (metres).

    Attributes
    ----------
    layer
        The layer as the plan describes it.
    feature_id, feature_name
        Per feature, shape (m,).
    shapes
        Per feature, the geometry as drawn, points and lines included.
    low, high
        Per feature, the polygon shrunk and grown by the layer's accuracy; empty for points and lines. A point of a
        ``mixed`` layer stands for a polygon whose outline is not known: it is empty when shrunk, a disc when grown.
    union, union_low, union_high
        All features together, as drawn, shrunk and grown; land under two features counts once. ``union_high`` is cut to
        ``covered``: outside, all land may belong to the layer anyway.
    covered
        Where the layer is complete; None means everywhere. Outside, what is drawn is there, and more may be.
    """

    layer: Layer
    feature_id: NDArray[np.object_]
    feature_name: NDArray[np.object_]
    shapes: Geometries
    low: Geometries
    high: Geometries
    union: BaseGeometry
    union_low: BaseGeometry
    union_high: BaseGeometry
    covered: BaseGeometry | None


def grid_zone_of(plan: Plan) -> int:
    """Return the 3-degree zone of the middle of a plan's study area, in whose grid distances and buffers are taken."""
    bounds = plan.features(plan.study_area).to_crs(4490).total_bounds
    return int(zone_at(np.array([bounds[[0, 2]].mean()]))[0])


def project_zones(plan: Plan, key: str) -> Zones:
    """Project a layer to the survey plane, and shrink and grow it by its accuracy.

    Raises
    ------
    PlanError
        The layer's data have faults.

    Examples
    --------
    >>> import qy_gis as qy
    >>> core = project_zones(qy.read_plan(), "core")
    >>> [round(part.area / 1e6, 1) for part in (core.union_low, core.union, core.union_high)]
    [1166.4, 1297.2, 1372.6]
    """
    layer = plan.layers[key]
    table = plan.features(key)
    stored = table.geometry.to_numpy()
    shapes = _valid(to_plane(stored, table.crs))
    coverage = plan.coverage(key)
    covered = None if coverage is None else _valid(project(np.array([coverage], dtype=object)))[0]
    united, crs_of_united = unite_stored(stored, table.crs, grid_zone_of(plan))
    union = _valid(to_plane(united, crs_of_united))[0]
    _check_union(union, shapes, key)
    if layer.accuracy_m > 0 and layer.geometry in ("polygon", "mixed") and len(stored):
        grid_zone = grid_zone_of(plan)
        in_grid = place_in_grid(stored, table.crs, grid_zone)
        whole = place_in_grid(united, crs_of_united, grid_zone)
        low, union_low = _shrink_layer(in_grid, whole, layer.accuracy_m, grid_zone)
        high = grow_on_ground(in_grid, layer.accuracy_m, grid_zone)
        union_high = unite(high)
    else:
        low = high = polygons_only(shapes)
        union_low = union_high = union
    if covered is not None:
        union_high = shapely.intersection(union_high, covered)
    return Zones(
        layer=layer,
        feature_id=table["feature_id"].to_numpy(dtype=object),
        feature_name=table["feature_name"].to_numpy(dtype=object),
        shapes=shapes,
        low=low,
        high=high,
        union=union,
        union_low=unite(np.array([union_low], dtype=object)),
        union_high=unite(np.array([union_high], dtype=object)),
        covered=covered,
    )


def polygons_only(geometries: Geometries) -> Geometries:
    """Return the geometries with an empty polygon in the place of what is no polygon."""
    out = geometries.copy()
    out[shapely.get_dimensions(out) != 2] = shapely.Polygon()
    return out


def unite(geometries: Geometries) -> BaseGeometry:
    """Return the union of the polygons among the geometries, as one geometry."""
    parts = shapely.get_parts(geometries)
    parts = parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)]
    # Most features of a large layer stand alone; only those that meet another have to be united.
    first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
    meets = np.zeros(len(parts), dtype=bool)
    meets[first[first != second]] = True
    if meets.any():
        parts = np.concatenate([parts[~meets], shapely.get_parts(union_polygons(parts[meets]))])
    united: BaseGeometry = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts.tolist())
    return united


def place_in_grid(stored: Geometries, crs: Any, grid_zone: int) -> Geometries:
    """Return geometries in the 3-degree grid of a zone, with as few vertices as shrinking and growing need."""
    return to_grid(to_lonlat(stored, crs, spacing_m=BUFFER_EDGE_M), grid_zone)


def unite_stored(stored: Geometries, crs: CRS, grid_zone: int) -> tuple[Geometries, CRS]:
    """Return the union of the polygons among geometries, an array of one, and the CRS that it is in.

    Neighbours are united where their edges are straight and their common corners are stored: densified one by one, or
    moved to another plane, they would part by a hair along the line between them, and shrinking would widen the hair to
    a gap. Edges in degrees are straight in a 3-degree grid.
    """
    if not crs.is_geographic:
        return np.array([unite(stored)], dtype=object), crs
    in_grid = outlines_to_grid(take_outlines(stored), crs, grid_zone).polygons()
    return np.array([unite(in_grid)], dtype=object), CRS.from_epsg(grid_epsg(grid_zone, prefixed=False))


def grow_on_ground(in_grid: Geometries, distance_m: float, grid_zone: int) -> Geometries:
    """Return, in the survey plane, all land within a distance on the ground.

    None is farther than 1.02 of the distance and 1 cm.
    """
    reach = _reach(in_grid, distance_m, grid_zone)
    return _in_plane(grow(in_grid, reach, _largest_step(reach, distance_m)), grid_zone)


def shrink_on_ground(in_grid: Geometries, distance_m: float, grid_zone: int) -> Geometries:
    """Return, in the survey plane, land that lies at least a distance on the ground inside its outline.

    None is left out that lies farther inside than 1.02 of the distance and 1 cm.
    """
    reach = _reach(in_grid, distance_m, grid_zone)
    return _in_plane(shrink(in_grid, reach, _largest_step(reach, distance_m)), grid_zone)


def _largest_step(reach: NDArray[np.float64], distance_m: float) -> float:
    """Return by how much the tangents at corners may turn (radians), so that their ends are off by what is allowed."""
    farthest = distance_m * (1 + _OFF_SHARE) + _OFF_M - BEND_M
    return float(2 * np.arccos(np.clip(reach.max(initial=distance_m) / farthest, _SQUARE, _ROUND)))


def _reach(in_grid: Geometries, distance_m: float, grid_zone: int) -> NDArray[np.float64]:
    """Return the metres of the grid that a distance on the ground has at most, where each geometry lies."""
    grid = grid_epsg(grid_zone, prefixed=False)
    if not len(in_grid):
        return np.empty(0)
    # A metre on the ground is more than one in the grid, the more so the farther from its meridian.
    x0, y0, x1, y1 = shapely.bounds(in_grid).T
    east, north = np.concatenate([x0 - distance_m, x1 + distance_m]), np.tile((y0 + y1) / 2, 2)
    longitude, latitude = transformer(CRS.from_epsg(grid)).transform(east, north)
    excess = planar_excess_ppm(longitude, latitude, grid).reshape(2, -1).max(axis=0)
    return np.asarray(distance_m * np.sqrt(1 + np.nan_to_num(excess).clip(0) * 1e-6) + BEND_M)


def _in_plane(in_grid: Geometries, grid_zone: int) -> Geometries:
    grid = grid_epsg(grid_zone, prefixed=False)
    return _valid(project(to_lonlat(in_grid, grid, spacing_m=BUFFER_EDGE_M)))


def _shrink_layer(
    in_grid: Geometries, whole: Geometries, accuracy_m: float, grid_zone: int
) -> tuple[Geometries, BaseGeometry]:
    """Return each feature and their union, shrunk by at least the accuracy, in the survey plane."""
    parts, owner = shapely.get_parts(np.concatenate([in_grid, whole]), return_index=True)
    # A feature that meets no other is a part of the union as it is: the same outline is shrunk once.
    distinct: dict[bytes, int] = {}
    place = np.array([distinct.setdefault(outline, len(distinct)) for outline in shapely.to_wkb(parts)], dtype=int)
    shrunk = shrink_on_ground(parts[np.unique(place, return_index=True)[1]], accuracy_m, grid_zone)
    low = join_parts(shrunk[place], owner, len(in_grid) + 1)
    return low[:-1], low[-1]


def _check_union(union: BaseGeometry, shapes: Geometries, key: str) -> None:
    """Raise a PlanError if uniting features lost or made land: it never does, but for a fault of GEOS."""
    area = shapely.area(shapes)
    # Where neighbours meet, a corner of one lies beside the chord of the other.
    room = _MEETING_M2 * len(area) + SAME_SHARE * area.sum()
    if len(area) and not area.max() - room <= union.area <= area.sum() + room:
        raise PlanError(
            [
                Fault(
                    f"layer {key!r}: its features cannot be united: they have {area.sum():.2f} m2 together and "
                    f"the largest {area.max():.2f} m2, but united {union.area:.2f} m2; mend their outlines in a GIS "
                    "program",
                    f"图层 {key!r} 的要素无法合并：面积之和 {area.sum():.2f} 平方米，最大者 {area.max():.2f} 平方米，"
                    f"合并后却为 {union.area:.2f} 平方米；请在 GIS 软件中修正图形",
                )
            ]
        )


def _valid(geometries: Geometries) -> Geometries:
    # Stored geometries are valid (checked when read); moving vertices to another plane can fold a needle over itself by
    # nanometres. GEOS mends most; what it would take land from stays as it is, since measuring does not ask it.
    folded = np.flatnonzero(~shapely.is_valid(geometries))
    if len(folded):
        given = geometries[folded]
        mended = shapely.make_valid(given, method="structure", keep_collapsed=False)
        before = shapely.area(given)
        kept = np.abs(shapely.area(mended) - before) <= np.maximum(SAME_M2, SAME_SHARE * before)
        geometries = geometries.copy()
        geometries[folded[kept]] = mended[kept]
    return geometries
