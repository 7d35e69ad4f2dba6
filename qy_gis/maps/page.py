"""A map page: what a page file may say, and the map drawn from it.

A page is a TOML file that picks layers and words; the plan, the result of a check, a siting or a table gives the data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from qy_gis.errors import ArgumentError, Fault, MapError, join_faults
from qy_gis.maps import document
from qy_gis.maps.offline import OfflineMap
from qy_gis.maps.sheet import Paper
from qy_gis.maps.words import Lang
from qy_gis.plan.model import Key, Line, Plan, Text
from qy_gis.plan.read import bundled_folder
from qy_gis.toml_files import load_toml, parse_table
from qy_gis.verdict.check import CheckResult

if TYPE_CHECKING:
    from qy_gis.siting.criteria import Criteria

Subject = Literal["plan", "result", "sites"]

_SUBJECTS: dict[Subject, Text] = {
    "plan": Text(zh="规划", en="a plan"),
    "result": Text(zh="检查结果", en="a result"),
    "sites": Text(zh="选址结果", en="sites"),
}


class Page(BaseModel):
    """What a page shows, as its TOML file says.

    A page that lists ``layers`` is for the plans that have them. Without the list it takes every layer of whatever plan
    it is given, the larger below the smaller; ``on`` and ``labels`` then name the layers to pick where the plan has
    them, and a plan that has none of ``on`` is shown whole.

    ``paper`` and ``scale`` (of 1:scale; absent: a round one at which the extent fits) are for the page on paper, and
    ``each`` names the layers whose features have a sheet each in an atlas.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Text
    subject: Subject
    layers: list[Key] | None = None
    on: list[Key] | None = None
    labels: list[Key] = []
    extent: Key | None = None
    facts: dict[str, Text] = {}
    review_number: Line | None = None
    note: Text
    paper: Paper = "A3"
    scale: int | None = Field(default=None, ge=100, le=50_000_000)
    each: list[Key] = []

    @model_validator(mode="after")
    def _stay_on_the_page(self) -> Page:
        if self.layers is not None:
            named = {"on": self.on or [], "labels": self.labels}
            strays = [f"{key}: {name!r}" for key, names in named.items() for name in names if name not in self.layers]
            if strays:
                named_here, accepted = ", ".join(strays), ", ".join(self.layers)
                raise ArgumentError(
                    f"not among the page's layers: {named_here}; accepted: {accepted}",
                    zh=f"不在该页的图层中：{named_here}；可用的图层：{accepted}",
                )
        return self


def draw(
    subject: Plan | CheckResult | gpd.GeoDataFrame,
    *,
    page: str | Path | None = None,
    lang: Lang = "zh",
    before: Plan | None = None,
    by: str | None = None,
    plan: Plan | None = None,
    land: gpd.GeoDataFrame | None = None,
    criteria: Criteria | None = None,
) -> OfflineMap:
    """Draw a plan, the result of a check, a siting, or any table of features, as one page that needs no network.

    Parameters
    ----------
    subject
        A plan (page ``overview`` unless told otherwise), the result of a check (page ``check``), sites from
        `qy_gis.find_sites` or `qy_gis.rank_sites` together with ``plan`` (page ``siting``), or any other GeoDataFrame
        in any CRS, which becomes one layer whose columns are shown on a click.
    page
        Name of a bundled page, see `pages`, or path of a page file. A GeoDataFrame without ``plan`` takes none.
    lang
        Language the page opens in; the reader can switch.
    before
        An earlier edition of the plan: its layers are listed beside, to swipe one against the other.
    by
        Column of a GeoDataFrame that colours its features.
    plan
        The plan that sites were searched in, to lie beneath them.
    land
        With ``plan``: what `qy_gis.eligible_area` returned, to lie under the sites.
    criteria
        With ``plan``: those by which the sites are ranked, for titles and units; without them their keys are shown.

    Returns
    -------
    OfflineMap
        A `folium.Map`. Save it with ``save(path)``; a notebook shows it as it is.

    Raises
    ------
    ArgumentError
        The subject, the page, the language or a column is not one of those accepted, or an argument is for another
        subject.
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
        raise ArgumentError(
            f"lang={lang!r} is not accepted; accepted: 'zh', 'en'", zh=f"lang={lang!r} 无效，应为 'zh' 或 'en'"
        )
    if before is not None and not isinstance(subject, Plan):
        raise ArgumentError(
            "before= is an earlier edition of a plan; it goes with a plan only", zh="before= 是规划的旧版，只与规划同用"
        )
    if by is not None and not isinstance(subject, gpd.GeoDataFrame):
        raise ArgumentError(
            "by= is a column of a GeoDataFrame; it goes with a GeoDataFrame only",
            zh="by= 是 GeoDataFrame 的字段，只与 GeoDataFrame 同用",
        )
    if plan is not None and (not isinstance(subject, gpd.GeoDataFrame) or by is not None):
        raise ArgumentError(
            "plan= is for sites; it goes with a GeoDataFrame of sites only, and without by=",
            zh="plan= 用于选址结果，只与选址结果的 GeoDataFrame 同用，且不与 by= 同用",
        )
    if plan is None and (land is not None or criteria is not None):
        raise ArgumentError(
            "land= and criteria= are for sites; they go with plan=, the plan of the sites",
            zh="land= 与 criteria= 用于选址结果，须同时给出 plan=（选址所用的规划）",
        )
    if isinstance(subject, Plan):
        shown = pick_page(page, "overview", "plan")
        return OfflineMap(document.describe_plan(subject, shown, lang=lang, before=before))
    if isinstance(subject, CheckResult):
        return OfflineMap(document.describe_result(subject, pick_page(page, "check", "result"), lang=lang))
    if not isinstance(subject, gpd.GeoDataFrame):
        raise ArgumentError(
            f"subject is a {type(subject).__name__}; accepted: a Plan, a CheckResult or a geopandas.GeoDataFrame",
            zh=f"给出的是 {type(subject).__name__}；应为 Plan、CheckResult 或 geopandas.GeoDataFrame",
        )
    if plan is not None:
        shown = pick_page(page, "siting", "sites")
        return OfflineMap(document.describe_siting(subject, plan, shown, lang=lang, land=land, criteria=criteria))
    if page is not None:
        raise ArgumentError(
            f"page={str(page)!r} is for a plan, a result, or sites with plan=; otherwise a GeoDataFrame is drawn "
            "without a page",
            zh=f"page={str(page)!r} 用于规划、检查结果，或带 plan= 的选址结果；其他 GeoDataFrame 请去掉 page=",
        )
    return OfflineMap(document.describe_table(subject, lang=lang, by=by))


def pages() -> list[str]:
    """Return the names of the bundled pages.

    Examples
    --------
    >>> pages()
    ['atlas', 'check', 'control', 'layout', 'overview', 'platforms', 'siting', 'zones']
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
        accepted = ", ".join(pages())
        raise MapError(
            f"{file.name}: no such page; accepted: {accepted}, or the path of a page file",
            zh=f"{file.name}：没有这一页；可用的页：{accepted}，或页面文件的路径",
        )
    faults: list[Fault] = []
    table = load_toml(file, faults)
    page = None if table is None else parse_table(Page, table, file.name, faults)
    if page is None:
        said = join_faults(faults)
        raise MapError(said.en, zh=said.zh)
    return page


def pick_page(page: str | Path | None, default: str, subject: Subject) -> Page:
    """Return the page asked for, or the default one, if it is for that subject."""
    found = read_page(default if page is None else page)
    if found.subject != subject:
        wanted, given = _SUBJECTS[found.subject], _SUBJECTS[subject]
        raise MapError(
            f"page {page}: is for {wanted.en}, and was given {given.en}; name a page that is for {given.en}",
            zh=f"页面 {page} 用于{wanted.zh}，给出的却是{given.zh}；请换用于{given.zh}的页面",
        )
    return found
