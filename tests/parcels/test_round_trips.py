"""What is written is read again: every format that can hold it, whatever the parcels."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis.parcels.boundary_dialects import DIALECTS
from qy_gis.parcels.boundary_write import to_degrees
from qy_gis.parcels.write import WRITERS

#: A drawing holds neither ids nor which outlines are one parcel, WKT outlines alone.
FORMATS = [(ending, "报批") for ending in WRITERS if ending not in (".txt", ".dxf", ".wkt")]
FORMATS += [(".txt", dialect.zh) for dialect in DIALECTS]

#: West and east of 112.5 E, where zones 37 and 38 meet; with and without the zone in front.
CORNERS = {4526: (38_400_000, 2_610_000), 4547: (405_000, 2_611_000), 4525: (37_620_000, 2_700_000)}

pytestmark = pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")

sizes = st.integers(50_000, 4_000_000).map(lambda tenth_mm: tenth_mm / 10_000)
names = st.text(st.characters(categories=["L", "N"], max_codepoint=0x9FFF), min_size=1, max_size=8)


@st.composite
def parcel_tables(draw):
    """One to three parcels side by side: rectangles to a tenth of a millimetre, some with a hole, some in two parts."""
    crs = draw(st.sampled_from(list(CORNERS)))
    west, south = CORNERS[crs]
    ids = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    outlines = []
    for i in range(len(ids)):
        width, height = draw(sizes), draw(sizes)
        x, y = west + 1000 * i, south
        outline = shapely.box(x, y, round(x + width, 4), round(y + height, 4))
        if draw(st.booleans()):
            quarter = (x + width / 4, y + height / 4, x + width / 2, y + height / 2)
            outline = outline.difference(shapely.box(*np.round(quarter, 4)))
        if draw(st.booleans()):
            outline = shapely.MultiPolygon([outline, shapely.box(x, y + 500, x + 20, y + 530)])
        outlines.append(outline)
    return gpd.GeoDataFrame({"parcel_id": ids, "name": ids, "use": "工业用地"}, geometry=outlines, crs=crs)


def degrees(parcels):
    return to_degrees(parcels.geometry.to_numpy(), parcels.crs)


@pytest.mark.parametrize(("ending", "dialect"), FORMATS, ids=lambda value: value)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parcel_tables())
def test_every_format_keeps_ids_outlines_and_areas(ending, dialect, parcels):
    with tempfile.TemporaryDirectory() as folder:
        again = qy.read_parcels(qy.write_parcels(parcels, Path(folder) / f"a{ending}", dialect=dialect))
    if dialect != "卫片":
        assert again["parcel_id"].tolist() == parcels["parcel_id"].tolist()
    assert again["name"].tolist() == parcels["name"].tolist()
    np.testing.assert_allclose(
        qy.areas(again.geometry, again.crs), qy.areas(parcels.geometry, parcels.crs), atol=0.01, rtol=0
    )
    # 1e-9 of a degree is a tenth of a millimetre.
    for one, other in zip(degrees(again), degrees(parcels), strict=True):
        assert shapely.hausdorff_distance(one.normalize(), other.normalize()) < 1e-9
        assert len(shapely.get_parts(one)) == len(shapely.get_parts(other))


@settings(max_examples=12, deadline=None)
@given(parcel_tables())
def test_a_drawing_keeps_outlines_and_ids_as_layers(parcels):
    with tempfile.TemporaryDirectory() as folder:
        again = qy.read_parcels(qy.write_parcels(parcels, Path(folder) / "a.dxf"), crs=parcels.crs)
    assert set(again["Layer"]) == set(parcels["parcel_id"])
    assert again.union_all().symmetric_difference(parcels.union_all()).area < 0.001


@settings(max_examples=12, deadline=None)
@given(parcel_tables())
def test_wkt_keeps_outlines_and_the_crs(parcels):
    with tempfile.TemporaryDirectory() as folder:
        again = qy.read_parcels(qy.write_parcels(parcels, Path(folder) / "a.wkt"))
    assert again.crs.to_epsg() == parcels.crs.to_epsg()
    assert shapely.equals_exact(again.geometry.to_numpy(), parcels.geometry.to_numpy(), tolerance=1e-5).all()


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if not dialect.degrees], ids=lambda d: d.en)
def test_text_keeps_the_grid_and_the_coordinates_to_a_tenth_of_a_millimetre(tmp_path, dialect):
    outline = shapely.Polygon([(440000.1234, 2622000.5678), (440100.9999, 2622000.0001), (440050.5, 2622099.4321)])
    parcels = gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[outline], crs=4547)
    again = qy.read_parcels(qy.write_parcels(parcels, tmp_path / "a.txt", dialect=dialect.en))
    assert again.crs.to_epsg() == 4547
    assert shapely.equals_exact(again.geometry[0].normalize(), outline.normalize(), tolerance=0.0001)
    assert again["source_repairs"].tolist() == ["[]"]
