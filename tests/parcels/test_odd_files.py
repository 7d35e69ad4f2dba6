"""Files made by structure, in every format, sound, flawed and damaged: read with the right areas, or refused by us."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import odd_files

#: Another seed than that of `benchmarks/fuzz_parcels.py`, of which 200,000 are run.
SEED, CASES = 11, 2_000


def try_some(numbers: range) -> list[str]:
    outcomes = []
    for number in numbers:
        with TemporaryDirectory() as folder:
            outcomes.append(odd_files.try_case(SEED, number, Path(folder)))
    return outcomes


def test_two_thousand_odd_files_are_read_right_or_refused():
    parts = [range(start, CASES, 2) for start in range(2)]
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        outcomes = [outcome for some in pool.map(try_some, parts) for outcome in some]
    assert [outcome for outcome in outcomes if outcome.startswith("WRONG")] == []
    counts = Counter(outcomes)
    assert counts["held"] > CASES / 3
    assert counts["layer"] + counts["PlanError"] > CASES / 60
