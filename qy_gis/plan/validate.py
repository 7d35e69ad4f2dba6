"""Hold a plan's data against what its TOML files say, and describe those files to editors."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os

from qy_gis.errors import Fault, PlanError
from qy_gis.plan.model import Layer, Plan, Rule
from qy_gis.plan.read import assemble_plan

#: Where parcels can be checked, degrees on CGCS2000.
_WEST, _SOUTH, _EAST, _NORTH = 75, 3, 135, 54


def validate_folders(*folders: str | os.PathLike[str]) -> tuple[Plan, list[Fault]]:
    """Read a plan as `qy_gis.read_plan` does, and its data; all faults of both are reported at once.

    Returns
    -------
    tuple
        The plan, and what is no fault but should be known, as `validate_plan` returns it.

    Raises
    ------
    PlanError
        With every fault of the TOML files and of the data of those layers that can be understood.
    """
    plan, faults = assemble_plan(folders)
    if plan is None:
        raise PlanError(faults)
    notes: list[Fault] = []
    try:
        notes = validate_plan(plan)
    except PlanError as error:
        # What a layer's own file says wrongly is told once.
        faults += [fault for fault in error.said if fault not in faults]
    if faults:
        raise PlanError(faults)
    return plan, notes


def validate_plan(plan: Plan) -> list[Fault]:
    """Read the data of every layer and hold it against the layer, and its rules against one another.

    Returns
    -------
    list of Fault
        What is no fault but should be known: layers and rules dated after the plan's period, advice that other rules
        contradict.

    Raises
    ------
    PlanError
        With every fault of every layer: data that cannot be read, a missing CRS, geometries of another kind, empty or
        invalid ones, ids that are missing or used twice, rules that no parcel can keep, dates that have not come yet.
    """
    faults: list[Fault] = []
    notes: list[Fault] = []
    for key, layer in plan.layers.items():
        faults += _find_future(layer)
        notes += _find_late(layer, plan)
        for clash, is_advice in _find_contradictions(layer):
            (notes if is_advice else faults).append(clash)
        files = {"file": layer.file, "coverage": layer.coverage}
        if any(path and "." in path and not (layer.folder / path).exists() for path in files.values()):
            # It was said of the TOML file that these are not there.
            continue
        for read in (plan.features, plan.coverage):
            try:
                read(key)
            except PlanError as error:
                faults += error.said
            else:
                far = _find_far(plan, layer) if read == plan.features else []
                faults += far
                notes += _find_astray(plan, layer) if read == plan.features and not far else []
    if faults:
        # A broken study area is met again by every layer that is covered by it.
        raise PlanError(list(dict.fromkeys(faults)))
    return notes


def _find_far(plan: Plan, layer: Layer) -> list[Fault]:
    """Return a fault if features are where no parcel can be checked: beyond the 3-degree zones 25 to 45."""
    features = plan.features(layer.key)
    if features.empty:
        return []
    west, south, east, north = features.to_crs(4490).total_bounds
    reach = (west >= _WEST) & (south >= _SOUTH) & (east <= _EAST) & (north <= _NORTH)
    if reach:
        return []
    found = f"{west:.3f}-{east:.3f} E, {south:.3f}-{north:.3f} N"
    accepted = f"{_WEST}-{_EAST} E, {_SOUTH}-{_NORTH} N"
    return [
        Fault(
            f"{layer.key}.toml: {layer.file}: lies at {found}; accepted is {accepted}, where parcels are checked; is "
            "the CRS right?",
            f"{layer.key}.toml：{layer.file}：位于 {found}；应在 {accepted} 之内，此外无法核查；坐标系是否正确？",
        )
    ]


def _find_astray(plan: Plan, layer: Layer) -> list[Fault]:
    """Return a note of the features that lie nowhere near the study area: no parcel will meet them."""
    features = plan.features(layer.key)
    if layer.key == plan.study_area or features.empty:
        return []
    west, south, east, north = plan.features(plan.study_area).to_crs(4490).total_bounds
    bounds = features.to_crs(4490).bounds
    off = (bounds["minx"] > east) | (bounds["maxx"] < west) | (bounds["miny"] > north) | (bounds["maxy"] < south)
    if not off.any():
        return []
    shown = ", ".join(features["feature_id"][off].head(5)) + (" …" if off.sum() > 5 else "")
    return [
        Fault(
            f"{layer.key}.toml: {layer.file}: {off.sum()} of {len(features)} features lie outside the study area: "
            f"{shown}; are their coordinates right?",
            f"{layer.key}.toml：{layer.file}：{len(features)} 个要素中有 {off.sum()} 个位于规划范围之外：{shown}；"
            "坐标是否正确？",
        )
    ]


def _dates(layer: Layer) -> list[tuple[str, dt.date]]:
    dates = [(f"{layer.key}.toml: date", layer.date)]
    dates += [(f"{layer.key}.toml: rule {rule.key!r}: date", rule.date) for rule in layer.rules]
    return [(where, date) for where, date in dates if date is not None]


def _find_future(layer: Layer) -> list[Fault]:
    today = dt.date.today()
    return [
        Fault(
            f"{where}: found {date}, which has not come yet; accepted are dates up to {today}",
            f"{where.replace(': ', '：')}：读到 {date}，尚未到来；日期应不晚于 {today}",
        )
        for where, date in _dates(layer)
        if date > today
    ]


def _find_late(layer: Layer, plan: Plan) -> list[Fault]:
    today, end = dt.date.today(), plan.period.end
    return [
        Fault(
            f"{where}: {date} is after the plan's period, which ends in {end}; is the plan still the one in force?",
            f"{where.replace(': ', '：')}：{date} 晚于规划期（止于 {end} 年）；规划是否仍然有效？",
        )
        for where, date in _dates(layer)
        if end < date.year and date <= today
    ]


def _find_contradictions(layer: Layer) -> list[tuple[Fault, bool]]:
    """Return pairs of rules of which no parcel can keep both, and whether one of them is mere advice.

    A rule for all industries and one for some do not clash: that some may not be there at all is what such plans say.
    """
    found = []
    for one, other in itertools.combinations(layer.rules, 2):
        kinds = {one.kind, other.kind}
        if "inside" not in kinds or len(kinds) == 1 or not _ask_alike(one, other):
            continue
        within, away = (one, other) if one.kind == "inside" else (other, one)
        said = Fault(
            f"{layer.key}.toml: rules {within.key!r} (inside) and {away.key!r} ({away.kind}) contradict one another: "
            "no parcel can keep both; take one out, or give them different industries",
            f"{layer.key}.toml：规则 {within.key!r}（inside）与 {away.key!r}（{away.kind}）矛盾，没有地块能同时满足；"
            "请删去其一，或用 industries 分开",
        )
        found.append((said, "advise" in (one.severity, other.severity)))
    return found


def _ask_alike(one: Rule, other: Rule) -> bool:
    """Return whether two rules are asked for all industries both, or for some that are the same."""
    if one.industries is None or other.industries is None:
        return one.industries is other.industries
    return bool({*one.industries} & {*other.industries})


def layer_schema() -> str:
    """Return the JSON Schema of a layer file as text, for editors that check TOML while one types."""
    schema = Layer.model_json_schema(by_alias=True)
    for given in ("key", "folder"):  # taken from the file's name and place, never written in it
        schema["properties"].pop(given)
        schema["required"].remove(given)
    schema["title"] = "A layer of a qy_gis plan"
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
