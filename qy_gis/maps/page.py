"""A map page: what a page file may say, and the map drawn from it.

A page is a TOML file that picks layers and words; the plan, the result of a check or a table gives the data.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from qy_gis.errors import ArgumentError, MapError
from qy_gis.maps import document
from qy_gis.maps.offline import OfflineMap
from qy_gis.maps.words import Lang
from qy_gis.plan.model import Key, Line, Plan, Text
from qy_gis.plan.read import bundled_folder
from qy_gis.verdict.check import CheckResult


class Page(BaseModel):
    """What a page shows, as its TOML file says.

    A page that lists ``layers`` is for the plans that have them. Without the list it takes every layer of whatever plan
    it is given, the larger below the smaller; ``on`` and ``labels`` then name the layers to pick where the plan has
    them, and a plan that has none of ``on`` is shown whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Text
    subject: Literal["plan", "result"]
    layers: list[Key] | None = None
    on: list[Key] | None = None
    labels: list[Key] = []
    extent: Key | None = None
    facts: dict[str, Text] = {}
    review_number: Line | None = None
    note: Text

    @model_validator(mode="after")
    def _stay_on_the_page(self) -> Page:
        if self.layers is not None:
            named = {"on": self.on or [], "labels": self.labels}
            strays = [f"{key}: {name!r}" for key, names in named.items() for name in names if name not in self.layers]
            if strays:
                raise ValueError(
                    f"not among the page's layers: {', '.join(strays)}; accepted: {', '.join(self.layers)}"
                )
        return self


def draw(
    subject: Plan | CheckResult | gpd.GeoDataFrame, *, page: str | Path | None = None, lang: Lang = "zh"
) -> OfflineMap:
    """Draw a plan, the result of a check, or any table of features, as one page that needs no network.

    Parameters
    ----------
    subject
        A plan (page ``overview`` unless told otherwise), the result of a check (page ``check``), or a GeoDataFrame in
        any CRS, which becomes one layer whose columns are shown on a click.
    page
        Name of a bundled page, see `pages`, or path of a page file. A GeoDataFrame takes none.
    lang
        Language the page opens in; the reader can switch.

    Returns
    -------
    OfflineMap
        A `folium.Map`. Save it with ``save(path)``; a notebook shows it as it is.

    Raises
    ------
    ArgumentError
        The subject, the page or the language is not one of those accepted.
    MapError
        The page has faults, is for another subject, names layers that the plan lacks, or holds too many features.
    CRSError
        The GeoDataFrame has no CRS.

    Examples
    --------
    >>> import qy_gis as qy
    >>> page = qy.draw(qy.read_plan(), page="zones", lang="en").get_root().render()
    >>> "Structure and zones: core, belt, south and north" in page, "https://cdn" in page
    (True, False)
    """
    if lang not in ("zh", "en"):
        raise ArgumentError(f"lang={lang!r} is not accepted; accepted: 'zh', 'en'")
    if isinstance(subject, Plan):
        return OfflineMap(document.describe_plan(subject, _pick(page, "overview", "plan"), lang=lang))
    if isinstance(subject, CheckResult):
        return OfflineMap(document.describe_result(subject, _pick(page, "check", "result"), lang=lang))
    if not isinstance(subject, gpd.GeoDataFrame):
        raise ArgumentError(
            f"subject is a {type(subject).__name__}; accepted: a Plan, a CheckResult or a geopandas.GeoDataFrame"
        )
    if page is not None:
        raise ArgumentError(f"page={str(page)!r} is for a plan or a result; a GeoDataFrame is drawn without a page")
    return OfflineMap(document.describe_table(subject, lang=lang))


def pages() -> list[str]:
    """Return the names of the bundled pages.

    Examples
    --------
    >>> pages()
    ['check', 'overview', 'platforms', 'zones']
    """
    return sorted(file.stem for file in bundled_folder("maps").glob("*.toml"))


def read_page(name_or_path: str | Path) -> Page:
    """Read a page: a bundled name such as ``overview``, or the path of a page file.

    Raises
    ------
    MapError
        There is no such page, or the file has faults; all of them are listed with file, key and what is accepted.
    """
    file = bundled_folder("maps") / f"{name_or_path}.toml" if str(name_or_path) in pages() else Path(name_or_path)
    if not file.is_file():
        raise MapError(f"{name_or_path}: no such page; accepted: {', '.join(pages())}, or the path of a page file")
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return Page.model_validate(table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{file}: not a TOML file in UTF-8: {error}") from error
    except ValidationError as error:
        raise MapError("\n".join(_fault_line(file, fault) for fault in error.errors())) from error


def _fault_line(file: Path, fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{file}: {key}: not a key of a page; accepted: {', '.join(Page.model_fields)}"
    found = "" if fault["type"] == "missing" or not key else f"; found {fault['input']!r:.80}"
    return ": ".join(part for part in (str(file), key, fault["msg"]) if part) + found


def _pick(page: str | Path | None, default: str, subject: str) -> Page:
    found = read_page(default if page is None else page)
    if found.subject != subject:
        raise MapError(f"page {page}: is for a {found.subject}, and was given a {subject}")
    return found
