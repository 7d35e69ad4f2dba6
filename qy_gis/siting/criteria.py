"""Criteria: what is measured of a site, and what a value of it is worth.

A measure is one function, from sites and a plan to a number per site. Adding one is adding a function to `MEASURES` and
its name to `Measure`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from qy_gis.errors import ArgumentError, Fault, join_faults
from qy_gis.measure.area import areas
from qy_gis.measure.outlines import outlines_to_grid, take_outlines
from qy_gis.measure.plane import Geometries, to_grid, to_lonlat, to_plane
from qy_gis.overlay.index import Progress
from qy_gis.overlay.nearest import list_edges, measure_distances
from qy_gis.overlay.zones import grid_zone_of
from qy_gis.plan.model import Key, Plan, Text
from qy_gis.siting.ground import zones_of
from qy_gis.siting.shape import compactness, widths
from qy_gis.toml_files import load_toml, parse_table

Values = NDArray[np.float64]
Measure = Literal["distance", "share", "area", "compactness", "width", "raster"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Linear(_Record):
    """Worth 0 at ``worst`` and beyond, 1 at ``best`` and beyond, and in between in proportion."""

    kind: Literal["linear"]
    worst: float
    best: float

    @model_validator(mode="after")
    def _check_ends(self) -> Linear:
        if self.worst == self.best:
            raise ArgumentError(
                "worst and best are the same; accepted are two different values",
                zh="worst 与 best 相同，应为两个不同的值",
            )
        return self

    def worth(self, values: Values) -> Values:
        """Return what values are worth, 0-1."""
        return np.asarray(np.clip((values - self.worst) / (self.best - self.worst), 0.0, 1.0))


class Step(_Record):
    """Worth 1 up to ``limit`` (``better`` is "below") or from it on ("above"), else 0."""

    kind: Literal["step"]
    limit: float
    better: Literal["below", "above"]

    def worth(self, values: Values) -> Values:
        """Return what values are worth, 0-1."""
        return np.where(values <= self.limit if self.better == "below" else values >= self.limit, 1.0, 0.0)


class Gaussian(_Record):
    """Worth 1 at ``best``, 0.61 one ``width`` away from it, 0.14 two widths away."""

    kind: Literal["gaussian"]
    best: float
    width: float = Field(gt=0)

    def worth(self, values: Values) -> Values:
        """Return what values are worth, 0-1."""
        return np.asarray(np.exp(-0.5 * ((values - self.best) / self.width) ** 2))


class Criterion(_Record):
    """One criterion, as its TOML table says. Its unit is that of its measure, see `MEASURES`."""

    key: Key
    title: Text
    measure: Measure
    layer: Key | None = Field(default=None, description="For distance and share")
    features: list[str] | None = Field(
        default=None, description="Ids of the features meant; all of the layer if absent"
    )
    file: str | None = Field(default=None, description="For raster: the file, relative to the TOML file")
    value: Annotated[Linear | Step | Gaussian, Field(discriminator="kind")]
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _check_arguments(self) -> Criterion:
        for name, needed_by in (("layer", ("distance", "share")), ("file", ("raster",))):
            if (getattr(self, name) is not None) != (self.measure in needed_by):
                measures = ", ".join(needed_by)
                raise ArgumentError(
                    f"{name} is for the measures {measures}, which need it",
                    zh=f"{name} 只用于、且必须用于量度 {measures}",
                )
        return self

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return MEASURES[self.measure].unit

    @property
    def direction(self) -> str:
        """Which values are better: "less", "more" or "near" (the best value of a gaussian)."""
        if isinstance(self.value, Gaussian):
            return "near"
        less = self.value.better == "below" if isinstance(self.value, Step) else self.value.best < self.value.worst
        return "less" if less else "more"


#: TOML has lists where Python has tuples.
Comparison = Annotated[tuple[Key, Key, float], Field(strict=False)]


class Criteria(_Record):
    """The criteria of a ranking, and where their weights come from. Read them with `qy_gis.read_criteria`."""

    weights: Literal["given", "equal", "ahp"] = "given"
    comparisons: list[Comparison] = Field(
        default=[], description="For ahp: how many times the first matters more than the second"
    )
    criteria: list[Criterion] = Field(alias="criterion", min_length=1)
    folder: Path = Field(default=Path(), exclude=True, strict=False)

    @model_validator(mode="after")
    def _check_keys(self) -> Criteria:
        keys = [criterion.key for criterion in self.criteria]
        if len(set(keys)) < len(keys):
            raise ArgumentError(
                f"keys are used twice: {keys}; give each criterion one of its own",
                zh=f"准则的 key 有重复：{keys}；请各用一个",
            )
        if bool(self.comparisons) != (self.weights == "ahp"):
            raise ArgumentError(
                "comparisons are for weights = 'ahp', which needs them",
                zh="comparisons 只用于、且必须用于 weights = 'ahp'（层次分析法）",
            )
        unknown = {key for first, second, _ in self.comparisons for key in (first, second)} - set(keys)
        if unknown:
            raise ArgumentError(
                f"comparisons name {sorted(unknown)}; accepted: {keys}",
                zh=f"comparisons 中有 {sorted(unknown)}；可用的准则：{keys}",
            )
        return self


def read_criteria(path: str | os.PathLike[str]) -> Criteria:
    """Read criteria from a TOML file.

    Parameters
    ----------
    path
        A file with ``[[criterion]]`` tables (see `Criterion`), and at its head ``weights``: "given" (each criterion's
        ``weight``), "equal", or "ahp" with ``comparisons = [["near_town", "slope", 3], …]``.

    Raises
    ------
    ArgumentError
        The file cannot be read or has faults; all of them are listed.
    """
    file = Path(path)
    faults: list[Fault] = []
    table = load_toml(file, faults)
    found = None if table is None else parse_table(Criteria, {**table, "folder": file.parent}, file.name, faults)
    if found is None:
        said = join_faults(faults)
        raise ArgumentError(said.en, zh=said.zh)
    return found


def measure_criteria(
    sites: gpd.GeoDataFrame, plan: Plan, criteria: Criteria, *, progress: Progress | None = None
) -> pd.DataFrame:
    """Return the value of each criterion for each site.

    Parameters
    ----------
    sites
        Polygons with a CRS.
    plan
        Holds the layers that criteria name.
    criteria
        What to measure.
    progress
        Called before each criterion.

    Returns
    -------
    pandas.DataFrame
        The index of the sites, one column per criterion, in its unit.

    Raises
    ------
    ArgumentError
        A criterion names a layer, features or a raster that are not there; all are listed.
    """
    faults = []
    known = ", ".join(plan.layers)
    for criterion in criteria.criteria:
        key, layer = criterion.key, criterion.layer
        if layer is not None and layer not in plan.layers:
            faults.append(
                Fault(
                    f"{key}: layer {layer!r} is not in the plan; accepted: {known}",
                    f"准则 {key}：规划中没有图层 {layer!r}；可用的图层：{known}",
                )
            )
        elif layer is not None and not len(_pick_features(plan, criterion)):
            faults.append(
                Fault(
                    f"{key}: layer {layer!r} has no data, or not the features {criterion.features}",
                    f"准则 {key}：图层 {layer!r} 没有数据，或没有要素 {criterion.features}",
                )
            )
        if criterion.file is not None and not (criteria.folder / criterion.file).is_file():
            faults.append(
                Fault(
                    f"{key}: file {criterion.file} does not exist; put it beside the file of the criteria",
                    f"准则 {key}：文件 {criterion.file} 不存在；请放在准则文件旁",
                )
            )
    if faults:
        said = join_faults(faults)
        raise ArgumentError(said.en, zh=said.zh)
    values = {}
    for number, criterion in enumerate(criteria.criteria):
        if progress is not None:
            progress(number, len(criteria.criteria), f"{criterion.title.zh} / {criterion.title.en}")
        values[criterion.key] = MEASURES[criterion.measure].function(sites, plan, criterion, criteria.folder)
    return pd.DataFrame(values, index=sites.index)


def distance(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return the distance (m, on the ellipsoid) from each site to the nearest feature, 0 where they meet."""
    zone = grid_zone_of(plan)
    features = to_plane(_pick_features(plan, criterion), plan.features(str(criterion.layer)).crs)
    shapes = to_plane(sites.geometry.to_numpy(), sites.crs)
    shapely.prepare(features)
    feature, site = shapely.STRtree(shapes).query(features)
    apart = np.ones((len(sites), 1), dtype=bool)
    apart[site[shapely.intersects(features[feature], shapes[site])]] = False
    in_grid = outlines_to_grid(take_outlines(sites.geometry.to_numpy()), sites.crs, zone)
    return measure_distances([list_edges(features, zone)], in_grid, zone, apart=apart)[:, 0]


def share(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return the share (0-1) of each site that lies in the layer or in the features named, as drawn."""
    zones = zones_of(plan, str(criterion.layer))
    chosen = np.isin(zones.feature_id, criterion.features) if criterion.features else np.ones(len(zones.shapes), bool)
    shapes = to_plane(sites.geometry.to_numpy(), sites.crs)
    zone = shapely.union_all(zones.shapes[chosen]) if criterion.features else zones.union
    shapely.prepare(zone)
    out = np.where(shapely.contains_properly(zone, shapes), 1.0, 0.0)
    edge = (out == 0) & shapely.intersects(zone, shapes)
    out[edge] = shapely.area(shapely.intersection(shapes[edge], zone)) / shapely.area(shapes[edge])
    return np.clip(out, 0.0, 1.0)


def area(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return the statutory area of each site (ha)."""
    return np.asarray(areas(sites.geometry, sites.crs) / 1e4)


def shape_compactness(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return how compact each site is (0-1); see `qy_gis.siting.shape.compactness`."""
    return compactness(_in_grid(sites, plan))


def width(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return how wide each site is where it is narrowest (m); see `qy_gis.siting.shape.widths`."""
    return widths(_in_grid(sites, plan))


def raster_mean(sites: gpd.GeoDataFrame, plan: Plan, criterion: Criterion, folder: Path) -> Values:
    """Return the mean of a raster's first band in each site, cells cut by its edge counting with their share of it."""
    try:
        from exactextract import exact_extract
        from exactextract.raster import RasterioRasterSource
    except ImportError as error:
        raise ArgumentError(
            f"{criterion.key}: rasters need exactextract and rasterio; install them with: pip install 'qy-gis[raster]'",
            zh=f"准则 {criterion.key}：栅格需要 exactextract 与 rasterio；请安装：pip install 'qy-gis[raster]'",
        ) from error
    import rasterio

    try:
        raster = rasterio.open(folder / str(criterion.file))
    except rasterio.errors.RasterioIOError as error:
        raise ArgumentError(
            f"{criterion.key}: {criterion.file} cannot be read as a raster; accepted is one such as GeoTIFF",
            zh=f"准则 {criterion.key}：{criterion.file} 不能作为栅格读出；请用 GeoTIFF 等栅格",
        ) from error
    with raster:
        if raster.crs is None:
            raise ArgumentError(
                f"{criterion.key}: raster {criterion.file} has no CRS; write the one it is in into it",
                zh=f"准则 {criterion.key}：栅格 {criterion.file} 没有坐标系；请在文件中写明",
            )
        placed = gpd.GeoDataFrame(geometry=sites.geometry.to_numpy(), crs=sites.crs).to_crs(raster.crs)
        found = exact_extract(RasterioRasterSource(raster), placed, ["mean"], output="pandas")["mean"]
    missing = found.isna().to_numpy()
    if missing.any():
        count = int(missing.sum())
        raise ArgumentError(
            f"{criterion.key}: the raster has no value in {count} of {len(sites)} sites; give one that covers them",
            zh=f"准则 {criterion.key}：{len(sites)} 个地块中有 {count} 个在栅格中没有值；请用覆盖全部地块的栅格",
        )
    return np.asarray(found, dtype=np.float64)


class _Measurement(NamedTuple):
    function: Callable[[gpd.GeoDataFrame, Plan, Criterion, Path], Values]
    unit: str
    of_place: bool
    """Whether it tells one place from another before a site has its shape."""


MEASURES: dict[Measure, _Measurement] = {
    "distance": _Measurement(distance, "m", True),
    "share": _Measurement(share, "0-1", True),
    "area": _Measurement(area, "ha", False),
    "compactness": _Measurement(shape_compactness, "0-1", False),
    "width": _Measurement(width, "m", False),
    "raster": _Measurement(raster_mean, "raster", True),
}


def _pick_features(plan: Plan, criterion: Criterion) -> Geometries:
    table = plan.features(str(criterion.layer))
    if criterion.features is not None:
        table = table[table["feature_id"].isin(criterion.features)]
    return np.asarray(table.geometry.to_numpy(), dtype=object)


def _in_grid(sites: gpd.GeoDataFrame, plan: Plan) -> Geometries:
    return to_grid(to_lonlat(sites.geometry.to_numpy(), sites.crs), grid_zone_of(plan))
