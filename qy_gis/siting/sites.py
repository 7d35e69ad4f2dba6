"""Find sites: concrete pieces of eligible land of the size that is wanted, none of them a neck or a rag."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis import columns
from qy_gis.errors import ArgumentError, Fault, join_faults
from qy_gis.measure.area import areas
from qy_gis.measure.crs import CGCS2000, grid_epsg, planar_excess_ppm
from qy_gis.measure.plane import Geometries, project, to_grid, to_lonlat
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Progress
from qy_gis.overlay.zones import grid_zone_of
from qy_gis.parcels.prepare import prepare_parcels
from qy_gis.plan.model import Plan, Severity
from qy_gis.siting.criteria import MEASURES, Criteria, measure_criteria
from qy_gis.siting.eligible import eligible_area
from qy_gis.siting.ground import SEVERITIES, zones_of
from qy_gis.siting.lattice import grow_sites, lay_lattice
from qy_gis.siting.shape import compactness, open_land, widths
from qy_gis.siting.weights import weigh_criteria
from qy_gis.verdict.check import check

Shape = Literal["square", "hexagon", "whole"]

#: Sites keep this far off what stands against them, so that coordinates rounded to millimetres make no overlap.
KEEP_OFF_M = 0.01

#: A candidate may miss the eligible land by this much, which is what noding on a grid of 0.01 mm can do to its edges.
_CANDIDATE_MISS_M2 = 0.1

#: Cells along the side of a site, as many as keep the lattice below the limit.
_CELLS_ALONG = (6, 4, 2)
_MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class _Wanted:
    """What is asked of a site: area (m2), width (m) where it is narrowest, compactness."""

    area_m2: float
    width_m: float
    compactness: float


def find_sites(
    plan: Plan,
    *,
    area_ha: float,
    industry: str | None = None,
    within: str | gpd.GeoDataFrame | None = None,
    shape: Shape = "square",
    candidates: gpd.GeoDataFrame | None = None,
    n: int = 10,
    unknown: Literal["keep", "drop"] = "drop",
    severities: Sequence[Severity] = SEVERITIES,
    setbacks: Mapping[str, float] | None = None,
    min_width_m: float | None = None,
    min_compactness: float = 0.3,
    criteria: Criteria | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Find sites of a wanted size on eligible land.

    Parameters
    ----------
    plan
        The plan.
    area_ha
        The area a site must at least have (公顷).
    industry, within, unknown, severities, setbacks
        Which land is eligible; see `qy_gis.eligible_area`.
    shape
        ``"square"`` and ``"hexagon"``: sites are grown from cells of this shape, from the best places outward, until
        they reach the area. ``"whole"``: sites are whole parts of eligible land, of at least the area.
    candidates
        Parcels to choose from instead; those that lie on eligible land and meet the demands are returned, unchanged.
    n
        How many sites at most.
    min_width_m
        Width where a site is narrowest: a neck is not a site. By default half the side of a square of the area.
    min_compactness
        4 pi area / perimeter² at least; 0.785 is a square, 0.5 a rectangle four times as long as wide.
    criteria
        Which places are tried first, and in which direction sites grow. Without, sites spread over the land.
    progress
        Called as ``progress(done, total, what)``: as for `qy_gis.eligible_area`, then for each site found, then as for
        `qy_gis.check`.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `qy_gis.columns.SITES` and the geometry (EPSG:4490). Sites do not overlap. They are parcels:
        `qy_gis.check` takes them for the findings behind their verdict. No rows where no site is found.

    Raises
    ------
    ArgumentError
        An argument has a value that is not accepted, or the land is too large for sites so small.

    Notes
    -----
    The search is greedy: it finds good sites, not the best packing of sites. It is deterministic.
    """
    _check_arguments(area_ha, n, shape, min_width_m, min_compactness)
    width_m = np.sqrt(area_ha * 1e4) / 2 if min_width_m is None else min_width_m
    wanted = _Wanted(area_ha * 1e4, width_m, min_compactness)
    land = eligible_area(
        plan,
        industry=industry,
        within=within,
        unknown=unknown,
        severities=severities,
        setbacks=setbacks,
        progress=progress,
    )
    report = progress or (lambda *_: None)
    zone = grid_zone_of(plan)
    if candidates is not None:
        given = prepare_parcels(candidates)
        chosen = _choose_candidates(given, land, zone, wanted, n)
        sites = given.iloc[chosen][["parcel_id", "name", "use", "geometry"]].to_crs(CGCS2000)
    else:
        report(0, n, "去窄 / leaving necks out")
        parts = _open_parts(land, zone, wanted)
        if shape == "whole":
            found = _whole_parts(parts, wanted, n)
        else:
            found = _grow(parts, plan, shape, wanted, n, criteria, report)
        outlines = gpd.GeoSeries(found, crs=grid_epsg(zone, prefixed=False)).to_crs(CGCS2000)
        sites = gpd.GeoDataFrame(
            {"parcel_id": [f"S{number}" for number in range(1, len(found) + 1)]}, geometry=outlines
        )
        sites["name"], sites["use"] = _name_places(sites, plan), ""
    report(n, n, "核查 / checking")
    return _describe(sites, plan, zone, industry, progress)


def _check_arguments(area_ha: float, n: int, shape: str, min_width_m: float | None, min_compactness: float) -> None:
    faults: list[Fault] = []

    def refuse(found: str, en: str, zh: str) -> None:
        faults.append(Fault(f"{found}: accepted {en}", f"{found} 无效，应为{zh}"))

    if not 0 < area_ha < np.inf:
        refuse(f"area_ha={area_ha!r}", "is an area over 0", "大于 0 的公顷数")
    if n < 1:
        refuse(f"n={n!r}", "is 1 or more", "不小于 1 的整数")
    if shape not in ("square", "hexagon", "whole"):
        refuse(f"shape={shape!r}", "are 'square', 'hexagon', 'whole'", " 'square'、'hexagon' 或 'whole'")
    if min_width_m is not None and not 0 <= min_width_m < np.inf:
        refuse(f"min_width_m={min_width_m!r}", "are metres, 0 or more", "不小于 0 的米数")
    if not 0 <= min_compactness <= 1:
        refuse(f"min_compactness={min_compactness!r}", "is 0 to 1", " 0 到 1")
    if faults:
        said = join_faults(faults)
        raise ArgumentError(said.en, zh=said.zh)


def _open_parts(land: gpd.GeoDataFrame, zone: int, wanted: _Wanted) -> Geometries:
    """Parts of the land in the grid, without necks, that are large enough."""
    in_grid = shapely.union_all(to_grid(land.geometry.to_numpy(), zone))
    wide = open_land(shapely.buffer(in_grid, -KEEP_OFF_M, join_style="mitre"), wanted.width_m)
    parts = shapely.get_parts(wide)
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) >= wanted.area_m2)]
    return np.asarray(parts[np.argsort(-shapely.area(parts), kind="stable")])


def _fit(polygons: Geometries, zone: int, wanted: _Wanted) -> NDArray[np.bool_]:
    """Whether polygons in the grid meet the demands; the width, which costs most, is asked last."""
    fits = areas(polygons, grid_epsg(zone, prefixed=False)) >= wanted.area_m2
    fits &= compactness(polygons) >= wanted.compactness
    # Half a per mille for the halving by which a width is found.
    fits[fits] = widths(polygons[fits]) >= wanted.width_m * (1 - 5e-4) if wanted.width_m > 0 else True
    return np.asarray(fits)


def _whole_parts(parts: Geometries, wanted: _Wanted, n: int) -> Geometries:
    return parts[compactness(parts) >= wanted.compactness][:n]


def _grow(
    parts: Geometries,
    plan: Plan,
    shape: Literal["square", "hexagon"],
    wanted: _Wanted,
    n: int,
    criteria: Criteria | None,
    report: Progress,
) -> Geometries:
    if not len(parts):
        return parts
    zone = grid_zone_of(plan)
    epsg = grid_epsg(zone, prefixed=False)
    # In the grid an area comes out larger than on the ellipsoid, by most where the land is farthest from the meridian.
    x0, y0, x1, y1 = shapely.total_bounds(parts)
    corners = shapely.points([x0, x1, x0, x1], [y0, y0, y1, y1])
    longitude, latitude = shapely.get_coordinates(to_lonlat(corners, epsg)).T
    excess = planar_excess_ppm(longitude, latitude, epsg).max() * 1e-6 + 1e-6
    report(0, n, "布格 / laying cells")
    along = _cells_along(float(shapely.area(parts).sum()), wanted.area_m2)
    lattice = lay_lattice(parts, cell_m2=wanted.area_m2 / along**2 * (1 + excess), shape=shape)
    if not len(lattice.cells):
        return lattice.cells
    cells = gpd.GeoDataFrame(geometry=lattice.cells, crs=epsg)
    grower = grow_sites(
        lattice,
        cell_m2=areas(cells.geometry, epsg),
        area_m2=wanted.area_m2,
        score=_score_places(cells, plan, criteria, report),
        spacing=along // 2,
    )
    found: list[BaseGeometry] = []
    site = next(grower, None)
    while site is not None and len(found) < n:
        report(len(found), n, "选地 / growing sites")
        outline = shapely.union_all(lattice.cells[site], grid_size=1e-3)
        kept = bool(_fit(np.array([outline], dtype=object), zone, wanted)[0])
        if kept:
            found.append(outline)
        site = _send(grower, kept)
    return np.array(found, dtype=object)


def _send(grower: Generator[NDArray[np.int64], bool, None], kept: bool) -> NDArray[np.int64] | None:
    try:
        return grower.send(kept)
    except StopIteration:
        return None


def _cells_along(land_m2: float, area_m2: float) -> int:
    for along in _CELLS_ALONG:
        if land_m2 / area_m2 * along**2 <= _MOST_CELLS:
            return along
    area_ha, land_km2 = f"{area_m2 / 1e4:g}", f"{land_m2 / 1e6:,.0f}"
    raise ArgumentError(
        f"area_ha={area_ha} is too small to search {land_km2} km2 for; name less land with within=",
        zh=f"area_ha={area_ha} 公顷太小，不宜在 {land_km2} 平方公里内搜索；请用 within= 缩小范围",
    )


def _score_places(
    cells: gpd.GeoDataFrame, plan: Plan, criteria: Criteria | None, report: Progress
) -> NDArray[np.float64]:
    """Score of each cell (0-1) by the criteria that tell places apart."""
    of_place = [each for each in criteria.criteria if MEASURES[each.measure].of_place] if criteria is not None else []
    if criteria is None or not of_place:
        return np.zeros(len(cells))
    weights = weigh_criteria(criteria)[[each.key for each in of_place]].to_numpy()
    values = measure_criteria(cells, plan, criteria.model_copy(update={"criteria": of_place}), progress=report)
    worth = np.column_stack([each.value.worth(values[each.key].to_numpy()) for each in of_place])
    return np.asarray(worth @ weights / weights.sum())


def _choose_candidates(
    given: gpd.GeoDataFrame, land: gpd.GeoDataFrame, zone: int, wanted: _Wanted, n: int
) -> NDArray[np.int64]:
    """Rows of the candidates that lie on the land and meet the demands; of two that overlap, the first."""
    lonlat = to_lonlat(given.geometry.to_numpy(), given.crs)
    in_plane = project(lonlat)
    eligible = shapely.union_all(project(land.geometry.to_numpy()))
    missed = shapely.area(in_plane) - shapely.area(shapely.intersection(in_plane, eligible))
    fits = (missed <= _CANDIDATE_MISS_M2) & _fit(to_grid(lonlat, zone), zone, wanted)
    chosen: list[int] = []
    for row in np.flatnonzero(fits):
        if len(chosen) < n and (shapely.area(shapely.intersection(in_plane[chosen], in_plane[row])) < 1e-3).all():
            chosen.append(int(row))
    return np.array(chosen, dtype=np.int64)


def _name_places(sites: gpd.GeoDataFrame, plan: Plan) -> list[str]:
    """Name of the feature of the study area (a county) in which each site lies."""
    city = zones_of(plan, plan.study_area)
    points = shapely.point_on_surface(project(sites.geometry.to_numpy()))
    site, feature = shapely.STRtree(city.shapes).query(points, predicate="within")
    names = dict(zip(site.tolist(), city.feature_name[feature], strict=True))
    return [str(names.get(number, "")) for number in range(len(sites))]


def _describe(
    sites: gpd.GeoDataFrame, plan: Plan, zone: int, industry: str | None, progress: Progress | None
) -> gpd.GeoDataFrame:
    if not len(sites):
        return gpd.GeoDataFrame(pd.DataFrame(columns=columns.SITES), geometry=[], crs=CGCS2000)
    verdicts = check(sites, plan, industry=industry, progress=progress).verdicts
    in_grid = to_grid(to_lonlat(sites.geometry.to_numpy(), CGCS2000), zone)
    area_m2 = areas(sites.geometry, CGCS2000)
    described = sites.assign(
        area_m2=area_m2,
        area_ha=to_hectares(area_m2),
        area_mu=to_mu(area_m2),
        compactness=compactness(in_grid),
        width_m=widths(in_grid),
        **{name: verdicts[name].to_numpy() for name in columns.VERDICTS if name != "parcel_id"},
    )
    return described[[*columns.SITES, "geometry"]].reset_index(drop=True)
