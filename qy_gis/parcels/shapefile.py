"""Shapefiles, plain and zipped: one driver, and the encoding of their attributes found, never assumed."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis.errors import SourceError
from qy_gis.parcels.drivers import check_start, choose_layer, read_layer

#: First four bytes of every .shp: the file code 9994, big-endian.
_SHP_MAGIC = (9994).to_bytes(4, "big")

#: Language byte of a .dbf that says code page 936 (GBK).
_DBF_GBK = (b"\x4d", b"\x7a")

#: A text shorter than a heading has not been cut; what is left of a character that was cut is under 4 bytes.
_SHORTEST_FIELD, _LONGEST_CHARACTER = 10, 3


def read_shapefile(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a Shapefile with its .shx, .dbf, .prj and .cpg beside it.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    check_start(path, (_SHP_MAGIC,), title=title, what="a Shapefile")
    if "!" in str(path):
        raise SourceError(f"{title}: a Shapefile with '!' in its path cannot be opened; rename it or zip it")
    if _beside(path, ".shx") is None:
        raise SourceError(f"{title}: its .shx is missing; a Shapefile is .shp, .shx, .dbf and .prj together")
    dataset = str(path)
    name = choose_layer(dataset, layer, title=title)
    # Latin-1 takes every byte as it is, so that the encoding can be found, strictly, from all the text there is.
    frame = read_layer(dataset, name, title=title, encoding="ISO-8859-1")
    frame = decode_attributes(frame, _find_encodings(path, encoding, title=title), title=title)
    return frame if frame.crs is not None else frame.set_crs(crs)


def _beside(path: Path, ending: str) -> Path | None:
    """Return the companion of a .shp with this ending, in either letter case."""
    return next((file for end in (ending, ending.upper()) if (file := path.with_suffix(end)).exists()), None)


def _find_encodings(path: Path, given: str | None, *, title: str) -> list[str]:
    """Return the encodings to try for a Shapefile's attributes, best first; one only where it is stated."""
    if given is not None:
        return [name_codec(given, title=title)]
    if cpg := _beside(path, ".cpg"):
        return [name_codec(cpg.read_text(encoding="ascii", errors="replace"), title=title)]
    dbf = _beside(path, ".dbf")
    if dbf and dbf.read_bytes()[29:30] in _DBF_GBK:
        return ["gb18030", "utf-8"]
    return ["utf-8", "gb18030"]


def name_codec(name: str, *, title: str) -> str:
    """Return Python's name of an encoding named as in .cpg files: "UTF-8", "65001", "ANSI 936", "GBK"."""
    plain = name.strip().lower().removeprefix("ansi ").removeprefix("oem ")
    try:
        codec = codecs.lookup("utf-8" if plain == "65001" else plain).name
    except LookupError as error:
        raise SourceError(
            f"{title}: the attributes are said to be in {name.strip()!r}, which is no known encoding; say which with "
            "encoding=, for example 'UTF-8' or 'GB18030'"
        ) from error
    # GB18030 holds all of both, and what software calls GBK often is GB18030.
    return "gb18030" if codec in ("gb2312", "gbk") else codec


def decode_attributes(frame: gpd.GeoDataFrame, encodings: list[str], *, title: str) -> gpd.GeoDataFrame:
    """Return a frame read as Latin-1 with its headings and texts decoded by the first encoding that takes all."""
    texts = [c for c in frame.columns if c != frame.geometry.name and pd.api.types.is_string_dtype(frame[c])]
    failures = []
    for encoding in encodings:
        try:
            decoded = {c: [_decode(v, encoding) if isinstance(v, str) else None for v in frame[c]] for c in texts}
            headings = {c: _decode(c, encoding) for c in frame.columns if c != frame.geometry.name}
        except (UnicodeDecodeError, LookupError) as error:
            failures.append(f"{encoding} ({error})")
            continue
        columns = {c: pd.Series(decoded[c], index=frame.index, dtype=frame[c].dtype) for c in decoded}
        return frame.assign(**columns).rename(columns=headings)
    raise SourceError(
        f"{title}: the attributes are not in {' nor '.join(failures)}; say which encoding they are in with encoding="
    )


def _decode(latin: str, encoding: str) -> str:
    raw = latin.encode("latin-1")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        # Writers cut headings at 10 bytes and texts at the field's width, if need be through a character.
        if len(raw) < _SHORTEST_FIELD or error.end != len(raw) or len(raw) - error.start > _LONGEST_CHARACTER:
            raise
        return raw[: error.start].decode(encoding)
