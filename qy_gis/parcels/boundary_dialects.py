"""The dialects of 界址点坐标交换 text files: one table, from which files are both read and written."""

from __future__ import annotations

from typing import NamedTuple

from qy_gis.errors import ArgumentError

SECTIONS = ("[项目信息]", "[属性描述]", "[地块坐标]")

#: A section that some offices add; nothing in it is of the outlines.
EXTENSION = "[扩展信息]"

#: Fields of a parcel's header in the three layouts there are, by the columns they fill; "@" ends each.
NINE = ("count", "area", "number", "name", "shape", "sheet", "use", "land_class", "@")
ONE_MAP = ("number", "name", "shape", "sheet", "@")
SATELLITE = ("count", "name", "shape", "use", "@")

#: How many fields a header has, "@" included, to which an office has added its own behind the first eight.
EXTENDED = (12, 14)

#: Fields of a point in the two layouts there are: x is north (or longitude), y is east (or latitude).
RING_FIRST = ("number", "ring", "x", "y")
RING_LAST = ("number", "x", "y", "length", "ring")
WITH_HEIGHT = (*RING_FIRST, "height")

#: How messages call the fields.
HEADER_TEXT = "界址点数,面积(公顷),地块编号,地块名称,图形属性,图幅号,地块用途,地类编码,@"
POINT_TEXT = {
    RING_FIRST: "点号,圈号,X,Y",
    RING_LAST: "点号,X,Y,边长,圈号",
    WITH_HEIGHT: "点号,圈号,X,Y,高程",
}


class Dialect(NamedTuple):
    """One way to write a file."""

    zh: str
    en: str
    header: tuple[str, ...] = NINE
    point: tuple[str, ...] = RING_FIRST
    #: Whether there is a section [属性描述], and under which key it states the width of a zone.
    zone_key: str | None = "几度分带"
    degrees: bool = False


DIALECTS = (
    Dialect("报批", "approval"),
    Dialect("供地", "supply"),
    Dialect("一张图", "one-map", header=ONE_MAP),
    Dialect("增减挂钩", "linkage", point=RING_LAST, zone_key="分带"),
    Dialect("卫片", "satellite", header=SATELLITE, zone_key=None, degrees=True),
)


def find_dialect(name: str) -> Dialect:
    """Return a dialect by its Chinese or English name.

    Raises
    ------
    ArgumentError
        There is none of this name.

    Examples
    --------
    >>> find_dialect("satellite").zh
    '卫片'
    """
    for dialect in DIALECTS:
        if name in (dialect.zh, dialect.en):
            return dialect
    accepted = ", ".join(f"{dialect.zh} ({dialect.en})" for dialect in DIALECTS)
    raise ArgumentError(
        f"dialect={name!r} is no dialect of 界址点 text; accepted are {accepted}",
        zh=f"dialect={name!r} 不是界址点文本的格式；接受 {accepted}",
    )
