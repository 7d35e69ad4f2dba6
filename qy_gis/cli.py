"""The command line: thin, no geometry. Heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qy_gis import __version__
from qy_gis.errors import GridWarning, QyGisError

if TYPE_CHECKING:
    from qy_gis.plan.model import Plan
    from qy_gis.verdict.check import CheckResult

_LAYERS_HELP = "Plan folder; repeat it to lay one over another. Without a plan.toml it lies over the bundled plan."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qy-gis")
def main() -> None:
    r"""规划与地块：查重叠、给结论、出图。A plan meets parcels: overlaps, outcomes with reasons, maps.

    \b
    Start here / 从这里开始:
      qy-gis demo                          check the sample parcels, draw the maps
      qy-gis check parcel.txt              is this parcel all right?
      qy-gis check parcel.txt -o out.html  the same as one page to open or print
      qy-gis map overview                  the plan as one offline HTML page
      qy-gis layers --validate             what the plan holds, and whether its data are sound

    \b
    Exit status: 0 nothing stands against the parcels, 1 something does or is unknown,
    2 the command or a file is wrong (one message says what, and what to do).
    """


@main.command()
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=_LAYERS_HELP)
@click.option("--validate", is_flag=True, help="Read all data and report every fault.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def layers(folders: tuple[str, ...], validate: bool, as_json: bool) -> None:
    """图层清单：依据、精度、规则。List the layers of the plan with basis, accuracy and rules."""
    with _one_line_errors():
        from qy_gis.plan.read import read_plan
        from qy_gis.plan.validate import validate_plan

        plan = read_plan(*folders)
        if validate:
            validate_plan(plan)
        if as_json:
            import json

            listed = {key: layer.model_dump(mode="json", by_alias=True) for key, layer in plan.layers.items()}
            click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
            return
        _print_layers(plan)
        if validate:
            click.echo(f"数据无误 / the data of all {len(plan.layers)} layers are sound")


@main.command()
@click.argument("file", type=click.Path())
@click.option("-o", "--output", "outputs", multiple=True, type=click.Path(), help="Write .json, .gpkg or .html too.")
@click.option("--industry", help="Industry of the project, e.g. 新能源; a wrong name lists those of the plan.")
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=_LAYERS_HELP)
@click.option("--crs", help="CRS of the coordinates if the file does not say, e.g. EPSG:4526.")
@click.option("--layer", help="Which layer of a file with several.")
@click.option("--id-column", help="Column with the parcels' ids, if it has no known heading.")
@click.option("--encoding", help="Encoding of a .txt or of a Shapefile's attributes, if the one found is wrong.")
@click.option(
    "--tolerance", type=float, help="Overlaps up to this area (m2) do not count. Default: as each layer says."
)
@click.option("--repair", is_flag=True, help="Accept repairs of geometry that change the area noticeably.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
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
) -> None:
    r"""核查地块：面积、重叠、结论与理由。Check the parcels of FILE against the plan.

    FILE is 界址点 TXT, GeoJSON, GeoPackage or Shapefile (.zip or .shp).

    \b
    qy-gis check parcel.txt --industry 新能源
    qy-gis check parcels.gpkg --layers office/ -o result.html -o result.gpkg
    """
    with _one_line_errors():
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import read_plan
        from qy_gis.reports.write import to_json, write_report
        from qy_gis.verdict.check import check as check_parcels

        plan = read_plan(*folders)
        parcels = read_parcels(file, crs=crs, layer=layer, id_column=id_column, encoding=encoding, repair=repair)
        with _progress(quiet=as_json) as progress:
            result = check_parcels(parcels, plan, industry=industry, tolerance_m2=tolerance, progress=progress)
        if as_json:
            click.echo(to_json(result))
        else:
            _print_result(result)
        for output in outputs:
            click.echo(f"已写出 / written: {write_report(result, output)}", err=as_json)
    sys.exit(0 if (result.verdicts["verdict"] == "suitable").all() else 1)


@main.command(name="map")
@click.argument("name", default="overview")
@click.option("-o", "--output", type=click.Path(), help="Where to write the page; default maps/html/NAME.html.")
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=_LAYERS_HELP)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language it opens in.")
def map_(name: str, output: str | None, folders: tuple[str, ...], lang: Any) -> None:
    """出图：一个离线 HTML 文件。Write a page of the plan as one HTML file that needs no internet.

    NAME is overview, zones, platforms, or a page file of your own (.toml).
    """
    with _one_line_errors():
        from qy_gis.maps.page import draw
        from qy_gis.plan.read import read_plan

        target = Path(output) if output else Path("maps/html") / f"{Path(name).stem}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        draw(read_plan(*folders), page=name, lang=lang).save(target)
        click.echo(f"已写出 / written: {target.resolve()}")


@main.command()
@click.option("-o", "--output", type=click.Path(), default="maps/html", show_default=True, help="Folder for the pages.")
def demo(output: str) -> None:
    """演示：样例地块与地图。Check the sample parcels, with and without an office's own data, and draw the maps."""
    with _one_line_errors():
        from qy_gis.maps.page import draw
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import bundled_folder, read_plan
        from qy_gis.reports.write import write_report
        from qy_gis.verdict.check import check as check_parcels

        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        examples = bundled_folder("examples")
        written = []
        samples = sorted(path for path in (examples / "parcels").iterdir() if path.suffix not in (".md", ".py"))
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
                _print_verdicts(result)
                written.append(write_report(result, folder / f"{stem}-{sample.stem}.html"))
        for name in ("overview", "zones", "platforms"):
            target = folder / f"{name}.html"
            draw(read_plan(), page=name).save(target)
            written.append(target)
        click.echo("\n用浏览器打开 / open in a browser:")
        for path in reversed(written):
            click.echo(f"  {path.resolve()}")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn our errors into a message and exit status 2, and our warnings into notes; other errors are bugs and show."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: click.echo(f"提示 / note: {message}", err=True)
        warnings.simplefilter("always", GridWarning)
        try:
            yield
        except QyGisError as error:
            click.echo(f"错误 / error: {error}", err=True)
            sys.exit(2)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar on a terminal; nothing when output is read by a machine."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)


def _print_layers(plan: Plan) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{plan.title.zh} · {plan.edition}", title_justify="left")
    for heading in ("图层 key", "名称 title", "依据 basis", "精度 accuracy", "要素 features", "规则 rules"):
        table.add_column(heading)
    for key, layer in plan.layers.items():
        accuracy = f"±{layer.accuracy_m:,.0f} m" if layer.has_data else "—"
        count = str(len(plan.features(key))) if layer.has_data else "无数据 no data"
        rules = ", ".join(f"{rule.key} ({rule.severity})" for rule in layer.rules)
        table.add_row(key, escape(f"{layer.title.zh} {layer.title.en}"), layer.basis, accuracy, count, rules)
    _console().print(table)


def _print_verdicts(result: CheckResult) -> None:
    from rich.markup import escape
    from rich.table import Table

    from qy_gis.columns import VERDICT_TEXT

    colours = {"prohibited": "bold red", "undetermined": "yellow", "conditional": "blue", "suitable": "green"}
    table = Table()
    for heading in ("地块 parcel", "面积 m²", "公顷 ha", "亩 mu"):
        table.add_column(heading, justify="left" if "parcel" in heading else "right", overflow="fold")
    table.add_column("结论 verdict")
    table.add_column("缘由 because of", overflow="fold")
    for parcel, verdict in zip(
        result.parcels.itertuples(index=False), result.verdicts.itertuples(index=False), strict=True
    ):
        zh, en = VERDICT_TEXT[verdict.verdict]
        table.add_row(
            escape(f"{parcel.parcel_id} {parcel.name}".strip()),
            f"{parcel.area_m2:,.2f}",
            f"{parcel.area_ha:,.4f}",
            f"{parcel.area_mu:,.2f}",
            f"[{colours[verdict.verdict]}]{zh}[/]\n{en}",
            escape(verdict.summary.partition("：")[2]),
        )
    _console().print(table)


def _print_overlaps(result: CheckResult) -> None:
    from rich.markup import escape
    from rich.table import Table

    from qy_gis.reports.tables import tabulate_overlaps

    table = Table(title="位于何处 / where it lies", title_justify="left")
    for heading in ("地块 parcel", "图层 layer", "要素 feature", "面积 m²", "公顷 ha", "亩 mu", "占比 share"):
        table.add_column(heading, justify="right" if heading[0] in "面公亩占" else "left", overflow="fold")
    for row in tabulate_overlaps(result).itertuples(index=False):
        title = result.plan.layers[row.layer].title.zh
        areas = (f"{row.area_m2:,.2f}", f"{row.area_ha:,.4f}", f"{row.area_mu:,.2f}", f"{row.share:.2%}")
        table.add_row(escape(row.parcel_id), escape(title), escape(row.feature_name) or "（层外 outside）", *areas)
    _console().print(table)


def _print_result(result: CheckResult) -> None:
    from rich.markup import escape
    from rich.table import Table

    _print_verdicts(result)
    _print_overlaps(result)
    table = Table(title="不符合与待核实 / what stands against it or is unknown", title_justify="left", show_lines=True)
    for heading in ("地块", "规则", "结果", "理由 reason", "依据 document", "如何核实 to settle"):
        table.add_column(heading, overflow="fold")
    standing = result.findings[result.findings["outcome"] != "pass"]
    for row in standing.itertuples(index=False):
        outcome = "[red]不符合 fail[/]" if row.outcome == "fail" else "[yellow]待核实 unknown[/]"
        source = escape(" ".join(part for part in (row.document, row.article, row.date) if part))
        title = escape(result.plan.layers[row.layer].title.zh)
        table.add_row(escape(row.parcel_id), title, outcome, escape(row.reason), source, escape(row.settle))
    if len(standing):
        _console().print(table)
    passed = int((result.findings["outcome"] == "pass").sum())
    click.echo(f"另有 {passed} 项符合；-o 结果.html 可见全部 / {passed} more pass; -o result.html shows all")
    for row in result.repairs.itertuples(index=False):
        click.echo(f"已修复 / repaired: {row.parcel_id} {row.file}:{row.line} {row.what} {row.before} → {row.after}")


def _console() -> Any:
    from rich.console import Console

    # A table cut to 80 columns in a pipe or a log would lose its reasons.
    console = Console()
    return console if console.is_terminal else Console(width=160)


if __name__ == "__main__":
    main()
