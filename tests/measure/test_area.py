import geopandas as gpd
import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from qy_gis.errors import CRSError
from qy_gis.measure.area import areas

# The public vectors (CGCS2000): planar area in EPSG:4547 and statutory area, m2.
PLOT = shapely.box(403000, 2622000, 403050, 2622040)
WITH_HOLE = shapely.box(403000, 2622000, 403600, 2622400) - shapely.box(403200, 2622100, 403300, 2622200)
LARGE = shapely.box(440000, 2675000, 442000, 2676500)
VECTORS = [(PLOT, 2000.00, 1999.53, 0.01), (WITH_HOLE, 230000.00, 229946.90, 0.01), (LARGE, 3e6, 2999742.14, 0.05)]


def moved(geometry, source, target):
    change = Transformer.from_crs(source, target, always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


def survey_formula(ring):
    """The series of 国土调查办发〔2008〕32号, edge by edge, on vertices in degrees: an oracle of another make."""
    a, rf = 6378137.0, 298.257222101
    b = a * (1 - 1 / rf)
    e2 = 1 - (b / a) ** 2
    e4, e6, e8 = e2**2, e2**3, e2**4
    series = [
        1 + 3 / 6 * e2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * e2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    ]
    lon, lat = np.radians(np.asarray(ring)).T
    mean_lon, step, mean_lat = (lon[1:] + lon[:-1]) / 2 - np.radians(111), np.diff(lat), (lat[1:] + lat[:-1]) / 2
    total = sum(
        (-1) ** n * term * np.sin((2 * n + 1) * step / 2) * np.cos((2 * n + 1) * mean_lat)
        for n, term in enumerate(series)
    )
    return abs(float((2 * b**2 * mean_lon * total).sum()))


@pytest.mark.parametrize("crs", [4547, 4526, 4546, 4490, 4326])
@pytest.mark.parametrize(("plot", "planar", "statutory", "within"), VECTORS)
def test_public_vectors_hold_from_every_crs(plot, planar, statutory, within, crs):
    assert plot.area == pytest.approx(planar)
    assert areas([moved(plot, 4547, crs)], crs)[0] == pytest.approx(statutory, abs=within)


def test_edges_over_70_m_are_densified_in_the_grid():
    # A triangle: in a rectangle what one edge loses the opposite one wins.
    triangle = shapely.Polygon([(440000, 2675000), (442000, 2675000), (440000, 2676500)])
    by_survey = survey_formula(moved(shapely.segmentize(triangle, 69.9), 4547, 4490).exterior.coords)
    without = survey_formula(moved(triangle, 4547, 4490).exterior.coords)
    assert areas([triangle], 4547)[0] == pytest.approx(by_survey, abs=0.02)
    assert abs(without - by_survey) > 1


@given(
    st.floats(350_000, 480_000),
    st.floats(2_600_000, 2_780_000),
    st.floats(1, 3000),
    st.floats(1, 3000),
    st.floats(0, 90),
)
def test_plane_agrees_with_the_survey_formula(east, north, width, height, turn):
    plot = shapely.affinity.rotate(shapely.box(east, north, east + width, north + height), turn)
    dense = moved(shapely.segmentize(plot, 69.9), 4547, 4490)
    expected = survey_formula(dense.exterior.coords)
    assert areas([plot], 4547)[0] == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_plane_agrees_with_geographiclib():
    rng = np.random.default_rng(7)
    geodesic = Geodesic(6378137.0, 1 / 298.257222101)
    for east, north, size in zip(
        rng.uniform(350_000, 480_000, 20), rng.uniform(2.6e6, 2.78e6, 20), rng.uniform(50, 2000, 20), strict=True
    ):
        plot = shapely.Point(east, north).buffer(size, quad_segs=5)
        polygon = geodesic.Polygon()
        for lon, lat in moved(shapely.segmentize(plot, 5), 4547, 4490).exterior.coords[:-1]:
            polygon.AddPoint(lat, lon)
        assert areas([plot], 4547)[0] == pytest.approx(abs(polygon.Compute()[2]), rel=1e-6)


def test_parts_add_up_to_the_whole():
    whole = shapely.box(403000, 2622000, 403600, 2622400)
    pieces = [shapely.box(403000 + x, 2622000, 403200 + x, 2622400) for x in (0, 200, 400)]
    assert areas(pieces, 4547).sum() == pytest.approx(areas([whole], 4547)[0], rel=1e-9)


def test_many_parcels_in_one_pass_have_the_digits_of_one():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(350_000, 480_000, 500), rng.uniform(2.6e6, 2.78e6, 500)
    plots = shapely.box(x, y, x + 120, y + 80)
    together = areas(plots, 4547)
    assert [areas([plot], 4547)[0] for plot in plots] == together.tolist()


def test_z_is_ignored_and_multipart_is_added():
    flat = shapely.MultiPolygon([PLOT, shapely.affinity.translate(PLOT, 500)])
    high = shapely.force_3d(flat, 12.0)
    assert areas([high], 4547)[0] == areas([flat], 4547)[0] == pytest.approx(2 * 1999.53, abs=0.02)


def test_what_has_no_area_has_none():
    plots = [shapely.Point(113, 23), shapely.Polygon(), None]
    assert areas(plots, 4490).tolist() == areas(plots, 4547).tolist() == [0.0, 0.0, 0.0]


def test_metres_labelled_as_degrees_are_refused():
    with pytest.raises(CRSError, match="these look like metres"):
        areas([PLOT], 4490)


def test_degrees_labelled_as_a_grid_have_no_sense_but_a_missing_crs_is_an_error():
    with pytest.raises(CRSError, match="have no CRS"):
        areas(gpd.GeoSeries([PLOT]), None)
