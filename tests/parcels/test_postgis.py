"""PostGIS, on a server: what is read and written, what is refused, and that no password is ever told."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import psycopg
import pytest
import shapely
from click.testing import CliRunner
from conftest import parcels_of, square
from geopandas.testing import assert_geodataframe_equal

from qy_gis import areas, read_parcels, write_parcels
from qy_gis.cli import main
from qy_gis.errors import ArgumentError, CRSError, GeometryError, OutputError, SourceError
from qy_gis.parcels import postgis

SAMPLES = Path(__file__).parents[2] / "examples" / "parcels" / "formats"
SQUARE = "SRID=4547;POLYGON ((403000 2622000, 403050 2622000, 403050 2622040, 403000 2622040, 403000 2622000))"

SCHEMA = f"""
CREATE SCHEMA cadastre;
CREATE TABLE cadastre.parcels (dkbh text, "项目名称" text, mj numeric, geom geometry(Polygon, 4547));
INSERT INTO cadastre.parcels VALUES
    ('A-1', '甲', 0.2, '{SQUARE}'), ('A-2', '乙', NULL, ST_Translate('{SQUARE}'::geometry, 100, 0));
CREATE TABLE "Odd ""x"" name" AS SELECT dkbh, ST_Force3D(geom, 12) AS shape FROM cadastre.parcels;
CREATE TABLE unknown AS SELECT dkbh, ST_SetSRID(geom, 0) AS geom FROM cadastre.parcels;
CREATE TABLE bare AS SELECT dkbh FROM cadastre.parcels;
CREATE TABLE twofold AS SELECT *, ST_Centroid(geom) AS centre FROM cadastre.parcels;
CREATE TABLE gap AS SELECT dkbh, CASE dkbh WHEN 'A-1' THEN geom END AS geom FROM cadastre.parcels;
CREATE TABLE places AS SELECT dkbh, ST_Centroid(geom) AS geom FROM cadastre.parcels;
CREATE TABLE curved AS SELECT dkbh, ST_LineToCurve(ST_Buffer(geom, 10)) AS geom FROM cadastre.parcels;
CREATE FUNCTION spoil() RETURNS SETOF cadastre.parcels LANGUAGE sql
    AS 'DELETE FROM cadastre.parcels; SELECT * FROM cadastre.parcels';
"""

pytestmark = pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")


@pytest.fixture(scope="module")
def land(server):
    """The address of a database with some tables."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return server


@pytest.fixture
def title(land):
    """The address as it is told: without the password."""
    return re.sub(":[^:]*@", ":***@", land)


def ask(address, query):
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()


def test_a_table_is_read_with_the_crs_of_its_column(land, title):
    parcels = read_parcels(land, layer="cadastre.parcels")
    assert parcels.crs.to_epsg() == 4547
    assert parcels["parcel_id"].tolist() == ["A-1", "A-2"]
    assert parcels["name"].tolist() == ["甲", "乙"]
    assert parcels["source_file"][0] == f"{title} cadastre.parcels"
    assert parcels["source_sha256"].str.fullmatch("[0-9a-f]{64}").all()
    np.testing.assert_allclose(areas(parcels.geometry, parcels.crs), 1999.53, atol=0.01)


def test_a_query_is_read(land):
    query = 'SELECT dkbh, "项目名称", geom FROM cadastre.parcels ORDER BY dkbh DESC;'
    assert read_parcels(land, layer=query)["parcel_id"].tolist() == ["A-2", "A-1"]
    common = "WITH one AS (SELECT *, ' :x'::text FROM cadastre.parcels WHERE dkbh LIKE '%1') TABLE one -- the first"
    assert read_parcels(land, layer=common)["parcel_id"].tolist() == ["A-1"]


def test_odd_names_and_heights(land):
    parcels = read_parcels(land, layer='Odd "x" name')
    assert not parcels.has_z.any()
    assert parcels["source_repairs"].str.contains("Z = 12").all()


def test_a_crs_is_needed_only_where_the_column_has_none(land):
    assert read_parcels(land, layer="unknown", crs=4547).crs.to_epsg() == 4547
    with pytest.raises(CRSError, match="no CRS"):
        read_parcels(land, layer="unknown")
    with pytest.raises(CRSError, match="leave crs= out"):
        read_parcels(land, layer="cadastre.parcels", crs=4526)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        ("nowhere", SourceError, 'relation "nowhere" does not exist'),
        ("cadastre.nowhere", SourceError, 'relation "cadastre.nowhere" does not exist'),
        ("SELECT nothing FROM cadastre.parcels", SourceError, 'column "nothing" does not exist'),
        ("SELECT * FROM", SourceError, "syntax error"),
        ("bare", SourceError, r"found 0 geometry columns \[\] among \['dkbh'\]; accepted is one"),
        ("twofold", SourceError, r"found 2 geometry columns \['geom', 'centre'\]"),
        ("SELECT geom, geom FROM cadastre.parcels", SourceError, "found 2 geometry columns"),
        ("SELECT dkbh, dkbh, geom FROM cadastre.parcels", SourceError, r"\['dkbh'\] are there more than once"),
        ("SELECT * FROM cadastre.parcels WHERE false", SourceError, "0 rows"),
        ("gap", GeometryError, "row 1: no geometry"),
        ("places", GeometryError, "row 0: Point without a polygon"),
        ("curved", SourceError, r"curves.*ST_CurveToLine"),
    ],
)
def test_what_cannot_be_read_is_told(land, layer, error, message):
    with pytest.raises(error, match=message) as caught:
        read_parcels(land, layer=layer)
    assert land not in str(caught.value)


@pytest.mark.parametrize(
    "layer",
    [
        "SELECT * FROM spoil()",
        "WITH gone AS (DELETE FROM cadastre.parcels RETURNING *) SELECT * FROM gone",
        "SELECT 1) AS a; COMMIT; DELETE FROM cadastre.parcels; SELECT * FROM (SELECT * FROM cadastre.parcels",
        "SELECT 1) AS a; SET TRANSACTION READ WRITE; DELETE FROM cadastre.parcels; SELECT * FROM (SELECT 1",
    ],
)
def test_a_query_can_change_nothing(land, layer):
    with pytest.raises(SourceError, match="cannot be read"):
        read_parcels(land, layer=layer)
    assert ask(land, "SELECT count(*) FROM cadastre.parcels") == [(2,)]


def test_a_query_may_not_take_for_ever(land, monkeypatch):
    monkeypatch.setattr(postgis, "MAX_SECONDS", 0.3)
    with pytest.raises(SourceError, match=r"canceling statement due to statement timeout$"):
        read_parcels(land, layer="SELECT *, pg_sleep(5) FROM cadastre.parcels")


def test_a_server_that_does_not_let_in_keeps_the_password(land, title):
    wrong = title.replace("***", "topsecret")
    with pytest.raises(SourceError, match="password authentication failed") as caught:
        read_parcels(wrong, layer="cadastre.parcels")
    assert "topsecret" not in str(caught.value)
    assert f"{title} cannot be reached" in str(caught.value)
    with pytest.raises(OutputError, match="password authentication failed"):
        write_parcels(parcels_of(square(0, 0)), wrong, layer="p")
    with pytest.raises(SourceError, match='database "nowhere" does not exist'):
        read_parcels(land.replace("/land", "/nowhere"), layer="p")
    with pytest.raises(SourceError, match=r"cannot be reached: .*refused"):
        read_parcels("postgresql://officer:topsecret@127.0.0.1:1/land", layer="p")
    with pytest.raises(SourceError, match="address of the database cannot be read"):
        read_parcels("postgresql://host:port/x", layer="p")


def test_a_database_without_postgis_is_told(land):
    with pytest.raises(SourceError, match="has no PostGIS"):
        read_parcels(land.replace("/land", "/postgres"), layer="p")


def test_a_table_has_to_be_named(land):
    with pytest.raises(ArgumentError, match="name a table"):
        read_parcels(land)
    with pytest.raises(ArgumentError, match="name the table to write"):
        write_parcels(parcels_of(square(0, 0)), land)


def test_what_is_written_is_read_again(land, title):
    given = read_parcels(SAMPLES / "parcel.gpkg")
    assert write_parcels(given, land, layer="cadastre.again") == f"{title} cadastre.again"
    again = read_parcels(land, layer="cadastre.again")
    own = ["source_file", "source_sha256"]
    assert_geodataframe_equal(again.drop(columns=own), given.drop(columns=own), check_like=True)


def test_parts_holes_and_all_digits_come_back(land):
    holed = square(0, 0).difference(square(200, 200, 100.123456))
    given = parcels_of(holed, shapely.MultiPolygon([square(2000, 0), square(4000, 0.7654321)]), crs="EPSG:4526")
    given = given.translate(38_000_000).to_frame("geometry").assign(parcel_id=["甲", "乙 'x'"])
    write_parcels(given, land, layer="parts")
    again = read_parcels(land, layer="parts")
    assert again.crs.to_epsg() == 4526
    assert again["parcel_id"].tolist() == ["甲", "乙 'x'"]
    assert again.geometry.geom_equals_exact(given.geometry, 0).all()


def test_a_table_that_is_there_stays_as_it_is(land):
    before = ask(land, "SELECT * FROM cadastre.parcels ORDER BY 1")
    with pytest.raises(OutputError, match=r"cadastre\.parcels cannot be written: Table 'parcels' already exists"):
        write_parcels(parcels_of(square(0, 0)), land, layer="cadastre.parcels")
    with pytest.raises(OutputError, match='schema "nowhere" does not exist'):
        write_parcels(parcels_of(square(0, 0)), land, layer="nowhere.parcels")
    assert ask(land, "SELECT * FROM cadastre.parcels ORDER BY 1") == before


def test_convert_from_and_to_a_database(land, tmp_path):
    done = CliRunner().invoke(main, ["convert", land, str(tmp_path / "a.txt"), "--layer", "cadastre.parcels"])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "a.txt"), land, "--table", "converted"])
    assert done.exit_code == 0, done.output
    assert read_parcels(land, layer="converted")["parcel_id"].tolist() == ["A-1", "A-2"]
    done = CliRunner().invoke(main, ["check", land, "--layer", "nowhere"])
    assert done.exit_code == 2
    assert land not in done.output
