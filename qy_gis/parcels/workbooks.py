"""Parcels from Excel workbooks: the rows of a sheet, read as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd

from qy_gis.errors import ArgumentError, SourceError
from qy_gis.parcels.archive import check_archive
from qy_gis.parcels.limits import check_features, check_time
from qy_gis.parcels.tables import read_table


def read_xlsx(path: Path, *, title: str, crs: Any, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """Read a sheet of an Excel workbook: the one with a table, or the one named by ``layer``.

    The arguments are those of `qy_gis.parcels.read.read_parcels`.
    """
    if encoding is not None:
        raise ArgumentError(f"encoding={encoding!r}: {title} has its encoding by its format")
    check_archive(path, title)
    sheets = _read_sheets(path, title)
    if layer is not None and layer not in sheets:
        raise SourceError(f"{title} has no sheet {layer!r}; its sheets are {', '.join(sheets)}")
    chosen = {layer: sheets[layer]} if layer is not None else {name: rows for name, rows in sheets.items() if rows}
    if len(chosen) != 1:
        raise SourceError(
            f"{title} has {len(chosen)} sheets that are not empty, accepted is one; name it with layer=. "
            f"Its sheets are {', '.join(sheets)}"
        )
    return read_table(next(iter(chosen.values())), crs=crs, title=title)


def _read_sheets(path: Path, title: str) -> dict[str, list[tuple[int, list[str]]]]:
    """Return the rows of every sheet that are not empty, with their numbers."""
    # Only here, as it takes longer to load than a parcel of another format to read.
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            found: dict[str, list[tuple[int, list[str]]]] = {}
            for sheet in book.worksheets:
                # What a sheet says of its size may be a lie, and a lie of a million columns is slow.
                sheet.reset_dimensions()
                rows = ((number, [_cell(value) for value in row]) for number, row in _numbered(sheet, title))
                found[sheet.title] = [(number, row) for number, row in rows if any(row)]
            return found
        finally:
            book.close()
    except SourceError:
        raise
    except Exception as error:  # openpyxl meets a damaged workbook with errors of a dozen kinds
        raise SourceError(f"{title} cannot be read as an Excel workbook: {error}") from error


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
