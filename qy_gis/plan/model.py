"""What a plan says: `Plan`, `Layer`, `Rule` and the small records inside them, exactly as the TOML files hold them.

Every model is strict: an unknown key, a wrong type or a value outside the accepted ones is a fault, never a guess.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from qy_gis.errors import ArgumentError

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

DerivedT = TypeVar("DerivedT")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Line = Annotated[str, StringConstraints(min_length=1)]

Basis = Literal["statutory", "indicative", "proxy"]
Confidence = Literal["high", "medium", "low"]
GeometryKind = Literal["polygon", "line", "point", "mixed"]
Hatch = Literal["diag", "back", "cross", "horiz", "dots"]
RuleKind = Literal["inside", "outside", "setback"]
Severity = Literal["prohibit", "approve", "advise"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(_Record):
    """A text for readers in Chinese and in English."""

    zh: Line
    en: Line


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

    color: Colour = Field(description="Outline")
    fill: Colour | None = None
    hatch: Hatch | None = None
    weight: float = Field(default=1.5, gt=0, le=8, description="Outline width in pixels")


class Rule(_Record):
    """One thing a document asks of a parcel with regard to a layer.

    ``kind`` names the function of `qy_gis.verdict.rules` that judges it: ``inside`` (the parcel must lie inside the
    layer), ``outside`` (the parcel must keep off the layer) or ``setback`` (the parcel must keep ``distance_m`` off the
    layer's features).
    """

    key: Key
    kind: RuleKind
    distance_m: float | None = Field(
        default=None, gt=0, lt=1e6, description="For setback: metres to keep off the layer's features"
    )
    severity: Severity
    industries: list[Key] | None = Field(default=None, description="Applies to these industries only; all if absent")
    tolerance_m2: float | None = Field(default=None, ge=0, description="Replaces the layer's tolerance")
    reason: Text = Field(description="What the document says, as a sentence for the finding")
    settle: Text = Field(description="What would settle an unknown outcome")
    document: Line
    article: str
    date: dt.date | None = Field(default=None, description="Date of the document; absent when not established")
    sources: list[Key] = Field(min_length=1)
    reviewed: bool = Field(description="Whether a person has held the rule against the official text")

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
    group: Key
    geometry: GeometryKind
    file: str | None = Field(default=None, description="Data file, relative to the layer's TOML file")
    filter: dict[str, str | list[str]] | None = Field(
        default=None, description="Keep the features whose attribute has this value, or one of these"
    )
    id_column: str = "id"
    name_column: str = "name"
    name_en_column: str = "name_en"
    basis: Basis
    basis_note: Text = Field(description="On what the outline rests, and what is not established")
    accuracy_m: float = Field(ge=0, description="How far a line may be off, metres")
    coverage: str = Field(
        description="Where the layer is complete: 'everywhere', 'study_area', 'none', or a file with the outline"
    )
    date: dt.date | None = Field(default=None, description="State of the data; absent when not established")
    sources: list[Key] = Field(min_length=1)
    holder: Text | None = Field(
        default=None, description="Who holds the official data, said where an outcome is unknown"
    )
    tolerance_m2: float = Field(default=1.0, ge=0, description="Overlaps up to this area do not count in rules")
    style: Style
    rules: list[Rule] = Field(default=[], alias="rule")
    folder: Path = Field(exclude=True, description="Folder of the TOML file; set when it is read")

    @property
    def has_data(self) -> bool:
        """Whether the layer has a data file."""
        return self.file is not None


class Period(_Record):
    """The years a plan is for."""

    start: int
    end: int


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
        from qy_gis.plan import read

        # A copy: what a reader does to it must not change the next check.
        return self.derive(f"features of {layer}", lambda: read.read_features(self, layer)).copy()

    def coverage(self, layer: str) -> BaseGeometry | None:
        """Return the outline of where a layer was surveyed, in longitude and latitude (CGCS2000); None = everywhere.

        An empty polygon means nowhere: the layer is declared but has no data.
        """
        from qy_gis.plan import read

        return self.derive(f"coverage of {layer}", lambda: read.read_coverage(self, layer))

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

    def __str__(self) -> str:
        return f"{self.title.zh} ({self.edition}): {len(self.layers)} layers"
