"""Commands that check: layers, check, index, demo."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis.cli.batching import BatchOptions, batch_options, is_batch, run_batch
from qy_gis.cli.common import (
    INTERRUPTED,
    LAYERS_HELP,
    lang_option,
    make_folder,
    one_line_errors,
    say_error,
    show_progress,
)
from qy_gis.cli.inputs import Input, Inputs, find_inputs
from qy_gis.cli.many import (
    DEFAULT_FORMATS,
    Question,
    Targets,
    check_many,
    is_folder,
    name_outputs,
    refuse_to_overwrite,
    say_written,
)
from qy_gis.errors import ArgumentError, PlanError, QyGisError

if TYPE_CHECKING:
    from qy_gis.reports.language import Lang
    from qy_gis.reports.next_steps import Command


@click.command()
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("--validate", is_flag=True, help="Read all data and report every fault.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@lang_option
def layers(folders: tuple[str, ...], validate: bool, as_json: bool, lang: Lang) -> None:
    """图层清单：依据、精度、规则。List the layers of the plan with basis, accuracy and rules.

    \b
    qy-gis layers                                what the bundled plan holds
    qy-gis layers --layers office/ --validate    whether your office's own layers are sound
    """
    with one_line_errors(lang):
        from qy_gis.plan.read import read_plan
        from qy_gis.plan.validate import validate_folders
        from qy_gis.reports.terminal import print_layers, print_validation

        plan, notes = validate_folders(*folders) if validate else (read_plan(*folders), [])
        if as_json:
            import json

            listed = {key: layer.model_dump(mode="json", by_alias=True) for key, layer in plan.layers.items()}
            click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
            return
        print_layers(plan, lang=lang)
        if validate:
            print_validation(plan, notes, lang=lang)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(),
    help="Write .json, .gpkg or .html too; a folder (results/) gets a file for each of FILES; .parquet is a batch.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["html", "json", "gpkg", "parquet"]),
    help="What a folder gets for each of FILES; repeat it for more. Default: html.",
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
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: an object, for several files a list; of a batch, the summary."
)
@lang_option
@batch_options
def check(
    files: tuple[str, ...],
    outputs: tuple[str, ...],
    formats: tuple[str, ...],
    industry: str | None,
    folders: tuple[str, ...],
    tolerance: float | None,
    as_json: bool,
    lang: Lang,
    **options: Any,
) -> None:
    """核查地块：面积、重叠、结论与理由。Check the parcels of FILES against the plan.

    FILES are 界址点 TXT, SHP (.zip), GPKG, FileGDB, DXF, KML, GeoJSON, CSV, XLSX …; - is standard input. A folder
    stands for all of them in it and below, a pattern for those that fit.

    \b
    qy-gis check parcel.txt --industry 新能源
    qy-gis check parcels.gpkg --layers office/ -o result.html -o result.gpkg

    多个文件：逐个核查，读不了的最后列出，不影响其余；每宗一行的一览表为 --summary。
    Many files: each by itself. What cannot be read is listed at the end and stops nothing.

    \b
    qy-gis check FOLDER *.txt -o results/ --summary all.xlsx    a page for each, a workbook with a row per parcel
    qy-gis check FOLDER -o results/ --format html --format json
    qy-gis check FOLDER -o all.gpkg                             one file; the column file says where each is from

    批量：数据大于内存也可，中断可续。-o 名.parquet 总是批量；单独 -o 名.gpkg 而地块超过一万宗时也是。
    A batch reads GeoParquet, GeoPackage or FlatGeobuf of any size, block by block: always with -o NAME.parquet (a
    folder of tables), and with -o NAME.gpkg alone when FILE has more than 10,000 parcels.

    \b
    qy-gis check big.parquet -o out.parquet --layers office/ --summary out.html
    qy-gis check big.parquet -o out.parquet --layers office/ --resume
    qy-gis check big/*.parquet -o results/ --format parquet     a batch for each

    \b
    Exit status: 0 nothing stands against any parcel; 1 something does or is unknown, or some file was refused;
    2 the command is wrong, or no file could be checked.
    """
    with one_line_errors(lang):
        batch = BatchOptions(**{name: options.pop(name) for name in BatchOptions.__dataclass_fields__})
        asked = Asked(files, outputs, formats, industry, folders, tolerance, as_json, lang, batch, reading=options)
        status = run_check(asked)
    sys.exit(status)


@dataclass(frozen=True)
class Asked:
    """What `qy-gis check` was asked, as typed."""

    files: tuple[str, ...]
    outputs: tuple[str, ...]
    formats: tuple[str, ...]
    industry: str | None
    folders: tuple[str, ...]
    tolerance_m2: float | None
    as_json: bool
    lang: Lang
    batch: BatchOptions
    reading: dict[str, Any]

    @property
    def command(self) -> Command:
        """The command to build the next step on."""
        from qy_gis.reports.next_steps import Command, name_files

        return Command(name_files(self.files), self.industry, self.folders)


def run_check(asked: Asked) -> int:
    """Check what was asked, in the way its files and outputs ask for, and return the exit status."""
    if len(asked.files) == 1 and not asked.formats and is_batch(asked.files[0], asked.outputs):
        return _run_one_batch(asked, asked.files[0], asked.outputs[0])
    inputs = find_inputs(asked.files, accepted=_endings(), outputs=[*asked.outputs, *asked.batch.summaries])
    each = [output for output in asked.outputs if is_folder(output)]
    if asked.formats and not each:
        raise ArgumentError(
            "--format is for a folder of results; give one with -o results/",
            zh="--format 用于结果文件夹；请用 -o results/ 指定",
        )
    if "parquet" in asked.formats:
        return _run_batches(asked, inputs, each)
    asked.batch.refuse()
    if inputs.one and not each:
        return _check_one(asked, inputs.found[0].source, inputs.found[0].label)
    return _check_many(asked, inputs, each)


def _endings() -> list[str]:
    from qy_gis.parcels.read import READERS

    return list(READERS)


def _check_one(asked: Asked, file: str, label: str) -> int:
    """Check one file, print all that was found and write what was asked for."""
    from qy_gis.parcels.read import read_parcels
    from qy_gis.plan.read import read_plan
    from qy_gis.reports.write import check_suffix, to_json, write_report
    from qy_gis.verdict.check import check as check_parcels

    # What can be wrong with the command is said before the work is done.
    refuse_to_overwrite([Input(file, label)], [Path(path) for path in (*asked.outputs, *asked.batch.summaries)])
    for output in asked.outputs:
        check_suffix(output)
    for path in asked.batch.summaries:
        _check_list_suffix(path)
    plan = read_plan(*asked.folders)
    plan.industry(asked.industry)
    parcels = read_parcels(file, **asked.reading)
    with show_progress(quiet=asked.as_json) as progress:
        result = check_parcels(
            parcels, plan, industry=asked.industry, tolerance_m2=asked.tolerance_m2, progress=progress
        )
    if asked.as_json:
        click.echo(to_json(result))
    else:
        from qy_gis.reports.terminal_check import print_result

        print_result(result, lang=asked.lang, command=asked.command)
    for output in asked.outputs:
        say_written(write_report(result, output), asked.lang, as_json=asked.as_json)
    if asked.batch.summaries:
        from qy_gis.reports.parcel_list import ParcelList, list_parcels, write_parcel_list

        listed = ParcelList(list_parcels(result, label, lang=asked.lang), files=[label])
        for path in asked.batch.summaries:
            written = write_parcel_list(listed, path, plan=plan, industry=asked.industry, lang=asked.lang)
            say_written(written, asked.lang, as_json=asked.as_json)
    return 0 if (result.verdicts["verdict"] == "suitable").all() else 1


def _check_list_suffix(path: str) -> None:
    from qy_gis.reports.parcel_list import check_list_suffix

    check_list_suffix(path)


def _check_many(asked: Asked, inputs: Inputs, each: list[str]) -> int:
    """Check several files, or one into a folder."""
    from qy_gis.plan.read import read_plan
    from qy_gis.reports.merging import check_merged_suffix

    merged = [output for output in asked.outputs if output not in each]
    for output in merged:
        check_merged_suffix(output)
    for path in asked.batch.summaries:
        _check_list_suffix(path)
    plan = read_plan(*asked.folders)
    plan.industry(asked.industry)
    question = Question(plan, asked.industry, asked.tolerance_m2, asked.reading, asked.command, asked.lang)
    targets = Targets(
        [Path(output) for output in each],
        [Path(output) for output in merged],
        [Path(path) for path in asked.batch.summaries],
        asked.formats or DEFAULT_FORMATS,
    )
    return check_many(inputs, question, targets, as_json=asked.as_json)


def _run_one_batch(asked: Asked, file: str, output: str) -> int:
    names = {"layer": "--layer", "encoding": "--encoding"}
    given = [option for name, option in names.items() if asked.reading[name]]
    if given:
        raise ArgumentError(
            f"{', '.join(given)}: not for a batch (-o {output}); qy-gis convert may prepare the file",
            zh=f"{'、'.join(given)} 不用于批量（-o {output}）；可先用 qy-gis convert 整理文件",
        )
    return run_batch(
        file,
        output,
        asked.batch,
        industry=asked.industry,
        as_json=asked.as_json,
        lang=asked.lang,
        folders=asked.folders,
        tolerance_m2=asked.tolerance_m2,
        crs=asked.reading["crs"],
        id_column=asked.reading["id_column"],
        repair=asked.reading["repair"],
    )


def _run_batches(asked: Asked, inputs: Inputs, each: list[str]) -> int:
    """Run a batch for each file, into a folder; a file that is refused does not stop the others."""
    if asked.formats != ("parquet",) or len(each) != 1 or len(asked.outputs) != 1 or asked.batch.summaries:
        raise ArgumentError(
            "--format parquet goes with one -o FOLDER, and without other formats and --summary",
            zh="--format parquet 只与一个 -o 文件夹 同用，不与其他格式或 --summary 同用",
        )
    folder = make_folder(Path(each[0]))
    statuses, refused = [], []
    for label, (name,) in name_outputs(inputs.found, asked.formats).items():
        source = next(one.source for one in inputs.found if one.label == label)
        if not asked.as_json:
            click.echo(f"\n{label}")
        try:
            statuses.append(_run_one_batch(asked, source, str(folder / name)))
        except PlanError:
            raise
        except QyGisError as error:
            refused.append((label, error))
        if statuses and statuses[-1] == INTERRUPTED:
            return INTERRUPTED
    for label, why in refused:
        click.echo(f"{label}\n{say_error(why)}", err=True)
    if not statuses:
        return 2
    return max(statuses + [1] * bool(refused or inputs.empty))


@click.command()
@click.option("--clear", is_flag=True, help="Remove all that is kept.")
@lang_option
def index(clear: bool, lang: Lang) -> None:
    """索引缓存：查看与清除。Show the plans that are kept cut for the next check, or remove them with all hashes.

    \b
    qy-gis index            where they are, and how large
    qy-gis index --clear
    """
    import shutil

    from qy_gis.caching import cache_folder, hashes_file
    from qy_gis.reports.language import pick

    folder = cache_folder()
    kept = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    for path in kept:
        size = sum(file.stat().st_size for file in path.iterdir())
        click.echo(f"{path.name}  {size / 1e6:,.1f} MB")
        if clear:
            shutil.rmtree(path)
    if clear:
        hashes_file().unlink(missing_ok=True)
    count = len(kept)
    what = (
        pick(lang, f"已清除 {count} 个索引", f"{count} indexes removed")
        if clear
        else pick(lang, f"{count} 个索引", f"{count} indexes")
    )
    click.echo(f"{folder}: {what}")


@click.command()
@click.option("-o", "--output", type=click.Path(), default="maps/html", show_default=True, help="Folder for the pages.")
@lang_option
def demo(output: str, lang: Lang) -> None:
    """演示：样例地块与地图。Check the sample parcels, with and without an office's own data, and draw the maps.

    \b
    qy-gis demo -o /tmp/qy-gis
    """
    with one_line_errors(lang):
        from qy_gis.maps.page import draw
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import bundled_folder, read_plan
        from qy_gis.reports.language import pick
        from qy_gis.reports.terminal_check import print_verdicts
        from qy_gis.reports.write import write_report
        from qy_gis.verdict.check import check as check_parcels

        folder = make_folder(Path(output))
        examples = bundled_folder("examples")
        written = []
        samples = sorted(path for path in (examples / "parcels").iterdir() if path.is_file() and path.suffix != ".md")
        for title, own, stem in [
            (pick(lang, "随附规划", "the bundled plan alone"), [], "check"),
            (
                pick(lang, "叠加单位数据（合成示例）", "with an office's own data (synthetic)"),
                [examples / "office"],
                "check-office",
            ),
        ]:
            plan = read_plan(*own)
            click.echo(f"\n== {title}")
            for sample in samples:
                result = check_parcels(read_parcels(sample), plan, industry="新能源")
                click.echo(f"\n{sample.name}")
                print_verdicts(result, lang=lang)
                written.append(write_report(result, folder / f"{stem}-{sample.stem}.html"))
        bundled = read_plan()
        for name in ("overview", "zones", "platforms"):
            target = folder / f"{name}.html"
            draw(bundled, page=name).save(target)
            written.append(target)
        click.echo(pick(lang, "\n用浏览器打开：", "\nopen in a browser:"))
        for path in reversed(written):
            click.echo(f"  {path.resolve()}")
