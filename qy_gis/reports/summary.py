"""The summary of a batch as tables: verdicts, land inside each layer, and what became of each rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from qy_gis.columns import SEVERITY_TEXT, VERDICT_TEXT
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.plan.model import Plan
from qy_gis.reports.language import Lang, pick
from qy_gis.verdict.findings import title_rule
from qy_gis.verdict.rules import NOTHING_ASKED, OUTSIDE_STUDY_AREA

Kind = Literal["text", "count", "area", "share"]
Cell = str | int | float

_SHOWN = {"text": "{}", "count": "{:,}", "area": "{:,.2f}", "share": "{:.1%}"}

#: What becomes of a rule for a parcel, in words; the unknown ones by their cause.
OUTCOME_TEXT = {
    "pass": ("符合", "pass"),
    "fail": ("不符合", "fail"),
    "data": ("待核实：缺数据", "unknown: no data"),
    "accuracy": ("待核实：精度", "unknown: accuracy"),
    "industry": ("待核实：未注明产业", "unknown: no industry"),
    "plan": ("待核实：规划未及", "unknown: not in the plan"),
}

#: What is of every plan, and not among its rules.
_BUILT_IN = {
    OUTSIDE_STUDY_AREA: ("位于规划范围内", "inside the study area"),
    NOTHING_ASKED: ("规划有适用的规则", "the plan asks something"),
}


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading in Chinese and English, and what stands in it."""

    zh: str
    en: str
    kind: Kind


@dataclass(frozen=True)
class SummaryTable:
    """One table of a summary; ``bars`` gives, for each row, the name and share of each stretch of its bar."""

    zh: str
    en: str
    columns: list[Column]
    rows: list[list[Cell]]
    bars: list[list[tuple[str, float]]]

    def shown(self, row: list[Cell]) -> list[str]:
        """Return a row as text."""
        return [_SHOWN[column.kind].format(cell) for column, cell in zip(self.columns, row, strict=True)]


def tabulate_summary(summary: dict[str, Any], plan: Plan, *, lang: Lang | None = None) -> list[SummaryTable]:
    """Make tables of a summary (`qy_gis.verdict.summary.summarise_block`): verdicts, layers and rules.

    Texts in them are in the language, in Chinese and English if it is None.
    """

    def text(zh: str, en: str) -> str:
        return f"{zh} {en}" if lang is None else pick(lang, zh, en)

    parcels, whole_m2 = max(summary["parcels"], 1), max(sum(summary["verdicts_m2"].values()), 1e-9)
    verdicts: list[list[Cell]] = []
    for key, count in summary["verdicts"].items():
        area = summary["verdicts_m2"][key]
        verdicts.append([text(*VERDICT_TEXT[key]), count, count / parcels, *_in_units(area)])
    inside: list[list[Cell]] = []
    for key, area in summary["area_m2"].items():
        title = plan.layers[key].title
        inside.append([text(title.zh, title.en), *_in_units(area), area / whole_m2])
    named = {
        f"{key}.{rule.key}": (title_rule(layer, rule), text(*SEVERITY_TEXT[rule.severity]))
        for key, layer in plan.layers.items()
        for rule in layer.rules
    }
    rules: list[list[Cell]] = []
    counted = {name: counts for name, counts in summary["rules"].items() if name in named or sum(counts.values())}
    for name, counts in counted.items():
        layer = plan.layers[name.partition(".")[0]]
        called, severity = named.get(name, (_BUILT_IN.get(name.partition(".")[2], (name, name)), ""))
        rules.append([text(layer.title.zh, layer.title.en), text(*called), severity, *counts.values()])
    units = [Column("公顷", "ha", "area"), Column("亩", "mu", "area")]
    return [
        SummaryTable(
            "结论",
            "Verdicts",
            [
                Column("结论", "verdict", "text"),
                Column("宗数", "parcels", "count"),
                Column("占比", "share", "share"),
                *units,
            ],
            verdicts,
            [[(key, count / parcels)] for key, count in summary["verdicts"].items()],
        ),
        SummaryTable(
            "各图层内面积",
            "Land inside each layer",
            [Column("图层", "layer", "text"), *units, Column("占全部地块", "of all land", "share")],
            inside,
            [[("inside", area / whole_m2)] for area in summary["area_m2"].values()],
        ),
        SummaryTable(
            "各规则的结果（宗数）",
            "What became of each rule (parcels)",
            [
                Column("图层", "layer", "text"),
                Column("规则", "rule", "text"),
                Column("级别", "severity", "text"),
                *(Column(*text, "count") for text in OUTCOME_TEXT.values()),
            ],
            rules,
            [[(name, count / parcels) for name, count in counts.items()] for counts in counted.values()],
        ),
    ]


def _in_units(area_m2: float) -> list[Cell]:
    return [float(to_hectares(area_m2)), float(to_mu(area_m2))]
