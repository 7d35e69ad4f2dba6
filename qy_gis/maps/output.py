"""Files put in place last: a failure leaves the old file, never half a new one."""

from __future__ import annotations

import os
from pathlib import Path

from qy_gis.errors import cannot_write


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its place and move it there.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise cannot_write(target, error) from error
