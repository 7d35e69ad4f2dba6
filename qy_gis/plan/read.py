"""Read a plan from its folders: TOML files into models, data files into features. All faults are reported at once.

A plan folder holds ``plan.toml``, ``sources.toml``, ``industries.toml``, one TOML per layer, and data files. A folder
without ``plan.toml`` is laid over the folders before it.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from qy_gis.errors import ArgumentError, PlanError
from qy_gis.plan.model import Industry, Layer, Plan, Source

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

ModelT = TypeVar("ModelT", bound=BaseModel)

#: What a layer's data is. A folder laid over another replaces these together; title, group, style and rules stay.
_DATA_KEYS = {"file", "filter", "geometry", "id_column", "name_column", "name_en_column", "basis", "basis_note"}
_DATA_KEYS |= {"accuracy_m", "coverage", "date", "sources"}


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
    # Resolved now: data files are read later, perhaps from another working folder.
    paths = [Path(folder).resolve() for folder in folders]
    wrong = [f"{path}: not a folder; a plan is a folder of TOML files" for path in paths if not path.is_dir()]
    wrong += [f"{path}: holds no TOML file" for path in paths if path.is_dir() and not any(path.glob("*.toml"))]
    if wrong:
        raise PlanError(wrong)
    if not any((path / "plan.toml").is_file() for path in paths):
        paths.insert(0, bundled_folder("layers"))
    faults: list[str] = []
    head, sources, industries, layers = _read_folders(paths, faults)
    plan = _parse(Plan, {**head, "folders": paths}, "plan.toml", faults)
    if plan is not None:
        plan = plan.model_copy(update={"layers": layers, "industries": industries, "all_sources": sources})
        faults += _broken_references(plan)
    if faults or plan is None:
        raise PlanError(faults)
    order = {group.key: place for place, group in enumerate(plan.groups)}
    in_order = dict(sorted(layers.items(), key=lambda item: (order[item[1].group], item[0])))
    return plan.model_copy(update={"layers": in_order})


def _read_folders(
    paths: list[Path], faults: list[str]
) -> tuple[dict[str, Any], dict[str, Source], dict[str, Industry], dict[str, Layer]]:
    head: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    industries: dict[str, Industry] = {}
    raw_layers: dict[str, dict[str, Any]] = {}
    layers: dict[str, Layer] = {}
    for folder in paths:
        for file in sorted(folder.glob("*.toml")):
            table = _load(file, faults)
            if table is None:
                continue
            if file.name == "plan.toml":
                head = table
            elif file.name == "sources.toml":
                sources |= _parse_all(Source, table, file, faults)
            elif file.name == "industries.toml":
                industries |= _parse_all(Industry, table, file, faults)
            else:
                raw_layers[file.stem] = _lay_over(raw_layers.get(file.stem, {}), table)
                parsed = _parse(Layer, {**raw_layers[file.stem], "key": file.stem, "folder": folder}, str(file), faults)
                if parsed is not None:
                    layers[file.stem] = parsed
    return head, sources, industries, layers


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in below.items() if key not in _DATA_KEYS} | above


def _load(file: Path, faults: list[str]) -> dict[str, Any] | None:
    try:
        # Windows Notepad writes a byte order mark.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{file}: not a TOML file in UTF-8: {error}")
        return None


def _parse(model: type[ModelT], table: dict[str, Any], where: str, faults: list[str]) -> ModelT | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"])
            found = "" if fault["type"] == "missing" else f"; found {fault['input']!r:.80}"
            faults.append(f"{where}: {key}: {fault['msg']}{found}")
        return None


def _parse_all(model: type[ModelT], table: dict[str, Any], file: Path, faults: list[str]) -> dict[str, ModelT]:
    parsed = {key: _parse(model, value, f"{file}: {key}", faults) for key, value in table.items()}
    return {key: value for key, value in parsed.items() if value is not None}


def _broken_references(plan: Plan) -> list[str]:
    faults: list[str] = []

    def check(where: str, names: list[str], known: dict[str, Any] | set[str], what: str) -> None:
        for name in names:
            if name not in known:
                faults.append(
                    f"{where}: {what} {name!r} does not exist; accepted: {', '.join(sorted(known)) or 'none'}"
                )

    groups = {group.key for group in plan.groups}
    check("plan.toml: study_area", [plan.study_area], plan.layers, "layer")
    if plan.study_area in plan.layers and plan.layers[plan.study_area].file is None:
        faults.append(f"plan.toml: study_area: layer {plan.study_area!r} has no data, so the plan has no place")
    check("plan.toml: sources", plan.sources, plan.all_sources, "source")
    for key, industry in plan.industries.items():
        check(f"industries.toml: {key}.sources", industry.sources, plan.all_sources, "source")
    for key, layer in plan.layers.items():
        file = str(layer.folder / f"{key}.toml")
        check(f"{file}: group", [layer.group], groups, "group")
        check(f"{file}: sources", layer.sources, plan.all_sources, "source")
        outside = [name for name in (layer.file, layer.coverage) if name and Path(name).is_absolute()]
        if outside:
            faults.append(f"{file}: {outside[0]!r} is an absolute path; accepted are paths from the file's own folder")
        elif layer.file is not None and not (layer.folder / layer.file).is_file():
            faults.append(f"{file}: file: {layer.file!r} does not exist in {layer.folder}")
        if layer.coverage not in ("everywhere", "study_area", "none") and not (layer.folder / layer.coverage).is_file():
            faults.append(
                f"{file}: coverage: {layer.coverage!r} is not a file in {layer.folder}; accepted: everywhere, "
                "study_area, none, or a data file"
            )
        if layer.file is None and layer.coverage != "none":
            faults.append(f"{file}: coverage: a layer without file covers 'none'; found {layer.coverage!r}")
        rule_keys = [rule.key for rule in layer.rules]
        for number, rule in enumerate(layer.rules):
            where = f"{file}: rule {rule.key!r}"
            check(f"{where}: sources", rule.sources, plan.all_sources, "source")
            check(f"{where}: industries", rule.industries or [], plan.industries, "industry")
            if rule.key in rule_keys[:number]:
                faults.append(f"{where}: the key is used twice")
            if layer.geometry in ("line", "point") and rule.kind != "setback":
                faults.append(
                    f"{where}: a {layer.geometry} layer has no area; accepted are rules of kind 'setback', or geometry "
                    "polygon or mixed"
                )
    return faults


def read_features(plan: Plan, layer: str) -> gpd.GeoDataFrame:
    """Read the features of a layer; see `qy_gis.Plan.features`, which keeps them."""
    import geopandas as gpd

    if layer not in plan.layers:
        raise ArgumentError(f"layer={layer!r} is not in the plan; accepted: {', '.join(plan.layers)}")
    found = plan.layers[layer]
    names = ["feature_id", "feature_name", "feature_name_en"]
    if found.file is None:
        return gpd.GeoDataFrame({name: [] for name in names}, geometry=[], crs="EPSG:4490")
    from qy_gis.plan.validate import check_features, check_place

    file = found.folder / found.file
    where = f"{found.folder / layer}.toml"
    table = _read_file(file)
    for column, accepted in (found.filter or {}).items():
        if column not in table:
            raise PlanError([f"{where}: filter: {file.name} has no attribute {column!r}; it has {list(table.columns)}"])
        table = table[table[column].isin([accepted] if isinstance(accepted, str) else accepted)]
    wanted = {found.id_column: "feature_id", found.name_column: "feature_name", found.name_en_column: "feature_name_en"}
    absent = [column for column in (found.id_column, found.name_column) if column not in table]
    if absent:
        raise PlanError([f"{where}: {file.name} has no attribute {absent}; it has {list(table.columns)}"])
    table = table.rename(columns=wanted).reset_index(drop=True)
    if "feature_name_en" not in table:
        table["feature_name_en"] = None
    table = table[[*names, *(column for column in table.columns if column not in names)]]
    for name in names:
        table[name] = table[name].astype(object).where(table[name].notna(), "").astype(str)
    faults = check_features(table, found.geometry, filtered=found.filter is not None)
    if not faults and layer != plan.study_area:
        faults = check_place(table, plan.features(plan.study_area))
    if faults:
        raise PlanError([f"{where}: {file.name}: {fault}" for fault in faults])
    return table


def read_coverage(plan: Plan, layer: str) -> BaseGeometry | None:
    """Read where a layer was surveyed; see `qy_gis.Plan.coverage`."""
    import shapely

    from qy_gis.measure.plane import to_lonlat

    if layer not in plan.layers:
        raise ArgumentError(f"layer={layer!r} is not in the plan; accepted: {', '.join(plan.layers)}")
    found = plan.layers[layer]
    if found.coverage == "everywhere":
        return None
    if found.coverage == "none":
        return shapely.Polygon()
    if found.coverage == "study_area":
        table = plan.features(plan.study_area)
    else:
        from qy_gis.plan.validate import check_features, check_place

        table = _read_file(found.folder / found.coverage)
        table["feature_id"] = [str(number) for number in range(len(table))]
        faults = check_features(table, "polygon") or check_place(table, plan.features(plan.study_area))
        if faults:
            raise PlanError([f"{found.folder / layer}.toml: coverage: {found.coverage}: {fault}" for fault in faults])
    return shapely.union_all(to_lonlat(table.geometry.to_numpy(), table.crs))


def _read_file(file: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd
    from pyogrio import list_layers
    from pyogrio.errors import DataSourceError

    try:
        inside = list_layers(file)[:, 0].tolist()
        if len(inside) > 1:
            raise PlanError([f"{file}: holds {len(inside)} layers ({', '.join(inside)}); accepted is a file with one"])
        return gpd.read_file(file, engine="pyogrio")
    except DataSourceError as error:
        raise PlanError([f"{file}: cannot be read: {error}"]) from error
