"""The tree of every error and warning, split by the object at fault.

Each error is also a builtin (``ValueError`` or ``OSError``), so code that does not know qy_gis can catch it.
Messages name the argument or the file, what was found, what is accepted, what to do, and which rows or lines, in
Chinese and in English.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self


class Fault(NamedTuple):
    """One thing that is wrong, in both languages: where it is, what was found, what is accepted, what to do."""

    en: str
    zh: str


def join_faults(faults: Sequence[Fault]) -> Fault:
    """Return several faults as one, a line each."""
    return Fault("\n".join(fault.en for fault in faults), "\n".join(fault.zh for fault in faults))


class QyGisError(Exception):
    """Base of every error that qy_gis raises on purpose.

    Parameters
    ----------
    en
        The message in English.
    zh
        The same in Chinese; `str` gives it first, on lines of its own.
    """

    def __init__(self, en: str = "", *, zh: str = "") -> None:
        self.en, self.zh = en, zh
        super().__init__(f"{zh}\n{en}" if zh else en)

    def of(self, title: str) -> Self:
        """Return the same error with what it speaks of in front, a file's name for example."""
        return type(self)(f"{title}: {self.en}", zh=f"{title}：{self.zh}" if self.zh else "")

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker's error reaches the process that asked with both its messages.
        return _rebuild, (type(self), self.en, self.zh)


def _rebuild(kind: type[QyGisError], en: str, zh: str) -> QyGisError:
    return kind(en, zh=zh)


class ArgumentError(QyGisError, ValueError):
    """An argument has a value that is not accepted."""


class PlanError(QyGisError, ValueError):
    """A plan folder has faults; ``faults`` lists all of them in English, one line each.

    Parameters
    ----------
    faults
        What is wrong; a text is a fault that is said in English alone.
    """

    def __init__(self, faults: Sequence[str | Fault]) -> None:
        self.said = [fault if isinstance(fault, Fault) else Fault(fault, "") for fault in faults]
        self.faults = [fault.en for fault in self.said]
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the plan"
        super().__init__(
            "\n".join([count, *(f"- {fault.en}" for fault in self.said)]),
            zh="\n".join([f"规划有 {len(self.faults)} 处错误", *(f"- {fault.zh}" for fault in self.said if fault.zh)]),
        )

    def __reduce__(self) -> tuple[type[PlanError], tuple[list[Fault]]]:
        # A worker's error reaches the process that asked with all its faults.
        return PlanError, (self.said,)


class SourceError(QyGisError, ValueError):
    """A parcel file, or another source of parcels, cannot be read as parcels."""


class MissingSourceError(SourceError, FileNotFoundError):
    """A file that was named does not exist."""


class GeometryError(QyGisError, ValueError):
    """A geometry cannot be measured as a parcel or used as a zone."""


class CRSError(QyGisError, ValueError):
    """A coordinate reference system is missing, refused, or contradicts the coordinates."""


class MapError(QyGisError, ValueError):
    """A map page is described wrongly, or something on it cannot be shown offline."""


class OutputError(QyGisError, OSError):
    """An output file cannot be written."""


def cannot_write(path: str | os.PathLike[str], error: Exception) -> OutputError:
    """Return the error that says why a file or folder cannot be written, and what to do."""
    known = _WHY_NOT.get(error.errno or 0) if isinstance(error, OSError) else None
    why = known or Fault("the system refuses it; try another folder", "系统拒绝写入；请换一个文件夹再试")
    name = Path(path).name
    return OutputError(f"{name}: cannot be written: {why.en}", zh=f"{name}：写不出：{why.zh}")


_NO_LEAVE = Fault(
    "it may not be written; close the program that has it open, or choose another folder",
    "无权写入；请关闭正打开它的程序，或换一个文件夹",
)
_FULL = Fault("the disk is full; make room, or choose another disk", "磁盘已满；请腾出空间，或换一个磁盘")
_TAKEN = Fault("there is a folder or file of this name; give another name", "已有同名的文件夹或文件；请换一个名字")
_WHY_NOT = {
    errno.ENOENT: Fault(
        "its folder does not exist; make it, or choose another", "所在文件夹不存在；请先建立，或换一处"
    ),
    errno.ENOTDIR: Fault(
        "what should be its folder is a file; choose another folder", "所在之处是文件，不是文件夹；请换一处"
    ),
    errno.ENAMETOOLONG: Fault("its name is too long; give a shorter one", "文件名太长；请换短一些的名字"),
    errno.EACCES: _NO_LEAVE,
    errno.EPERM: _NO_LEAVE,
    errno.EROFS: _NO_LEAVE,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EISDIR: _TAKEN,
    errno.EEXIST: _TAKEN,
    errno.ENOTEMPTY: _TAKEN,
}


class ClusterError(QyGisError, OSError):
    """A Dask cluster cannot be reached, or did not stay."""


class GridWarning(UserWarning):
    """Planar areas in the parcels' own grid are wrong by more than 100 ppm (the areas reported are not).

    Parameters
    ----------
    en, zh
        What is off, in English and in Chinese; `str` gives the Chinese first.
    """

    def __init__(self, en: str = "", *, zh: str = "") -> None:
        self.en, self.zh = en, zh
        super().__init__(f"{zh}\n{en}" if zh else en)
