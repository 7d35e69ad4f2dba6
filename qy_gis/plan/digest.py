"""What a plan rests on, as hashes: every file that was read, and the rules."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from qy_gis.caching import digest_files
from qy_gis.plan.model import Plan


def hash_files(plan: Plan) -> dict[str, str]:
    """Return the SHA-256 of every TOML and data file of a plan, by number of the folder and path in it.

    As the data are read once for a plan, the files are hashed once: a file that changes later was not what was read.
    """
    return dict(plan.derive("file hashes", lambda: _hash_files(plan)))


def hash_rules(plan: Plan) -> str:
    """Return the SHA-256 of all rules, whatever files they come from."""
    return plan.derive("rules hash", lambda: _hash_rules(plan))


def _hash_files(plan: Plan) -> dict[str, str]:
    files: dict[str, str] = {}
    for number, folder in enumerate(plan.folders):
        read = sorted(folder.glob("*.toml"))
        for layer in plan.layers.values():
            if layer.folder == folder:
                named = [layer.file, layer.coverage if Path(layer.coverage).suffix else None]
                for name in (name for name in named if name is not None):
                    read += _files_of(folder / name)
        for file, digest in digest_files(sorted(set(read))).items():
            files[f"{number}:{file.relative_to(folder).as_posix()}"] = digest
    return files


def _files_of(data: Path) -> list[Path]:
    """Return the files that a data file is made of."""
    if data.is_dir():
        return [file for file in data.iterdir() if file.is_file() and file.suffix != ".lock"]
    # A Shapefile or a MapInfo table is several files of one name; its .prj alone can move it.
    if data.suffix.lower() in (".shp", ".tab", ".mif"):
        return [file for file in data.parent.iterdir() if file.stem == data.stem and file.is_file()]
    # What a program that has a GeoPackage open wrote last stands in a log beside it, and is read with it.
    log = data.with_name(f"{data.name}-wal")
    return [data, log] if log.exists() else [data]


def _hash_rules(plan: Plan) -> str:
    rules = {key: [rule.model_dump(mode="json") for rule in layer.rules] for key, layer in plan.layers.items()}
    return hashlib.sha256(json.dumps(rules, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
