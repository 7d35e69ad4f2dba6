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

The functions run plain for a parcel or two and compiled for many, see `qy_gis.overlay.compiling`. Edges are separate
sequences of floats: lists in plain Python, arrays when compiled.
"""

from __future__ import annotations

import numpy as np

from qy_gis.overlay.compiling import jit_for

_jit = jit_for(__name__)


@_jit
def clip_to_cell(x0, y0, x1, y1, sign, first, last, left, floor, size, cx0, cy0, cx1, cy1, csign):
    """Cut edges to a cell's columns and raise them to its floor; return how many are left.

    Edges ``first`` to ``last`` of a parcel are moved so that the cell's corner (``left``, ``floor``) is the origin, and
    written to ``cx0 … csign``. What lies above the cell stays: it is the roof over what lies in it.
    """
    n = 0
    for k in range(first, last):
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
            n += 1
    return n


@_jit
def under_two(ya, yb, za, zb, width):
    """Area under the lower of two lines, one from ``ya`` to ``yb`` and one from ``za`` to ``zb`` over ``width``."""
    da = ya - za
    db = yb - zb
    if da <= 0.0 and db <= 0.0:
        return 0.5 * (ya + yb) * width
    if da >= 0.0 and db >= 0.0:
        return 0.5 * (za + zb) * width
    # They cross: the trapezoid under one of them, less the triangle by which it stands over the other.
    if da > 0.0:
        return (0.5 * (ya + yb) - 0.5 * da * da / (da - db)) * width
    return (0.5 * (ya + yb) - 0.5 * db * db / (db - da)) * width


@_jit
def area_in_cell(cx0, cy0, cx1, cy1, csign, n, size):
    """Area of a clipped parcel inside the whole cell: under its edges, but not above the cell's top."""
    total = 0.0
    for i in range(n):
        total += csign[i] * under_two(cy0[i], cy1[i], size, size, cx1[i] - cx0[i])
    return total


@_jit
def area_in_edges(cx0, cy0, cx1, cy1, csign, n, zx0, zy0, zx1, zy1, zsign, first, last):
    """Area of a clipped parcel inside the zone whose edges in this cell are ``first`` to ``last``."""
    if n == 0:
        return 0.0
    left = cx0[0]
    right = cx1[0]
    for i in range(1, n):
        left = min(left, cx0[i])
        right = max(right, cx1[i])
    total = 0.0
    for j in range(first, last):
        xa = float(zx0[j])
        xb = float(zx1[j])
        s = float(zsign[j])
        if s == 0.0 or xb <= left or xa >= right:
            continue
        ya = float(zy0[j])
        slope = (float(zy1[j]) - ya) / (xb - xa)
        row = 0.0
        for i in range(n):
            start = max(cx0[i], xa)
            end = min(cx1[i], xb)
            if end <= start:
                continue
            lean = (cy1[i] - cy0[i]) / (cx1[i] - cx0[i])
            row += csign[i] * under_two(
                cy0[i] + lean * (start - cx0[i]),
                cy0[i] + lean * (end - cx0[i]),
                ya + slope * (start - xa),
                ya + slope * (end - xa),
                end - start,
            )
        total += s * row
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
def touches_edge(x0, y0, x1, y1, first, last, left, floor, ax, ay, bx, by, reach):
    """Whether one of a parcel's edges comes within ``reach`` of the segment a-b, given from the cell's corner."""
    low = min(ay, by) - reach
    high = max(ay, by) + reach
    for k in range(first, last):
        xa = x0[k] - left
        xb = x1[k] - left
        if xb < ax - reach or xa > bx + reach:
            continue
        ya = y0[k] - floor
        yb = y1[k] - floor
        if max(ya, yb) < low or min(ya, yb) > high:
            continue
        if segments_touch(xa, ya, xb, yb, ax, ay, bx, by, reach):
            return True
    return False


@_jit
def touches_zone(x0, y0, x1, y1, first, last, left, floor, size, zx0, zy0, zx1, zy1, zfirst, zlast, reach):
    """Whether a parcel comes within ``reach`` of a zone in this cell; ``zfirst < 0`` stands for the whole cell."""
    if zfirst < 0:
        return (
            touches_edge(x0, y0, x1, y1, first, last, left, floor, 0.0, 0.0, size, 0.0, reach)
            or touches_edge(x0, y0, x1, y1, first, last, left, floor, 0.0, size, size, size, reach)
            or touches_edge(x0, y0, x1, y1, first, last, left, floor, 0.0, 0.0, 0.0, size, reach)
            or touches_edge(x0, y0, x1, y1, first, last, left, floor, size, 0.0, size, size, reach)
        )
    for j in range(zfirst, zlast):
        ax = float(zx0[j])
        ay = float(zy0[j])
        bx = float(zx1[j])
        by = float(zy1[j])
        if touches_edge(x0, y0, x1, y1, first, last, left, floor, ax, ay, bx, by, reach):
            return True
    return False


@_jit
def overlap_parcels(
    parcel_edges, first_edge, parcel_m2, boxes, grid_frame, cell_start, entry_zone, entry_first, entry_last, zone_edges,
    totals, contacts, work, contact_m2, reach,
):  # fmt: skip
    """Measure a block of parcels against a grid of zones.

    Parameters
    ----------
    parcel_edges
        ``(x0, y0, x1, y1, sign)`` with ``x0 <= x1``; those of parcel p are ``first_edge[p]`` to ``first_edge[p + 1]``.
    parcel_m2, boxes
        Area of each parcel, and its bounds as four sequences.
    grid_frame
        ``(left, floor, size, columns, rows)`` of the grid.
    cell_start, entry_zone, entry_first, entry_last
        The zones in each cell and their edges; ``entry_first < 0`` means the whole cell.
    zone_edges
        Like ``parcel_edges``, from each cell's corner.
    totals, contacts, work
        Room: zeros for each zone, twice, and six sequences as long as the longest parcel.
    contact_m2
        An area up to this is contact at most.
    reach
        Distance up to which boundaries touch; 0 asks for areas alone.

    Returns
    -------
    tuple
        Parcel, zone, area (m2) and contact, one row per pair that has any. Lists in plain Python, arrays when compiled.
    """
    x0, y0, x1, y1, sign = parcel_edges
    zx0, zy0, zx1, zy1, zsign = zone_edges
    left, floor, size, columns, rows = grid_frame
    west, south, east, north = boxes
    cx0, cy0, cx1, cy1, csign, found = work
    room = 64
    out_parcel = np.empty(room, np.int64)
    out_zone = np.empty(room, np.int64)
    out_area = np.empty(room, np.float64)
    out_contact = np.empty(room, np.bool_)
    n = 0
    for p in range(len(parcel_m2)):
        first = first_edge[p]
        last = first_edge[p + 1]
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
                clipped = clip_to_cell(x0, y0, x1, y1, sign, first, last, x, y, size, cx0, cy0, cx1, cy1, csign)
                whole = -1.0
                for entry in range(a, b):
                    begin = entry_first[entry]
                    if begin < 0:
                        if whole < 0.0:
                            if one_cell:
                                whole = parcel_m2[p]
                            else:
                                whole = max(area_in_cell(cx0, cy0, cx1, cy1, csign, clipped, size), 0.0)
                        area = whole
                    else:
                        area = max(
                            area_in_edges(
                                cx0, cy0, cx1, cy1, csign, clipped, zx0, zy0, zx1, zy1, zsign, begin, entry_last[entry]
                            ),
                            0.0,
                        )
                    contact = False
                    if area <= contact_m2 and reach > 0.0:
                        contact = touches_zone(
                            x0, y0, x1, y1, first, last, x, y, size, zx0, zy0, zx1, zy1, begin, entry_last[entry], reach
                        )
                    if area == 0.0 and not contact:
                        continue
                    zone = entry_zone[entry]
                    if totals[zone] == 0.0 and not contacts[zone]:
                        if met == len(found):
                            found = np.concatenate((found, found))
                        found[met] = zone
                        met += 1
                    totals[zone] += area
                    contacts[zone] = contacts[zone] or contact
        while n + met > room:
            room *= 2
        if room > len(out_parcel):
            out_parcel = np.concatenate((out_parcel[:n], np.empty(room - n, np.int64)))
            out_zone = np.concatenate((out_zone[:n], np.empty(room - n, np.int64)))
            out_area = np.concatenate((out_area[:n], np.empty(room - n, np.float64)))
            out_contact = np.concatenate((out_contact[:n], np.empty(room - n, np.bool_)))
        for i in range(met):
            zone = found[i]
            out_parcel[n] = p
            out_zone[n] = zone
            out_area[n] = totals[zone]
            out_contact[n] = contacts[zone]
            n += 1
            totals[zone] = 0.0
            contacts[zone] = False
    return out_parcel[:n], out_zone[:n], out_area[:n], out_contact[:n]
