"""The evidence record: everything that a result rests on, so that anyone can make it again and hold it against."""

from __future__ import annotations

import hashlib
from collections import Counter
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from qy_gis import columns
from qy_gis.errors import Fault
from qy_gis.measure.plane import PLANE
from qy_gis.overlay.index import open_index
from qy_gis.plan.digest import hash_files, hash_rules
from qy_gis.plan.features import NO_FEATURES
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
        "layers": {key: {"repairs": counts} for key, counts in count_layer_repairs(plan).items()},
        "accuracy_m": {key: layer.accuracy_m for key, layer in plan.layers.items()},
        "software": _software(),
    }


def count_layer_repairs(plan: Plan) -> dict[str, dict[str, int]]:
    """Return how often what was repaired in the data of each layer as they were read; sound layers are left out.

    Also that a file has no features at all, which is no repair but changes every verdict on its layer.
    """
    counts: dict[str, Counter[str]] = {}
    for layer, _, what, *_ in open_index(plan).repairs:
        counts.setdefault(layer, Counter())[what] += 1
    return {layer: dict(found) for layer, found in counts.items()}


def say_layer_repairs(plan: Plan) -> list[Fault]:
    """Say of each layer whose data were repaired that they were, and how to see each repair."""
    notes = []
    for key, counts in count_layer_repairs(plan).items():
        title, number = plan.layers[key].title, sum(counts.values())
        en, zh = f"the data of layer {title.en or title.zh} ({key}) were", f"图层{title.zh}（{key}）的数据"
        if NO_FEATURES in counts:
            en = f"{en} a file without features, taken as surveyed and none found"
            zh = f"{zh}没有要素，按已调查而没有处理"
        else:
            en, zh = f"{en} repaired in {number} places as they were read", f"{zh}读取时修正了 {number} 处"
        notes.append(Fault(f"{en}; qy-gis layers --validate lists it", f"{zh}；qy-gis layers --validate 可逐条列出"))
    return notes


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
