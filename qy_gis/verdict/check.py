"""Check parcels against a plan: areas, outcomes with reasons, one verdict per parcel, and the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from qy_gis import columns
from qy_gis.errors import ArgumentError
from qy_gis.measure.crs import CGCS2000
from qy_gis.measure.plane import project, to_lonlat
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Index, Progress, build_index
from qy_gis.overlay.overlap import measure_overlaps
from qy_gis.parcels.prepare import prepare_parcels
from qy_gis.plan.model import Plan
from qy_gis.plan.read import read_plan
from qy_gis.verdict.evidence import collect_evidence
from qy_gis.verdict.rules import judge_rules


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
    index: Index | None = None,
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
    index
        The plan already cut (`qy_gis.overlay.index.build_index`), to check again without cutting again.
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
    if tolerance_m2 is not None and not tolerance_m2 >= 0:
        raise ArgumentError(f"tolerance_m2={tolerance_m2!r} is not accepted; give an area in m2, 0 or more")
    given = prepare_parcels(parcels)
    index = build_index(plan, progress=progress) if index is None else index
    lonlat = to_lonlat(given.geometry.to_numpy(), given.crs, edges="grid")
    parcel_id = given["parcel_id"].to_numpy(dtype=object)

    overlaps = measure_overlaps(parcel_id, lonlat, index, progress=progress)
    areas = pd.Series(shapely.area(project(lonlat)), index=parcel_id)
    outside = overlaps[overlaps["feature_id"] == ""]
    findings = judge_rules(outside, areas, plan, industry=chosen, tolerance_m2=tolerance_m2)[columns.FINDINGS]
    verdicts = _judge_parcels(findings, plan, parcel_id)
    verdicts.index = given.index
    table = pd.DataFrame(
        {
            "parcel_id": parcel_id,
            "name": given["name"].to_numpy(),
            "use": given["use"].to_numpy(),
            "area_m2": areas.to_numpy(),
            "area_ha": to_hectares(areas),
            "area_mu": to_mu(areas),
            "declared_m2": given["declared_m2"].to_numpy(),
            "verdict": verdicts["verdict"].to_numpy(),
        },
        index=given.index,
    )
    return CheckResult(
        parcels=gpd.GeoDataFrame(table, geometry=given.to_crs(CGCS2000).geometry, crs=CGCS2000),
        overlaps=overlaps.drop(columns="no_data_m2"),
        findings=findings,
        verdicts=verdicts,
        repairs=_list_repairs(given),
        evidence=collect_evidence(given, plan, industry=chosen, tolerance_m2=tolerance_m2),
        plan=plan,
        industry=chosen,
    )


def _judge_parcels(findings: pd.DataFrame, plan: Plan, parcel_id: Any) -> pd.DataFrame:
    """One row per parcel: its worst finding, and which layers it comes from."""
    by_parcel = dict(list(findings.groupby("parcel_id", sort=False)))
    rows = []
    for parcel in parcel_id:
        own = by_parcel.get(parcel, findings.iloc[:0])
        failed, unknown = own[own["outcome"] == "fail"], own[own["outcome"] == "unknown"]
        prohibiting = failed[failed["severity"] == "prohibit"]
        if len(prohibiting):
            verdict, decisive = "prohibited", prohibiting
        elif len(unknown):
            verdict, decisive = "undetermined", unknown
        elif len(failed):
            verdict, decisive = "conditional", failed
        else:
            verdict, decisive = "suitable", failed
        titles = [plan.layers[layer].title for layer in dict.fromkeys(decisive["layer"])]
        zh, en = columns.VERDICT_TEXT[verdict]
        rows.append(
            {
                "parcel_id": parcel,
                "verdict": verdict,
                "fails": len(failed),
                "unknowns": len(unknown),
                "summary": f"{zh}：{'、'.join(title.zh for title in titles)}" if titles else zh,
                "summary_en": f"{en}: {', '.join(title.en for title in titles)}" if titles else en,
            }
        )
    return pd.DataFrame(rows, columns=columns.VERDICTS)


def _list_repairs(parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = [
        {"parcel_id": parcel, "file": file, **repair}
        for parcel, file, repairs in zip(
            parcels["parcel_id"], parcels[columns.SOURCE_FILE], parcels[columns.SOURCE_REPAIRS], strict=True
        )
        for repair in json.loads(repairs)
    ]
    return pd.DataFrame(rows, columns=columns.REPAIRS)
