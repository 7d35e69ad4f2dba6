import geopandas as gpd
import numpy as np
import pytest
import shapely

from qy_gis.errors import CRSError
from qy_gis.maps.shapes import find_bounds, fit_tolerance, pack, place_label, to_degrees


def series(*shapes):
    return gpd.GeoSeries(list(shapes), crs="EPSG:4490")


def unpack(steps, packed):
    cells = np.asarray(steps).reshape(-1, 2).cumsum(axis=0)
    return cells * packed["step"] + packed["origin"]


def test_steps_lead_back_to_the_coordinates():
    holed = shapely.box(113, 23, 114, 24).difference(shapely.box(113.2, 23.2, 113.4, 23.4))
    packed = pack(series(holed), tolerance_m=30, share_outline=False)
    (rings,) = packed["shapes"][0]["polygons"]
    assert packed["step"] == pytest.approx(1e-5)
    assert packed["outline"] is None
    drawn = shapely.Polygon(unpack(rings[0], packed), [unpack(rings[1], packed)])
    assert drawn.symmetric_difference(holed).area < 1e-9


def test_every_kind_of_geometry_is_drawn_and_nothing_stands_for_nothing():
    point, line, square = (
        shapely.Point(113, 23),
        shapely.LineString([(113, 23), (114, 24)]),
        shapely.box(113, 23, 114, 24),
    )
    both = shapely.GeometryCollection([shapely.MultiPoint([point, shapely.Point(114, 24)]), square])
    packed = pack(series(point, line, both, None, shapely.Polygon()), tolerance_m=30, share_outline=True)
    kinds = [{kind: len(parts) for kind, parts in shape.items()} for shape in packed["shapes"]]
    assert kinds == [{"points": 1}, {"lines": 1}, {"points": 2, "polygons": 1}, {}, {}]
    assert unpack(packed["shapes"][1]["lines"][0], packed).round(5).tolist() == [[113, 23], [114, 24]]


def wavy():
    """Two neighbours whose shared edge has far more vertices than a city page can show."""
    edge = [(113 + 1e-5 * np.sin(n), 23 + n / 1000) for n in range(1001)]
    return shapely.Polygon([(112, 23), *edge, (112, 24)]), shapely.Polygon([(114, 24), *edge[::-1], (114, 23)])


def test_neighbours_are_simplified_together():
    packed = pack(series(*wavy()), tolerance_m=30, share_outline=False)
    polygons = [shapely.Polygon(unpack(shape, packed)) for shape in packed["shapes"]]
    assert shapely.coverage_is_valid(polygons)
    assert sum(shapely.get_num_coordinates(polygons)) < 200  # of more than 2000


def test_an_edge_between_neighbours_is_drawn_once():
    left, right = shapely.box(112, 23, 113, 24), shapely.box(113, 23, 114, 24)
    packed = pack(series(left, right), tolerance_m=30, share_outline=True)
    length = sum(shapely.LineString(unpack(line, packed)).length for line in packed["outline"])
    assert length == pytest.approx(7)  # six edges around, one between; drawn by both it would be eight


def test_features_that_overlap_have_no_shared_outline():
    packed = pack(
        series(shapely.box(112, 23, 113.5, 24), shapely.box(113, 23, 114, 24)), tolerance_m=30, share_outline=True
    )
    assert packed["outline"] is None


def test_the_tolerance_fits_the_scale():
    city, parcel = (23.4, 111.9, 25.2, 113.95), (23.6, 113.0, 23.602, 113.002)
    assert fit_tolerance(city) == 30
    assert fit_tolerance(parcel) == 0.1
    assert fit_tolerance((23, 113, 23.5, 113.5)) == pytest.approx(12.5, abs=0.3)  # 75 km corner to corner


def test_bounds_are_in_leaflets_order_and_skip_what_is_empty():
    assert find_bounds([None, shapely.Polygon(), shapely.box(113, 23, 114, 24)]) == (23, 113, 24, 114)
    assert find_bounds([None]) is None


def test_a_name_stands_inside_its_feature():
    assert place_label(shapely.box(112, 22, 114, 24)) == [113, 23]
    hoop = shapely.Point(113, 23).buffer(1).difference(shapely.Point(113, 23).buffer(0.9))
    assert hoop.contains(shapely.Point(place_label(hoop)))


def test_heights_go_and_a_missing_crs_is_an_error():
    high = gpd.GeoDataFrame(geometry=[shapely.Point(500000, 2600000, 9)], crs="EPSG:4547")
    assert not to_degrees(high).geometry.has_z.any()
    assert to_degrees(high).crs == "EPSG:4490"
    with pytest.raises(CRSError, match="set_crs"):
        to_degrees(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))


@pytest.mark.parametrize(
    "wkt",
    [
        "MULTIPOLYGON (EMPTY, ((113 24, 113.1 24, 113.1 24.1, 113 24)))",
        "POLYGON ((113 24, 113.1 24, 113.1 24.1, 113 24), EMPTY)",
        "GEOMETRYCOLLECTION (POLYGON EMPTY, POLYGON ((113 24, 113.1 24, 113.1 24.1, 113 24)))",
        "MULTILINESTRING (EMPTY, (113 24, 113.1 24.1))",
    ],
)
def test_an_empty_part_does_not_end_the_process(wkt):
    table = gpd.GeoDataFrame(geometry=[shapely.from_wkt(wkt)], crs="EPSG:4490")
    assert not shapely.is_empty(to_degrees(table).geometry.segmentize(0.01).iloc[0])
