"""The columns of every table, in one place: the same names in Python, JSON, GeoPackage and on the page.

Units are in the names: ``_m`` metres, ``_m2`` square metres, ``_ha`` hectares (公顷), ``_mu`` 亩; ``share`` is 0-1.
"""

from __future__ import annotations

#: One row per parcel.
PARCELS = ["parcel_id", "name", "use", "area_m2", "area_ha", "area_mu", "declared_m2", "verdict"]

#: One row per parcel and feature it meets, and one per parcel and layer for the land outside (``feature_id`` "").
OVERLAPS = [
    "parcel_id",
    "layer",
    "feature_id",
    "feature_name",
    "relation",
    "area_m2",
    "low_m2",
    "high_m2",
    "share",
    "distance_m",
    "width_m",
    "sliver",
]

#: One row per parcel and rule. ``title`` is what the rule is called, ``cause`` why an outcome is unknown (`CAUSES`),
#: ``distance_m`` how far the nearest feature of the layer is. Figures stand here, not in the ``reason``.
FINDINGS = [
    "parcel_id",
    "layer",
    "rule",
    "title",
    "title_en",
    "severity",
    "outcome",
    "cause",
    "overlap_m2",
    "low_m2",
    "high_m2",
    "limit",
    "distance_m",
    "reason",
    "reason_en",
    "settle",
    "document",
    "article",
    "date",
    "reviewed",
]

#: One row per parcel. A batch adds the area (``area_m2``, ``area_ha``, ``area_mu``), as it has no table of parcels.
VERDICTS = ["parcel_id", "verdict", "fails", "unknowns", "summary", "summary_en"]

#: One row per face of the combined layers, followed by a column per layer.
FACES = ["face_id", "area_m2", "area_ha", "area_mu", "width_m"]

#: One row per contiguous part of the land that the rules leave.
ELIGIBLE = ["part_id", "verdict", "area_m2", "area_ha", "area_mu"]

#: One row per rule or setback, between the land there is and the land it leaves.
RULE_COSTS = [
    "step",
    "layer",
    "rule",
    "severity",
    "title",
    "title_en",
    "alone_m2",
    "unknown_m2",
    "change_m2",
    "left_m2",
    "marginal_m2",
]

#: One row per site; sites are parcels.
SITES = [
    "parcel_id",
    "name",
    "use",
    "area_m2",
    "area_ha",
    "area_mu",
    "compactness",
    "width_m",
    "verdict",
    "fails",
    "unknowns",
    "summary",
    "summary_en",
]

#: One row per thing that was repaired while reading.
REPAIRS = ["parcel_id", "file", "line", "what", "before", "after"]

#: Columns a parcel source adds, which a check turns into its ``repairs`` table and its evidence record.
SOURCE_FILE, SOURCE_SHA256, SOURCE_REPAIRS = "source_file", "source_sha256", "source_repairs"

RELATIONS = ("within", "overlaps", "contains", "touches", "outside")
OUTCOMES = ("pass", "fail", "unknown")

#: Why an outcome is unknown: the layer is not complete there, its line may be off, no industry was stated, or the plan
#: says nothing about the land or the industry.
CAUSES = ("data", "accuracy", "industry", "plan")

#: Severities of rules: what a failed rule asks for.
SEVERITY_TEXT = {
    "prohibit": ("禁止", "prohibits"),
    "approve": ("报批", "approval"),
    "advise": ("论证", "justification"),
}

#: Verdicts from worst to best, with their text for readers.
VERDICT_TEXT = {
    "prohibited": ("禁止", "prohibited"),
    "undetermined": ("待核实", "to be verified"),
    "conditional": ("需论证/报批", "needs justification or approval"),
    "suitable": ("可行", "suitable"),
}
