"""What the files of a plan say of one another: names that lead nowhere, missing data and texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from qy_gis.errors import Fault
from qy_gis.plan.model import NOTHING_ASKED, OUTSIDE_STUDY_AREA, Layer, Plan, Rule, Text

_WORDS = {"layer": "图层", "source": "来源", "group": "分组", "industry": "产业"}

_COVERAGES = ("everywhere", "study_area", "none")


def find_broken(plan: Plan) -> list[Fault]:
    """Return all faults of references between the files of a plan."""
    faults = _find_unknown("plan.toml: study_area", [plan.study_area], plan.layers, "layer")
    study_area = plan.layers.get(plan.study_area)
    if study_area is not None and study_area.file is None:
        faults.append(
            Fault(
                f"plan.toml: study_area: layer {plan.study_area!r} has no data, so the plan has no place; give a file",
                f"plan.toml：study_area：图层 {plan.study_area!r} 没有数据，规划没有范围；请给出数据文件",
            )
        )
    faults += _find_unknown("plan.toml: sources", plan.sources, plan.all_sources, "source")
    for key, industry in plan.industries.items():
        faults += _find_unknown(f"industries.toml: {key}.sources", industry.sources, plan.all_sources, "source")
    for layer in plan.layers.values():
        faults += _find_in_layer(plan, layer)
    return faults + _find_untranslated(plan)


def _find_unknown(where: str, names: Sequence[str], known: Collection[str], what: str) -> list[Fault]:
    faults = []
    for name in names:
        if name not in known:
            accepted = ", ".join(sorted(known))
            alike = get_close_matches(name, list(known), n=1)
            meant, meant_zh = (f"did you mean {alike[0]!r}? ", f"是否指 {alike[0]!r}？") if alike else ("", "")
            faults.append(
                Fault(
                    f"{where}: {what} {name!r} does not exist; {meant}accepted: {accepted or 'none'}",
                    f"{where.replace(': ', '：')}：没有{_WORDS[what]} {name!r}；{meant_zh}可用：{accepted or '无'}",
                )
            )
    return faults


def _find_in_layer(plan: Plan, layer: Layer) -> list[Fault]:
    file = f"{layer.key}.toml"
    faults = _find_unknown(f"{file}: group", [layer.group], [group.key for group in plan.groups], "group")
    faults += _find_unknown(f"{file}: sources", layer.sources, plan.all_sources, "source")
    faults += _find_missing_files(layer, file)
    if not layer.has_data and layer.coverage != "none":
        faults.append(
            Fault(
                f"{file}: coverage: a layer without file covers 'none'; found {layer.coverage!r}; where a survey found "
                "no features, say empty = true",
                f"{file}：coverage：没有数据文件的图层应为 'none'，读到 {layer.coverage!r}；"
                "如已调查而没有要素，请写 empty = true",
            )
        )
    keys = [rule.key for rule in layer.rules]
    for number, rule in enumerate(layer.rules):
        where = f"{file}: rule {rule.key!r}"
        faults += _find_unknown(f"{where}: sources", rule.sources, plan.all_sources, "source")
        faults += _find_unknown(f"{where}: industries", rule.industries or [], plan.industries, "industry")
        if rule.key in keys[:number]:
            faults.append(
                Fault(
                    f"{where}: the key is used twice; give each rule a key of its own",
                    f"{where.replace(': ', '：')}：键重复；每条规则须有自己的 key",
                )
            )
        if layer.key == plan.study_area and rule.key in (OUTSIDE_STUDY_AREA, NOTHING_ASKED):
            faults.append(
                Fault(
                    f"{where}: the key is that of a finding that every plan has; give the rule another",
                    f"{where.replace(': ', '：')}：该键是每个规划固有结果的名称；请为规则另取 key",
                )
            )
        faults += _find_without_area(layer, rule, where)
    return faults


def _find_missing_files(layer: Layer, file: str) -> list[Fault]:
    """Return faults of the paths of a layer's data and coverage."""
    faults = []
    paths = {"file": layer.file, "coverage": None if layer.coverage in _COVERAGES else layer.coverage}
    for key, path in paths.items():
        # A drive or a share of Windows is absolute wherever the plan is read.
        if path is not None and (Path(path).is_absolute() or path.startswith(("/", "\\")) or path[1:2] == ":"):
            faults.append(
                Fault(
                    f"{file}: {key}: found an absolute path to {Path(path).name!r}; accepted are paths from the folder "
                    "of this file",
                    f"{file}：{key}：读到 {Path(path).name!r} 的绝对路径；应为相对于本文件所在文件夹的路径",
                )
            )
        elif path is not None and not (layer.folder / path).exists():
            accepted = ", ".join(_COVERAGES)
            more, more_zh = (
                ("", "")
                if key == "file"
                else (f"; accepted: {accepted}, or a data file", f"；可用：{accepted}，或数据文件")
            )
            faults.append(
                Fault(
                    f"{file}: {key}: {path!r} does not exist in the folder {layer.folder.name!r}{more}",
                    f"{file}：{key}：文件夹 {layer.folder.name!r} 中没有 {path!r}{more_zh}",
                )
            )
    return faults


def _find_without_area(layer: Layer, rule: Rule, where: str) -> list[Fault]:
    if layer.geometry not in ("line", "point") or rule.kind == "setback":
        return []
    return [
        Fault(
            f"{where}: a {layer.geometry} layer has no area; accepted are rules of kind 'setback', or geometry polygon "
            "or mixed",
            f"{where.replace(': ', '：')}：geometry = {layer.geometry!r} 的图层没有面积；规则应为 kind = 'setback'，"
            "或改 geometry 为 polygon 或 mixed",
        )
    ]


def _find_untranslated(plan: Plan) -> list[Fault]:
    """Return the texts without English of a plan whose languages ask for it."""
    if "en" not in plan.languages:
        return []
    held: dict[str, Any] = {f"{key}.toml": layer for key, layer in plan.layers.items()}
    held |= {f"industries.toml: {key}": industry for key, industry in plan.industries.items()}
    head = {name: getattr(plan, name) for name in ("title", "authority", "note", "groups")}
    places = [*_texts_in("plan.toml", head), *(found for name, one in held.items() for found in _texts_in(name, one))]
    return [
        Fault(
            f'{place}.en: is missing; add it, or say languages = ["zh"] in plan.toml',
            f'{place.replace(": ", "：")}.en：缺此项；请补上，或在 plan.toml 中写 languages = ["zh"]',
        )
        for place, text in places
        if "en" not in text.model_fields_set
    ]


def _texts_in(place: str, value: Any) -> Iterator[tuple[str, Text]]:
    """Yield the texts in a record, a table or a list, with where each is."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, BaseModel):
        yield from _texts_in(place, {name: getattr(value, name) for name in type(value).model_fields})
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts_in(f"{place}.{name}" if ": " in place else f"{place}: {name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _texts_in(f"{place} #{number}", inner)
