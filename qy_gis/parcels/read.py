"""Read parcels from a file of any accepted format: one table of formats, one function."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import CRS

from qy_gis.columns import SOURCE_FILE, SOURCE_SHA256
from qy_gis.errors import ArgumentError, CRSError, GridWarning, MissingSourceError, SourceError
from qy_gis.measure.crs import check_crs, planar_excess_ppm, transformer
from qy_gis.parcels.boundary_txt import read_boundary_txt
from qy_gis.parcels.prepare import flatten_crs, prepare_parcels
from qy_gis.parcels.vector import read_geojson, read_geopackage, read_shapefile, read_zipped_shapefile

#: The formats: extension to reader. A reader takes the path, and by keyword the CRS to use where the file states none,
#: the layer and the encoding; it returns a GeoDataFrame whose CRS is None if nobody says which it is.
READERS: dict[str, Callable[..., gpd.GeoDataFrame]] = {
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".gpkg": read_geopackage,
    ".shp": read_shapefile,
    ".zip": read_zipped_shapefile,
    ".txt": read_boundary_txt,
}

#: Planar areas that are off by more than this are warned of.
_WARN_PPM = 100


def read_parcels(
    source: str | os.PathLike[str] | gpd.GeoDataFrame,
    *,
    crs: Any = None,
    layer: str | None = None,
    id_column: str | None = None,
    encoding: str | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read parcels from a file, in the CRS they were given in.

    Parameters
    ----------
    source
        GeoJSON (``.geojson``, ``.json``), GeoPackage (``.gpkg``), Shapefile (``.shp``, or ``.zip`` with one),
        界址点 text (``.txt``), or a GeoDataFrame.
    crs
        Anything `pyproj.CRS.from_user_input` takes, for a source that states no CRS. GeoJSON without a ``crs`` member
        is in WGS 84 degrees unless this says otherwise.
    layer
        Which layer of a GeoPackage, or which Shapefile of an archive, if there are several with polygons.
    id_column
        Column with the ids of the parcels; by default one with a known heading, else the number of the row.
    encoding
        Encoding of a ``.txt`` or of a Shapefile's attributes, if the one found or stated in its ``.cpg`` is wrong.
    repair
        Accept outlines that had to be mended even if their area changed by more than 1 m2 or 0.1 %.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per parcel, with the columns of `qy_gis.parcels.prepare.prepare_parcels`. The index counts from 0, or
        is that of the GeoDataFrame given.

    Raises
    ------
    MissingSourceError
        There is no such file.
    SourceError
        The format is not accepted, the file is corrupt, has several layers, or its ids are empty or not unique.
    CRSError
        The CRS is missing or refused, contradicts ``crs``, or does not fit the coordinates.
    GeometryError
        Outlines that are missing, not polygons, or change too much when mended.
    ArgumentError
        ``source``, ``layer``, ``encoding`` or ``id_column`` does not apply.

    Warns
    -----
    GridWarning
        Planar areas in the parcels' own grid are off by more than 100 ppm, once per file.

    Notes
    -----
    The SHA-256 of a plain Shapefile is that of its .shp alone; that of a zip archive covers the attributes too.

    Examples
    --------
    >>> plot = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["POLYGON ((0 0, 50 0, 50 40, 0 40, 0 0))"]))
    >>> plot = plot.set_geometry(plot.translate(500000, 2622000))
    >>> read_parcels(plot, crs="EPSG:4547").crs.name
    'CGCS2000 / 3-degree Gauss-Kruger CM 114E'
    """
    given = None if crs is None else check_crs(crs)
    if isinstance(source, gpd.GeoDataFrame):
        if layer is not None or encoding is not None:
            raise ArgumentError("layer= and encoding= are for files; the source is a GeoDataFrame")
        title, frame = "the GeoDataFrame", source if source.crs is not None else source.set_crs(given)
    else:
        path = _find(source)
        title = path.name
        reader = READERS[path.suffix.lower()]
        frame = reader(path, crs=given, layer=layer, encoding=encoding).reset_index(drop=True)
        with path.open("rb") as file:
            frame[SOURCE_FILE] = title
            frame[SOURCE_SHA256] = hashlib.file_digest(file, "sha256").hexdigest()
    _check_agreement(frame.crs, given, title)
    parcels = prepare_parcels(frame, id_column=id_column, repair=repair)
    _warn_of_grid(parcels, title)
    return parcels


def _find(source: str | os.PathLike[str]) -> Path:
    if not isinstance(source, str | os.PathLike):
        raise ArgumentError(f"source is a {type(source).__name__}; accepted are a path and a GeoDataFrame")
    path = Path(source)
    if path.is_dir():
        raise SourceError(f"{path} is a folder; accepted are files ending in {', '.join(READERS)}")
    if not path.exists():
        raise MissingSourceError(f"{path}: there is no such file")
    if path.suffix.lower() not in READERS:
        raise SourceError(f"{path.name} ends in {path.suffix!r}; accepted are {', '.join(READERS)}")
    return path


def _check_agreement(stated: CRS | None, given: CRS | None, title: str) -> None:
    if stated is None or given is None:
        return
    flat, other = flatten_crs(stated), flatten_crs(given)
    same = flat.equals(other, ignore_axis_order=True) or (flat.to_epsg() or "none") == other.to_epsg()
    if not same:
        raise CRSError(
            f"{title} is in {stated.name!r}, but crs= says {given.name!r}; leave crs= out, or correct the file"
        )


def _warn_of_grid(parcels: gpd.GeoDataFrame, title: str) -> None:
    bounds = parcels.bounds.to_numpy()
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    if not parcels.crs.is_projected:
        return
    ppm = planar_excess_ppm(*transformer(parcels.crs).transform(x, y), parcels.crs)
    worst = ppm[np.argmax(np.abs(ppm))]
    if abs(worst) > _WARN_PPM:
        warnings.warn(
            f"{title}: planar areas in {parcels.crs.name!r} are off by up to {worst:+.0f} ppm where the parcels lie; "
            "the statutory areas that qy_gis reports are not affected",
            GridWarning,
            stacklevel=3,
        )
