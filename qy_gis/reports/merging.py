"""Results of several files as one: every table with a column ``file``, so that equal ids of two files stay apart."""

from __future__ import annotations

import json
import os
from copy import copy
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from qy_gis.errors import OutputError, QyGisError
from qy_gis.measure.crs import CGCS2000
from qy_gis.reports.write import to_json, write_report
from qy_gis.verdict.check import CheckResult

#: What many results can be written to as one.
MERGED = (".gpkg", ".json")


def check_merged_suffix(path: str | os.PathLike[str]) -> None:
    """Refuse a path to which no merged result can be written."""
    suffix = Path(path).suffix.lower()
    if suffix not in MERGED:
        raise OutputError(
            f"-o {path}: results of several files are written as one to {', '.join(MERGED)}, found "
            f"{suffix or 'no ending'!r}; a folder (-o results/) gets a file for each",
            zh=f"-o {path}：多个文件的结果可合写为 {'、'.join(MERGED)}，所给为 {suffix or '无后缀'!r}；"
            "写入文件夹（-o results/）则每个文件一份",
        )


def write_merged(results: dict[str, CheckResult], path: str | os.PathLike[str]) -> Path:
    """Write the results of several files to one.

    Parameters
    ----------
    results
        By what to call their files; all of one plan. At least one.
    path
        ``.gpkg``: the tables of `qy_gis.write_report` with a column ``file`` in front. ``.json``: a list with an object
        for each file (`as_list`).

    Raises
    ------
    OutputError
        Another ending, or the file cannot be written.
    """
    target = Path(path)
    check_merged_suffix(target)
    if target.suffix.lower() == ".json":
        from qy_gis.reports.placing import placed

        with placed(target) as part:
            part.write_text(as_list(results, {}) + "\n", encoding="utf-8")
        return target
    return write_report(_merge(results), target)


def as_list(results: dict[str, CheckResult], refused: dict[str, QyGisError]) -> str:
    """Return results as a JSON list: an object for each file, with ``file`` and what a single check prints.

    A file that was refused has ``error`` instead, in Chinese (``zh``) and English (``en``).
    """
    whole: list[Any] = [{"file": file, **json.loads(to_json(result))} for file, result in results.items()]
    whole += [{"file": file, "error": {"zh": error.zh, "en": error.en}} for file, error in refused.items()]
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False)


def _merge(results: dict[str, CheckResult]) -> CheckResult:
    """Return a result whose tables are those of all."""
    merged = copy(next(iter(results.values())))
    # The tables of a result are made when they are first asked for; these are made already.
    for name in ("parcels", "overlaps", "findings", "verdicts", "repairs"):
        tables = {file: getattr(result, name) for file, result in results.items()}
        # A table without rows has no types of its own to bring in.
        filled = [pd.DataFrame(table).assign(file=file) for file, table in tables.items() if len(table)]
        table = pd.concat(filled, ignore_index=True) if filled else next(iter(tables.values())).assign(file="")
        # The table of repairs names its files already.
        first = table.pop("file")
        table.insert(0, "file", first)
        if "geometry" in table:
            table = gpd.GeoDataFrame(table, geometry="geometry", crs=CGCS2000)
        vars(merged)[f"_{name}"] = table
    vars(merged)["_evidence"] = {"files": {file: result.evidence for file, result in results.items()}}
    return merged
