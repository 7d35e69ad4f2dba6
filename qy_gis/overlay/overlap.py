"""How much of every parcel lies in every layer: areas, intervals and relations, as arrays.

The table that people read, with distances and the outlines of overlaps, is made in `qy_gis.overlay.table`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.measure.outlines import Outlines
from qy_gis.overlay.grid import TOUCH_M, TOUCH_M2, Edges, Floats, Ints, overlap_areas, sign_edges
from qy_gis.overlay.index import COVERED, HIGH, LOW, UNION, UNION_HIGH, UNION_LOW, Features, Index, ZoneTable
from qy_gis.overlay.thin import Thin

#: An overlap nowhere wider than this (m) is contact: coordinates of a survey are to a millimetre.
HAIR_M = 2e-4

#: No contact has an area (m2) over this: 25 km of shared boundary.
_SMALL_M2 = 5.0

#: Relations, as numbers in arrays and as words in tables (`qy_gis.columns.RELATIONS`).
WITHIN, OVERLAPS, CONTAINS, TOUCHES, OUTSIDE = range(5)


class Beyond(NamedTuple):
    """Land of n parcels beyond s setbacks: as drawn, at least, at most, and where that is not known; shape (n, s)."""

    nominal_m2: Floats
    low_m2: Floats
    high_m2: Floats
    no_data_m2: Floats


@dataclass(frozen=True)
class Measured:
    """What parcels and an index share. Areas in m2; n parcels, m layers, k pairs of a parcel and a feature it meets.

    Attributes
    ----------
    parcel_m2
        Area of each parcel, shape (n,).
    parcel, feature
        Of each pair, shape (k,): sorted by parcel, then feature.
    area_m2, low_m2, high_m2
        Of each pair: the overlap with the feature as drawn, shrunk and grown by the layer's accuracy.
    relation
        Of each pair: `WITHIN` (the parcel lies in the feature), `OVERLAPS`, `CONTAINS` or `TOUCHES`.
    outside_m2, outside_low_m2, outside_high_m2
        Land of the parcel outside every feature of the layer, shape (n, m). The interval also knows where the layer is
        complete: elsewhere the land may be full of it or free of it.
    no_data_m2
        Land of the parcel where the layer is not complete, shape (n, m).
    beyond
        Land of the parcel beyond each setback of the index.
    """

    parcel_m2: Floats
    parcel: Ints
    feature: Ints
    area_m2: Floats
    low_m2: Floats
    high_m2: Floats
    relation: NDArray[np.int8]
    outside_m2: Floats
    outside_low_m2: Floats
    outside_high_m2: Floats
    no_data_m2: Floats
    beyond: Beyond


def measure_parcels(parcels: Outlines, index: Index) -> Measured:
    """Measure parcels against all layers of a plan.

    Parameters
    ----------
    parcels
        Outlines of valid polygons in the survey plane (`qy_gis.measure.outlines.outlines_to_plane`), n of them.
    index
        The plan, cut.

    Examples
    --------
    >>> import qy_gis as qy
    >>> from qy_gis.measure.outlines import outlines_to_plane, take_outlines
    >>> from qy_gis.overlay.index import open_index
    >>> plot = take_outlines([shapely.box(404000, 2613000, 404300, 2613200)])
    >>> index = open_index(qy.read_plan())
    >>> measured = measure_parcels(outlines_to_plane(plot, 4547), index)
    >>> index.features.names[measured.feature[0]], measured.relation.tolist()[0] == WITHIN, measured.area_m2.round(2)[0]
    ('清城区', True, np.float64(59986.39))
    """
    edges, parcel, feature, area, relation = meet_features(parcels, index)
    parcel_m2, layer = edges.area_m2, index.features.layer[feature]
    exact = index.exact[layer]
    found = _find(edges, index.bounds)
    possible = found.of(HIGH)
    shrunk, grown = (_look_up(each, parcel, feature, len(index.features.ids)) for each in (found.of(LOW), possible))
    low = np.where(exact, area, np.minimum(shrunk, area))
    high = np.where(exact, area, np.clip(grown, area, parcel_m2[parcel]))
    drawn = _Found(parcel, layer, feature, np.zeros_like(feature), area)
    near = [possible, drawn.take(exact & (area > 0))]

    shape = len(parcels), len(index.limited)
    whole = parcel_m2[:, None]
    no_data = np.where(index.limited, _without_dust(whole - found.of(COVERED).add_up(shape), whole), 0.0)
    # What a parcel shares with a layer is what it shares with its features, if it comes near one alone.
    union = drawn.add_up(shape) + found.of(UNION).add_up(shape)
    union_low = replace(drawn, area_m2=low).add_up(shape) + found.of(UNION_LOW).add_up(shape)
    union_high = sum(each.add_up(shape) for each in near) + found.of(UNION_HIGH).add_up(shape)
    count = sum(each.count(shape) for each in near)
    several = (count > 1) | ((count == 1) & (no_data > 0))
    rows = np.flatnonzero(several.any(axis=1))
    if len(rows):
        found = _find(edges, index.united, rows)
        for total, role in [(union, UNION), (union_low, UNION_LOW), (union_high, UNION_HIGH)]:
            total[several] = found.of(role).add_up(shape)[several]
    layers = len(index.layers)
    # Contact with each feature is contact with all of them, and a parcel within one is within all.
    least_m2, most_m2 = drawn.largest(shape)[:, :layers], drawn.add_up(shape)[:, :layers]
    union[:, :layers] = np.clip(union[:, :layers], least_m2, most_m2)
    exact_layers = np.flatnonzero(index.exact)
    union_low[:, exact_layers] = union[:, exact_layers]
    union_high[:, exact_layers] = np.minimum(union_high[:, exact_layers], union[:, exact_layers])

    outside = _without_dust(whole - union, whole)
    least = np.minimum(_without_dust(whole - union_high - no_data, whole), outside)
    most = np.maximum(_without_dust(whole - union_low, whole), outside)
    return Measured(
        parcel_m2=parcel_m2,
        parcel=parcel,
        feature=feature,
        area_m2=area,
        low_m2=low,
        high_m2=high,
        relation=relation,
        outside_m2=outside[:, :layers],
        outside_low_m2=least[:, :layers],
        outside_high_m2=most[:, :layers],
        no_data_m2=no_data[:, :layers],
        beyond=Beyond(*(areas[:, layers:] for areas in (outside, least, most, no_data))),
    )


def meet_features(parcels: Outlines, index: Index) -> tuple[Edges, Ints, Ints, Floats, NDArray[np.int8]]:
    """Return the parcels as edges, and parcel, feature, area (m2) and relation of every pair that meets.

    Arguments and pairs are those of `measure_parcels`, which adds what accuracy and coverage leave open.
    """
    features = index.features
    edges = sign_edges(parcels)
    parcel, zone, area, contact = overlap_areas(edges, index.drawn.grid)
    keep = (area > TOUCH_M2) | contact
    row, use = _spread(zone[keep], index.drawn)
    parcel, feature, area = parcel[keep][row], np.asarray(index.drawn.feature)[use], area[keep][row]
    real = area > TOUCH_M2
    whole = edges.area_m2[parcel]
    near = _dust(whole)
    within = real & (area >= whole - near)
    relation = np.where(real, OVERLAPS, TOUCHES).astype(np.int8)
    relation[real & (area >= features.area_m2[feature] - near)] = CONTAINS
    relation[within] = WITHIN
    thin, left_thin = _find_hairs(parcels, features, parcel, feature, area, whole)
    relation[left_thin & (relation != CONTAINS)] = WITHIN
    relation[thin] = TOUCHES
    within, real = within | left_thin, real & ~thin
    area = np.where(within, whole, np.where(real, area, 0.0))
    if len(features.thin.places):
        met, which, how = _meet_thin(parcels, features.thin)
        parcel, feature = np.concatenate([parcel, met]), np.concatenate([feature, features.thin.places[which]])
        area, relation = np.concatenate([area, np.zeros(len(met))]), np.concatenate([relation, how])
    # The same outline in two layers is one zone: then features are not in order yet.
    key = parcel * len(features.ids) + feature
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        parcel, feature, area, relation = parcel[order], feature[order], area[order], relation[order]
    return edges, parcel, feature, area, relation


def _find_hairs(
    parcels: Outlines, features: Features, parcel: Ints, feature: Ints, area: Floats, whole: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which overlaps are nowhere wider than `HAIR_M`, and of which no more than that is left outside.

    They are what rounding to a tenth of a millimetre, or a corner beside the chord of a neighbour's long edge, makes of
    a shared boundary. Few areas are so small that they can be one; only of those GEOS is asked.
    """
    thin, left_thin = np.zeros(len(parcel), dtype=bool), np.zeros(len(parcel), dtype=bool)
    for hairs, part, cut in ((thin, area, shapely.intersection), (left_thin, whole - area, shapely.difference)):
        small = np.flatnonzero(
            (part > np.where(cut is shapely.difference, _dust(whole), TOUCH_M2)) & (part < _SMALL_M2)
        )
        if not len(small):
            continue
        rows, place = np.unique(parcel[small], return_inverse=True)
        shapes = parcels.take(rows).polygons()[place]
        maybe = part[small] <= HAIR_M * shapely.length(shapes)
        small, shapes = small[maybe], shapes[maybe]
        boxes = shapely.bounds(shapes) + np.array([-1.0, -1.0, 1.0, 1.0])
        try:
            # Cut by a rectangle, which takes a tenth of the time of an intersection.
            whole_shapes = features.packed.take(feature[small])
            near = [shapely.clip_by_rect(each, *box) for each, box in zip(whole_shapes, boxes.tolist(), strict=True)]
            hairs[small] = shapely.is_empty(shapely.buffer(cut(shapes, near), -HAIR_M / 2))
        except shapely.GEOSException:
            # An overlap of which nothing is known stays one.
            continue
    return thin, left_thin


def _meet_thin(parcels: Outlines, thin: Thin) -> tuple[Ints, Ints, NDArray[np.int8]]:
    """Return parcel, place and relation of the points and lines that parcels meet."""
    shapes = parcels.polygons()
    parcel, which = thin.meet(shapes, TOUCH_M)
    shape, around = thin.shapes[which], shapes[parcel]
    beside = shapely.touches(around, shape) | ~shapely.intersects(around, shape)
    relation = np.where(beside, TOUCHES, np.where(shapely.covers(around, shape), CONTAINS, OVERLAPS))
    return parcel, which, relation.astype(np.int8)


@dataclass(frozen=True)
class _Found:
    """Zones that parcels share land with: one row per parcel and use of a zone, sorted by parcel."""

    parcel: Ints
    layer: Ints
    feature: Ints
    role: Ints
    area_m2: Floats

    def take(self, rows: NDArray[Any]) -> _Found:
        columns = (self.parcel, self.layer, self.feature, self.role, self.area_m2)
        return _Found(*(each[rows] for each in columns))

    def of(self, role: int) -> _Found:
        return self.take(np.flatnonzero(self.role == role))

    def count(self, shape: tuple[int, int]) -> Ints:
        """Return how many there are for each parcel and layer."""
        return np.asarray(np.bincount(self._cell(shape), minlength=shape[0] * shape[1]).reshape(shape))

    def add_up(self, shape: tuple[int, int]) -> Floats:
        """Return the area (m2) for each parcel and layer."""
        return np.asarray(np.bincount(self._cell(shape), self.area_m2, minlength=shape[0] * shape[1]).reshape(shape))

    def largest(self, shape: tuple[int, int]) -> Floats:
        """Return the largest area (m2) for each parcel and layer."""
        out = np.zeros(shape[0] * shape[1])
        np.maximum.at(out, self._cell(shape), self.area_m2)
        return out.reshape(shape)

    def _cell(self, shape: tuple[int, int]) -> Ints:
        return self.parcel * shape[1] + self.layer


def _find(parcels: Edges, table: ZoneTable, rows: Ints | None = None) -> _Found:
    """Return what parcels, or some of them, share with the zones of a table; an area up to `TOUCH_M2` is none."""
    parcel, zone, area, _ = overlap_areas(parcels, table.grid, rows=rows, contact=False)
    real = area > TOUCH_M2
    row, use = _spread(zone[real], table)
    layer, feature, role = (np.asarray(each)[use] for each in (table.layer, table.feature, table.role))
    return _Found(parcel[real][row], layer, feature, role, area[real][row])


def _spread(zone: Ints, table: ZoneTable) -> tuple[Ints, Ints]:
    """Return row and use: one for each use of each zone that was found."""
    count = table.use_start[zone + 1] - table.use_start[zone]
    row = np.repeat(np.arange(len(zone)), count)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + table.use_start[zone][row]


def _look_up(held: _Found, parcel: Ints, feature: Ints, features: int) -> Floats:
    """Return the area held for each pair of parcel and feature that is asked for; 0 where none is."""
    keys, area = held.parcel * features + held.feature, held.area_m2
    if (np.diff(keys) < 0).any():
        order = np.argsort(keys)
        keys, area = keys[order], area[order]
    wanted = parcel * features + feature
    at = np.searchsorted(keys, wanted)
    found = at < len(keys)
    found[found] = keys[at[found]] == wanted[found]
    out = np.zeros(len(wanted))
    out[found] = area[at[found]]
    return out


def _without_dust(area: Floats, whole: Floats) -> Floats:
    """Return areas between 0 and the whole, nothing where it is less than contact."""
    return np.where(area <= _dust(whole), 0.0, np.minimum(area, whole))


def _dust(whole: Floats) -> Floats:
    """Return the area (m2) below which part of a parcel is rounding: contact, or the last digits of a large one."""
    return np.clip(1e-9 * whole, TOUCH_M2, 0.01)
