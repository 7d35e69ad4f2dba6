"""Parcels from and to a PostGIS database, read in a transaction that cannot change anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from qy_gis.errors import ArgumentError, OutputError, SourceError
from qy_gis.parcels.limits import MAX_FEATURES, MAX_SECONDS, check_features

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TextClause

_SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")
_HOW_TO_NAME = "name a table (parcels, cadastre.parcels) or give a query (SELECT …) with layer= (--layer)"
_HOW_TO_NAME_ZH = "请用 --layer（layer=）指定表名（parcels、cadastre.parcels）或查询（SELECT …）"


def is_address(source: Any) -> bool:
    """Return whether a source is the address of a PostGIS database (``postgresql://user@host/database``)."""
    return isinstance(source, str) and source.startswith(_SCHEMES)


def read_database(address: str, *, layer: str | None, crs: Any) -> tuple[gpd.GeoDataFrame, str, str]:
    """Read the parcels of a table or query.

    Parameters
    ----------
    address
        ``postgresql://user:password@host:port/database``; a password is better kept in ``~/.pgpass``.
    layer
        A table, with its schema in front where needed, or a query that starts with SELECT or WITH.
    crs
        The CRS to use if the geometries have SRID 0.

    Returns
    -------
    tuple
        The parcels, what to call them in messages (without the password), and the SHA-256 of their WKB.

    Raises
    ------
    SourceError
        The database cannot be reached or asked, or the answer has not exactly one geometry column.
    ArgumentError
        ``layer`` is missing.
    """
    if not layer:
        raise ArgumentError(
            f"layer={layer!r}: a database has many tables; {_HOW_TO_NAME}", zh=f"数据库中有许多表；{_HOW_TO_NAME_ZH}"
        )
    with _connect(address) as (engine, title):
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with engine.connect() as connection:
                connection.execute(text("SET TRANSACTION READ ONLY"))
                connection.execute(text(f"SET LOCAL statement_timeout = {int(MAX_SECONDS * 1000)}"))
                query = build_query(layer, quote=engine.dialect.identifier_preparer.quote)
                column = _find_geometry(connection, query, title)
                frame = gpd.read_postgis(_literal(f"{query} LIMIT {MAX_FEATURES + 1}"), connection, geom_col=column)
        except NotImplementedError as error:
            raise SourceError(
                f"{title} {layer}: there are curves among the geometries; give a query with ST_CurveToLine({column})",
                zh=f"{title} {layer} 的图形中有曲线；请用带 ST_CurveToLine({column}) 的查询",
            ) from error
        except (SQLAlchemyError, pd.errors.DatabaseError, shapely.errors.ShapelyError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            said = _first_line(error)
            raise SourceError(
                f"{title} cannot be read: {said}", zh=f"{title} 读不出；请核对表名或查询。数据库回复：{said}"
            ) from error
    check_features(len(frame), title)
    digest = hashlib.sha256()
    for wkb in shapely.to_wkb(frame.geometry.to_numpy(), byte_order=1):
        digest.update(wkb or b"")
    return (frame if frame.crs is not None else frame.set_crs(crs)), f"{title} {layer}", digest.hexdigest()


def build_query(layer: str, *, quote: Any) -> str:
    r"""Return the query for a table or for a query, to which a LIMIT can be added.

    Examples
    --------
    >>> build_query("cadastre.parcels", quote=lambda name: f'"{name}"')
    'SELECT * FROM "cadastre"."parcels"'
    >>> build_query("SELECT id, geom FROM parcels;", quote=str)
    'SELECT * FROM (SELECT id, geom FROM parcels\n) AS asked'
    """
    asked = layer.strip().rstrip(";").strip()
    if asked[:7].upper().split()[:1] in (["SELECT"], ["WITH"]):
        # A query may end in a comment.
        return f"SELECT * FROM ({asked}\n) AS asked"
    return f"SELECT * FROM {'.'.join(quote(part) for part in asked.split('.'))}"


def write_database(parcels: gpd.GeoDataFrame, address: str, *, layer: str | None) -> str:
    """Write parcels to a new table, in one transaction, and return its title.

    Raises
    ------
    OutputError
        The table exists, or the database cannot be reached or written.
    ArgumentError
        ``layer`` does not name a table.
    """
    if not layer or " " in layer:
        raise ArgumentError(
            f"layer={layer!r}: name the table to write, for example cadastre.parcels",
            zh=f"layer={layer!r}：请写明要写入的表，如 cadastre.parcels",
        )
    schema, _, table = layer.rpartition(".")
    try:
        with _connect(address) as (engine, title), engine.begin() as connection:
            from sqlalchemy.exc import SQLAlchemyError

            try:
                parcels.to_postgis(table, connection, schema=schema or None, if_exists="fail")
            except (SQLAlchemyError, ValueError) as error:
                said = _first_line(error)
                raise OutputError(
                    f"{title} {layer} cannot be written: {said}",
                    zh=f"{title} {layer} 写不出；请换一个表名，并核对权限。数据库回复：{said}",
                ) from error
    except SourceError as error:
        raise OutputError(error.en, zh=error.zh) from error
    return f"{title} {layer}"


@contextmanager
def _connect(address: str) -> Iterator[tuple[Engine, str]]:
    try:
        import geoalchemy2  # noqa: F401  # what to_postgis needs
        import psycopg  # noqa: F401
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.exc import ArgumentError as AddressError
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise SourceError(
            "PostGIS needs SQLAlchemy and psycopg: pip install 'qy-gis[postgis]'",
            zh="PostGIS 需要 SQLAlchemy 与 psycopg；请安装：pip install 'qy-gis[postgis]'",
        ) from error
    try:
        url = make_url(address).set(drivername="postgresql+psycopg")
    except (AddressError, ValueError) as error:
        # The address is not shown: there may be a password in it.
        raise SourceError(
            "the address of the database cannot be read; accepted is postgresql://user@host:port/database",
            zh="数据库地址有误；应写成 postgresql://用户@主机:端口/数据库",
        ) from error
    title = url.set(drivername="postgresql").render_as_string(hide_password=True)
    # A statement that is prepared is one statement: a query cannot close its bracket and go on to change something.
    engine = create_engine(url, connect_args={"connect_timeout": 10, "prepare_threshold": 0})
    try:
        with engine.connect():
            pass
        yield engine, title
    except SQLAlchemyError as error:
        said = _first_line(error)
        raise SourceError(
            f"{title} cannot be reached: {said}", zh=f"{title} 连不上；请核对地址、用户与密码。数据库回复：{said}"
        ) from error
    finally:
        engine.dispose()


def _find_geometry(connection: Connection, query: str, title: str) -> str:
    """Return the geometry column of a query."""
    from sqlalchemy import text

    kind = connection.execute(text("SELECT to_regtype('geometry')::oid")).scalar_one()
    if kind is None:
        raise SourceError(
            f"{title} has no PostGIS: there is no type 'geometry' in it; have it added with CREATE EXTENSION postgis",
            zh=f"{title} 没有 PostGIS（没有 geometry 类型）；请管理员执行 CREATE EXTENSION postgis",
        )
    answer = connection.execute(_literal(f"{query} LIMIT 0"))
    described = answer.cursor.description if answer.cursor is not None else []
    found = [column[0] for column in described if column[1] == kind]
    if len(found) != 1:
        columns = [column[0] for column in described]
        raise SourceError(
            f"{title}: found {len(found)} geometry columns {found} among {columns}; accepted is one: {_HOW_TO_NAME}",
            zh=f"{title}：字段 {columns} 中有 {len(found)} 个图形字段 {found}，应为一个；{_HOW_TO_NAME_ZH}",
        )
    return str(found[0])


def _literal(query: str) -> TextClause:
    """Return a query in which a colon is a colon, and not the start of a parameter's name."""
    from sqlalchemy import text

    return text(query.replace(":", r"\:"))


def _first_line(error: BaseException) -> str:
    """Return what the server says, without the statement that pandas and SQLAlchemy put around it."""
    if isinstance(error, pd.errors.DatabaseError) and error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
