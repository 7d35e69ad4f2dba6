"""The evidence record: everything that a result rests on, so that anyone can make it again and hold it against."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from qy_gis import columns
from qy_gis.measure.plane import PLANE
from qy_gis.plan.digest import hash_files, hash_rules
from qy_gis.plan.model import Plan


def collect_evidence(
    parcels: gpd.GeoDataFrame, plan: Plan, *, industry: str | None, tolerance_m2: float | None
) -> dict[str, Any]:
    """Collect what a check rests on.

    Parameters
    ----------
    parcels
        The parcels as they came in, with the columns `qy_gis.columns.SOURCE_FILE` and ``SOURCE_SHA256``.
    plan
        The plan they were checked against.
    industry, tolerance_m2
        The arguments of the check.

    Returns
    -------
    dict
        Ready for JSON. It holds no time and no path, so the same check gives the same record.
    """
    sources = dict.fromkeys(zip(parcels[columns.SOURCE_FILE], parcels[columns.SOURCE_SHA256], strict=True))
    return {
        "plan": {"title": plan.title.zh, "edition": plan.edition, "files": hash_files(plan)},
        "rules_sha256": hash_rules(plan),
        "parcels": [{"file": file, "sha256": digest} for file, digest in sources],
        "geometry_sha256": _hash_geometry(parcels),
        "crs": {"parcels": parcels.crs.to_string(), "plane": PLANE, "datum_operation": "none (CGCS2000 = WGS 84)"},
        "industry": industry,
        "tolerance_m2": {
            "override": tolerance_m2,
            "layers": {key: layer.tolerance_m2 for key, layer in plan.layers.items() if layer.rules},
        },
        "accuracy_m": {key: layer.accuracy_m for key, layer in plan.layers.items()},
        "software": _software(),
    }


def _software() -> dict[str, str]:
    packages = {"geopandas": gpd, "numpy": np, "pandas": pd, "pyproj": pyproj, "shapely": shapely}
    versions = {name: str(package.__version__) for name, package in packages.items()}
    return {
        "qy-gis": version("qy-gis"),
        **versions,
        "geos": shapely.geos_version_string,
        "proj": pyproj.proj_version_str,
    }


def _hash_geometry(parcels: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of what was measured, which need not be what a file says: it may have been mended or moved."""
    digest = hashlib.sha256(parcels.crs.to_wkt().encode())
    for parcel, outline in zip(parcels["parcel_id"], parcels.geometry.to_wkb(), strict=True):
        digest.update(f"{parcel}\0".encode() + outline)
    return digest.hexdigest()
