"""The evidence record: everything that a result rests on, so that anyone can make it again and hold it against."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj
import shapely

from qy_gis import columns
from qy_gis.measure.plane import PLANE
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
    sources = parcels[[columns.SOURCE_FILE, columns.SOURCE_SHA256]].drop_duplicates()
    return {
        "plan": {"title": plan.title.zh, "edition": plan.edition, "files": _hash_folders(plan)},
        "rules_sha256": _hash_rules(plan),
        "parcels": [
            {"file": row[columns.SOURCE_FILE], "sha256": row[columns.SOURCE_SHA256]}
            for row in sources.to_dict(orient="records")
        ],
        "crs": {"parcels": parcels.crs.to_string(), "plane": PLANE, "datum_operation": "none (CGCS2000 = WGS 84)"},
        "industry": industry,
        "tolerance_m2": {
            "override": tolerance_m2,
            "layers": {key: layer.tolerance_m2 for key, layer in plan.layers.items() if layer.rules},
        },
        "accuracy_m": {key: layer.accuracy_m for key, layer in plan.layers.items()},
        "software": {
            **{name: version(name) for name in ("qy-gis", "geopandas", "numpy", "pandas", "pyproj", "shapely")},
            "geos": shapely.geos_version_string,
            "proj": pyproj.proj_version_str,
        },
    }


def _hash_folders(plan: Plan) -> dict[str, str]:
    files: dict[str, str] = {}
    for number, folder in enumerate(plan.folders):
        read = sorted(folder.glob("*.toml"))
        for layer in plan.layers.values():
            if layer.folder == folder:
                named = [layer.file, layer.coverage if Path(layer.coverage).suffix else None]
                read += [folder / name for name in named if name is not None]
        for file in sorted(set(read)):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            files[f"{number}:{file.relative_to(folder).as_posix()}"] = digest
    return files


def _hash_rules(plan: Plan) -> str:
    rules = {key: [rule.model_dump(mode="json") for rule in layer.rules] for key, layer in plan.layers.items()}
    return hashlib.sha256(json.dumps(rules, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
