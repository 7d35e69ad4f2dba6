"""Parcels from GeoParquet, by way of pyarrow, which is loaded on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.archive import MAX_BYTES
from qy_gis.parcels.corners import Wkb
from qy_gis.parcels.drivers import correct_crs
from qy_gis.parcels.limits import check_features, check_time
from qy_gis.parcels.repairs import tell
from qy_gis.parcels.text import STRAIGHT, STRAIGHT_ZH
from qy_gis.parcels.vector import refuse_encoding

#: A table may unpack to this many times what an archive may: columns of numbers are often small when packed.
_MAX_UNPACKED = 16 * MAX_BYTES

#: Rows read together, and outlines made together.
_ROWS, _DECODED = 2**15, 2**11


#: What GeoParquet and Parquet's own types take where no CRS is stated.
_DEFAULT_CRS = "OGC:CRS84"

#: Names that tell outlines from other columns of bytes.
_GEOMETRY_NAMES = ("geometry", "geom", "wkb_geometry", "shape", "wkb", "the_geom")

#: Rows that a column of WKB is known by, and how its values begin: byte order, type, marks for heights and an SRID.
_LOOKED_AT = 64
_WKB = re.compile(
    rb"\x01[\x00-\xff]{3}[\x00\x20\x40\x60\x80\xa0\xc0\xe0]|\x00[\x00\x20\x40\x60\x80\xa0\xc0\xe0][\x00-\xff]{3}"
)


class WithBytes(NamedTuple):
    """Parcels as they stand in a file, and the bytes of their outlines, which are quicker to check than shapes."""

    frame: gpd.GeoDataFrame
    wkb: Sequence[Wkb] = ()


class _Place(NamedTuple):
    """Where the outlines of a Parquet file are, and what it says of their CRS."""

    column: str
    crs: CRS | None
    #: Whether the CRS is what the format takes where nothing is stated.
    is_default: bool = False
    #: Whether geopandas reads the file, which knows the standard and its versions.
    is_standard: bool = False
    #: How the file names its CRS, if that is none.
    broken: str = ""


def read_geoparquet(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> WithBytes:
    """Read a GeoParquet file, or a Parquet file with one column of geometry.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    refuse_encoding(title, encoding)
    if layer is not None:
        raise ArgumentError(
            f"layer={layer!r}: {title} is GeoParquet, which has no layers; leave layer= (--layer) out",
            zh=f"{title} 是 GeoParquet，没有图层；请去掉 --layer",
        )
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            about = file.metadata
            check_features(about.num_rows, title)
            unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if unpacked > _MAX_UNPACKED:
                size, most = unpacked / 1024**2, _MAX_UNPACKED // 1024**2
                raise SourceError(
                    f"{title} unpacks to {size:.0f} MiB; accepted are {most}: split it",
                    zh=f"{title} 解开后有 {size:.0f} MiB，上限 {most}；请分成几个文件",
                )
            place = _find_place(file, title)
            frame, wkb = _read(file, path, title) if place.is_standard else WithBytes(_read_plain(file, place, title))
    except SourceError:
        raise
    except NotImplementedError as error:
        raise SourceError(f"{title} has curves; {STRAIGHT}", zh=f"{title} 含有曲线；{STRAIGHT_ZH}") from error
    except (pa.ArrowException, ShapelyError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{title} cannot be read as GeoParquet: it is damaged, cut, or holds bytes that are none; write it anew",
            zh=f"{title} 不能按 GeoParquet 读：文件损坏、不完整，或其中有字节不是图形或文字；请重新写出",
        ) from error
    frame = frame.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS], errors="ignore")
    return WithBytes(_settle(frame, place, None if crs is None else check_crs(crs), title), wkb)


def _settle(frame: gpd.GeoDataFrame, place: _Place, given: CRS | None, title: str) -> gpd.GeoDataFrame:
    """Return parcels with their CRS; one given stands in for a default or a broken one, and that is told."""
    if place.broken and given is None:
        raise CRSError(
            f"{title}: the crs of its column {place.column!r} is none that is known: {place.broken}; give crs= (--crs)",
            zh=f"{title}：列 {place.column!r} 的坐标系定义有误：{place.broken}；请用 --crs 注明",
        )
    if given is not None and (place.broken or (place.is_default and not given.equals(frame.crs, True))):
        frame = correct_crs(frame, given)
    elif frame.crs is None:
        frame = frame.set_crs(given)
    if not place.is_standard and not place.broken:
        what = "无 geo 元数据,该列按 WKB 图形读 / no metadata of GeoParquet: the column read as WKB"
        frame = tell(frame, what, place.column, "")
    return frame


def _find_place(file: Any, title: str) -> _Place:
    metadata = file.schema_arrow.metadata or {}
    try:
        geo = json.loads(metadata.get(b"geo", b"{}"))
        name = geo.get("primary_column")
        about = geo["columns"][name] if name is not None else None
    except (ValueError, KeyError, TypeError, AttributeError):
        about = None
    if about is not None:
        stated = about.get("crs", _DEFAULT_CRS)
        known = _known_crs(stated)
        if known is None and stated is not None:
            return _Place(name, None, broken=json.dumps(stated, ensure_ascii=False)[:80])
        return _Place(name, known, is_default="crs" not in about, is_standard=True)
    found = [*_native_columns(file, metadata), *_wkb_columns(file)]
    if not found:
        raise SourceError(
            f"{title} cannot be read as GeoParquet: it has no metadata of it and no column of outlines as WKB; its "
            f"columns are {', '.join(file.schema_arrow.names)}. Write it with geopandas, GDAL, or DuckDB's ST_AsWKB",
            zh=f"{title} 不能按 GeoParquet 读：没有 geo 元数据，也没有 WKB 图形列；请用 geopandas、GDAL 重写，"
            "或在 DuckDB 中用 ST_AsWKB",
        )
    names = list(dict.fromkeys(place.column for place in found))
    if len(names) > 1:
        best = [name for name in names if name.casefold() in _GEOMETRY_NAMES]
        if len(best) != 1:
            raise SourceError(
                f"{title} has {len(names)} columns of outlines, {', '.join(names)}; accepted is one: leave one",
                zh=f"{title} 有 {len(names)} 个图形列：{'、'.join(names)}；请只留一个",
            )
        names = best
    return next(place for place in found if place.column == names[0])


def _known_crs(stated: Any) -> CRS | None:
    try:
        found = CRS.from_user_input(stated)
        return found if isinstance(found.name, str) else None
    # What is no CRS fails in pyproj in many ways.
    except (ProjError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _native_columns(file: Any, metadata: Mapping[bytes, bytes]) -> Iterator[_Place]:
    """Yield the columns of Parquet's own types GEOMETRY and GEOGRAPHY, whose CRS is that of GeoJSON by default."""
    for number in range(len(file.schema)):
        column = file.schema.column(number)
        found = re.match(r"Geo(?:metry|graphy)\((?:crs=)?(.*?)(?:, algorithm=.*)?\)$", str(column.logical_type), re.S)
        if found is None:
            continue
        said = found[1].strip()
        if said.startswith("srid:"):
            text = f"EPSG:{said.removeprefix('srid:')}"
        elif said.startswith("projjson:"):
            text = metadata.get(said.removeprefix("projjson:").encode(), b"?").decode("utf-8", "replace")
        else:
            text = said or _DEFAULT_CRS
        known = _known_crs(text)
        yield _Place(column.name, known, is_default=not said, broken="" if known is not None else said[:80])


def _wkb_columns(file: Any) -> Iterator[_Place]:
    """Yield the columns of bytes that begin as WKB does."""
    import pyarrow as pa

    schema = file.schema_arrow
    names = [field.name for field in schema if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)]
    for batch in file.iter_batches(_LOOKED_AT, columns=names) if names else ():
        for name in names:
            values = [value for value in batch.column(name).to_pylist() if value]
            if values and all(map(_WKB.match, values)):
                yield _Place(name, None)
        return


def _read_plain(file: Any, place: _Place, title: str) -> gpd.GeoDataFrame:
    table = file.read()
    # Text that is not UTF-8 would be met only when someone looks at it.
    table.validate(full=True)
    check_time(title)
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(table.column(place.column).to_numpy(zero_copy_only=False))
    crs = place.crs
    codes = set(shapely.get_srid(shapes[shapes != None]).tolist())  # noqa: E711  each is compared
    if crs is None and not place.broken and len(codes) == 1 and (code := codes.pop()):
        crs = _known_crs(f"EPSG:{code}")
    frame = table.drop_columns([place.column]).to_pandas()
    frame[place.column] = gpd.array.GeometryArray(shapes, crs=crs)
    return gpd.GeoDataFrame(frame, geometry=place.column)


def _read(file: Any, path: Path, title: str) -> WithBytes:
    """Return the table of a Parquet file, with the bytes of its outlines if they are in one plain column of WKB."""
    import pyarrow as pa
    from pyarrow import compute

    from qy_gis.parcels.wkb import bytes_of

    # What geopandas makes of the file without its rows: it knows the standard, and its versions.
    empty = gpd.read_parquet(path, filters=compute.scalar(False))
    name, schema = empty.geometry.name, file.schema_arrow
    geometric = [dtype for dtype in empty.dtypes if isinstance(dtype, gpd.array.GeometryDtype)]
    if schema.names != empty.columns.tolist() or len(geometric) > 1 or schema.field(name).type != pa.binary():
        frame = gpd.read_parquet(path)
        # An index that has a name is a column of the file, perhaps that of the ids.
        return WithBytes(frame if None in frame.index.names else frame.reset_index())
    attributes, pieces, shapes = [], [], []
    # Coordinates may be no numbers, which is found later.
    with closing(_read_ahead(file)) as batches, np.errstate(invalid="ignore"):
        for batch in batches:
            column = batch.column(name)
            attributes.append(batch.drop_columns([name]))
            pieces.append(Wkb(*bytes_of(column)))
            # So few at once that their bytes are in the processor's cache still.
            for start in range(0, len(column), _DECODED):
                shapes.append(shapely.from_wkb(column.slice(start, _DECODED).to_numpy(zero_copy_only=False)))
            check_time(title)
    table = pa.Table.from_batches(attributes, schema.remove(schema.get_field_index(name)))
    table.validate(full=True)
    frame = table.to_pandas()
    frame[name] = gpd.array.GeometryArray(np.concatenate([np.zeros(0, dtype=object), *shapes]), crs=empty.crs)
    return WithBytes(gpd.GeoDataFrame(frame, geometry=name), pieces)


def _read_ahead(file: Any) -> Generator[Any, None, None]:
    """Yield the rows of a Parquet file in batches, while the next is read already."""
    with ThreadPoolExecutor(1) as pool:
        batches = file.iter_batches(_ROWS)
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch
