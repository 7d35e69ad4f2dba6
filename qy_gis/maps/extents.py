"""What a map says of size and certainty: areas of features, and the band in which their lines may be.

Both come finished from `qy_gis.overlay`; nothing is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.measure.plane import unproject
from qy_gis.overlay.zones import project_zones, unite
from qy_gis.plan.model import Plan

_M2_PER_KM2 = 1e6


@dataclass(frozen=True)
class Extents:
    """Size and certainty of the features of one layer.

    Attributes
    ----------
    area_m2
        Per feature, shape (m,); 0 for points and lines.
    band
        Where a line of the layer may be: what the features cover grown by the layer's accuracy but not shrunk by it, in
        longitude and latitude (CGCS2000). Empty for layers of exact, linear or punctual features.
    """

    area_m2: NDArray[np.float64]
    band: BaseGeometry


def find_extents(plan: Plan, key: str) -> Extents:
    """Return the areas of a layer's features and the band around its lines.

    Examples
    --------
    >>> import qy_gis as qy
    >>> core = find_extents(qy.read_plan(), "core")
    >>> (core.area_m2 / 1e6).round(1).tolist(), core.band.geom_type
    ([1297.2], 'Polygon')
    """
    return plan.derive(f"extents of {key}", lambda: measure_extents(plan, key))


def measure_extents(plan: Plan, key: str) -> Extents:
    """Return what `find_extents` keeps, found anew."""
    zones = project_zones(plan, key)
    # What is surely inside one feature may still be another's line: a band belongs to each feature, not to their union.
    band = unite(np.asarray(shapely.difference(zones.high, zones.low), dtype=object))
    return Extents(np.asarray(shapely.area(zones.shapes)), unproject(np.array([band], dtype=object))[0])


def format_area(area_m2: float) -> str | None:
    """Return an area for readers; None for what has none.

    Examples
    --------
    >>> format_area(1_297_200_000.0), format_area(1234.5), format_area(0)
    ('1,297.20 km²', '1,234.50 m²', None)
    """
    if area_m2 <= 0:
        return None
    if area_m2 >= _M2_PER_KM2:
        return f"{area_m2 / _M2_PER_KM2:,.2f} km²"
    return f"{area_m2:,.2f} m²"
