"""The parcels of a result as the side panel lists them: worst first, each with its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from qy_gis.columns import OUTCOMES, VERDICT_TEXT
from qy_gis.maps.words import text
from qy_gis.verdict.findings import say_figures

if TYPE_CHECKING:
    from qy_gis.verdict.check import CheckResult

#: A panel longer than this is no longer read; the tables hold every parcel.
MOST_LISTED = 200


def list_parcels(result: CheckResult) -> dict[str, Any]:
    """Return the panel's list.

    Returns
    -------
    dict
        ``layer`` that holds the parcels; ``title``, a key of the words; ``industry`` (text in both languages, or None);
        ``counts`` of parcels by verdict, worst first; ``parcels``, at most `MOST_LISTED`, each with its row in the
        parcel layer and its findings by outcome; ``unlisted``, how many parcels were left out; ``repairs`` made while
        reading.
    """
    worst_first = {verdict: place for place, verdict in enumerate(VERDICT_TEXT)}
    table = result.parcels.drop(columns=result.parcels.geometry.name)
    joined = table.merge(result.verdicts[["parcel_id", "summary", "summary_en"]], on="parcel_id", how="left")
    joined["row"] = range(len(joined))
    listed = joined.sort_values("verdict", key=lambda verdict: verdict.map(worst_first), kind="stable")[:MOST_LISTED]
    findings = result.findings[result.findings["parcel_id"].isin(listed["parcel_id"])]
    of_parcel = dict(list(findings.groupby("parcel_id", sort=False)))
    industry = None if result.industry is None else result.plan.industries[result.industry].title.model_dump()
    return {
        "layer": ":parcels",
        "title": "result",
        "industry": industry,
        "counts": count_verdicts(result.parcels),
        "parcels": [
            _describe_parcel(row, of_parcel.get(row["parcel_id"], findings[:0])) for row in listed.to_dict("records")
        ],
        "unlisted": len(joined) - len(listed),
        "repairs": [_describe_repair(row) for row in result.repairs[:MOST_LISTED].to_dict("records")],
    }


def count_verdicts(parcels: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how many parcels have each verdict, worst first."""
    counts = parcels["verdict"].value_counts()
    return [{"verdict": verdict, "parcels": int(counts[verdict])} for verdict in VERDICT_TEXT if verdict in counts]


def say_area(row: dict[str, Any]) -> dict[str, str]:
    """Return the area of a parcel, a site or a piece of land in three units, from the columns of its table."""
    m2, ha, mu = f"{row['area_m2']:,.2f}", f"{row['area_ha']:,.4f}", f"{row['area_mu']:,.2f}"
    return {"zh": f"{m2} m² · {ha} 公顷 · {mu} 亩", "en": f"{m2} m² · {ha} ha · {mu} mu"}


def _describe_parcel(row: dict[str, Any], findings: pd.DataFrame) -> dict[str, Any]:
    declared = row["declared_m2"]
    return {
        "row": row["row"],
        "id": str(row["parcel_id"]),
        "name": text(row["name"]),
        "use": text(row["use"]),
        "verdict": row["verdict"],
        "area": say_area(row),
        "declared": None if pd.isna(declared) else f"{declared:,.2f} m²",
        "summary": {"zh": text(row["summary"]) or "", "en": text(row["summary_en"]) or ""},
        "findings": {
            outcome: [_describe_finding(found) for found in rows.to_dict("records")]
            for outcome in OUTCOMES
            if not (rows := findings[findings["outcome"] == outcome]).empty
        },
    }


def _describe_finding(row: dict[str, Any]) -> dict[str, Any]:
    document = [text(row[column]) for column in ("document", "article", "date")]
    return {
        "layer": {"zh": text(row["title"]) or "", "en": text(row["title_en"]) or ""},
        "reason": {"zh": text(row["reason"]) or "", "en": text(row["reason_en"]) or ""},
        "figures": dict(zip(("zh", "en"), say_figures(row), strict=True)),
        "document": " · ".join(part for part in document if part),
        "settle": _both_languages(text(row["settle"])),
        "reviewed": bool(row["reviewed"]),
    }


def _both_languages(settle: str | None) -> dict[str, str] | None:
    """Return ``Chinese / English`` as two texts; anything else is the same in both."""
    if settle is None:
        return None
    parts = settle.split(" / ")
    return {"zh": parts[0], "en": parts[1]} if len(parts) == 2 else {"zh": settle, "en": settle}


def _describe_repair(row: dict[str, Any]) -> str:
    place = " ".join(part for part in (text(row["parcel_id"]), text(row["what"])) if part)
    return f"{place}: {text(row['before']) or '—'} → {text(row['after']) or '—'}"
