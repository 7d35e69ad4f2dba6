"""Run the command line with ``python -m qy_gis.cli``."""

from qy_gis.cli import main

main()
