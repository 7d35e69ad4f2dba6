"""Parcels from Excel workbooks: the rows of a sheet, read as a table."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd

from qy_gis.errors import ArgumentError, SourceError
from qy_gis.parcels.archive import check_archive
from qy_gis.parcels.limits import check_features, check_time
from qy_gis.parcels.pasted import Rows
from qy_gis.parcels.repairs import list_faults
from qy_gis.parcels.tables import read_table

#: How a formula begins in the XML of a sheet; it is looked for in pieces of so many bytes.
_FORMULA, _PIECE = re.compile(rb"<f[ >]"), 1 << 20


def read_xlsx(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a sheet of an Excel workbook: the one with a table, or the one named by ``layer``.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.

    Raises
    ------
    SourceError
        It is no workbook, has several sheets, or formulas whose values were never worked out.
    """
    if encoding is not None:
        raise ArgumentError(
            f"encoding={encoding!r}: {title} has its encoding by its format; leave encoding= out",
            zh=f"encoding={encoding!r}：{title} 的编码由格式决定，请去掉 encoding=",
        )
    check_archive(path, title)
    sheets = _read_sheets(path, title)
    named = ", ".join(sheets)
    if layer is not None and layer not in sheets:
        raise SourceError(
            f"{title} has no sheet {layer!r}; its sheets are {named}",
            zh=f"{title} 没有工作表 {layer!r}；其工作表为 {named}",
        )
    filled = [name for name, rows in sheets.items() if any(cells for _, cells in rows)]
    chosen = [layer] if layer is not None else filled
    # A sheet of formulas that were never worked out looks empty.
    _refuse_formulas(path, layer, sheets, title)
    if not chosen:
        raise SourceError(
            f"{title} is empty: none of its sheets ({named}) has a cell with a value; accepted is one "
            "sheet with a table",
            zh=f"{title} 是空的：工作表（{named}）都没有内容；接受一个带表格的工作表",
        )
    if len(chosen) > 1:
        raise SourceError(
            f"{title} has {len(chosen)} sheets that are not empty, accepted is one; name it with layer= (--layer). "
            f"Its sheets are {named}",
            zh=f"{title} 有 {len(chosen)} 个非空工作表，只接受一个；请用 --layer（layer=）指定。其工作表为 {named}",
        )
    return read_table(sheets[chosen[0]], crs=crs, title=title)


def _read_sheets(path: Path, title: str) -> dict[str, Rows]:
    """Return the rows of every sheet with their numbers; a row left blank has no cells."""
    return {
        name: [(number, cells if any(cells) else []) for number, cells in rows]
        for name, rows in _load(path, title, values=True).items()
    }


def _load(path: Path, title: str, *, values: bool) -> dict[str, Rows]:
    """Return the cells of every sheet as text: their values, or the formulas that make them."""
    # Only here, as it takes longer to load than a parcel of another format to read.
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
        try:
            found: dict[str, Rows] = {}
            for sheet in book.worksheets:
                # What a sheet says of its size may be a lie, and a lie of a million columns is slow.
                sheet.reset_dimensions()
                found[sheet.title] = [
                    (number, [_cell(value) for value in row]) for number, row in _numbered(sheet, title)
                ]
            return found
        finally:
            book.close()
    except SourceError:
        raise
    except Exception as error:  # openpyxl meets a damaged workbook with errors of a dozen kinds
        raise SourceError(
            f"{title} cannot be read as an Excel workbook, it is damaged or of another kind; accepted "
            "is .xlsx: open it in "
            "Excel or WPS and save it again",
            zh=f"{title} 不能按 Excel 工作簿读取，文件已损坏或并非此格式；接受 .xlsx：请用 Excel 或 WPS 打开后另存",
        ) from error


def _refuse_formulas(path: Path, layer: str | None, sheets: dict[str, Rows], title: str) -> None:
    """Raise an error if a sheet to be read has formulas without values: programs other than Excel leave them out."""
    if not _has_formulas(path):
        return
    faults, places = [], []
    for name, rows in _load(path, title, values=False).items():
        if layer not in (None, name):
            continue
        values = dict(sheets[name])
        for number, cells in rows:
            for at, cell in enumerate(cells):
                if cell.startswith("=") and not (values[number] + [""] * len(cells))[at]:
                    faults.append(f"sheet {name}, row {number}, column {at + 1}: {cell[:60]}")
                    places.append(f"工作表 {name} 第 {number} 行第 {at + 1} 列：{cell[:60]}")
    if faults:
        raise SourceError(
            f"{title} has formulas without values; accepted are values: open it in Excel or WPS and "
            "save it, or paste the "
            f"cells as values:\n{list_faults(faults)}",
            zh=f"{title} 的公式没有计算结果；接受数值：请用 Excel 或 WPS 打开并保存，或将单元格粘贴为数值：\n"
            + list_faults(places, zh=True),
        )


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            end = b""
            with archive.open(name) as file:
                while piece := file.read(_PIECE):
                    if _FORMULA.search(end + piece):
                        return True
                    end = piece[-2:]
    return False


def _numbered(sheet: Any, title: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number % 1000 == 0:
            check_time(title)
            check_features(number, title)
        yield number, row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # Excel keeps whole numbers as 1.0; a coordinate keeps every digit it has.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
