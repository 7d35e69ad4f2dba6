"""Try files of parcels, layers and pages made by structure: each is read with the right areas, or refused by us, soon.

    python -m benchmarks.fuzz_parcels --cases 200000 --seed 1 --workers 2

Files are those of ``tests/odd_files.py``: every format, sound, flawed or damaged. Prints how the cases came out and
each that is wrong (a foreign exception, a wrong area, a sound file that is refused, a case that takes long); the exit
status says whether there was one, or whether fewer than a third were read and held against GeographicLib.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from odd_files import LONGEST_S, try_case

#: Cases that a process tries before it tells.
_TOGETHER = 250


def try_cases(seed: int, numbers: Sequence[int]) -> list[str]:
    """Return how some cases came out, each in a folder of its own."""
    outcomes = []
    for number in numbers:
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            outcome = try_case(seed, number, Path(folder))
        taken = time.process_time() - start
        outcomes.append(outcome if taken < LONGEST_S else f"WRONG {number}: {taken:.1f} s")
    return outcomes


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    numbers = [range(start, min(start + _TOGETHER, given.cases)) for start in range(0, given.cases, _TOGETHER)]
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(partial(try_cases, given.seed), numbers):
            for outcome in outcomes:
                counts["WRONG" if outcome.startswith("WRONG") else outcome] += 1
                if outcome.startswith("WRONG"):
                    print(outcome, flush=True)
    share = counts["held"] / given.cases
    print(f"{given.cases} cases of seed {given.seed}, {share:.0%} read and held: {dict(counts.most_common())}")
    sys.exit(counts["WRONG"] > 0 or share < 1 / 3)


if __name__ == "__main__":
    main()
