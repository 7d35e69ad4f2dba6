"""Hold a plan's data against what its TOML files say, and describe those files to editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qy_gis.errors import CRSError, PlanError
from qy_gis.plan.model import GeometryKind, Layer, Plan

if TYPE_CHECKING:
    import geopandas as gpd

_TYPES = {
    "polygon": {"Polygon", "MultiPolygon"},
    "line": {"LineString", "MultiLineString"},
    "point": {"Point", "MultiPoint"},
}
_TYPES["mixed"] = _TYPES["polygon"] | _TYPES["point"]


def validate_plan(plan: Plan) -> None:
    """Read the data of every layer and hold it against the layer.

    Raises
    ------
    PlanError
        With every fault of every layer: data that cannot be read, a missing CRS, geometries of another kind, empty or
        invalid ones, ids that are missing or used twice.
    """
    faults: list[str] = []
    for key in plan.layers:
        try:
            plan.features(key)
            plan.coverage(key)
        except PlanError as error:
            faults += error.faults
    if faults:
        # A broken study area is met again by every layer that is covered by it.
        raise PlanError(list(dict.fromkeys(faults)))


def check_features(features: gpd.GeoDataFrame, kind: GeometryKind, *, filtered: bool = False) -> list[str]:
    """Return the faults of a layer's features, each naming how many and which.

    ``kind`` is the geometry they should have; ``filtered`` says that a filter chose them.
    """
    import shapely

    from qy_gis.measure.crs import check_crs

    faults: list[str] = []
    try:
        check_crs(features.crs)
    except CRSError as error:
        faults.append(str(error))

    def add(wrong: Any, what: str) -> None:
        if wrong.any():
            ids = features.loc[wrong, "feature_id"].astype(str).tolist()
            faults.append(f"{len(ids)} features {what}: {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}")

    if features.empty:
        faults.append("no features" + (" match the filter" if filtered else ""))
    geometry = features.geometry
    empty = geometry.isna() | geometry.is_empty
    add(empty, "have no geometry")
    accepted = _TYPES[kind]
    other = ~empty & ~geometry.geom_type.isin(accepted)
    add(other, f"are not {' or '.join(sorted(accepted))} (geometry = {kind!r})")
    invalid = ~empty & ~geometry.is_valid
    reasons = sorted({str(reason).split("[")[0] for reason in shapely.is_valid_reason(geometry[invalid].to_numpy())})
    add(invalid, f"are invalid ({', '.join(reasons)})")
    blank = features["feature_id"].str.strip() == ""
    add(blank, "have no id")
    add(~blank & features["feature_id"].duplicated(keep=False), "share an id with another")
    return faults


def check_place(features: gpd.GeoDataFrame, study_area: gpd.GeoDataFrame) -> list[str]:
    """Return a fault if sound features lie nowhere near the study area: their CRS is then not what it says."""
    import numpy as np
    import shapely

    from qy_gis.measure.plane import to_lonlat

    boxes = []
    for table in (features, study_area):
        x0, y0, x1, y1 = table.total_bounds
        try:
            corners = to_lonlat(np.asarray(shapely.points([x0, x1, x0, x1], [y0, y0, y1, y1])), table.crs)
        except CRSError as error:
            return [str(error)]
        boxes.append(shapely.total_bounds(corners))
    here, there = boxes
    if (here[:2] <= there[2:]).all() and (there[:2] <= here[2:]).all():
        return []
    found, wanted = (", ".join(f"{value:.3f}" for value in box) for box in boxes)
    return [
        f"lies at {found} (degrees, from {features.crs.name!r}), outside the study area at {wanted}; is the CRS right?"
    ]


def layer_schema() -> str:
    """Return the JSON Schema of a layer file as text, for editors that check TOML while one types."""
    schema = Layer.model_json_schema(by_alias=True)
    for given in ("key", "folder"):  # taken from the file's name and place, never written in it
        schema["properties"].pop(given)
        schema["required"].remove(given)
    schema["title"] = "A layer of a qy_gis plan"
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
