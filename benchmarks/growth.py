"""Cost against the vertices of one zone: the same parcels, one layer with one zone of 1e3 to 1e6 vertices.

python -m benchmarks.growth --parcels 100000
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.inputs import Inputs
from benchmarks.measure import BEARING, CONTENDERS, describe_machine, race, run_program, save_result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contenders with every number of vertices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=100_000, metavar="COUNT")
    parser.add_argument("--vertices", type=int, nargs="+", default=[1000, 10_000, 100_000, 600_000], metavar="COUNT")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs of each contender")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds a contender may take", metavar="SECONDS")
    given = parser.parse_args(arguments)
    contenders = [contender for contender in CONTENDERS if contender.name in BEARING]
    _, _, text = run_program("benchmarks.city", "--parcels", given.parcels)
    parcels = Path(text.splitlines()[-1])
    rows = []
    for wanted in sorted(given.vertices):
        _, _, text = run_program("benchmarks.one_zone", wanted)
        folder, vertices = text.splitlines()[-1].rsplit(" ", 1)
        print(f"one zone of {int(vertices):,} vertices", flush=True)
        measured = race(
            contenders,
            Inputs(Path(folder), parcels, parcels),
            repeats=given.repeats,
            patience_s=given.patience,
            expected={},
            address=None,
        )
        results = {name: asdict(one) for name, one in measured.items()}
        rows.append({"vertices": int(vertices), "contenders": results})
    save_result("growth", {"machine": describe_machine(), "parcels": given.parcels, "zones": rows})
    run_program("benchmarks.report")


if __name__ == "__main__":
    main()
