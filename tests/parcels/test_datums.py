"""Coordinates on other datums: only when declared."""

from __future__ import annotations

import json

import geopandas as gpd
import prcoords
import pytest
import shapely

from qy_gis import read_parcels
from qy_gis.errors import CRSError

SQUARE = shapely.box(113.05, 23.7, 113.06, 23.71)
#: Made up for the test; no such transformation is published.
SHIFT = "+proj=tmerc +lat_0=0 +lon_0=114 +k=1 +x_0=500000 +y_0=0 +ellps=krass +towgs84=15,-150,-90 +type=crs"


def shifted(function):
    def shift(points):
        return [tuple(reversed(function(prcoords.Coords(lat, lon)))) for lon, lat in points]

    return shapely.Polygon(shift(SQUARE.exterior.coords))


@pytest.mark.parametrize(
    ("name", "function"),
    [("GCJ-02", prcoords.wgs_gcj), ("gcj02", prcoords.wgs_gcj), ("BD-09", prcoords.wgs_bd), ("bd09", prcoords.wgs_bd)],
)
def test_declared_offsets_are_undone(name, function):
    parcels = read_parcels(shifted(function), crs=name)
    assert parcels.crs.to_epsg() == 4326
    # 1e-7 of a degree is a centimetre.
    assert shapely.hausdorff_distance(parcels.geometry[0], SQUARE) < 1e-8
    (repair,) = json.loads(parcels["source_repairs"][0])
    assert "±0.5 m" in repair["what"]
    assert repair["before"] == ("GCJ-02" if "2" in name else "BD-09")
    assert repair["after"] == "WGS 84"


def test_the_offset_at_qingyuan_is_the_published_one():
    """About 557 m to the east and 274 m to the south."""
    grid = gpd.GeoSeries([SQUARE.centroid, shifted(prcoords.wgs_gcj).centroid], crs=4326).to_crs(4547)
    assert (grid[1].x - grid[0].x, grid[1].y - grid[0].y) == pytest.approx((557, -274), abs=15)


def test_a_geojson_may_be_declared_shifted(tmp_path):
    (tmp_path / "a.geojson").write_text(shapely.to_geojson(shifted(prcoords.wgs_gcj)))
    assert read_parcels(tmp_path / "a.geojson", crs="GCJ-02").geometry[0].centroid.x == pytest.approx(113.055, abs=1e-6)


def test_metres_are_never_shifted_degrees():
    frame = gpd.GeoDataFrame(geometry=[shapely.box(500000, 2600000, 500100, 2600100)], crs=4547)
    with pytest.raises(CRSError, match=r"the GeoDataFrame is in '.*114E', but crs= says GCJ-02"):
        read_parcels(frame, crs="GCJ-02")


def test_beijing_1954_needs_a_transformation_of_the_users_own():
    outline = shapely.box(440000, 2622000, 440100, 2622100)
    with pytest.raises(CRSError, match="classified"):
        read_parcels(outline, crs="EPSG:2435")
    parcels = read_parcels(outline, crs=SHIFT)
    assert parcels.crs.to_epsg() == 4326
    assert "所给参数" in parcels["source_repairs"][0]
    here = parcels.to_crs(4547).geometry[0].centroid
    assert 10 < here.distance(outline.centroid) < 300
    stated = gpd.GeoDataFrame(geometry=[outline], crs="EPSG:2435")
    assert read_parcels(stated, crs=SHIFT).geometry[0].equals(parcels.geometry[0])
    with pytest.raises(CRSError, match="but crs= says"):
        read_parcels(stated.set_crs(4547, allow_override=True), crs=SHIFT)
