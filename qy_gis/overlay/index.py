"""Zones, cut once: each layer of a plan as small pieces in the survey plane, ready to be met by parcels.

A layer's line may be off by ``accuracy_m``, so every layer is kept three times: shrunk by it (surely inside), as
drawn, and grown by it (possibly inside). Large polygons are cut into pieces of few vertices; a parcel meets only those
near it, and the areas of the pieces add up to the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from qy_gis.measure.crs import grid_epsg, zone_at
from qy_gis.measure.plane import Geometries, project, to_grid, to_lonlat, to_plane, unproject
from qy_gis.plan.model import Layer, Plan

#: Called as ``progress(done, total, what)`` while long work goes on.
Progress = Callable[[int, int, str], None]

#: A piece has at most this many vertices: below it cutting costs more than it saves.
_PIECE_VERTICES = 128

#: Before shrinking or growing, edges are at most this long, so that a straight edge in degrees and the same edge in the
#: grid differ by less than 2 mm.
_BUFFER_EDGE_M = 400.0


@dataclass(frozen=True)
class Pieces:
    """Polygons cut into pieces: ``owner[i]`` is the number of the polygon that piece ``i`` belongs to."""

    polygons: Geometries
    owner: NDArray[np.int64]

    @cached_property
    def tree(self) -> STRtree:
        """Index over the pieces."""
        shapely.prepare(self.polygons)
        return STRtree(self.polygons)


@dataclass(frozen=True)
class Zones:
    """One layer, cut: per feature and, united, for the layer as a whole. All in the survey plane, metres.

    Attributes
    ----------
    layer
        The layer as the plan describes it.
    feature_id, feature_name
        Per feature, shape (m,).
    shapes
        Per feature: the whole geometry (points and lines included).
    area_m2
        Per feature.
    features, features_low, features_high
        The features as drawn, shrunk and grown by the layer's accuracy.
    union, union_low, union_high
        The same for all features together, so that land under two features counts once. Low is what surely lies in the
        layer; both are taken inside the coverage only.
    covered
        The land that was surveyed; None means everywhere.
    near
        Pieces of the features in the grid `Index.grid_zone`, for distances.
    """

    layer: Layer
    feature_id: NDArray[np.object_]
    feature_name: NDArray[np.object_]
    shapes: Geometries
    area_m2: NDArray[np.float64]
    features: Pieces
    features_low: Pieces
    features_high: Pieces
    union: Pieces
    union_low: Pieces
    union_high: Pieces
    covered: Pieces | None
    near: Pieces


@dataclass(frozen=True)
class Index:
    """All layers of a plan, cut. ``grid_zone`` is the 3-degree zone in which distances and buffers are taken."""

    zones: dict[str, Zones]
    grid_zone: int


def build_index(plan: Plan, *, progress: Progress | None = None) -> Index:
    """Cut every layer of a plan.

    Parameters
    ----------
    plan
        The plan; its data files are read now.
    progress
        Called before each layer.

    Raises
    ------
    PlanError
        A data file has faults.
    """
    study_area = plan.features(plan.study_area)
    middle = study_area.to_crs(4490).total_bounds[[0, 2]].mean()
    grid_zone = int(zone_at(np.array([middle]))[0])
    zones = {}
    for number, key in enumerate(plan.layers):
        if progress is not None:
            progress(number, len(plan.layers), plan.layers[key].title.zh)
        zones[key] = _cut_layer(plan, key, grid_zone)
    return Index(zones, grid_zone)


def _cut_layer(plan: Plan, key: str, grid_zone: int) -> Zones:
    layer = plan.layers[key]
    table = plan.features(key)
    stored = table.geometry.to_numpy()
    lonlat = to_lonlat(stored, table.crs, edges="stored") if len(stored) else stored
    shapes = _valid(project(lonlat))
    coverage = plan.coverage(key)
    covered = None if coverage is None else _valid(project(np.array([coverage], dtype=object)))

    # A point in a mixed layer stands for a polygon whose outline is not known: growing it by the accuracy says where it
    # may be. Points and lines of other layers have no area at all.
    spread = layer.accuracy_m if layer.geometry in ("polygon", "mixed") else 0.0
    low, high = shapes, shapes
    if spread > 0 and len(stored):
        in_grid = to_grid(to_lonlat(stored, table.crs, edges="stored"), grid_zone)
        in_grid = shapely.segmentize(shapely.simplify(in_grid, 0), _BUFFER_EDGE_M)
        low = _buffer(in_grid, -spread, grid_zone)
        high = _buffer(in_grid, spread, grid_zone)
        union_low = _buffer(_unite(in_grid), -spread, grid_zone)
        union_high = _unite(high)
    else:
        union_low = union_high = _unite(shapes)
    union = _unite(shapes)
    if covered is not None:
        union_low = shapely.intersection(union_low, covered)
        union_high = shapely.intersection(union_high, covered)

    features = cut(shapes)
    near = features
    if not (shapely.get_dimensions(shapes) == 2).all():
        near = Pieces(shapes, np.arange(len(shapes)))
    return Zones(
        layer=layer,
        feature_id=table["feature_id"].to_numpy(dtype=object),
        feature_name=table["feature_name"].to_numpy(dtype=object),
        shapes=shapes,
        area_m2=np.asarray(shapely.area(shapes)),
        features=features,
        features_low=features if low is shapes else cut(low),
        features_high=features if high is shapes else cut(high),
        union=cut(union),
        union_low=cut(union_low),
        union_high=cut(union_high),
        covered=None if covered is None else cut(covered),
        near=Pieces(to_grid(unproject(near.polygons), grid_zone), near.owner),
    )


def cut(polygons: Geometries) -> Pieces:
    """Cut polygons into pieces of at most 128 vertices by halving their boxes; other geometries give no piece.

    The areas of the pieces of a polygon add up to its area.

    Examples
    --------
    >>> circle = shapely.Point(0, 0).buffer(1000, quad_segs=500)
    >>> pieces = cut(np.array([circle], dtype=object))
    >>> bool(shapely.get_num_coordinates(pieces.polygons).max() <= 128)
    True
    >>> bool(abs(shapely.area(pieces.polygons).sum() - circle.area) < 1e-6)
    True
    """
    todo = _polygons_only(np.asarray(polygons, dtype=object))
    owner = np.arange(len(todo))
    done: list[Geometries] = []
    done_owner: list[NDArray[np.int64]] = []
    while len(todo):
        todo, part = shapely.get_parts(todo, return_index=True)
        owner = owner[part]
        polygon = (shapely.get_type_id(todo) == 3) & ~shapely.is_empty(todo)
        todo, owner = todo[polygon], owner[polygon]
        small = shapely.get_num_coordinates(todo) <= _PIECE_VERTICES
        done.append(todo[small])
        done_owner.append(owner[small])
        todo, owner = todo[~small], owner[~small]
        if len(todo):
            todo, owner = _halve(todo), np.concatenate([owner, owner])
    if not done:
        return Pieces(np.array([], dtype=object), np.array([], dtype=np.int64))
    return Pieces(np.concatenate(done), np.concatenate(done_owner))


def _halve(polygons: Geometries) -> Geometries:
    x0, y0, x1, y1 = shapely.bounds(polygons).T
    wide = (x1 - x0) >= (y1 - y0)
    xm = np.where(wide, (x0 + x1) / 2, x1)
    ym = np.where(wide, y1, (y0 + y1) / 2)
    first = shapely.intersection(polygons, shapely.box(x0, y0, xm, ym))
    second = shapely.intersection(polygons, shapely.box(np.where(wide, xm, x0), np.where(wide, y0, ym), x1, y1))
    return np.concatenate([first, second])


def _buffer(in_grid: Geometries, distance_m: float, grid_zone: int) -> Geometries:
    """Shrink or grow geometries in the grid, and return them in the survey plane."""
    return _valid(to_plane(shapely.buffer(in_grid, distance_m), grid_epsg(grid_zone, prefixed=False), edges="stored"))


def _unite(geometries: Geometries) -> Geometries:
    """Return the union of the polygons among the geometries, of shape (1,)."""
    united = shapely.union_all(_polygons_only(geometries)) if len(geometries) else shapely.Polygon()
    return np.array([united if not united.is_empty else shapely.Polygon()], dtype=object)


def _polygons_only(geometries: Geometries) -> Geometries:
    out = geometries.copy()
    out[shapely.get_dimensions(out) != 2] = shapely.Polygon()
    return out


def _valid(geometries: Geometries) -> Geometries:
    # Stored geometries are valid (checked when read); moving vertices to another plane can fold a needle over itself.
    folded = ~shapely.is_valid(geometries)
    if folded.any():
        geometries = geometries.copy()
        geometries[folded] = shapely.make_valid(geometries[folded], method="structure", keep_collapsed=False)
    return geometries
