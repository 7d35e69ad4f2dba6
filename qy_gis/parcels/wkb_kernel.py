"""Outlines straight from the bytes of well-known binary, and a quick look at whether they are simple.

Most parcels of a large file are small polygons without holes. They are read without building a geometry, and proved to
be simple by looking at every pair of their edges; whatever is otherwise, or not plainly so, is left to GEOS. The
functions run plain and compiled, see `qy_gis.compiling`.
"""

from __future__ import annotations

from math import cos, pi

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: Types of WKB that are read here: polygons and multipolygons in two dimensions, little-endian.
_POLYGON, _MULTIPOLYGON = 3, 6

#: Metres in a degree of latitude (`qy_gis.parcels.corners.in_metres`), and the square of a millimetre with some room:
#: whether there is a flaw is decided by `qy_gis.parcels.corners.judge_rings`.
_DEGREE_M, _SAME2 = 111_000.0, 1.01e-6

#: Rings of more corners are left to GEOS, whose sweep is then faster than looking at all pairs.
_MOST_CORNERS = 80

#: Of the products that make an orientation, this share may be rounding (J. R. Shewchuk, Adaptive Precision
#: Floating-Point Arithmetic, 1997).
_ROUNDING = 4e-16


@_jit
def read_number(data, at):
    """Return the unsigned 32-bit number at a place of the bytes."""
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@_jit
def measure_polygon(data, at, end):
    """Return where a WKB polygon's bytes end, its rings and its corners; (-1, 0, 0) if it is none or is cut off."""
    if at + 9 > end or data[at] != 1 or read_number(data, at + 1) != _POLYGON:
        return -1, 0, 0
    rings = read_number(data, at + 5)
    at += 9
    corners = 0
    for _ in range(rings):
        if at + 4 > end:
            return -1, 0, 0
        count = read_number(data, at)
        at += 4 + 16 * count
        if count < 4 or at > end:
            return -1, 0, 0
        corners += count
    return at, rings, corners


@_jit
def measure_outlines(data, first, rings, corners):
    """Count the rings and corners of WKB polygons and multipolygons; 0 rings for all that is otherwise.

    Parameters
    ----------
    data, first
        Bytes; those of geometry p are ``first[p]`` to ``first[p + 1]``.
    rings, corners
        Written, of shape (n,).
    """
    for p in range(len(first) - 1):
        rings[p] = 0
        corners[p] = 0
        at = first[p]
        end = first[p + 1]
        parts = 1
        if end - at >= 9 and data[at] == 1 and read_number(data, at + 1) == _MULTIPOLYGON:
            parts = read_number(data, at + 5)
            at += 9
        for _ in range(parts):
            at, part_rings, part_corners = measure_polygon(data, at, end)
            if at < 0 or part_rings == 0:
                rings[p] = 0
                corners[p] = 0
                break
            rings[p] += part_rings
            corners[p] += part_corners


@_jit
def copy_outlines(data, first, rings, raw, ring_first, hole):
    """Copy the corners of what `measure_outlines` counted to ``raw``, 16 bytes each, and say where rings begin."""
    n = 0
    ring = 0
    for p in range(len(first) - 1):
        if rings[p] == 0:
            continue
        at = first[p]
        parts = 1
        if read_number(data, at + 1) == _MULTIPOLYGON:
            parts = read_number(data, at + 5)
            at += 9
        for _ in range(parts):
            part_rings = read_number(data, at + 5)
            at += 9
            for k in range(part_rings):
                count = read_number(data, at)
                at += 4
                raw[16 * n : 16 * (n + count)] = data[at : at + 16 * count]
                ring_first[ring] = n
                hole[ring] = k > 0
                ring += 1
                n += count
                at += 16 * count
    ring_first[ring] = n


@_jit
def side_of(ax, ay, bx, by, px, py):
    """Return on which side of the line a-b a point is: 1 left, -1 right, 0 if rounding could decide."""
    one = (bx - ax) * (py - ay)
    other = (by - ay) * (px - ax)
    doubt = _ROUNDING * (abs(one) + abs(other))
    if one - other > doubt:
        return 1
    if other - one > doubt:
        return -1
    return 0


@_jit
def is_plainly_simple(x, y, first, last):
    """Return whether a closed ring is simple beyond doubt: no two of its edges meet but neighbours in their corner."""
    n = last - first - 1
    if n < 3 or n > _MOST_CORNERS or x[first] != x[last - 1] or y[first] != y[last - 1]:
        return False
    for i in range(first, first + n):
        ax, ay, bx, by = x[i], y[i], x[i + 1], y[i + 1]
        following = i + 2 if i + 2 < last else first + 1
        # On one line with the next corner: forward is a mere point on an edge, back is a spike.
        forward = (bx - ax) * (x[following] - bx) + (by - ay) * (y[following] - by)
        if forward <= 0 and side_of(ax, ay, bx, by, x[following], y[following]) == 0:
            return False
        west, east = min(ax, bx), max(ax, bx)
        south, north = min(ay, by), max(ay, by)
        for j in range(i + 2, first + n):
            if i == first and j == first + n - 1:
                continue  # the first edge's other neighbour
            cx, cy, dx, dy = x[j], y[j], x[j + 1], y[j + 1]
            if max(cx, dx) < west or min(cx, dx) > east or max(cy, dy) < south or min(cy, dy) > north:
                continue
            if side_of(ax, ay, bx, by, cx, cy) * side_of(ax, ay, bx, by, dx, dy) == 1:
                continue
            if side_of(cx, cy, dx, dy, ax, ay) * side_of(cx, cy, dx, dy, bx, by) != 1:
                return False
    return True


@_jit
def has_flaw(x, y, first, last, to_east, to_north):
    """Return whether a closed ring may have a double point, or a spike, under a millimetre.

    ``to_east`` and ``to_north`` turn differences of coordinates into metres.
    """
    ax = (x[last - 1] - x[last - 2]) * to_east
    ay = (y[last - 1] - y[last - 2]) * to_north
    a = ax * ax + ay * ay
    for k in range(first + 1, last):
        bx = (x[k] - x[k - 1]) * to_east
        by = (y[k] - y[k - 1]) * to_north
        b = bx * bx + by * by
        across = ax * by - ay * bx
        if b < _SAME2 or (ax * bx + ay * by < 0 and across * across < _SAME2 * max(a, b)):
            return True
        ax, ay, a = bx, by, b
    return False


@_jit
def find_plainly_simple(x, y, ring_first, first_ring, geographic, out):
    """Say of each outline whether it is one ring without flaw that is simple beyond doubt."""
    for p in range(len(out)):
        ring = first_ring[p]
        out[p] = False
        if first_ring[p + 1] == ring + 1:
            first = ring_first[ring]
            to_north = _DEGREE_M if geographic else 1.0
            to_east = _DEGREE_M * cos(y[first] * (pi / 180)) if geographic else 1.0
            last = ring_first[ring + 1]
            out[p] = is_plainly_simple(x, y, first, last) and not has_flaw(x, y, first, last, to_east, to_north)
