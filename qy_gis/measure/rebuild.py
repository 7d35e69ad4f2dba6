"""Change the corners of any geometries, ring by ring and line by line, without GEOS looking at what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import shapely

from qy_gis.measure.outlines import Floats, Geometries, Ints

#: Takes x, y and where each ring or line begins, and returns the same of what they become.
Change: TypeAlias = Callable[[Floats, Floats, Ints], tuple[Floats, Floats, Ints]]

_POINT, _LINE, _RING, _POLYGON, _MULTIPOINT, _MULTILINE, _MULTIPOLYGON, _COLLECTION = range(8)


def change_corners(geometries: Geometries, change: Change) -> Geometries:
    """Return geometries with other corners, more of them perhaps, and the same rings, holes and parts.

    Parameters
    ----------
    geometries
        Shapely geometries of any kind, of shape (n,); None stays None. Z is dropped, and so are empty parts and rings.
    change
        Called once with the corners of all rings, lines and points.

    Examples
    --------
    >>> park = shapely.MultiPolygon([shapely.box(0, 0, 9, 9) - shapely.box(1, 1, 2, 2), shapely.box(20, 0, 21, 1)])
    >>> given = np.array([park, None, shapely.Point(3, 4)], dtype=object)
    >>> moved = change_corners(given, lambda x, y, first: (x + 1, y, first))
    >>> moved[0].equals(shapely.affinity.translate(park, 1)), moved[1], moved[2].wkt
    (True, None, 'POINT (4 4)')
    """
    flat = np.asarray(shapely.force_2d(np.asarray(geometries, dtype=object)))
    parts, owner = _simple_parts(flat)
    kind = shapely.get_type_id(parts).astype(np.int64)
    lines, of_part = _rings_and_lines(parts, kind)
    points, of_line = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(of_line, np.arange(len(lines) + 1)).astype(np.int64)
    x, y, first = change(np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1]), first)

    corners = np.column_stack([x, y])
    changed = _build(parts, kind, corners, np.repeat(np.arange(len(lines)), np.diff(first)), of_part)
    return _put_together(flat, changed, owner)


def drop_empty_parts(geometries: Geometries) -> Geometries:
    """Return geometries without Z, empty parts and empty rings, on which some functions of GEOS end the process.

    Examples
    --------
    >>> half_empty = shapely.from_wkt(["MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0), EMPTY))"])
    >>> drop_empty_parts(half_empty)[0].wkt
    'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))'
    """
    return change_corners(geometries, lambda x, y, first: (x, y, first))


def _simple_parts(geometries: Geometries) -> tuple[Geometries, Ints]:
    """Return the points, lines and polygons that geometries consist of, without the empty ones, and whose they are."""
    parts, owner = geometries, np.arange(len(geometries))
    while True:
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
        if not (shapely.get_type_id(parts) >= _MULTIPOINT).any():
            some = ~shapely.is_empty(parts)
            return parts[some], owner[some]


def _rings_and_lines(parts: Geometries, kind: Ints) -> tuple[Geometries, Ints]:
    """Return the rings of polygons, and lines and points as they are, in the order of the parts."""
    rings, place = shapely.get_rings(parts, return_index=True)
    some = ~shapely.is_empty(rings)
    others = np.flatnonzero(kind != _POLYGON)
    lines = np.concatenate([rings[some], parts[others]])
    of_part = np.concatenate([place[some], others])
    order = np.argsort(of_part, kind="stable")
    return lines[order], of_part[order]


def _build(parts: Geometries, kind: Ints, corners: Any, of_line: Ints, of_part: Ints) -> Geometries:
    """Return the parts with their new corners."""
    out = np.empty(len(parts), dtype=object)
    for wanted, build in ((_POINT, shapely.points), (_LINE, shapely.linestrings), (_RING, shapely.linearrings)):
        places = np.flatnonzero(kind == wanted)
        if len(places):
            own = np.flatnonzero(kind[of_part[of_line]] == wanted)
            _, index = np.unique(of_line[own], return_inverse=True)
            out[places] = build(corners[own]) if wanted == _POINT else build(corners[own], indices=index)
    places = np.flatnonzero(kind == _POLYGON)
    if len(places):
        own = np.flatnonzero(kind[of_part[of_line]] == _POLYGON)
        lines, index = np.unique(of_line[own], return_inverse=True)
        rings: Any = shapely.linearrings(corners[own], indices=index)
        _, of_polygon = np.unique(of_part[lines], return_inverse=True)
        out[places] = shapely.polygons(rings, indices=of_polygon)
    return out


def _put_together(geometries: Geometries, parts: Geometries, owner: Ints) -> Geometries:
    """Return geometries of the kinds given, made of the parts they own; empty ones where none is left."""
    out = geometries.copy()
    kind = shapely.get_type_id(geometries)
    single = kind[owner] < _MULTIPOINT
    out[owner[single]] = parts[single]
    for wanted, build in (
        (_MULTIPOINT, shapely.multipoints),
        (_MULTILINE, shapely.multilinestrings),
        (_MULTIPOLYGON, shapely.multipolygons),
        (_COLLECTION, shapely.geometrycollections),
    ):
        own = np.flatnonzero(kind[owner] == wanted)
        if len(own):
            places, index = np.unique(owner[own], return_inverse=True)
            out[places] = build(parts[own], indices=index)
    return out
