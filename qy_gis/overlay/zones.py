"""Zones: the geometry of a layer in the survey plane, as drawn and as it may be.

A layer's line may be off by ``accuracy_m``, so every layer is kept three times: shrunk by it (surely inside), as drawn,
and grown by it (possibly inside). Where the layer is not complete, nothing is sure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.measure.crs import grid_epsg, zone_at
from qy_gis.measure.plane import Geometries, project, to_grid, to_lonlat, to_plane
from qy_gis.plan.model import Layer, Plan

#: Before shrinking or growing, edges are at most this long, so that a straight edge in degrees and the same edge in the
#: grid differ by less than 2 mm.
_BUFFER_EDGE_M = 400.0


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
        All features together, as drawn, shrunk and grown; land under two features counts once. The last two are cut to
        ``covered``.
    covered
        Where the layer is complete; None means everywhere. Outside, land may be full of the layer or free of it.
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
    [1166.6, 1297.2, 1372.5]
    """
    layer = plan.layers[key]
    table = plan.features(key)
    stored = table.geometry.to_numpy()
    lonlat = to_lonlat(stored, table.crs, edges="stored") if len(stored) else stored
    shapes = _valid(project(lonlat))
    coverage = plan.coverage(key)
    covered = None if coverage is None else _valid(project(np.array([coverage], dtype=object)))[0]
    union = unite(shapes)
    if layer.accuracy_m > 0 and layer.geometry in ("polygon", "mixed") and len(stored):
        grid_zone = grid_zone_of(plan)
        in_grid = shapely.segmentize(shapely.simplify(to_grid(lonlat, grid_zone), 0), _BUFFER_EDGE_M)
        low = _buffer(in_grid, -layer.accuracy_m, grid_zone)
        high = _buffer(in_grid, layer.accuracy_m, grid_zone)
        # Two neighbours shrunk one by one would leave a gap along the line between them.
        united = np.array([unite(in_grid)], dtype=object)
        union_low, union_high = _buffer(united, -layer.accuracy_m, grid_zone)[0], unite(high)
    else:
        low = high = polygons_only(shapes)
        union_low = union_high = union
    if covered is not None:
        union_low, union_high = (shapely.intersection(each, covered) for each in (union_low, union_high))
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
    """Return the union of the polygons among the geometries."""
    parts = shapely.get_parts(geometries)
    united = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return shapely.Polygon() if united.is_empty else united


def _buffer(in_grid: Geometries, distance_m: float, grid_zone: int) -> Geometries:
    """Shrink or grow geometries in the grid, and return them in the survey plane."""
    return _valid(to_plane(shapely.buffer(in_grid, distance_m), grid_epsg(grid_zone, prefixed=False), edges="stored"))


def _valid(geometries: Geometries) -> Geometries:
    # Stored geometries are valid (checked when read); moving vertices to another plane can fold a needle over itself.
    folded = ~shapely.is_valid(geometries)
    if folded.any():
        geometries = geometries.copy()
        geometries[folded] = shapely.make_valid(geometries[folded], method="structure", keep_collapsed=False)
    return geometries
