"""GDAL, on a short lead: each file is opened by the one driver its extension stands for, and no other.

GDAL opens a file by its content: a VRT named ``.gpkg`` would read any file, or any address, that it names. Here a
driver prefix, or the first bytes of the file, tie each extension to its driver.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyproj import CRS
from shapely.errors import ShapelyError

from qy_gis.columns import SOURCE_FILE, SOURCE_REPAIRS, SOURCE_SHA256
from qy_gis.errors import QyGisError, SourceError
from qy_gis.parcels.limits import check_features, check_time
from qy_gis.parcels.repairs import Repair, tell
from qy_gis.parcels.text import STRAIGHT, STRAIGHT_ZH

#: Arcs become chords of this many degrees: 0.5 ppm of the area of a circle. GDAL's own 4 degrees lose 0.08 %.
ARC_STEP_DEGREES = 0.1

#: Types of attributes that are the same however they are read.
_PLAIN = {"OFTString", "OFTInteger", "OFTInteger64", "OFTReal"}

#: Kinds of geometries that a layer is chosen for: of parcels "Polygon", of a plan's layer perhaps "Line" or "Point".
_kinds: ContextVar[tuple[str, ...]] = ContextVar("kinds", default=("Polygon",))

#: What GeoPackages of QGIS hold beside data: without geometry, or not meant as land.
_NO_LAYERS = ("layer_styles", "qgis_projects")

#: Marks by which GDAL knows the drivers that open other files or addresses, wherever they stand near the start.
_ELSEWHERE = (b"<ogr", b"<vrt", b"<wfs", b"gdal_streamed_alg")


def check_start(path: Path, starts: tuple[bytes, ...], *, title: str, what: str) -> None:
    """Raise a SourceError if a file does not start as its format does, or could be taken for one that names others."""
    with path.open("rb") as file:
        start = file.read(16_384)
    if not start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(starts):
        raise SourceError(
            f"{title} is not {what}: found {start[:8]!r} where that starts with {starts[0]!r}; give it the ending of "
            "what it is, or export it again",
            zh=f"{title} 的内容不是其扩展名所示的格式（开头为 {start[:8]!r}）；请改用正确的扩展名，或重新导出",
        )
    refuse_elsewhere(start, title, what=what)


def refuse_elsewhere(start: bytes, title: str, *, what: str, marks: tuple[bytes, ...] = _ELSEWHERE) -> None:
    """Raise a SourceError if a file could be taken for one that names other files or addresses."""
    if any(mark in start.lower() for mark in marks):
        raise SourceError(
            f"{title} is not {what}: it names other sources to read from, which are not opened; export the data",
            zh=f"{title} 指向别的文件或网址，不会打开；请导出数据本身",
        )


@contextmanager
def driver_words(title: str) -> Iterator[None]:
    """Turn what GDAL, GEOS and SQLite say of a file into a SourceError in words of ours."""
    try:
        yield
    except UnboundLocalError as error:
        # This is how pyogrio meets a CRS that GDAL can read but not write.
        raise SourceError(
            f"{title} states a CRS that is none; correct or remove that (its .prj), and give crs= (--crs)",
            zh=f"{title} 中的坐标系定义有误；请改正或删去（如 .prj），并用 --crs 注明",
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{title} has text that is not UTF-8, which its format asks for; save it again in UTF-8",
            zh=f"{title} 中有文字不是该格式要求的 UTF-8；请另存为 UTF-8",
        ) from error
    except NotImplementedError as error:
        raise SourceError(
            f"{title} has curves or surfaces that are not read; {STRAIGHT}",
            zh=f"{title} 含有读不出的曲线或曲面；{STRAIGHT_ZH}",
        ) from error
    except (RuntimeError, ShapelyError, OverflowError, ValueError, sqlite3.Error) as error:
        if isinstance(error, QyGisError):
            raise
        raise damaged(title) from error


def damaged(title: str) -> SourceError:
    """Return the error for a file that no program could read."""
    return SourceError(
        f"{title} cannot be read: it is damaged, cut, or not of the format that its name says; save or export it again "
        "in the program that made it",
        zh=f"{title} 读不出：文件损坏、不完整，或与扩展名不符；请在原软件中重新保存或导出",
    )


@contextmanager
def accept_kinds(kinds: tuple[str, ...]) -> Iterator[None]:
    """Have `choose_layer` take layers of these kinds of geometries: "Polygon", "Line", "Point"."""
    token = _kinds.set(kinds)
    try:
        yield
    finally:
        _kinds.reset(token)


@contextmanager
def settings(values: Mapping[str, str]) -> Iterator[None]:
    """Have GDAL work with these settings, and leave its own as they were."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in values}
    pyogrio.set_gdal_config_options(dict(values))
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def correct_crs(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Return parcels in the CRS given in place of the one they state or have by default, and tell it."""
    before = "" if frame.crs is None else frame.crs.name
    corrected = frame.set_crs(crs, allow_override=True)
    return tell(corrected, "坐标系按 --crs 所给 / CRS as given with crs= (--crs)", before, crs.name)


def chorded(before: str, after: str) -> Repair:
    """Return the repair of an outline whose arcs became chords: the types of its geometry."""
    return Repair(
        line=None,
        what=f"圆弧化弦 {ARC_STEP_DEGREES}° / arcs replaced by chords of {ARC_STEP_DEGREES} degrees",
        before=before,
        after=after,
    )


def choose_layer(dataset: str, wanted: str | None, *, title: str, but: Collection[str] = ()) -> str:
    """Return the layer asked for, else the only one that has, or may have, polygons and is not empty.

    Within `accept_kinds` other geometries are accepted in place of polygons.

    Parameters
    ----------
    dataset
        What GDAL opens.
    wanted
        The layer asked for; None for the only one.
    title
        What to call the source in messages.
    but
        Layers that are not there to be chosen.

    Raises
    ------
    SourceError
        There is no such layer, it has points or lines, or there are several with polygons.
    """
    # What it warns of is told when the layer is read.
    with driver_words(title), warnings.catch_warnings(action="ignore"):
        kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(dataset) if kind is not None}
    kinds = {name: kind for name, kind in kinds.items() if name not in but and name not in _NO_LAYERS}
    listed = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
    if wanted is not None and wanted not in kinds:
        raise SourceError(
            f"{title} has no layer {wanted!r}; its layers are {listed or 'none with geometry'}",
            zh=f"{title} 中没有图层 {wanted!r}；有图形的图层：{listed or '无'}",
        )
    name = wanted or (next(iter(kinds)) if len(kinds) == 1 else _only_polygons(dataset, kinds, title, listed))
    accepted = _kinds.get()
    if any(word in kinds[name] for word in ("Polygon", "Point", "Line") if word not in accepted):
        what, what_zh = _name_kinds(accepted)
        raise SourceError(
            f"{title}: layer {name!r} has geometries {kinds[name]!r}; accepted are {what}s: choose another layer= "
            "(--layer), or close the lines to polygons",
            zh=f"{title} 的图层 {name!r} 是 {kinds[name]}；应为{what_zh}：请用 --layer 选别的图层，或把线闭合成面",
        )
    return name


def _name_kinds(kinds: tuple[str, ...]) -> tuple[str, str]:
    """Return kinds of geometries in words, English and Chinese."""
    names = {"Polygon": "面", "Line": "线", "Point": "点"}
    return " or ".join(kind.lower() for kind in kinds), "、".join(names[kind] for kind in kinds)


def _only_polygons(dataset: str, kinds: Mapping[str, str], title: str, listed: str) -> str:
    """Return the one layer of several that has polygons; if none says so, that may have them."""
    what, what_zh = _name_kinds(accepted := _kinds.get())
    surfaces = ("Surface",) if "Polygon" in accepted else ()
    for words in ((*accepted, *surfaces), ("Unknown", "Collection")):
        found = [name for name, kind in kinds.items() if any(word in kind for word in words)]
        if len(found) > 1:
            with driver_words(title):
                found = [name for name in found if pyogrio.read_info(dataset, layer=name)["features"]] or found[:1]
        if len(found) == 1:
            return found[0]
        if found:
            break
    raise SourceError(
        f"{title} has {len(found)} {what} layers, accepted is one; name it with layer= (--layer). Its layers are "
        f"{listed or 'none with geometry'}",
        zh=f"{title} 有 {len(found)} 个{what_zh}图层；请用 --layer 指定其一。有图形的图层：{listed or '无'}",
    )


def read_layer(
    dataset: str,
    layer: str,
    *,
    title: str,
    encoding: str | None = None,
    options: Mapping[str, str] | None = None,
    in_columns: bool = False,
) -> gpd.GeoDataFrame:
    """Read a layer; the index is the driver's feature id.

    ``in_columns`` is for drivers that hand over whole columns in half the time that feature by feature takes; it makes
    no other difference.
    """
    # Coordinates may be no numbers, which is found later.
    with driver_words(title), warnings.catch_warnings(record=True) as said, np.errstate(invalid="ignore"):
        warnings.simplefilter("always")
        # Text among lists and objects: all of it stays text.
        warnings.filterwarnings("ignore", "Could not parse column", UserWarning)
        about = pyogrio.read_info(dataset, layer=layer, encoding=encoding)
        check_features(about["features"], title)
        frame = _read_columns(dataset, layer, title) if in_columns and _is_plain(about) else None
        if frame is None:
            asked = {"layer": layer, "encoding": encoding, "fid_as_index": True, **(options or {})}
            try:
                frame = pyogrio.read_dataframe(dataset, **asked)
            except ShapelyError:
                # An open ring is closed, as in any other format; whatever else is wrong stays so.
                if not any(_OPEN in str(warning.message) for warning in said):
                    raise
                frame = pyogrio.read_dataframe(dataset, **asked, on_invalid="fix")
    check_time(title)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(
            f"{title}: layer {layer!r} has no geometry; accepted are polygons: choose another layer= (--layer)",
            zh=f"{title} 的图层 {layer!r} 没有图形；应为面：请用 --layer 选别的图层",
        )
    # A file that qy_gis wrote names its own source; the source is now this file.
    frame = frame.drop(columns=[SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS], errors="ignore")
    return _tell_warnings(frame, [str(warning.message) for warning in said])


#: How GDAL warns of a ring that is not closed.
_OPEN = "Non closed ring"

#: What was done to a file, by the words with which GDAL warns of it.
_MENDED = {
    "Measured (M)": "去除量测值 M / M values dropped",
    _OPEN: "圈未闭合,已闭合 / open ring closed",
    "winding order": "环的方向有误,已改正 / winding order of rings corrected",
}


def _tell_warnings(frame: gpd.GeoDataFrame, warned: Sequence[str]) -> gpd.GeoDataFrame:
    """Tell what GDAL did to a file while reading it: each thing once, in words of ours where they are known."""
    for text in dict.fromkeys(warned):
        what = next((ours for words, ours in _MENDED.items() if words in text), None)
        if what is None:
            frame = tell(frame, "读取时绕过了文件中的瑕疵 / a flaw of the file was passed over", text[:200], "")
        else:
            frame = tell(frame, what, "", "")
    return frame


def _is_plain(about: Mapping[str, Any]) -> bool:
    """Return whether a layer has what comes out the same by columns and by features; dates, for one, do not."""
    return (
        about["geometry_type"] in ("Polygon", "MultiPolygon")
        and set(about["ogr_types"]) <= _PLAIN
        and set(about["ogr_subtypes"]) <= {"OFSTNone"}
    )


def _read_columns(dataset: str, layer: str, title: str) -> gpd.GeoDataFrame | None:
    """Return a layer read by columns; None if it has curves after all, which become chords only feature by feature."""
    import pyarrow as pa

    try:
        frame = pyogrio.read_dataframe(dataset, layer=layer, fid_as_index=True, use_arrow=True)
    except (NotImplementedError, ShapelyError):
        return None
    except (pa.ArrowException, OSError) as error:
        raise damaged(title) from error
    check_text(frame, title)
    # Text with a NUL in it ends there feature by feature; a damaged file has one answer.
    texts = [name for name in frame.columns.drop(frame.geometry.name) if pd.api.types.is_string_dtype(frame[name])]
    whole = not any(frame[name].str.contains("\0", regex=False).any() for name in texts)
    return frame if whole else None


def check_text(frame: gpd.GeoDataFrame, title: str) -> None:
    """Raise a SourceError if a column has text that is not UTF-8, which would be met only when someone looks at it."""
    import pyarrow as pa

    for column in frame.columns.drop(frame.geometry.name):
        try:
            pa.array(frame[column]).validate(full=True)
        except pa.ArrowInvalid as error:
            raise SourceError(
                f"{title}: column {column!r} has text that is not UTF-8; save it again in UTF-8",
                zh=f"{title}：列 {column!r} 中有文字不是 UTF-8；请另存为 UTF-8",
            ) from error
