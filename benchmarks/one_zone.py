"""Write a plan of one zone: ``python -m benchmarks.one_zone VERTICES`` prints its folder and its vertices."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.city import LAYERS, SEED, city_folder, to_degrees, write_layers
from benchmarks.shapes import make_blob

#: Half of the city, so that parcels lie inside, across and outside.
_AREA_M2 = 9e9


def write_zone(vertices: int) -> Path:
    """Return a plan folder whose one zone has about so many vertices, written now if it does not exist.

    Zones of more vertices are finer drawings of the same outline.
    """
    folder = city_folder() / f"zone-{vertices}"
    if not folder.exists():
        rng = np.random.default_rng(SEED)
        zone = make_blob(rng, np.zeros(2), area_m2=_AREA_M2, vertices=vertices, corners=14)
        # Exact lines, so that a contender that knows accuracy has no more to do than one that does not.
        write_layers(folder, {replace(LAYERS[0], accuracy_m=0): to_degrees(np.array([zone], dtype=object))})
    return folder


def main() -> None:
    """Write the zone and say where it is and how many vertices it has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vertices", type=int)
    folder = write_zone(parser.parse_args().vertices)
    shapes = gpd.read_file(folder / "data" / "city.gpkg", engine="pyogrio").geometry.to_numpy()
    print(folder, shapely.get_num_coordinates(shapes).sum())


if __name__ == "__main__":
    main()
