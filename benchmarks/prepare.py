"""Prepare a plan and parcels for the peers, which is not counted: in the survey plane, densified, zones in tiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

import qy_gis as qy
from benchmarks.inputs import Inputs, read_arguments
from qy_gis.measure.plane import PLANE, to_plane

_TILE_VERTICES = 128

#: Rows in a row group: few enough for the peers to read and work in parallel.
_ROW_GROUP = 5_000


def prepare(inputs: Inputs) -> None:
    """Write the prepared files that do not exist yet."""
    _write_once(inputs.parcels_plane, lambda: _project_parcels(inputs.parcels))
    _write_once(inputs.zones, lambda: _project_zones(inputs.plan))
    _write_once(inputs.tiles, lambda: _cut_into_tiles(gpd.read_parquet(inputs.zones)))


def _write_once(file: Path, make: Callable[[], gpd.GeoDataFrame]) -> None:
    if not file.exists():
        part = file.with_suffix(".part")
        make().to_parquet(part, index=False, row_group_size=_ROW_GROUP)
        part.rename(file)


def _project_parcels(file: Path) -> gpd.GeoDataFrame:
    parcels = gpd.read_parquet(file)
    shapes = to_plane(parcels.geometry.to_numpy(), parcels.crs)
    return gpd.GeoDataFrame({"parcel_id": parcels["parcel_id"]}, geometry=_mend(shapes), crs=PLANE)


def _project_zones(folder: Path) -> gpd.GeoDataFrame:
    plan = qy.read_plan(folder)
    tables = []
    for layer in plan.layers:
        features = plan.features(layer)
        shapes = _mend(to_plane(features.geometry.to_numpy(), features.crs))
        columns = {"layer": layer, "feature_id": features["feature_id"], "feature_m2": shapely.area(shapes)}
        tables.append(gpd.GeoDataFrame(columns, geometry=shapes, crs=PLANE))
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True))


def _mend(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Repair what moving the vertices to another plane folded over itself."""
    folded = ~shapely.is_valid(shapes)
    shapes[folded] = shapely.make_valid(shapes[folded], method="structure", keep_collapsed=False)
    return shapes


def _cut_into_tiles(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Halve the polygons along the longer side of their boxes until each has few vertices."""
    todo, owner = zones.geometry.to_numpy(), np.arange(len(zones))
    done, done_owner = [], []
    while len(todo):
        todo, part = shapely.get_parts(todo, return_index=True)
        owner = owner[part]
        polygons = (shapely.get_dimensions(todo) == 2) & ~shapely.is_empty(todo)
        small = polygons & (shapely.get_num_coordinates(todo) <= _TILE_VERTICES)
        done.append(todo[small])
        done_owner.append(owner[small])
        large = polygons & ~small
        todo, owner = _halve(todo[large]), np.tile(owner[large], 2)
    table = zones.drop(columns="geometry").iloc[np.concatenate(done_owner)]
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=np.concatenate(done), crs=zones.crs)


def _halve(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    x0, y0, x1, y1 = shapely.bounds(polygons).T
    wide = (x1 - x0) >= (y1 - y0)
    xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
    first = shapely.box(x0, y0, np.where(wide, xm, x1), np.where(wide, y1, ym))
    second = shapely.box(np.where(wide, xm, x0), np.where(wide, y0, ym), x1, y1)
    return np.concatenate([shapely.intersection(polygons, first), shapely.intersection(polygons, second)])


if __name__ == "__main__":
    prepare(read_arguments())
