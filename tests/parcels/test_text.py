"""Geometry as text and bytes."""

from __future__ import annotations

import struct

import pytest
import shapely
from parcels.squares import DEGREES, FIRST, FIRST_M2, SECOND, SECOND_M2, planar

from qy_gis import read_parcels
from qy_gis.errors import CRSError, SourceError
from qy_gis.parcels.text import is_outline

SQUARE = shapely.box(38440000, 2622000, 38440050, 2622040)
BARE = shapely.box(440000, 2622000, 440050, 2622040)


def test_wkt_with_and_without_a_crs():
    assert read_parcels(SQUARE.wkt).crs.to_epsg() == 4526
    assert read_parcels(BARE.wkt, crs=4547).crs.to_epsg() == 4547
    assert read_parcels(f"SRID=4547;{BARE.wkt}").geometry[0].equals(BARE)
    with pytest.raises(CRSError, match="the text: no zone prefix"):
        read_parcels(BARE.wkt)
    with pytest.raises(CRSError, match=r"is in '.*114E', but crs= \(--crs\) says '.*zone 38'"):
        read_parcels(f"SRID=4547;{BARE.wkt}", crs=4526)


def test_one_geometry_a_line(tmp_path):
    other = shapely.affinity.translate(SQUARE, 100)
    (tmp_path / "a.wkt").write_text(f"{SQUARE.wkt}\n{other.wkt}\n")
    parcels = read_parcels(tmp_path / "a.wkt")
    assert parcels.geometry[1].equals(other)
    assert parcels["source_file"].tolist() == ["a.wkt"] * 2


def test_wkt_with_north_first_is_turned_and_reported():
    turned = shapely.transform(SQUARE, lambda xy: xy[:, ::-1])
    parcels = read_parcels(turned.wkt)
    assert parcels.geometry[0].equals(SQUARE)
    assert "X、Y 颠倒" in parcels["source_repairs"][0]


@pytest.mark.parametrize("as_text", [False, True])
def test_wkb_with_its_srid(as_text):
    wkb = shapely.to_wkb(shapely.set_srid(BARE, 4547), hex=as_text, include_srid=True)
    assert read_parcels(wkb).geometry[0].equals(BARE)


def test_geojson_as_text():
    text = shapely.to_geojson(shapely.box(113, 23.5, 113.001, 23.501))
    assert read_parcels(text).crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("POLYGON ((1 2", "found 'POLYGON"),
        ("GEOMETRYCOLLECTION (" * 40 + ")" * 40, "more than 32 deep"),
        ("POLYGON " + "(" * 100_000, "more than 32 deep"),
        (
            "SRID=4526;CURVEPOLYGON (CIRCULARSTRING (0 0, 5 5, 9 0, 5 -5, 0 0))",
            "which has curves; accepted are polygons",
        ),
        (struct.pack("<BII", 1, 10, 0), "has curves; accepted are polygons"),
        (b"\x01\x03\x00", "is no WKB"),
        ("0103000000FF", "is no WKB"),
        ("POINT (113 23)", "Point without a polygon"),
    ],
)
def test_what_is_no_geometry(source, message):
    with pytest.raises(ValueError, match=message):
        read_parcels(source)


def test_two_srids_are_refused():
    with pytest.raises(SourceError, match=r"found the SRIDs \['4526', '4547'\]"):
        read_parcels(f"SRID=4547;{BARE.wkt}\nSRID=4526;{SQUARE.wkt}")


ONE, OTHER = (shapely.Polygon([(y, x) for x, y in corners]) for corners in (FIRST, SECOND))
LAND = [FIRST_M2, SECOND_M2]


def hexadecimal(polygon, srid=4526):
    return shapely.to_wkb(shapely.set_srid(polygon, srid or 0), hex=True, include_srid=srid is not None)


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("form", ["{};\n", '"{}"\n', "'{}',\n", "{}; ", "SRID=4526;{}\n", "{}\n\n", "  {} ;\n"])
def test_wkt_with_what_programs_put_around_it(tmp_path, form):
    text = form.format(ONE.wkt) + form.format(OTHER.wkt)
    assert planar(read_parcels(text)) == LAND
    for ending in (".wkt", ".txt"):
        (tmp_path / f"a{ending}").write_text(text)
        assert planar(read_parcels(tmp_path / f"a{ending}")) == LAND


def test_wkt_over_several_lines_and_empty():
    assert planar(read_parcels(ONE.wkt.replace(", ", ",\n"))) == [FIRST_M2]
    both = shapely.GeometryCollection([ONE, OTHER]).wkt
    assert len(read_parcels(both + ";" + ONE.wkt)) == 2


@pytest.mark.parametrize("form", ["{}\n", "\\x{}\n", "0x{}\n", '"{}"\n', "{};\n", "  {}\r\n"])
@pytest.mark.parametrize("srid", [4526, None])
def test_hexadecimal_wkb_a_line(tmp_path, form, srid):
    text = form.format(hexadecimal(ONE, srid)) + form.format(hexadecimal(OTHER, srid).lower())
    assert planar(read_parcels(text)) == LAND
    for ending in (".wkb", ".txt"):
        (tmp_path / f"a{ending}").write_text(text)
        assert planar(read_parcels(tmp_path / f"a{ending}")) == LAND
    with pytest.raises(SourceError, match=r"line 2: found .*which is no WKB"):
        read_parcels(hexadecimal(ONE) + "\n" + hexadecimal(OTHER)[:-6])


@pytest.mark.parametrize("heading", ["geom", "the_geom", "WKT", "geometry", "wkb_geometry", ".geo", "图形", "坐标串"])
@pytest.mark.parametrize(
    "cell", [hexadecimal, lambda polygon: "\\x" + hexadecimal(polygon), lambda polygon: quoted(polygon.wkt)]
)
def test_outlines_in_a_column(heading, cell):
    parcels = read_parcels(f"图斑编号,{heading}\nA-1,{cell(ONE)}\nA-2,{cell(OTHER)}\n")
    assert planar(parcels) == LAND
    assert parcels["parcel_id"].tolist() == ["A-1", "A-2"]


def test_geojson_in_a_column():
    ring = shapely.to_geojson(shapely.Polygon(DEGREES))
    feature = '{"type": "Feature", "properties": {}, "geometry": ' + ring + "}"
    for text in (ring, feature):
        parcels = read_parcels(f"id,geometry\nA-1,{quoted(text)}\n")
        assert parcels["parcel_id"].tolist() == ["A-1"]
        assert len(parcels.geometry[0].exterior.coords) == 5
    assert len(read_parcels(f"id\tgeojson\nA-1\t{ring}\n")) == 1


def test_points_in_a_column():
    cells = [";".join(f"{x},{y}" for x, y in corners) for corners in (FIRST, SECOND)]
    assert planar(read_parcels(f'地块编号,坐标串\nA,"{cells[0]}"\nB,"{cells[1]}"\n')) == LAND
    kml = " ".join(f"{lon},{lat},0" for lon, lat in DEGREES)
    assert len(read_parcels(f'地块编号,coordinates\nA,"{kml}"\n')) == 1


def test_outlines_without_headings():
    text = f"A\t{ONE.wkt}\nB\t{OTHER.wkt}\n"
    assert planar(read_parcels(text)) == LAND


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("", "''"),
        ("POLYGON ((0 0", "'POLYGON"),
        ('{"type"', "'{"),
        ("01030000", "'01030000'"),
        ("Polygon", "'Polygon'"),
    ],
)
def test_a_cell_that_is_no_outline_is_refused_by_line(cell, found):
    with pytest.raises(SourceError, match=f"line 3, column 1: found {found}.*accepted"):
        read_parcels(f"id,wkt\n1,{quoted(ONE.wkt)}\n2,{quoted(cell)}\n")


def test_srids_of_one_column_are_one():
    with pytest.raises(CRSError, match=r"found the SRIDs \['4526', 'None'\]; accepted is one"):
        read_parcels(f"id,geom\n1,{hexadecimal(ONE)}\n2,{hexadecimal(OTHER, None)}\n")


def test_what_is_no_outline():
    assert not any(map(is_outline, ["", "Point", "Polygon", "A-1", "2622000", "1,2;3,4", "J1,2622000,38440000"]))
