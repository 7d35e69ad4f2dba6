import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qy_gis as qy
from qy_gis.siting.criteria import Criteria
from qy_gis.siting.weights import derive_weights, find_inconsistency, weigh_criteria


def criteria(*weights: float, **head) -> Criteria:
    rows = [
        {
            "key": key,
            "title": {"zh": key, "en": key},
            "measure": "area",
            "value": {"kind": "linear", "worst": 0.0, "best": 1.0},
            "weight": weight,
        }
        for key, weight in zip("abc", weights, strict=True)
    ]
    return Criteria.model_validate({"criterion": rows, **head})


def test_given_and_equal_weights_add_up_to_one():
    assert weigh_criteria(criteria(1, 1, 2)).to_dict() == {"a": 0.25, "b": 0.25, "c": 0.5}
    assert weigh_criteria(criteria(1, 1, 2, weights="equal")).tolist() == pytest.approx([1 / 3] * 3)


@given(st.lists(st.floats(1, 9), min_size=3, max_size=8))
def test_consistent_comparisons_give_back_the_weights(weights):
    exact = np.array(weights) / sum(weights)
    found, ratio = derive_weights(exact[:, None] / exact[None, :])
    assert found == pytest.approx(exact, abs=1e-9)
    assert ratio == pytest.approx(0, abs=1e-9)


def test_an_inconsistent_matrix_by_hand():
    # a = 2 b, b = 2 c, c = 2 a: all weigh the same, and the largest eigenvalue is 1 + 2 + 1/2.
    matrix = np.array([[1, 2, 1 / 2], [1 / 2, 1, 2], [2, 1 / 2, 1]])
    weights, ratio = derive_weights(matrix)
    assert weights == pytest.approx([1 / 3] * 3)
    assert ratio == pytest.approx((3.5 - 3) / 2 / 0.58)


def test_comparisons_become_weights():
    pairs = [("a", "b", 2.0), ("b", "c", 2.0), ("a", "c", 4.0)]
    found = weigh_criteria(criteria(1, 1, 1, weights="ahp", comparisons=pairs))
    assert found.tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert find_inconsistency(criteria(1, 1, 1, weights="ahp", comparisons=pairs)) == pytest.approx(0, abs=1e-9)
    assert find_inconsistency(criteria(1, 1, 1)) is None


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("a", "b", 2.0), ("b", "c", 2.0)], "a and c are not compared"),
        ([("a", "b", 2.0), ("b", "a", 2.0), ("a", "c", 1.0), ("b", "c", 1.0)], "compared twice"),
        ([("a", "b", -2.0), ("a", "c", 1.0), ("b", "c", 1.0)], "a number over 0"),
        ([("a", "b", 5.0), ("b", "c", 5.0), ("c", "a", 5.0)], "consistency ratio is"),
    ],
)
def test_comparisons_that_cannot_be_used_are_refused(pairs, message):
    with pytest.raises(qy.ArgumentError, match=message):
        weigh_criteria(criteria(1, 1, 1, weights="ahp", comparisons=pairs))
