"""Which points of a table are one parcel: told by its columns, else by what parts blocks of points; never silently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import shapely

from qy_gis.parcels.repairs import Faults, Notes, TextFault, note
from qy_gis.parcels.rings import Point, check_rings, compare_numbers, is_closed, nest_rings, same_place

#: Why a new parcel begins at a point, in Chinese and English.
_WHY = {
    "blank": ("空行", "a blank line"),
    "heading": ("重复的表头", "the headings again"),
    "caption": ("单独成行的文字", "a line of text"),
    "foot": ("表尾的文字", "the foot of a table"),
    "number": ("点号重新开始", "point numbers that start again"),
    "closed": ("圈已闭合", "a closed ring"),
    "ring": ("圈号重新开始", "ring numbers that start again"),
}

#: How the note on a new parcel begins.
_NEW = "无地块编号,"


class Row(NamedTuple):
    """A point of a table: where it stands, the parcel it is said to be of, what stands above it."""

    at: int
    point: Point
    parcel: str
    #: Why this may begin a new parcel: "blank", "heading", "caption", "foot", or "" if nothing is in between.
    above: str


class Block(NamedTuple):
    """The rings of one parcel, the places of its rows, and what was repaired."""

    rings: list[list[Point]]
    rows: list[int]
    notes: Notes


def build_blocks(
    rows: Sequence[Row], *, by_id: bool, faults: Faults
) -> list[tuple[shapely.Polygon | shapely.MultiPolygon, Block]]:
    """Return the parcels that the points of a table form, each with its outline.

    Parameters
    ----------
    rows
        The points, in the order of the table.
    by_id
        Whether ``parcel`` is the id of a parcel. Then all its points are of this one; if not (a name, or nothing at
        all), a blank line, a ring that closes, or point numbers that start again begin another.
    faults
        What cannot be decided is added.
    """
    before = len(faults)
    blocks = _join_ids(rows, faults) if by_id else _part_names(rows, faults)
    # Rings torn apart would only show faults that are none.
    for block in blocks if len(faults) == before else []:
        count = str(len(block.rows))
        check_rings(block.rings[0][0].line, block.rings, count, block.notes, faults)
    if len(faults) > before:
        return []
    if not by_id:
        return _nest_blocks(rows, blocks)
    found = []
    for block in blocks:
        outline, holes = nest_rings(block.rings)
        if len({ring[0].ring for ring in block.rings}) == len(block.rings):
            compare_numbers(block.rings, holes, block.notes)
        found.append((outline, block))
    return found


def _join_ids(rows: Sequence[Row], faults: Faults) -> list[Block]:
    """Return a block for each id; a ring that is left open and yet ends is a fault."""
    blocks: dict[str, Block] = {}
    last: Row | None = None
    for row in rows:
        block = blocks.setdefault(row.parcel, Block([], [], {}))
        ring = block.rings[-1] if block.rings else None
        if ring is None:
            block.rings.append([])
        elif last is not None and last.parcel == row.parcel and not _parts(ring, row):
            pass
        elif last is not None and row.point.ring == ring[0].ring and not is_closed(ring):
            faults.append(_left_open(ring, row, apart=last.parcel != row.parcel))
            block.rings.append([])
        else:
            block.rings.append([])
        block.rings[-1].append(row.point)
        block.rows.append(row.at)
        last = row
    for block in blocks.values():
        _note_loose_rings(block)
    return list(blocks.values())


def _left_open(ring: list[Point], row: Row, *, apart: bool) -> TextFault:
    why = ("另一地块的点", "points of another parcel") if apart else _WHY[_parts(ring, row) or "blank"]
    return TextFault(
        row.point.line,
        1,
        f"found {why[1]} within the open ring of parcel {row.parcel!r} (from line {ring[0].line}); accepted is another "
        "id for another parcel, another 圈号 for another ring, or a ring that ends where it began",
        f"地块 {row.parcel!r} 的圈（自第 {ring[0].line} 行）未闭合，其间出现{why[0]}；"
        "另一地块须另有编号，另一圈须另有圈号，"
        "或者圈的末点与首点相同",
    )


def _note_loose_rings(block: Block) -> None:
    """Note rings of one parcel that no ring number tells apart."""
    numbers = [ring[0].ring for ring in block.rings]
    for ring, number, earlier in zip(block.rings[1:], numbers[1:], numbers, strict=False):
        if number == earlier:
            what = "无圈号的另一圈,按包含关系定内外 / another ring without a number of its own: decided by containment"
            note(block.notes, what, ring[0].line, "", f"{ring[0].number or ring[0].line}")


def _part_names(rows: Sequence[Row], faults: Faults) -> list[Block]:
    """Return the blocks of points that are parcels or holes: what parts them is noted."""
    blocks: list[Block] = []
    last: Row | None = None
    for row in rows:
        ring = blocks[-1].rings[-1] if blocks else []
        if last is None or row.parcel != last.parcel:
            blocks.append(Block([[]], [], {}))
        elif why := _parts(ring, row):
            seen = {one[0].ring for one in blocks[-1].rings}
            if why == "ring" and row.point.ring not in seen and not row.above:
                blocks[-1].rings.append([])
            else:
                if _runs_on(ring, row):
                    faults.append(_torn(ring, row))
                blocks.append(Block([[]], [], {}))
                zh, en = _WHY[why]
                what = f"{_NEW}{zh}处另起一块 / no id of the parcel: a new one begins at {en}"
                note(blocks[-1].notes, what, row.point.line, "", row.point.number)
        blocks[-1].rings[-1].append(row.point)
        blocks[-1].rows.append(row.at)
        last = row
    return blocks


def _runs_on(ring: list[Point], row: Row) -> bool:
    """Return whether an open ring may go on behind the end of a page: its point numbers do."""
    if row.above not in ("heading", "foot") or is_closed(ring):
        return False
    before, here = (re.search("[0-9]{1,9}$", number) for number in (ring[-1].number, row.point.number))
    return before is not None and here is not None and int(here[0]) == int(before[0]) + 1


def _torn(ring: list[Point], row: Row) -> TextFault:
    zh, en = _WHY[row.above]
    return TextFault(
        row.point.line,
        1,
        f"found {en} within an open ring (from line {ring[0].line}) whose point numbers run on; accepted is a table "
        "without breaks: delete the rows in between if the ring goes on, or give each parcel its own 地块编号",
        f"圈（自第 {ring[0].line} 行）未闭合、点号连续，其间出现{zh}；若该圈跨页，请删去其间各行，"
        "若是另一地块，请填写地块编号",
    )


def _parts(ring: list[Point], row: Row) -> str:
    """Return why a point cannot be of the ring before it; "" if it can."""
    point = row.point
    if row.above:
        return row.above
    if point.ring != ring[0].ring:
        return "ring"
    if is_closed(ring):
        return "closed"
    again = bool(point.number) and any(one.number == point.number for one in ring)
    return "number" if (again or _starts_again(ring, point.number)) and not same_place(ring[0], point) else ""


def _starts_again(ring: list[Point], number: str) -> bool:
    """Return whether numbers such as A1, A2, A3, B1 start again under another name."""
    names = [re.fullmatch("(.*?)([0-9]{1,9})", one) for one in (*(point.number for point in ring), number)]
    if len(ring) < 3 or None in names:
        return False
    prefixes = [name[1] for name in names if name is not None]
    first, last = (name[2] for name in (names[0], names[-1]) if name is not None)
    return first == last and {*prefixes[:-1]} == {prefixes[0]} and prefixes[-1] != prefixes[0]


def _nest_blocks(
    rows: Sequence[Row], blocks: list[Block]
) -> list[tuple[shapely.Polygon | shapely.MultiPolygon, Block]]:
    """Return the parcels of blocks without ids; one inside another of the same name is its hole."""
    names = {row.at: row.parcel for row in rows}
    found = []
    start = 0
    while start < len(blocks):
        name = names[blocks[start].rows[0]]
        end = start + 1
        while end < len(blocks) and names[blocks[end].rows[0]] == name:
            end += 1
        found += _nest_run(blocks[start:end])
        start = end
    return found


def _nest_run(blocks: list[Block]) -> list[tuple[shapely.Polygon | shapely.MultiPolygon, Block]]:
    rings = [ring for block in blocks for ring in block.rings]
    owners = [block for block in blocks for _ in block.rings]
    land, holes = nest_rings(rings)
    parts = iter(shapely.get_parts(land).tolist())
    if len(blocks) == 1 and len(rings) > 1:
        compare_numbers(rings, holes, blocks[0].notes)
    polygons: dict[int, list[shapely.Polygon]] = {}
    for owner, hole in zip(owners, holes, strict=True):
        if not hole:
            polygons.setdefault(id(owner), []).append(next(parts))
    kept = [block for block in blocks if id(block) in polygons]
    for block in blocks:
        if id(block) not in polygons:
            _note_hole(block, kept, polygons)
    return [(own[0] if len(own := polygons[id(block)]) == 1 else shapely.MultiPolygon(own), block) for block in kept]


def _note_hole(hole: Block, kept: list[Block], polygons: dict[int, list[shapely.Polygon]]) -> None:
    """Note a block that became a hole with the parcel around it."""
    first = hole.rings[0][0]
    corners = {(point.east, point.north) for point in hole.rings[0]}
    for block in kept:
        inner = [tuple(xy) for one in polygons[id(block)] for ring in one.interiors for xy in ring.coords]
        if corners <= {*inner}:
            what = "位于本块之内的一圈,按洞读 / a ring inside this parcel: read as a hole"
            note(block.notes, what, first.line, "", f"{first.number or first.line}")
            # It begins no parcel after all; what else was repaired in it was repaired here.
            for earlier, places in hole.notes.items():
                if not earlier.startswith(_NEW):
                    block.notes.setdefault(earlier, []).extend(places)
