"""The data of a plan's layers: read by the readers of parcels, chosen, named, cleaned, and repairs told.

Whatever is at fault is told by layer, file and feature, all of a layer at once.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, CRSError, Fault, PlanError, QyGisError
from qy_gis.measure.area import areas
from qy_gis.measure.crs import check_crs
from qy_gis.measure.plane import to_lonlat
from qy_gis.measure.reach import explain_outside, find_outside
from qy_gis.parcels.faults import Kind
from qy_gis.parcels.geometry import Geometries, examine_outlines
from qy_gis.parcels.prepare import find_columns, flatten_crs
from qy_gis.parcels.read import read_frame
from qy_gis.parcels.repairs import Repair
from qy_gis.plan.model import GeometryKind, Layer, Plan, Value

#: A repair of a layer: the columns of `qy_gis.Plan.repairs` but for the first.
Row: TypeAlias = tuple[str, str, str, str, str]

#: Repairs by the place of the feature.
ByPlace: TypeAlias = dict[int, list[Repair]]

_NAMES = ("feature_id", "feature_name", "feature_name_en")

#: Kinds of geometries in the words of the readers, and what a feature of each layer may be.
_KINDS: dict[GeometryKind, tuple[str, ...]] = {
    "polygon": ("Polygon",),
    "line": ("Line",),
    "point": ("Point",),
    "mixed": ("Polygon", "Point"),
}
_TYPES: dict[GeometryKind, tuple[str, ...]] = {
    "polygon": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString"),
    "point": ("Point", "MultiPoint"),
    "mixed": ("Polygon", "MultiPolygon", "Point", "MultiPoint"),
}

#: Formats that hold more than outlines of parcels.
_MIXED_FORMATS: tuple[str, ...] = (
    *(".geojson", ".json", ".gpkg", ".shp", ".zip", ".gdb", ".fgb", ".parquet", ".geoparquet"),
    *(".tab", ".mif", ".wkt", ".wkb"),
)

#: What is told of a data file without features.
NO_FEATURES = (
    "文件没有要素，按已调查而没有处理；确认无误请写 empty = true / "
    "the file has no features: taken as surveyed and none found; if that is so, say empty = true"
)

#: Features at fault, and values of an attribute, that a message lists.
_LISTED, _VALUES = 20, 10

#: What to do about a fault of a feature.
_ADVICE: dict[Kind, Fault] = {
    Kind.OUTLINE: Fault("correct or remove it in the file", "请在文件中改正或删去"),
    Kind.REACH: Fault(
        'state the CRS that it is in with crs = "EPSG:…" in the TOML, or correct what the file says of it',
        '请在 TOML 中用 crs = "EPSG:…" 写明实际坐标系，或改正文件中的坐标系说明',
    ),
    Kind.TANGLE: Fault(
        "it crosses itself too often to be mended; correct it in the file", "自相交过多；请在文件中改正"
    ),
    Kind.MENDING: Fault(
        "mending changes its area by more than 1 m2 or 0.1%; correct it in the file at the place in brackets "
        "(coordinates in the file's CRS)",
        "修正后面积变化超过 1 m2 或 0.1%；请在文件中改正方括号所示位置（文件坐标系的坐标）",
    ),
}


class LayerData(NamedTuple):
    """The features of a layer, as `qy_gis.Plan.features` returns them, and what was repaired in them."""

    features: gpd.GeoDataFrame
    repairs: list[Row]


class CoverageData(NamedTuple):
    """Where a layer was surveyed, as `qy_gis.Plan.coverage` returns it, and what was repaired in its file."""

    outline: BaseGeometry | None
    repairs: list[Row]


class _File(NamedTuple):
    """A data file of a layer and what its TOML says of it; ``prefix`` stands before the keys that say so."""

    name: str
    layer: Layer
    prefix: str = ""

    def fault(self, en: str, zh: str) -> Fault:
        """Return a fault with the layer and the file in front."""
        key = "coverage: " if self.prefix else ""
        return Fault(
            f"{self.layer.key}.toml: {key}{self.name}: {en}",
            f"{self.layer.key}.toml：{key.replace(': ', '：')}{self.name}：{zh}",
        )


def read_features(plan: Plan, key: str) -> LayerData:
    """Read the features of a layer; see `qy_gis.Plan.features`, which keeps them.

    Raises
    ------
    ArgumentError
        The plan has no such layer.
    PlanError
        Its data have faults.
    """
    layer = find_layer(plan, key)
    if layer.file is None:
        return LayerData(_no_features(), [])
    file = _File(layer.file.rpartition("/")[2], layer)
    frame = _read(file, layer.file, _KINDS[layer.geometry])
    rows: list[Row] = []
    if frame.empty:
        if not layer.empty:
            rows.append(_told_empty(key))
        return LayerData(_no_features(), rows)
    if layer.empty:
        n = len(frame)
        raise PlanError(
            [
                file.fault(
                    f"found {n} features, but empty = true says that there are none; take one of them out",
                    f"读到 {n} 个要素，empty = true 却表示没有要素；请改正其一",
                )
            ]
        )
    numbers = np.arange(1, len(frame) + 1)
    frame, numbers = _keep_filtered(file, frame, numbers, rows)
    table = _name_features(file, frame, numbers)
    table, repaired = _clean(file, table, layer.geometry, numbers)
    ids = table["feature_id"].tolist()
    rows += [(key, ids[at], *_texts(repair)) for at in sorted(repaired) for repair in repaired[at]]
    if layer.merge:
        table = _merge(key, table, rows)
    _refuse_ids(file, table)
    if key != plan.study_area:
        _refuse_place(file, table, plan)
    return LayerData(table, _join_whole(rows, len(ids)))


def read_coverage(plan: Plan, key: str) -> CoverageData:
    """Read where a layer was surveyed; see `qy_gis.Plan.coverage`.

    Raises
    ------
    ArgumentError
        The plan has no such layer.
    PlanError
        The outline has faults.
    """
    layer = find_layer(plan, key)
    if layer.coverage == "everywhere":
        return CoverageData(None, [])
    if layer.coverage == "none":
        return CoverageData(shapely.Polygon(), [])
    rows: list[Row] = []
    if layer.coverage == "study_area":
        table = plan.features(plan.study_area)
    else:
        file = _File(layer.coverage.rpartition("/")[2], layer, "coverage_")
        frame = _read(file, layer.coverage, ("Polygon",))
        if frame.empty:
            raise PlanError(
                [
                    file.fault(
                        "no features; accepted is the outline of what was surveyed", "没有要素；应为调查范围的图形"
                    )
                ]
            )
        numbers = np.arange(1, len(frame) + 1)
        frame["feature_id"] = [f"coverage {number}" for number in numbers]
        table, repaired = _clean(file, frame, "polygon", numbers)
        _refuse_place(file, table, plan)
        ids = table["feature_id"].tolist()
        rows = [(key, ids[at], *_texts(repair)) for at in sorted(repaired) for repair in repaired[at]]
    return CoverageData(shapely.union_all(to_lonlat(table.geometry.to_numpy(), table.crs)), rows)


def find_layer(plan: Plan, key: str) -> Layer:
    """Return a layer of a plan.

    Raises
    ------
    ArgumentError
        There is none of this key.
    """
    if key not in plan.layers:
        known = ", ".join(plan.layers)
        raise ArgumentError(
            f"layer={key!r} is not in the plan; accepted: {known}", zh=f"规划中没有图层 {key!r}；可用：{known}"
        )
    return plan.layers[key]


def _no_features() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: [] for name in _NAMES}, geometry=[], crs="EPSG:4490")


def _told_empty(key: str) -> Row:
    return (key, "", NO_FEATURES, "", "")


def _texts(repair: Repair) -> tuple[str, str, str]:
    return repair["what"], repair["before"], repair["after"]


def _join_whole(rows: list[Row], count: int) -> list[Row]:
    """Return repairs, those that every feature has alike as one of the whole file."""
    times = Counter((key, *texts) for key, _, *texts in rows)
    whole = [told for told, n in times.items() if n == count > 1]
    kept = [row for row in rows if (row[0], *row[2:]) not in whole]
    return [(key, "", what, before, after) for key, what, before, after in whole] + kept


def _read(file: _File, path: str, kinds: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return a data file as it stands in it, in a CRS that is accepted."""
    said = {name: getattr(file.layer, file.prefix + name) for name in ("crs", "layer", "encoding")}
    source = file.layer.folder / path
    suffix = source.suffix.lower()
    if kinds != ("Polygon",) and suffix not in _MIXED_FORMATS:
        formats = ", ".join(_MIXED_FORMATS)
        raise PlanError(
            [
                file.fault(
                    f"{suffix} is read as outlines alone; accepted for lines and points are {formats}",
                    f"{suffix} 只作为面读取；线、点图层的数据文件应为 {formats}",
                )
            ]
        )
    try:
        frame = read_frame(source, kinds=kinds, **said)
        if frame.crs is not None:
            check_crs(frame.crs)
    except QyGisError as error:
        en, zh = _in_toml(error.en, file), _in_toml(error.zh or error.en, file)
        raise PlanError([file.fault(en, zh)]) from error
    if frame.crs is None:
        raise PlanError(
            [
                file.fault(
                    f'states no CRS; say it with {file.prefix}crs = "EPSG:…" in the TOML, for example "EPSG:4490" for '
                    'degrees, "EPSG:4547" for the 3-degree grid of 114 E',
                    f'未注明坐标系；请在 TOML 中写 {file.prefix}crs = "EPSG:…"，例如经纬度为 "EPSG:4490"，'
                    '中央经线 114° 的 3 度带为 "EPSG:4547"',
                )
            ]
        )
    return frame


def _in_toml(message: str, file: _File) -> str:
    """Return a reader's message with its options as what they are in a layer, keys of the TOML; without the path."""
    message = message.replace(f"{file.name}: ", "").replace(f"{file.name}：", "").replace(f"{file.name} ", "")
    message = message.replace(f"{file.layer.folder}/", "")

    def as_key(option: re.Match[str]) -> str:
        return f'{file.prefix}{option[1] or option[2] or option[3]} = "…"'

    options = "crs|layer|encoding"
    # "crs= (--crs)", "--crs（crs=）", "layer=" alone; a value after it is not advice.
    both = rf"\b({options})=\s*[(（]--(?:{options})[)）]"
    both += rf"|--({options})\b(?:\s*[(（](?:{options})=[)）])?|\b({options})=(?![\w'\"])"
    return re.sub(both, as_key, message)


def _keep_filtered(
    file: _File, frame: gpd.GeoDataFrame, numbers: NDArray[np.int64], rows: list[Row]
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """Return the features that the filter chooses, with their numbers in the file."""
    for column, wanted in (file.layer.filter or {}).items():
        name = _find_column(file, frame, column, "filter")
        found = np.array([_value_text(value) for value in frame[name].tolist()], dtype=object)
        accepted = {_value_text(value): value for value in (wanted if isinstance(wanted, list) else [wanted])}
        if pd.api.types.is_numeric_dtype(frame[name]):
            accepted = {_number_text(text): value for text, value in accepted.items()}
        kept = np.isin(found, list(accepted))
        counted = Counter(found.tolist()).most_common()
        shown = _list_counts(counted)
        if not kept.any():
            asked = ", ".join(repr(value) for value in accepted.values()) or "[]"
            raise PlanError(
                [
                    file.fault(
                        f"filter: no features match {column} = {asked}; the values there are (features): {shown}",
                        f"filter：没有 {column} = {asked} 的要素；现有的值（要素数）：{shown}",
                    )
                ]
            )
        what = "筛选值没有对应的要素 / no feature has this value of the filter"
        rows += [
            (file.layer.key, "", what, f"{column} = {value!r}", f"现有 / there are {shown}")
            for text, value in accepted.items()
            if text not in set(found)
        ]
        frame, numbers = frame[kept].reset_index(drop=True), numbers[kept]
    return frame, numbers


def _list_counts(counted: Sequence[tuple[str, int]]) -> str:
    """Return the first of some values, with how often each is there."""
    return ", ".join(f"{text!r} ({n})" for text, n in counted[:_VALUES]) + (" …" if len(counted) > _VALUES else "")


def _value_text(value: Any) -> str:
    """Return a value of an attribute or a filter as text: blanks at its ends do not matter, nor whole numbers' ".0"."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _number_text(text: Value) -> str:
    try:
        return _value_text(float(text))
    except ValueError:
        return str(text)


def _find_column(file: _File, frame: gpd.GeoDataFrame, column: str, key: str) -> str:
    """Return the heading that is meant by a column, whatever its letter case."""
    headings = [str(name) for name in frame.columns if name not in (frame.geometry.name, SOURCE_REPAIRS)]
    if column in headings:
        return column
    alike = [name for name in headings if name.strip().casefold() == column.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    listed = ", ".join(alike or headings) or "-"
    if alike:
        raise PlanError(
            [
                file.fault(
                    f"{key}: {column!r} may be any of {listed}; write one of them as it stands in the file",
                    f"{key}：{column!r} 可指 {listed}；请照文件写法写明其一",
                )
            ]
        )
    number = ', or number the rows with id_column = "#"' if key == "id_column" else ""
    number_zh = '，或写 id_column = "#" 按行编号' if key == "id_column" else ""
    raise PlanError(
        [
            file.fault(
                f"{key}: there is no attribute {column!r}; it has {listed}; name one of them with {key}{number}",
                f"{key}：没有属性 {column!r}；现有 {listed}；请用 {key} 写明其一{number_zh}",
            )
        ]
    )


def _name_features(file: _File, frame: gpd.GeoDataFrame, numbers: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Return features with their ids and names, and then their other attributes."""
    layer = file.layer
    taken: dict[str, list[str]] = {}
    used: set[str] = set()
    for name, key, headings in zip(
        _NAMES, ("id_column", "name_column", "name_en_column"), ("parcel_id", "name", ""), strict=True
    ):
        column = getattr(layer, key)
        stated = key in layer.model_fields_set
        alike = [str(one) for one in frame.columns if str(one).strip().casefold() == column.casefold()]
        known = [] if stated or alike or not headings else find_columns(frame.columns.tolist(), headings)
        if key == "id_column" and column == "#":
            taken[name] = [str(number) for number in numbers]
        elif stated or alike or (key == "id_column" and not known):
            chosen = _find_column(file, frame, column, key)
            used.add(chosen)
            taken[name] = [_value_text(value) for value in frame[chosen].tolist()]
        elif known:
            used.add(known[0])
            taken[name] = [_value_text(value) for value in frame[known[0]].tolist()]
        else:
            taken[name] = taken["feature_id"] if key == "name_column" else [""] * len(frame)
    hidden = {*_NAMES, *used, frame.geometry.name}
    others = {column: frame[column].to_numpy() for column in frame.columns if column not in hidden}
    return gpd.GeoDataFrame({**taken, **others}, geometry=frame.geometry.to_numpy(), crs=frame.crs)


def _clean(
    file: _File, table: gpd.GeoDataFrame, kind: GeometryKind, numbers: NDArray[np.int64]
) -> tuple[gpd.GeoDataFrame, ByPlace]:
    """Return features cleaned as parcels are, and what was repaired in each; refuse those that cannot be used."""
    crs = flatten_crs(check_crs(table.crs))
    shapes = np.asarray(table.geometry.array, dtype=object).copy()
    repairs: ByPlace = {}
    faults: dict[int, tuple[Kind, str, str]] = {}
    told = table[SOURCE_REPAIRS].tolist() if SOURCE_REPAIRS in table.columns else []
    for at, text in enumerate(told):
        if text != "[]":
            repairs[at] = json.loads(text)

    dimensions = shapely.get_dimensions(shapes)
    others = np.flatnonzero(np.isin(dimensions, (0, 1)) & (kind != "polygon"))
    areal = np.setdiff1d(np.arange(len(shapes)), others)
    if len(areal):
        found = examine_outlines(shapes[areal], crs, repair=False)
        shapes[areal] = found.polygons
        faults |= {int(areal[at]): (fault.kind, fault.en, fault.zh) for at, fault in found.faults.items()}
        for at, more in found.repairs.items():
            repairs.setdefault(int(areal[at]), []).extend(more)
    for at in others.tolist():
        shapes[at], more = _clean_thin(shapes[at])
        repairs.setdefault(at, []).extend(more)
    _find_thin_faults(shapes, others, crs, faults)
    for at in range(len(shapes)):
        if at not in faults and shapes[at].geom_type not in _TYPES[kind]:
            accepted = ", ".join(_TYPES[kind])
            faults[at] = (
                Kind.OUTLINE,
                f"found {shapes[at].geom_type}; accepted are {accepted} (geometry = {kind!r})",
                f"读到 {shapes[at].geom_type}；应为 {accepted}（geometry = {kind!r}）",
            )
    _refuse_features(file, table["feature_id"].tolist(), numbers, faults)
    _refuse_bare_points(file, int((dimensions == 0).sum()))
    cleaned = table.drop(columns=[SOURCE_REPAIRS], errors="ignore").set_geometry(gpd.GeoSeries(shapes, crs=crs))
    return cleaned, {at: done for at, done in repairs.items() if done}


def _refuse_bare_points(file: _File, points: int) -> None:
    """Raise an error if points that stand for land have none: a parcel on top of one would pass its rule."""
    weighed = [rule.key for rule in file.layer.rules if rule.kind != "setback"]
    if points and weighed and file.layer.geometry == "mixed" and file.layer.accuracy_m == 0:
        raise PlanError(
            [
                file.fault(
                    f"holds {points} points, each for land of unknown outline within accuracy_m, which is 0, so that "
                    f"rule {weighed[0]!r} would see nothing; say with accuracy_m how many metres that land may reach",
                    f"有 {points} 个点，各表示 accuracy_m 以内界线不明的土地，现为 0，规则 {weighed[0]!r} 将一无所见；"
                    "请用 accuracy_m 写明该土地距点最远多少米",
                )
            ]
        )


def _clean_thin(shape: Any) -> tuple[Any, list[Repair]]:
    """Return points or lines without heights, empty parts and double points, and what was taken out."""
    done: list[Repair] = []
    if shapely.has_z(shape):
        height = shapely.get_coordinates(shape, include_z=True)[0, 2] if not shape.is_empty else np.nan
        done.append(Repair(line=None, what="去除高程 Z / Z dropped", before=f"Z = {height:g} …", after=""))
        shape = shapely.force_2d(shape)
    parts = shapely.get_parts(shape)
    full = parts[~shapely.is_empty(parts)]
    if 0 < len(full) < len(parts):
        done.append(
            Repair(
                line=None,
                what="去除空的部分或空圈 / empty parts or rings dropped",
                before=str(len(parts)),
                after=str(len(full)),
            )
        )
        shape = shapely.multilinestrings(full) if shapely.get_dimensions(shape) == 1 else shapely.multipoints(full)
    before = int(shapely.get_num_coordinates(shape))
    if before and np.isfinite(shapely.get_coordinates(shape)).all():
        cleaned = shapely.remove_repeated_points(shape)
        after = int(shapely.get_num_coordinates(cleaned))
        if after < before:
            what = "去除重复点 / repeated points dropped"
            done.append(Repair(line=None, what=what, before=f"{before} 点 / points", after=f"{after} 点 / points"))
            shape = cleaned
    return shape, done


def _find_thin_faults(
    shapes: Geometries, places: NDArray[np.int64], crs: Any, faults: dict[int, tuple[Kind, str, str]]
) -> None:
    """Find points and lines without a place, or out of the reach of their CRS."""
    for at in places.tolist():
        shape = shapes[at]
        name = shape.geom_type
        if shape.is_empty:
            faults[at] = (Kind.OUTLINE, f"empty {name}", f"空的 {name}")
        elif not np.isfinite(shapely.get_coordinates(shape)).all():
            faults[at] = (Kind.OUTLINE, f"{name} with coordinates that are not numbers", f"{name} 的坐标不是数值")
        elif shapely.get_dimensions(shape) == 1 and (shapely.length(shapely.get_parts(shape)) == 0).any():
            faults[at] = (Kind.OUTLINE, f"{name} without length", f"{name} 没有长度")
    sound = np.array([at for at in places.tolist() if at not in faults], dtype=np.int64)
    bounds = shapely.bounds(shapes[sound]).reshape(-1, 4)
    for at in np.flatnonzero(find_outside(bounds, crs)).tolist() if len(sound) else []:
        faults[int(sound[at])] = (Kind.REACH, *explain_outside(bounds[at], crs))


def _refuse_features(
    file: _File, ids: Sequence[str], numbers: NDArray[np.int64], faults: dict[int, tuple[Kind, str, str]]
) -> None:
    """Raise one error with all features at fault, each by its id and its number in the file."""
    if not faults:
        return
    told = []
    for at in sorted(faults)[:_LISTED]:
        kind, en, zh = faults[at]
        advice = _ADVICE[kind]
        told.append(
            file.fault(
                f"feature {ids[at]!r} (number {numbers[at]}): {en}; {advice.en}",
                f"要素 {ids[at]!r}（第 {numbers[at]} 个）：{zh}；{advice.zh}",
            )
        )
    if more := len(faults) - len(told):
        told.append(file.fault(f"and {more} more features at fault", f"另有 {more} 个要素有误"))
    raise PlanError(told)


def _merge(key: str, table: gpd.GeoDataFrame, rows: list[Row]) -> gpd.GeoDataFrame:
    """Return the features with those of one id united, which is told with the areas before and after."""
    kept: list[int] = []
    shapes = table.geometry.to_numpy().copy()
    for feature, places in table.groupby("feature_id", sort=False).indices.items():
        first = int(places[0])
        kept.append(first)
        # Points and outlines of one id stay apart, and are refused as any two of one id.
        alike = len(set(shapely.get_dimensions(shapes[places]).tolist())) == 1
        if len(places) == 1 or not feature or not alike:
            kept += [int(at) for at in places[1:]]
            continue
        united = _unite(shapes[places])
        before, after = (
            f"{len(group)} 行 / rows, {areas(group, table.crs).sum():.2f} m2"
            if _areal(group)
            else f"{len(group)} 行 / rows"
            for group in (shapes[places], np.array([united], dtype=object))
        )
        shapes[first] = united
        rows.append((key, str(feature), "同编号各行合并为一个要素 / rows of one id are one feature", before, after))
    return table.set_geometry(gpd.GeoSeries(shapes, crs=table.crs)).iloc[sorted(kept)].reset_index(drop=True)


def _areal(shapes: Iterable[BaseGeometry]) -> bool:
    return all(shape.geom_type in _TYPES["polygon"] for shape in shapes)


def _unite(shapes: Geometries) -> BaseGeometry:
    """Return outlines as one; points or lines as one of several parts."""
    if _areal(shapes):
        united: BaseGeometry = shapely.union_all(shapes)
        return united
    parts = shapely.get_parts(shapes).tolist()
    return shapely.MultiLineString(parts) if shapes[0].geom_type in _TYPES["line"] else shapely.MultiPoint(parts)


def _refuse_ids(file: _File, table: gpd.GeoDataFrame) -> None:
    """Raise an error if ids are missing or used twice, with what may be said in the TOML instead."""
    ids = table["feature_id"]
    faults = []
    blank = int((ids == "").sum())
    if blank:
        faults.append(
            file.fault(
                f"{blank} features have no id; name another column with id_column, or number the rows with "
                'id_column = "#"',
                f'{blank} 个要素没有编号；请用 id_column 写明其他列，或写 id_column = "#" 按行编号',
            )
        )
    twice = Counter(ids[(ids != "") & ids.duplicated(keep=False)].tolist())
    if twice:
        shown = _list_counts(twice.most_common())
        faults.append(
            file.fault(
                f"{sum(twice.values())} features share an id with another: {shown}; name a column of unique ids with "
                'id_column, number the rows with id_column = "#", or unite the rows of one id with merge = true',
                f"{sum(twice.values())} 个要素编号重复：{shown}；请用 id_column 写明编号唯一的列，"
                '或写 id_column = "#" 按行编号，或写 merge = true 将同编号各行合并',
            )
        )
    if faults:
        raise PlanError(faults)


def _refuse_place(file: _File, table: gpd.GeoDataFrame, plan: Plan) -> None:
    """Raise an error if sound features lie nowhere near the study area: their CRS is then not what it says."""
    boxes = []
    for features in (table, plan.features(plan.study_area)):
        x0, y0, x1, y1 = features.total_bounds
        corners = np.asarray(shapely.points([x0, x1, x0, x1], [y0, y0, y1, y1]))
        try:
            boxes.append(shapely.total_bounds(to_lonlat(corners, features.crs)))
        except CRSError as error:
            raise PlanError([file.fault(error.en, error.zh or error.en)]) from error
    here, there = boxes
    if (here[:2] <= there[2:]).all() and (there[:2] <= here[2:]).all():
        return
    found, wanted = (", ".join(f"{value:.3f}" for value in box) for box in boxes)
    raise PlanError(
        [
            file.fault(
                f"lies at {found} (degrees, from {table.crs.name!r}), outside the study area at {wanted}; is the CRS "
                f'right? If not, say {file.prefix}crs = "EPSG:…" in the TOML or correct the file',
                f"位于 {found}（度，按 {table.crs.name!r}），在规划范围 {wanted} 之外；坐标系是否正确？"
                f'如有误，请在 TOML 中写 {file.prefix}crs = "EPSG:…"，或改正文件',
            )
        ]
    )
