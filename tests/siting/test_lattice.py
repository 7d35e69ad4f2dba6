import numpy as np
import pytest
import shapely

from qy_gis.siting.lattice import grow_sites, lay_lattice


def grow(land, shape, area, *, score=None, most=20, keep=True):
    lattice = lay_lattice(np.array([land]), cell_m2=100, shape=shape)
    given = np.zeros(len(lattice.cells)) if score is None else score(lattice.centre)
    grower = grow_sites(lattice, cell_m2=np.full(len(given), 100.0), area_m2=area, score=given, spacing=2)
    sites, site = [], next(grower, None)
    while site is not None and len(sites) < most:
        sites.append(shapely.union_all(lattice.cells[site], grid_size=1e-6))
        try:
            site = grower.send(keep)
        except StopIteration:
            site = None
    return sites


@pytest.mark.parametrize("shape", ["square", "hexagon"])
def test_cells_are_equal_disjoint_and_on_the_land(shape):
    land = shapely.Point(0, 0).buffer(100)
    cells = lay_lattice(np.array([land]), cell_m2=100, shape=shape).cells
    assert shapely.area(cells) == pytest.approx(100)
    assert shapely.contains(land.buffer(1e-3), cells).all()
    assert shapely.union_all(cells, grid_size=1e-6).area == pytest.approx(100 * len(cells), rel=1e-5)
    assert len(cells) > 250


def test_on_open_land_a_site_is_a_square():
    first = grow(shapely.box(0.5, 0.5, 299, 299), "square", 1600, most=1)[0]
    assert first.area == pytest.approx(1600)
    assert first.equals(shapely.box(*first.bounds))


@pytest.mark.parametrize("shape", ["square", "hexagon"])
def test_sites_hang_together_and_do_not_overlap(shape):
    sites = grow(shapely.box(0, 0, 200, 150), shape, 1500)
    assert len(sites) >= 8
    assert {site.geom_type for site in sites} == {"Polygon"}
    assert shapely.union_all(sites).area == pytest.approx(sum(site.area for site in sites), rel=1e-6)


def test_the_best_place_comes_first():
    sites = grow(shapely.box(0, 0, 1000, 60), "square", 1600, score=lambda centre: centre[:, 0] / 1000)
    assert sites[0].centroid.x > 950
    assert sites[0].centroid.x > sites[1].centroid.x


def test_without_scores_sites_spread():
    first, second = grow(shapely.box(0, 0, 1000, 60), "square", 1600, most=2)
    assert abs(first.centroid.x - second.centroid.x) > 400


def test_a_seed_that_was_refused_is_not_tried_again():
    assert len(grow(shapely.box(0, 0, 60, 60), "square", 400, keep=False, most=1000)) <= 9


def test_land_that_is_too_small_has_no_site():
    assert grow(shapely.box(0, 0, 60, 60), "square", 10_000) == []
