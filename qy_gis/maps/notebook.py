"""How a plan and a result show themselves in a notebook: small tables and the map, without any request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from qy_gis.columns import VERDICT_TEXT
from qy_gis.errors import MapError
from qy_gis.maps.layers import VERDICT_STYLE
from qy_gis.maps.words import text, word
from qy_gis.verdict.findings import say_figures

if TYPE_CHECKING:
    from qy_gis.plan.model import Plan
    from qy_gis.verdict.check import CheckResult

#: A notebook shows the head of a table; the table itself is at hand.
MOST_ROWS = 20

#: Of more parcels than these there is a picture of the first ones instead of the map, which would fill the notebook.
MOST_MAPPED = 300

#: Width of the picture in pixels, and the share of it that is margin.
_PICTURE_PX, _MARGIN = 600, 0.02


def plan_html(plan: Plan) -> str:
    """Return a plan as HTML: its layers by group, and the map."""
    groups = {group.key: group.title.zh for group in plan.groups}
    rows = [
        [
            groups[layer.group],
            layer.title.zh,
            layer.title.en,
            f"{len(plan.features(key)):,}" if layer.has_data else _both("no_data"),
            _both(layer.basis),
            f"{layer.accuracy_m:,.0f} m" if layer.has_data else "",
            text(layer.date) or "",
            str(len(layer.rules) or ""),
        ]
        for key, layer in plan.layers.items()
    ]
    heads = [
        "",
        _both("layer"),
        "",
        _both("features"),
        _both("basis"),
        _both("accuracy"),
        _both("date"),
        _both("rules"),
    ]
    title = f"{plan.title.zh} · {plan.title.en}"
    return _section(title, [_table(heads, rows), _map(plan)])


def result_html(result: CheckResult) -> str:
    """Return the result of a check as HTML: verdicts, what stands against them, and the map.

    The tables show their first rows, and say how many there are.
    """
    count = len(result)
    first = result if count <= MOST_ROWS else result.take(np.arange(MOST_ROWS))
    merged = first.parcels[["parcel_id", "name", "area_m2", "area_ha", "area_mu"]].merge(
        first.verdicts, on="parcel_id", how="left"
    )
    verdicts = [
        [
            str(row.parcel_id),
            text(row.name) or "",
            _verdict(row.verdict),
            f"{row.area_m2:,.2f}",
            f"{row.area_ha:,.4f}",
            f"{row.area_mu:,.2f}",
            text(row.summary) or "",
        ]
        for row in merged[:MOST_ROWS].itertuples(index=False)
    ]
    heads = [_both("parcel"), "", _both("verdict"), "m²", "公顷 ha", "亩 mu", _both("summary")]
    still_open = result.count_open()
    with_open = np.flatnonzero(still_open)[:MOST_ROWS]
    open_findings = result.take(with_open).findings if len(with_open) else first.findings
    open_findings = open_findings[open_findings["outcome"] != "pass"]
    findings = [
        [
            str(row.parcel_id),
            text(row.title) or "",
            _both(row.outcome),
            f"{text(row.reason) or ''} {say_figures(row._asdict())[0]}",
            " · ".join(filter(None, (text(row.document), text(row.article)))),
        ]
        for row in open_findings[:MOST_ROWS].itertuples(index=False)
    ]
    finding_heads = [_both("parcel"), _both("layer"), _both("outcome"), _both("reason"), _both("document")]
    parts = [
        f"<p>{escape(str(result))}</p>",
        _table(heads, verdicts),
        _rest(count, "result.verdicts"),
        _table(finding_heads, findings) if findings else "",
        _rest(int(still_open.sum()), "result.findings"),
        _map(result) if count <= MOST_MAPPED else _sketch(result),
    ]
    return _section(_both("result"), parts)


def _map(subject: Plan | CheckResult) -> str:
    from qy_gis.maps.page import draw

    try:
        return draw(subject)._repr_html_()
    except MapError as error:
        # The tables above stand without the map; what hinders it is said in its place.
        return f"<p>{escape(str(error))}</p>"


def _sketch(result: CheckResult) -> str:
    """Return a picture of the first parcels, coloured by verdict, and say that it is of those only."""
    parcels = result.take(np.arange(MOST_MAPPED)).parcels
    west, south, east, north = parcels.total_bounds
    # A degree of longitude is shorter than one of latitude; for a picture that is near enough.
    shrink = np.cos(np.radians((south + north) / 2))
    scale = _PICTURE_PX * (1 - 2 * _MARGIN) / max((east - west) * shrink, north - south)
    edge = _PICTURE_PX * _MARGIN

    def path(parcel: shapely.Geometry) -> str:
        lines = [
            "L".join(f"{edge + (x - west) * shrink * scale:.1f},{edge + (north - y) * scale:.1f}" for x, y in corners)
            for corners in map(shapely.get_coordinates, shapely.get_rings(shapely.force_2d(parcel)))
        ]
        return "".join(f"M{line}Z" for line in lines)

    drawn = [
        f'<path d="{path(parcel)}" fill="{VERDICT_STYLE[verdict]["fill"]}" fill-rule="evenodd" '
        f'stroke="{VERDICT_STYLE[verdict]["color"]}"/>'
        for verdict, parcel in zip(parcels["verdict"], parcels.geometry, strict=True)
    ]
    height = (north - south) * scale + 2 * edge
    said = f"前 {MOST_MAPPED} 个地块，共 {len(result):,} 个：First {MOST_MAPPED} of {len(result):,} parcels"
    return (
        f"<p>{said}: <code>qy_gis.draw(result)</code></p>"
        f'<svg role="img" width="{_PICTURE_PX}" height="{height:.0f}"><title>{said}</title>{"".join(drawn)}</svg>'
    )


def _both(key: str) -> str:
    both = word(key)
    return f"{both['zh']} {both['en']}"


def _verdict(verdict: str) -> str:
    return " ".join(VERDICT_TEXT[verdict])


def _section(title: str, parts: Iterable[str]) -> str:
    return f"<section><h4>{escape(title)}</h4>{''.join(parts)}</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of plain text; whatever the cells hold is text there too."""

    def line(cells: Iterable[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag} style=text-align:left>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(heads, 'th')}</thead><tbody>{body}</tbody></table>"


def _rest(count: int, where: str) -> str:
    if count <= MOST_ROWS:
        return ""
    return f"<p>前 {MOST_ROWS} 行，共 {count:,} 行：First {MOST_ROWS} of {count:,} rows: <code>{where}</code></p>"
