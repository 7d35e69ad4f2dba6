"""What a source of parcels can be: a file, text, bytes, standard input, a database, or objects in memory."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import geopandas as gpd
import shapely

from qy_gis.errors import ArgumentError, MissingSourceError, SourceError
from qy_gis.parcels.advice import refuse_with_advice
from qy_gis.parcels.limits import MAX_TEXT_BYTES, decode_text
from qy_gis.parcels.pasted import has_sentences

#: What `qy_gis.read_parcels` takes.
Source: TypeAlias = (
    str | bytes | os.PathLike[str] | gpd.GeoDataFrame | gpd.GeoSeries | shapely.Geometry | Iterable[shapely.Geometry]
)

_WKT = re.compile(
    r"[\s\"']*(SRID\s*=|(MULTI)?(POLYGON|CURVEPOLYGON|SURFACE|POINT|LINESTRING)|GEOMETRYCOLLECTION)\b", re.I
)
_HEX_WKB = re.compile(rb"(\\x|0x)?0[01][0-9A-Fa-f]{8,}")
_NUMBERS = re.compile(r"[-+0-9.,;\s，；]+")

#: Three points have this many coordinates; a name of a file hardly has.
_FEWEST_NUMBERS = 6

#: First bytes of the formats that have some.
_MAGIC = {b"SQLite format 3\0": ".gpkg", b"fgb\x03": ".fgb", b"PAR1": ".parquet", b"<": ".kml", b"{": ".geojson"}


def is_text(source: str) -> bool:
    """Return whether a string is a geometry or coordinates, and not a path.

    Examples
    --------
    >>> is_text("POLYGON ((0 0, 1 0, 1 1, 0 0))"), is_text("parcel.txt")
    (True, False)
    """
    several = len(source.split()) > 1 or len(re.findall(r"[0-9.]+", source)) >= _FEWEST_NUMBERS
    numbers = several and _NUMBERS.fullmatch(source) is not None
    return (
        "\n" in source
        or source.lstrip()[:1] == "{"
        or numbers
        or bool(_WKT.match(source))
        or source.lstrip().startswith("<coordinates")
        or has_sentences(source)
        or (_is_hex_wkb(source.encode(errors="replace")) and not Path(source).exists())
    )


def sniff_suffix(data: bytes, encoding: str | None, title: str) -> str:
    """Return the suffix of the format that bytes are in.

    Examples
    --------
    >>> sniff_suffix(b"J1,1,2622040,38440000", None, "pasted text")
    '.csv'
    """
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if data.startswith(b"PK"):
        return _sniff_archive(data)
    if start.startswith(b"<coordinates"):
        return ".csv"
    for magic, suffix in _MAGIC.items():
        if start.startswith(magic):
            return suffix
    if data[:1] in (b"\0", b"\1") or _is_hex_wkb(data):
        return ".wkb"
    text = decode_text(data, encoding, title)
    if is_boundary(text):
        return ".txt"
    return ".wkt" if _WKT.match(text) else ".csv"


def _is_hex_wkb(data: bytes) -> bool:
    """Return whether bytes are WKB in hexadecimal, one a line, perhaps in quotes."""
    # One word after the other: a pattern for all of them would try every way to part them.
    return _HEX_WKB.match(data.lstrip(b" \t\r\n\"'")) is not None and all(
        _HEX_WKB.fullmatch(word.strip(b"\"',;")) for word in data.split()
    )


def is_boundary(text: str) -> bool:
    """Return whether text is 界址点坐标交换, which has sections in brackets, or empty."""
    return not text.strip() or any(line.lstrip()[:1] in ("[", "【", "［") for line in text.splitlines())


def _sniff_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return ".zip"
    if "xl/workbook.xml" in names:
        return ".xlsx"
    return ".kmz" if any(name.endswith(".kml") for name in names) else ".zip"


def read_stdin() -> bytes:
    """Return what is on standard input, if it is not too much."""
    stream: BinaryIO = sys.stdin.buffer
    data = stream.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        most = MAX_TEXT_BYTES // 1024**2
        raise SourceError(
            f"standard input has more than {most} MiB; give a file", zh=f"标准输入超过 {most} MiB，请改给文件"
        )
    return data


def frame_objects(source: Any) -> gpd.GeoDataFrame:
    """Return objects in memory as a GeoDataFrame: a GeoSeries, a geometry, or several."""
    if isinstance(source, gpd.GeoSeries):
        return gpd.GeoDataFrame(geometry=source)
    geometries = [source] if isinstance(source, shapely.Geometry) else list(source)
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(geometries, dtype="geometry"))


def is_objects(source: Any) -> bool:
    """Return whether a source is a GeoSeries, a geometry or a sequence of geometries."""
    if isinstance(source, gpd.GeoSeries | shapely.Geometry):
        return True
    return isinstance(source, list | tuple) and all(isinstance(one, shapely.Geometry) for one in source)


def find_path(source: Any, accepted: Iterable[str]) -> Path:
    """Return the path of a file, or of a folder that is a file geodatabase, of an accepted format."""
    if not isinstance(source, str | os.PathLike):
        kind = type(source).__name__
        raise ArgumentError(
            f"source is a {kind}; accepted are a path and a GeoDataFrame, text, bytes, shapely "
            "geometries, the address of a PostGIS database, and '-' for standard input",
            zh=f"来源是 {kind}；接受路径、GeoDataFrame、文字、字节、shapely 图形、PostGIS 数据库地址，"
            "以及表示标准输入的 '-'",
        )
    endings = ", ".join(accepted)
    if not str(source).strip():
        raise SourceError(
            f"source is {str(source)!r}; accepted are files ending in {endings}, and text",
            zh=f"来源是 {str(source)!r}；接受以 {endings} 结尾的文件，以及文字",
        )
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", str(source)):
        raise SourceError(
            f"{str(source)[:80]}: addresses are not opened, but for postgresql://; download the file first",
            zh=f"{str(source)[:80]}：除 postgresql:// 外不打开网址，请先下载文件",
        )
    path = Path(source)
    # A name that no file can have says what the system says of it; the message is ours.
    name = path.name[:80] or str(source)[:80]
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{name!r} is no path; accepted are a path of a file, and text of a known format",
            zh=f"{name!r} 不是路径；接受文件路径，或已知格式的文字",
        ) from error
    if is_folder and path.suffix.lower() != ".gdb":
        raise SourceError(
            f"{name} is a folder; accepted are files ending in {endings}",
            zh=f"{name} 是文件夹；接受以 {endings} 结尾的文件",
        )
    if not exists:
        raise MissingSourceError(
            f"{name}: there is no such file; check its name and folder",
            zh=f"{name}：没有这个文件，请检查文件名和文件夹",
        )
    if path.suffix.lower() not in accepted:
        refuse_with_advice(name, path.suffix)
        raise SourceError(
            f"{name} ends in {path.suffix!r}; accepted are {endings}",
            zh=f"{name} 以 {path.suffix!r} 结尾；接受 {endings}",
        )
    return path


def digest_path(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of its files one after the other, in the order of their names."""
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for name in files:
        with name.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


@contextmanager
def keep_bytes(data: bytes, suffix: str) -> Iterator[Path]:
    """Keep bytes in a temporary file of this suffix, and yield its path."""
    with tempfile.TemporaryDirectory(prefix="qy_gis_") as folder:
        path = Path(folder) / f"parcels{suffix}"
        path.write_bytes(data)
        yield path
