"""The command line: thin, no geometry. Heavy imports wait until a command needs them."""

from qy_gis.cli.checking import check, demo, index, layers
from qy_gis.cli.common import main
from qy_gis.cli.converting import convert
from qy_gis.cli.drawing import atlas, map_
from qy_gis.cli.siting import combine, site

__all__ = ["main"]

for _command in (check, convert, layers, index, map_, atlas, combine, site, demo):
    main.add_command(_command)
