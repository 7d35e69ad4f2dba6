"""What a plan says: `Plan`, `Layer`, `Rule` and the small records inside them, exactly as the TOML files hold them.

Every model is strict: an unknown key, a wrong type or a value outside the accepted ones is a fault, never a guess.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from qy_gis.errors import ArgumentError, PlanError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from qy_gis.plan.features import CoverageData, LayerData

DerivedT = TypeVar("DerivedT")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Line = Annotated[str, StringConstraints(min_length=1)]

#: What an attribute may be held against.
Value = str | int | float | bool

Basis = Literal["statutory", "indicative", "proxy"]
Confidence = Literal["high", "medium", "low"]
GeometryKind = Literal["polygon", "line", "point", "mixed"]
Hatch = Literal["diag", "back", "cross", "horiz", "dots"]
RuleKind = Literal["inside", "outside", "setback"]
Severity = Literal["prohibit", "approve", "advise"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(_Record):
    """A text for readers in Chinese and in English; where a plan is in Chinese alone, the Chinese stands for both."""

    zh: Line
    en: Line = Field(default="", description='May be absent where the plan\'s languages are ["zh"]')

    @model_validator(mode="after")
    def _stand_in(self) -> Text:
        if not self.en:
            # Not a change to the record: it is made here, and what was given stays known in ``model_fields_set``.
            object.__setattr__(self, "en", self.zh)
        return self


#: Keys of the findings that are of every plan, on its study area; no rule there may have them.
OUTSIDE_STUDY_AREA, NOTHING_ASKED = "outside_study_area", "nothing_asked"

#: What stands where a layer or a rule does not say it: that it was not said.
_NO_BASIS_NOTE = Text(
    zh="未写明依据；按示意处理是本软件的推定。",
    en="What the outline rests on was not stated; that it is indicative is this software's inference.",
)
_SETTLE = Text(zh="请向主管部门核实。", en="Have the competent authority confirm it.")


class Source(_Record):
    """Where a fact was read."""

    title: Line
    address: str = Field(description="Web address or file; empty where the source was seen without one")
    confidence: Confidence
    note: str = ""


class Industry(_Record):
    """An industry that rules may name and that a check may be asked for."""

    title: Text
    group: Key
    aliases: list[Line] = Field(default=[], description="Other names accepted for it")
    sources: list[Key] = []
    note: str = ""


class Group(_Record):
    """A heading under which layers stand in legends and lists."""

    key: Key
    title: Text


class Style(_Record):
    """How a layer is drawn. Hatching is the second channel beside colour."""

    color: Colour = Field(default="#5f6b7a", description="Outline")
    fill: Colour | None = None
    hatch: Hatch | None = None
    weight: float = Field(default=1.5, gt=0, le=8, description="Outline width in pixels")


class Rule(_Record):
    """One thing a document asks of a parcel with regard to a layer.

    ``kind`` names the function of `qy_gis.verdict.rules` that judges it: ``inside`` (the parcel must lie inside the
    layer), ``outside`` (the parcel must keep off the layer) or ``setback`` (the parcel must keep ``distance_m`` off the
    layer's features).
    """

    key: Key = Field(default="", description="By default the kind and the layer's key: outside_farmland")
    kind: RuleKind
    title: Text | None = Field(
        default=None, description="What the rule is called in findings; made of the kind and the layer if absent"
    )
    distance_m: float | None = Field(
        default=None, gt=0, lt=1e6, description="For setback: metres to keep off the layer's features"
    )
    severity: Severity
    industries: list[Key] | None = Field(default=None, description="Applies to these industries only; all if absent")
    tolerance_m2: float | None = Field(default=None, ge=0, description="Replaces the layer's tolerance")
    reason: Text = Field(description="What the document says, as a sentence for the finding")
    settle: Text = Field(default=_SETTLE, description="What would settle an unknown outcome")
    document: Line
    article: str = Field(default="", description="Article of the document; empty where it has none")
    date: dt.date | None = Field(default=None, description="Date of the document; absent when not established")
    sources: list[Key] = Field(default=[], description="By default those of the layer")
    reviewed: bool = Field(default=False, description="Whether a person has held the rule against the official text")

    @model_validator(mode="after")
    def _check_industries(self) -> Rule:
        if self.industries == []:
            raise ArgumentError(
                "industries = [] names no industry, so the rule could never be asked; leave the key out for all",
                zh="industries = [] 未列任何产业，该规则永远不会适用；适用于所有产业时请删去此键",
            )
        return self

    @model_validator(mode="after")
    def _check_distance(self) -> Rule:
        if (self.distance_m is not None) != (self.kind == "setback"):
            raise ArgumentError(
                "distance_m is for rules of kind 'setback', which need it",
                zh="distance_m 只用于、且必须用于 kind = 'setback' 的规则",
            )
        return self


class Layer(_Record):
    """One layer of the plan. Without ``file`` it is declared, has no data, and is unknown for every parcel."""

    key: Key
    title: Text
    group: Key = "control"
    geometry: GeometryKind = "polygon"
    file: str | None = Field(default=None, description="Data file, relative to the layer's TOML file")
    layer: Line | None = Field(default=None, description="Which layer, sheet or folder of a file that has several")
    crs: Line | None = Field(default=None, description="CRS of a file that states none, such as 'EPSG:4547'")
    encoding: Line | None = Field(default=None, description="Encoding of attributes, if the one found is wrong")
    filter: dict[str, Value | list[Value]] | None = Field(
        default=None, description="Keep the features whose attribute has this value, or one of these: texts or numbers"
    )
    empty: bool = Field(default=False, description="The survey found no features: there are none where it covers")
    id_column: Line = Field(default="id", description="Column with unique ids; '#' numbers the rows of the file")
    merge: bool = Field(default=False, description="Rows that share an id are one feature")
    name_column: Line = Field(default="name", description="Column with names; by default the ids if there is none")
    name_en_column: Line = "name_en"
    basis: Basis = Field(default="indicative", description="Not stated, it is inferred to be the weakest that is drawn")
    basis_note: Text = Field(
        default=_NO_BASIS_NOTE, description="On what the outline rests, and what is not established"
    )
    accuracy_m: float = Field(default=0, ge=0, description="How far a line may be off, metres; a must with a file")
    coverage: Line = Field(
        default="none",
        description="Where the layer is complete: 'everywhere', 'study_area', 'none', or a file with the outline; a "
        "must with a file",
    )
    coverage_layer: Line | None = Field(default=None, description="As layer, for a coverage file")
    coverage_crs: Line | None = Field(default=None, description="As crs, for a coverage file")
    coverage_encoding: Line | None = Field(default=None, description="As encoding, for a coverage file")
    date: dt.date | None = Field(default=None, description="State of the data; absent when not established")
    sources: list[Key] = Field(min_length=1)
    holder: Text | None = Field(
        default=None, description="Who holds the official data, said where an outcome is unknown"
    )
    tolerance_m2: float = Field(default=1.0, ge=0, description="Overlaps up to this area do not count in rules")
    style: Style = Style()
    rules: list[Rule] = Field(default=[], alias="rule")
    folder: Path = Field(exclude=True, description="Folder of the TOML file; set when it is read")

    @model_validator(mode="after")
    def _check_stated(self) -> Layer:
        # A verdict rests on these two: they are never inferred.
        needed = [name for name in ("accuracy_m", "coverage") if name not in self.model_fields_set]
        if self.file is not None and needed:
            raise ArgumentError(
                f"a layer with a file states {' and '.join(needed)}; add what is missing",
                zh=f"有数据文件的图层须写明 {'、'.join(needed)}，请补上",
            )
        if self.empty and self.coverage == "none":
            raise ArgumentError(
                "empty = true says that a survey found nothing; state where it was made with coverage: everywhere, "
                "study_area, or a file",
                zh="empty = true 表示已调查而没有要素；请用 coverage 写明调查范围：everywhere、study_area 或文件",
            )
        return self

    @model_validator(mode="after")
    def _complete_rules(self) -> Layer:
        # The layer's own key and sources are what a rule has that names none; a frozen record is replaced, not changed.
        for number, rule in enumerate(self.rules):
            own = {"key": rule.key or f"{rule.kind}_{self.key}", "sources": rule.sources or self.sources}
            self.rules[number] = rule.model_copy(update=own)
        return self

    @property
    def has_data(self) -> bool:
        """Whether it is known where the layer has features: it has a data file, or is known to be empty."""
        return self.file is not None or self.empty


class Period(_Record):
    """The years a plan is for."""

    start: int
    end: int

    @model_validator(mode="after")
    def _check_order(self) -> Period:
        if self.end < self.start:
            raise ArgumentError(
                f"the period ends in {self.end}, before it starts in {self.start}; correct one of them",
                zh=f"规划期止于 {self.end} 年，早于起始的 {self.start} 年；请改正",
            )
        return self


#: Layers that `repr` of a plan names.
_MOST_SHOWN = 36


class Plan(BaseModel):
    """A plan: its layers, rules, industries and sources. Read one with `qy_gis.read_plan`.

    Notes
    -----
    Geometries are read when first asked for, by `features`, and kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Text
    authority: Text
    edition: Line
    period: Period
    study_area: Key = Field(description="Layer whose features together are the land the plan is for")
    languages: list[Literal["zh", "en"]] = Field(min_length=1)
    note: Text
    sources: list[Key] = Field(min_length=1, description="Sources of the plan as a whole")
    groups: list[Group] = Field(alias="group", min_length=1)
    layers: dict[str, Layer] = {}
    industries: dict[str, Industry] = {}
    all_sources: dict[str, Source] = {}
    folders: list[Path] = Field(default=[], exclude=True)

    _derived: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __copy__(self) -> Plan:
        # `model_copy` may change a layer: what was derived from the original is not true of the copy.
        copied = super().__copy__()
        copied._derived = {}
        return copied

    def derive(self, name: str, make: Callable[[], DerivedT]) -> DerivedT:
        """Return what was derived from the plan under this name; make it the first time.

        Data files are read once, zones are cut once: the rooms above keep such things here, with the plan they are of.
        """
        if name not in self._derived:
            self._derived[name] = make()
        found: DerivedT = self._derived[name]
        return found

    def features(self, layer: str) -> gpd.GeoDataFrame:
        """Return the features of one layer, in the CRS they are stored in.

        Parameters
        ----------
        layer
            Key of a layer.

        Returns
        -------
        geopandas.GeoDataFrame
            ``feature_id``, ``feature_name``, ``feature_name_en``, the other attributes of the file, and the geometry;
            no rows for a layer without data.

        Raises
        ------
        ArgumentError
            The plan has no such layer.
        PlanError
            The data file has faults; all of them are listed.

        Examples
        --------
        >>> import qy_gis as qy
        >>> qy.read_plan().features("north_ecology")["feature_name"].tolist()
        ['阳山县', '连山壮族瑶族自治县', '连南瑶族自治县', '连州市']
        """
        # A copy: what a reader does to it must not change the next check.
        return self.derive(f"features of {layer}", lambda: self._read_layer(layer).features).copy()

    def coverage(self, layer: str) -> BaseGeometry | None:
        """Return the outline of where a layer was surveyed, in longitude and latitude (CGCS2000); None = everywhere.

        An empty polygon means nowhere: the layer is declared but has no data.
        """
        return self._read_coverage(layer).outline

    @property
    def repairs(self) -> pd.DataFrame:
        """What was repaired in the data of the layers, which are read for it.

        Returns
        -------
        pandas.DataFrame
            One row per repair: ``layer``, ``feature_id`` ("" for what concerns the whole file, "coverage 1" … for the
            outlines of a coverage file), ``what``, ``before``, ``after``.

        Raises
        ------
        PlanError
            A data file has faults.

        Examples
        --------
        >>> import qy_gis as qy
        >>> qy.read_plan().repairs.columns.tolist()
        ['layer', 'feature_id', 'what', 'before', 'after']
        """
        import pandas as pd

        rows = [row for key in self.layers for row in self._read_layer(key).repairs]
        rows += [row for key in self.layers for row in self._read_coverage(key).repairs]
        return pd.DataFrame(rows, columns=["layer", "feature_id", "what", "before", "after"])

    def _read_layer(self, layer: str) -> LayerData:
        from qy_gis.plan.features import read_features

        return self.derive(f"data of {layer}", lambda: read_features(self, layer))

    def _read_coverage(self, layer: str) -> CoverageData:
        from qy_gis.plan.features import read_coverage

        return self.derive(f"coverage of {layer}", lambda: read_coverage(self, layer))

    def industry(self, name: str | None) -> str | None:
        """Return the key of an industry given by key, Chinese or English title, or alias (None stays None).

        Raises
        ------
        ArgumentError
            No industry of the plan has that name; the message lists those accepted.

        Examples
        --------
        >>> import qy_gis as qy
        >>> qy.read_plan().industry("新能源")
        'new_energy'
        """
        if name is None:
            return None
        wanted = name.strip().casefold()
        for key, industry in self.industries.items():
            names = [key, industry.title.zh, industry.title.en, *industry.aliases]
            if wanted in (known.casefold() for known in names):
                return key
        accepted = ", ".join(f"{industry.title.zh} ({key})" for key, industry in self.industries.items())
        raise ArgumentError(
            f"industry={name!r} is not in the plan; accepted: {accepted}",
            zh=f"规划中没有产业 {name!r}；可用的产业：{accepted}",
        )

    def _repr_html_(self) -> str:
        from qy_gis.maps.notebook import plan_html

        return plan_html(self)

    def __repr__(self) -> str:
        lines = [
            f"  {key}: {layer.title.zh}, {layer.basis}, {self._count(key)}"
            for key, layer in list(self.layers.items())[:_MOST_SHOWN]
        ]
        more = len(self.layers) - len(lines)
        return "\n".join([f"<Plan: {self}>", *lines, *([f"  … {more} more layers"] if more else [])])

    def _count(self, layer: str) -> str:
        if not self.layers[layer].has_data:
            return "no data"
        try:
            return f"{len(self._read_layer(layer).features):,} features"
        except PlanError:
            # What a plan is called must not fail; `qy-gis layers --validate` lists the faults.
            return "data with faults"

    def __str__(self) -> str:
        return f"{self.title.zh} ({self.edition}): {len(self.layers)} layers"
