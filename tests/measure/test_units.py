import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qy_gis.errors import ArgumentError
from qy_gis.measure.units import round_parts, to_hectares, to_mu


def test_a_mu_is_ten_thousand_fifteenths_of_a_square_metre():
    assert to_mu([2000.0, 10_000.0]).tolist() == [3.0, 15.0]
    assert to_hectares([2000.0]).tolist() == [0.2]


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40), st.sampled_from([0, 2, 4]))
def test_parts_add_up_in_every_unit(parts, decimals):
    for unit in (parts, to_hectares(parts), to_mu(parts)):
        rounded = round_parts(unit, decimals=decimals)
        scale = 10**decimals
        assert abs(rounded.sum() - np.sum(unit)) <= 0.5 / scale + 1e-6 + 1e-9 * np.sum(unit)
        assert np.abs(rounded - np.asarray(unit)).max() <= 1 / scale + 1e-6
        assert rounded * scale == pytest.approx(np.round(rounded * scale), abs=1e-3)


def test_the_largest_remainder_is_rounded_up():
    # 0.33 + 0.33 + 0.32 is 0.02 short; 0.007 and 0.007 are larger than 0.006.
    assert round_parts([0.336, 0.337, 0.327], decimals=2).tolist() == [0.33, 0.34, 0.33]
    assert round_parts([1 / 3, 1 / 3, 1 / 3], decimals=2).tolist() == [0.34, 0.33, 0.33]


@pytest.mark.parametrize("parts", [[-1.0], [float("nan")]])
def test_what_is_no_part_is_refused(parts):
    with pytest.raises(ArgumentError, match="at least 0"):
        round_parts(parts, decimals=2)
