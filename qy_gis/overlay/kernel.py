"""The kernel: how much of every parcel lies in every zone, without building a single intersection.

In the survey plane planar area is the area wanted, and a polygon is a set of signed edges. Let ``R_i`` be the region
between edge ``i`` and a floor below everything; then the polygon is the sum of the ``R_i`` of its upper edges minus
that of its lower ones, and so is its indicator function. The product of two indicators is that of the intersection:

    area(P and Z) = sum over i, j of  s_i s_j  *  integral over the x they share of  min(y_i(x), y_j(x)) dx

with ``s = +1`` for an upper edge and ``-1`` for a lower one. Two straight edges cross at most once, so each integral is
that of one or two trapezoids. No topology is built: nothing can fail on edges that coincide, and holes and several
parts need no special case. ``docs/method.md`` draws it.

Zones come cut into a grid (`qy_gis.overlay.grid`): in a cell a zone is either the whole cell or a few edges. A parcel
meets the cells it lies in, so the cost does not grow with the vertices of a zone.

The functions run plain for a parcel or two and compiled for many, see `qy_gis.compiling`. Edges are separate
sequences of floats: lists in plain Python, arrays when compiled.
"""

from __future__ import annotations

import numpy as np

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: What rounding may leave of edges that cancel (m2).
_ROUNDING_M2 = 1e-9


@_jit
def clip_to_cell(x0, y0, x1, y1, sign, left, floor, size, cx0, cy0, cx1, cy1, csign, lean):
    """Cut edges to a cell's columns and raise them to its floor; return how many are left.

    The edges of a parcel are moved so that the cell's corner (``left``, ``floor``) is the origin, and written to
    ``cx0 … csign``, with how they lean. What lies above the cell stays: it is the roof over what lies in it. Edges
    without width make their number a multiple of four, as `area_in_edges` likes it.
    """
    n = 0
    for k in range(len(x0)):
        if sign[k] == 0.0:  # vertical: no x to integrate over
            continue
        xa = x0[k] - left
        xb = x1[k] - left
        if xb <= 0.0 or xa >= size:
            continue
        ya = y0[k] - floor
        yb = y1[k] - floor
        if ya <= 0.0 and yb <= 0.0:
            continue
        slope = (yb - ya) / (xb - xa)
        if xa < 0.0:
            ya = ya - slope * xa
            xa = 0.0
        if xb > size:
            yb = yb - slope * (xb - size)
            xb = size
        if ya <= 0.0 and yb <= 0.0:
            continue
        if ya < 0.0:
            xa = xa - ya / slope
            ya = 0.0
        elif yb < 0.0:
            xb = xb - yb / slope
            yb = 0.0
        if xb > xa:
            cx0[n] = xa
            cy0[n] = ya
            cx1[n] = xb
            cy1[n] = yb
            csign[n] = sign[k]
            lean[n] = (yb - ya) / (xb - xa)
            n += 1
    while n % 4 != 0:
        cx0[n], cy0[n], cx1[n], cy1[n], csign[n], lean[n] = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        n += 1
    return n


@_jit
def under_two(ya, yb, za, zb, width):
    """Area under the lower of two lines, one from ``ya`` to ``yb`` and one from ``za`` to ``zb`` over ``width``."""
    da = ya - za
    db = yb - zb
    least = min(da, db)
    most = max(da, db)
    if most <= 0.0:
        mean = 0.5 * (ya + yb)
    else:
        mean = 0.5 * (za + zb)
        if least < 0.0:
            # They cross: less the triangle by which the second stands over the first.
            mean -= 0.5 * least * least / (most - least)
    return mean * width


@_jit
def area_in_cell(cx0, cy0, cx1, cy1, csign, n, size):
    """Area of a clipped parcel inside the whole cell: under its edges, but not above the cell's top."""
    total = 0.0
    for i in range(n):
        total += csign[i] * under_two(cy0[i], cy1[i], size, size, cx1[i] - cx0[i])
    return total


@_jit
def area_in_edges(cx0, cy0, cx1, cy1, csign, lean, part, n, left, right, low, edges, unit, first, last):
    """Area of a clipped parcel inside the zone with edges ``first`` to ``last`` in this cell.

    The parcel lies between ``left`` and ``right`` and above ``low``: over what is lower, its edges cancel. ``part`` is
    room for what lies under each of its edges; the loop over them has no jump, so that compilers take four at a time.
    """
    for i in range(n):
        part[i] = 0.0
    for j in range(first, last):
        xa = float(edges[j, 0]) * unit
        xb = float(edges[j, 2]) * unit
        if max(xa, xb) <= left or min(xa, xb) >= right or xa == xb:
            continue
        ya = float(edges[j, 1]) * unit
        yb = float(edges[j, 3]) * unit
        if ya <= low and yb <= low:
            continue
        s = 1.0
        if xb < xa:
            xa, ya, xb, yb = xb, yb, xa, ya
            s = -1.0
        slope = (yb - ya) / (xb - xa)
        for i in range(n):
            start = max(cx0[i], xa)
            end = min(cx1[i], xb)
            area = 0.0
            if end > start:
                area = under_two(
                    cy0[i] + lean[i] * (start - cx0[i]),
                    cy0[i] + lean[i] * (end - cx0[i]),
                    ya + slope * (start - xa),
                    ya + slope * (end - xa),
                    end - start,
                )
            part[i] += s * csign[i] * area
    total = 0.0
    for i in range(n):
        total += part[i]
    return total


@_jit
def point_to_segment2(px, py, ax, ay, bx, by):
    """Squared distance of a point to a segment, which may have no length."""
    ux = bx - ax
    uy = by - ay
    length2 = ux * ux + uy * uy
    along = 0.0
    if length2 > 0.0:
        along = min(1.0, max(0.0, ((px - ax) * ux + (py - ay) * uy) / length2))
    ex = px - ax - along * ux
    ey = py - ay - along * uy
    return ex * ex + ey * ey


@_jit
def segments_touch(ax, ay, bx, by, cx, cy, dx, dy, reach):
    """Whether two segments cross, or an end of one comes within ``reach`` of the other."""
    # They cross if each has its ends on both sides of the other.
    a_side = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    b_side = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    c_side = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    d_side = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    if a_side * b_side < 0.0 and c_side * d_side < 0.0:
        return True
    reach2 = reach * reach
    return (
        point_to_segment2(ax, ay, cx, cy, dx, dy) <= reach2
        or point_to_segment2(bx, by, cx, cy, dx, dy) <= reach2
        or point_to_segment2(cx, cy, ax, ay, bx, by) <= reach2
        or point_to_segment2(dx, dy, ax, ay, bx, by) <= reach2
    )


@_jit
def touches_edge(x0, y0, x1, y1, left, floor, ax, ay, bx, by, reach):
    """Whether one of a parcel's edges comes within ``reach`` of the segment a-b, given from the cell's corner."""
    west = min(ax, bx) - reach + left
    east = max(ax, bx) + reach + left
    south = min(ay, by) - reach + floor
    north = max(ay, by) + reach + floor
    # Mostly none is near: to find that without a jump at each edge is quicker.
    near = 0
    for k in range(len(x0)):
        near += (x1[k] >= west) & (x0[k] <= east) & (max(y0[k], y1[k]) >= south) & (min(y0[k], y1[k]) <= north)
    if near == 0:
        return False
    for k in range(len(x0)):
        if x1[k] < west or x0[k] > east or max(y0[k], y1[k]) < south or min(y0[k], y1[k]) > north:
            continue
        if segments_touch(x0[k] - left, y0[k] - floor, x1[k] - left, y1[k] - floor, ax, ay, bx, by, reach):
            return True
    return False


@_jit
def touches_zone(x0, y0, x1, y1, left, floor, west, south, east, north, edges, unit, zfirst, zlast, reach):
    """Whether a parcel (with its bounds) comes within ``reach`` of the edges ``zfirst`` to ``zlast`` of a zone.

    A full cell has no edges: the boundary of its zone, where it is near, is in this cell's neighbours.
    """
    for j in range(zfirst, zlast):
        ax = float(edges[j, 0]) * unit
        bx = float(edges[j, 2]) * unit
        if max(ax, bx) < west - left - reach or min(ax, bx) > east - left + reach:
            continue
        ay = float(edges[j, 1]) * unit
        by = float(edges[j, 3]) * unit
        if max(ay, by) < south - floor - reach or min(ay, by) > north - floor + reach:
            continue
        if touches_edge(x0, y0, x1, y1, left, floor, ax, ay, bx, by, reach):
            return True
    return False


@_jit
def sort_few(values, n):
    """Sort the first ``n`` values in place."""
    for i in range(1, n):
        value = values[i]
        k = i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


@_jit
def sign_edges(x, y, ring_first, hole, first_ring, x0, y0, x1, y1, sign, first):
    """Write the signed edges of outlines to ``x0 … sign``, where each outline's begin to ``first``; return how many."""
    n = 0
    for p in range(len(first_ring) - 1):
        first[p] = n
        for ring in range(first_ring[p], first_ring[p + 1]):
            a = ring_first[ring]
            b = ring_first[ring + 1]
            # Twice the signed area, from the ring's first corner so that no digit is lost far from the origin.
            twice = 0.0
            for k in range(a + 1, b):
                twice += (x[k - 1] - x[a]) * (y[k] - y[a]) - (x[k] - x[a]) * (y[k - 1] - y[a])
            # Walking with the polygon on the left, an edge towards the west has it below.
            upright = 1.0 if (twice > 0.0) != hole[ring] else -1.0
            for k in range(a + 1, b):
                if x[k] < x[k - 1]:
                    x0[n], y0[n], x1[n], y1[n], sign[n] = x[k], y[k], x[k - 1], y[k - 1], upright
                elif x[k] > x[k - 1]:
                    x0[n], y0[n], x1[n], y1[n], sign[n] = x[k - 1], y[k - 1], x[k], y[k], -upright
                elif y[k] != y[k - 1]:
                    low = min(y[k - 1], y[k])
                    x0[n], y0[n], x1[n], y1[n], sign[n] = x[k], low, x[k], max(y[k - 1], y[k]), 0.0
                else:
                    continue
                n += 1
    first[len(first_ring) - 1] = n
    return n


@_jit
def overlap_parcels(
    visit, count, parcel_edges, first_edge, parcel_m2, boxes, grid_frame, cell_start, entries, zone_edges,
    totals, contacts, work, contact_m2, reach,
):  # fmt: skip
    """Measure a block of parcels against a grid of zones.

    Parameters
    ----------
    visit
        The parcels in the order in which they are measured: neighbours after one another find their cells still near.
    count
        Written: how many pairs each parcel has.
    parcel_edges
        ``(x0, y0, x1, y1, sign)`` with ``x0 <= x1``; those of parcel p are ``first_edge[p]`` to ``first_edge[p + 1]``.
    parcel_m2, boxes
        Area of each parcel, and its bounds as four sequences.
    grid_frame
        ``(left, floor, size, columns, rows, unit)`` of the grid.
    cell_start, entries, zone_edges
        The zones in each cell and their edges, see `qy_gis.overlay.grid.Grid`.
    totals, contacts, work
        Room: zeros for each zone, twice, six sequences as long as the longest parcel, and one of integers.
    contact_m2
        An area up to this is contact at most.
    reach
        Distance up to which boundaries touch; 0 asks for areas alone.

    Returns
    -------
    tuple
        Zone, area (m2) and contact of every pair that has any, as arrays; parcels as visited, zones in order.
    """
    x0, y0, x1, y1, sign = parcel_edges
    left, floor, size, columns, rows, unit = grid_frame
    west, south, east, north = boxes
    cx0, cy0, cx1, cy1, csign, lean, part, found = work
    room = 64
    out_zone = np.empty(room, np.int64)
    out_area = np.empty(room, np.float64)
    out_contact = np.empty(room, np.bool_)
    n = 0
    for p in visit:
        first = first_edge[p]
        last = first_edge[p + 1]
        # Counting from 0 spares compiled code the question whether a number counts from the end.
        px0, py0, px1, py1, psign = x0[first:last], y0[first:last], x1[first:last], y1[first:last], sign[first:last]
        column_a = int(np.floor((west[p] - reach - left) / size))
        column_b = int(np.floor((east[p] + reach - left) / size))
        row_a = int(np.floor((south[p] - reach - floor) / size))
        row_b = int(np.floor((north[p] + reach - floor) / size))
        # A parcel inside one cell has its own area there, to the last digit.
        one_cell = column_a == column_b and row_a == row_b
        column_a, column_b = max(column_a, 0), min(column_b, columns - 1)
        row_a, row_b = max(row_a, 0), min(row_b, rows - 1)
        met = 0
        for row in range(row_a, row_b + 1):
            for column in range(column_a, column_b + 1):
                cell = row * columns + column
                a = cell_start[cell]
                b = cell_start[cell + 1]
                if a == b:
                    continue
                x = left + column * size
                y = floor + row * size
                clipped = clip_to_cell(px0, py0, px1, py1, psign, x, y, size, cx0, cy0, cx1, cy1, csign, lean)
                clip_west = max(west[p] - x, 0.0)
                clip_east = min(east[p] - x, size)
                clip_south = max(south[p] - y, 0.0)
                whole = -1.0
                for entry in range(a, b):
                    begin, end = entries[entry, 1], entries[entry, 2]
                    if begin < 0:
                        if whole < 0.0:
                            if one_cell:
                                whole = parcel_m2[p]
                            else:
                                whole = max(area_in_cell(cx0, cy0, cx1, cy1, csign, clipped, size), 0.0)
                        area = whole
                    else:
                        area = area_in_edges(
                            cx0, cy0, cx1, cy1, csign, lean, part, clipped, clip_west, clip_east, clip_south,
                            zone_edges, unit, begin, end,
                        )  # fmt: skip
                        area = max(area, 0.0)
                    contact = False
                    if area <= contact_m2 and reach > 0.0 and begin >= 0:
                        contact = touches_zone(
                            px0, py0, px1, py1, x, y, west[p], south[p], east[p], north[p],
                            zone_edges, unit, begin, end, reach,
                        )  # fmt: skip
                    if area <= _ROUNDING_M2 and not contact:
                        continue
                    zone = entries[entry, 0]
                    if totals[zone] == 0.0 and not contacts[zone]:
                        if met == len(found):
                            found = np.concatenate((found, found))
                        found[met] = zone
                        met += 1
                    totals[zone] += area
                    contacts[zone] = contacts[zone] or contact
        while n + met > room:
            room *= 2
        if room > len(out_zone):
            out_zone = np.concatenate((out_zone[:n], np.empty(room - n, np.int64)))
            out_area = np.concatenate((out_area[:n], np.empty(room - n, np.float64)))
            out_contact = np.concatenate((out_contact[:n], np.empty(room - n, np.bool_)))
        sort_few(found, met)
        for i in range(met):
            zone = found[i]
            out_zone[n] = zone
            out_area[n] = totals[zone]
            out_contact[n] = contacts[zone]
            n += 1
            totals[zone] = 0.0
            contacts[zone] = False
        count[p] = met
    return out_zone[:n], out_area[:n], out_contact[:n]
