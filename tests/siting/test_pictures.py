"""Pictures are made from finished tables; what they say is read back from the figure."""

import geopandas as gpd
import pytest
from conftest import MakePlan, parcels_of, square
from matplotlib.figure import Figure

import qy_gis as qy
from qy_gis.siting import pictures
from qy_gis.siting.criteria import Criteria


def texts(figure: Figure) -> str:
    figure.canvas.draw()
    axes = figure.axes[0]
    found = [text.get_text() for text in [*axes.texts, *axes.get_yticklabels(), *figure.texts]]
    return "\n".join([*found, axes.get_title(loc="left")])


@pytest.fixture
def ranked(make_plan: MakePlan) -> tuple[gpd.GeoDataFrame, Criteria]:
    value = {"kind": "linear", "worst": 0.0, "best": 100.0}
    row = {"key": "large", "title": {"zh": "面积大", "en": "Large"}, "measure": "area", "value": value}
    criteria = Criteria.model_validate({"criterion": [row]})
    sites = parcels_of(square(0, 0), square(2000, 0, 500)).assign(name="城")
    return qy.rank_sites(sites, make_plan(zone={"shapes": [square(0, 0)]}), criteria=criteria), criteria


def test_the_waterfall_names_each_rule_and_its_area(world):
    shown = texts(pictures.draw_waterfall(qy.rule_costs(world, within=parcels_of(square(0, 0, 4000)))))
    for text in ("1,600", "off farmland", "−100", "−50", "+50", "1,450"):
        assert text in shown


def test_contributions_and_stability(ranked):
    shown = texts(pictures.draw_contributions(*ranked))
    assert "P1 城" in shown
    assert "1.000" in shown
    assert "100%" in texts(pictures.draw_stability(qy.rank_stability(*ranked)))


def test_sites_are_drawn_on_the_land(world):
    sites = qy.find_sites(world, area_ha=100, n=2)
    shown = texts(pictures.draw_sites(sites, qy.eligible_area(world)))
    assert "S1" in shown
    assert "1 km" in shown or "500 m" in shown
    assert pictures.draw_sites(sites.iloc[:0], qy.eligible_area(world)).axes
