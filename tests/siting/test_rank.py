import numpy as np
import pytest
from conftest import MakePlan, parcels_of, square
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import qy_gis as qy
from qy_gis.siting.criteria import Criteria
from qy_gis.siting.rank import place_sites, weight_shifts


@pytest.fixture
def plan(make_plan: MakePlan) -> qy.Plan:
    return make_plan(zone={"shapes": [square(0, 0)]})


@pytest.fixture
def criteria() -> Criteria:
    def row(key: str, measure: str, best: float, weight: float, **more) -> dict:
        value = {"kind": "linear", "worst": 0.0, "best": best}
        return {
            "key": key,
            "title": {"zh": key, "en": key},
            "measure": measure,
            "value": value,
            "weight": weight,
            **more,
        }

    rows = [row("large", "area", 100.0, 0.6), row("zoned", "share", 1.0, 0.4, layer="zone")]
    return Criteria.model_validate({"criterion": rows})


@pytest.fixture
def sites():
    # 100 ha out of the zone: 0.6 x 1 + 0.4 x 0. 25 ha in it: 0.6 x 0.25 + 0.4. 25 ha, half in: 0.6 x 0.25 + 0.4 x 0.5.
    return parcels_of(square(5000, 0), square(0, 0, 500), square(750, 0, 500))


def test_scores_ranks_and_parts_by_hand(sites, plan, criteria):
    ranked = qy.rank_sites(sites, plan, criteria=criteria)
    assert ranked["parcel_id"].tolist() == ["P1", "P2", "P3"]
    assert ranked["rank"].tolist() == [1, 2, 3]
    assert ranked["score"].tolist() == pytest.approx([0.6, 0.55, 0.35], abs=3e-4)
    assert ranked["large_part"].tolist() == pytest.approx([0.6, 0.15, 0.15], abs=3e-4)
    assert ranked["zoned_part"].tolist() == pytest.approx([0, 0.4, 0.2], abs=3e-4)
    assert ranked["zoned_value"].tolist() == pytest.approx([0, 1, 0.5], abs=1e-3)
    assert "rank" not in sites


def test_progress_names_each_criterion(sites, plan, criteria):
    seen: list[tuple[int, int, str]] = []
    qy.rank_sites(sites, plan, criteria=criteria, progress=lambda *step: seen.append(step))
    assert seen == [(0, 2, "large / large"), (1, 2, "zoned / zoned")]


def test_the_probability_of_being_first_by_hand(sites, plan, criteria):
    # P1 wins while w > 0.25 w + (1 - w): with a weight of at least 4/7 on the area. Equal weights: uniform draws.
    equal = criteria.model_copy(update={"weights": "equal"})
    ranked = qy.rank_sites(sites, plan, criteria=equal, draws=20_000).set_index("parcel_id")
    assert ranked.at["P1", "p_first"] == pytest.approx(3 / 7, abs=0.015)
    assert ranked.at["P2", "p_first"] == pytest.approx(4 / 7, abs=0.015)
    assert ranked["p_top3"].tolist() == [1, 1, 1]
    # At 0.5 the area is 1/14 short of 4/7.
    assert ranked.at["P2", "shift"] == pytest.approx(4 / 7 - 0.5, abs=1e-3)
    assert ranked.at["P1", "shift"] == pytest.approx(4 / 7 - 0.5, abs=1e-3)


def test_the_same_seed_gives_the_same_figures(sites, plan, criteria):
    first, second = (qy.rank_sites(sites, plan, criteria=criteria, seed=7) for _ in range(2))
    assert first.drop(columns="geometry").equals(second.drop(columns="geometry"))
    other = qy.rank_sites(sites, plan, criteria=criteria, seed=8)
    assert not other["p_first"].equals(first["p_first"])


def test_stability_is_doubly_stochastic(sites, plan, criteria):
    ranked = qy.rank_sites(sites, plan, criteria=criteria)
    stability = qy.rank_stability(ranked, criteria)
    assert stability.index.tolist() == ranked["parcel_id"].tolist()
    assert stability.sum(axis=0).tolist() == pytest.approx([1] * 3)
    assert stability.sum(axis=1).tolist() == pytest.approx([1] * 3)
    assert stability[1].tolist() == ranked["p_first"].tolist()


def test_a_rival_who_leads_nowhere_never_draws_level():
    shifts = weight_shifts(np.array([[1.0, 1.0], [0.5, 0.2]]), np.array([0.5, 0.5]))
    assert np.isnan(shifts).all()


def test_weight_moves_where_it_counts_most():
    # The rival leads by 0.2 by the first criterion and trails by 0.4 by the second: weight moved there gains 0.6 each.
    worth = np.array([[0.0, 0.4, 0.1], [0.2, 0.0, 0.0]])
    weights = np.array([0.4, 0.4, 0.2])
    gap = 0.4 * 0.4 + 0.1 * 0.2 - 0.2 * 0.4
    assert weight_shifts(worth, weights) == pytest.approx([gap / 0.6] * 2)


grids = arrays.arrays(float, (4, 3), elements=st.floats(0, 1).map(lambda value: round(value, 3)))


@settings(max_examples=60)
@given(grids, st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_the_shift_is_the_least_that_does_it(worth, weights):
    given_weights = np.array(weights) / sum(weights)
    shifts = weight_shifts(worth, given_weights)
    winner = int(np.argmax(np.round(worth @ given_weights, 12)))
    # All mixtures of three weights in steps of 1/60: none draws level with less.
    steps = np.array([(a, b, 60 - a - b) for a in range(61) for b in range(61 - a)]) / 60
    moved = np.abs(steps - given_weights).sum(axis=1) / 2
    for rival in range(len(worth)):
        if rival != winner:
            level = steps @ (worth[rival] - worth[winner]) >= -1e-12
            if level.any():
                assert shifts[rival] <= moved[level].min() + 1e-6


def test_places_are_a_ranking_and_ties_keep_their_order():
    places = place_sites(np.array([[0.5, 0.5], [0.5, 0.5], [0.6, 0.6]]), np.array([0.5, 0.5]), draws=3, seed=0)
    assert places.tolist() == [[1, 2, 0]] * 3


def test_what_cannot_be_ranked_is_refused(sites, plan, criteria):
    with pytest.raises(qy.ArgumentError, match="0 rows"):
        qy.rank_sites(sites.iloc[:0], plan, criteria=criteria)
    with pytest.raises(qy.ArgumentError, match="draws=0"):
        qy.rank_sites(sites, plan, criteria=criteria, draws=0)
