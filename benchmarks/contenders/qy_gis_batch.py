"""qy_gis, the whole check as an office runs it: overlaps with intervals, findings and verdicts, file to file."""

import shutil

from benchmarks.inputs import read_arguments
from qy_gis.cli import main as qy_gis


def main() -> None:
    """Check every parcel against the plan."""
    inputs = read_arguments()
    shutil.rmtree(inputs.out, ignore_errors=True)
    command = ["check", str(inputs.parcels), "--layers", str(inputs.plan), "-o", str(inputs.out)]
    try:
        qy_gis(command)
    except SystemExit as end:
        # 1 is the answer that something stands against a parcel; a crash is another exception and goes through.
        if end.code not in (0, 1):
            raise


if __name__ == "__main__":
    main()
