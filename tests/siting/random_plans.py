"""Random plans of squares, lines and points: rules of every kind, some for some industries, on land surveyed or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from conftest import square, write_plan
from hypothesis import strategies as st

import qy_gis as qy

_squares = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 5)), min_size=1, max_size=3)
_rules = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["inside", "outside"])}),
    st.fixed_dictionaries({"kind": st.just("setback"), "distance_m": st.sampled_from([20, 100, 250])}),
)
_layers = st.fixed_dictionaries(
    {
        "squares": _squares,
        "rule": _rules,
        "severity": st.sampled_from(["prohibit", "approve"]),
        "industries": st.sampled_from([None, None, ["tea"], ["ceramics"]]),
        "geometry": st.sampled_from(["polygon", "line", "point"]),
        "coverage": st.sampled_from(["everywhere", "study_area", "survey.gpkg"]),
        "accuracy_m": st.sampled_from([0, 0, 30]),
    }
)

#: Descriptions of plans of one to three layers with a rule each, for `write_random`.
plans = st.lists(_layers, min_size=1, max_size=3)


def write_random(folder: Path, layers: list[dict[str, Any]]) -> qy.Plan:
    """Write a random plan and read it."""
    described = {}
    for number, each in enumerate(layers):
        # Points and lines have a rule only if it is a setback.
        geometry = each["geometry"] if each["rule"]["kind"] == "setback" else "polygon"
        shapes = [square(100 * x, 100 * y, 100 * size) for x, y, size in each["squares"]]
        if geometry == "line":
            shapes = [shapely.LineString([shape.bounds[:2], shape.bounds[2:]]) for shape in shapes]
        elif geometry == "point":
            shapes = [shapely.Point(shape.bounds[:2]) for shape in shapes]
        rule = {**each["rule"], "severity": each["severity"]}
        if each["industries"]:
            rule["industries"] = each["industries"]
        described[f"layer{number}"] = {
            "shapes": shapes,
            "geometry": geometry,
            "rules": [rule],
            "accuracy_m": each["accuracy_m"],
            "coverage": each["coverage"],
        }
    written = write_plan(folder, described)
    # Surveyed on the lower part of the paper only.
    survey = gpd.GeoDataFrame(geometry=[square(-2000, -2000, 4000, 2900)], crs="EPSG:4547")
    survey.to_file(written / "survey.gpkg", engine="pyogrio")
    return qy.read_plan(written)
