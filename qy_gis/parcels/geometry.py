"""The outlines of parcels: valid polygons in two dimensions, within the reach of their CRS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, chain, repeat
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError

from qy_gis.errors import CRSError, GeometryError
from qy_gis.measure.area import areas
from qy_gis.measure.crs import transformer
from qy_gis.parcels.corners import Places, Wkb, find_bare, find_unreal, judge_rings, read_rings, take_rings
from qy_gis.parcels.repairs import Repair, Repairs, list_faults
from qy_gis.parcels.vertices import drop_vertices

Geometries: TypeAlias = NDArray[np.object_]

#: Mending an outline may move its area by this much before someone has to agree to it.
MAX_CHANGE_M2, MAX_CHANGE_SHARE = 1.0, 0.001

#: Parcels are kept in a neighbouring zone's grid in earnest, never further away than one zone.
_REACH_DEGREES = 3.0

#: Outlines cleaned together: few enough that their coordinates take little memory.
_TOGETHER = 2**15

#: An outline whose edges meet more often than this is a tangle that takes GEOS minutes and gigabytes to mend.
_MAX_MEETINGS, _SAMPLED_EDGES = 300_000, 200

_POLYGON, _MULTIPOLYGON, _COLLECTION, _NONE = 3, 6, 7, -1


def clean_outlines(
    geometries: Geometries, crs: CRS, *, rows: Sequence[Any], repair: bool, wkb: Sequence[Wkb] = ()
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
    wkb
        The bytes that the geometries were read from, in pieces one after the other, if they are there still: looking
        at them is quicker.

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
    starts = [0, *accumulate(map(len, wkb))][:-1] or list(range(0, len(geometries), _TOGETHER))
    polygons = geometries.copy()
    blocks = [
        _clean_block(polygons[start:stop], piece, geographic=crs.is_geographic)
        for start, stop, piece in zip(starts, [*starts[1:], len(geometries)], wkb or repeat(None), strict=False)
    ]
    placed = list(zip(starts, blocks, strict=True))
    if faults := [f"row {rows[start + i]}: {block.faults[i]}" for start, block in placed for i in sorted(block.faults)]:
        raise GeometryError(
            f"{len(faults)} of {len(rows)} parcels have no usable outline; accepted are Polygon and MultiPolygon:\n"
            + list_faults(faults)
        )
    extents = np.array([block.extent for block in blocks])
    _check_reach(polygons, np.append(extents[:, :2].min(axis=0), extents[:, 2:].max(axis=0)), crs, rows=rows)
    repairs: Repairs = defaultdict(list)
    repairs.update({start + i: done for start, block in placed for i, done in block.repairs.items()})
    invalid = [start + i for start, block in placed for i in block.invalid]
    return _mend(polygons, invalid, crs, rows=rows, repairs=repairs, repair=repair), repairs


class _Block(NamedTuple):
    """What cleaning found, by place in the block, and west, south, east and north."""

    faults: dict[int, str]
    repairs: Repairs
    extent: NDArray[np.float64]
    invalid: list[int]


def _clean_block(polygons: Geometries, wkb: Wkb | None, *, geographic: bool) -> _Block:
    """Make geometries polygons, in place; those at fault become None."""
    repairs: Repairs = defaultdict(list)
    faults: dict[int, str] = {}
    # Bytes tell that there is nothing to be taken out or off, and give coordinates in a tenth of the time.
    bare = np.zeros(len(polygons), dtype=np.bool_) if wkb is None else find_bare(wkb)
    others = np.flatnonzero(~bare)
    _keep_polygons(polygons, others, faults, repairs)
    _drop_heights(polygons, others, repairs)
    extents = [(np.inf, np.inf, -np.inf, -np.inf)]
    doubted = np.ones(len(polygons), dtype=np.bool_)
    flawed: set[int] = set()
    for rings in chain(read_rings(wkb, np.flatnonzero(bare)) if wkb else (), take_rings(polygons, others)):
        extents.append(rings.extent)
        for i in find_unreal(rings).tolist():
            faults[i] = f"{polygons[i].geom_type} with coordinates that are not numbers"
        # Numbers too large for any place on earth are refused later, by those who know the CRS.
        with np.errstate(over="ignore", invalid="ignore"):
            at_fault, simple = judge_rings(rings, geographic=geographic)
        flawed.update(at_fault.tolist())
        doubted[simple] = False
    extent = np.append(np.min(extents, axis=0)[:2], np.max(extents, axis=0)[2:])
    if faults:
        return _Block(faults, repairs, extent, [])
    with np.errstate(over="ignore", invalid="ignore"):
        drop_vertices(polygons, sorted(flawed), repairs, geographic=geographic)
    doubtful = np.flatnonzero(doubted)
    invalid = doubtful[~shapely.is_valid(polygons[doubtful])].tolist()
    return _Block(faults, repairs, extent, invalid)


def _check_reach(polygons: Geometries, extent: NDArray[np.float64], crs: CRS, *, rows: Sequence[Any]) -> None:
    """Raise a CRSError if polygons lie where their CRS is not used, as mislabelled coordinates do."""
    if crs.is_projected:
        _check_transformation(crs)
    # All of them at once first: mislabelled coordinates are rare, and a look at each is slow.
    west, south, east, north = extent
    corners = np.array([[west, west, east, east]]), np.array([[south, north, south, north]])
    if within_reach(*corners, crs).all():
        return
    bounds = shapely.bounds(polygons)
    x, y = bounds[:, [0, 2]], bounds[:, [1, 3]]
    outside = ~within_reach(x, y, crs)
    if not outside.any():
        return
    if crs.is_projected and (np.abs(bounds[outside]) <= 180).all():
        guess = "these look like degrees."
    elif within_reach(y[outside], x[outside], crs).all():
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
        "State the CRS the coordinates are in with crs= (--crs), or correct or remove what the file says of it (its "
        f".prj, its crs member):\n{list_faults(faults)}"
    )


def _check_transformation(crs: CRS) -> None:
    try:
        transformer(crs)
    except ProjError as error:
        raise CRSError(f"crs {crs.name!r} cannot be used: {error}") from error


def within_reach(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> NDArray[np.bool_]:
    """Return, for each row of x and y, whether all its points are within or near the CRS's area of use."""
    lon, lat = transformer(crs).transform(x, y) if crs.is_projected else (x, y)
    area = crs.area_of_use
    west, south, east, north = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    near_lon = (lon >= max(west - _REACH_DEGREES, -180)) & (lon <= min(east + _REACH_DEGREES, 180))
    near_lat = (lat >= max(south - _REACH_DEGREES, -90)) & (lat <= min(north + _REACH_DEGREES, 90))
    return np.asarray((near_lon & near_lat).all(axis=1))


def _keep_polygons(polygons: Geometries, places: Places, faults: dict[int, str], repairs: Repairs) -> None:
    """Put the polygons of collections in their place, and None, with a fault, where there are none."""
    looked_at = polygons[places]
    kinds = shapely.get_type_id(looked_at)
    empty = shapely.is_empty(looked_at)
    for at in np.flatnonzero(empty | ((kinds != _POLYGON) & (kinds != _MULTIPOLYGON))).tolist():
        i, geometry = int(places[at]), looked_at[at]
        polygons[i] = None
        if kinds[at] == _NONE:
            faults[i] = "no geometry"
        elif empty[at]:
            faults[i] = f"empty {geometry.geom_type}"
        elif kinds[at] != _COLLECTION or not (parts := _polygons_in(geometry)):
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


def _polygons_in(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    if isinstance(geometry, shapely.Polygon):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, shapely.MultiPolygon | shapely.GeometryCollection):
        return [polygon for part in geometry.geoms for polygon in _polygons_in(part)]
    return []


def _drop_heights(polygons: Geometries, places: Places, repairs: Repairs) -> None:
    high = places[shapely.has_z(polygons[places])]
    for i in high.tolist():
        height = float(shapely.get_coordinates(polygons[i], include_z=True)[0, 2])
        repairs[i].append(Repair(line=None, what="去除高程 Z / Z dropped", before=f"Z = {height:g} …", after=""))
    polygons[high] = shapely.force_2d(polygons[high])


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
