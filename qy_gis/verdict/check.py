"""Check parcels against a plan: areas, outcomes with reasons, one verdict per parcel, and the evidence."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.errors import ArgumentError
from qy_gis.measure.crs import CGCS2000
from qy_gis.measure.outlines import outlines_to_lonlat, outlines_to_plane, take_outlines
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Progress, open_index
from qy_gis.overlay.overlap import Measured, measure_parcels
from qy_gis.overlay.table import find_distances, tabulate_overlaps
from qy_gis.parcels.declared import compare_declared
from qy_gis.parcels.faults import Fault, Kind, refuse_faults
from qy_gis.parcels.prepare import Prepared, prepare_columns
from qy_gis.plan.digest import hash_files
from qy_gis.plan.model import Plan
from qy_gis.plan.read import read_plan
from qy_gis.verdict import tables
from qy_gis.verdict.evidence import collect_evidence
from qy_gis.verdict.findings import VERDICTS, judge_parcels
from qy_gis.verdict.rules import PASS, Judged, judge_rules
from qy_gis.verdict.tables import tabulate_findings, tabulate_verdicts, to_pandas

#: A parcel below this area (m2) cannot be told from contact with its neighbours.
LEAST_M2 = 0.01

#: What is wrong with a smaller one.
SPECK = Fault(Kind.SIZE, f"smaller than {LEAST_M2} m2", f"面积小于 {LEAST_M2} m2")

#: Columns of overlaps that are of outlines.
_OF_OUTLINES = ("width_m", "sliver")

#: Parcels whose rows `repr` shows.
_MOST_SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class CheckResult:
    """What a check found. Columns are those of `qy_gis.columns`.

    Every parcel is measured and judged when the result is there; each table is made when it is first asked for.

    Attributes
    ----------
    plan, industry, tolerance_m2
        What was asked.
    """

    plan: Plan
    industry: str | None
    tolerance_m2: float | None
    _given: Prepared
    _measured: Measured
    _judged: Judged

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per parcel; the index of the input."""
        return self._verdicts.copy(deep=False)

    @property
    def findings(self) -> pd.DataFrame:
        """One row per parcel and rule."""
        return self._findings.copy(deep=False)

    @property
    def parcels(self) -> gpd.GeoDataFrame:
        """One row per parcel, with areas (m2, 公顷, 亩), verdict and geometry (EPSG:4490); the index of the input."""
        return self._parcels.copy(deep=False)

    @property
    def overlaps(self) -> gpd.GeoDataFrame:
        """One row per parcel and feature it meets, and one per parcel and layer for the land outside; EPSG:4490."""
        return self._overlaps.copy(deep=False)

    @property
    def overlap_areas(self) -> pd.DataFrame:
        """The rows of `overlaps` without outlines, widths and sliver classes, which take most of the time to make."""
        return self._overlap_areas.copy(deep=False)

    @property
    def repairs(self) -> pd.DataFrame:
        """One row per thing that was repaired while reading, and per declared area that is not the computed one."""
        return self._repairs.copy(deep=False)

    @property
    def evidence(self) -> dict[str, Any]:
        """What the result rests on; see `qy_gis.verdict.evidence`."""
        return deepcopy(self._evidence)

    # Tables are made once and handed out as copies, which share memory until one is written to: nobody can make a
    # result say what its evidence does not.

    @cached_property
    def _verdicts(self) -> pd.DataFrame:
        return to_pandas(tabulate_verdicts(self._judged, self.plan, self._parcel_id), self._given.index)

    @cached_property
    def _findings(self) -> pd.DataFrame:
        table = tabulate_findings(self._judged, self.plan, self._parcel_id, distance_m=self._distance_to_ruled)
        return to_pandas(table)

    @cached_property
    def _parcels(self) -> gpd.GeoDataFrame:
        areas = self._measured.parcel_m2
        more = {
            "area_m2": areas,
            "area_ha": to_hectares(areas),
            "area_mu": to_mu(areas),
            "verdict": self._verdicts["verdict"].to_numpy(),
        }
        given = self._given
        lonlat = outlines_to_lonlat(take_outlines(given.outlines), given.crs).polygons()
        table = pd.DataFrame({**given.columns, **more}, index=given.index)[columns.PARCELS]
        return gpd.GeoDataFrame(table, geometry=lonlat, crs=CGCS2000)

    @cached_property
    def _overlaps(self) -> gpd.GeoDataFrame:
        given, crs = take_outlines(self._given.outlines), self._given.crs
        index = open_index(self.plan)
        table = tabulate_overlaps(
            self._measured, index, parcel_id=self._parcel_id, parcels=given, crs=crs, distance_m=self._distance_m
        )
        return gpd.GeoDataFrame(table, geometry="geometry", crs=CGCS2000)

    @cached_property
    def _overlap_areas(self) -> pd.DataFrame:
        index = open_index(self.plan)
        table = tables.tabulate_overlaps(self._measured, index, self._parcel_id, distance_m=self._distance_m)
        return to_pandas({name: column for name, column in table.items() if name not in _OF_OUTLINES})

    @cached_property
    def _repairs(self) -> pd.DataFrame:
        given = self._given.table
        names = ["parcel_id", columns.SOURCE_FILE, columns.SOURCE_REPAIRS]
        rows = [
            {"parcel_id": parcel, "file": file, **repair}
            for parcel, file, repairs in given[names].itertuples(index=False)
            for repair in json.loads(repairs)
        ]
        rows += compare_declared(given, self._measured.parcel_m2)
        return pd.DataFrame(rows, columns=columns.REPAIRS)

    @cached_property
    def _evidence(self) -> dict[str, Any]:
        return collect_evidence(self._given.table, self.plan, industry=self.industry, tolerance_m2=self.tolerance_m2)

    @cached_property
    def _distance_m(self) -> NDArray[np.float64]:
        return self._find_distances(None)

    @property
    def _distance_to_ruled(self) -> NDArray[np.float64]:
        # Findings are of layers with rules alone, often the lesser part of a plan.
        if "_distance_m" in vars(self):
            return self._distance_m
        ruled = np.zeros(len(self.plan.layers), dtype=bool)
        ruled[self._judged.layer] = True
        return self._find_distances(ruled)

    def _find_distances(self, among: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        outlines = take_outlines(self._given.outlines)
        return find_distances(self._measured, open_index(self.plan), outlines, self._given.crs, among=among)

    @cached_property
    def _parcel_id(self) -> NDArray[np.object_]:
        return np.asarray(self._given.columns["parcel_id"], dtype=object)

    def _repr_html_(self) -> str:
        from qy_gis.maps.notebook import result_html

        return result_html(self)

    def __len__(self) -> int:
        return len(self._given.index)

    def __str__(self) -> str:
        counts = np.bincount(judge_parcels(self._judged), minlength=len(VERDICTS)).tolist()
        parts = [
            f"{columns.VERDICT_TEXT[name][0]} {name}: {count}"
            for name, count in zip(VERDICTS, counts, strict=True)
            if count
        ]
        return f"{len(self)} parcels; {', '.join(parts)}"

    def __repr__(self) -> str:
        # Of many parcels no table is made for a line on the screen.
        shown = self if len(self) <= _MOST_SHOWN else self.take(np.arange(_MOST_SHOWN))
        rest = f"\nfirst {_MOST_SHOWN} of {len(self):,} parcels:" if shown is not self else ""
        return f"<CheckResult: {self}>{rest}\n{shown.verdicts!r}\n{shown.findings!r}"

    def take(self, rows: NDArray[np.integer]) -> CheckResult:
        """Return the result of some of the parcels alone, by their numbers (0 = the first)."""
        given = self._given.take(rows)
        in_plane = outlines_to_plane(take_outlines(given.outlines), given.crs)
        measured = measure_parcels(in_plane, open_index(self.plan))
        return CheckResult(self.plan, self.industry, self.tolerance_m2, given, measured, self._judged.take(rows))

    def count_open(self) -> NDArray[np.int64]:
        """Return how many findings of each parcel did not pass, of shape (n,)."""
        return np.asarray((self._judged.outcome != PASS).sum(axis=1))


def check(
    parcels: gpd.GeoDataFrame,
    plan: Plan | None = None,
    *,
    industry: str | None = None,
    tolerance_m2: float | None = None,
    progress: Progress | None = None,
) -> CheckResult:
    """Check parcels against a plan.

    Parameters
    ----------
    parcels
        Polygons with a CRS, from `qy_gis.read_parcels` or any GeoDataFrame. Edges are straight in their CRS, or, in
        degrees, in the 3-degree grid of the parcel's zone. Left untouched.
    plan
        The plan; the bundled one if None.
    industry
        The industry of the project, by key, title or alias. Without it, rules for certain industries are unknown where
        the land alone does not clear them.
    tolerance_m2
        Overlaps up to this area (m2) do not count. None keeps the tolerance written in each layer or rule.
    progress
        Called as ``progress(done, total, what)`` while layers are cut and measured.

    Returns
    -------
    CheckResult

    Raises
    ------
    CRSError
        The parcels have no CRS, one on another datum, or one that does not fit the coordinates.
    GeometryError
        Geometries that are empty, not polygons, or crossing themselves badly; all rows are named.
    SourceError
        Ids that are missing or used twice.
    ArgumentError
        An unknown industry or a negative tolerance.
    PlanError
        The plan's data have faults.

    Notes
    -----
    The verdict is the worst finding: a failed ``prohibit`` rule makes a parcel ``prohibited``, anything unknown
    ``undetermined``, a failed ``approve`` or ``advise`` rule ``conditional``; else it is ``suitable``.

    Examples
    --------
    >>> import geopandas as gpd, shapely, qy_gis as qy
    >>> plot = shapely.box(404000, 2613000, 404300, 2613200)
    >>> result = qy.check(gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[plot], crs="EPSG:4547"), industry="新能源")
    >>> result.parcels[["parcel_id", "area_m2", "verdict"]].round(2).values.tolist()
    [['A', 59986.39, 'undetermined']]
    """
    plan = read_plan() if plan is None else plan
    chosen = plan.industry(industry)
    if tolerance_m2 is not None and not 0 <= tolerance_m2 < np.inf:
        raise ArgumentError(
            f"tolerance_m2={tolerance_m2!r} is not accepted; give an area in m2, 0 or more",
            zh=f"容差 tolerance_m2={tolerance_m2!r} 无效；应为不小于 0 的平方米数",
        )
    given = prepare_columns(parcels)
    index = open_index(plan, progress=progress)
    # Hashed once for a plan, as its data are read once: evidence is of what was measured, whenever it is asked for.
    hash_files(plan)
    measured = measure_parcels(outlines_to_plane(take_outlines(given.outlines), given.crs), index)
    specks = np.flatnonzero(measured.parcel_m2 < LEAST_M2).tolist()
    refuse_faults(dict.fromkeys(specks, SPECK), given.index)
    judged = judge_rules(measured, plan, industry=chosen, tolerance_m2=tolerance_m2)
    return CheckResult(plan, chosen, tolerance_m2, given, measured, judged)
