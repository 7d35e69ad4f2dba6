"""Write a result to a file. One table of formats: a format is a suffix and a function."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from qy_gis.reports.placing import known_suffix, placed, write_tables
from qy_gis.verdict.check import CheckResult


def write_report(result: CheckResult, path: str | os.PathLike[str]) -> Path:
    """Write a result: tables for machines or a page for people, by the suffix of the path.

    Parameters
    ----------
    result
        What `qy_gis.check` returned.
    path
        ``.json`` (all tables and the evidence), ``.gpkg`` (GeoPackage: parcels and overlaps with geometry, the other
        tables without), or ``.html`` (one offline page with map, verdicts and reasons).

    Returns
    -------
    pathlib.Path
        The file. It is written beside its place and moved there, so a failure leaves nothing half-written.

    Raises
    ------
    OutputError
        The suffix is not one of these, or the file cannot be written.

    Examples
    --------
    >>> import tempfile, qy_gis as qy
    >>> parcels = qy.read_parcels(qy.plan.read.bundled_folder("examples") / "parcels" / "suitable.geojson")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(qy.check(parcels), Path(folder) / "result.json").name
    'result.json'
    """
    target = Path(path)
    suffix = check_suffix(target)
    with placed(target) as part:
        FORMATS[suffix](result, part)
    return target


def check_suffix(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a path, in lower case, if a result can be written to it.

    Raises
    ------
    OutputError
        It cannot; the message lists those accepted.
    """
    return known_suffix(path, FORMATS)


#: Decimals of a degree in text: a tenth of a millimetre.
_DECIMALS = 9


def to_json(result: CheckResult) -> str:
    """Return a result as JSON text: plan, parcels, overlaps, findings, verdicts, repairs and evidence.

    Geometries are GeoJSON in longitude and latitude; what is not a number is null.
    """
    plan = result.plan
    document = {
        "plan": {
            "title": plan.title.model_dump(),
            "edition": plan.edition,
            "layers": {
                key: {"title": layer.title.model_dump(), "basis": layer.basis} for key, layer in plan.layers.items()
            },
        },
        "industry": result.industry,
        "parcels": _records(result.parcels),
        "overlaps": _records(result.overlaps),
        "findings": _records(result.findings),
        "verdicts": _records(result.verdicts),
        "repairs": _records(result.repairs),
        "evidence": result.evidence,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def _plain(value: Any) -> Any:
    if isinstance(value, shapely.geometry.base.BaseGeometry):
        return shapely.geometry.mapping(shapely.transform(value, lambda points: np.round(points, _DECIMALS)))
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _write_json(result: CheckResult, path: Path) -> None:
    path.write_text(to_json(result) + "\n", encoding="utf-8")


def _write_gpkg(result: CheckResult, path: Path) -> None:
    evidence = pd.DataFrame({"evidence": [json.dumps(result.evidence, ensure_ascii=False)]})
    names = ("parcels", "overlaps", "findings", "verdicts", "repairs")
    write_tables(path, {**{name: getattr(result, name) for name in names}, "evidence": evidence})


def _write_html(result: CheckResult, path: Path) -> None:
    # Only here, as folium takes longer to load than a parcel to check.
    from qy_gis.maps.page import draw

    draw(result).save(path)


FORMATS: dict[str, Callable[[CheckResult, Path], None]] = {
    ".json": _write_json,
    ".gpkg": _write_gpkg,
    ".html": _write_html,
}
