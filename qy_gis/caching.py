"""The cache folder, and in it the hashes of large files, so that gigabytes are not read through at each start.

A file is the one that was hashed as long as its size, its times of change and its place on the disk are those it had
then, even where a program sets the time of a file back: the system notes when it did (``ctime``; on Windows it does
not). A file that changed within the last seconds is hashed each time: a clock may be too coarse to tell two changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

#: Smaller files (bytes) are hashed as fast as looked up.
_LARGE = 1 << 20

#: A file is at rest if it has not changed for so long (ns).
_AT_REST_NS = 2_000_000_000


def cache_folder() -> Path:
    """Return the folder that holds the indexes and hashes: ``QY_GIS_CACHE``, or the user's cache folder."""
    if chosen := os.environ.get("QY_GIS_CACHE"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("qy_gis", appauthor=False)) / "index"


def hashes_file() -> Path:
    """Return the file that keeps the hashes."""
    return cache_folder() / "hashes.json"


def digest_files(files: Iterable[Path]) -> dict[Path, str]:
    """Return the SHA-256 of each file; of a large one that has not changed since, as it was kept.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    kept, found, fresh = _read_hashes(), {}, {}
    for file in files:
        about = _describe(file)
        known = kept.get(str(file))
        if known is not None and known["file"] == about:
            found[file] = known["sha256"]
            continue
        with file.open("rb") as content:
            found[file] = hashlib.file_digest(content, "sha256").hexdigest()
        at_rest = time.time_ns() - max(about["mtime_ns"], about["ctime_ns"]) > _AT_REST_NS
        if about["size"] >= _LARGE and at_rest and _describe(file) == about:
            fresh[str(file)] = {"file": about, "sha256": found[file]}
    if fresh:
        _write_hashes({file: known for file, known in kept.items() if Path(file).exists()} | fresh)
    return found


def _describe(file: Path) -> dict[str, int]:
    """Return what changes when a file does."""
    about = file.stat()
    names = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev")
    return {name.removeprefix("st_"): getattr(about, name) for name in names}


def _read_hashes() -> dict[str, Any]:
    try:
        kept = json.loads(hashes_file().read_text(encoding="utf-8"))
        return {str(file): {"file": known["file"], "sha256": str(known["sha256"])} for file, known in kept.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        # Whatever is there is not ours; it is replaced.
        return {}


def _write_hashes(hashes: dict[str, Any]) -> None:
    target = hashes_file()
    # The folder cannot be written or the disk is full: files are hashed each time.
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as folder:
            part = Path(folder) / target.name
            part.write_text(json.dumps(hashes, ensure_ascii=False, indent=1), encoding="utf-8")
            # Of two processes the later wins; what the earlier found is hashed once more.
            part.replace(target)
