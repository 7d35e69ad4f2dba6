"""Files put in place last: a failure leaves what was there, never half a new file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from qy_gis.errors import OutputError, cannot_write


def known_suffix(path: str | os.PathLike[str], accepted: Collection[str]) -> str:
    """Return the ending of a file's name, in lower case, if files of that kind are written.

    Raises
    ------
    OutputError
        It is none of ``accepted``; the message lists them.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in accepted:
        endings = ", ".join(accepted)
        raise OutputError(
            f"{file.name}: cannot write {suffix or 'a file without ending'!r}; accepted: {endings}",
            zh=f"{file.name}：写不出 {suffix or '没有扩展名的文件'!r}；可用的格式：{endings}",
        )
    return suffix


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` to write to, and move it there when all went well.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    # Of this process alone, so that nobody's file is overwritten; the suffix stays, as drivers go by it.
    part = target.with_name(f".{target.stem}-{os.getpid()}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    except (OSError, DataSourceError) as error:
        raise cannot_write(target, error) from error
    finally:
        if part.exists():
            part.unlink()


def write_tables(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables to a GeoPackage: those with geometry as layers, the others as tables of attributes."""
    path.unlink(missing_ok=True)
    for name, table in tables.items():
        spatial = {"promote_to_multi": True} if isinstance(table, gpd.GeoDataFrame) else {}
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", **spatial)
