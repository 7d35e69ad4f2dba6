"""Write the combined layers. One table of formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from qy_gis.columns import FACES
from qy_gis.maps.document import describe_table
from qy_gis.maps.offline import OfflineMap
from qy_gis.overlay.combine import SEPARATOR
from qy_gis.plan.model import Plan
from qy_gis.reports.placing import known_suffix, placed, write_tables

_VERDICT = "结论 verdict"


@dataclass(frozen=True)
class Combined:
    """Combined layers, ready to be written; see `write_combined`."""

    faces: gpd.GeoDataFrame
    plan: Plan
    cross: pd.DataFrame
    outcomes: pd.DataFrame


def write_combined(
    faces: gpd.GeoDataFrame,
    path: str | os.PathLike[str],
    *,
    plan: Plan,
    cross: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> Path:
    """Write combined layers, by the suffix of the path.

    Parameters
    ----------
    faces
        What `qy_gis.combine` returned.
    path
        ``.gpkg`` (faces, and the other tables without geometry), ``.parquet`` (GeoParquet, the faces) or ``.html`` (an
        offline map of the faces, coloured by their verdict for the first industry of ``outcomes``).
    plan
        The plan that was combined.
    cross
        What `qy_gis.cross_layers` returned.
    outcomes
        What `qy_gis.siting.outcomes.judge_faces` returned.

    Returns
    -------
    pathlib.Path
        The file. It is written beside its place and moved there, so a failure leaves nothing half-written.

    Raises
    ------
    OutputError
        The suffix is not one of these, or the file cannot be written.
    """
    target = Path(path)
    write = FORMATS[known_suffix(target, FORMATS)]
    with placed(target) as part:
        write(Combined(faces, plan, cross, outcomes), part)
    return target


def show_faces(combined: Combined) -> gpd.GeoDataFrame:
    """Return the faces as readers see them: their area, the verdict and why, and the features of each layer by name."""
    faces, plan, outcomes = combined.faces, combined.plan, combined.outcomes
    first = outcomes[outcomes["industry"] == (outcomes["industry"].iloc[0] if len(outcomes) else "")]
    judged = first.set_index("face_id").reindex(faces["face_id"])
    shown = {
        "图斑 face": faces["face_id"].to_numpy(),
        _VERDICT: judged["verdict"].to_numpy(),
        "缘由 because of": (judged["summary"] + " / " + judged["summary_en"]).to_numpy(),
        "公顷 ha": faces["area_ha"].map("{:,.2f}".format).to_numpy(),
    }
    for key in faces.columns.difference([*FACES, "geometry"], sort=False):
        title = plan.layers[key].title
        names = plan.features(key).set_index("feature_id")["feature_name"]
        # Surveyed and free is nothing to tell; not surveyed is.
        shown[f"{title.zh} {title.en}"] = [
            "未查明 not surveyed" if pd.isna(ids) else "、".join(names[each] for each in ids.split(SEPARATOR) if each)
            for ids in faces[key]
        ]
    table = gpd.GeoDataFrame(shown, geometry=faces.geometry.to_numpy(), crs=faces.crs)
    # Slivers of millimetres are too thin to be judged, and to be seen.
    return table[table[_VERDICT].notna()]


def _write_gpkg(combined: Combined, path: Path) -> None:
    write_tables(path, {"faces": combined.faces, "cross": combined.cross, "outcomes": combined.outcomes})


def _write_parquet(combined: Combined, path: Path) -> None:
    combined.faces.to_parquet(path)


def _write_html(combined: Combined, path: Path) -> None:
    industry = combined.outcomes["industry_title"].iloc[0]
    title = {
        "zh": f"叠合图：{industry or '未注明产业'}",
        "en": f"Combined layers: {industry or 'no industry stated'}",
    }
    note = {
        "zh": "每个图斑的结论是核查整个图斑的结论；界线按原图，误差见各图层。",
        "en": "The verdict of a face is that of a check of the whole face; lines are as drawn.",
    }
    document = describe_table(show_faces(combined), lang="zh", by=_VERDICT)
    OfflineMap(document | {"title": title, "note": note}).save(path)


FORMATS: dict[str, Callable[[Combined, Path], None]] = {
    ".gpkg": _write_gpkg,
    ".parquet": _write_parquet,
    ".html": _write_html,
}
