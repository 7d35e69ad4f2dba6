import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from qy_gis.parcels.repeats import SeenIds


@given(st.lists(st.lists(st.text(max_size=2), max_size=9), max_size=20))
def test_an_id_is_repeated_if_it_was_used_before(batches):
    seen, used = SeenIds(), set()
    for batch in batches:
        expected = []
        for text in batch:
            expected.append(text in used)
            used.add(text)
        assert seen.add(pa.array(batch, pa.string())).tolist() == expected


def test_runs_stay_few_and_hold_each_id_once():
    seen = SeenIds()
    for number in range(300):
        ids = pa.array([f"{number}-{n}" for n in range(10)])
        assert not seen.add(ids).any()
        assert seen.add(ids).all()
    assert sum(map(len, seen._runs)) == 3000
    assert len(seen._runs) <= 12
