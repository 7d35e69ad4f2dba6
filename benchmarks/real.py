"""Hold the engine against its peers on real land: see `benchmarks.land`.

python -m benchmarks.real --parcels 100000
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.inputs import Inputs
from benchmarks.measure import (
    BEARING,
    CONTENDERS,
    ProgramError,
    describe_machine,
    race,
    run_program,
    save_result,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contenders on the land and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=100_000, metavar="COUNT")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs of each contender")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds a contender may take", metavar="SECONDS")
    given = parser.parse_args(arguments)
    try:
        _, _, text = run_program("benchmarks.land", given.parcels)
    except ProgramError as error:
        sys.exit(str(error))
    land = json.loads(text.splitlines()[-1])
    plan, parcels = Path(land.pop("plan")), Path(land.pop("file"))
    measured = race(
        [contender for contender in CONTENDERS if contender.name in BEARING],
        Inputs(plan, parcels, parcels),
        repeats=given.repeats,
        patience_s=given.patience,
        expected={},
        address=None,
    )
    results = {name: asdict(one) for name, one in measured.items()}
    save_result("real", {"machine": describe_machine(), "parcels": given.parcels, **land, "contenders": results})
    run_program("benchmarks.report")
    wrong = [f"{name}: {one.remark}" for name, one in measured.items() if one.comparison and one.comparison["unequal"]]
    if wrong:
        sys.exit("\n".join(["unequal results", *wrong]))


if __name__ == "__main__":
    main()
