"""Commands that draw: map, atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qy_gis.cli.common import LAYERS_HELP, find_lang, make_folder, one_line_errors, show_progress
from qy_gis.cli.many import say_written


@click.command(name="map")
@click.argument("name", default="overview")
@click.option(
    "-o", "--output", type=click.Path(), help="The file: .html, or .pdf, .png, .svg for paper. Default: maps/html/."
)
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language it opens in.")
@click.option("--before", type=click.Path(), help="Plan folder of an earlier edition, to swipe against (.html).")
@click.option("--scale", type=click.IntRange(min=100), help="On paper: 1:scale. Default: as the page says, or it fits.")
@click.option("--paper", type=click.Choice(["A4", "A3", "A2", "A1"]), help="On paper: size. Default: as the page says.")
@click.option("--accessible", is_flag=True, help="On paper: colours that the colour-blind can tell apart.")
def map_(
    name: str,
    output: str | None,
    folders: tuple[str, ...],
    lang: Any,
    before: str | None,
    scale: int | None,
    paper: Any,
    accessible: bool,
) -> None:
    """出图：离线网页，或纸质图。Draw a page of the plan: one offline HTML file, or a sheet of paper.

    NAME is overview, zones, platforms, layout, control, atlas, all (every page), or a page file of your own (.toml).

    \b
    qy-gis map zones                                    one file that needs no internet
    qy-gis map zones -o zones.pdf --scale 750000        exactly 1:750,000, to print
    qy-gis map control --layers office/                 with the office's own lines
    """
    with one_line_errors():
        from qy_gis.errors import ArgumentError
        from qy_gis.maps.page import draw, pages, read_page
        from qy_gis.plan.read import read_plan

        plan = read_plan(*folders)
        suffix = Path(output).suffix.lower() if output else ".html"
        if suffix != ".html":
            if before is not None:
                raise ArgumentError(
                    "--before is for a page on the screen (.html); paper has no swipe",
                    zh="--before 只用于网页（.html），纸图不能左右对比；请去掉，或改用 .html",
                )
            import datetime as dt

            from qy_gis.maps.paper import draw_on_paper, save_paper

            palette: Any = "accessible" if accessible else "plan"
            figure = draw_on_paper(
                plan, page=name, lang=lang, scale=scale, paper=paper, palette=palette, date=dt.date.today()
            )
            save_paper(figure, str(output))
            say_written(Path(str(output)).resolve(), find_lang())
            return
        if scale is not None or paper is not None or accessible:
            raise ArgumentError(
                "--scale, --paper and --accessible are for paper: give -o with .pdf, .png or .svg",
                zh="--scale、--paper、--accessible 只用于纸图；请用 -o 给出 .pdf、.png 或 .svg 文件",
            )
        names = [one for one in pages() if read_page(one).subject == "plan"] if name == "all" else [name]
        if name == "all" and output:
            raise ArgumentError(
                "all pages cannot be one file: leave -o out, they go to maps/html/",
                zh="全部页面不能写成一个文件；请去掉 -o，各页写到 maps/html/",
            )
        earlier = None if before is None else read_plan(before)
        for one in names:
            target = Path(output) if output else Path("maps/html") / f"{Path(one).stem}.html"
            make_folder(target.parent)
            draw(plan, page=one, lang=lang, before=earlier).save(target)
            say_written(target.resolve(), find_lang())


@click.command()
@click.option("-o", "--output", type=click.Path(), default="atlas.pdf", show_default=True, help="The PDF.")
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("--page", default="atlas", show_default=True, help="Page whose `each` names the layers with sheets.")
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the sheets."
)
@click.option("--paper", type=click.Choice(["A4", "A3", "A2", "A1"]), help="Size. Default: as the page says.")
@click.option("--accessible", is_flag=True, help="Colours that the colour-blind can tell apart.")
def atlas(output: str, folders: tuple[str, ...], page: str, lang: Any, paper: Any, accessible: bool) -> None:
    """图集：索引图，每县、每平台一幅，带书签的 PDF。An atlas: an index, a sheet per county and platform, bookmarks."""
    with one_line_errors():
        import datetime as dt

        from qy_gis.maps.atlas import write_atlas
        from qy_gis.plan.read import read_plan

        palette: Any = "accessible" if accessible else "plan"
        with show_progress(quiet=False) as progress:
            sheets = write_atlas(
                read_plan(*folders),
                output,
                page=page,
                lang=lang,
                paper=paper,
                palette=palette,
                date=dt.date.today(),
                progress=progress,
            )
        lang = find_lang()
        say_written(Path(output).resolve(), lang)
        click.echo(f"{sheets} 幅" if lang == "zh" else f"{sheets} sheets")
