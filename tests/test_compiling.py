"""Functions that run twice: the compiled module is loaded once, whoever asks, and only for much work."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qy_gis import compiling
from qy_gis.compiling import code_for, compiled
from qy_gis.overlay import kernel


def test_threads_that_ask_at_once_get_one_module(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "_twins", {})
    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(compiled, [kernel] * 8))
    assert all(twin is twins[0] for twin in twins)
    assert twins[0] is not kernel


def test_little_work_is_plain_until_much_work_has_come(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "_twins", {})
    assert code_for(kernel, many=False) is kernel
    assert code_for(kernel, many=True) is not kernel
    assert code_for(kernel, many=False) is not kernel
