"""Cut the edges of zones into the cells of a grid, so that each cell holds what the kernel needs and no more.

In a cell a zone is the region under its edges. Those that cross the cell are kept, cut to it; all that lie above it
count only by what is between them: a *roof*, a level edge along the cell's top wherever the zone goes on above it.
A cell whose roof spans it and that no edge crosses is inside the zone altogether: it is full, and needs no edges.

So the cells of a column are visited from the top down, carrying the roof along. A roof is kept as its changes: at the x
where an edge begins its sign is added, where it ends taken away. Neighbouring edges of a ring share that x to the last
bit, so what does not change cancels exactly, and few changes are left.

The functions run plain and compiled, see `qy_gis.compiling`.
"""

from __future__ import annotations

import numpy as np

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: A roof that ends within this (m) of a cell's side ends at it.
_SIDE_M = 1e-9


@_jit
def count_pieces(x0, y0, x1, y1, left, floor, size):
    """Return how many cells edges pass, each counted at least once: room enough for `cut_edges`."""
    count = 0
    for k in range(len(x0)):
        columns = int((x1[k] - left) / size) - int((x0[k] - left) / size) + 1
        rows = abs(int((y1[k] - floor) / size) - int((y0[k] - floor) / size)) + 1
        # Each line between columns or rows cuts once; a cut in a column may begin in the row next to it.
        count += 2 * columns + rows
    return count


@_jit
def cut_edges(x0, y0, x1, y1, sign, zone, left, floor, size, px0, py0, px1, py1, psign, pzone, pcolumn, prow):
    """Cut edges (``x0 <= x1``) at the lines between cells; write the pieces to ``px0 … prow`` and return how many.

    Both pieces of a cut edge end in the very same point, and all edges cut by a line between columns end at the same x.
    """
    n = 0
    for k in range(len(x0)):
        first_column = int((x0[k] - left) / size)
        last_column = int((x1[k] - left) / size)
        upright = sign[k] == 0.0
        xa = x0[k]
        ya = y0[k]
        for column in range(first_column, last_column + 1):
            xb = x1[k]
            yb = y1[k]
            line = left + (column + 1) * size
            if column < last_column and line < xb:
                xb = line
                yb = y0[k] + (y1[k] - y0[k]) * ((line - x0[k]) / (x1[k] - x0[k]))
            if xb <= xa and not upright:
                continue
            row = int((ya - floor) / size)
            last_row = int((yb - floor) / size)
            step = 1 if last_row > row else -1
            xs = xa
            ys = ya
            while True:
                xe = xb
                ye = yb
                if row != last_row:
                    ye = floor + (row + 1) * size if step > 0 else floor + row * size
                    if not upright:
                        xe = min(max(xa + (xb - xa) * ((ye - ya) / (yb - ya)), xs), xb)
                px0[n] = xs
                py0[n] = ys
                px1[n] = xe
                py1[n] = ye
                # A piece without width is a bit of boundary, and no region lies under it.
                psign[n] = sign[k] if xe > xs else 0.0
                pzone[n] = zone[k]
                pcolumn[n] = column
                prow[n] = row
                n += 1
                xs = xe
                ys = ye
                if row == last_row:
                    break
                row += step
            xa = xb
            ya = yb
    return n


@_jit
def change_roof(at, by, n, x, change):
    """Add a change at x to the ``n`` changes of a roof, kept in order; return how many there are now."""
    i = n
    while i > 0 and at[i - 1] > x:
        i -= 1
    if i > 0 and at[i - 1] == x:
        by[i - 1] += change
        if by[i - 1] == 0.0:
            for k in range(i - 1, n - 1):
                at[k] = at[k + 1]
                by[k] = by[k + 1]
            return n - 1
        return n
    for k in range(n, i, -1):
        at[k] = at[k - 1]
        by[k] = by[k - 1]
    at[i] = x
    by[i] = change
    return n + 1


@_jit
def put_edge(edges, n, x0, y0, x1, y1, sign):
    """Write an edge (``x0 <= x1``) to a row, to the east or, if it is a lower one, to the west."""
    if sign < 0.0:
        edges[n, 0], edges[n, 1], edges[n, 2], edges[n, 3] = x1, y1, x0, y0
    else:
        edges[n, 0], edges[n, 1], edges[n, 2], edges[n, 3] = x0, y0, x1, y1


@_jit
def fill_cells(px0, py0, px1, py1, psign, pzone, pcolumn, prow, left, floor, size, columns, room):
    """Return the cells of zones and their edges.

    Parameters
    ----------
    px0 … prow
        Pieces of edges, sorted by zone, then column, then row from the top down.
    left, floor, size, columns
        The grid.
    room
        Rows of edges to begin with; more are added as needed.

    Returns
    -------
    tuple of numpy.ndarray
        Per entry its cell, zone, first and last edge (-1 and -1 for a full cell), and the edges, of shape (edges, 4),
        as in `qy_gis.overlay.grid.Grid`, metres.
    """
    cell = np.empty(64, np.int64)
    zone = np.empty(64, np.int64)
    begin = np.empty(64, np.int64)
    end = np.empty(64, np.int64)
    edges = np.empty((room, 4), np.float64)
    entries = 0
    n = 0
    at = np.empty(64, np.float64)
    by = np.empty(64, np.float64)
    k = 0
    while k < len(px0):
        column = pcolumn[k]
        row = prow[k]
        west = left + column * size
        start = k
        changes = 0
        while k < len(px0) and pzone[k] == pzone[start] and pcolumn[k] == column:
            south = floor + row * size
            first = k
            while k < len(px0) and pzone[k] == pzone[start] and pcolumn[k] == column and prow[k] == row:
                k += 1
            if k == first and changes == 0:
                row = prow[k]  # below a gap in the zone
                continue
            if entries == len(cell):
                cell = np.concatenate((cell, cell))
                zone = np.concatenate((zone, zone))
                begin = np.concatenate((begin, begin))
                end = np.concatenate((end, end))
            while n + 2 * changes + k - first > len(edges):
                edges = np.concatenate((edges, edges))
            if changes + 2 * (k - first) > len(at):
                at = np.concatenate((at, np.empty(changes + 2 * (k - first), np.float64)))
                by = np.concatenate((by, np.empty(changes + 2 * (k - first), np.float64)))
            full = k == first and changes == 2 and at[0] <= west + _SIDE_M and at[1] >= west + size - _SIDE_M
            cell[entries] = row * columns + column
            zone[entries] = pzone[start]
            begin[entries] = -1 if full else n
            if not full:
                height = 0.0
                for i in range(changes - 1):
                    height += by[i]
                    # 1 under the zone, 0 beside it; in the hair between two edges rounding may make it more.
                    for _ in range(int(abs(height))):
                        put_edge(edges, n, at[i] - west, size, at[i + 1] - west, size, height)
                        n += 1
                for i in range(first, k):
                    put_edge(edges, n, px0[i] - west, py0[i] - south, px1[i] - west, py1[i] - south, psign[i])
                    n += 1
            end[entries] = -1 if full else n
            entries += 1
            for i in range(first, k):
                if psign[i] != 0.0:
                    changes = change_roof(at, by, changes, px0[i], psign[i])
                    changes = change_roof(at, by, changes, px1[i], -psign[i])
            row -= 1
    return cell[:entries], zone[:entries], begin[:entries], end[:entries], edges[:n]
