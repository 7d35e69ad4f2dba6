"""qy_gis: a plan meets parcels, and out come areas, outcomes with reasons, and maps.

The public names, nothing else. They are loaded when first used, so that ``qy-gis --help`` does not wait for geopandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qy_gis.errors import (
        ArgumentError,
        ClusterError,
        CRSError,
        GeometryError,
        GridWarning,
        MapError,
        MissingSourceError,
        OutputError,
        PlanError,
        QyGisError,
        SourceError,
    )
    from qy_gis.maps.page import draw
    from qy_gis.measure.area import areas
    from qy_gis.overlay.combine import combine, cross_layers
    from qy_gis.parcels.read import read_parcels
    from qy_gis.parcels.write import write_parcels
    from qy_gis.plan.model import Layer, Plan, Rule
    from qy_gis.plan.read import read_plan
    from qy_gis.reports.write import write_report
    from qy_gis.siting.criteria import read_criteria
    from qy_gis.siting.eligible import eligible_area, rule_costs
    from qy_gis.siting.rank import rank_sites, rank_stability
    from qy_gis.siting.sites import find_sites
    from qy_gis.verdict.check import CheckResult, check

__version__ = "0.1.0"

_HOME = {
    "ArgumentError": "errors",
    "CRSError": "errors",
    "CheckResult": "verdict.check",
    "ClusterError": "errors",
    "GeometryError": "errors",
    "GridWarning": "errors",
    "Layer": "plan.model",
    "MapError": "errors",
    "MissingSourceError": "errors",
    "OutputError": "errors",
    "Plan": "plan.model",
    "PlanError": "errors",
    "QyGisError": "errors",
    "Rule": "plan.model",
    "SourceError": "errors",
    "areas": "measure.area",
    "check": "verdict.check",
    "combine": "overlay.combine",
    "cross_layers": "overlay.combine",
    "draw": "maps.page",
    "eligible_area": "siting.eligible",
    "find_sites": "siting.sites",
    "rank_sites": "siting.rank",
    "rank_stability": "siting.rank",
    "read_criteria": "siting.criteria",
    "read_parcels": "parcels.read",
    "read_plan": "plan.read",
    "rule_costs": "siting.eligible",
    "write_parcels": "parcels.write",
    "write_report": "reports.write",
}

__all__ = [
    "ArgumentError",
    "CRSError",
    "CheckResult",
    "ClusterError",
    "GeometryError",
    "GridWarning",
    "Layer",
    "MapError",
    "MissingSourceError",
    "OutputError",
    "Plan",
    "PlanError",
    "QyGisError",
    "Rule",
    "SourceError",
    "areas",
    "check",
    "combine",
    "cross_layers",
    "draw",
    "eligible_area",
    "find_sites",
    "rank_sites",
    "rank_stability",
    "read_criteria",
    "read_parcels",
    "read_plan",
    "rule_costs",
    "write_parcels",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qy_gis' has no attribute {name!r}")
    value = getattr(import_module(f"qy_gis.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
