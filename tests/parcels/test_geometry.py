"""Outlines: what is kept, what is mended, what is refused. Squares in EPSG:4547 near its central meridian."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS
from shapely import affinity

from qy_gis.errors import CRSError, GeometryError, SourceError
from qy_gis.parcels.geometry import clean_outlines

GRID = CRS.from_epsg(4547)
SQUARE = shapely.box(500000, 2600000, 500100, 2600100)


def clean(*geometries, crs=GRID, repair=False):
    rows = range(len(geometries))
    outlines, repairs = clean_outlines(np.array(geometries, dtype=object), crs, rows=rows, repair=repair)
    return list(outlines), [repairs.get(i, []) for i in rows]


def at_grid(wkt):
    return affinity.translate(shapely.from_wkt(wkt), 500000, 2600000)


BOW_TIE = at_grid("POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))")
SPIKE = at_grid("POLYGON ((0 0, 100 0, 100 50, 150 50, 100 50, 100 100, 0 100, 0 0))")


def test_polygons_and_multipolygons_stay_as_they_are():
    multi = shapely.MultiPolygon([SQUARE, affinity.translate(SQUARE, 200)])
    outlines, repairs = clean(SQUARE, multi)
    assert outlines == [SQUARE, multi]
    assert repairs == [[], []]


def test_every_unusable_outline_is_named_at_once():
    missing = [None, shapely.Polygon(), shapely.Point(500000, 2600000), SQUARE.exterior]
    collection = shapely.GeometryCollection([shapely.Point(500000, 2600000)])
    unreal = shapely.Polygon([(500000, 2600000), (500100, np.inf), (500100, 2600000)])
    with pytest.raises(GeometryError) as caught:
        clean(SQUARE, *missing, collection, unreal)
    assert caught.value.zh.splitlines()[:2] == [
        "7 个地块中有 6 个没有可用图形；只接受 Polygon 和 MultiPolygon：",
        "- 行 1：没有图形",
    ]
    assert caught.value.en.splitlines() == [
        "6 of 7 parcels have no usable outline; accepted are Polygon and MultiPolygon:",
        "- row 1: no geometry",
        "- row 2: empty Polygon",
        "- row 3: Point without a polygon",
        "- row 4: LineString without a polygon",
        "- row 5: GeometryCollection without a polygon",
        "- row 6: Polygon with coordinates that are not numbers",
    ]


def test_polygons_of_a_collection_are_kept_and_the_rest_reported():
    inner = shapely.GeometryCollection([affinity.translate(SQUARE, 200)])
    (kept,), ((repair,),) = clean(shapely.GeometryCollection([SQUARE, shapely.Point(500000, 2600000), inner]))
    assert kept.equals(shapely.MultiPolygon([SQUARE, affinity.translate(SQUARE, 200)]))
    assert repair["before"] == "GeometryCollection: Polygon, Point, GeometryCollection"
    assert repair["after"] == "MultiPolygon"


def test_heights_are_dropped_and_reported():
    (flat,), ((repair,),) = clean(shapely.force_3d(SQUARE, 12.5))
    assert not flat.has_z
    assert flat.equals(SQUARE)
    assert repair["what"] == "去除高程 Z / Z dropped"
    assert "12.5" in repair["before"]


def test_a_spike_is_taken_off_and_reported():
    (mended,), ((repair,),) = clean(SPIKE)
    assert mended.equals(SQUARE)
    assert repair["what"].startswith("去除 1 毫米内的重点和尖刺")


def test_a_bow_tie_needs_repair_to_be_agreed_to():
    with pytest.raises(
        GeometryError, match=r"1 of 2 outlines.*\n- row 1: Self-intersection.*0\.00 m2 as drawn, 5000"
    ) as e:
        clean(SQUARE, BOW_TIE)
    assert "repair=True" in str(e.value)
    (mended,), ((repair,),) = clean(BOW_TIE, repair=True)
    assert mended.is_valid
    assert mended.area == pytest.approx(5000)
    assert (repair["before"], repair["after"][:4]) == ("0.00 m2", "5000")


def test_parts_that_overlap_count_once():
    overlapping = shapely.MultiPolygon([SQUARE, affinity.translate(SQUARE, 50)])
    (mended,), _ = clean(overlapping, repair=True)
    assert mended.area == pytest.approx(15000)


@pytest.mark.parametrize("repair", [True, False])
def test_an_outline_with_nothing_left_is_refused(repair):
    line = at_grid("POLYGON ((0 0, 100 0, 50 0, 0 0))")
    with pytest.raises(GeometryError, match="nothing left when mended"):
        clean(line, repair=repair)


@pytest.mark.parametrize(
    ("geometry", "crs", "guess"),
    [
        (shapely.box(113, 23, 113.01, 23.01), 4526, "look like degrees"),
        (shapely.box(113, 23, 113.01, 23.01), 4547, "look like degrees"),
        (SQUARE, 4326, "look like metres"),
        (SQUARE, 4490, "look like metres"),
        (SQUARE, 4526, "zone prefix"),
        (affinity.translate(SQUARE, 38_000_000), 4547, "zone prefix"),
        (shapely.box(23, 113, 23.01, 113.01), 4490, "x and y look swapped"),
        (shapely.box(2600000, 500000, 2600100, 500100), 4547, "x and y look swapped"),
    ],
)
def test_coordinates_out_of_reach_of_their_crs(geometry, crs, guess):
    with pytest.raises(CRSError, match=guess) as caught:
        clean(geometry, crs=CRS.from_epsg(crs))
    assert "\n- row 0: out of the reach of the CRS" in str(caught.value)


@pytest.mark.parametrize("east", [290000, 800000])
def test_a_neighbouring_zone_is_within_reach(east):
    outline = shapely.box(east, 2600000, east + 100, 2600100)
    assert clean(outline) == ([outline], [[]])


def test_a_crs_that_proj_cannot_use_is_an_error_of_ours():
    broken = CRS.from_wkt(
        CRS.from_epsg(4547)
        .to_wkt()
        .replace('METHOD["Transverse Mercator"', 'METHOD["No such method"')
        .replace('ID["EPSG",9807]', 'ID["EPSG",1]')
    )
    with pytest.raises(CRSError, match="cannot be used"):
        clean_outlines(np.array([SQUARE], dtype=object), broken, rows=[0], repair=False)


def test_what_many_outlines_hold_is_told_in_their_order():
    """More outlines than are cleaned together."""
    many = [affinity.translate(SQUARE, 0, 0.01 * i) for i in range(9_000)]
    with_flaws = list(many)
    with_flaws[4_200] = shapely.force_3d(SQUARE, 7)
    with_flaws[8_999] = SPIKE
    outlines, repairs = clean(*with_flaws)
    assert [i for i, done in enumerate(repairs) if done] == [4_200, 8_999]
    assert outlines[4_199:4_201] == [many[4_199], SQUARE]
    with pytest.raises(GeometryError, match=r"2 of 9000 [^\n]*\n- row 4100: no geometry\n- row 8500: Point without"):
        clean(*many[:4_100], None, *many[:4_399], shapely.Point(500000, 2600000), *many[:499])
    with pytest.raises(GeometryError, match=r"2 of 9000 [^\n]*\n- row 10: Self-inter.*\n- row 8900: Self-inter"):
        clean(*many[:10], BOW_TIE, *many[:8_889], BOW_TIE, *many[:99])


def test_faults_of_all_kinds_are_told_at_once():
    far = affinity.translate(SQUARE, 38_000_000)
    with pytest.raises(SourceError) as caught:
        clean(SQUARE, None, far, BOW_TIE)
    told = caught.value.en
    assert "- row 1: no geometry" in told
    assert "- row 2: out of the reach" in told
    assert "- row 3: Self-intersection" in told


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON ((40 40, 60 40, 60 60, 40 60, 40 40), (0 0, 100 0, 100 100, 0 100, 0 0))",
        "MULTIPOLYGON (((0 0, 100 0, 100 100, 0 100, 0 0)), ((40 40, 60 40, 60 60, 40 60, 40 40)))",
    ],
    ids=["rings swapped", "a hole given as a part"],
)
def test_containment_decides_what_is_a_hole(wkt):
    (nested,), ((repair,),) = clean(at_grid(wkt))
    assert nested.area == pytest.approx(100**2 - 20**2)
    assert repair["what"].startswith("内外圈与位置不符,按包含关系定内外")
    assert repair["after"].startswith("1 外圈 / outer, 1 内圈 / holes, 9")


def test_an_island_in_a_hole_is_land():
    rings = (
        "(0 0, 100 0, 100 100, 0 100, 0 0), (20 20, 80 20, 80 80, 20 80, 20 20), (40 40, 60 40, 60 60, 40 60, 40 40)"
    )
    (nested,), ((repair,),) = clean(at_grid(f"POLYGON ({rings})"))
    assert nested.area == pytest.approx(100**2 - 60**2 + 20**2)
    assert repair["before"] == "1 外圈 / outer, 2 内圈 / holes"


def test_empty_parts_and_rings_are_dropped_and_told():
    part = at_grid("MULTIPOLYGON (((0 0, 100 0, 100 100, 0 100, 0 0)), EMPTY)")
    ring = at_grid("POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), EMPTY)")
    outlines, repairs = clean(part, ring, SQUARE)
    assert [outline.area for outline in outlines] == [10000, 10000, 10000]
    assert [[repair["before"] for repair in done] for done in repairs] == [
        ["2 外圈 / outer, 0 内圈 / holes"],
        ["1 外圈 / outer, 1 内圈 / holes"],
        [],
    ]
    assert {repair["what"] for done in repairs for repair in done} == {
        "去除空的部分或空圈 / empty parts or rings dropped"
    }


def test_an_edge_as_long_as_a_province_is_no_parcels():
    wide = shapely.box(100, 20, 104, 20.001)
    with pytest.raises(CRSError, match=r"- row 1: the outline at \(104.000, 20.000\) has an edge of over 3°"):
        clean(shapely.box(100, 20, 100.001, 20.001), wide, crs=CRS.from_epsg(4490))
    densely = shapely.segmentize(wide, 0.5)
    assert clean(densely, crs=CRS.from_epsg(4490)) == ([densely], [[]])
