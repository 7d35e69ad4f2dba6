"""Functions that run twice: the compiled module is loaded once, whoever asks, and only for much work."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qy_gis import compiling
from qy_gis.compiling import code_for, compiled
from qy_gis.measure import gauss
from qy_gis.overlay import kernel


@pytest.fixture
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_twins", {})
    monkeypatch.setattr(compiling, "_plain", 0.0)


def test_threads_that_ask_at_once_get_one_module(afresh: None):
    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(compiled, [kernel] * 8))
    assert all(twin is twins[0] for twin in twins)
    assert twins[0] is not kernel


def test_little_work_is_plain_and_much_is_compiled(afresh: None):
    assert code_for(kernel, microseconds=1000) is kernel
    assert code_for(kernel, microseconds=1e6) is not kernel
    assert code_for(kernel, microseconds=1000) is not kernel


def test_little_work_again_and_again_becomes_much(afresh: None):
    # What a module did counts for the others: what takes long to load, they load together.
    chosen = [code_for(gauss, microseconds=150_000) is gauss for _ in range(2)]
    assert [*chosen, code_for(kernel, microseconds=150_000) is kernel, code_for(gauss, microseconds=1) is gauss] == [
        True,
        True,
        False,
        False,
    ]
