"""How much of every parcel lies in every zone: areas, intervals, relations, distances and the overlaps themselves.

Receives parcels in the survey plane and an `Index`; returns one table. How a zone is stored and how two polygons are
intersected is known to `qy_gis.overlay` alone.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod

from qy_gis import columns
from qy_gis.measure.crs import CGCS2000, grid_epsg, transformer
from qy_gis.measure.plane import Geometries, project, to_grid, unproject
from qy_gis.overlay.index import Index, Pieces, Progress, Zones

#: An overlap smaller than this is contact, not area: it is what rounding leaves of a shared edge.
TOUCH_M2 = 1e-3

#: Two boundaries closer than this touch.
TOUCH_M = 1e-3

_GEOD = Geod(a=6378137, rf=298.257222101)
_EARTH_M = 6371000.0


def measure_overlaps(
    parcel_id: NDArray[np.object_], lonlat: Geometries, index: Index, *, progress: Progress | None = None
) -> gpd.GeoDataFrame:
    """Measure every parcel against every layer.

    Parameters
    ----------
    parcel_id
        Shape (n,).
    lonlat
        Valid parcels in longitude and latitude, densified (`qy_gis.measure.plane.to_lonlat`), shape (n,).
    index
        The cut layers.
    progress
        Called before each layer.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `qy_gis.columns.OVERLAPS`, ``no_data_m2`` (part of the parcel the layer was not surveyed on) and the
        overlap's geometry (EPSG:4490, None where there is no area). One row per parcel and feature it meets, and one
        row per parcel and layer with ``feature_id`` "" for the land outside every feature. Areas in m2; ``share`` of
        the parcel; ``distance_m`` to the nearest feature of the layer on the ellipsoid (NaN without features).
    """
    parcels = project(lonlat)
    shapely.prepare(parcels)
    in_grid = to_grid(lonlat, index.grid_zone)
    tables = []
    for number, zones in enumerate(index.zones.values()):
        if progress is not None:
            progress(number, len(index.zones), zones.layer.title.zh)
        tables.append(_measure_layer(parcels, in_grid, zones, index.grid_zone))
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values("parcel", kind="stable", ignore_index=True)
    table.insert(0, "parcel_id", parcel_id[table.pop("parcel").to_numpy()])
    table["geometry"] = unproject(table["geometry"].to_numpy())
    return gpd.GeoDataFrame(table[[*columns.OVERLAPS, "no_data_m2", "geometry"]], geometry="geometry", crs=CGCS2000)


def overlap_areas(
    parcels: Geometries, pieces: Pieces
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return parcel, polygon and area (m2) of every overlap of a parcel with a polygon that was cut, sorted by both.

    Examples
    --------
    >>> from qy_gis.overlay.index import cut
    >>> zone = cut(np.array([shapely.box(0, 0, 10, 10)], dtype=object))
    >>> parcel, owner, area = overlap_areas(np.array([shapely.box(5, 5, 25, 15)], dtype=object), zone)
    >>> parcel.tolist(), owner.tolist(), area.tolist()
    ([0], [0], [25.0])
    """
    if not len(pieces.polygons):
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    parcel, piece = pieces.tree.query(parcels, predicate="intersects")
    area = shapely.area(_intersections(parcels, pieces, parcel, piece))
    polygons = int(pieces.owner.max()) + 1
    pairs, place = np.unique(parcel * polygons + pieces.owner[piece], return_inverse=True)
    total = np.bincount(place, weights=area, minlength=len(pairs)).astype(np.float64)
    return pairs // polygons, pairs % polygons, total


def _total_areas(parcels: Geometries, pieces: Pieces) -> NDArray[np.float64]:
    """Area of every parcel in all the polygons of ``pieces`` together, of shape (n,); mere contact is none."""
    parcel, _, area = overlap_areas(parcels, pieces)
    total = np.bincount(parcel, weights=area, minlength=len(parcels)).astype(np.float64)
    total[total <= TOUCH_M2] = 0.0
    return total


def _intersections(
    parcels: Geometries, pieces: Pieces, parcel: NDArray[np.int64], piece: NDArray[np.int64]
) -> Geometries:
    out = parcels[parcel]
    cut_through = ~shapely.contains_properly(pieces.polygons[piece], out)
    out[cut_through] = shapely.intersection(out[cut_through], pieces.polygons[piece[cut_through]])
    return out


def _measure_layer(parcels: Geometries, in_grid: Geometries, zones: Zones, grid_zone: int) -> pd.DataFrame:
    parcel_m2 = np.asarray(shapely.area(parcels))
    met = _meet_features(parcels, parcel_m2, zones)
    outside = _measure_outside(parcels, parcel_m2, zones, met)
    outside["distance_m"] = _nearest_m(in_grid, zones.near, grid_zone)
    # What touches or overlaps is at distance 0, whatever a millimetre of contact tolerance says.
    outside.loc[outside["parcel"].isin(met["parcel"]), "distance_m"] = 0.0
    table = pd.concat([met, outside], ignore_index=True) if len(met) else outside
    table["layer"] = zones.layer.key
    table["share"] = np.clip(table["area_m2"] / parcel_m2[table["parcel"]], 0.0, 1.0)
    return table


def _meet_features(parcels: Geometries, parcel_m2: NDArray[np.float64], zones: Zones) -> pd.DataFrame:
    """One row per parcel and feature that it overlaps or touches."""
    parcel, feature, area, geometry = _feature_pairs(parcels, zones)
    area = np.minimum(area, parcel_m2[parcel])
    real = area > TOUCH_M2
    near_m2 = np.maximum(TOUCH_M2, 1e-9 * parcel_m2[parcel])
    is_area = shapely.get_dimensions(zones.shapes[feature]) == 2
    relation = np.where(real, "overlaps", "touches").astype(object)
    relation[real & (area >= zones.area_m2[feature] - near_m2) & is_area] = "contains"
    within = real & (area >= parcel_m2[parcel] - near_m2)
    relation[within] = "within"
    area[within] = parcel_m2[parcel][within]
    crossed = ~is_area & ~np.asarray(shapely.touches(parcels[parcel], zones.shapes[feature]))
    inside = crossed & np.asarray(shapely.covers(parcels[parcel], zones.shapes[feature]))
    relation[crossed] = "overlaps"
    relation[inside] = "contains"
    geometry[~real] = None
    width, sliver = _describe_slivers(geometry, real)
    return pd.DataFrame(
        {
            "parcel": parcel,
            "feature_id": zones.feature_id[feature],
            "feature_name": zones.feature_name[feature],
            "relation": relation,
            "area_m2": np.where(real, area, 0.0),
            "low_m2": _paired_areas(parcels, zones.features_low, parcel, feature),
            "high_m2": np.minimum(_paired_areas(parcels, zones.features_high, parcel, feature), parcel_m2[parcel]),
            "distance_m": 0.0,
            "width_m": width,
            "sliver": sliver,
            "no_data_m2": 0.0,
            "geometry": geometry,
        }
    )


def _feature_pairs(
    parcels: Geometries, zones: Zones
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], Geometries]:
    """Pairs of parcel and feature within a millimetre, with the area and the geometry they share."""
    pieces = zones.features
    if len(pieces.polygons):
        parcel, piece = pieces.tree.query(parcels, predicate="dwithin", distance=TOUCH_M)
        shared = _intersections(parcels, pieces, parcel, piece)
        frame = pd.DataFrame({"parcel": parcel, "feature": pieces.owner[piece], "area": shapely.area(shared)})
        frame["shared"] = shared
    else:
        frame = pd.DataFrame({"parcel": [], "feature": [], "area": [], "shared": []})
    thin = np.flatnonzero(shapely.get_dimensions(zones.shapes) < 2)
    if len(thin):
        parcel, which = shapely.STRtree(zones.shapes[thin]).query(parcels, predicate="dwithin", distance=TOUCH_M)
        frame = pd.concat(
            [frame, pd.DataFrame({"parcel": parcel, "feature": thin[which], "area": 0.0, "shared": None})]
        )
    groups = frame.astype({"parcel": np.int64, "feature": np.int64}).groupby(["parcel", "feature"], sort=True)
    area = groups["area"].sum()
    # One piece is the overlap itself; several are joined along the cuts, a millimetre grid closing the seams.
    shared_parts = groups["shared"].agg(list)
    geometry = np.empty(len(shared_parts), dtype=object)
    for row, parts in enumerate(shared_parts):
        geometry[row] = parts[0] if len(parts) == 1 else shapely.union_all(parts, grid_size=1e-3)
    geometry = polygons_of(geometry)
    parcel_index = area.index.get_level_values("parcel").to_numpy(dtype=np.int64)
    feature_index = area.index.get_level_values("feature").to_numpy(dtype=np.int64)
    return parcel_index, feature_index, area.to_numpy(dtype=np.float64), geometry


def _paired_areas(
    parcels: Geometries, pieces: Pieces, parcel: NDArray[np.int64], feature: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Area of the parcel in the polygon, for each of the pairs asked for."""
    met_parcel, met_feature, area = overlap_areas(parcels, pieces)
    found = pd.Series(area, index=pd.MultiIndex.from_arrays([met_parcel, met_feature]))
    wanted = pd.MultiIndex.from_arrays([parcel, feature])
    return np.asarray(found.reindex(wanted, fill_value=0.0), dtype=np.float64)


def _measure_outside(
    parcels: Geometries, parcel_m2: NDArray[np.float64], zones: Zones, met: pd.DataFrame
) -> pd.DataFrame:
    """One row per parcel: the land outside every feature, as an interval that knows accuracy and coverage."""
    nominal = _total_areas(parcels, zones.union)
    low = _total_areas(parcels, zones.union_low)
    high = _total_areas(parcels, zones.union_high)
    no_data = np.zeros(len(parcels))
    if zones.covered is not None:
        no_data = np.maximum(parcel_m2 - _total_areas(parcels, zones.covered), 0.0)
        no_data[no_data <= TOUCH_M2] = 0.0
    outside = _cleaned(parcel_m2 - nominal, parcel_m2)
    # Unsurveyed land may hold all of the layer or nothing of it.
    least = _cleaned(parcel_m2 - high - no_data, parcel_m2)
    most = _cleaned(parcel_m2 - low, parcel_m2)
    geometry = np.empty(len(parcels), dtype=object)
    overlapping = met[met["geometry"].notna()].groupby("parcel")["geometry"].agg(list)
    for parcel in np.flatnonzero(outside > 0):
        shared = overlapping.get(parcel)
        geometry[parcel] = (
            parcels[parcel]
            if shared is None
            else shapely.difference(parcels[parcel], shapely.union_all(shared), grid_size=1e-3)
        )
    geometry = polygons_of(geometry)
    return pd.DataFrame(
        {
            "parcel": np.arange(len(parcels)),
            "feature_id": "",
            "feature_name": "",
            "relation": "outside",
            "area_m2": outside,
            "low_m2": np.minimum(least, outside),
            "high_m2": np.maximum(most, outside),
            "width_m": _mean_width(geometry),
            "sliver": "",
            "no_data_m2": no_data,
            "geometry": geometry,
        }
    )


def polygons_of(geometries: Geometries) -> Geometries:
    """Return geometries without the lines and points that an intersection may add to its polygons; None stays."""
    out = geometries.copy()
    mixed = np.flatnonzero(shapely.get_type_id(geometries) == 7)
    for row in mixed:
        parts = shapely.get_parts(geometries[row])
        out[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return out


def _cleaned(area: NDArray[np.float64], parcel_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    area = np.clip(area, 0.0, parcel_m2)
    return np.where(area <= np.maximum(TOUCH_M2, 1e-9 * parcel_m2), 0.0, area)


def _nearest_m(in_grid: Geometries, near: Pieces, grid_zone: int) -> NDArray[np.float64]:
    """Distance to the nearest feature: the nearest points are found in the grid, their distance on the ellipsoid."""
    out = np.full(len(in_grid), np.nan)
    if not len(near.polygons):
        return out
    parcel, piece = near.tree.query_nearest(in_grid, all_matches=False)
    lines = shapely.shortest_line(in_grid[parcel], near.polygons[piece])
    ends = shapely.get_coordinates(lines)
    grid = CRS.from_epsg(grid_epsg(grid_zone, prefixed=False))
    lon, lat = transformer(grid).transform(ends[:, 0], ends[:, 1])
    out[parcel] = _GEOD.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])[2]
    return out


def _mean_width(geometry: Geometries) -> NDArray[np.float64]:
    """Mean width (m): twice the area over the perimeter, which for a long strip is its width. NaN without area."""
    area, around = shapely.area(geometry), shapely.length(geometry)
    return np.asarray(np.divide(2 * area, around, out=np.full(len(geometry), np.nan), where=around > 0))


def _describe_slivers(geometry: Geometries, real: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Mean width of each overlap and what it is: "real", "chord" or "digitising"; "" without area.

    Two lines straight in different projections between the same ends part by at most L^2 tan(latitude) / (8 R)
    (a chord artefact). A strip under a metre wide and a hundred times as long is one of digitising.
    """
    width = np.where(real, _mean_width(geometry), np.nan)
    long = np.asarray(shapely.length(geometry)) / 2
    latitude = np.radians(shapely.get_y(shapely.centroid(unproject(geometry))))
    # The mean width of a circle segment is two thirds of its height; 10 % is left for how its length is estimated.
    chord_m = 1.1 * 2 / 3 * long**2 * np.tan(np.abs(latitude)) / (8 * _EARTH_M)
    sliver = np.full(len(geometry), "", dtype=object)
    sliver[real] = "real"
    thin = real & (width < 1.0) & (long > 100 * width)
    sliver[thin] = "digitising"
    sliver[thin & (width <= chord_m)] = "chord"
    return width, sliver
