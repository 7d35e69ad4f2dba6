"""What every contender is given, and where the files prepared for it lie. Light on purpose: its import is timed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

#: An area up to this is a contact and no overlap; an overlap this near to the whole is the whole.
TOUCH_M2 = 5e-3

#: Columns of the pair table that a contender writes as Parquet: one row per parcel and feature that overlap.
PAIRS = ("parcel_id", "layer", "feature_id", "area_m2", "relation")

#: The area of parcel ``p`` in tile ``t`` in SQL; asking first whether it lies inside is a fifth faster with all three.
AREA_SQL = """CASE
    WHEN ST_Contains(t.geometry, p.geometry) THEN ST_Area(p.geometry)
    ELSE ST_Area(ST_Intersection(p.geometry, t.geometry)) END"""

#: The relation of a pair in SQL, from its area and the areas of the parcel and the feature.
RELATION_SQL = f"""CASE
    WHEN area_m2 <= {TOUCH_M2} THEN 'touches'
    WHEN area_m2 >= parcel_m2 - {TOUCH_M2} THEN 'within'
    WHEN area_m2 >= feature_m2 - {TOUCH_M2} THEN 'contains'
    ELSE 'overlaps' END"""


@dataclass(frozen=True)
class Inputs:
    """The plan folder and the parcels file in degrees, the same prepared in the survey plane, and the file to write.

    Projecting, densifying and cutting the zones into tiles is done beforehand and not counted: peers start from
    ``parcels_plane`` and ``zones`` or ``tiles``. Only our own contender starts from ``plan`` and ``parcels``.
    """

    plan: Path
    parcels: Path
    out: Path

    @property
    def zones(self) -> Path:
        """Whole features: ``layer``, ``feature_id``, ``feature_m2``, geometry."""
        return self.plan.with_name(f"{self.plan.name}-zones.parquet")

    @property
    def tiles(self) -> Path:
        """Features cut into tiles of at most 128 vertices: the columns of `zones`."""
        return self.plan.with_name(f"{self.plan.name}-tiles.parquet")

    @property
    def parcels_plane(self) -> Path:
        """Parcels: ``parcel_id``, geometry."""
        return self.parcels.with_name(f"{self.parcels.stem}-plane.parquet")


def read_arguments() -> Inputs:
    """Return what the command line names: PLAN PARCELS OUT."""
    parser = argparse.ArgumentParser()
    for name in ("plan", "parcels", "out"):
        parser.add_argument(name, type=Path)
    return Inputs(**vars(parser.parse_args()))
