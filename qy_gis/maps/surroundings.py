"""A plan as far as it lies around parcels: an office's layers may hold half a million shapes."""

from __future__ import annotations

import math
from functools import partial

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.maps.extents import Extents, find_extents, measure_extents
from qy_gis.maps.shapes import Bounds, to_degrees
from qy_gis.plan.model import Layer, Plan

#: How far around the parcels a page shows the plan, at least.
LEAST_REACH_M = 10_000.0

_METRES_PER_DEGREE = 111_320.0

#: A shape of more vertices is cut at the edge of the surroundings; a smaller one is kept whole.
_MOST_VERTICES = 5_000


Box = tuple[float, float, float, float]


def keep_surroundings(plan: Plan, bounds: Bounds) -> Plan:
    """Return the plan with the features that meet the surroundings of some bounds only.

    Parameters
    ----------
    plan
        The plan; its study area stays whole.
    bounds
        South, west, north and east of the parcels, in degrees.

    Returns
    -------
    Plan
        The same layers, their features in degrees. The surroundings reach as far again as the parcels do, and at least
        `LEAST_REACH_M`.
    """
    box = _surround(bounds)
    near = plan.model_copy()
    # The copy keeps what is derived from it for itself.
    near._derived = {}
    for key, layer in plan.layers.items():
        features = to_degrees(plan.features(key))
        whole = key == plan.study_area
        met = np.ones(len(features), dtype=bool) if whole else _meets(features, box)
        kept, cut = (features, ~met) if whole else _cut(features[met], box)
        near.derive(f"features of {key}", partial(_same, kept))
        near.derive(f"extents of {key}", partial(_find_extents, plan, near, layer, met, cut, box))
    return near


def keep_near(features: gpd.GeoDataFrame, bounds: Bounds) -> gpd.GeoDataFrame:
    """Return the features (in degrees) that meet the same surroundings, the large ones cut there."""
    box = _surround(bounds)
    return _cut(features[_meets(features, box)], box)[0]


def _surround(bounds: Bounds) -> Box:
    south, west, north, east = bounds
    north_south = max(north - south, LEAST_REACH_M / _METRES_PER_DEGREE)
    stretch = math.cos(math.radians((south + north) / 2))
    east_west = max(east - west, LEAST_REACH_M / _METRES_PER_DEGREE / stretch)
    return west - east_west, south - north_south, east + east_west, north + north_south


def _find_extents(
    plan: Plan, near: Plan, layer: Layer, met: NDArray[np.bool_], cut: NDArray[np.bool_], box: Box
) -> Extents:
    if layer.accuracy_m > 0:
        # Found once for every result on the plan. A band around what was cut would run along the cut.
        whole = find_extents(plan, layer.key)
        return Extents(whole.area_m2[met], shapely.intersection(whole.band, shapely.box(*box)))
    exact = measure_extents(near, layer.key)
    # The area of a part is not that of the feature.
    return Extents(np.where(cut, 0.0, exact.area_m2), exact.band)


def _same(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table


def _meets(features: gpd.GeoDataFrame, box: Box) -> NDArray[np.bool_]:
    return np.asarray(shapely.intersects(features.geometry.to_numpy(), shapely.box(*box)), dtype=bool)


def _cut(features: gpd.GeoDataFrame, box: Box) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    """Return the features with the large ones cut at the box, and which these are."""
    shapes = features.geometry.to_numpy().copy()
    large = np.asarray(shapely.get_num_coordinates(shapes) > _MOST_VERTICES)
    shapes[large] = shapely.intersection(shapes[large], shapely.box(*box))
    return features.set_geometry(gpd.GeoSeries(shapes, index=features.index, crs=features.crs)), large
