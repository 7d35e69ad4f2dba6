"""Shapefiles, plain and zipped: one driver, and the encoding of their attributes found, never assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import SourceError
from qy_gis.parcels.drivers import check_start, choose_layer, read_layer
from qy_gis.parcels.encodings import decode_cut, find_encoding, known_codec, name_codec
from qy_gis.parcels.repairs import tell

#: First four bytes of every .shp: the file code 9994, big-endian.
_SHP_MAGIC = (9994).to_bytes(4, "big")

#: Language bytes of a .dbf that say which Chinese its text is in; the others are what writers put by default.
_LANGUAGES = {b"\x4d": "gb18030", b"\x7a": "gb18030", b"\x4f": "big5hkscs", b"\x78": "big5hkscs"}


def read_shapefile(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a Shapefile with its .shx, .dbf, .prj and .cpg beside it.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    check_start(path, (_SHP_MAGIC,), title=title, what="a Shapefile")
    if "!" in str(path):
        raise SourceError(
            f"{title}: a Shapefile with '!' in its path cannot be opened; rename it or zip it",
            zh=f"{title}：路径中有 '!' 的 Shapefile 打不开；请改名，或压缩成 zip",
        )
    if _beside(path, ".shx") is None:
        raise SourceError(
            f"{title}: its .shx is missing; a Shapefile is .shp, .shx, .dbf and .prj together: give all of them",
            zh=f"{title}：缺 .shx；Shapefile 由 .shp、.shx、.dbf、.prj 组成，请一并提供",
        )
    dataset = str(path)
    name = choose_layer(dataset, layer, title=title)
    # Latin-1 takes every byte as it is, so that the encoding can be found, strictly, from all the text there is.
    frame = read_layer(dataset, name, title=title, encoding="ISO-8859-1")
    stated, said = _stated_encoding(path)
    frame = decode_attributes(frame, stated, given=encoding, said=said, title=title)
    if _beside(path, ".dbf") is None:
        # GDAL makes up a column of numbers in its place.
        frame = tell(
            frame[[frame.geometry.name]],
            "缺 .dbf,编号与属性均无,按行号编号 / .dbf is missing: no ids or attributes, numbered by row",
            ".shp",
            "",
        )
    return frame if frame.crs is not None else frame.set_crs(crs)


def _beside(path: Path, ending: str) -> Path | None:
    """Return the companion of a .shp with this ending, in either letter case."""
    return next((file for end in (ending, ending.upper()) if (file := path.with_suffix(end)).exists()), None)


def _stated_encoding(path: Path) -> tuple[str | None, str]:
    """Return the encoding that a Shapefile's .cpg or .dbf states, None if none that is known, and how it says so."""
    cpg = _beside(path, ".cpg")
    if cpg and (said := cpg.read_text(encoding="ascii", errors="replace").strip()):
        return known_codec(said), f".cpg: {said[:40]}"
    dbf = _beside(path, ".dbf")
    mark = b""
    if dbf:
        with dbf.open("rb") as file:
            mark = file.read(30)[29:]
    return _LANGUAGES.get(mark), f".dbf: 0x{mark.hex()}" if mark in _LANGUAGES else ""


def decode_attributes(
    frame: gpd.GeoDataFrame, stated: str | None, *, given: str | None, said: str, title: str
) -> gpd.GeoDataFrame:
    """Return a frame that was read as Latin-1 with its headings and texts decoded.

    Parameters
    ----------
    frame
        Every byte of its texts is a character.
    stated
        The encoding that the file states, as Python calls it; None if none.
    given
        The encoding that the caller states, which holds without question.
    said
        How the file says so, for the repair where its texts are in another; "" if it says nothing.
    title
        What to call the file in messages.

    Raises
    ------
    SourceError
        The texts are not in the encoding given, or in none that is known.
    """
    ours = (frame.geometry.name, SOURCE_REPAIRS)
    texts = [c for c in frame.columns if c not in ours and pd.api.types.is_string_dtype(frame[c])]
    raw = {c: [v.encode("latin-1") if isinstance(v, str) else None for v in frame[c]] for c in texts}
    headings = {c: c.encode("latin-1") for c in frame.columns if c not in ours}
    every = [*headings.values(), *(v for values in raw.values() for v in values if v is not None)]
    encoding = name_codec(given, title=title) if given is not None else find_encoding(every, stated)
    try:
        if encoding is None:
            raise LookupError("UTF-8, GB18030, Big5")
        decoded = {c: [None if v is None else decode_cut(v, encoding) for v in values] for c, values in raw.items()}
        renamed = {c: decode_cut(v, encoding) for c, v in headings.items()}
    except (UnicodeDecodeError, LookupError) as error:
        tried = encoding or "UTF-8, GB18030, Big5"
        raise SourceError(
            f"{title}: the attributes are not in {tried}; say which encoding they are in with encoding= (--encoding)",
            zh=f"{title}：属性文字不是 {tried} 编码；请用 --encoding 注明实际编码",
        ) from error
    columns = {c: pd.Series(decoded[c], index=frame.index, dtype=frame[c].dtype) for c in decoded}
    out = frame.assign(**columns).rename(columns=renamed)
    if given is None and said and encoding != stated:
        out = tell(out, "文字编码与所注不符,按实际读 / text is in another encoding than stated", said, encoding)
    return out
