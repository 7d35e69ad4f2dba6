"""What one source may hold: sources come from strangers, and a reader must not be kept busy for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from qy_gis.errors import SourceError

#: Far beyond any honest source: a province has some millions of parcels.
MAX_FEATURES, MAX_VERTICES = 5_000_000, 100_000_000

#: Text formats are held in memory several times over while they are read.
MAX_TEXT_BYTES = 256 * 1024**2

#: Seconds that reading one source may take.
MAX_SECONDS = 300.0

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def limit_time() -> Iterator[None]:
    """Have `check_time` raise once `MAX_SECONDS` have passed."""
    token = _deadline.set(time.monotonic() + MAX_SECONDS)
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time(title: str) -> None:
    """Raise a SourceError if the time for reading is over; called between the steps of a long job."""
    if time.monotonic() >= _deadline.get():
        raise SourceError(
            f"{title} takes longer to read than {MAX_SECONDS:g} s; split it into several files",
            zh=f"{title} 读取超过 {MAX_SECONDS:g} 秒；请分成几个文件",
        )


def check_features(count: int, title: str) -> None:
    """Raise a SourceError if a source has too many features."""
    if count > MAX_FEATURES:
        raise SourceError(
            f"{title} has {count:,} features; accepted are {MAX_FEATURES:,}: split it into several files",
            zh=f"{title} 有 {count:,} 个要素；最多 {MAX_FEATURES:,} 个，请分成几个文件",
        )


def check_vertices(count: int, title: str) -> None:
    """Raise a SourceError if a source has too many vertices."""
    if count > MAX_VERTICES:
        raise SourceError(
            f"{title} has {count:,} vertices; accepted are {MAX_VERTICES:,}: split it into several files",
            zh=f"{title} 有 {count:,} 个顶点；最多 {MAX_VERTICES:,} 个，请分成几个文件",
        )


def read_bytes(path: Path, title: str) -> bytes:
    """Return the bytes of a file that is to be read as text.

    Raises
    ------
    SourceError
        It has more than 256 MiB.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        most = MAX_TEXT_BYTES // 1024**2
        raise SourceError(
            f"{title} has {size / 1024**2:.0f} MiB; accepted are {most} as text: split it into several files",
            zh=f"{title} 有 {size / 1024**2:.0f} MiB；文本最多 {most} MiB，请分成几个文件",
        )
    return path.read_bytes()


def decode_text(data: bytes, encoding: str | None, title: str) -> str:
    """Return text in the encoding given, in that of its byte order mark, in strict UTF-8, or in GB18030.

    Raises
    ------
    SourceError
        It is text in none of them.
    """
    bom = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}.get(data[:2])
    tried = [name for name in (encoding or bom,) if name] or ["utf-8-sig", "gb18030"]
    for name in tried:
        try:
            # Files put together have a second byte order mark; DOS ends one with a control Z.
            return data.decode(name).lstrip("\ufeff").rstrip("\x1a")
        except (UnicodeError, LookupError):
            continue
    raise SourceError(
        f"{title} is not text in {' nor in '.join(tried)}; give its encoding with encoding= "
        "(--encoding), or save it as UTF-8",
        zh=f"{title} 不是 {'、'.join(tried)} 编码的文本；请用 --encoding（encoding=）给出编码，或另存为 UTF-8",
    )
