"""Read a plan from its folders: TOML files into models. All faults are reported at once.

A plan folder holds ``plan.toml``, ``sources.toml``, ``industries.toml``, one TOML per layer, and data files. A folder
without ``plan.toml`` is laid over the folders before it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from qy_gis.errors import Fault, PlanError
from qy_gis.plan.model import Industry, Layer, Plan, Source
from qy_gis.plan.references import find_broken
from qy_gis.toml_files import load_toml, parse_table

ModelT = TypeVar("ModelT", bound=BaseModel)

#: What a layer's data is. A folder laid over another replaces these together; title, group, style and rules stay.
_DATA_KEYS = {"file", "filter", "geometry", "id_column", "name_column", "name_en_column", "basis", "basis_note"}
_DATA_KEYS |= {"accuracy_m", "coverage", "date", "sources", "layer", "crs", "encoding", "empty", "merge"}
_DATA_KEYS |= {"coverage_layer", "coverage_crs", "coverage_encoding"}


def bundled_folder(name: str) -> Path:
    """Return the folder of bundled data (``layers``, ``maps``, ``examples``): in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "bundled" / name
    return installed if installed.is_dir() else package.parent / name


def read_plan(*folders: str | os.PathLike[str]) -> Plan:
    """Read a plan from one or more folders, the later laid over the earlier.

    Parameters
    ----------
    *folders
        Plan folders. None, or only folders without a ``plan.toml`` (an office's own data): the bundled plan of
        Qingyuan lies below them. A layer file of the same name replaces the data of that layer (file, basis, accuracy,
        coverage, sources …) and inherits title, group, style and rules where it does not give its own.

    Returns
    -------
    Plan
        Geometries are read when first asked for.

    Raises
    ------
    PlanError
        Any file is missing, is not TOML, or has an unknown key, a wrong value or a reference to nothing; every fault of
        every file is listed with file, key, what was found and what is accepted.

    Examples
    --------
    >>> import qy_gis as qy
    >>> plan = qy.read_plan()
    >>> plan.layers["core"].title.zh, plan.layers["core"].basis
    ('一核', 'proxy')
    """
    plan, faults = assemble_plan(folders)
    if plan is None or faults:
        raise PlanError(faults)
    return plan


def assemble_plan(folders: Sequence[str | os.PathLike[str]]) -> tuple[Plan | None, list[Fault]]:
    """Return a plan as far as its files say it, and all that is wrong with them.

    The arguments are those of `read_plan`. None if there is no plan to speak of; of layers at fault, those that can be
    understood are in it.
    """
    # Resolved now: data files are read later, perhaps from another working folder.
    paths = [Path(folder).resolve() for folder in folders]
    faults = [
        Fault(
            f"{path.name}: not a folder; a plan is a folder of TOML files",
            f"{path.name}：不是文件夹；规划是存放 TOML 文件的文件夹",
        )
        for path in paths
        if not path.is_dir()
    ]
    faults += [
        Fault(
            f"{path.name}: holds no TOML file; give the folder that does",
            f"{path.name}：没有 TOML 文件；请给出规划所在的文件夹",
        )
        for path in paths
        if path.is_dir() and not any(path.glob("*.toml"))
    ]
    if faults:
        return None, faults
    if not any((path / "plan.toml").is_file() for path in paths):
        paths.insert(0, bundled_folder("layers"))
    head, sources, industries, layers = _read_folders(paths, faults)
    plan = parse_table(Plan, {**head, "folders": paths}, "plan.toml", faults)
    if plan is None:
        return None, faults
    order = {group.key: place for place, group in enumerate(plan.groups)}
    in_order = dict(sorted(layers.items(), key=lambda item: (order.get(item[1].group, len(order)), item[0])))
    plan = plan.model_copy(update={"layers": in_order, "industries": industries, "all_sources": sources})
    return plan, faults + find_broken(plan)


def _read_folders(
    paths: list[Path], faults: list[Fault]
) -> tuple[dict[str, Any], dict[str, Source], dict[str, Industry], dict[str, Layer]]:
    head: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    industries: dict[str, Industry] = {}
    raw_layers: dict[str, dict[str, Any]] = {}
    layers: dict[str, Layer] = {}
    for folder in paths:
        for file in sorted(folder.glob("*.toml")):
            table = load_toml(file, faults)
            if table is None:
                continue
            if file.name == "plan.toml":
                head = table
            elif file.name == "sources.toml":
                sources |= _parse_all(Source, table, file, faults)
            elif file.name == "industries.toml":
                industries |= _parse_all(Industry, table, file, faults)
            else:
                if file.stem not in raw_layers and "title" not in table:
                    faults += _hint_at_layer(file, raw_layers)
                raw_layers[file.stem] = _lay_over(raw_layers.get(file.stem, {}), table)
                parsed = parse_table(
                    Layer, {**raw_layers[file.stem], "key": file.stem, "folder": folder}, file.name, faults
                )
                if parsed is not None:
                    layers[file.stem] = parsed
    return head, sources, industries, layers


def _hint_at_layer(file: Path, known: Iterable[str]) -> list[Fault]:
    """Return a fault if a file without a title was perhaps meant to replace the data of a layer of another name."""
    return [
        Fault(
            f"{file.name}: is there no layer {file.stem!r} to replace the data of; did you mean {name}.toml?",
            f"{file.name}：没有可替换数据的图层 {file.stem!r}；是否指 {name}.toml？",
        )
        for name in get_close_matches(file.stem, list(known), n=1)
    ]


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in below.items() if key not in _DATA_KEYS}
    if isinstance(rules := kept.get("rule"), list):
        # A rule that names no sources has those of the layer that it stood in.
        own = {"sources": below.get("sources", [])}
        kept["rule"] = [own | rule if isinstance(rule, dict) else rule for rule in rules]
    return kept | above


def _parse_all(model: type[ModelT], table: dict[str, Any], file: Path, faults: list[Fault]) -> dict[str, ModelT]:
    parsed = {key: parse_table(model, value, f"{file.name}: {key}", faults) for key, value in table.items()}
    return {key: value for key, value in parsed.items() if value is not None}
