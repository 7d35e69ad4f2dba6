"""How a plan and a result show themselves in a notebook: small tables and the map, without any request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from qy_gis.columns import VERDICT_TEXT
from qy_gis.errors import MapError
from qy_gis.maps.words import text, word
from qy_gis.verdict.findings import say_figures

if TYPE_CHECKING:
    from qy_gis.plan.model import Plan
    from qy_gis.verdict.check import CheckResult

#: A notebook shows the head of a table; the table itself is at hand.
MOST_ROWS = 20


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
    merged = result.parcels[["parcel_id", "name", "area_m2", "area_ha", "area_mu"]].merge(
        result.verdicts, on="parcel_id", how="left"
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
    open_findings = result.findings[result.findings["outcome"] != "pass"]
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
        _table(heads, verdicts),
        _rest(len(merged), "result.verdicts"),
        _table(finding_heads, findings) if findings else "",
        _rest(len(open_findings), "result.findings"),
        _map(result),
    ]
    return _section(_both("result"), parts)


def _map(subject: Plan | CheckResult) -> str:
    from qy_gis.maps.page import draw

    try:
        return draw(subject)._repr_html_()
    except MapError as error:
        # The tables above stand without the map; what hinders it is said in its place.
        return f"<p>{escape(str(error))}</p>"


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
