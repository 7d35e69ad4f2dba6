"""Points and outlines in numbers: the Gauss-Krueger grid, the survey plane, and the way from one to the other.

What `qy_gis.measure.plane` does with PROJ for any geometry in any CRS, these functions do for the outlines of parcels
in degrees and in the national grids, without building a geometry, so that a batch of millions and a single parcel go
the same way. Both agree to a few nanometres (tested). They run plain and compiled, see `qy_gis.compiling`.

Series: L. Krueger, Konforme Abbildung des Erdellipsoids in der Ebene (1912); coefficients to the sixth power of the
third flattening as in C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers (2011).
"""

from __future__ import annotations

from math import atan2, ceil, cos, exp, floor, log, pi, sin, sqrt

import numpy as np

from qy_gis.compiling import jit_for

_jit = jit_for(__name__)

#: The CGCS2000 ellipsoid: semi-major axis (m), flattening, eccentricity.
_A = 6378137.0
_F = 1 / 298.257222101
_E = sqrt(_F * (2 - _F))
_N = _F / (2 - _F)

#: A meridian quadrant is pi/2 of these metres.
_QUADRANT = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)


def _series(*rows: tuple[float, ...]) -> tuple[float, ...]:
    """Coefficients of 2j times the angle; row j holds those of n**j, n**(j + 1) … n**6."""
    return tuple(sum(c * _N ** (j + k) for k, c in enumerate(row)) for j, row in enumerate(rows, start=1))


_TO_GRID = _series(
    (1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800),
    (13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360),
    (61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440),
    (49561 / 161280, -179 / 168, 6601661 / 7257600),
    (34729 / 80640, -3418889 / 1995840),
    (212378941 / 319334400,),
)
_FROM_GRID = _series(
    (-1 / 2, 2 / 3, -37 / 96, 1 / 360, 81 / 512, -96199 / 604800),
    (-1 / 48, -1 / 15, 437 / 1440, -46 / 105, 1118711 / 3870720),
    (-17 / 480, 37 / 840, 209 / 4480, -5569 / 90720),
    (-4397 / 161280, 11 / 504, 830251 / 7257600),
    (-4583 / 161280, 108847 / 3991680),
    (-20648693 / 638668800,),
)
_LATITUDE = _series(
    (2, -2 / 3, -2, 116 / 45, 26 / 45, -2854 / 675),
    (7 / 3, -8 / 5, -227 / 45, 2704 / 315, 2323 / 945),
    (56 / 15, -136 / 35, -1262 / 105, 73814 / 2835),
    (4279 / 630, -332 / 35, -399572 / 14175),
    (4174 / 315, -144838 / 6237),
    (601676 / 22275,),
)

#: The plane (`qy_gis.measure.plane.PLANE`): longitude of its origin, and the radius of its cylinder (m).
_LON_0 = 112.9
_SIN_TS = sin(24.3 * pi / 180)
_RADIUS = _A * cos(24.3 * pi / 180) / sqrt(1 - _E * _E * _SIN_TS * _SIN_TS)

#: Edges longer than 70 m get a point wherever they cross one of a family of parallel lines, so many metres apart: the
#: same points for every edge on one line, wherever it starts and ends. Of the four families (square to the axes, and to
#: the diagonals) that one serves which an edge crosses most nearly at right angles: its points are then at most 70 m
#: apart, as the survey asks.
SPACING_M = 64.6

#: The longest edge without points, in spacings.
_LONGEST = 70 / 64.6

#: An edge turned by less than 22.5 degrees from an axis is nearest to it. No edge between round figures is just so.
_NEAREST_AXIS = sqrt(2.0) - 1.0
_HALF = sqrt(0.5)

#: An edge with so many points is short enough to be a parabola.
_FEW = 6

#: So far (m) a point of an edge lies beside its chord at most, and by this (radians) a ring turns at a corner at least.
_BESIDE_M, _TURN = 2e-4, 1e-5

#: A corner this near to one of the lines (in spacings) is its point.
_AT_LINE = 1e-5

#: Edges in degrees that are longer (degrees of latitude; 20 km), or lie beyond this latitude, are no survey's: they are
#: straight in degrees.
LONGEST_DEGREES, LAST_LATITUDE = 0.18, 84.0

#: At most so many metres to a degree, of longitude or of latitude.
_DEGREE_M = 111700.0


@_jit
def sum_series(c, xi, eta):
    """Return the sum of ``c[j - 1] sin(2 j z)`` with ``z = xi + i eta``: its real and its imaginary part (Clenshaw)."""
    e = exp(2 * eta)
    sinh2 = 0.5 * (e - 1 / e)
    cosh2 = 0.5 * (e + 1 / e)
    sin2 = sin(2 * xi)
    cos2 = cos(2 * xi)
    # 2 cos(2 z)
    p = 2 * cos2 * cosh2
    q = -2 * sin2 * sinh2
    a = 0.0
    b = 0.0
    a1 = 0.0
    b1 = 0.0
    for j in range(5, -1, -1):
        a, b, a1, b1 = c[j] + p * a - q * b - a1, p * b + q * a - b1, a, b
    # times sin(2 z)
    r = sin2 * cosh2
    s = cos2 * sinh2
    return a * r - b * s, a * s + b * r


@_jit
def to_grid(lon, lat, meridian):
    """Return east (from the central meridian) and north (m) of a point in degrees, in a 3-degree grid."""
    turn = (lon - meridian) * (pi / 180)
    s = sin(lat * (pi / 180))
    # Isometric latitude, and the tangent of the conformal one.
    psi = 0.5 * (log((1 + s) / (1 - s)) - _E * log((1 + _E * s) / (1 - _E * s)))
    e = exp(psi)
    t = 0.5 * (e - 1 / e)
    cos_turn = cos(turn)
    sin_turn = sin(turn)
    xi = atan2(t, cos_turn)
    y = sin_turn / sqrt(t * t + cos_turn * cos_turn)
    eta = log(y + sqrt(y * y + 1)) if y >= 0 else -log(-y + sqrt(y * y + 1))
    dxi, deta = sum_series(_TO_GRID, xi, eta)
    return _QUADRANT * (eta + deta), _QUADRANT * (xi + dxi)


@_jit
def from_grid(east, north, meridian):
    """Return longitude and latitude (degrees) of a point in a 3-degree grid (m, east from the central meridian)."""
    xi = north / _QUADRANT
    eta = east / _QUADRANT
    dxi, deta = sum_series(_FROM_GRID, xi, eta)
    xi += dxi
    eta += deta
    e = exp(eta)
    sinh = 0.5 * (e - 1 / e)
    cos_xi = cos(xi)
    # The conformal latitude, then the geodetic one.
    chi = atan2(sin(xi), sqrt(sinh * sinh + cos_xi * cos_xi))
    dlat, _ = sum_series(_LATITUDE, chi, 0.0)
    return meridian + atan2(sinh, cos_xi) * (180 / pi), (chi + dlat) * (180 / pi)


@_jit
def to_plane(lon, lat):
    """Return x and y (m) in the survey plane of a point in degrees."""
    s = sin(lat * (pi / 180))
    q = s / (1 - _E * _E * s * s) + 0.5 / _E * log((1 + _E * s) / (1 - _E * s))
    return (lon - _LON_0) * (pi / 180) * _RADIUS, _A * _A * (1 - _E * _E) * q / (2 * _RADIUS)


@_jit
def find_lines(xa, ya, xb, yb, spacing):
    """Return which lines of its family an edge crosses: where its ends lie (in spacings), the first one, how many.

    An edge up to `_LONGEST` spacings long is told to cross none.
    """
    dx = xb - xa
    dy = yb - ya
    if dx * dx + dy * dy <= _LONGEST * _LONGEST * spacing * spacing:
        return 0.0, 0.0, 0, 0
    if abs(dy) < abs(dx) * _NEAREST_AXIS:
        nx, ny = 1.0, 0.0
    elif abs(dx) < abs(dy) * _NEAREST_AXIS:
        nx, ny = 0.0, 1.0
    elif (dx > 0.0) == (dy > 0.0):
        nx, ny = _HALF, _HALF
    else:
        nx, ny = _HALF, -_HALF
    ua = (xa * nx + ya * ny) / spacing
    ub = (xb * nx + yb * ny) / spacing
    first = floor(min(ua, ub) + _AT_LINE) + 1
    last = ceil(max(ua, ub) - _AT_LINE) - 1
    return ua, ub, int(first), int(max(last - first + 1, 0))


@_jit
def put_points(out_x, out_y, n, xa, ya, xb, yb, ua, ub, first, count):
    """Write the points where an edge crosses its lines, from its first end to its other; return how many there are."""
    for i in range(count):
        line = first + i if ub > ua else first + count - 1 - i
        part = (line - ua) / (ub - ua)
        out_x[n] = xa + (xb - xa) * part
        out_y[n] = ya + (yb - ya) * part
        n += 1
    return n


@_jit
def bend(out_x, out_y, begin, end, lon_a, lat_a, lon_b, lat_b, ea, na, eb, nb, meridian):
    """Replace points of an edge of up to `_FEW` points in a grid by those in degrees, in place.

    Such an edge is a parabola in degrees to 0.1 micrometres, so that one point of it is brought there for all.
    """
    lon_m, lat_m = from_grid(0.5 * (ea + eb), 0.5 * (na + nb), meridian)
    rise_x = 4.0 * (lon_m - 0.5 * (lon_a + lon_b))
    rise_y = 4.0 * (lat_m - 0.5 * (lat_a + lat_b))
    along_east = abs(eb - ea) > abs(nb - na)
    for i in range(begin, end):
        t = (out_x[i] - ea) / (eb - ea) if along_east else (out_y[i] - na) / (nb - na)
        out_x[i] = lon_a + (lon_b - lon_a) * t + rise_x * t * (1.0 - t)
        out_y[i] = lat_a + (lat_b - lat_a) * t + rise_y * t * (1.0 - t)


@_jit
def densify_degrees(x, y, ring_first, spacing, straight_in):
    """Return rings in degrees with the extra points of long edges.

    An edge is straight in the 3-degree grid of the zone in which its middle lies; one of over 20 km is straight in
    degrees.

    Parameters
    ----------
    x, y
        Longitude and latitude of the corners, ring after ring, closing corners included.
    ring_first
        Corners of ring r are ``ring_first[r]`` to ``ring_first[r + 1]``.
    spacing
        Distance of the lines that give the points (m), see `SPACING_M`.
    straight_in
        Central meridian (degrees) of a grid whose edges need no extra points; NaN if all need them.

    Returns
    -------
    tuple of numpy.ndarray
        ``x``, ``y`` and ``ring_first`` with the extra points.
    """
    out_first = np.empty(len(ring_first), np.int64)
    out_x = np.empty(2 * len(x) + 16, np.float64)
    out_y = np.empty(2 * len(x) + 16, np.float64)
    degrees = spacing / _DEGREE_M
    short = degrees * _LONGEST
    n = 0
    for ring in range(len(ring_first) - 1):
        out_first[ring] = n
        eb, nb = 0.0, 0.0
        in_grid, grid = -1, 0.0  # the corner whose place in which grid they are
        for k in range(ring_first[ring], ring_first[ring + 1]):
            if k > ring_first[ring]:
                east = x[k] - x[k - 1]
                north = y[k] - y[k - 1]
                count = 0
                in_degrees = False
                length = east * east + north * north
                if length > short * short:
                    if length > LONGEST_DEGREES * LONGEST_DEGREES:
                        across = east * cos(0.5 * (y[k] + y[k - 1]) * (pi / 180))
                        in_degrees = across * across + north * north > LONGEST_DEGREES * LONGEST_DEGREES
                    in_degrees = in_degrees or abs(y[k]) > LAST_LATITUDE or abs(y[k - 1]) > LAST_LATITUDE
                    if in_degrees:
                        ua, ub, first, count = find_lines(x[k - 1], y[k - 1], x[k], y[k], degrees)
                    else:
                        meridian = 3.0 * floor((x[k - 1] + x[k]) / 6 + 0.5)
                        if meridian != straight_in:
                            if in_grid == k - 1 and grid == meridian:
                                ea, na = eb, nb
                            else:
                                ea, na = to_grid(x[k - 1], y[k - 1], meridian)
                            eb, nb = to_grid(x[k], y[k], meridian)
                            in_grid, grid = k, meridian
                            ua, ub, first, count = find_lines(ea, na, eb, nb, spacing)
                while n + count + 1 > len(out_x):
                    out_x = np.concatenate((out_x, out_x))
                    out_y = np.concatenate((out_y, out_y))
                if count > 0:
                    if in_degrees:
                        n = put_points(out_x, out_y, n, x[k - 1], y[k - 1], x[k], y[k], ua, ub, first, count)
                    else:
                        begin = n
                        n = put_points(out_x, out_y, n, ea, na, eb, nb, ua, ub, first, count)
                        if count == 1 or count > _FEW:
                            for i in range(begin, n):
                                out_x[i], out_y[i] = from_grid(out_x[i], out_y[i], meridian)
                        else:
                            bend(out_x, out_y, begin, n, x[k - 1], y[k - 1], x[k], y[k], ea, na, eb, nb, meridian)
            elif n + 1 > len(out_x):
                out_x = np.concatenate((out_x, out_x))
                out_y = np.concatenate((out_y, out_y))
            out_x[n] = x[k]
            out_y[n] = y[k]
            n += 1
    out_first[-1] = n
    return out_x[:n], out_y[:n], out_first


@_jit
def densify_grid(x, y, ring_first, spacing, false_easting):
    """Return rings given in a projected CRS (m) with the extra points of long edges; arguments as above."""
    out_first = np.empty(len(ring_first), np.int64)
    out_x = np.empty(2 * len(x) + 16, np.float64)
    out_y = np.empty(2 * len(x) + 16, np.float64)
    n = 0
    for ring in range(len(ring_first) - 1):
        out_first[ring] = n
        for k in range(ring_first[ring], ring_first[ring + 1]):
            count = 0
            if k > ring_first[ring]:
                # The points of a zone's grid are the same with its number in front of the eastings and without.
                xa = x[k - 1] - false_easting
                xb = x[k] - false_easting
                ua, ub, first, count = find_lines(xa, y[k - 1], xb, y[k], spacing)
            while n + count + 1 > len(out_x):
                out_x = np.concatenate((out_x, out_x))
                out_y = np.concatenate((out_y, out_y))
            if count > 0:
                n = put_points(out_x, out_y, n, x[k - 1], y[k - 1], x[k], y[k], ua, ub, first, count)
            out_x[n] = x[k]
            out_y[n] = y[k]
            n += 1
    out_first[-1] = n
    return out_x[:n], out_y[:n], out_first


@_jit
def thin_rings(lon, lat, ring_first, fixed, most_m, most_m2):
    """Return rings in degrees without the points that lie on straight edges, those in the grid of a 3-degree zone.

    Parameters
    ----------
    lon, lat, ring_first
        Closed rings, see `densify_degrees`.
    fixed
        Whether each point is a corner, which stays as it is.
    most_m, most_m2
        By how much at most leaving out the points between two others may move the line (m), and the area (m2).

    Returns
    -------
    tuple of numpy.ndarray
        ``lon``, ``lat`` and ``ring_first`` of what is left. A ring that reaches into two zones stays as it is.

    Notes
    -----
    Where two outlines cut, the cut lies on chords of their edges, beside the edges by some hundredths of a millimetre:
    it is moved onto them.
    """
    out_first = np.empty(len(ring_first), np.int64)
    out_x = np.empty(len(lon), np.float64)
    out_y = np.empty(len(lon), np.float64)
    n = 0
    for ring in range(len(ring_first) - 1):
        out_first[ring] = n
        first = ring_first[ring]
        count = ring_first[ring + 1] - first - 1
        west, east, start = lon[first], lon[first], first
        for k in range(first, first + count):
            # A ring begins at a corner, or where it is farthest west, which is one.
            if not fixed[start] and (fixed[k] or lon[k] < west):
                start = k
            west = min(west, lon[k])
            east = max(east, lon[k])
        meridian = 3.0 * floor(west / 3 + 0.5)
        if count < 4 or 3.0 * floor(east / 3 + 0.5) != meridian:
            for k in range(first, first + count + 1):
                out_x[n], out_y[n] = lon[k], lat[k]
                n += 1
            continue
        xs = np.empty(count + 1, np.float64)
        ys = np.empty(count + 1, np.float64)
        corner = np.empty(count + 1, np.bool_)
        for i in range(count + 1):
            k = first + (start - first + i) % count
            xs[i], ys[i] = to_grid(lon[k], lat[k], meridian)
            corner[i] = fixed[k]
        moved = move_cuts(xs, ys, corner)
        kept = find_corners(xs, ys, corner, most_m, most_m2)
        begin = n
        for i in kept[:-1]:
            k = first + (start - first + i) % count
            out_x[n], out_y[n] = from_grid(xs[i], ys[i], meridian) if moved[i] else (lon[k], lat[k])
            n += 1
        out_x[n], out_y[n] = out_x[begin], out_y[begin]
        n += 1
    out_first[-1] = n
    return out_x[:n], out_y[:n], out_first


@_jit
def find_corners(xs, ys, corner, most_m, most_m2):
    """Return which points of a closed ring (m) have to stay, the first and the last among them."""
    last = len(xs) - 1
    kept = np.empty(len(xs), np.int64)
    kept[0] = 0
    n = 1
    twice = 0.0
    for i in range(1, last):
        anchor = kept[n - 1]
        # The next point, seen from the last one kept: are all between them on the line to it?
        ex, ey = xs[i + 1] - xs[anchor], ys[i + 1] - ys[anchor]
        length = sqrt(ex * ex + ey * ey)
        added = (xs[i] - xs[anchor]) * ey - (ys[i] - ys[anchor]) * ex
        keep = corner[i] or length == 0.0 or abs(twice + added) > 2.0 * most_m2
        j = anchor + 1
        while j <= i and not keep:
            dx, dy = xs[j] - xs[anchor], ys[j] - ys[anchor]
            along = dx * ex + dy * ey
            keep = abs(dx * ey - dy * ex) > most_m * length or along < 0.0 or along > length * length
            j += 1
        if keep:
            kept[n] = i
            n += 1
            twice = 0.0
        else:
            twice += added
    kept[n] = last
    return kept[: n + 1]


@_jit
def move_cuts(xs, ys, corner):
    """Move the cuts of a closed ring (m) onto the edges that meet there, in place; return which points were moved.

    An edge is known by its points beside the cut: those at which the ring does not turn.
    """
    count = len(xs) - 1
    turns = np.empty(count, np.bool_)
    for i in range(count):
        h, k = (i - 1) % count, i + 1
        ux, uy = xs[i] - xs[h], ys[i] - ys[h]
        vx, vy = xs[k] - xs[i], ys[k] - ys[i]
        turns[i] = (
            corner[i]
            or ux * vx + uy * vy <= 0.0
            or abs(ux * vy - uy * vx) > _TURN * sqrt((ux * ux + uy * uy) * (vx * vx + vy * vy))
        )
    moved = np.zeros(count + 1, np.bool_)
    new_x, new_y = xs.copy(), ys.copy()
    for i in range(count):
        g, h, k, m = (i - 2) % count, (i - 1) % count, (i + 1) % count, (i + 2) % count
        if corner[i] or not turns[i] or (turns[h] and turns[k]):
            continue
        # The edge before by two points, and the one behind.
        if turns[h]:
            g, h = h, i
        if turns[k]:
            k, m = i, k
        ux, uy = xs[h] - xs[g], ys[h] - ys[g]
        vx, vy = xs[m] - xs[k], ys[m] - ys[k]
        across = ux * vy - uy * vx
        if across == 0.0:
            continue
        t = ((xs[k] - xs[g]) * vy - (ys[k] - ys[g]) * vx) / across
        x, y = xs[g] + ux * t, ys[g] + uy * t
        # Edges that hardly turn meet anywhere.
        if (x - xs[i]) * (x - xs[i]) + (y - ys[i]) * (y - ys[i]) < _BESIDE_M * _BESIDE_M:
            new_x[i], new_y[i] = x, y
            moved[i] = True
    xs[:count], ys[:count] = new_x[:count], new_y[:count]
    xs[count], ys[count] = xs[0], ys[0]
    return moved


@_jit
def plane_of_grid(east, north, false_easting, meridian):
    """Replace points of a 3-degree grid (m) by those of the survey plane (m), in place."""
    for k in range(len(east)):
        lon, lat = from_grid(east[k] - false_easting, north[k], meridian)
        east[k], north[k] = to_plane(lon, lat)


@_jit
def plane_of_degrees(lon, lat, ring_first):
    """Replace the corners of rings in degrees by those of the survey plane (m), in place."""
    for ring in range(len(ring_first) - 1):
        first = ring_first[ring]
        last = ring_first[ring + 1] - 1
        closed = last > first and lon[last] == lon[first] and lat[last] == lat[first]
        for k in range(first, last + 1):
            if k == last and closed:
                lon[k], lat[k] = lon[first], lat[first]
            else:
                lon[k], lat[k] = to_plane(lon[k], lat[k])


@_jit
def grid_of_degrees(lon, lat, false_easting, meridian):
    """Replace points in degrees by those of a 3-degree grid (m), in place."""
    for k in range(len(lon)):
        east, lat[k] = to_grid(lon[k], lat[k], meridian)
        lon[k] = east + false_easting


@_jit
def outline_areas(x, y, ring_first, hole, first_ring):
    """Return the area of each outline in the survey plane (m2): its shells less its holes, however they are wound."""
    out = np.zeros(len(first_ring) - 1)
    for p in range(len(out)):
        total = 0.0
        for ring in range(first_ring[p], first_ring[p + 1]):
            twice = twice_area(x, y, ring_first[ring], ring_first[ring + 1])
            total += -abs(twice) if hole[ring] else abs(twice)
        out[p] = 0.5 * total
    return out


@_jit
def twice_area(x, y, first, last):
    """Return twice the signed area of a ring, from its first corner so that no digit is lost far from the origin."""
    total = 0.0
    for k in range(first + 1, last):
        total += (x[k - 1] - x[first]) * (y[k] - y[first]) - (x[k] - x[first]) * (y[k - 1] - y[first])
    return total
