"""Layers on paper: fills with a hatch beside the colour, dashed lines where they are not statutory, and bands."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from shapely.geometry.base import BaseGeometry

from qy_gis.maps.shapes import simplify_together, to_degrees
from qy_gis.maps.sheet import Sheet
from qy_gis.plan.model import Basis, Style

#: Lengths of dashes and gaps in line widths; the same look as on the page.
DASHES: dict[Basis, Any] = {"statutory": "solid", "indicative": (0, (6, 2.5)), "proxy": (0, (1.6, 1.8))}
HATCHES = {"diag": "////", "back": "\\\\\\\\", "cross": "xxxx", "horiz": "----", "dots": "....", None: None}

FILL_ALPHA = 0.3
BAND_ALPHA = 0.14

#: A pixel of the page is so many points on paper.
_POINTS_PER_PIXEL = 0.55

#: Lines are drawn to this fraction of a millimetre, and a little beyond the frame.
_DETAIL_MM = 0.05
_BAND_DETAIL_MM = 0.2
_BEYOND_MM = 5

#: Edges that are straight in degrees are followed in steps of about a kilometre.
_LONGEST_EDGE_DEGREES = 0.01


def to_sheet(geometries: gpd.GeoDataFrame, sheet: Sheet) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Return geometries in the grid of the sheet; what lies off the sheet is empty."""
    degrees = to_degrees(geometries).geometry.segmentize(_LONGEST_EDGE_DEGREES)
    beyond = _BEYOND_MM * sheet.metres_per_mm
    west, south, east, north = sheet.bounds
    box = shapely.box(west - beyond, south - beyond, east + beyond, north + beyond)
    return np.asarray(shapely.intersection(degrees.to_crs(sheet.epsg).to_numpy(), box), dtype=object)


def draw_band(axes: Axes, band: BaseGeometry, style: Style, sheet: Sheet) -> None:
    """Draw where the lines of a layer may be (in degrees) as a light band."""
    table = gpd.GeoDataFrame(geometry=[band], crs="EPSG:4490")
    for shape in shapely.simplify(to_sheet(table, sheet), _BAND_DETAIL_MM * sheet.metres_per_mm):
        _fill(axes, shape, facecolor=style.color, alpha=BAND_ALPHA, linewidth=0)


def draw_features(axes: Axes, shapes: Any, style: Style, basis: Basis, sheet: Sheet) -> None:
    """Draw the features of a layer, given in the grid of the sheet."""
    width = style.weight * _POINTS_PER_PIXEL
    dash = DASHES[basis]
    shapes = shapes[~shapely.is_empty(shapes)]
    simple, outline = simplify_together(shapes, _DETAIL_MM * sheet.metres_per_mm, share_outline=basis != "statutory")
    for shape in simple:
        if style.fill:
            _fill(axes, shape, facecolor=style.fill, alpha=FILL_ALPHA, linewidth=0)
        if style.hatch:
            _fill(axes, shape, facecolor="none", edgecolor=style.color, hatch=HATCHES[style.hatch], linewidth=0)
        for line in _lines(shape, boundaries=outline is None):
            solid: Any = "solid" if shapely.get_dimensions(shape) == 1 else dash
            axes.add_artist(Line2D(*line.T, color=style.color, linewidth=width, linestyle=solid))
        points = shapely.get_coordinates([part for part in shapely.get_parts(shape) if part.geom_type == "Point"])
        axes.plot(*points.T, "o", markersize=3.2, color=style.color, markeredgecolor="white", markeredgewidth=0.4)
    for line in shapely.get_parts(outline) if outline is not None else []:
        axes.add_artist(Line2D(*shapely.get_coordinates(line).T, color=style.color, linewidth=width, linestyle=dash))


def make_sign(style: Style, basis: Basis, kind: str) -> list[Any]:
    """Return what stands for a layer in the legend; ``kind`` is that of its geometry."""
    width = style.weight * _POINTS_PER_PIXEL
    if kind == "point":
        return [
            Line2D([0.5], [0.5], marker="o", color=style.color, markersize=3.6, markeredgecolor="white", linestyle="")
        ]
    if kind == "line":
        return [Line2D([0, 0.35, 0.65, 1], [0.3, 0.7, 0.3, 0.7], color=style.color, linewidth=width)]
    box = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    signs: list[Any] = []
    if style.fill:
        signs.append(PathPatch(Path(box), facecolor=style.fill, alpha=FILL_ALPHA, linewidth=0))
    if style.hatch:
        hatch = HATCHES[style.hatch]
        signs.append(PathPatch(Path(box), facecolor="none", edgecolor=style.color, hatch=hatch, linewidth=0))
    edge = {"edgecolor": style.color, "linewidth": max(width, 0.6), "linestyle": DASHES[basis]}
    return [*signs, PathPatch(Path(box), facecolor="none", **edge)]


def _fill(axes: Axes, shape: BaseGeometry, **look: Any) -> None:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if polygons:
        axes.add_artist(PathPatch(_path(polygons), **look))


def _path(polygons: list[Any]) -> Path:
    # A hole stays empty if it runs against its outer ring.
    turned = shapely.orient_polygons(polygons)
    rings = [ring for polygon in turned for ring in (polygon.exterior, *polygon.interiors)]
    return Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings))


def _lines(shape: BaseGeometry, *, boundaries: bool) -> list[Any]:
    lines = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and boundaries:
            lines += [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        elif part.geom_type == "LineString":
            lines.append(shapely.get_coordinates(part))
    return lines
