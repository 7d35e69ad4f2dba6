"""What to do next: which layers to get and from whom, what to state, what to change."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from qy_gis.plan.model import Layer, Plan, Rule, Text
from qy_gis.reports.language import Lang, one_language, pick, pick_text

#: What a failed rule asks for, by its severity, in Chinese and English.
_TO_MEET: dict[str, tuple[str, str]] = {
    "prohibit": ("调整地块或项目，以符合：", "change the parcel or the project to meet: "),
    "approve": ("办理报批：", "apply for approval: "),
    "advise": ("编制论证：", "justify: "),
}


@dataclass(frozen=True)
class Command:
    """The check that was typed: its files, its industry and its plan folders, as they were given."""

    files: str
    industry: str | None = None
    folders: tuple[str, ...] = ()

    def say(self, lang: Lang, *, industry: bool, layers: bool) -> str:
        """Return the command to type next, with a place for an industry and for a folder of layers where asked."""
        words = ["qy-gis check", self.files]
        if self.industry:
            words += ["--industry", _quoted(self.industry)]
        elif industry:
            words += ["--industry", pick(lang, "产业名称", "INDUSTRY")]
        words += [word for folder in self.folders for word in ("--layers", _quoted(folder))]
        if layers:
            words += ["--layers", pick(lang, "文件夹", "FOLDER")]
        return " ".join(words)


def name_files(files: tuple[str, ...]) -> str:
    """Return files as they are typed in a command."""
    return " ".join(map(_quoted, files))


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def rule_of(plan: Plan, layer: str, key: str) -> Rule | None:
    """Return a rule of a plan; None for a finding that no layer makes."""
    found = plan.layers.get(layer)
    return next((rule for rule in found.rules if rule.key == key), None) if found else None


def title_of(finding: object, plan: Plan, lang: Lang) -> str:
    """Return what the rule of a finding is called, or else its layer, or else its key."""
    title = getattr(finding, pick(lang, "title", "title_en"), "")
    if isinstance(title, str) and title:
        return title
    key = str(getattr(finding, "layer", ""))
    layer = plan.layers.get(key)
    return pick_text(lang, layer.title) if layer else str(getattr(finding, "rule", key))


def layers_to_get(findings: pd.DataFrame, plan: Plan) -> list[Layer]:
    """Return the layers without data for which a finding is unknown, in the order of the plan."""
    unknown = set(findings.loc[findings["outcome"] == "unknown", "layer"])
    return [layer for key, layer in plan.layers.items() if key in unknown and not layer.has_data]


def by_holder(layers: list[Layer]) -> list[tuple[Text | None, list[Layer]]]:
    """Return layers by who holds their official data, in the order given."""
    held: dict[tuple[str, str] | None, list[Layer]] = {}
    for layer in layers:
        held.setdefault((layer.holder.zh, layer.holder.en) if layer.holder else None, []).append(layer)
    return [(group[0].holder, group) for group in held.values()]


def say_layers_to_get(layers: list[Layer], lang: Lang) -> list[str]:
    """Say in a line for each holder which layers to get.

    Examples
    --------
    >>> import qy_gis as qy
    >>> layers = qy.read_plan().layers
    >>> say_layers_to_get([layers["ecological_redline"], layers["water_source"]], "zh")
    ['向自然资源主管部门索取：生态保护红线', '向生态环境主管部门索取：饮用水水源保护区']
    """
    lines = []
    for holder, group in by_holder(layers):
        titles = pick(lang, "、", ", ").join(pick_text(lang, layer.title) for layer in group)
        if holder is None:
            lines.append(pick(lang, f"向主管部门索取：{titles}", f"from the authority in charge: {titles}"))
        else:
            whom = pick_text(lang, holder)
            lines.append(pick(lang, f"向{whom}索取：{titles}", f"from {whom}: {titles}"))
    return lines


def industry_is_asked(findings: pd.DataFrame, plan: Plan, industry: str | None) -> bool:
    """Return whether a finding is unknown that depends on the industry, and none was stated."""
    if industry is not None:
        return False
    unknown = findings.loc[findings["outcome"] == "unknown", ["layer", "rule"]].drop_duplicates()
    rules = [rule_of(plan, layer, key) for layer, key in unknown.itertuples(index=False)]
    return any(rule is not None and rule.industries is not None for rule in rules)


def say_next(findings: pd.DataFrame, plan: Plan, industry: str | None, lang: Lang) -> str:
    """Say what to do next about one parcel: everything that stands against it or is unknown, in one line.

    Parameters
    ----------
    findings
        Those of one parcel.
    plan, industry
        Of the check.
    lang
        Language of the line.

    Returns
    -------
    str
        "" if nothing stands against the parcel.
    """
    said: list[str] = []
    comma, stop = pick(lang, "、", ", "), pick(lang, "；", "; ")
    failed = findings[findings["outcome"] == "fail"]
    for severity, words in _TO_MEET.items():
        titles = [title_of(row, plan, lang) for row in failed[failed["severity"] == severity].itertuples(index=False)]
        if titles:
            said.append(pick(lang, *words) + comma.join(dict.fromkeys(titles)))
    missing = layers_to_get(findings, plan)
    lacking = say_layers_to_get(missing, lang)
    said += [pick(lang, line, f"get {line}") for line in lacking]
    if industry_is_asked(findings, plan, industry):
        said.append(pick(lang, "注明产业（--industry）", "state the industry (--industry)"))
    known = [layer.key for layer in missing]
    others = findings[(findings["outcome"] == "unknown") & ~findings["layer"].isin(known)]
    said += [say_settle(row, plan, lang).rstrip("。.") for row in others.itertuples(index=False)]
    return stop.join(dict.fromkeys(filter(None, said)))


def say_settle(finding: object, plan: Plan, lang: Lang) -> str:
    """Say what would settle an unknown finding, in one language."""
    rule = rule_of(plan, str(getattr(finding, "layer", "")), str(getattr(finding, "rule", "")))
    text = str(getattr(finding, "settle", ""))
    both = f"{rule.settle.zh} / {rule.settle.en}" if rule else ""
    # A text of the plan is kept in the plan in each language; one that is put together is taken apart.
    if rule is not None and text == both:
        return pick_text(lang, rule.settle)
    return one_language(text, lang)


def say_what_to_type(findings: pd.DataFrame, plan: Plan, command: Command, lang: Lang) -> list[str]:
    """Say what to do next about all parcels of a check, a line for each thing, the most pressing last.

    ``findings`` are those of all parcels; those that pass may be left out.
    """
    failed, unknown = findings[findings["outcome"] == "fail"], findings[findings["outcome"] == "unknown"]
    lines = []
    asked = industry_is_asked(findings, plan, command.industry)
    missing = layers_to_get(findings, plan)
    if missing:
        again = command.say(lang, industry=asked, layers=True)
        lines.append(
            pick(
                lang,
                f"取得上列图层，放入一个文件夹，再运行：{again}",
                f"put the layers above in a folder, then: {again}",
            )
        )
    elif asked:
        again = command.say(lang, industry=True, layers=False)
        lines.append(pick(lang, f"注明产业，再运行：{again}", f"state the industry: {again}"))
    elif len(unknown):
        lines.append(pick(lang, "按上列各项核实", "settle what is unknown, as said above"))
    for severity, words in reversed(_TO_MEET.items()):
        rows = failed[failed["severity"] == severity].drop_duplicates(["layer", "rule"])
        titles = [title_of(row, plan, lang) for row in rows.itertuples(index=False)]
        if titles:
            lines.append(pick(lang, *words) + pick(lang, "、", ", ").join(dict.fromkeys(titles)))
    return lines or [pick(lang, "没有不利事项", "nothing stands against it")]
