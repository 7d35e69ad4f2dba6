"""Ground: land in pieces, each of which is for every rule surely taken, surely left, or unknown.

Siting asks the very rules that a check asks (`qy_gis.verdict.rules.list_asked`): each is asked about a square metre
that is surely inside a layer, one that may be, and one surely outside, and what it answers holds for the land.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from qy_gis.errors import ArgumentError
from qy_gis.measure.plane import Geometries, to_plane
from qy_gis.overlay.combine import split_faces
from qy_gis.overlay.index import Progress
from qy_gis.overlay.setbacks import project_setback
from qy_gis.overlay.zones import Zones, project_zones, unite
from qy_gis.plan.model import Plan, Rule, Severity
from qy_gis.verdict.rules import APPLIES, OTHER_INDUSTRY, Interval, Kind, list_asked, setback

#: What a rule does to a piece of land.
CLEAR, UNKNOWN, TAKEN = 0, 1, 2

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

#: A square metre surely inside a layer, one that may be, and one surely outside: how much of it lies outside.
_SQUARE_METRES = Interval(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
_IN, _PERHAPS, _OUT = 0, 1, 2


@dataclass(frozen=True)
class Constraint:
    """A rule, or a setback that is tried without one (then ``rule`` is None); the distance is None but of setbacks.

    ``kind`` and ``concern`` are those of `qy_gis.verdict.rules.Asked`.
    """

    layer: str
    rule: Rule | None
    distance_m: float | None
    kind: Kind
    concern: int


@dataclass(frozen=True)
class Ground:
    """Land in pieces, and what each constraint does to each.

    Attributes
    ----------
    pieces
        Polygons in the survey plane, of shape (m,), without gap or overlap.
    area_m2
        Of shape (m,).
    constraints
        The rules that apply to the industry and the setbacks, n of them.
    effect
        `CLEAR`, `UNKNOWN` or `TAKEN`, of shape (m, n).
    binding
        Whether a constraint takes land here (its severity was asked for), of shape (n,).
    """

    pieces: Geometries
    area_m2: NDArray[np.float64]
    constraints: list[Constraint]
    effect: NDArray[np.int8]
    binding: NDArray[np.bool_]

    @property
    def status(self) -> NDArray[np.int8]:
        """What becomes of each piece, of shape (m,): what a rule leaves unknown is unknown, whether it binds or not."""
        taken = (self.effect[:, self.binding] == TAKEN).any(axis=1)
        unknown = (self.effect == UNKNOWN).any(axis=1)
        return np.select([taken, unknown], [TAKEN, UNKNOWN], CLEAR).astype(np.int8)

    @property
    def verdict(self) -> NDArray[np.object_]:
        """The verdict of each piece by all rules, in the words of a check, of shape (m,)."""
        severity = np.array([each.rule.severity if each.rule else "prohibit" for each in self.constraints])
        taken = self.effect == TAKEN
        prohibited = taken[:, severity == "prohibit"].any(axis=1)
        undetermined = (self.effect == UNKNOWN).any(axis=1)
        cases = [prohibited, undetermined, taken.any(axis=1)]
        return np.select(cases, ["prohibited", "undetermined", "conditional"], "suitable").astype(object)


def survey_ground(
    plan: Plan,
    *,
    industry: str | None,
    within: str | gpd.GeoDataFrame | None,
    severities: Sequence[Severity],
    setbacks: Mapping[str, float] | None,
    progress: Progress | None,
) -> Ground:
    """Split land by what the rules do to it; the arguments are those of `qy_gis.eligible_area`."""
    chosen = plan.industry(industry)
    wrong = [severity for severity in severities if severity not in SEVERITIES]
    if wrong or isinstance(severities, str):
        accepted = ", ".join(SEVERITIES)
        raise ArgumentError(
            f"severities={severities!r}: accepted is a list of {accepted}",
            zh=f"severities={severities!r} 无效，应为列表，其中可用：{accepted}",
        )
    constraints = _list_constraints(plan, chosen, setbacks or {})
    extents = list(dict.fromkeys((each.layer, each.distance_m) for each in constraints))
    land = find_land(plan, within)
    # Land, costs and sites of one question are asked for in turn: the last split is kept with the plan.
    question = (shapely.to_wkb(land), *extents)
    kept: dict[Any, _Split] = plan.derive("split of siting", dict)
    if question not in kept:
        kept.clear()
        kept[question] = _split_land(land, extents, plan, progress or (lambda *_: None))
    split = kept[question]
    effect = np.zeros((len(split.pieces), len(constraints)), dtype=np.int8)
    for number, each in enumerate(constraints):
        effect[:, number] = _judge(each)[split.lies[:, extents.index((each.layer, each.distance_m))]]
    return Ground(
        pieces=split.pieces,
        area_m2=split.area_m2,
        constraints=constraints,
        effect=effect,
        binding=np.array([each.rule is None or each.rule.severity in severities for each in constraints], dtype=bool),
    )


def zones_of(plan: Plan, layer: str) -> Zones:
    """Return a layer in the survey plane, projected the first time it is asked for."""
    return plan.derive(f"zones of {layer}", lambda: project_zones(plan, layer))


def find_land(plan: Plan, within: str | gpd.GeoDataFrame | None) -> BaseGeometry:
    """Return the study area, or the part of it within a named feature or within polygons, in the survey plane."""
    city = zones_of(plan, plan.study_area)
    if within is None:
        return city.union
    if isinstance(within, gpd.GeoDataFrame):
        asked = unite(to_plane(within.geometry.to_numpy(), within.crs))
    else:
        names = plan.features(plan.study_area)
        same = (names[["feature_id", "feature_name", "feature_name_en"]] == within).any(axis=1)
        if not same.any():
            accepted = ", ".join(names["feature_name"])
            raise ArgumentError(
                f"within={within!r} is not in the study area; accepted: {accepted}, or a GeoDataFrame",
                zh=f"within={within!r} 不在研究范围内；可用：{accepted}，或 GeoDataFrame",
            )
        asked = unite(city.shapes[same.to_numpy()])
    land = unite(np.array([shapely.intersection(asked, city.union)], dtype=object))
    if land.is_empty:
        raise ArgumentError(
            "within= has no land in the study area of the plan; is its CRS right?",
            zh="within= 与规划的研究范围没有重叠；请核对其坐标系与位置",
        )
    return land


@dataclass(frozen=True)
class _Split:
    """Pieces of land of shape (m,), and whether each is in a layer or setback, may be, or is out, of shape (m, e)."""

    pieces: Geometries
    area_m2: NDArray[np.float64]
    lies: NDArray[np.int8]


def _split_land(land: BaseGeometry, extents: list[tuple[str, float | None]], plan: Plan, report: Progress) -> _Split:
    """Split land along the edges of layers and setbacks."""
    shapes = [land]
    everywhere = zones_of(plan, plan.study_area).union
    for number, (layer, distance_m) in enumerate(extents):
        report(number, len(extents) + 1, plan.layers[layer].title.zh)
        whole = zones_of(plan, layer) if distance_m is None else project_setback(plan, layer, distance_m)
        shapes += [whole.union_low, whole.union_high, everywhere if whole.covered is None else whole.covered]
    report(len(extents), len(extents) + 1, "切分 / splitting")
    # The least and the most of an exact layer are the same outline, and many layers cover the same land.
    distinct: dict[bytes, int] = {}
    place = np.array([distinct.setdefault(shapely.to_wkb(shape), len(distinct)) for shape in shapes])
    pieces, piece, shape = split_faces(np.array(shapely.from_wkb(list(distinct)), dtype=object))
    covers = np.zeros((len(pieces), len(distinct)), dtype=bool)
    covers[piece, shape] = True
    on_land = covers[:, 0]
    low, high, covered = (covers[on_land][:, place[first::3]] for first in (1, 2, 3))
    return _Split(
        pieces=pieces[on_land],
        area_m2=np.asarray(shapely.area(pieces[on_land])),
        lies=np.where(low, _IN, np.where(high | ~covered, _PERHAPS, _OUT)).astype(np.int8),
    )


def _list_constraints(plan: Plan, industry: str | None, setbacks: Mapping[str, float]) -> list[Constraint]:
    faults = [
        f"{layer}={distance!r}"
        for layer, distance in setbacks.items()
        if layer not in plan.layers or not 0 < distance < np.inf
    ]
    if faults:
        named, accepted = ", ".join(faults), ", ".join(plan.layers)
        raise ArgumentError(
            f"setbacks: {named}: accepted are metres over 0 for a layer among {accepted}",
            zh=f"退让距离 setbacks：{named} 无效，应为大于 0 的米数；可用的图层：{accepted}",
        )
    layers = list(plan.layers)
    rules = [
        Constraint(layers[each.layer], each.rule, each.rule.distance_m, each.kind, each.concern)
        for each in list_asked(plan, industry)
        if each.concern != OTHER_INDUSTRY
    ]
    return rules + [Constraint(layer, None, distance, setback, APPLIES) for layer, distance in setbacks.items()]


def _judge(constraint: Constraint) -> NDArray[np.int8]:
    """Return what a constraint does to land surely in its layer, perhaps in it, and surely outside."""
    against = constraint.kind(np.ones(3), _SQUARE_METRES)
    effect = np.where(against.low > 0, TAKEN, np.where(against.high > 0, UNKNOWN, CLEAR)).astype(np.int8)
    # As in a check: without the industry a rule for some may pass on the land alone, but not fail; nor does what is of
    # every plan.
    return effect if constraint.concern == APPLIES else np.minimum(effect, UNKNOWN)
