"""What the rules say to each industry on each face of the combined layers."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from qy_gis.measure.crs import grid_epsg
from qy_gis.overlay.index import Progress
from qy_gis.overlay.zones import grid_zone_of
from qy_gis.plan.model import Plan
from qy_gis.verdict.check import check

#: Faces are judged without their outermost half centimetre: there, lines of two layers that were to be one may cross.
_RIM_M = 0.005
_LEAST_M2 = 1.0

OUTCOMES = ["face_id", "industry", "industry_title", "verdict", "summary", "summary_en"]


def judge_faces(
    faces: gpd.GeoDataFrame,
    plan: Plan,
    *,
    industries: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the strictest outcome on each face for each industry, and the layers it comes from.

    Parameters
    ----------
    faces
        What `qy_gis.combine` returned.
    plan
        The same plan.
    industries
        Keys of the industries to judge for, "" for none stated; all of the plan and "" if None.
    progress
        Called as ``progress(done, total, what)`` before each industry.

    Returns
    -------
    pandas.DataFrame
        Columns ``face_id``, ``industry``, ``industry_title``, ``verdict`` (that of `qy_gis.check` for the whole face),
        ``summary`` and ``summary_en`` (the verdict and the layers behind it): one row per face and industry. Strips
        thinner than a centimetre are not judged.
    """
    shrunk = faces.to_crs(grid_epsg(grid_zone_of(plan), prefixed=False)).buffer(-_RIM_M, join_style="mitre")
    parcels = gpd.GeoDataFrame({"parcel_id": faces["face_id"]}, geometry=shrunk)[shrunk.area > _LEAST_M2]
    judged: dict[frozenset[str], pd.DataFrame] = {}
    tables = []
    asked = ["", *plan.industries] if industries is None else industries
    for number, industry in enumerate(asked):
        if progress is not None:
            progress(number, len(asked), plan.industries[industry].title.zh if industry else "—")
        # Industries to which the same rules apply are judged once.
        rules = frozenset(
            f"{key}.{rule.key}"
            for key, layer in plan.layers.items()
            for rule in layer.rules
            if rule.industries is not None and (not industry or industry in rule.industries)
        ) | ({"no industry stated"} if not industry else set())
        if rules not in judged:
            judged[rules] = check(parcels, plan, industry=industry or None).verdicts
        title = plan.industries[industry].title.zh if industry else ""
        table = judged[rules].rename(columns={"parcel_id": "face_id"})
        tables.append(table.assign(industry=industry, industry_title=title)[OUTCOMES])
    return pd.concat(tables, ignore_index=True)
