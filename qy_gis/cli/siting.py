"""Commands that look for land: combine, site."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from qy_gis.cli.common import LAYERS_HELP, lang_option, one_line_errors, show_progress
from qy_gis.cli.many import say_written

if TYPE_CHECKING:
    from qy_gis.reports.language import Lang


@click.command()
@click.option("-o", "--output", "outputs", multiple=True, type=click.Path(), help="Write .gpkg, .parquet or .html.")
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option(
    "--industry", help="Industry that the faces are judged for and the map coloured by; default: none stated."
)
@click.option("--outcomes", is_flag=True, help="Judge every face for every industry (into the .gpkg).")
@lang_option
def combine(
    outputs: tuple[str, ...], folders: tuple[str, ...], industry: str | None, outcomes: bool, lang: Lang
) -> None:
    """叠合全部图层：一张不重不漏的图。Combine all layers into one partition of the study area.

    \b
    qy-gis combine -o combined.gpkg --outcomes
    qy-gis combine -o combined.html --industry 新能源
    """
    with one_line_errors(lang):
        from qy_gis.overlay.combine import combine as combine_layers
        from qy_gis.overlay.combine import cross_layers
        from qy_gis.plan.read import read_plan
        from qy_gis.reports.combined import write_combined
        from qy_gis.reports.language import pick
        from qy_gis.reports.terminal import print_combined
        from qy_gis.siting.outcomes import judge_faces

        plan = read_plan(*folders)
        with show_progress(quiet=False) as progress:
            faces = combine_layers(plan, by_certainty=True, progress=progress)
            stated = plan.industry(industry) or ""
            others = [key for key in ("", *plan.industries) if key != stated] if outcomes else []
            judged = judge_faces(faces, plan, industries=[stated, *others], progress=progress)
        cross = cross_layers(faces)
        print_combined(plan, cross, lang=lang)
        count, area = len(faces), f"{faces['area_m2'].sum() / 1e6:,.2f} km²"
        click.echo(pick(lang, f"{count} 个图斑，{area}", f"{count} faces, {area}"))
        for output in outputs:
            say_written(write_combined(faces, output, plan=plan, cross=cross, outcomes=judged), lang)


@click.command()
@click.option("--area", "area_ha", type=float, required=True, help="Area that a site must have, 公顷.")
@click.option("--industry", help="Industry of the project, e.g. 新能源; a wrong name lists those of the plan.")
@click.option("--within", help="Name of a county; default: the whole study area.")
@click.option(
    "--criteria", "criteria_file", type=click.Path(), help="TOML file with criteria: sites are ranked by them."
)
@click.option("--candidates", type=click.Path(), help="Choose from the parcels of this file.")
@click.option(
    "--shape",
    type=click.Choice(["square", "hexagon", "whole"]),
    default="square",
    show_default=True,
    help="Cells that sites are grown from, or whole parts of the land.",
)
@click.option("-n", "count", type=int, default=10, show_default=True, help="How many sites at most.")
@click.option(
    "--unknown",
    type=click.Choice(["drop", "keep"]),
    default="drop",
    show_default=True,
    help="Land on which a rule cannot be decided; kept, its sites are 待核实.",
)
@click.option("--setback", "setbacks", multiple=True, help="Metres to keep off a layer: river=500. Repeat for more.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(["prohibit", "approve", "advise"]),
    help="Rules of this severity take land; repeat for more. Default: all.",
)
@click.option("--layers", "folders", multiple=True, type=click.Path(), help=LAYERS_HELP)
@click.option("-o", "--output", "outputs", multiple=True, type=click.Path(), help="Write .gpkg, .html or .pdf.")
@lang_option
def site(
    area_ha: float,
    industry: str | None,
    within: str | None,
    criteria_file: str | None,
    candidates: str | None,
    shape: Any,
    count: int,
    unknown: Any,
    setbacks: tuple[str, ...],
    severities: tuple[Any, ...],
    folders: tuple[str, ...],
    outputs: tuple[str, ...],
    lang: Lang,
) -> None:
    """选址：可选土地、备选地块、排序。Find sites on the land that the rules leave, and rank them.

    \b
    qy-gis site --area 50 --industry 新材料 --within 英德市 --layers office/ -o sites.html -o sites.gpkg

    Exit status: 0 every site found is 可行, 1 none was found or some is not, 2 usage or data error.
    """
    with one_line_errors(lang):
        from qy_gis.parcels.read import read_parcels
        from qy_gis.plan.read import read_plan
        from qy_gis.reports.siting import Siting, describe_question, summarise_land, write_siting
        from qy_gis.reports.terminal import print_sites
        from qy_gis.siting.criteria import read_criteria
        from qy_gis.siting.eligible import eligible_area, rule_costs
        from qy_gis.siting.ground import SEVERITIES
        from qy_gis.siting.rank import rank_sites
        from qy_gis.siting.sites import find_sites
        from qy_gis.verdict.check import check as check_parcels

        plan = read_plan(*folders)
        distances = _read_setbacks(setbacks)
        criteria = read_criteria(criteria_file) if criteria_file else None
        chosen = tuple(severities) or SEVERITIES
        asked: dict[str, Any] = {"industry": industry, "within": within, "severities": chosen, "setbacks": distances}
        parcels = read_parcels(candidates) if candidates else None
        with show_progress(quiet=False) as progress:
            sites = find_sites(
                plan,
                area_ha=area_ha,
                shape=shape,
                n=count,
                unknown=unknown,
                criteria=criteria,
                candidates=parcels,
                progress=progress,
                **asked,
            )
            if criteria is not None and len(sites):
                sites = rank_sites(sites, plan, criteria=criteria, progress=progress)
            costs = rule_costs(plan, progress=progress, **asked)
        print_sites(sites, lang=lang)
        click.echo(summarise_land(costs, lang=lang))
        if outputs:
            siting = Siting(
                title=" · ".join(filter(None, ("选址 Siting", f"{area_ha:g} 公顷 ha", industry, within))),
                plan=plan,
                sites=sites,
                land=eligible_area(plan, unknown="keep", **asked),
                costs=costs,
                findings=check_parcels(sites, plan, industry=industry).findings if len(sites) else _no_findings(),
                criteria=criteria if len(sites) else None,
                asked=describe_question(
                    plan, area_ha=area_ha, shape=shape, unknown=unknown, candidates=candidates, **asked
                ),
            )
            for output in outputs:
                say_written(write_siting(siting, output), lang)
    sys.exit(0 if len(sites) and (sites["verdict"] == "suitable").all() else 1)


def _read_setbacks(given: tuple[str, ...]) -> dict[str, float]:
    from qy_gis.errors import ArgumentError

    setbacks = {}
    for text in given:
        layer, _, metres = text.partition("=")
        try:
            setbacks[layer] = float(metres)
        except ValueError as error:
            raise ArgumentError(
                f"--setback {text!r}: accepted is LAYER=METRES, for example river=500",
                zh=f"--setback {text!r} 无效，应为 图层=米数，如 river=500",
            ) from error
    return setbacks


def _no_findings() -> Any:
    import pandas as pd

    from qy_gis.columns import FINDINGS

    return pd.DataFrame(columns=FINDINGS)
