"""The statutory area (椭球面积) of parcels: one function, for one parcel and for a million."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qy_gis.measure.outlines import outlines_to_plane, take_outlines


def areas(geometries: ArrayLike, crs: Any) -> NDArray[np.float64]:
    """Return the statutory area of each parcel on the CGCS2000 ellipsoid.

    Parameters
    ----------
    geometries
        Valid shapely polygons or multipolygons of shape (n,), for example ``parcels.geometry``. An outline that
        crosses itself has no area until it is mended (`qy_gis.read_parcels` does).
    crs
        The CRS they are in, for example ``parcels.crs``. Edges are straight in it, or, if it is in degrees, in the
        3-degree grid of the parcel's zone.

    Returns
    -------
    numpy.ndarray
        Areas in m2, of shape (n,); 0 for None and for lines and points.

    Raises
    ------
    CRSError
        The CRS is missing, refused, or does not fit the coordinates.

    Notes
    -----
    The formula of 国土调查办发〔2008〕32号 (carried into TD/T 1055 on CGCS2000) sums, edge by edge, the exact area
    between the edge and the equator for edges straight in an equal-area cylinder. Projecting to that cylinder and
    taking the shoelace area is the same sum. Edges over 70 m get int(length / 70) extra points in the grid first.

    Examples
    --------
    >>> import shapely
    >>> plot = shapely.box(403000, 2622000, 403050, 2622040)
    >>> areas([plot], "EPSG:4547").round(2).tolist()
    [1999.54]
    """
    return outlines_to_plane(take_outlines(np.asarray(geometries, dtype=object)), crs).areas()
