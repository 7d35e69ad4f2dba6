"""Hold a plan's data against what its TOML files say, and describe those files to editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qy_gis.errors import CRSError, PlanError
from qy_gis.plan.model import Layer, Plan

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


def check_features(features: gpd.GeoDataFrame, layer: Layer) -> list[str]:
    """Return the faults of a layer's features, each naming how many and which."""
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
        faults.append("no features" + (f" match filter {layer.filter}" if layer.filter else ""))
    geometry = features.geometry
    empty = geometry.isna() | geometry.is_empty
    add(empty, "have no geometry")
    accepted = _TYPES[layer.geometry]
    other = ~empty & ~geometry.geom_type.isin(accepted)
    add(other, f"are not {' or '.join(sorted(accepted))} (geometry = {layer.geometry!r})")
    invalid = ~empty & ~geometry.is_valid
    reasons = sorted({str(reason).split("[")[0] for reason in shapely.is_valid_reason(geometry[invalid].to_numpy())})
    add(invalid, f"are invalid ({', '.join(reasons)})")
    add(features["feature_id"].duplicated(keep=False), "share an id with another")
    return faults


def layer_schema() -> str:
    """Return the JSON Schema of a layer file as text, for editors that check TOML while one types."""
    schema = Layer.model_json_schema(by_alias=True)
    for given in ("key", "folder"):  # taken from the file's name and place, never written in it
        schema["properties"].pop(given)
        schema["required"].remove(given)
    schema["title"] = "A layer of a qy_gis plan"
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
