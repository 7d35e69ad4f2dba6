"""All layers in one partition: faces that know every feature that covers them, without gap or overlap.

Precision model: outlines are noded on a grid of 0.01 mm in the survey plane. A vertex moves by at most 0.007 mm, so
that the faces of a city of 19,000 km2 add up to it within 0.1 m2.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from qy_gis import columns
from qy_gis.errors import ArgumentError
from qy_gis.measure.crs import CGCS2000
from qy_gis.measure.plane import Geometries, unproject
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.overlay.index import Progress
from qy_gis.overlay.setbacks import Setback, list_setbacks, project_setback
from qy_gis.overlay.zones import Zones, polygons_only, project_zones
from qy_gis.plan.model import Plan

#: Grid on which outlines are noded, metres.
GRID_M = 1e-5

#: Between the ids of features of one layer that lie on one another.
SEPARATOR = ";"


def split_faces(shapes: Geometries) -> tuple[Geometries, NDArray[np.int64], NDArray[np.int64]]:
    """Split polygons along one another's outlines.

    Parameters
    ----------
    shapes
        Polygons in one plane (metres), of shape (n,); they may overlap. Empty ones have no face.

    Returns
    -------
    faces
        Polygons that do not overlap and together are the polygons given, of shape (m,).
    face, shape
        Pairs of a face and a polygon that covers it, sorted by face.

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    >>> faces, face, shape = split_faces(squares)
    >>> sorted(shapely.area(faces).tolist()), len(face)
    ([2.0, 2.0, 2.0], 4)
    """
    lines = shapely.get_parts(shapely.boundary(shapes[~shapely.is_empty(shapes)]))
    noded = shapely.union_all(lines, grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    # A tree of points asked by prepared polygons: each polygon is indexed once, however many faces it has.
    shape, face = shapely.STRtree(shapely.point_on_surface(faces)).query(shapes, predicate="contains")
    order = np.lexsort((shape, face))
    face, shape = face[order], shape[order]
    covered, place = np.unique(face, return_inverse=True)
    return faces[covered], place, shape


def combine(
    plan: Plan,
    *,
    layers: Sequence[str] | None = None,
    by_certainty: bool = False,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Combine the layers of a plan into one partition of its study area.

    Parameters
    ----------
    plan
        The plan.
    layers
        Keys of the layers to combine; all with an area if None. Points and lines have no area and are left out.
    by_certainty
        Split faces also where it ends to be sure what a rule says: along the outlines of layers with rules shrunk and
        grown by their accuracy, and along setbacks. So that a whole face is not unknown for a ring along its edge.
    progress
        Called as ``progress(done, total, what)``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per face (EPSG:4490): ``face_id``, ``area_m2``, ``area_ha``, ``area_mu``, ``width_m`` (mean width: two
        lines that were to be one leave faces of millimetres between them, which are kept) and one column per layer with
        the ids of its features that cover the face, joined by ";". There, "" means surveyed and free of the layer, and
        None that the layer was not surveyed here. Faces are split where any of these changes.

    Raises
    ------
    ArgumentError
        ``layers`` names one that the plan lacks or that has no area.
    PlanError
        The plan's data have faults.

    Notes
    -----
    What covers a face is taken as drawn; what the accuracy of lines leaves open, `by_certainty` splits off, and
    `qy_gis.eligible_area` weighs.

    Examples
    --------
    >>> import qy_gis as qy
    >>> faces = qy.combine(qy.read_plan(), layers=["core", "north_ecology"])
    >>> round(faces["area_m2"].sum() / 1e6), round(faces.loc[faces["core"] != "", "area_m2"].sum() / 1e6)
    (19005, 1297)
    """
    keys = _pick_layers(plan, layers)
    steps = len(keys) + 3
    report = progress or (lambda *_: None)
    zones = []
    for number, key in enumerate(keys):
        report(number, steps, plan.layers[key].title.zh)
        zones.append(project_zones(plan, key))
    city = project_zones(plan, plan.study_area).union
    shapes, owner, feature = _gather(zones)
    if by_certainty:
        bounds = _bounds_of_rules(plan)
        shapes = np.concatenate([shapes, bounds])
        # They split faces and cover none.
        owner = np.concatenate([owner, np.full(len(bounds), -1)])
        feature = np.concatenate([feature, np.full(len(bounds), -1)])
    report(len(keys), steps, "切分 / splitting")
    faces, face, shape = split_faces(np.array([city, *shapes], dtype=object))
    report(len(keys) + 1, steps, "归属 / who covers what")
    in_city = np.isin(np.arange(len(faces)), face[shape == 0])
    pairs = pd.DataFrame({"face": face, "shape": shape - 1})
    pairs = pairs[in_city[face] & (pairs["shape"] >= 0)]
    pairs["layer"], pairs["feature"] = owner[pairs["shape"]], feature[pairs["shape"]]
    table = pd.DataFrame(index=np.flatnonzero(in_city))
    for number, zone in enumerate(zones):
        own = pairs[pairs["layer"] == number]
        table[zone.layer.key] = pd.Series(_name_features(own, zone, table.index), table.index, dtype=object)
    report(len(keys) + 2, steps, "面积 / areas")
    polygons = faces[in_city]
    area = shapely.area(polygons)
    table.insert(0, "face_id", [f"F{number}" for number in range(1, len(table) + 1)])
    table.insert(1, "area_m2", area)
    table.insert(2, "area_ha", to_hectares(area))
    table.insert(3, "area_mu", to_mu(area))
    table.insert(4, "width_m", 2 * area / shapely.length(polygons))
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=unproject(polygons), crs=CGCS2000)


def cross_layers(faces: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how much of each layer lies in each other layer.

    Parameters
    ----------
    faces
        What `combine` returned.

    Returns
    -------
    pandas.DataFrame
        Columns ``layer``, ``other``, ``area_m2``, ``area_km2`` and ``share`` (of ``layer``; 0 for a layer without
        area). A row whose two layers are the same holds the layer's own area; ``""`` stands for the whole study area.
    """
    keys = [name for name in faces.columns if name not in (*columns.FACES, "geometry")]
    inside = {"": np.ones(len(faces), dtype=bool)}
    inside |= {key: (faces[key].fillna("") != "").to_numpy() for key in keys}
    area = faces["area_m2"].to_numpy()
    rows = []
    for layer, of_layer in inside.items():
        whole = area[of_layer].sum()
        for other, of_other in inside.items():
            shared = area[of_layer & of_other].sum()
            rows.append((layer, other, shared, shared / 1e6, shared / whole if whole > 0 else 0.0))
    return pd.DataFrame(rows, columns=["layer", "other", "area_m2", "area_km2", "share"])


def _pick_layers(plan: Plan, layers: Sequence[str] | None) -> list[str]:
    with_area = [key for key, layer in plan.layers.items() if layer.geometry in ("polygon", "mixed")]
    if layers is None:
        return with_area
    wrong = [key for key in layers if key not in with_area]
    if wrong or isinstance(layers, str):
        accepted = ", ".join(with_area)
        raise ArgumentError(
            f"layers={layers!r}: accepted is a list of layers with an area: {accepted}",
            zh=f"layers={layers!r} 无效，应为面图层的列表；可用的图层：{accepted}",
        )
    return list(layers)


def _gather(zones: list[Zones]) -> tuple[Geometries, NDArray[np.int64], NDArray[np.int64]]:
    """All features and coverages in one array, with the number of their layer and feature (-1: the coverage)."""
    shapes: list[Geometries] = [np.array([], dtype=object)]
    owner, feature = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for number, zone in enumerate(zones):
        covered = [] if zone.covered is None else [zone.covered]
        shapes.append(np.array([*polygons_only(zone.shapes), *covered], dtype=object))
        feature.append(np.array([*range(len(zone.shapes)), *[-1] * len(covered)], dtype=np.int64))
        owner.append(np.full(len(shapes[-1]), number))
    return np.concatenate(shapes), np.concatenate(owner), np.concatenate(feature)


def _bounds_of_rules(plan: Plan) -> Geometries:
    """Return the outlines within which rules are surely answered, and beyond which they are: least and most land."""
    ruled = [key for key, layer in plan.layers.items() if any(rule.distance_m is None for rule in layer.rules)]
    extents: list[Zones | Setback] = [project_zones(plan, key) for key in (plan.study_area, *ruled)]
    extents += [project_setback(plan, *each) for each in list_setbacks(plan)]
    shapes = [(each.union_low, each.union_high, each.covered) for each in extents]
    return np.array([shape for of_one in shapes for shape in of_one if shape is not None], dtype=object)


def _name_features(own: pd.DataFrame, zone: Zones, faces: pd.Index) -> NDArray[np.object_]:
    """Per face the ids of the features that cover it, "" where surveyed and free, None where not surveyed."""
    covers = own[own["feature"] < 0]["face"]
    surveyed = np.ones(len(faces), dtype=bool) if zone.covered is None else faces.isin(covers)
    named = own[own["feature"] >= 0]
    ids = pd.Series(zone.feature_id[named["feature"]], index=named["face"], dtype=object)
    out = np.full(len(faces), None, dtype=object)
    out[surveyed] = ""
    for face, joined in ids.groupby(level=0).agg(SEPARATOR.join).items():
        out[faces.get_loc(face)] = joined
    return out
