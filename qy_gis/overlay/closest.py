"""The search for the closest points of parcels and a layer: branch and bound over a tree of boxes.

The edges of a layer lie in runs of neighbours, each run in a box; boxes lie by eights in larger ones, up to one that
holds all (`qy_gis.overlay.nearest`). The search goes into the nearest box first and leaves out those that are farther
than what it has found. It begins with the edge that was nearest to the parcel before, which lies close by: then most
boxes are left out at once, and a parcel looks at a few dozen edges, however many the layer has.

The result does not depend on where the search begins: of edges that are equally near, the first of layer and parcel is
taken, and boxes are left out only if they are farther by more than rounding.

The functions run plain and compiled, see `qy_gis.compiling`.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: How many boxes lie in a larger one.
FANOUT = 8

#: What is farther than the nearest by less than this (m) is looked at too: far more than rounding.
_SLACK_M = 1e-6

#: Room for boxes to be looked at: a tree has at most 22 levels, each of which adds at most 7.
STACK = 160


@_jit
def gap2(box, other):
    """Squared distance of two boxes, each west, south, east and north; 0 where they meet."""
    west, south, east, north = box
    w, s, e, n = other
    dx = max(w - east, west - e, 0.0)
    dy = max(s - north, south - n, 0.0)
    return dx * dx + dy * dy


@_jit
def loosen(best):
    """Return the squared distance up to which something has to be looked at."""
    reach = sqrt(best) + _SLACK_M
    return reach * reach


@_jit
def closest_on_segment(px, py, ax, ay, bx, by):
    """Squared distance of a point to a segment, which may have no length, and the segment's point closest to it."""
    ux = bx - ax
    uy = by - ay
    length2 = ux * ux + uy * uy
    along = 0.0
    if length2 > 0.0:
        along = min(1.0, max(0.0, ((px - ax) * ux + (py - ay) * uy) / length2))
    qx = ax + along * ux
    qy = ay + along * uy
    return (px - qx) * (px - qx) + (py - qy) * (py - qy), qx, qy


@_jit
def segments_cross(ax, ay, bx, by, cx, cy, dx, dy):
    """Whether each of two segments has its ends on both sides of the other."""
    a_side = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    b_side = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    c_side = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    d_side = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    return a_side * b_side < 0.0 and c_side * d_side < 0.0


@_jit
def meet_run(
    begin, end, corners, run_box, edges, edge_boxes, first, last, parcel_box, some, shadows, found, best, best_edge
):
    """Hold a run of a layer's edges, through the corners ``begin`` to ``end``, against the edges of a parcel.

    Of two edges the point in which each begins is held against the other; the point in which it ends begins the next.
    Before that they are seen from the side, along the closest pair so far: two things whose shadows are farther apart
    than the pair are so themselves.

    Returns the squared distance and the number of the nearest edge of the layer so far; if it is one of these, the
    closest points are written to ``found``.
    """
    ax, ay, bx, by = edges
    west, south, east, north = edge_boxes
    reach = sqrt(best) + _SLACK_M
    limit = reach * reach
    mx = found[0]
    my = found[1]
    ux = 0.0
    uy = 0.0
    if 0.0 < best < np.inf:
        ux = (found[2] - mx) / sqrt(best)
        uy = (found[3] - my) / sqrt(best)
    # Few edges of the parcel are near enough to this run.
    w, s, e, n = run_box
    low = min(ux * (w - mx), ux * (e - mx)) + min(uy * (s - my), uy * (n - my)) - reach
    top = -np.inf
    count = 0
    for i in range(first, last):
        high = max(ux * (ax[i] - mx) + uy * (ay[i] - my), ux * (bx[i] - mx) + uy * (by[i] - my))
        if high >= low and gap2((west[i], south[i], east[i], north[i]), run_box) <= limit:
            some[count] = i
            shadows[count] = high
            count += 1
            top = max(top, high)
    if count == 0:
        return best, best_edge
    dx = float(corners[begin, 0])
    dy = float(corners[begin, 1])
    for j in range(begin, end - 1):
        cx = dx
        cy = dy
        dx = float(corners[j + 1, 0])
        dy = float(corners[j + 1, 1])
        low = min(ux * (cx - mx) + uy * (cy - my), ux * (dx - mx) + uy * (dy - my)) - reach
        if low > top:
            continue
        box = (min(cx, dx), min(cy, dy), max(cx, dx), max(cy, dy))
        if gap2(box, parcel_box) > limit:
            continue
        for k in range(count):
            if shadows[k] < low:
                continue
            i = some[k]
            edge_box = (west[i], south[i], east[i], north[i])
            gap = gap2(edge_box, box)
            if gap > limit:
                continue
            px = ax[i]
            py = ay[i]
            # Only what may be nearer is worth a division.
            d2 = np.inf
            qx = px
            qy = py
            if gap2((px, py, px, py), box) <= limit:
                d2, qx, qy = closest_on_segment(px, py, cx, cy, dx, dy)
            if gap2((cx, cy, cx, cy), edge_box) <= limit:
                back2, u, v = closest_on_segment(cx, cy, ax[i], ay[i], bx[i], by[i])
                if back2 < d2:
                    d2, px, py, qx, qy = back2, u, v, cx, cy
            if gap == 0.0 and segments_cross(ax[i], ay[i], bx[i], by[i], cx, cy, dx, dy):
                d2, qx, qy = 0.0, px, py
            if d2 < best or (d2 == best and j < best_edge):
                best = d2
                best_edge = j
                limit = loosen(best)
                found[0] = px
                found[1] = py
                found[2] = qx
                found[3] = qy
    return best, best_edge


@_jit
def find_closest(
    visit, edges, edge_boxes, first_edge, boxes, corners, run, level, tree, stack, some, shadows, found, points
):
    """Find the closest points of parcels and the edges of a layer.

    Parameters
    ----------
    visit
        The parcels to look at, in an order that keeps neighbours together. Each has edges.
    edges, edge_boxes, first_edge
        Edges of parcels, ``(ax, ay, bx, by)`` from a to b (m), ring after ring; their bounds, west, south, east and
        north. Those of parcel p are ``first_edge[p]`` to ``first_edge[p + 1]``.
    boxes
        Bounds of each parcel, likewise.
    corners, run
        Corners of a layer, of shape (k, 2). Run r is the line through those from ``run[r]`` to before ``run[r + 1]``.
    level, tree
        Bounds of boxes, of shape (b, 4): first those of the runs, then those of each `FANOUT` of the level before.
        Those of level h are ``level[h]`` to ``level[h + 1]``; the last level has one.
    stack, some, shadows, found
        Room: `STACK` box numbers, levels and squared distances; as many integers and floats as a parcel has edges; four
        floats.
    points
        Written, for each parcel to visit: x and y on the parcel, x and y on the layer, as four sequences.
    """
    box_to_do, level_to_do, gap_to_do = stack
    top = len(level) - 2
    nearest = -1
    for at in range(len(visit)):
        p = visit[at]
        first = first_edge[p]
        last = first_edge[p + 1]
        parcel_box = (boxes[0][p], boxes[1][p], boxes[2][p], boxes[3][p])
        best = np.inf
        best_edge = -1
        if nearest >= 0:
            cx, cy = float(corners[nearest, 0]), float(corners[nearest, 1])
            dx, dy = float(corners[nearest + 1, 0]), float(corners[nearest + 1, 1])
            run_box = (min(cx, dx), min(cy, dy), max(cx, dx), max(cy, dy))
            best, best_edge = meet_run(
                nearest, nearest + 2, corners, run_box,
                edges, edge_boxes, first, last, parcel_box, some, shadows, found, best, best_edge,
            )  # fmt: skip
        box_to_do[0] = level[top]
        level_to_do[0] = top
        gap_to_do[0] = 0.0
        todo = 1
        while todo > 0:
            todo -= 1
            limit = loosen(best)
            if gap_to_do[todo] > limit:
                continue
            box = box_to_do[todo]
            height = level_to_do[todo]
            if height == 0:
                run_box = (float(tree[box, 0]), float(tree[box, 1]), float(tree[box, 2]), float(tree[box, 3]))
                best, best_edge = meet_run(
                    run[box], run[box + 1], corners, run_box,
                    edges, edge_boxes, first, last, parcel_box, some, shadows, found, best, best_edge,
                )  # fmt: skip
                continue
            start = level[height - 1] + FANOUT * (box - level[height])
            bottom = todo
            for child in range(start, min(start + FANOUT, level[height])):
                gap = gap2(
                    (float(tree[child, 0]), float(tree[child, 1]), float(tree[child, 2]), float(tree[child, 3])),
                    parcel_box,
                )
                if gap > limit:
                    continue
                # The nearest comes to lie on top.
                k = todo
                while k > bottom and gap_to_do[k - 1] < gap:
                    box_to_do[k] = box_to_do[k - 1]
                    gap_to_do[k] = gap_to_do[k - 1]
                    k -= 1
                box_to_do[k] = child
                gap_to_do[k] = gap
                level_to_do[todo] = height - 1
                todo += 1
        for k in range(4):
            points[k][at] = found[k]
        nearest = best_edge
