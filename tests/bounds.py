"""Random points near outlines, and whether what is sure and what is possible is so there: for tests and long runs."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod
from shapes import EXTENT, SOUTH, WEST, random_zone

from qy_gis.measure.crs import planar_excess_ppm, transformer
from qy_gis.measure.plane import project, to_lonlat
from qy_gis.overlay.setbacks import Setback
from qy_gis.overlay.zones import Zones
from qy_gis.parcels.geometry import examine_outlines


class Wrong(NamedTuple):
    """Points of each kind: tried; sure though nearer to the line than the accuracy; not sure though 2 % farther inside
    than it; not possible though within it; possible though 2 % farther than it."""

    tried: int
    low_wide: int
    low_narrow: int
    high_narrow: int
    high_wide: int

    def __add__(self, other: object) -> Wrong:
        assert isinstance(other, Wrong)
        return Wrong(*(a + b for a, b in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.tried:,} points; low too wide: {self.low_wide}, high too narrow: {self.high_narrow}, "
            f"wider than allowed: {self.low_narrow + self.high_wide}"
        )


NONE = Wrong(0, 0, 0, 0, 0)


def random_outlines(rng: np.random.Generator, count: int, epsg: int) -> tuple[gpd.GeoSeries, NDArray[np.object_]]:
    """Return about so many outlines and a point for every tenth in a CRS, and in the grid they are straight in."""
    outlines = np.array([random_outline(rng) for _ in range(count)], dtype=object)
    points = shapely.points(rng.uniform((WEST, SOUTH), (WEST + EXTENT, SOUTH + EXTENT), (count // 10, 2)))
    # Double points and spikes under 1 mm are no part of a zone, as they are none of a parcel.
    outlines = np.concatenate([examine_outlines(outlines, CRS.from_epsg(4547), repair=False).polygons, points])
    stored = gpd.GeoSeries(outlines, crs=4547).to_crs(epsg)
    # Moving corners to another grid folds a needle over itself here and there.
    valid = (shapely.is_valid(outlines) & stored.is_valid).to_numpy().copy()
    # What is a spike in one CRS may be a hair wider in the other; where one would be cleaned away, there is no truth.
    valid[list(examine_outlines(stored.to_numpy()[:count], CRS.from_epsg(epsg), repair=False).repairs)] = False
    return stored[valid], outlines[valid] if epsg == 4490 else stored[valid].to_numpy()


def random_outline(rng: np.random.Generator) -> shapely.Polygon | shapely.MultiPolygon:
    """Return a random zone (`shapes.random_zone`), half of them with notches and hairs cut into it."""
    zone = random_zone(rng)
    if rng.random() < 0.5:
        return zone
    corners = shapely.get_coordinates(zone)
    for _ in range(rng.integers(1, 4)):
        # A wedge from outside to somewhere inside, a tenth of a millimetre to some metres wide.
        at, tip = corners[rng.integers(0, len(corners), 2)]
        outside = at + (at - tip) * rng.uniform(0.01, 1)
        across = np.array([outside[1] - tip[1], tip[0] - outside[0]])
        across *= 10 ** rng.uniform(-4, 0.7) / max(float(np.hypot(*across)), 1e-9)
        square_end = rng.random() < 0.5
        wedge = shapely.Polygon(
            [outside, outside + across, tip + across, tip] if square_end else [outside, outside + across, tip]
        )
        cut = shapely.difference(zone, wedge) if wedge.is_valid else zone
        zone = cut if cut.is_valid and cut.geom_type.endswith("Polygon") and not cut.is_empty else zone
    return zone


def union_near(outlines: NDArray[np.object_]) -> shapely.Geometry:
    """Unite outlines from an origin near by: far from it GEOS may close a notch of some hundredths of a millimetre."""
    origin = np.round(shapely.total_bounds(outlines)[:2])
    united = shapely.union_all(shapely.transform(outlines, lambda points: points - origin))
    return shapely.transform(united, lambda points: points + origin)


def hold_bounds(
    zones: Zones, outlines: NDArray[np.object_], epsg: int, rng: np.random.Generator, *, each: int = 40
) -> Wrong:
    """Hold features and their union against the outlines they were drawn by, in the grid they are straight in."""
    features = _hold(zones.low, zones.high, outlines, np.arange(len(outlines)).repeat(each), zones, epsg, rng)
    flat = shapely.get_dimensions(outlines) == 2
    # Together they are one outline, and the points among them places where there may be land.
    whole = union_near(outlines[flat])
    everything = np.array([shapely.GeometryCollection([whole, *outlines[~flat]])], dtype=object)
    low, high = (np.array([shape], dtype=object) for shape in (zones.union_low, zones.union_high))
    return features + _hold(low, high, everything, np.zeros(each * len(outlines), dtype=int), zones, epsg, rng)


def _hold(
    low: NDArray[np.object_],
    high: NDArray[np.object_],
    outlines: NDArray[np.object_],
    which: NDArray[np.int64],
    zones: Zones,
    epsg: int,
    rng: np.random.Generator,
) -> Wrong:
    accuracy_m = zones.layer.accuracy_m
    points = _points_near(outlines, which, accuracy_m, rng)
    # A point in land that is drawn takes nothing from it.
    parts = [shapely.get_parts(one) for one in outlines]
    land = np.array([shapely.union_all(each[shapely.area(each) > 0]) for each in parts], dtype=object)
    lines = shapely.boundary(land)
    for shapes in (outlines, land, lines, low, high):
        shapely.prepare(shapes)
    inside = shapely.contains_properly(land[which], points)
    depth = np.where(inside, shapely.distance(lines[which], points), -shapely.distance(outlines[which], points))
    crs = CRS.from_epsg(epsg)
    excess = planar_excess_ppm(*transformer(crs).transform(*shapely.get_coordinates(points).T), crs)
    depth /= np.sqrt(1 + excess * 1e-6)
    in_plane = project(to_lonlat(points, crs))
    sure, possible = shapely.covers(low[which], in_plane), shapely.covers(high[which], in_plane)
    widest = 1.02 * accuracy_m + 0.01
    wrong = [
        sure & (depth < accuracy_m),
        ~sure & (depth > widest),
        ~possible & (depth > -accuracy_m),
        possible & (depth < -widest),
    ]
    return Wrong(len(points), *(int(each.sum()) for each in wrong))


def _points_near(
    outlines: NDArray[np.object_],
    which: NDArray[np.int64],
    accuracy_m: float,
    rng: np.random.Generator,
    *,
    spread: float = 0.02,
) -> NDArray[np.object_]:
    """Return a point near a corner or an edge of each outline asked for, mostly about as far as the accuracy."""
    corners, owner = shapely.get_coordinates(outlines, return_index=True)
    first, last = np.searchsorted(owner, which), np.searchsorted(owner, which, side="right") - 1
    at = first + np.floor(rng.random(len(which)) * (last - first + 1)).astype(int)
    # Between two corners that follow one another, or at the first of them.
    along = np.where(rng.random(len(which)) < 0.5, rng.random(len(which)), 0)[:, None]
    base = corners[at] + (corners[np.minimum(at + 1, last)] - corners[at]) * along
    far = np.where(
        rng.random(len(which)) < 0.7,
        accuracy_m * (1 + rng.normal(0, spread, len(which))),
        accuracy_m * 1.6 * rng.random(len(which)),
    )
    angle = rng.uniform(0, 2 * np.pi, len(which))
    return np.asarray(shapely.points(base + np.column_stack([np.cos(angle), np.sin(angle)]) * far[:, None]))


def hold_setback(
    strip: Setback,
    outlines: NDArray[np.object_],
    epsg: int,
    distance_m: float,
    accuracy_m: float,
    rng: np.random.Generator,
    *,
    count: int = 4000,
) -> Wrong:
    """Hold the land within a distance against geodesics from random places to the nearest place of features."""
    whole = union_near(outlines[shapely.get_dimensions(outlines) == 2])
    everything = shapely.GeometryCollection([whole, *outlines[shapely.get_dimensions(outlines) < 2]])
    shapely.prepare(everything)
    points = _points_near(
        np.array([everything], dtype=object),
        np.zeros(count, dtype=int),
        distance_m,
        rng,
        spread=1e-5 + 0.02 / distance_m,
    )
    to_degrees = transformer(CRS.from_epsg(epsg))
    ends = shapely.get_coordinates(shapely.shortest_line(everything, points)).reshape(-1, 4).T
    (lon0, lat0), (lon1, lat1) = to_degrees.transform(*ends[:2]), to_degrees.transform(*ends[2:])
    away = np.asarray(Geod(a=6378137, rf=298.257222101).inv(lon0, lat0, lon1, lat1)[2])
    in_plane = project(to_lonlat(points, epsg))
    for shape in (strip.union, strip.union_low, strip.union_high):
        shapely.prepare(shape)
    sure, nominal, possible = (
        shapely.covers(shape, in_plane) for shape in (strip.union_low, strip.union, strip.union_high)
    )
    outside = away > 0
    least, most = distance_m - accuracy_m, distance_m + accuracy_m
    hair = 2e-5 * most + 0.02 + 0.002 * accuracy_m
    wrong = [
        (sure & outside & (away > least)) | (nominal & (away > distance_m)),
        ~sure & outside & (away < least - hair) & (least > 0),
        ~possible & (away < most),
        possible & (away > most + hair),
    ]
    return Wrong(count, *(int(each.sum()) for each in wrong))
