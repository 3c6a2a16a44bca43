"""What the project's own API takes and gives, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tagwright.types import Document

Id = Annotated[str, Field(min_length=1, max_length=512, examples=["doc-17"])]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", examples=["en"])]
Number = Annotated[int, Field(ge=0, le=2**53)]
HowMany = Annotated[int, Field(ge=0, le=1000, description="How many tags a document at most.")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Value = str | int | float | bool | None
_TEXT = "Wind erosion carries loess from bare fields. Hedges and cover crops keep the soil in place."


class Given(BaseModel):
    """What a client sends: what is not known here is refused, so that a wrong name is not passed over."""

    model_config = ConfigDict(extra="forbid")


class TextIn(Given):
    """A text to be tagged; ``id`` comes back with the answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Erosion", "text": _TEXT, "language": "en"}]})
    id: str = Field("", max_length=512)
    title: str = Field("", max_length=10_000)
    text: str
    language: Language | None = None

    def document(self, number: int = 1) -> Document:
        """The text as the core knows it."""
        return Document(self.id or f"text-{number}", self.text, self.title, self.language)


class Wanted(Given):
    """How suggestions are asked for."""

    k: HowMany = 10
    why: bool = Field(False, description="Give at most three reasons for each tag.")
    min_confidence: Share = 0.0


class SuggestIn(TextIn, Wanted):
    """One text, and how suggestions for it are asked for."""


class BatchIn(Wanted):
    """Texts, and how suggestions for them are asked for."""

    documents: list[TextIn] = Field(max_length=256)


class ExplainIn(TextIn):
    """A text and a tag, whose reasons are asked for."""

    tag: Id


class EvidenceOut(BaseModel):
    """One reason. ``start`` and ``end`` are places in the ``field`` (text or title), which ``text`` equals exactly.

    ``label`` is the name or synonym of the tag that a quotation says.
    """

    model_config = ConfigDict(from_attributes=True)
    channel: str
    kind: str
    text: str
    start: int | None
    end: int | None
    document: str | None
    value: float
    field: str
    label: str


class CaseOut(BaseModel):
    """How often suggestions like one were right, on documents that were not learned from: ``right`` times of ``n``."""

    model_config = ConfigDict(from_attributes=True)
    n: int
    right: int


class SuggestionOut(BaseModel):
    """One tag. ``decision`` is that of the project's rule: apply, review or drop; empty where there is no rule.

    ``cases``: how often suggestions as likely as this one, of tags as frequent, were right, where that is known;
    ``seen``: how many documents with the tag were learned from.
    """

    model_config = ConfigDict(from_attributes=True)
    tag: str
    name: str
    confidence: float
    redundant: bool
    decision: str
    cases: CaseOut | None
    seen: int | None
    evidence: list[EvidenceOut]


class SuggestionsOut(BaseModel):
    """The tags of one text by falling confidence, which is a probability where ``calibrated``.

    ``cut``: F1 is highest for tags from this confidence on. ``fingerprint`` names model, tags and settings.
    """

    id: str
    suggestions: list[SuggestionOut]
    calibrated: bool
    cut: float
    fingerprint: str


class ShownOut(SuggestionsOut):
    """The same for a stored document; ``number`` is that of the record of what was shown."""

    number: int
    model: str
    vocabulary: str
    settings: str


class ReasonsOut(BaseModel):
    """What speaks for a tag."""

    id: str
    tag: str
    name: str
    evidence: list[EvidenceOut]


class ProjectOut(BaseModel):
    """One project. ``fingerprint`` names model, tags and settings; ``role`` is what the caller may do."""

    id: str
    name: str
    trained: bool
    calibrated: bool
    cut: float
    documents: int = Field(description="How many documents the model has learned from.")
    tags: int
    languages: list[str]
    modified: datetime | None
    fingerprint: str
    waiting: int = Field(description="How many callers wait for suggestions.")
    learn: bool


class ProjectsOut(BaseModel):
    """The projects that the caller may read."""

    projects: list[ProjectOut]


class TagIn(Given):
    """A tag, new or in the place of the one with its id; texts are keyed by language ("" = not stated).

    Without ``replace`` another one that is in use with this id stays, and 409 says so.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "x:42", "name": "Rain gardens", "synonyms": {"en": ["bioswales"]}, "language": "en"}]
        }
    )
    id: Id
    name: str = Field(min_length=1, max_length=1000)
    language: Language | None = Field(None, description="The language of the name; without it that of the names.")
    synonyms: dict[str, list[str]] = Field({}, max_length=100)
    descriptions: dict[str, str] = Field({}, max_length=100)
    notation: str = Field("", max_length=200)
    broader: list[Id] = Field([], max_length=100)
    related: list[Id] = Field([], max_length=100)
    replace: bool = True


class SynonymIn(Given):
    """One more name of a tag."""

    tag: Id
    synonym: str = Field(min_length=1, max_length=1000, examples=["bioswales"])
    language: Language | None = None


class RowsOut(BaseModel):
    """The numbers of the growth log's rows by which it was done, for taking it back; ``replaced``: it was there."""

    tag: str
    rows: list[int]
    replaced: bool


class RowsIn(Given):
    """Rows of the growth log that are about tags, to be taken back."""

    rows: list[Number] = Field(min_length=1, max_length=1000)


class LinkOut(BaseModel):
    """Another tag."""

    id: str
    name: str


class TagOut(BaseModel):
    """Everything that is known of a tag; ``path`` from its topmost broader tag down to itself."""

    id: str
    name: str
    names: dict[str, str]
    synonyms: dict[str, list[str]]
    descriptions: dict[str, str]
    notation: str
    broader: list[LinkOut]
    narrower: list[LinkOut]
    related: list[LinkOut]
    path: list[LinkOut]
    deprecated: bool
    replaced_by: list[LinkOut]


class HitOut(BaseModel):
    """A tag that was found: ``label`` and its ``kind`` say through what, ``way`` how, ``score`` how near (0 to 1)."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    label: str
    kind: str
    way: str
    score: float


class HitsOut(BaseModel):
    """Tags that were found, the nearest first."""

    hits: list[HitOut]
