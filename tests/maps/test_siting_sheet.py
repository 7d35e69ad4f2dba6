"""A siting on paper: what was found is on it, at a round scale, over the plan."""

import matplotlib.text
import pytest
from conftest import MakePlan, parcels_of, square

import qy_gis as qy
from qy_gis.errors import MapError
from qy_gis.maps.siting_sheet import draw_siting_sheet

OUTSIDE = [{"kind": "outside", "severity": "prohibit"}]


@pytest.fixture
def found(make_plan: MakePlan):
    plan = make_plan(farmland={"shapes": [square(0, 0)], "rules": OUTSIDE, "accuracy_m": 50, "zh": "农田"})
    land = qy.eligible_area(plan, within=parcels_of(square(-1000, -1000, 3000)), unknown="keep")
    sites = qy.find_sites(plan, area_ha=20, n=3, within=parcels_of(square(-1000, -1000, 3000)))
    return plan, sites, land


def texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def test_the_sheet_shows_sites_land_and_plan(found):
    plan, sites, land = found
    shown = texts(draw_siting_sheet(sites, land, plan))
    for text in (
        "S1",
        "S2",
        "S3",
        "备选地块",
        "规则留下的土地：可行",
        "规则留下的土地：待核实",
        "农田",
        "审图号",
        "1:20,000",
    ):
        assert text in shown


def test_without_sites_the_land_is_shown(found):
    plan, sites, land = found
    shown = texts(draw_siting_sheet(sites.iloc[:0], land, plan, lang="en"))
    assert "suitable" in shown
    with pytest.raises(MapError, match="no sites and no land"):
        draw_siting_sheet(sites.iloc[:0], land.iloc[:0], plan)
