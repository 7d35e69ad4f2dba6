"""Where large files lie: a path of this machine, or an address such as ``s3://`` or ``memory://`` through fsspec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pyarrow.fs import FileSystem, FSSpecHandler, LocalFileSystem, PyFileSystem

from qy_gis.errors import ArgumentError


def is_address(place: str | os.PathLike[str]) -> bool:
    """Say whether a place is an address on other storage, rather than a path of this machine.

    Examples
    --------
    >>> is_address("s3://survey/parcels.parquet"), is_address("survey/parcels.parquet")
    (True, False)
    """
    return "://" in str(place)


def find_place(place: str | os.PathLike[str]) -> tuple[FileSystem, str]:
    """Return the file system a place is on, and its path there.

    Raises
    ------
    ArgumentError
        An address that needs fsspec, or a package for its kind of storage, that is not installed.

    Notes
    -----
    Of other storage it is asked that a file is there only when it is whole, as object storage has it; a shared disk
    without that is mounted, and given as a path.
    """
    if not is_address(place):
        return LocalFileSystem(), str(place)
    system, path = _open_address(str(place))
    return PyFileSystem(FSSpecHandler(system)), path


def tell_version(place: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what tells a file from another that lies, or lay, at the same place."""
    if is_address(place):
        system, path = _open_address(str(place))
        return {"version": system.ukey(path)}
    about = Path(place).stat()
    return {"bytes": about.st_size, "modified_ns": about.st_mtime_ns}


def _open_address(address: str) -> tuple[Any, str]:
    if address.startswith(("file://", "local://")):
        raise ArgumentError(f"{address}: lies on this machine; give its path", zh=f"{address} 在本机；请直接给出路径")
    try:
        import fsspec

        return fsspec.core.url_to_fs(address)  # type: ignore[no-any-return]
    except ImportError as error:
        raise ArgumentError(
            f"{address}: needs fsspec and its package for this kind of storage; for s3://: pip install s3fs",
            zh=f"{address}：需要 fsspec 及该类存储的软件包；如 s3://：pip install s3fs",
        ) from error
    except ValueError as error:
        raise ArgumentError(
            f"{address}: no known kind of storage; accepted are addresses of fsspec, such as s3://bucket/parcels.parquet",
            zh=f"{address}：不认识这类存储；可用 fsspec 的地址，如 s3://bucket/parcels.parquet",
        ) from error
