"""What makes parcels unusable, row by row: one sentence for each fault, the same in a refusal and in a list of rejects.

A single check, or a reading, refuses a table for all its faults at once (`refuse_faults`); a batch lists the rows at
fault in ``rejects`` and goes on (`Fault.reason`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from qy_gis.errors import CRSError, GeometryError, QyGisError, SourceError
from qy_gis.parcels.repairs import list_faults


class Kind(IntEnum):
    """Kinds of faults, in the order in which a refusal lists them."""

    ID = 0
    DECLARED = 1
    OUTLINE = 2
    REACH = 3
    TANGLE = 4
    MENDING = 5
    SIZE = 6


class Fault(NamedTuple):
    """A fault of one row: its kind, and what is wrong in English and in Chinese."""

    kind: Kind
    en: str
    zh: str

    @property
    def reason(self) -> str:
        """Both sentences, as a batch lists them."""
        return f"{self.zh} / {self.en}"


#: Faults by the place of the row; of several in one row, the first that was found.
Faults: TypeAlias = dict[int, Fault]

_ERRORS: Mapping[Kind, type[QyGisError]] = {
    Kind.ID: SourceError,
    Kind.DECLARED: SourceError,
    Kind.OUTLINE: GeometryError,
    Kind.REACH: CRSError,
    Kind.TANGLE: GeometryError,
    Kind.MENDING: GeometryError,
    Kind.SIZE: GeometryError,
}

#: Above the rows of a kind: in English and in Chinese, with how many there are, and of how many.
_HEADS: Mapping[Kind, tuple[str, str]] = {
    Kind.ID: (
        "{n} of {all} ids are empty or not unique; accepted is one id per parcel, from another column with id_column= "
        "(--id-column)",
        "{all} 个编号中有 {n} 个为空或重复；每个地块须有唯一编号，可用 id_column=（--id-column）指定其他列",
    ),
    Kind.DECLARED: (
        "{n} of {all} declared areas are not a number of square metres",
        "{all} 个申报面积中有 {n} 个不是平方米数值",
    ),
    Kind.OUTLINE: (
        "{n} of {all} parcels have no usable outline; accepted are Polygon and MultiPolygon",
        "{all} 个地块中有 {n} 个没有可用图形；只接受 Polygon 和 MultiPolygon",
    ),
    Kind.REACH: (
        "{n} of {all} parcels are where their CRS is not used; state the CRS that they are in with crs= (--crs), or "
        "correct or remove what the file says of it (its .prj, its crs member)",
        "{all} 个地块中有 {n} 个不在其坐标系的适用范围内；请用 crs=（--crs）注明实际坐标系，"
        "或改正、删除文件中的坐标系说明（.prj、crs 成员）",
    ),
    Kind.TANGLE: (
        "{n} of {all} outlines cross themselves too often to be mended",
        "{all} 个图形中有 {n} 个自相交过多，无法修正；请改正",
    ),
    Kind.MENDING: (
        "{n} of {all} outlines are not simple, and mending changes the area by more than 1 m2 or 0.1%; correct them, "
        "or accept what is left after mending with repair=True (--repair)",
        "{all} 个图形中有 {n} 个有自相交等错误，修正后面积变化超过 1 m2 或 0.1%；请改正，"
        "或用 repair=True（--repair）接受修正结果",
    ),
    Kind.SIZE: (
        "{n} of {all} parcels are too small to be any (are the coordinates in the CRS they claim?)",
        "{all} 个地块中有 {n} 个面积过小（坐标系是否正确？）",
    ),
}


def refuse_faults(faults: Mapping[int, Fault], rows: Sequence[Any]) -> None:
    """Raise one error for all faults of a table; nothing if there are none.

    Parameters
    ----------
    faults
        By the place of the row.
    rows
        The number or name of each row in messages.

    Raises
    ------
    SourceError
        Ids or declared areas are at fault, or faults of several kinds of errors came together.
    CRSError
        Coordinates are out of the reach of their CRS.
    GeometryError
        Outlines are at fault.
    """
    if not faults:
        return
    kinds = sorted({fault.kind for fault in faults.values()})
    en, zh = [], []
    for kind in kinds:
        of_kind = {place: faults[place] for place in sorted(faults) if faults[place].kind == kind}
        counts = {"n": len(of_kind), "all": len(rows)}
        head_en, head_zh = (head.format(**counts) for head in _HEADS[kind])
        en.append(f"{head_en}:\n" + list_faults([f"row {rows[at]}: {fault.en}" for at, fault in of_kind.items()]))
        zh.append(
            f"{head_zh}：\n" + list_faults([f"行 {rows[at]}：{fault.zh}" for at, fault in of_kind.items()], zh=True)
        )
    errors = {_ERRORS[kind] for kind in kinds}
    error = errors.pop() if len(errors) == 1 else SourceError
    raise error("\n".join(en), zh="\n".join(zh))


def refuse_row(fault: Fault, row: int, parcel_id: str) -> None:
    """Raise the error of one fault, for a batch that is to stop at the first.

    Raises
    ------
    SourceError, CRSError, GeometryError
        As `refuse_faults` does.
    """
    raise _ERRORS[fault.kind](f"row {row} ({parcel_id}): {fault.en}", zh=f"行 {row}（{parcel_id}）：{fault.zh}")
