"""Curves at a distance from rings, from which grown and shrunk land is made (`qy_gis.overlay.growing`).

A ring's raw curve runs at the distance to its right. Seen from the land on its left, it goes around every place as
often as a disc of that radius about the place meets the land in separate pieces (a simply connected shape and a disc
share nothing but such pieces): so the land grown by the distance is where the curve goes around once or more, whatever
loops it makes. At a corner that turns away from the curve's side the disc is met by tangents, which lie outside it; at
one that turns towards it, by the crossing of both shifted edges, or, where they are too short to cross, by a chord,
which adds nothing but land that is met anyway.

The functions run plain and compiled, see `qy_gis.compiling`.
"""

from __future__ import annotations

from math import atan2, ceil, cos, inf, pi, sin, sqrt

import numpy as np

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: Corners nearer to one another (m) than this are one.
_SAME_M = 1e-6

#: A corner that turns back by all but this angle (radians) is the tip of a needle.
_NEEDLE = 1e-3


@_jit
def offset_rings(x, y, first, radius, step):
    """Return the raw curves of closed rings: x, y and where each begins; the last is the end.

    ``radius`` (m) is that of each ring. Tangents turn by at most ``step`` (radians), so that a curve is nowhere farther
    than ``radius / cos(step / 2)``. A ring of one place has a circle, a line there and back a ring around it.
    """
    out_x = np.empty(4 * len(x) + 64)
    out_y = np.empty(4 * len(x) + 64)
    out_first = np.zeros(len(first), np.int64)
    most = 0
    for ring in range(len(radius)):
        most = max(most, first[ring + 1] - first[ring])
    # Corners of one ring, and of each the way to the next: its direction and length.
    px, py, ux, uy, length = np.empty(most), np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    n = 0
    for ring in range(len(radius)):
        r = radius[ring]
        m = take_corners(x, y, first[ring], first[ring + 1], px, py)
        if m > 1:
            take_ways(px, py, m, ux, uy, length)
        for at in range(m):
            room = n + int(2 * pi / step) + 4
            if room > len(out_x):
                out_x, out_y = widen(out_x, room), widen(out_y, room)
            if m == 1:
                n = put_tangents(out_x, out_y, n, px[0], py[0], r, 1.0, 0.0, 2 * pi, step)
                continue
            before = at - 1 if at > 0 else m - 1
            cross = ux[before] * uy[at] - uy[before] * ux[at]
            dot = ux[before] * ux[at] + uy[before] * uy[at]
            if cross > 0.0 or (cross > -_NEEDLE and dot < 0.0):
                # The tip of a needle may be folded over: it is gone around whichever way it seems to turn. Where it is
                # a notch this adds nothing but land within the distance of its end.
                turn = atan2(cross, dot)
                turn = turn if turn > 0.0 else turn + 2 * pi
                n = put_tangents(out_x, out_y, n, px[at], py[at], r, uy[before], -ux[before], turn, step)
                continue
            back = r * -cross / (1.0 + dot) if dot > -1.0 else inf
            if back <= 0.5 * min(length[before], length[at]):
                far = r / (1.0 + dot)
                out_x[n] = px[at] + far * (uy[before] + uy[at])
                out_y[n] = py[at] - far * (ux[before] + ux[at])
                n += 1
            else:
                out_x[n], out_y[n] = px[at] + r * uy[before], py[at] - r * ux[before]
                out_x[n + 1], out_y[n + 1] = px[at] + r * uy[at], py[at] - r * ux[at]
                n += 2
        out_first[ring + 1] = n
    return out_x[:n], out_y[:n], out_first


@_jit
def take_corners(x, y, begin, end, px, py):
    """Copy the distinct corners of a closed ring, and return how many there are."""
    m = 0
    for k in range(begin, end):
        if m == 0 or abs(x[k] - px[m - 1]) + abs(y[k] - py[m - 1]) > _SAME_M:
            px[m], py[m] = x[k], y[k]
            m += 1
    while m > 1 and abs(px[m - 1] - px[0]) + abs(py[m - 1] - py[0]) <= _SAME_M:
        m -= 1
    return m


@_jit
def take_ways(px, py, m, ux, uy, length):
    """Write direction and length of the way from each corner to the next."""
    for at in range(m):
        after = at + 1 if at + 1 < m else 0
        dx, dy = px[after] - px[at], py[after] - py[at]
        length[at] = sqrt(dx * dx + dy * dy)
        ux[at], uy[at] = dx / length[at], dy / length[at]


@_jit
def put_tangents(out_x, out_y, n, x, y, r, nx, ny, turn, step):
    """Write the corners of tangents to a circle over a turn from the direction (nx, ny); return the new count."""
    pieces = max(1, ceil(turn / step - 1e-9))
    half = turn / (2 * pieces)
    far = r / cos(half)
    c, s = cos(half), sin(half)
    nx, ny = nx * c - ny * s, nx * s + ny * c
    c, s = cos(2 * half), sin(2 * half)
    for _ in range(pieces):
        out_x[n], out_y[n] = x + far * nx, y + far * ny
        n += 1
        nx, ny = nx * c - ny * s, nx * s + ny * c
    return n


@_jit
def widen(values, room):
    """Return an array of at least twice its length that begins with the values."""
    out = np.empty(max(room, 2 * len(values)))
    out[: len(values)] = values
    return out
