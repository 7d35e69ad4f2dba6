"""The outlines of parcels: valid polygons in two dimensions, within the reach of their CRS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError

from qy_gis.errors import CRSError, GeometryError
from qy_gis.measure.area import areas
from qy_gis.measure.crs import transformer
from qy_gis.parcels.corners import find_flawed, find_simple, find_unreal, in_metres, take_rings
from qy_gis.parcels.repairs import Repair, Repairs, list_faults
from qy_gis.parcels.vertices import drop_vertices

Geometries: TypeAlias = NDArray[np.object_]

#: Mending an outline may move its area by this much before someone has to agree to it.
MAX_CHANGE_M2, MAX_CHANGE_SHARE = 1.0, 0.001

#: Parcels are kept in a neighbouring zone's grid in earnest, never further away than one zone.
_REACH_DEGREES = 3.0

#: Outlines cleaned together: few enough that they, and what is computed of them, stay in the processor's cache.
_TOGETHER = 4096

#: Up to this many outlines are few.
_FEW = 10

#: An outline whose edges meet more often than this is a tangle that takes GEOS minutes and gigabytes to mend.
_MAX_MEETINGS, _SAMPLED_EDGES = 300_000, 200

_POLYGON, _MULTIPOLYGON, _COLLECTION, _NONE = 3, 6, 7, -1


def clean_outlines(
    geometries: Geometries, crs: CRS, *, rows: Sequence[Any], repair: bool
) -> tuple[Geometries, Repairs]:
    """Return the polygons of parcels, and what was repaired in each.

    Parameters
    ----------
    geometries
        Shapely geometries of shape (n,); not modified.
    crs
        The CRS they are in.
    rows
        The number or name of each row in messages, of length n.
    repair
        Accept a mended outline whatever it does to the area.

    Returns
    -------
    tuple
        Polygons and multipolygons of shape (n,), valid and without Z, and the repairs of those that had any, by place.

    Raises
    ------
    GeometryError
        Missing or empty, without polygons, with coordinates that are not numbers, or crossing itself so that mending
        changes the area by more than 1 m2 or 0.1 %.
    CRSError
        The coordinates are out of the reach of the CRS.
    """
    starts = range(0, len(geometries), _TOGETHER)
    blocks = [_clean_block(geometries[start : start + _TOGETHER], geographic=crs.is_geographic) for start in starts]
    placed = list(zip(starts, blocks, strict=True))
    if faults := [f"row {rows[start + i]}: {block.faults[i]}" for start, block in placed for i in sorted(block.faults)]:
        raise GeometryError(
            f"{len(faults)} of {len(rows)} parcels have no usable outline; accepted are Polygon and MultiPolygon:\n"
            + list_faults(faults)
        )
    polygons = np.concatenate([block.polygons for block in blocks])
    _check_reach(polygons, [block.extent for block in blocks], crs, rows=rows)
    repairs: Repairs = defaultdict(list)
    repairs.update({start + i: done for start, block in placed for i, done in block.repairs.items()})
    invalid = [start + i for start, block in placed for i in block.invalid]
    return _mend(polygons, invalid, crs, rows=rows, repairs=repairs, repair=repair), repairs


class _Block(NamedTuple):
    """Some polygons cleaned; those at fault are None. Faults, repairs and what is invalid go by place in the block."""

    polygons: Geometries
    faults: dict[int, str]
    repairs: Repairs
    extent: NDArray[np.float64]
    invalid: list[int]


def _clean_block(geometries: Geometries, *, geographic: bool) -> _Block:
    repairs: Repairs = defaultdict(list)
    faults: dict[int, str] = {}
    polygons = _drop_heights(_keep_polygons(geometries, faults, repairs), repairs)
    rings = take_rings(polygons)
    for i in find_unreal(rings).tolist():
        faults[i] = f"{polygons[i].geom_type} with coordinates that are not numbers"
    if faults:
        return _Block(polygons, faults, repairs, rings.extent, [])
    # Numbers too large for any place on earth are refused later, by those who know the CRS.
    with np.errstate(over="ignore", invalid="ignore"):
        scale = in_metres(rings, geographic=geographic)
        flawed = find_flawed(rings, scale)
        doubted = np.ones(len(polygons), dtype=bool)
        # Few are sooner judged by GEOS.
        if len(polygons) > _FEW:
            doubted[find_simple(rings)] = False
        doubted[flawed] = True
        polygons = drop_vertices(polygons, flawed, scale, repairs)
    doubtful = np.flatnonzero(doubted)
    invalid = doubtful[~shapely.is_valid(polygons[doubtful])].tolist()
    return _Block(polygons, faults, repairs, rings.extent, invalid)


def _check_reach(polygons: Geometries, extents: list[NDArray[np.float64]], crs: CRS, *, rows: Sequence[Any]) -> None:
    """Raise a CRSError if polygons lie where their CRS is not used, as mislabelled coordinates do."""
    if crs.is_projected:
        _check_transformation(crs)
    # A block at once first: mislabelled coordinates are rare, and a look at each is slow.
    west, south, east, north = np.stack(extents, axis=1)
    corners = np.stack([west, west, east, east], axis=1), np.stack([south, north, south, north], axis=1)
    if _within_reach(*corners, crs).all():
        return
    bounds = shapely.bounds(polygons)
    x, y = bounds[:, [0, 2]], bounds[:, [1, 3]]
    outside = ~_within_reach(x, y, crs)
    if not outside.any():
        return
    if crs.is_projected and (np.abs(bounds[outside]) <= 180).all():
        guess = "these look like degrees."
    elif _within_reach(y[outside], x[outside], crs).all():
        guess = "x and y look swapped."
    elif crs.is_geographic and (np.abs(bounds[outside]) > 180).any():
        guess = "these look like metres."
    else:
        guess = "is the zone right, and the zone prefix of the eastings?"
    faults = [f"row {rows[i]} at ({x[i, 0]:.3f}, {y[i, 0]:.3f})" for i in np.flatnonzero(outside).tolist()]
    area = crs.area_of_use
    where = f", used {area.west:g}-{area.east:g} E, {area.south:g}-{area.north:g} N" if area else ""
    raise CRSError(
        f"{len(faults)} of {len(rows)} parcels are out of the reach of their CRS {crs.name!r}{where}; {guess} "
        f"State the CRS the coordinates are in:\n{list_faults(faults)}"
    )


def _check_transformation(crs: CRS) -> None:
    try:
        transformer(crs)
    except ProjError as error:
        raise CRSError(f"crs {crs.name!r} cannot be used: {error}") from error


def _within_reach(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> NDArray[np.bool_]:
    """Return, for each row of x and y, whether all its points are within or near the CRS's area of use."""
    lon, lat = transformer(crs).transform(x, y) if crs.is_projected else (x, y)
    area = crs.area_of_use
    west, south, east, north = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    near_lon = (lon >= max(west - _REACH_DEGREES, -180)) & (lon <= min(east + _REACH_DEGREES, 180))
    near_lat = (lat >= max(south - _REACH_DEGREES, -90)) & (lat <= min(north + _REACH_DEGREES, 90))
    return np.asarray((near_lon & near_lat).all(axis=1))


def _keep_polygons(geometries: Geometries, faults: dict[int, str], repairs: Repairs) -> Geometries:
    """Return polygons and multipolygons, those of collections taken out; None, and a fault, where there are none."""
    polygons = geometries.copy()
    kinds = shapely.get_type_id(geometries)
    empty = shapely.is_empty(geometries)
    for i in np.flatnonzero(empty | ((kinds != _POLYGON) & (kinds != _MULTIPOLYGON))).tolist():
        geometry, polygons[i] = geometries[i], None
        if kinds[i] == _NONE:
            faults[i] = "no geometry"
        elif empty[i]:
            faults[i] = f"empty {geometry.geom_type}"
        elif kinds[i] != _COLLECTION or not (parts := _polygons_in(geometry)):
            faults[i] = f"{geometry.geom_type} without a polygon"
        else:
            polygons[i] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
            inside = ", ".join(part.geom_type for part in geometry.geoms)
            repairs[i].append(
                Repair(
                    line=None,
                    what="几何集合只保留面 / only the polygons of a geometry collection kept",
                    before=f"GeometryCollection: {inside}",
                    after=polygons[i].geom_type,
                )
            )
    return polygons


def _polygons_in(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    if isinstance(geometry, shapely.Polygon):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, shapely.MultiPolygon | shapely.GeometryCollection):
        return [polygon for part in geometry.geoms for polygon in _polygons_in(part)]
    return []


def _drop_heights(polygons: Geometries, repairs: Repairs) -> Geometries:
    high = np.flatnonzero(shapely.has_z(polygons)).tolist()
    if not high:
        return polygons
    for i in high:
        height = float(shapely.get_coordinates(polygons[i], include_z=True)[0, 2])
        repairs[i].append(Repair(line=None, what="去除高程 Z / Z dropped", before=f"Z = {height:g} …", after=""))
    return np.asarray(shapely.force_2d(polygons))


def _mend(
    polygons: Geometries, invalid: list[int], crs: CRS, *, rows: Sequence[Any], repairs: Repairs, repair: bool
) -> Geometries:
    if not invalid:
        return polygons
    _check_tangle(polygons[invalid], [rows[i] for i in invalid])
    # "structure" keeps what rings mean: land in a shell is land, and parts that overlap merge into one. "linework"
    # would turn an overlap of two parts into a hole.
    mended = shapely.make_valid(polygons[invalid], method="structure", keep_collapsed=False)
    reasons = shapely.is_valid_reason(polygons[invalid])
    gone = shapely.is_empty(mended)
    after = areas(mended, crs)
    # The area as drawn is the shoelace in the grid, put on the ellipsoid by the scale of the mended outline: measured
    # there directly, GEOS would first rebuild the invalid polygon in its own way.
    scale = np.divide(after, shapely.area(mended), out=np.ones_like(after), where=~gone)
    before = shapely.area(polygons[invalid]) * scale
    change = np.abs(after - before)
    large = (change > MAX_CHANGE_M2) | (change > MAX_CHANGE_SHARE * before)
    refused = gone if repair else gone | large
    if refused.any():
        faults = [
            f"row {rows[invalid[k]]}: {reasons[k]}; {before[k]:.2f} m2 as drawn, "
            + ("nothing left when mended" if gone[k] else f"{after[k]:.2f} m2 mended")
            for k in np.flatnonzero(refused).tolist()
        ]
        raise GeometryError(
            f"{len(faults)} of {len(rows)} outlines are not simple, and mending changes the area by more than "
            f"{MAX_CHANGE_M2:g} m2 or {MAX_CHANGE_SHARE:.1%}; correct them, or accept what is left after mending with "
            f"repair=True:\n{list_faults(faults)}"
        )
    out = polygons.copy()
    out[invalid] = mended
    for k, i in enumerate(invalid):
        repairs[i].append(
            Repair(
                line=None,
                what=f"修正自相交等图形错误 / outline mended ({reasons[k]})",
                before=f"{before[k]:.2f} m2",
                after=f"{after[k]:.2f} m2",
            )
        )
    return out


def _check_tangle(polygons: Geometries, rows: Sequence[Any]) -> None:
    """Raise a GeometryError for outlines too tangled to be mended, judged by a sample of their edges."""
    faults = []
    for polygon, row in zip(polygons, rows, strict=True):
        lines = shapely.get_coordinates(polygon)
        if len(lines) < _SAMPLED_EDGES:
            continue
        edges = np.asarray(shapely.linestrings(np.stack([lines[:-1], lines[1:]], axis=1)))
        sample = edges[:: -(-len(edges) // _SAMPLED_EDGES)]
        meetings = len(shapely.STRtree(edges).query(sample)[0]) / len(sample) * len(edges)
        # An edge meets itself and its two neighbours.
        if meetings - 3 * len(edges) > _MAX_MEETINGS:
            faults.append(f"row {row}: {len(edges)} edges that meet about {meetings:.0f} times")
    if faults:
        raise GeometryError(f"{len(faults)} outlines cross themselves too often to be mended:\n{list_faults(faults)}")
