"""Files of parcels made by structure: every format, sound, flawed or damaged, with the areas they must have.

A case is made of a seed and a number alone. Some shapes are drawn, something may be done to them, they are written
without `qy_gis`, and the bytes may be damaged. What is read of an undamaged file must have the areas of an independent
reader: GeographicLib on the ellipsoid, along edges cut in the grid. Layers of plans and pages are among the cases.
"""

from __future__ import annotations

import json
import math
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from conftest import EAST, NORTH, write_plan
from geographiclib.geodesic import Geodesic
from shapely import affinity

import qy_gis as qy

Generator = np.random.Generator

_ELLIPSOID = Geodesic(6378137.0, 1 / 298.257222101)

#: CRS in which parcels come, and their share.
SYSTEMS = (4547, 4526, 4490, 4326)

#: A case that takes longer than this (s of the processor) is wrong.
LONGEST_S = 10.0


class Case(NamedTuple):
    """A file and the areas (m2) that its parcels must have, in no order; None if nobody knows."""

    path: Path
    options: dict[str, Any]
    areas: list[float] | None


def survey_area(shape: Any, crs: int) -> float:
    """Return the area (m2) on the CGCS2000 ellipsoid by GeographicLib, edges straight in the grid of zone 38."""
    if shape is None or shape.is_empty:
        return 0.0
    to_grid = pyproj.Transformer.from_crs(crs, 4547, always_xy=True)
    to_degrees = pyproj.Transformer.from_crs(4547, 4490, always_xy=True)
    total = 0.0
    for part in shapely.get_parts(shape):
        for sign, ring in [(1, part.exterior), *((-1, hole) for hole in part.interiors)]:
            corners = np.column_stack(to_grid.transform(*shapely.get_coordinates(ring).T))
            dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(corners), 60))
            polygon = _ELLIPSOID.Polygon()
            for lon, lat in zip(*to_degrees.transform(*dense[:-1].T), strict=True):
                polygon.AddPoint(lat, lon)
            total += sign * abs(polygon.Compute(sign=True)[2])
    return total


def draw_shape(rng: Generator, number: int) -> Any:
    """Return a valid outline in EPSG:4547, far from the others."""
    east, north = EAST + 1500 * number + rng.uniform(0, 300), NORTH + rng.uniform(-3000, 3000)
    corners = int(rng.integers(3, 14))
    turns = (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) * 2 * math.pi / corners
    reach = rng.uniform(30, 250) * rng.uniform(0.5, 1, corners)
    shape = shapely.Polygon(np.column_stack([east + reach * np.cos(turns), north + reach * np.sin(turns)]))
    kind = rng.random()
    if kind < 0.25:
        # A hole of the same form, or a second part beside.
        shape = shapely.Polygon(shape.exterior, [affinity.scale(shape, 0.3, 0.3, origin=(east, north)).exterior.coords])
    elif kind < 0.4:
        shape = shapely.MultiPolygon([shape, affinity.translate(shape, 600)])
    return shapely.set_precision(shape, 0.001) if shape.is_valid else shapely.box(east, north, east + 70, north + 45)


def _spike(shape: Any, _rng: Generator) -> Any:
    part = shapely.get_parts(shape)[0]
    (x0, y0), (x1, y1), *rest = part.exterior.coords
    tip = (x1 + 3 * (x1 - x0), y1 + 3 * (y1 - y0))
    return shapely.Polygon([(x0, y0), (x1, y1), tip, (x1, y1), *rest])


def _twice(shape: Any, _rng: Generator) -> Any:
    part = shapely.get_parts(shape)[0]
    first, second, *rest = part.exterior.coords
    return shapely.Polygon([first, second, second, *rest])


def _unreal(shape: Any, rng: Generator) -> Any:
    corners = shapely.get_coordinates(shapely.get_parts(shape)[0].exterior)
    corners[1, int(rng.integers(2))] = rng.choice([np.nan, np.inf])
    return shapely.Polygon(corners)


#: What may be done to a shape that must not move its area by more than 0.01 m2; of several parts the first is kept.
KEPT: dict[str, Callable[[Any, Generator], Any]] = {
    "nothing": lambda shape, _: shape,
    "heights": lambda shape, rng: shapely.force_3d(shape, rng.uniform(-10, 1000)),
    "reversed": lambda shape, _: shapely.reverse(shape),
    "in a collection": lambda shape, _: shapely.GeometryCollection([shape, shape.representative_point()]),
    "one part of many": lambda shape, _: shapely.MultiPolygon(shapely.get_parts(shape).tolist()),
    "a spike": _spike,
    "a point twice": _twice,
}

#: What may be done to a shape that leaves nobody sure of it.
SPOILT: dict[str, Callable[[Any, Generator], Any]] = {
    "gone": lambda *_: None,
    "empty": lambda *_: shapely.Polygon(),
    "a point": lambda shape, _: shape.centroid,
    "a line": lambda shape, _: shapely.LineString(shapely.get_coordinates(shape)),
    "swapped": lambda shape, _: shapely.transform(shape, lambda points: points[:, ::-1]),
    "elsewhere": lambda shape, rng: affinity.translate(shape, rng.choice([-4e5, 3.6e6, 38e6, 1e12, 1e300])),
    "scaled": lambda shape, rng: affinity.scale(shape, *rng.choice([0, 1e-9, 1e-4, 1e4, 1e9], 2)),
    "shuffled": lambda shape, rng: shapely.Polygon(rng.permutation(shapely.get_coordinates(shape)[:-1])),
    "parts over parts": lambda shape, _: shapely.MultiPolygon(
        [*shapely.get_parts(shape), *shapely.get_parts(affinity.translate(shape, 3))]
    ),
    "no numbers": _unreal,
}


def make_case(rng: Generator, folder: Path) -> Case:
    """Write a file of parcels into a folder."""
    crs = int(rng.choice(SYSTEMS))
    count = int(rng.integers(1, 5))
    drawn = [draw_shape(rng, number) for number in range(count)]
    kept = str(rng.choice(list(KEPT))) if rng.random() < 0.5 else "nothing"
    place = int(rng.integers(count))
    if kept in ("a spike", "a point twice"):
        drawn[place] = shapely.Polygon(shapely.get_parts(drawn[place])[0].exterior)
    areas: list[float] | None = [survey_area(shape, 4547) for shape in drawn]
    shapes = list(drawn)
    with np.errstate(all="ignore"):
        shapes[place] = KEPT[kept](drawn[place], rng)
        if rng.random() < 0.15:
            areas = None
            shapes[place] = SPOILT[str(rng.choice(list(SPOILT)))](drawn[place], rng)
        table = gpd.GeoDataFrame(geometry=shapes, crs=4547).to_crs(crs)
    ids = [f"地块{number}" for number in range(count)]
    if rng.random() < 0.1:
        areas, ids = None, list(rng.choice(["", "A", "B", " A", "地块"], count))
    table.insert(0, str(rng.choice(["DKBH", "地块编号", "parcel_id", "id", "colour"])), ids)
    suffix = str(rng.choice(list(WRITERS)))
    path, options = folder / f"case{suffix}", {}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            options = WRITERS[suffix](table, path, crs)
    except (ValueError, RuntimeError, AttributeError, TypeError, NotImplementedError, OverflowError):
        # The format cannot hold this: a plain one can.
        areas, suffix = None, ".wkt"
        path = folder / "case.wkt"
        path.write_text(str(shapes[place]), encoding="utf-8")
    if rng.random() < 0.2 and path.is_file():
        areas = None
        damage(path, rng)
    return Case(path, options, areas)


def damage(path: Path, rng: Generator) -> None:
    """Cut, fill or double some bytes of a file, mostly few."""
    data = bytearray(path.read_bytes())
    for _ in range(int(rng.integers(1, 4))):
        at, cut = int(rng.integers(len(data) + 1)), int(rng.choice([0, 1, 2, 4, 40, 4000]))
        put = rng.bytes(int(rng.choice([0, 1, 2, 4, 8])))
        data[at : at + cut] = put if rng.random() < 0.7 else bytes(data[max(at - cut, 0) : at])
    path.write_bytes(bytes(data))


def _by_driver(**options: str) -> Callable[[gpd.GeoDataFrame, Path, int], dict[str, Any]]:
    def write(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
        geometry = {} if path.suffix in (".geojson", ".shp", ".kml", ".tab") else {"geometry_type": "Unknown"}
        pyogrio.write_dataframe(table, path, **geometry, **options)
        return {}

    return write


def _geojson(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
    features = table.to_json(show_bbox=False, to_wgs84=False)
    document = json.loads(features)
    document["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return {}


def _parquet(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
    table.to_parquet(path)
    return {}


def _zipped(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
    pyogrio.write_dataframe(table, path.with_suffix(".shp"))
    with zipfile.ZipFile(path, "w") as archive:
        for part in path.parent.glob("case.[sdpc]*"):
            archive.write(part, part.name)
    return {}


def _csv(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
    # All digits: six decimals of a degree are 0.1 m.
    table.to_wkt(rounding_precision=-1).to_csv(path, index=False)
    return {"crs": crs}


def _txt(table: gpd.GeoDataFrame, path: Path, crs: int) -> dict[str, Any]:
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "计量单位=米", "带号=38", "[地块坐标]"]
    grid = table.to_crs(4526)
    for (_, row), shape in zip(table.iterrows(), grid.geometry, strict=True):
        rings = [
            shapely.get_coordinates(ring)
            for part in shapely.get_parts(shape)
            for ring in (part.exterior, *part.interiors)
        ]
        lines.append(f"{sum(map(len, rings))},,{row.iloc[0]},地块,面,,,,@")
        for number, ring in enumerate(rings, start=1):
            lines += [f"J{k},{number},{y:.4f},{x:.4f}" for k, (x, y) in enumerate(ring, start=1)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return {}


#: Each format by its extension; a writer returns what a reader has to be told.
WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path, int], dict[str, Any]]] = {
    ".gpkg": _by_driver(),
    ".fgb": _by_driver(SPATIAL_INDEX="NO"),
    ".shp": _by_driver(ENCODING="UTF-8"),
    ".kml": _by_driver(),
    ".geojson": _geojson,
    ".parquet": _parquet,
    ".zip": _zipped,
    ".csv": _csv,
    ".txt": _txt,
}


def try_case(seed: int, number: int, folder: Path) -> str:
    """Make one case and try it; return how it came out, beginning with "WRONG" if it is.

    "held" is read with the right areas, "read" read where nobody knows them; a refusal is called by its error.
    """
    rng = np.random.default_rng([seed, number])
    kind = number % 40
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case = make_case(rng, folder)
            if kind == 7:
                return _try_layer(case, folder)
            return _try_parcels(case, page=kind == 11)
    except qy.QyGisError as error:
        return type(error).__name__
    except Exception as error:  # that is what is looked for
        return f"WRONG {number}: {type(error).__name__}: {error}"


def _try_parcels(case: Case, *, page: bool) -> str:
    try:
        parcels = qy.read_parcels(case.path, **case.options)
    except qy.QyGisError as error:
        if case.areas is not None and case.path.suffix != ".wkt":
            return f"WRONG {case.path.suffix}: refused: {error.en}"
        raise
    found = qy.areas(parcels.geometry, parcels.crs)
    if page:
        qy.draw(qy.check(parcels)).save(case.path.with_suffix(".html"))
    if case.areas is None:
        return "read"
    one, other = np.sort(found), np.sort(case.areas)
    # Coordinates have four decimals in a text file, and in a KML GDAL writes them so.
    if len(one) != len(other) or (np.abs(one - other) > 0.1 + 1e-6 * other).any():
        return f"WRONG {case.path.suffix}: areas {one.tolist()}, by GeographicLib {other.tolist()}"
    return "held"


def _try_layer(case: Case, folder: Path) -> str:
    """Use the file as a layer of a plan."""
    plan = write_plan(folder / "plan", {"zone": {"shapes": [shapely.box(EAST, NORTH, EAST + 9, NORTH + 9)]}})
    name = f"zone{case.path.suffix}"
    (plan / name).write_bytes(case.path.read_bytes())
    toml = (plan / "zone.toml").read_text(encoding="utf-8")
    (plan / "zone.toml").write_text(toml.replace("zone.gpkg", name), encoding="utf-8")
    plot = gpd.GeoDataFrame(geometry=[shapely.box(EAST, NORTH, EAST + 50, NORTH + 50)], crs=4547)
    result = qy.check(plot, qy.read_plan(plan))
    assert len(result.overlaps)
    return "layer"
