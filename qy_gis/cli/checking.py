"""Commands that check: layers, check, index, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from qy_gis.cli.batching import BatchOptions, batch_options, is_batch, run_batch
from qy_gis.cli.common import LAYERS_HELP, make_folder, one_line_errors, refuse_overwriting, show_progress
from qy_gis.errors import ArgumentError


@click.command()
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("--validate", is_flag=True, help="Read all data and report every fault.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def layers(folders: tuple[str, ...], validate: bool, as_json: bool) -> None:
    """图层清单：依据、精度、规则。List the layers of the plan with basis, accuracy and rules."""
    with one_line_errors():
        from qy_gis.plan.read import read_plan
        from qy_gis.plan.validate import validate_plan
        from qy_gis.reports.terminal import print_layers

        plan = read_plan(*folders)
        if validate:
            validate_plan(plan)
        if as_json:
            import json

            listed = {key: layer.model_dump(mode="json", by_alias=True) for key, layer in plan.layers.items()}
            click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
            return
        print_layers(plan)
        if validate:
            click.echo(f"数据无误 / the data of all {len(plan.layers)} layers are sound")


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(),
    help="Write .json, .gpkg or .html too; or .parquet, block by block, for a file of any size.",
)
@click.option("--industry", help="Industry of the project, e.g. 新能源; a wrong name lists those of the plan.")
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("--crs", help="CRS of the coordinates if the file does not say, e.g. EPSG:4526.")
@click.option("--layer", help="Which layer of a file with several.")
@click.option("--id-column", help="Column with the parcels' ids, if it has no known heading.")
@click.option("--encoding", help="Encoding of a .txt or of a Shapefile's attributes, if the one found is wrong.")
@click.option(
    "--tolerance", type=float, help="Overlaps up to this area (m2) do not count. Default: as each layer says."
)
@click.option("--repair", is_flag=True, help="Accept repairs of geometry that change the area noticeably.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON (of a batch, the summary).")
@batch_options
def check(
    file: str,
    outputs: tuple[str, ...],
    industry: str | None,
    folders: tuple[str, ...],
    crs: str | None,
    layer: str | None,
    id_column: str | None,
    encoding: str | None,
    tolerance: float | None,
    repair: bool,
    as_json: bool,
    **batch: Any,
) -> None:
    """核查地块：面积、重叠、结论与理由。Check the parcels of FILE against the plan.

    FILE is 界址点 TXT, SHP (.zip), GPKG, FileGDB, DXF, KML, GeoJSON, CSV, XLSX …; - is standard input.

    \b
    qy-gis check parcel.txt --industry 新能源
    qy-gis check parcels.gpkg --layers office/ -o result.html -o result.gpkg

    批量：数据大于内存也可，中断可续。-o 名.parquet 总是批量；单独 -o 名.gpkg 而地块超过一万宗时也是。
    A batch reads GeoParquet, GeoPackage or FlatGeobuf of any size, block by block: always with -o NAME.parquet (a
    folder of tables), and with -o NAME.gpkg alone when FILE has more than 10,000 parcels.

    \b
    qy-gis check big.parquet -o out.parquet --layers office/ --summary out.html
    qy-gis check big.parquet -o out.parquet --layers office/ --resume
    """
    with one_line_errors():
        options = BatchOptions(**batch)
        if is_batch(file, outputs):
            refused = {"--layer": layer, "--encoding": encoding}
            if any(refused.values()):
                given = ", ".join(name for name, value in refused.items() if value)
                raise ArgumentError(f"{given}: not for a batch (-o {outputs[0]}); qy-gis convert may prepare the file")
            asked = {
                "folders": folders,
                "tolerance_m2": tolerance,
                "crs": crs,
                "id_column": id_column,
                "repair": repair,
            }
            sys.exit(run_batch(file, outputs[0], options, industry=industry, as_json=as_json, **asked))
        options.refuse()
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import read_plan
        from qy_gis.reports.write import check_suffix, to_json, write_report
        from qy_gis.verdict.check import check as check_parcels

        # What can be wrong with the command is said before the work is done.
        refuse_overwriting(file, outputs)
        for output in outputs:
            check_suffix(output)
        plan = read_plan(*folders)
        plan.industry(industry)
        parcels = read_parcels(file, crs=crs, layer=layer, id_column=id_column, encoding=encoding, repair=repair)
        with show_progress(quiet=as_json) as progress:
            result = check_parcels(parcels, plan, industry=industry, tolerance_m2=tolerance, progress=progress)
        if as_json:
            click.echo(to_json(result))
        else:
            from qy_gis.reports.terminal import print_result

            print_result(result)
        for output in outputs:
            click.echo(f"已写出 / written: {write_report(result, output)}", err=as_json)
    sys.exit(0 if (result.verdicts["verdict"] == "suitable").all() else 1)


@click.command()
@click.option("--clear", is_flag=True, help="Remove all that is kept.")
def index(clear: bool) -> None:
    """索引缓存：查看与清除。Show the plans that are kept cut for the next check, or remove them with all hashes."""
    import shutil

    from qy_gis.caching import cache_folder, hashes_file

    folder = cache_folder()
    kept = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    for path in kept:
        size = sum(file.stat().st_size for file in path.iterdir())
        click.echo(f"{path.name}  {size / 1e6:,.1f} MB")
        if clear:
            shutil.rmtree(path)
    if clear:
        hashes_file().unlink(missing_ok=True)
    click.echo(f"{folder}: {len(kept)} {'已清除 / removed' if clear else '个索引 / indexes'}")


@click.command()
@click.option("-o", "--output", type=click.Path(), default="maps/html", show_default=True, help="Folder for the pages.")
def demo(output: str) -> None:
    """演示：样例地块与地图。Check the sample parcels, with and without an office's own data, and draw the maps."""
    with one_line_errors():
        from qy_gis.maps.page import draw
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import bundled_folder, read_plan
        from qy_gis.reports.terminal import print_verdicts
        from qy_gis.reports.write import write_report
        from qy_gis.verdict.check import check as check_parcels

        folder = make_folder(Path(output))
        examples = bundled_folder("examples")
        written = []
        samples = sorted(path for path in (examples / "parcels").iterdir() if path.is_file() and path.suffix != ".md")
        for title, own, stem in [
            ("随附规划 / the bundled plan alone", [], "check"),
            (
                "叠加单位数据（合成示例） / with an office's own data (synthetic)",
                [examples / "office"],
                "check-office",
            ),
        ]:
            plan = read_plan(*own)
            click.echo(f"\n== {title}")
            for sample in samples:
                result = check_parcels(read_parcels(sample), plan, industry="新能源")
                click.echo(f"\n{sample.name}")
                print_verdicts(result)
                written.append(write_report(result, folder / f"{stem}-{sample.stem}.html"))
        bundled = read_plan()
        for name in ("overview", "zones", "platforms"):
            target = folder / f"{name}.html"
            draw(bundled, page=name).save(target)
            written.append(target)
        click.echo("\n用浏览器打开 / open in a browser:")
        for path in reversed(written):
            click.echo(f"  {path.resolve()}")
