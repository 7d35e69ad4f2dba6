"""The index of a plan: its zones cut once, and kept for the next time.

An index is built from the layers' geometry alone; it is keyed by the hashes of all that the geometry rests on, lies in
the user's cache folder, and is mapped into memory, so that processes share it and a check starts at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qy_gis.caching import cache_folder
from qy_gis.errors import Fault, PlanError
from qy_gis.measure.plane import PLANE
from qy_gis.overlay.grid import Grid, Ints, cut_zones, zone_areas
from qy_gis.overlay.nearest import Near, list_edges, pack_near, unpack_near
from qy_gis.overlay.packed import Packed, pack
from qy_gis.overlay.setbacks import Setback, list_setbacks, project_setback
from qy_gis.overlay.thin import Thin, find_thin
from qy_gis.overlay.zones import SAME_M2, SAME_SHARE, Zones, grid_zone_of, polygons_only, project_zones
from qy_gis.plan.digest import hash_files
from qy_gis.plan.model import Plan

#: Called as ``progress(done, total, what)`` while long work goes on.
Progress = Callable[[int, int, str], None]

#: Raised whenever what an index file holds changes its meaning; older files are then built anew.
_FORMAT = 13

#: What a zone of the second and third grid is to its layer or feature.
LOW, HIGH, UNION, UNION_LOW, UNION_HIGH, COVERED = range(6)


@dataclass(frozen=True)
class ZoneTable:
    """Zones cut into a grid, and what each of them is. The same outline in several places is cut once.

    Attributes
    ----------
    grid
        The distinct zones, cut.
    use_start
        Uses of zone z are ``use_start[z]`` to ``use_start[z + 1]``.
    layer, feature, role
        Of each use: number of the layer, number of the feature among all features (-1: the layer as a whole), and one
        of `LOW` … `COVERED` (0 in the table of features as drawn).
    """

    grid: Grid
    use_start: Ints
    layer: Ints
    feature: Ints
    role: Ints


@dataclass(frozen=True)
class Features:
    """All features of a plan, layer after layer.

    Attributes
    ----------
    layer
        Number of the layer of each feature.
    first
        Features of layer k are ``first[k]`` to ``first[k + 1]``.
    ids, names
        As text.
    packed
        As drawn, in the survey plane.
    area_m2
        0 for points and lines.
    """

    layer: Ints
    first: Ints
    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    packed: Packed
    area_m2: NDArray[np.float64]

    @cached_property
    def thin(self) -> Thin:
        """Points and lines."""
        places = np.flatnonzero(self.area_m2 == 0)
        return find_thin(places, self.packed.take(places))


@dataclass(frozen=True)
class Index:
    """A plan, cut.

    Attributes
    ----------
    layers
        Keys of the layers, in the plan's order.
    features
        All features.
    drawn
        Features as drawn.
    bounds
        Features shrunk and grown (of layers that may be off at all), where layers are complete, and setbacks.
    united
        Layers as a whole, as drawn, shrunk and grown: land under two features counts once. Only parcels that meet
        several features of a layer need them.
    setbacks
        Layer and distance (m) of the setbacks that rules ask for. In ``bounds`` they follow the layers: setback k has
        the number of a layer ``len(layers) + k``.
    exact
        Per layer, whether its lines are where they are drawn (``accuracy_m`` is 0): then ``bounds`` has none of it.
    limited
        Per layer and then per setback, whether it says where it is complete (else it is complete everywhere).
    grid_zone
        The 3-degree zone in whose grid distances are taken.
    near
        Per layer, for distances.
    repairs
        What was repaired in the data of the layers as they were read: the rows of `qy_gis.Plan.repairs`.
    """

    layers: list[str]
    features: Features
    drawn: ZoneTable
    bounds: ZoneTable
    united: ZoneTable
    setbacks: list[tuple[str, float]]
    exact: NDArray[np.bool_]
    limited: NDArray[np.bool_]
    grid_zone: int
    near: list[Near]
    repairs: list[tuple[str, ...]]


def build_index(plan: Plan, *, progress: Progress | None = None) -> Index:
    """Cut every layer of a plan, without the cache.

    Parameters
    ----------
    plan
        The plan; its data files are read now.
    progress
        Called before each layer.

    Raises
    ------
    PlanError
        A data file has faults.
    """
    keys = list(plan.layers)
    layers = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        zones_of_layers = pool.map(lambda key: project_zones(plan, key), keys)
        for number, key in enumerate(keys):
            if progress is not None:
                progress(number, len(keys), plan.layers[key].title.zh)
            layers.append(next(zones_of_layers))
        asked = list_setbacks(plan)
        setbacks = list(pool.map(lambda each: project_setback(plan, *each), asked))
    grid_zone = grid_zone_of(plan)
    features = _list_features(layers)
    drawn, bounds, united = _Uses(), _Uses(), _Uses()
    for number, zones in enumerate(layers):
        first = int(features.first[number])
        for place, shape in enumerate(polygons_only(zones.shapes)):
            drawn.add(shape, number, first + place, 0)
        if zones.layer.accuracy_m > 0:
            for place, (low, high) in enumerate(zip(zones.low, zones.high, strict=True)):
                bounds.add(low, number, first + place, LOW)
                bounds.add(high, number, first + place, HIGH)
    extents: list[Zones | Setback] = [*layers, *setbacks]
    for number, whole in enumerate(extents):
        wholes = united if number < len(layers) else bounds
        for role, shape in [(UNION, whole.union), (UNION_LOW, whole.union_low), (UNION_HIGH, whole.union_high)]:
            wholes.add(shape, number, -1, role)
        if whole.covered is not None:
            bounds.add(whole.covered, number, -1, COVERED)
    cut = drawn.cut()
    _check_areas(cut, features, keys)
    return Index(
        layers=keys,
        features=features,
        drawn=cut,
        bounds=bounds.cut(rounded=True),
        united=united.cut(rounded=True),
        setbacks=asked,
        exact=np.array([plan.layers[key].accuracy_m == 0 for key in keys], dtype=bool),
        limited=np.array([whole.covered is not None for whole in extents]),
        grid_zone=grid_zone,
        near=[list_edges(zones.shapes, grid_zone) for zones in layers],
        repairs=list(plan.repairs.itertuples(index=False, name=None)),
    )


def open_index(plan: Plan, *, progress: Progress | None = None) -> Index:
    """Open the index of a plan from the cache; build and keep it if there is none that fits.

    Parameters and errors are those of `build_index`. An index that is stale, truncated, or not one of ours is built
    anew. Where the cache folder cannot be written, the index is built each time.
    """

    def open_or_build() -> Index:
        folder = cache_folder() / _key(plan)
        kept = _load(folder)
        if kept is None:
            kept = build_index(plan, progress=progress)
            _save(kept, folder)
        return kept

    return plan.derive("index", open_or_build)


class _Uses:
    """Collects zones and what each is, the same outline once."""

    def __init__(self) -> None:
        self._shapes: list[Any] = []
        self._zone_of: dict[bytes, int] = {}
        self._uses: list[tuple[int, int, int, int]] = []

    def add(self, shape: Any, layer: int, feature: int, role: int) -> None:
        if shape.is_empty:
            return
        digest = hashlib.sha256(shapely.to_wkb(shape)).digest()
        zone = self._zone_of.setdefault(digest, len(self._shapes))
        if zone == len(self._shapes):
            self._shapes.append(shape)
        self._uses.append((zone, layer, feature, role))

    def cut(self, *, rounded: bool = False) -> ZoneTable:
        shapes = np.empty(len(self._shapes), dtype=object)
        shapes[:] = self._shapes
        uses = np.array(sorted(self._uses), dtype=np.int64).reshape(-1, 4)
        start = np.searchsorted(uses[:, 0], np.arange(len(shapes) + 1)).astype(np.int64)
        layer, feature, role = (np.ascontiguousarray(column) for column in uses[:, 1:].T)
        return ZoneTable(cut_zones(shapes, rounded=rounded), start, layer, feature, role)


def _check_areas(drawn: ZoneTable, features: Features, keys: list[str]) -> None:
    """Raise a PlanError if a feature has another area in the cells of the grid than its outline has."""
    held = np.zeros(len(features.ids))
    zone = np.repeat(np.arange(len(drawn.use_start) - 1), np.diff(drawn.use_start))
    held[drawn.feature] = zone_areas(drawn.grid)[zone]
    moved = np.abs(held - features.area_m2)
    wrong = np.flatnonzero(moved > np.maximum(SAME_M2, SAME_SHARE * features.area_m2))
    if len(wrong):
        raise PlanError(
            [
                Fault(
                    f"layer {keys[features.layer[k]]!r}, feature {features.ids[k]!r}: its outline of "
                    f"{features.area_m2[k]:.3f} m2 has {held[k]:.3f} m2 when cut; mend it in a GIS program",
                    f"图层 {keys[features.layer[k]]!r} 的要素 {features.ids[k]!r}："
                    f"面积 {features.area_m2[k]:.3f} 平方米，切分后为 {held[k]:.3f} 平方米；请在 GIS 软件中修正图形",
                )
                for k in wrong[:20].tolist()
            ]
        )


def _list_features(layers: list[Zones]) -> Features:
    counts = [len(zones.shapes) for zones in layers]
    shapes = np.concatenate([zones.shapes for zones in layers])
    return Features(
        layer=np.repeat(np.arange(len(layers)), counts),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ids=np.concatenate([zones.feature_id for zones in layers]),
        names=np.concatenate([zones.feature_name for zones in layers]),
        packed=pack(shapes),
        area_m2=np.asarray(shapely.area(shapes)),
    )


def _key(plan: Plan) -> str:
    """Return a name for all that the geometry of an index rests on; of rules, only how far setbacks reach."""
    ingredients = {"key", "file", "filter", "geometry", "id_column", "name_column", "accuracy_m", "coverage"}
    ingredients |= {"layer", "crs", "encoding", "empty", "merge"}
    ingredients |= {"coverage_layer", "coverage_crs", "coverage_encoding"}
    files = {name: digest for name, digest in hash_files(plan).items() if not name.endswith(".toml")}
    layers = [
        [plan.folders.index(layer.folder), layer.model_dump(include=ingredients)] for layer in plan.layers.values()
    ]
    # Another release may read and clean a file otherwise.
    made_by = [_FORMAT, version("qy-gis"), PLANE, shapely.geos_version_string]
    content = [*made_by, plan.study_area, layers, list_setbacks(plan), files]
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _arrays(index: Index) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"exact": index.exact, "limited": index.limited}
    for name in ("drawn", "bounds", "united"):
        table = getattr(index, name)
        arrays |= {f"{name}.{key}": array for key, array in table.grid.arrays().items()}
        arrays |= {f"{name}.{key}": getattr(table, key) for key in ("use_start", "layer", "feature", "role")}
    arrays |= {f"features.{key}": getattr(index.features, key) for key in ("layer", "first", "area_m2")}
    arrays |= {"shapes.wkb": index.features.packed.wkb, "shapes.ends": index.features.packed.ends}
    return arrays | {f"near.{key}": array for key, array in pack_near(index.near).items()}


def _save(index: Index, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    except OSError:
        return
    try:
        checks = {}
        for name, array in _arrays(index).items():
            file = part / f"{name}.npy"
            np.save(file, array)
            checks[name] = [*_stamp(file), zlib.crc32(file.read_bytes())]
        meta = {
            "format": _FORMAT,
            "checks": checks,
            "layers": index.layers,
            "setbacks": index.setbacks,
            "ids": index.features.ids.tolist(),
            "names": index.features.names.tolist(),
            "grid_zone": index.grid_zone,
            "repairs": index.repairs,
        }
        (part / "meta.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except OSError:
        # The disk is full, or another process was first: the index in memory serves.
        shutil.rmtree(part, ignore_errors=True)


def _stamp(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def _load(folder: Path) -> Index | None:
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["format"] != _FORMAT:
            return None
        arrays = {}
        for name, (size, modified, check) in meta["checks"].items():
            file = folder / f"{name}.npy"
            # A file that nobody has touched since it was written is as it was; any other is read through first.
            if _stamp(file) != (size, modified) and zlib.crc32(file.read_bytes()) != check:
                return None
            arrays[name] = np.load(file, mmap_mode="r") if file.stat().st_size > 1 << 16 else np.load(file)
        return _assemble(meta, arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        # Whatever is there is not an index of ours; it is built anew and replaced.
        return None


def _assemble(meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Index:
    def zone_table(name: str) -> ZoneTable:
        grid = Grid(**{field.name: arrays[f"{name}.{field.name}"] for field in fields(Grid)})
        return ZoneTable(grid, *(arrays[f"{name}.{key}"] for key in ("use_start", "layer", "feature", "role")))

    return Index(
        layers=meta["layers"],
        features=Features(
            layer=arrays["features.layer"],
            first=arrays["features.first"],
            ids=np.array(meta["ids"], dtype=object),
            names=np.array(meta["names"], dtype=object),
            packed=Packed(arrays["shapes.wkb"], arrays["shapes.ends"]),
            area_m2=arrays["features.area_m2"],
        ),
        drawn=zone_table("drawn"),
        bounds=zone_table("bounds"),
        united=zone_table("united"),
        setbacks=[(key, distance) for key, distance in meta["setbacks"]],
        exact=arrays["exact"],
        limited=arrays["limited"],
        grid_zone=meta["grid_zone"],
        near=unpack_near({name[5:]: array for name, array in arrays.items() if name.startswith("near.")}),
        repairs=[tuple(row) for row in meta["repairs"]],
    )
