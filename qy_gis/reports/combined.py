"""Write the combined layers. One table of formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from qy_gis.errors import OutputError
from qy_gis.maps.page import draw
from qy_gis.reports.placing import placed


def write_combined(
    faces: gpd.GeoDataFrame,
    path: str | os.PathLike[str],
    *,
    cross: pd.DataFrame,
    outcomes: pd.DataFrame | None = None,
) -> Path:
    """Write combined layers, by the suffix of the path.

    Parameters
    ----------
    faces
        What `qy_gis.combine` returned.
    path
        ``.gpkg`` (faces, and the other tables without geometry), ``.parquet`` (GeoParquet, the faces) or ``.html`` (an
        offline map of the faces).
    cross
        What `qy_gis.cross_layers` returned.
    outcomes
        What `qy_gis.siting.outcomes.judge_faces` returned, if it was asked for.

    Returns
    -------
    pathlib.Path
        The file. It is written beside its place and moved there, so a failure leaves nothing half-written.

    Raises
    ------
    OutputError
        The suffix is not one of these, the file cannot be written, or pyarrow is missing for ``.parquet``.
    """
    target = Path(path)
    write = FORMATS.get(target.suffix.lower())
    if write is None:
        raise OutputError(f"{target}: cannot write {target.suffix or 'no suffix'!r}; accepted: {list(FORMATS)}")
    tables = {"cross": cross} if outcomes is None else {"cross": cross, "outcomes": outcomes}
    try:
        with placed(target) as part:
            write(faces, tables, part)
    except ImportError as error:
        raise OutputError(f"{target}: cannot be written: {error}") from error
    return target


def _write_gpkg(faces: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame], path: Path) -> None:
    path.unlink(missing_ok=True)
    faces.to_file(path, layer="faces", driver="GPKG", engine="pyogrio")
    for name, table in tables.items():
        gpd.GeoDataFrame(table, geometry=[None] * len(table), crs=faces.crs).to_file(
            path, layer=name, driver="GPKG", engine="pyogrio"
        )


def _write_parquet(faces: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame], path: Path) -> None:
    faces.to_parquet(path)


def _write_html(faces: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame], path: Path) -> None:
    draw(faces).save(path)


FORMATS: dict[str, Callable[[gpd.GeoDataFrame, dict[str, pd.DataFrame], Path], None]] = {
    ".gpkg": _write_gpkg,
    ".parquet": _write_parquet,
    ".html": _write_html,
}
