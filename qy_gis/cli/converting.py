"""The command that converts parcels from one format to another."""

from __future__ import annotations

from pathlib import Path

import click

from qy_gis.cli.common import one_line_errors, refuse_overwriting


@click.command()
@click.argument("source", type=click.Path(allow_dash=True))
@click.argument("target", type=click.Path())
@click.option("--dialect", default="报批", show_default=True, help="界址点 TXT: 报批 供地 一张图 增减挂钩 卫片.")
@click.option("--crs", help="CRS of the coordinates if the source does not say, e.g. EPSG:4526, GCJ-02.")
@click.option("--layer", help="Which layer of a source with several; the table or query of a database.")
@click.option("--table", help="The new table, if TARGET is a database.")
@click.option("--id-column", help="Column with the parcels' ids, if it has no known heading.")
@click.option("--encoding", help="Encoding of text, if the one found is wrong.")
@click.option("--repair", is_flag=True, help="Accept repairs of geometry that change the area noticeably.")
def convert(
    source: str,
    target: str,
    dialect: str,
    crs: str | None,
    layer: str | None,
    table: str | None,
    id_column: str | None,
    encoding: str | None,
    repair: bool,
) -> None:
    """转换格式：读入即修复并列出，写出可再读。Read SOURCE, tell what was repaired, write TARGET.

    The endings say the formats; - is standard input.

    \b
    qy-gis convert parcel.txt parcel.gpkg
    qy-gis convert parcels.zip parcels.txt --dialect 一张图
    """
    with one_line_errors():
        import json
        from collections import Counter

        from qy_gis.columns import SOURCE_REPAIRS
        from qy_gis.parcels.read import read_parcels
        from qy_gis.parcels.write import write_parcels

        refuse_overwriting(source, (target,))
        parcels = read_parcels(source, crs=crs, layer=layer, id_column=id_column, encoding=encoding, repair=repair)
        written = write_parcels(parcels, target, dialect=dialect, layer=table)
        repairs = Counter(text for row in parcels[SOURCE_REPAIRS] for text in map(json.dumps, json.loads(row)))
        for text, times in repairs.items():
            row = json.loads(text)
            place = f"{Path(source).name}:{row['line']}" if row["line"] else Path(source).name
            click.echo(f"已修复 / repaired: {place} {row['what']} {row['before']} → {row['after']} ×{times}")
        click.echo(f"已写出 / written: {written} ({len(parcels)} 宗 / parcels)")
