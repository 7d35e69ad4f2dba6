"""Declared areas against computed ones: 50 x 40 m in the grid, 1999.54 m2 by statute."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from qy_gis.parcels.declared import compare_declared
from qy_gis.parcels.prepare import prepare_parcels

PLOT = shapely.box(403000, 2622000, 403050, 2622040)


def compare(declared, *, computed=1999.54, outline=PLOT):
    frame = gpd.GeoDataFrame({"declared_m2": [declared]}, geometry=[outline], crs=4547)
    return compare_declared(prepare_parcels(frame), [computed])


@pytest.mark.parametrize("declared", [np.nan, 1999.54, 1999.58, 1999.50, 2000.0, 1999.0, 1999.9999999999998])
def test_within_the_last_digit_and_a_square_centimetre_a_vertex_is_right(declared):
    assert compare(declared) == []


@pytest.mark.parametrize(("declared", "difference"), [(1999.59, "+0.05 m2, +25 ppm"), (2001.0, "+1.46 m2, +730 ppm")])
def test_more_is_told_with_the_difference(declared, difference):
    (row,) = compare(declared)
    assert row["before"] == f"{declared:.2f} m2"
    assert row["after"] == f"1999.54 m2 ({difference})"
    assert "不符" in row["what"]
    assert row["line"] is None


def test_one_percent_is_too_much_however_many_vertices():
    angles = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    ring = np.column_stack([403000 + 1.5 * np.cos(angles), 2622000 + 1.5 * np.sin(angles)])
    assert compare(7.15, computed=7.07, outline=shapely.Polygon(ring)) != []
    assert compare(7.12, computed=7.07, outline=shapely.Polygon(ring)) == []


def test_the_vertices_of_every_part_and_hole_count():
    holed = PLOT.difference(shapely.box(403010, 2622010, 403020, 2622020))
    both = shapely.MultiPolygon([holed, shapely.affinity.translate(PLOT, 100)])
    # Twelve vertices: 0.12 m2, and half of the last digit.
    assert compare(3900.12, computed=3900, outline=both) == []
    assert compare(3900.13, computed=3900, outline=both) != []


def test_the_planar_area_is_named_as_such():
    (row,) = compare(2000.01)
    assert "平面面积" in row["what"]
