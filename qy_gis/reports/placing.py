"""Files put in place last: a failure leaves what was there, never half a new file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyogrio.errors import DataSourceError

from qy_gis.errors import OutputError


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` to write to, and move it there when all went well.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    # Of this process alone, so that nobody's file is overwritten; the suffix stays, as drivers go by it.
    part = target.with_name(f".{target.stem}-{os.getpid()}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    except (OSError, DataSourceError) as error:
        raise OutputError(f"{target}: cannot be written: {error}") from error
    finally:
        if part.exists():
            part.unlink()
