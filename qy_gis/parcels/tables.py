"""Parcels from tables: CSV and pasted text, with a column of outlines or one row for each boundary point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from qy_gis.columns import SOURCE_REPAIRS
from qy_gis.errors import ArgumentError, CRSError, SourceError
from qy_gis.measure.crs import check_crs
from qy_gis.parcels.coordinates import find_order, place_outlines
from qy_gis.parcels.headings import GEOMETRIES, IDS, Roles, find_roles, is_id, plain_heading
from qy_gis.parcels.limits import check_features, decode_text, read_bytes
from qy_gis.parcels.pasted import LOOK, Rows, split_text
from qy_gis.parcels.points import Table, check_old_datum, is_still, read_points
from qy_gis.parcels.prepare import HEADINGS
from qy_gis.parcels.repairs import Faults, Notes, TextFault, add_repair, as_repairs, gather_faults, note
from qy_gis.parcels.text import is_outline, parse_outline
from qy_gis.parcels.values import to_number

#: What the columns are in a table of numbers in a CRS of one's own, by how many there are.
_BARE = {2: ("north", "east"), 3: ("number", "north", "east"), 4: ("number", "ring", "north", "east")}

_NAMES = {"number": "点号", "ring": "圈号", "north": "X", "east": "Y", "height": "高程"}

_SRID = re.compile(r"\s*SRID\s*=\s*([0-9]{1,6})\s*;", re.IGNORECASE)
_UNIT = re.compile(r"[(（]?\s*(m|米|度|°|公顷|亩|m2|㎡|平方米)?\s*[)）]?", re.IGNORECASE)


def read_csv(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a table of text: comma, semicolon, tab, bar or blank between columns, with or without headings.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if layer is not None:
        raise ArgumentError(
            f"layer={layer!r}: {title} is a table, which has no layers; leave layer= out",
            zh=f"layer={layer!r}：{title} 是表格，没有图层，请去掉 layer=",
        )
    return read_table(split_text(decode_text(read_bytes(path, title), encoding, title), title), crs=crs, title=title)


def read_table(rows: Rows, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return the parcels of a table, given as its rows of text with their numbers; a blank row has no cells.

    Raises
    ------
    SourceError
        There are no rows, no headings and no coordinates, or what `qy_gis.parcels.points.read_points` refuses.
    CRSError
        The CRS is not stated and not recognised, or old.
    """
    rows = [(line, _trim(cells)) for line, cells in rows]
    if not any(cells for _, cells in rows):
        raise SourceError(
            f"{title} is empty; accepted is a table with headings, and a row for each parcel or point",
            zh=f"{title} 是空的；接受带表头的表格，每个地块或每个界址点一行",
        )
    check_features(len(rows), title)
    table = _find_headings(rows, title) or _find_bare(rows, crs, title)
    # What the table says comes first: read_parcels holds a CRS that is given against it.
    crs = _stated_crs(table, title) or crs
    if "outline" in table.roles.columns:
        return _read_outlines(table, crs=crs, title=title)
    return read_points(table, crs=crs, title=title)


def _trim(cells: list[str]) -> list[str]:
    """Return cells without the empty ones at the end."""
    last = next((i for i in range(len(cells), 0, -1) if cells[i - 1]), 0)
    return cells[:last]


def _find_headings(rows: Rows, title: str) -> Table | None:
    """Return the table under the first row of known headings; None if there is none."""
    filled = [i for i, (_, cells) in enumerate(rows) if cells][:LOOK]
    for place, i in enumerate(filled):
        line, headings = rows[i]
        roles = _roles_in(headings, rows[i + 1 :], title, line)
        if not roles.are_known:
            continue
        titles = filled[:place]
        if titles and titles[-1] == i - 1 and len([cell for cell in rows[i - 1][1] if cell]) > 1:
            # Merged cells: 坐标 stands above X and Y, and the number of the point beside it.
            width = max(len(headings), len(rows[i - 1][1]))
            above, below = (cells + [""] * (width - len(cells)) for cells in (rows[i - 1][1], headings))
            merged = [other if other and _UNIT.fullmatch(one) else one for one, other in zip(below, above, strict=True)]
            if _roles_in(merged, rows[i + 1 :], title, line).are_known:
                headings = merged
                titles = titles[:-1]
        first = i + 1
        while first < len(rows) and _goes_on(rows[first][1]):
            first += 1
        roles = _roles_in(headings, rows[first:], title, line)
        return _check_width(Table(headings, rows[first:], roles, _note_titles(rows, titles, title)), line, title)
    return None


def _roles_in(headings: list[str], below: Rows, title: str, line: int) -> Roles:
    """Return what columns are for; one that is called shape but holds no shapes is not for outlines."""
    roles = find_roles(headings, title=title, line=line)
    at = roles.columns.get("outline")
    if at is None:
        return roles
    first = next((cells[at] for _, cells in below if len(cells) > at and cells[at]), "")
    if is_outline(first) or (first and plain_heading(headings[at]) in GEOMETRIES):
        return roles
    return Roles({role: place for role, place in roles.columns.items() if role != "outline"}, roles.x_is_east)


def _goes_on(cells: list[str]) -> bool:
    """Return whether a row under the headings belongs to them: units, or X and Y once more."""
    if not cells:
        return False
    return all(_UNIT.fullmatch(cell) for cell in cells) or (
        find_roles(cells).are_known and not any(to_number(cell) is not None for cell in cells)
    )


def _check_width(table: Table, line: int, title: str) -> Table:
    faults = [
        TextFault(
            number,
            1,
            f"found {len(cells)} cells under the {len(table.headings)} headings of line {line}; a comma within a cell "
            "(2,622,000.000) needs quotes around it",
            f"有 {len(cells)} 个单元格，而第 {line} 行的表头只有 {len(table.headings)} 个；"
            "单元格内有逗号（2,622,000.000）时须加引号",
        )
        for number, cells in table.rows
        if len(cells) > len(table.headings)
    ]
    if faults:
        raise gather_faults(
            SourceError,
            faults,
            en=f"{title}: rows with more cells than headings",
            zh=f"{title}：有的行比表头多出单元格",
        )
    return table


def _note_titles(rows: Rows, titles: Sequence[int], title: str) -> Notes:
    """Return the notes on titles above a table; points among them are a fault, as is an old datum."""
    notes: Notes = {}
    for i in titles:
        line, cells = rows[i]
        text = "".join(cells)
        check_old_datum(text, line, title)
        if _has_point(cells):
            raise SourceError(
                f"{title}, line {line}: found coordinates above the headings: {text[:60]!r}; accepted are headings "
                "above all points",
                zh=f"{title} 第 {line} 行：表头之上有坐标：{text[:60]!r}；表头须在所有界址点之上",
            )
        note(notes, "表头上方的标题略去 / title above the headings left out", line, text, "")
    return notes


def _has_point(cells: list[str]) -> bool:
    numbers = [value for cell in cells if (value := to_number(cell)) is not None]
    return any(find_order(np.array([a]), np.array([b])) for a, b in pairwise(numbers))


# Tables without headings.


def _find_bare(rows: Rows, crs: Any, title: str) -> Table:
    """Return a table of numbers without headings: which columns are coordinates, the numbers tell."""
    outlines = next(([is_outline(cell) for cell in cells] for _, cells in rows if cells), [])
    if outlines.count(True) == 1:
        headings = [f"列{at + 1}" for at in range(max(len(cells) for _, cells in rows))]
        return Table(headings, rows, Roles({"outline": outlines.index(True)}), {})
    numeric = [i for i, (_, cells) in enumerate(rows) if sum(to_number(cell) is not None for cell in cells) > 1]
    above = [(line, cells) for line, cells in rows[: numeric[0] if numeric else None] if len(cells) > 1]
    if above or not numeric:
        # Headings that are not known: what is under them is not guessed.
        line, cells = above[-1] if above else next((line, cells) for line, cells in rows if cells)
        raise SourceError(
            f"{title}, line {line}: found the headings {cells[:20]}; accepted are a WKT column (wkt / geometry / geom "
            "…), or columns of coordinates (X and Y, 北坐标 and 东坐标, 经度 and 纬度 …)",
            zh=f"{title} 第 {line} 行：表头为 {cells[:20]}；接受 WKT 列（wkt / geometry / geom / 几何 …），"
            "或坐标列（X 和 Y、北坐标和东坐标、经度和纬度 …）",
        )
    columns = _bare_columns([rows[i][1] for i in numeric], crs, rows[numeric[0]][0], title)
    width = max(len(cells) for _, cells in rows)
    names = {at: _NAMES[role] for role, at in columns.items()}
    used = {at for _, cells in rows for at, cell in enumerate(cells) if cell}
    headings = [names.get(at, f"列{at + 1}" if at in used else "") for at in range(width)]
    # Programs of surveyors write 点号,编码,东,北,高, with a code or none in the second column.
    return Table(headings, rows, Roles(columns, columns["north"] > 1 and "ring" not in columns), {})


def _bare_columns(cells: list[list[str]], crs: Any, line: int, title: str) -> dict[str, int]:
    """Return what the columns of points without headings are for, by their place."""
    width = max(map(len, cells))
    values = [[to_number(row[at]) if at < len(row) else None for row in cells] for at in range(width)]
    pairs = []
    for at in range(width - 1):
        if None in values[at] or None in values[at + 1]:
            continue
        first, second = (np.array(values[i], dtype=float) for i in (at, at + 1))
        if found := find_order(first, second):
            # Numbers of points may look like latitudes; those with decimals are what they look like.
            whole = any((one == np.round(one)).all() for one in (first, second)) and found[1]
            pairs.append((whole, at))
    if not pairs:
        if crs is None or width not in _BARE:
            raise SourceError(
                f"{title}, line {line}: found {width} columns of numbers without headings, none of them coordinates "
                f"({', '.join(cells[0])[:60]}); accepted are X and Y side by side, 点号 and 圈号 before them, a height "
                "behind: in metres of a national grid or in degrees, for all points alike; or headings",
                zh=f"{title} 第 {line} 行：有 {width} 列无表头的数字，"
                f"都不是坐标（{', '.join(cells[0])[:60]}）；接受相邻的 X、Y 两列，"
                "前面可有点号、圈号，后面可有高程，须同为国家坐标系的米或经纬度；或请加表头",
            )
        return {role: at for at, role in enumerate(_BARE[width])}
    north = min(pairs)[1]
    columns = {"north": north, "east": north + 1}
    if north > 0:
        columns["number"] = 0
    rings = [row[1] for row in cells if len(row) > 1 and row[1].isdecimal()]
    # A whole number that changes from point to point is a code.
    if north > 1 and len(rings) == len(cells) and is_still(rings):
        columns["ring"] = 1
    if width > north + 2 and all(value is not None for value in values[north + 2]):
        columns["height"] = north + 2
    return columns


# Tables with a column of outlines.


def _stated_crs(table: Table, title: str) -> Any:
    """Return the CRS that a table states, in a column or in front of its WKT; None if it states none."""
    columns = table.roles.columns
    stated: set[str] = set()
    for line, cells in table.rows:
        if (at := columns.get("crs", len(cells))) < len(cells) and cells[at]:
            check_old_datum(cells[at], line, title)
            stated.add(cells[at])
        if (at := columns.get("outline", len(cells))) < len(cells) and (srid := _SRID.match(cells[at])):
            stated.add(srid[1])
    # The name of the datum says nothing of the grid, which the numbers tell.
    grids = [
        name for name in sorted(stated) if not re.search("2000国家|国家2000|国家大地|^cgcs ?2000$", name.casefold())
    ]
    found = {name: check_crs(int(name) if name.isdigit() and len(name) < 7 else name) for name in grids}
    if len(set(found.values())) > 1:
        raise CRSError(
            f"{title}: found the CRS {grids}; accepted is one for all parcels: give each its own file",
            zh=f"{title}：坐标系有 {grids}；所有地块只接受一个坐标系，请分成不同文件",
        )
    return next(iter(found.values()), None)


def _read_outlines(table: Table, *, crs: Any, title: str) -> gpd.GeoDataFrame:
    """Return the parcels of a table with an outline in each row, as WKT, WKB in hexadecimal, GeoJSON or points."""
    at = table.roles.columns["outline"]
    geometries, kept, srids = [], [], set()
    faults: Faults = []
    for line, cells in table.rows:
        if not cells:
            continue
        try:
            geometry, srid = parse_outline(cells[at] if at < len(cells) else "", title)
        except SourceError as error:
            en, zh = (text.removeprefix(title).lstrip(":： ") for text in (error.en, error.zh))
            faults.append(TextFault(line, 1, en, zh))
            continue
        geometries.append(geometry)
        kept.append(cells)
        srids.add(srid)
    if faults:
        raise gather_faults(SourceError, faults, en=f"{title} cannot be read", zh=f"{title} 无法读取")
    if stated := srids - {None}:
        if len(srids) > 1:
            raise CRSError(
                f"{title}: found the SRIDs {sorted(map(str, srids))}; accepted is one for all parcels",
                zh=f"{title}：SRID 有 {sorted(map(str, srids))}；所有地块只接受一个坐标系",
            )
        crs = check_crs(stated.pop())
    headings = {
        heading: place
        for place, heading in reversed([*enumerate(table.headings)])
        if heading and heading != "geometry" and place not in (at, table.roles.columns.get("crs"))
    }
    order = sorted(headings, key=lambda heading: headings[heading])
    attributes = {name: [row[headings[name]] if headings[name] < len(row) else "" for row in kept] for name in order}
    if (ids := _find_ids(attributes)) is not None:
        attributes = {"parcel_id": ids, **attributes}
    frame = place_outlines(gpd.GeoDataFrame(attributes, geometry=geometries), crs=crs, title=title)
    for repair in as_repairs(table.notes):
        frame[SOURCE_REPAIRS] = [add_repair(text, repair) for text in frame[SOURCE_REPAIRS]]
    return frame


def _find_ids(attributes: dict[str, list[str]]) -> list[str] | None:
    """Return the ids under a heading that only tables of parcels know; None if a common one has ids, or none has."""
    if any(plain_heading(name) in HEADINGS["parcel_id"] and any(values) for name, values in attributes.items()):
        return None
    known = [name for name, values in attributes.items() if is_id(name) and all(values)]
    known.sort(key=lambda name: IDS.index(plain_heading(name)) if plain_heading(name) in IDS else len(IDS))
    return next((attributes[name] for name in known if len({*attributes[name]}) == len(attributes[name])), None)
