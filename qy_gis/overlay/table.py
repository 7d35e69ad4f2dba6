"""The table of overlaps that people read: areas and relations with distances, outlines, widths and sliver classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.measure.outlines import Outlines, outlines_to_grid
from qy_gis.measure.plane import Geometries
from qy_gis.overlay.cuts import cut_parcels
from qy_gis.overlay.grid import Floats
from qy_gis.overlay.index import Index
from qy_gis.overlay.nearest import measure_distances
from qy_gis.overlay.overlap import OUTSIDE, Measured

_EARTH_M = 6371000.0


def tabulate_overlaps(
    measured: Measured,
    index: Index,
    *,
    parcel_id: NDArray[np.object_],
    parcels: Outlines,
    crs: Any,
    distance_m: Floats,
) -> pd.DataFrame:
    """Make a table of what was measured.

    Parameters
    ----------
    measured, index
        See `qy_gis.overlay.overlap.measure_parcels`.
    parcel_id
        Of shape (n,).
    parcels, crs
        The parcels as they were given, and the CRS that they are in.
    distance_m
        From each parcel to the nearest feature of each layer (`find_distances`), of shape (n, m).

    Returns
    -------
    pandas.DataFrame
        Columns `qy_gis.columns.OVERLAPS` and ``geometry`` in longitude and latitude, None without area
        (`qy_gis.overlay.cuts.cut_parcels`). Per parcel and
        layer, first one row per feature it meets, then one with ``feature_id`` "" for the land outside every feature.
        ``share`` is of the parcel; ``distance_m`` to the nearest feature of the layer; ``width_m`` and ``sliver``
        describe the overlap.
    """
    count, layers = measured.outside_m2.shape
    pairs = len(measured.parcel)
    parcel = np.concatenate([measured.parcel, np.repeat(np.arange(count), layers)])
    layer = np.concatenate([index.features.layer[measured.feature], np.tile(np.arange(layers), count)])
    area = np.concatenate([measured.area_m2, measured.outside_m2.ravel()])
    relation = np.concatenate([measured.relation, np.full(count * layers, OUTSIDE)])
    blank = np.full(count * layers, "", dtype=object)
    # Stable, so that the features of a layer come before the land outside it.
    order = np.lexsort((layer, parcel))
    feature = np.concatenate([measured.feature, np.full(count * layers, -1)])[order]
    rows = parcel[order], feature, area[order], relation[order]
    outlines, geometry = cut_parcels(parcels, crs, index.features.packed, *rows)
    width = _mean_width(outlines)
    table = {
        "parcel_id": parcel_id[parcel],
        "layer": np.array(index.layers, dtype=object)[layer],
        "feature_id": np.concatenate([index.features.ids[measured.feature], blank]),
        "feature_name": np.concatenate([index.features.names[measured.feature], blank]),
        "relation": np.array(columns.RELATIONS, dtype=object)[relation],
        "area_m2": area,
        "low_m2": np.concatenate([measured.low_m2, measured.outside_low_m2.ravel()]),
        "high_m2": np.concatenate([measured.high_m2, measured.outside_high_m2.ravel()]),
        "share": area / measured.parcel_m2[parcel],
        "distance_m": np.concatenate([np.zeros(pairs), distance_m.ravel()]),
    }
    ordered = {name: values[order] for name, values in table.items()}
    sliver = np.where(feature >= 0, _classify_slivers(outlines, geometry, width), "").astype(object)
    return pd.DataFrame({**ordered, "width_m": width, "sliver": sliver})[columns.OVERLAPS].assign(geometry=geometry)


def find_distances(
    measured: Measured, index: Index, outlines: Outlines, crs: Any, *, among: NDArray[np.bool_] | None = None
) -> Floats:
    """Measure the distance (m, on the ellipsoid) from every parcel to the nearest feature of every layer.

    Parameters
    ----------
    measured, index
        See `qy_gis.overlay.overlap.measure_parcels`; n parcels, m layers.
    outlines
        The same parcels as they were given.
    crs
        The CRS that they are in.
    among
        Which layers are asked for, of shape (m,); all if None.

    Returns
    -------
    numpy.ndarray
        Of shape (n, m): 0 where they meet, NaN for a layer without features and for one that is not asked for.
    """
    apart = np.ones(measured.outside_m2.shape, dtype=bool)
    apart[measured.parcel, index.features.layer[measured.feature]] = False
    in_grid = outlines_to_grid(outlines, crs, index.grid_zone)
    if among is None:
        return measure_distances(index.near, in_grid, index.grid_zone, apart=apart)
    out = np.full(apart.shape, np.nan)
    near = [index.near[layer] for layer in np.flatnonzero(among).tolist()]
    out[:, among] = measure_distances(near, in_grid, index.grid_zone, apart=apart[:, among])
    return out


def _mean_width(outlines: Geometries) -> Floats:
    """Mean width (m): twice the area over the perimeter, which for a long strip is its width. NaN without area."""
    area, around = shapely.area(outlines), shapely.length(outlines)
    return np.asarray(np.divide(2 * area, around, out=np.full(len(outlines), np.nan), where=around > 0))


def _classify_slivers(outlines: Geometries, lonlat: Geometries, width: Floats) -> NDArray[np.object_]:
    """Say what each overlap is: "real", "chord" or "digitising"; "" without area.

    Two lines straight in different projections between the same ends part by at most L^2 tan(latitude) / (8 R)
    (a chord artefact). A strip under a metre wide and a hundred times as long is one of digitising.
    """
    length = np.asarray(shapely.length(outlines)) / 2
    bounds = shapely.bounds(lonlat)
    latitude = np.radians(np.nan_to_num((bounds[:, 1] + bounds[:, 3]) / 2))
    # The mean width of a circle segment is two thirds of its height; 10 % is left for how its length is estimated.
    chord_m = 1.1 * 2 / 3 * length**2 * np.tan(np.abs(latitude)) / (8 * _EARTH_M)
    real = np.isfinite(width)
    thin = real & (width < 1.0) & (length > 100 * width)
    return np.select([thin & (width <= chord_m), thin, real], ["chord", "digitising", "real"], "").astype(object)
