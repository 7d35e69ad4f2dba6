"""Check parcels against a plan: areas, outcomes with reasons, one verdict per parcel, and the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.errors import ArgumentError, GeometryError
from qy_gis.measure.crs import CGCS2000
from qy_gis.measure.outlines import outlines_to_plane, take_outlines
from qy_gis.measure.plane import to_lonlat
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Progress, open_index
from qy_gis.overlay.overlap import measure_parcels, shape_overlaps, tabulate_overlaps
from qy_gis.parcels.declared import compare_declared
from qy_gis.parcels.prepare import prepare_parcels
from qy_gis.plan.model import Plan
from qy_gis.plan.read import read_plan
from qy_gis.verdict.evidence import collect_evidence
from qy_gis.verdict.findings import tabulate_findings, tabulate_verdicts
from qy_gis.verdict.rules import judge_rules

#: A parcel below this area (m2) cannot be told from contact with its neighbours.
LEAST_M2 = 0.01


@dataclass(frozen=True)
class CheckResult:
    """What a check found. Columns are those of `qy_gis.columns`.

    Attributes
    ----------
    parcels
        One row per parcel, with areas (m2, 公顷, 亩), verdict and geometry (EPSG:4490); the index of the input.
    overlaps
        One row per parcel and feature it meets, and one per parcel and layer for the land outside; EPSG:4490.
    findings
        One row per parcel and rule.
    verdicts
        One row per parcel; the index of the input.
    repairs
        One row per thing that was repaired while reading.
    evidence
        What the result rests on; see `qy_gis.verdict.evidence`.
    plan, industry
        What was asked.
    """

    parcels: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame
    findings: pd.DataFrame
    verdicts: pd.DataFrame
    repairs: pd.DataFrame
    evidence: dict[str, Any]
    plan: Plan
    industry: str | None

    def _repr_html_(self) -> str:
        from qy_gis.maps.notebook import result_html

        return result_html(self)

    def __str__(self) -> str:
        counts = self.verdicts["verdict"].value_counts()
        parts = [f"{text[0]} {name}: {counts[name]}" for name, text in columns.VERDICT_TEXT.items() if name in counts]
        return f"{len(self.parcels)} parcels; {', '.join(parts)}"


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
        raise ArgumentError(f"tolerance_m2={tolerance_m2!r} is not accepted; give an area in m2, 0 or more")
    given = prepare_parcels(parcels)
    index = open_index(plan, progress=progress)
    lonlat = to_lonlat(given.geometry.to_numpy(), given.crs, edges="grid")
    parcel_id = given["parcel_id"].to_numpy(dtype=object)
    measured = measure_parcels(outlines_to_plane(take_outlines(given.geometry.to_numpy()), given.crs), index)
    specks = parcel_id[measured.parcel_m2 < LEAST_M2].tolist()
    if specks:
        raise GeometryError(
            f"{len(specks)} of {len(parcel_id)} parcels are smaller than {LEAST_M2} m2: {', '.join(specks[:5])}; "
            "are the coordinates in the CRS they claim?"
        )
    judged = judge_rules(measured, plan, industry=chosen, tolerance_m2=tolerance_m2)
    verdicts = tabulate_verdicts(judged, plan, parcel_id=parcel_id).set_index(given.index)
    areas = measured.parcel_m2
    table = pd.DataFrame(
        {
            "parcel_id": parcel_id,
            "name": given["name"].to_numpy(),
            "use": given["use"].to_numpy(),
            "area_m2": areas,
            "area_ha": to_hectares(areas),
            "area_mu": to_mu(areas),
            "declared_m2": given["declared_m2"].to_numpy(),
            "verdict": verdicts["verdict"].to_numpy(),
        },
        index=given.index,
    )
    overlaps = tabulate_overlaps(measured, index, parcel_id=parcel_id, lonlat=lonlat)
    overlaps = shape_overlaps(overlaps, index, parcel_id=parcel_id, lonlat=lonlat)
    return CheckResult(
        parcels=gpd.GeoDataFrame(table, geometry=given.to_crs(CGCS2000).geometry, crs=CGCS2000),
        overlaps=gpd.GeoDataFrame(overlaps, geometry="geometry", crs=CGCS2000),
        findings=tabulate_findings(judged, measured, plan, parcel_id=parcel_id),
        verdicts=verdicts,
        repairs=_list_repairs(given, areas),
        evidence=collect_evidence(given, plan, industry=chosen, tolerance_m2=tolerance_m2),
        plan=plan,
        industry=chosen,
    )


def _list_repairs(parcels: gpd.GeoDataFrame, areas: NDArray[np.float64]) -> pd.DataFrame:
    """One row per thing that was repaired while reading, and per declared area that is not the computed one."""
    rows = [
        {"parcel_id": parcel, "file": file, **repair}
        for parcel, file, repairs in zip(
            parcels["parcel_id"], parcels[columns.SOURCE_FILE], parcels[columns.SOURCE_REPAIRS], strict=True
        )
        for repair in json.loads(repairs)
    ]
    rows += compare_declared(parcels, areas)
    return pd.DataFrame(rows, columns=columns.REPAIRS)
