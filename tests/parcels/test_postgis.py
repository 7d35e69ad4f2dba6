"""PostGIS: what is asked, what is refused, and that no password is ever told. A server stands in for none of this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.exc import OperationalError

from qy_gis import read_parcels, write_parcels
from qy_gis.errors import ArgumentError, OutputError, SourceError
from qy_gis.parcels import postgis

SQUARE = shapely.box(500000, 2600000, 500100, 2600100)
ADDRESS = "postgresql://officer:secret@localhost:1/land"


class Connection:
    """What a connection answers: the type of geometries, the columns of a query; it keeps what it was asked."""

    def __init__(self, columns: dict[str, int]) -> None:
        self.asked: list[str] = []
        self.columns = columns

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, query: Any) -> Any:
        self.asked.append(str(query))
        return SimpleNamespace(
            scalar_one=lambda: 17_000, cursor=SimpleNamespace(description=list(self.columns.items()))
        )


@pytest.fixture
def serve(monkeypatch):
    def stand_in(columns: dict[str, int], frame: gpd.GeoDataFrame | Exception) -> Connection:
        connection = Connection(columns)

        @contextmanager
        def connect(_address: str) -> Iterator[tuple[Any, str]]:
            yield (
                SimpleNamespace(connect=lambda: connection, dialect=dialect()),
                "postgresql://officer:***@localhost/land",
            )

        def read(query: Any, _connection: Any, *, geom_col: str) -> gpd.GeoDataFrame:
            connection.asked.append(f"{query} [{geom_col}]")
            if isinstance(frame, Exception):
                raise frame
            return frame

        monkeypatch.setattr(postgis, "_connect", connect)
        monkeypatch.setattr(gpd, "read_postgis", read)
        return connection

    return stand_in


def parcels(crs=4547):
    return gpd.GeoDataFrame({"dkbh": ["A"]}, geometry=[SQUARE], crs=crs)


def test_a_table_is_read_without_a_chance_to_change_anything(serve):
    connection = serve({"dkbh": 25, "geom": 17_000}, parcels())
    found = read_parcels(ADDRESS, layer='cadastre.Odd "name"')
    assert connection.asked == [
        "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout = 300000",
        "SELECT 'geometry'::regtype::oid",
        'SELECT * FROM cadastre."Odd ""name""" LIMIT 0',
        'SELECT * FROM cadastre."Odd ""name""" LIMIT 5000001 [geom]',
    ]
    assert found["parcel_id"].tolist() == ["A"]
    assert found["source_file"].tolist() == ['postgresql://officer:***@localhost/land cadastre.Odd "name"']
    assert len(found["source_sha256"][0]) == 64


def test_a_query_and_a_crs_for_srid_0(serve):
    connection = serve({"geom": 17_000}, parcels(crs=None))
    assert read_parcels(ADDRESS, layer="SELECT geom FROM p;", crs=4547).crs.to_epsg() == 4547
    assert connection.asked[-1].startswith("SELECT * FROM (SELECT geom FROM p) AS asked LIMIT")


@pytest.mark.parametrize("columns", [{"dkbh": 25}, {"geom": 17_000, "centre": 17_000}])
def test_exactly_one_geometry_column_is_accepted(serve, columns):
    serve(columns, parcels())
    with pytest.raises(SourceError, match=r"found [02] geometry columns .* accepted is one"):
        read_parcels(ADDRESS, layer="p")


def test_what_the_server_says_is_told_in_one_line(serve):
    serve({"geom": 17_000}, OperationalError("SELECT 1", {}, Exception("canceling statement\nCONTEXT: more")))
    with pytest.raises(SourceError, match=r"cannot be read: canceling statement$"):
        read_parcels(ADDRESS, layer="p")


def test_a_table_has_to_be_named():
    with pytest.raises(ArgumentError, match="name a table"):
        read_parcels(ADDRESS)
    with pytest.raises(ArgumentError, match="name the table to write"):
        write_parcels(parcels(), ADDRESS)


def test_a_server_that_is_not_there_keeps_the_password():
    with pytest.raises(SourceError, match=r"postgresql://officer:\*\*\*@localhost:1/land cannot be reached") as caught:
        read_parcels(ADDRESS, layer="p")
    assert "secret" not in str(caught.value)
    with pytest.raises(OutputError, match="cannot be reached"):
        write_parcels(parcels(), ADDRESS, layer="p")
    with pytest.raises(SourceError, match="address of the database cannot be read"):
        read_parcels("postgresql://host:port/x", layer="p")
