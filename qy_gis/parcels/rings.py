"""Boundary points to polygons: where a ring ends, and which rings are holes (by containment, not by number)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import shapely

from qy_gis.parcels.limits import check_time
from qy_gis.parcels.repairs import Faults, Notes, TextFault, note

#: Points closer than this are one point: the finest precision of a boundary file, and the same in degrees.
SAME_M, SAME_DEGREES = 0.001, 1e-8

#: No easting in metres is under this, and no longitude over it.
_LARGEST_DEGREE = 360

#: Corners of a ring, x and y, of shape (n, 2).
Corners: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


class Point(NamedTuple):
    """One boundary point as written: line of the file, 点号, 圈号, north and east in metres, or in degrees."""

    line: int
    number: str
    ring: int
    north: float
    east: float


def same_place(one: Point, other: Point) -> bool:
    """Return whether two points are one within a millimetre."""
    same = SAME_DEGREES if abs(one.east) <= _LARGEST_DEGREE else SAME_M
    return abs(one.north - other.north) <= same and abs(one.east - other.east) <= same


def split_rings(points: list[Point]) -> list[list[Point]]:
    """Return the rings that consecutive points form, closing points included.

    A ring ends where the 圈号 changes, and where a point repeats the first: some writers give every ring the number 1.
    """
    rings: list[list[Point]] = []
    closed = True
    for point in points:
        if closed or point.ring != rings[-1][0].ring:
            rings.append([])
        rings[-1].append(point)
        closed = len(rings[-1]) > 3 and same_place(rings[-1][0], point)
    return rings


def is_closed(ring: list[Point]) -> bool:
    """Return whether the last point of a ring repeats the first."""
    return len(ring) > 3 and same_place(ring[0], ring[-1])


def nest_rings(rings: list[list[Point]]) -> tuple[shapely.Polygon | shapely.MultiPolygon, list[bool]]:
    """Return the land that rings enclose, and for each ring whether it is a hole.

    Rings may be open or closed and need three points at least; they need not be valid. See `nest_corners`.
    """
    # The closing point is left to shapely, which repeats the first exactly.
    corners = [np.array([(p.east, p.north) for p in (ring[:-1] if is_closed(ring) else ring)]) for ring in rings]
    polygons, holes = nest_corners(corners)
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons), holes


def nest_corners(corners: Sequence[Corners]) -> tuple[list[shapely.Polygon], list[bool]]:
    """Return the polygons that rings form, in the order of their outer rings, and for each ring whether it is a hole.

    A ring inside an even number of others bounds land, inside an odd number a hole.

    Parameters
    ----------
    corners
        Rings of three or more corners, the first not repeated at the end; they need not be valid.
    """
    same = SAME_DEGREES if np.abs(corners[0][0, 0]) <= _LARGEST_DEGREE else SAME_M
    faces = np.array([shapely.Polygon(ring) for ring in corners], dtype=object)
    sizes = shapely.area(faces)
    boxes = shapely.bounds(faces) + np.array([-same, -same, same, same])
    # Only a ring whose box meets this one's can be around it.
    inner, outer = shapely.STRtree(faces).query(shapely.box(*boxes.T))
    around: list[list[int]] = [[] for _ in corners]
    outlines: dict[int, Any] = {}
    for i, j in zip(inner.tolist(), outer.tolist(), strict=True):
        # Only a larger ring can be around; of two equal ones, the earlier.
        if (-sizes[j], j) >= (-sizes[i], i):
            continue
        check_time("the list of rings")
        if i not in outlines:
            # Middles of edges tell a ring in a notch, all its corners on the other's outline, from one inside.
            outlines[i] = shapely.points(np.vstack([corners[i], (corners[i] + np.roll(corners[i], 1, axis=0)) / 2]))
        if shapely.dwithin(outlines[i], faces[j], same).all():
            around[i].append(j)
    holes = [len(rings) % 2 == 1 for rings in around]
    inside: dict[int, list[Corners]] = {i: [] for i, hole in enumerate(holes) if not hole}
    for i, hole in enumerate(holes):
        if hole:
            inside[max(around[i], key=lambda j: len(around[j]))].append(corners[i])
    return [shapely.Polygon(corners[i], within) for i, within in inside.items()], holes


def check_rings(line: int, rings: list[list[Point]], count: str, notes: Notes, faults: Faults) -> bool:
    """Return whether rings can be built; note those left open, and a count of points that is wrong."""
    before = len(faults)
    if not rings:
        faults.append(
            TextFault(
                line,
                1,
                "found a parcel without points; accepted are 3 or more points a ring",
                "地块没有界址点；每圈须有 3 个或更多的点",
            )
        )
    open_rings = [ring for ring in rings if not is_closed(ring)]
    for ring in open_rings:
        first, last = ring[0], ring[-1]
        if len(ring) < 3 or same_place(first, last):
            faults.append(
                TextFault(
                    first.line,
                    1,
                    f"found a ring of {len(ring)} points (圈号 {first.ring}); accepted are 3 or more",
                    f"一圈只有 {len(ring)} 个点（圈号 {first.ring}）；每圈须有 3 个或更多的点",
                )
            )
        elif first.number and first.number == last.number:
            faults.append(
                TextFault(
                    last.line,
                    1,
                    f"found the number of line {first.line} again, which closes the ring, elsewhere; "
                    "correct the point, "
                    "or give it a number of its own",
                    f"与第 {first.line} 行点号相同，应闭合该圈，坐标却不同；请改正坐标，或另给点号",
                )
            )
        elif back := next((point for point in ring[1:-1] if same_place(point, last)), None):
            faults.append(
                TextFault(
                    last.line,
                    1,
                    f"found the point of line {back.line} again; accepted is the ring's first, line {first.line}",
                    f"与第 {back.line} 行的点重合；末点应与该圈首点（第 {first.line} 行）重合",
                )
            )
        else:
            note(notes, "圈未闭合,已闭合 / open ring closed", last.line, "", f"{first.north},{first.east}")
    have = sum(map(len, rings))
    stated = int(count) if count.isdecimal() and len(count) < 10 else None
    if count and stated is None:
        faults.append(
            TextFault(line, 1, f"found 界址点数={count!r}; accepted is a whole number", f"界址点数={count!r}；接受整数")
        )
    elif stated is not None and stated > have + len(open_rings) and open_rings:
        faults.append(
            TextFault(
                line,
                1,
                f"found {have} points and an open ring, but 界址点数={stated}: the file looks cut off; get it whole",
                f"只有 {have} 个点且圈未闭合，而界址点数={stated}：文件似被截断，请取得完整文件",
            )
        )
    elif stated not in (have, have - len(rings) + len(open_rings), have + len(open_rings)):
        note(notes, "界址点数不符 / wrong number of points", line, count, str(have))
    return len(faults) == before


def compare_numbers(rings: list[list[Point]], holes: list[bool], notes: Notes) -> None:
    """Note the rings whose 圈号 (1 outer, each later number a hole) says otherwise than their place."""
    seen: set[int] = set()
    for ring, hole in zip(rings, holes, strict=True):
        first = ring[0]
        if hole == (first.ring == 1) or first.ring in seen:
            role = "内圈 / hole" if hole else "外圈 / outer"
            what = "圈号与位置不符,按包含关系定内外 / ring numbers contradict their place: holes decided by containment"
            note(notes, what, first.line, f"圈号 {first.ring}", role)
        seen.add(first.ring)
