"""The command that converts parcels from one format to another, and puts those of several files into one."""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis.cli.common import lang_option, make_folder, one_line_errors
from qy_gis.cli.inputs import Input, find_inputs
from qy_gis.cli.many import is_folder, name_outputs, refuse_to_overwrite, say_written, show_files
from qy_gis.errors import ArgumentError, GridWarning, QyGisError, SourceError

if TYPE_CHECKING:
    import geopandas as gpd

    from qy_gis.reports.language import Lang


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="SOURCES...")
@click.argument("target", type=click.Path())
@click.option("--format", "ending", help="Ending of the files that a folder as TARGET gets, e.g. gpkg.")
@click.option("--dialect", default="报批", show_default=True, help="界址点 TXT: 报批 供地 一张图 增减挂钩 卫片.")
@click.option("--crs", help="CRS of the coordinates if the source does not say, e.g. EPSG:4526, GCJ-02.")
@click.option("--layer", help="Which layer of a source with several; the table or query of a database.")
@click.option("--table", help="The new table, if TARGET is a database.")
@click.option("--id-column", help="Column with the parcels' ids, if it has no known heading.")
@click.option("--encoding", help="Encoding of text, if the one found is wrong.")
@click.option("--repair", is_flag=True, help="Accept repairs of geometry that change the area noticeably.")
@lang_option
def convert(
    sources: tuple[str, ...],
    target: str,
    ending: str | None,
    dialect: str,
    table: str | None,
    lang: Lang,
    **reading: Any,
) -> None:
    """转换格式：读入即修复并列出，写出可再读。Read SOURCES, tell what was repaired, write TARGET.

    The endings say the formats; - is standard input. A folder stands for all parcel files in it and below, a pattern
    for those that fit. Several files become one, with a column that says where each parcel is from; ids that several
    files use get the name of their file, and that is told. A folder as TARGET gets a file for each.

    \b
    qy-gis convert parcel.txt parcel.gpkg
    qy-gis convert parcels.zip parcels.txt --dialect 一张图
    qy-gis convert a.txt b.shp FOLDER all.gpkg           one file of all
    qy-gis convert FOLDER out/ --format txt              a file for each

    \b
    Exit status: 0 all was converted, 1 some file was refused, 2 the command is wrong or nothing could be read.
    """
    with one_line_errors(lang):
        from qy_gis.parcels.read import READERS

        inputs = find_inputs(sources, accepted=READERS, outputs=[target])
        each = is_folder(target) and "://" not in target and not target.lower().rstrip("/\\").endswith(".gdb")
        if each and not ending:
            raise ArgumentError(
                f"{Path(target).name} is a folder: say with --format which files it is to get, e.g. --format gpkg",
                zh=f"{Path(target).name} 是文件夹：请用 --format 说明写成哪种文件，如 --format gpkg",
            )
        form = (ending or "gpkg").lstrip(".").lower()
        names = name_outputs(inputs.found, (form,))
        written = [Path(target) / name for (name,) in names.values()] if each else [Path(target)]
        refuse_to_overwrite(inputs.found, written)
        frames, refused = _read_all(inputs.found, reading, lang)
        refused += [(name, SourceError("holds no parcel file", zh="其中没有可读的地块文件")) for name in inputs.empty]
        if inputs.passed_over:
            from qy_gis.reports.language import pick

            count = len(inputs.passed_over)
            names_passed = pick(lang, "、", ", ").join(inputs.passed_over)
            click.echo(pick(lang, f"略过 {count} 个：{names_passed}", f"passed over ({count}): {names_passed}"))
        if inputs.one and refused:
            raise refused[0][1]
        for label, error in refused:
            click.echo(f"{label}\n错误 / error: {error}", err=True)
        if not frames:
            sys.exit(2)
        if each:
            make_folder(Path(target))
            for label, frame in frames.items():
                _write(frame, str(Path(target) / names[label][0]), dialect, None, lang)
        else:
            _write(_merge(frames, lang), target, dialect, table, lang)
    sys.exit(1 if refused else 0)


def _read_all(
    inputs: list[Input], reading: dict[str, Any], lang: Lang
) -> tuple[dict[str, gpd.GeoDataFrame], list[tuple[str, QyGisError]]]:
    """Read every source and tell what was repaired; one that is refused does not stop the others."""
    from qy_gis.parcels.read import read_parcels

    frames: dict[str, gpd.GeoDataFrame] = {}
    refused: list[tuple[str, QyGisError]] = []
    with show_files(len(inputs), quiet=False, lang=lang) as tell:
        for number, one in enumerate(inputs):
            tell(number, one.label)
            try:
                with warnings.catch_warnings():
                    # Of planar areas, which are not written.
                    warnings.simplefilter("ignore", GridWarning)
                    frames[one.label] = read_parcels(one.source, **reading)
            except QyGisError as error:
                refused.append((one.label, error))
    for label, frame in frames.items():
        _tell_repairs(label, frame, lang)
    return frames, refused


def _tell_repairs(label: str, frame: gpd.GeoDataFrame, lang: Lang) -> None:
    from qy_gis.columns import SOURCE_REPAIRS
    from qy_gis.reports.console import plain
    from qy_gis.reports.language import one_language, pick

    repairs = Counter(text for row in frame[SOURCE_REPAIRS] for text in map(json.dumps, json.loads(row)))
    for text, times in repairs.items():
        row = json.loads(text)
        place = f"{label}:{row['line']}" if row["line"] else label
        what, before, after = (one_language(str(row[name]), lang) for name in ("what", "before", "after"))
        change = f"{before} → {after}" if before and after else before or after
        count = pick(lang, f"（{times} 宗）", f" ({times} parcels)") if times > 1 else ""
        click.echo(plain(f"{pick(lang, '已修复：', 'repaired: ')}{place} {what} {change}{count}"))


def _merge(frames: dict[str, gpd.GeoDataFrame], lang: Lang) -> gpd.GeoDataFrame:
    """Return the parcels of several files as one table, in one CRS, with ids that differ; what was changed is told."""
    import geopandas as gpd
    import pandas as pd

    from qy_gis.measure.crs import CGCS2000
    from qy_gis.parcels.boundary_write import to_degrees
    from qy_gis.reports.language import pick

    if len(frames) == 1:
        return next(iter(frames.values()))
    grids = {frame.crs.to_wkt() for frame in frames.values()}
    if len(grids) > 1:
        zh = f"坐标系有 {len(grids)} 种，统一写为 CGCS2000 经纬度（EPSG:4490）"
        click.echo(
            pick(lang, zh, f"{len(grids)} coordinate systems: all are written in degrees of CGCS2000 (EPSG:4490)")
        )
    column = "file"
    while any(column in frame for frame in frames.values()):
        column += "_"
    used = Counter(name for frame in frames.values() for name in frame["parcel_id"])
    tables, renamed = [], 0
    for label, frame in frames.items():
        clashing = frame["parcel_id"].map(used) > 1
        renamed += int(clashing.sum())
        ids = frame["parcel_id"].where(~clashing, label + ":" + frame["parcel_id"])
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name)).assign(parcel_id=ids, **{column: label})
        outlines = frame.geometry.to_numpy()
        table["geometry"] = to_degrees(outlines, frame.crs) if len(grids) > 1 else outlines
        tables.append(table)
    if renamed:
        zh = f"{renamed} 宗的编号在几个文件中重复，已在编号前加文件名"
        click.echo(
            pick(lang, zh, f"{renamed} parcels have ids that several files use: the file's name stands before them")
        )
    merged = pd.concat(tables, ignore_index=True)
    crs = CGCS2000 if len(grids) > 1 else next(iter(frames.values())).crs
    return gpd.GeoDataFrame(merged, geometry="geometry", crs=crs)


def _write(frame: gpd.GeoDataFrame, target: str, dialect: str, table: str | None, lang: Lang) -> None:
    from qy_gis.parcels.write import find_losses, write_parcels
    from qy_gis.reports.language import pick

    written = write_parcels(frame, target, dialect=dialect, layer=table)
    for zh, en in find_losses(frame, target, dialect=dialect):
        click.echo(pick(lang, f"提示：{zh}", f"note: {en}"), err=True)
    say_written(f"{written}{pick(lang, f'（{len(frame)} 宗）', f' ({len(frame)} parcels)')}", lang)
