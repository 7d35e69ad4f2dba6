"""Hold the engine against its peers on the made-up city, and write `docs/performance.md`.

python -m benchmarks.run --parcels 10000 100000          # about ten minutes
python -m benchmarks.run --parcels 10000 100000 1000000  # about an hour
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.inputs import Inputs
from benchmarks.measure import CONTENDERS, Contender, Measured, describe_machine, race, run_program, save_result
from benchmarks.postgis import PostgisMissingError, serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contenders with every number of parcels, the fewest first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, nargs="+", default=[10_000, 100_000], metavar="COUNT")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs of each contender")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds a contender may take", metavar="SECONDS")
    parser.add_argument("--only", nargs="+", choices=[contender.name for contender in CONTENDERS], metavar="CONTENDER")
    given = parser.parse_args(arguments)
    contenders = [contender for contender in CONTENDERS if not given.only or contender.name in given.only]
    sizes: dict[int, dict[str, Measured]] = {}
    with ExitStack() as stack:
        address = _start_server(contenders, stack)
        for count in sorted(given.parcels):
            print(f"{count:,} parcels", flush=True)
            _, _, text = run_program("benchmarks.city", "--parcels", count)
            file = Path(text.splitlines()[-1])
            expected = _extrapolate(sizes, count)
            sizes[count] = race(
                contenders,
                Inputs(file.parent / "plan", file, file),
                repeats=given.repeats,
                patience_s=given.patience,
                expected=expected,
                address=address,
            )
    save_result(
        "run",
        {
            "machine": describe_machine(),
            "sizes": {count: {name: asdict(one) for name, one in row.items()} for count, row in sizes.items()},
        },
    )
    run_program("benchmarks.report")
    wrong = [
        f"{name} with {count:,} parcels: {one.remark}"
        for count, row in sizes.items()
        for name, one in row.items()
        if one.comparison and one.comparison["unequal"]
    ]
    if wrong:
        sys.exit("\n".join(["unequal results", *wrong]))


def _start_server(contenders: Sequence[Contender], stack: ExitStack) -> str | None:
    if not any(contender.server for contender in contenders):
        return None
    try:
        return stack.enter_context(serve())
    except PostgisMissingError as error:
        print(f"PostGIS is left out: {error}", flush=True)
        return None


def _extrapolate(sizes: dict[int, dict[str, Measured]], count: int) -> dict[str, float]:
    """Seconds each contender is expected to take, in proportion to the parcels of its last run."""
    return {
        name: one.median * count / earlier
        for earlier, row in sorted(sizes.items())
        for name, one in row.items()
        if one.median is not None
    }


if __name__ == "__main__":
    main()
