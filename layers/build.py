"""Build the bundled plan's derived geometry from the data and the hand-kept tables beside this script.

    python layers/build.py [--out DIR]

====================================  =======================================================
file written                          made from
====================================  =======================================================
``belt.geojson``                      ``belt.csv`` (the towns of the axis, in order), ``towns.geojson``
``platforms.geojson``                 ``platforms.csv``, ``towns.geojson``
``carriers.geojson``                  ``carriers.csv``, ``towns.geojson``
``pilot_zone_coverage.geojson``       ``counties.geojson``
====================================  =======================================================

Towns are joined by code, never by name: two names each occur in two counties. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

DATA = Path(__file__).parent / "data"

#: Longitude and latitude on CGCS2000.
DEGREES = "EPSG:4490"
#: CGCS2000 uses the GRS80 ellipsoid; a plane centred on the work keeps distances or areas true there.
ELLIPSOID = "+ellps=GRS80 +units=m +no_defs"

BELT_HALF_WIDTH_M = 5_000.0
DISC_VERTICES = 72
#: County code of Yingde, whose 连樟样板区 belongs to the pilot zone but has no published outline.
WITHOUT_PILOT_OUTLINE = "441881"
#: About 1 cm: far finer than any of these outlines is known.
DECIMALS = 7


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of a hand-kept CSV."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_features(name: str) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file in longitude and latitude."""
    features: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))["features"]
    return features


def read_towns() -> dict[str, shapely.Point]:
    """Return town points (degrees) by statistical code."""
    return {
        f["properties"]["code"]: shapely.Point(f["geometry"]["coordinates"]) for f in read_features("towns.geojson")
    }


def project(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """Project a geometry from one CRS to another, longitude or easting first."""
    step = Transformer.from_crs(source, target, always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(step.transform(xy[:, 0], xy[:, 1])))


def build_disc(centre: shapely.Point, area_km2: float) -> BaseGeometry:
    """Return a regular polygon (degrees) around a town point with exactly the stated area on the ellipsoid."""
    plane = f"+proj=laea +lat_0={centre.y} +lon_0={centre.x} {ELLIPSOID}"
    turn = 2 * np.pi / DISC_VERTICES
    # A regular n-gon of circumradius r covers n/2 r^2 sin(2 pi/n), and this plane keeps areas.
    radius_m = np.sqrt(2 * area_km2 * 1e6 / (DISC_VERTICES * np.sin(turn)))
    angles = turn * np.arange(DISC_VERTICES)
    disc = shapely.Polygon(radius_m * np.column_stack([np.cos(angles), np.sin(angles)]))
    return project(disc, plane, DEGREES)


def build_belt(towns: dict[str, shapely.Point]) -> list[dict[str, Any]]:
    """Return the belt: the land within its half width of the line through its towns, ends rounded."""
    members = sorted(read_table("belt.csv"), key=lambda row: int(row["order"]))
    axis = shapely.LineString([towns[row["town"]] for row in members])
    plane = f"+proj=tmerc +lat_0=0 +lon_0={axis.centroid.x:.3f} +k=1 +x_0=0 +y_0=0 {ELLIPSOID}"
    outline = project(project(axis, DEGREES, plane).buffer(BELT_HALF_WIDTH_M, quad_segs=18), plane, DEGREES)
    attributes = {
        "id": "belt",
        "name": "一带（广清轴线代用范围）",
        "name_en": "Belt (proxy: the Guangqing axis)",
        "towns": "、".join(row["name"] for row in members),
        "half_width_m": BELT_HALF_WIDTH_M,
    }
    return [feature(attributes, outline)]


def build_platforms(towns: dict[str, shapely.Point]) -> list[dict[str, Any]]:
    """Return the placed platforms: a disc where one town and an area are stated, else a point at each town."""
    return [
        feature(
            {**row, "area_km2": float(row["area_km2"]) if row["area_km2"] else None},
            place([towns[code] for code in row["town"].split(";")], row["area_km2"]),
        )
        for row in read_table("platforms.csv")
        if row["town"]
    ]


def place(points: Sequence[shapely.Point], area_km2: str) -> BaseGeometry:
    """Return a platform's geometry; an area spread over several towns cannot be drawn as one disc."""
    if len(points) > 1:
        return shapely.MultiPoint(points)
    return build_disc(points[0], float(area_km2)) if area_km2 else points[0]


def build_carriers(towns: dict[str, shapely.Point]) -> list[dict[str, Any]]:
    """Return the carriers whose town is established, as points at the town."""
    return [feature(dict(row), towns[row["town"]]) for row in read_table("carriers.csv") if row["town"]]


def build_pilot_zone_coverage() -> list[dict[str, Any]]:
    """Return the city without the county where the pilot zone has a part of unknown outline."""
    parts = [
        shapely.geometry.shape(county["geometry"])
        for county in read_features("counties.geojson")
        if county["properties"]["adcode"] != WITHOUT_PILOT_OUTLINE
    ]
    attributes = {
        "id": "pilot_zone_coverage",
        "name": "广清接合片区范围已知的区域（清远市除英德市）",
        "name_en": "Where the pilot zone's extent is known (the city without Yingde)",
    }
    return [feature(attributes, shapely.coverage_union_all(parts))]


def feature(attributes: dict[str, Any], geometry: BaseGeometry) -> dict[str, Any]:
    """Return a GeoJSON feature in canonical form: rounded, oriented as RFC 7946 asks, parts in a fixed order."""
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
    canonical = shapely.orient_polygons(rounded.normalize())
    return {"type": "Feature", "properties": attributes, "geometry": shapely.geometry.mapping(canonical)}


def write_collection(path: Path, features: Sequence[dict[str, Any]]) -> None:
    """Write features as GeoJSON, one per line and sorted by id, so that a change shows as the lines it touches."""
    lines = [json.dumps(f, ensure_ascii=False) for f in sorted(features, key=lambda f: str(f["properties"]["id"]))]
    head = f'{{\n"type": "FeatureCollection",\n"name": "{path.stem}",\n"features": [\n'
    path.write_text(head + ",\n".join(lines) + "\n]\n}\n", encoding="utf-8", newline="\n")


def build_all(out: Path) -> list[Path]:
    """Write every derived file into a folder and return the paths."""
    towns = read_towns()
    collections = {
        "belt.geojson": build_belt(towns),
        "platforms.geojson": build_platforms(towns),
        "carriers.geojson": build_carriers(towns),
        "pilot_zone_coverage.geojson": build_pilot_zone_coverage(),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, features in collections.items():
        write_collection(out / name, features)
    return [out / name for name in collections]


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the bundled plan's derived geometry.")
    parser.add_argument("--out", type=Path, default=DATA, help="folder to write to (default: layers/data)")
    for path in build_all(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
