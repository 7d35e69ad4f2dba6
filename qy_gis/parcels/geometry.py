"""The outlines of parcels and zones: valid polygons in two dimensions, within the reach of their CRS.

Whatever comes in passes `examine_outlines`: a table of parcels, the features of a layer, and of a batch the rows that
are not plain at a glance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, chain, repeat
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.errors import ShapelyError

from qy_gis.measure.area import areas
from qy_gis.measure.outlines import take_outlines
from qy_gis.measure.reach import explain_long, explain_outside, find_long, find_outside, longest_edge, reach_of
from qy_gis.parcels.corners import Places, Wkb, find_bare, find_unreal, judge_rings, read_rings, take_rings
from qy_gis.parcels.faults import Fault, Faults, Kind, refuse_faults
from qy_gis.parcels.repairs import Repair, Repairs
from qy_gis.parcels.rings import nest_corners
from qy_gis.parcels.vertices import drop_vertices

Geometries: TypeAlias = NDArray[np.object_]

#: Mending an outline may move its area by this much before someone has to agree to it.
MAX_CHANGE_M2, MAX_CHANGE_SHARE = 1.0, 0.001

#: Outlines cleaned together: few enough that their coordinates take little memory.
_TOGETHER = 2**15

#: An outline whose edges meet more often than this is a tangle that takes GEOS minutes and gigabytes to mend.
_MAX_MEETINGS, _SAMPLED_EDGES = 300_000, 200

_POLYGON, _MULTIPOLYGON, _COLLECTION, _NONE = 3, 6, 7, -1

#: What GEOS says of an outline that is not simple, in Chinese.
_REASONS_ZH = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "圈自相接",
    "Hole lies outside shell": "内圈在外圈之外",
    "Holes are nested": "内圈嵌套",
    "Nested shells": "外圈嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "圈重复",
    "Too few points in geometry component": "点数不足",
}


class Examined(NamedTuple):
    """What was found of geometries, by their places.

    Attributes
    ----------
    polygons
        Polygons and multipolygons of shape (n,), valid and without Z; of those at fault whatever there is.
    repairs
        What was repaired in each that had anything; those at fault may be among them.
    faults
        Why an outline cannot be used.
    """

    polygons: Geometries
    repairs: Repairs
    faults: Faults


def clean_outlines(
    geometries: Geometries, crs: CRS, *, rows: Sequence[Any], repair: bool, wkb: Sequence[Wkb] = ()
) -> tuple[Geometries, Repairs]:
    """Return the polygons of parcels or of zones, and what was repaired in each.

    Parameters
    ----------
    geometries, crs, repair, wkb
        As for `examine_outlines`.
    rows
        The number or name of each row in messages, of length n.

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
    SourceError
        Faults of both kinds.
    """
    polygons, repairs, faults = examine_outlines(geometries, crs, repair=repair, wkb=wkb)
    refuse_faults(faults, rows)
    return polygons, repairs


def examine_outlines(geometries: Geometries, crs: CRS, *, repair: bool, wkb: Sequence[Wkb] = ()) -> Examined:
    """Clean outlines, and list those that cannot be used.

    Parameters
    ----------
    geometries
        Shapely geometries of shape (n,); not modified.
    crs
        The CRS they are in, as `qy_gis.measure.crs.check_crs` returns it.
    repair
        Accept a mended outline whatever it does to the area.
    wkb
        The bytes that the geometries were read from, in pieces one after the other, if they are there still: looking
        at them is quicker.

    Raises
    ------
    CRSError
        The CRS cannot be used at all.

    Examples
    --------
    >>> plot = shapely.box(403000, 2622000, 403050, 2622040)
    >>> found = examine_outlines(np.array([plot, None], dtype=object), CRS.from_epsg(4547), repair=False)
    >>> found.faults[1].reason
    '没有图形 / no geometry'
    """
    reach_of(crs)
    starts = [0, *accumulate(map(len, wkb))][:-1] or list(range(0, len(geometries), _TOGETHER))
    polygons = geometries.copy()
    repairs: Repairs = defaultdict(list)
    faults: Faults = {}
    flawed: list[int] = []
    doubtful = [np.zeros(0, dtype=np.int64)]
    extents = [np.array([np.inf, np.inf, -np.inf, -np.inf])]
    for start, stop, piece in zip(starts, [*starts[1:], len(geometries)], wkb or repeat(None), strict=False):
        block = _look_at_block(polygons[start:stop], piece, geographic=crs.is_geographic)
        repairs.update({start + i: done for i, done in block.repairs.items()})
        faults.update({start + i: fault for i, fault in block.faults.items()})
        flawed += [start + i for i in sorted(block.flawed)]
        doubtful.append(start + block.doubtful)
        extents.append(block.extent)
    every = np.array(extents)
    _judge_reach(polygons, np.append(every[:, :2].min(axis=0), every[:, 2:].max(axis=0)), crs, faults)
    drop_vertices(polygons, [i for i in flawed if i not in faults], repairs, crs=crs)
    doubted = np.concatenate(doubtful)
    invalid = [i for i in doubted[~shapely.is_valid(polygons[doubted])].tolist() if i not in faults]
    invalid = _nest(polygons, invalid, crs, repairs)
    _mend(polygons, invalid, crs, repairs, faults, repair=repair)
    return Examined(polygons, repairs, faults)


class _Block(NamedTuple):
    """What a first look found, by place in the block, and west, south, east and north."""

    faults: Faults
    repairs: Repairs
    extent: NDArray[np.float64]
    flawed: set[int]
    doubtful: NDArray[np.int64]


def _look_at_block(polygons: Geometries, wkb: Wkb | None, *, geographic: bool) -> _Block:
    """Make geometries polygons, in place; those at fault become None."""
    repairs: Repairs = defaultdict(list)
    faults: Faults = {}
    # Bytes tell that there is nothing to be taken out or off, and give coordinates in a tenth of the time.
    bare = np.zeros(len(polygons), dtype=np.bool_) if wkb is None else find_bare(wkb)
    others = np.flatnonzero(~bare)
    _keep_polygons(polygons, others, faults, repairs)
    _drop_empty(polygons, others, repairs)
    _drop_heights(polygons, others, repairs)
    extents = [(np.inf, np.inf, -np.inf, -np.inf)]
    doubted = np.ones(len(polygons), dtype=np.bool_)
    flawed: set[int] = set()
    for rings in chain(read_rings(wkb, np.flatnonzero(bare)) if wkb else (), take_rings(polygons, others)):
        unreal = find_unreal(rings).tolist()
        for i in unreal:
            name = polygons[i].geom_type
            faults[i] = Fault(Kind.OUTLINE, f"{name} with coordinates that are not numbers", f"{name} 的坐标不是数值")
        if not unreal:
            extents.append(rings.extent)
        # Numbers too large for any place on earth are refused later, by those who know the CRS.
        with np.errstate(over="ignore", invalid="ignore"):
            at_fault, simple = judge_rings(rings, geographic=geographic)
        flawed.update(at_fault.tolist())
        doubted[simple] = False
    # Of outlines at fault nothing more is asked.
    for i in faults:
        polygons[i] = None
    extent = np.append(np.min(extents, axis=0)[:2], np.max(extents, axis=0)[2:])
    if any(fault.kind == Kind.OUTLINE for fault in faults.values()):
        # Rings that were looked at together with unreal ones are not in the extents.
        extent = shapely.total_bounds(polygons) if (~shapely.is_missing(polygons)).any() else extent
    return _Block(faults, repairs, extent, flawed, np.flatnonzero(doubted))


def _judge_reach(polygons: Geometries, extent: NDArray[np.float64], crs: CRS, faults: Faults) -> None:
    """Find polygons that lie where their CRS is not used, or have edges that no parcel has."""
    # All of them at once first: mislabelled coordinates are rare, and a look at each is slow.
    longest = longest_edge(crs)
    wide = max(extent[2] - extent[0], extent[3] - extent[1]) > longest
    if not wide and not find_outside(extent[np.newaxis], crs)[0]:
        return
    bounds = shapely.bounds(polygons)
    for i in np.flatnonzero(find_outside(bounds, crs)).tolist():
        faults[i] = Fault(Kind.REACH, *explain_outside(bounds[i], crs))
    large = np.flatnonzero(np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) > longest)
    for i in large.tolist():
        outline = take_outlines(polygons[i : i + 1])
        if i not in faults and len(find_long(outline.x, outline.y, outline.ring_first, longest)):
            faults[i] = Fault(Kind.REACH, *explain_long((outline.x[0], outline.y[0]), crs))


def _keep_polygons(polygons: Geometries, places: Places, faults: Faults, repairs: Repairs) -> None:
    """Put the polygons of collections in their place, and None, with a fault, where there are none."""
    looked_at = polygons[places]
    kinds = shapely.get_type_id(looked_at)
    empty = shapely.is_empty(looked_at)
    for at in np.flatnonzero(empty | ((kinds != _POLYGON) & (kinds != _MULTIPOLYGON))).tolist():
        i, geometry = int(places[at]), looked_at[at]
        polygons[i] = None
        if kinds[at] == _NONE:
            faults[i] = Fault(Kind.OUTLINE, "no geometry", "没有图形")
        elif empty[at]:
            faults[i] = Fault(Kind.OUTLINE, f"empty {geometry.geom_type}", f"空的 {geometry.geom_type}")
        elif kinds[at] != _COLLECTION or not (parts := _polygons_in(geometry)):
            # A closed line is a line wherever it was read from.
            name = geometry.geom_type.replace("LinearRing", "LineString")
            faults[i] = Fault(Kind.OUTLINE, f"{name} without a polygon", f"{name} 中没有面")
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


def _drop_empty(polygons: Geometries, places: Places, repairs: Repairs) -> None:
    """Take parts and rings without a corner out of polygons and multipolygons, in place."""
    looked_at = polygons[places]
    several = (shapely.get_type_id(looked_at) == _MULTIPOLYGON) | (shapely.get_num_interior_rings(looked_at) > 0)
    if not several.any():
        return
    among = places[several]
    parts, of_part = shapely.get_parts(polygons[among], return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    bad = np.unique(np.append(of_part[shapely.is_empty(parts)], of_part[of_ring[shapely.is_empty(rings)]]))
    for i in among[bad].tolist():
        full = [part for part in shapely.get_parts(polygons[i]) if not part.is_empty]
        kept = [shapely.Polygon(part.exterior, [hole for hole in part.interiors if not hole.is_empty]) for part in full]
        before = _count_rings(polygons[i])
        polygons[i] = kept[0] if polygons[i].geom_type == "Polygon" else shapely.MultiPolygon(kept)
        repairs[i].append(
            Repair(
                line=None,
                what="去除空的部分或空圈 / empty parts or rings dropped",
                before=before,
                after=_count_rings(polygons[i]),
            )
        )


def _count_rings(polygon: Any) -> str:
    parts = shapely.get_parts(polygon)
    holes = int(shapely.get_num_interior_rings(parts).sum())
    return f"{len(parts)} 外圈 / outer, {holes} 内圈 / holes"


def _drop_heights(polygons: Geometries, places: Places, repairs: Repairs) -> None:
    high = places[shapely.has_z(polygons[places])]
    for i in high.tolist():
        height = float(shapely.get_coordinates(polygons[i], include_z=True)[0, 2])
        repairs[i].append(Repair(line=None, what="去除高程 Z / Z dropped", before=f"Z = {height:g} …", after=""))
    polygons[high] = shapely.force_2d(polygons[high])


def _nest(polygons: Geometries, invalid: list[int], crs: CRS, repairs: Repairs) -> list[int]:
    """Decide by containment which rings are holes where rings are sound but not so placed; return the others."""
    others = []
    for i in invalid:
        given = polygons[i]
        nested = _nest_rings(given)
        if nested is None:
            others.append(i)
            continue
        polygons[i] = nested
        repairs[i].append(
            Repair(
                line=None,
                what="内外圈与位置不符,按包含关系定内外 / rings contradict their place: holes decided by containment",
                before=_count_rings(given),
                after=f"{_count_rings(nested)}, {areas([nested], crs)[0]:.2f} m2",
            )
        )
    return others


def _nest_rings(polygon: Any) -> Any:
    """Return the valid polygons that rings form by containment; None if they form none, or none but those given."""
    rings = shapely.get_rings(shapely.get_parts(polygon))
    if len(rings) < 2 or not shapely.is_valid(shapely.polygons(rings)).all():
        return None
    parts, _ = nest_corners([shapely.get_coordinates(ring)[:-1] for ring in rings])
    nested = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return nested if nested.is_valid else None


def _mend(
    polygons: Geometries, invalid: list[int], crs: CRS, repairs: Repairs, faults: Faults, *, repair: bool
) -> None:
    """Mend outlines that are not simple, in place; those that change too much, or are a tangle, are at fault."""
    if not invalid:
        return
    _find_tangles(polygons, invalid, faults)
    invalid = [i for i in invalid if i not in faults]
    mended = np.array([_make_valid(polygons[i]) for i in invalid], dtype=object)
    gone = shapely.is_empty(mended)
    after = areas(mended, crs)
    # The area as drawn is the shoelace in the grid, put on the ellipsoid by the scale of the mended outline: measured
    # there directly, GEOS would first rebuild the invalid polygon in its own way.
    scale = np.divide(after, shapely.area(mended), out=np.ones_like(after), where=~gone)
    before = np.abs(shapely.area(polygons[invalid])) * scale
    change = np.abs(after - before)
    large = (change > MAX_CHANGE_M2) | (change > MAX_CHANGE_SHARE * before)
    refused = gone if repair else gone | large
    for k, i in enumerate(invalid):
        reason, reason_zh = _why_invalid(polygons[i])
        if refused[k]:
            left, left_zh = f"{after[k]:.2f} m2 mended", f"修正后 {after[k]:.2f} m2"
            if gone[k]:
                left, left_zh = "nothing left when mended", "修正后无剩余"
            en, zh = (
                f"{reason}; {before[k]:.2f} m2 as drawn, {left}",
                f"{reason_zh}；所绘 {before[k]:.2f} m2，{left_zh}",
            )
            faults[i] = Fault(Kind.MENDING, en, zh)
            continue
        polygons[i] = mended[k]
        repairs[i].append(
            Repair(
                line=None,
                what=f"修正自相交等图形错误 / outline mended ({reason})",
                before=f"{before[k]:.2f} m2",
                after=f"{after[k]:.2f} m2",
            )
        )


def _make_valid(polygon: Any) -> Any:
    # "structure" keeps what rings mean: land in a shell is land, and parts that overlap merge into one. "linework"
    # would turn an overlap of two parts into a hole.
    try:
        return shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    except ShapelyError:
        return shapely.Polygon()


def _why_invalid(polygon: Any) -> tuple[str, str]:
    """Return what is wrong with an outline, and where, in English and in Chinese."""
    reason = str(shapely.is_valid_reason(polygon))
    name, _, place = reason.partition("[")
    return reason, _REASONS_ZH.get(name, name) + (f"[{place}" if place else "")


def _find_tangles(polygons: Geometries, invalid: list[int], faults: Faults) -> None:
    """Find outlines too tangled to be mended, judged by a sample of their edges."""
    for i in invalid:
        lines = shapely.get_coordinates(polygons[i])
        if len(lines) < _SAMPLED_EDGES:
            continue
        edges = np.asarray(shapely.linestrings(np.stack([lines[:-1], lines[1:]], axis=1)))
        sample = edges[:: -(-len(edges) // _SAMPLED_EDGES)]
        meetings = len(shapely.STRtree(edges).query(sample)[0]) / len(sample) * len(edges)
        # An edge meets itself and its two neighbours.
        if meetings - 3 * len(edges) > _MAX_MEETINGS:
            faults[i] = Fault(
                Kind.TANGLE,
                f"{len(edges)} edges that meet about {meetings:.0f} times",
                f"{len(edges)} 条边相交约 {meetings:.0f} 次",
            )
