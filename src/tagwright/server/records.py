"""What the project's own API takes and gives of what is kept: documents, decisions, jobs, measurements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tagwright.server.models import Given, HowMany, Id, Language, Number, SuggestionsOut, Value
from tagwright.store.decided import Decision
from tagwright.store.jobs import Job
from tagwright.types import Document


def moment(seconds: float) -> datetime | None:
    """The time that is so many seconds after the beginning of 1970; ``None`` for 0."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class DocumentIn(Given):
    """A document that waits for decisions, and teaches nothing until there are some."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "doc-17", "title": "Erosion", "text": "Wind carries loess from fields."}]
        }
    )
    id: Id
    title: str = Field("", max_length=10_000)
    text: str
    language: Language | None = None
    metadata: dict[str, Value] = Field({}, max_length=100)

    def document(self) -> Document:
        """The document as the core knows it."""
        return Document(self.id, self.text, self.title, self.language, metadata=self.metadata)


class DocumentsIn(Given):
    """Documents to be kept."""

    documents: list[DocumentIn] = Field(min_length=1, max_length=1000)


class KeptOut(BaseModel):
    """What became of documents: ``added`` were not there yet; ``known`` were, and are as they were before."""

    added: list[str]
    known: list[str]


class RemovedOut(BaseModel):
    """The document that is gone, and the row of the growth log by which it went; none where it was not there."""

    id: str
    rows: list[int]


class BriefOut(BaseModel):
    """A document in a list; ``tags`` is null as long as nobody has looked."""

    id: str
    title: str
    language: str | None
    characters: int
    tags: list[str] | None


class BriefsOut(BaseModel):
    """Documents in the order of their ids; more of them come ``after`` what ``next`` says, none where it is null."""

    documents: list[BriefOut]
    next: str | None


class DocumentOut(BaseModel):
    """A document as it stands now; ``seen``: the number of the last decision about it, to be sent with the next."""

    id: str
    title: str
    text: str
    language: str | None
    tags: list[str] | None
    metadata: dict[str, Any]
    decisions: list[DecisionOut]
    seen: int


class ShowIn(Given):
    """A kept document that suggestions are asked for."""

    id: Id
    k: HowMany = 10
    why: bool = True


class EarlierOut(BaseModel):
    """What was shown for a document once, [tag, confidence] each, and what it came from."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    time: float
    shown: list[tuple[str, float]]
    model: str
    vocabulary: str
    settings: str


class ShownOut(SuggestionsOut):
    """Suggestions for a kept document; ``number`` is that of the record, ``seen`` the last decision about it."""

    number: int
    seen: int


class DecisionIn(Given):
    """What somebody decided. An ``id`` of the client's makes it safe to send it again: it is recorded once.

    ``seen``: the number of the last decision about the document that the person knew of; what somebody else decided
    to the contrary since is a conflict, which the answer names.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"document": "doc-17", "tag": "x:42", "verdict": "accept", "seen": 0}]}
    )
    document: Id
    tag: Id
    verdict: Literal["accept", "reject", "add"]
    reason: str = Field("", max_length=2000)
    person: str = Field("", max_length=100)
    machine: bool = False
    seen: Number = 0
    id: str = Field("", max_length=100)


class DecisionsIn(Given):
    """Decisions, which are recorded together or not at all; ``documents`` that are not there yet are kept first."""

    documents: list[DocumentIn] = Field([], max_length=1000)
    decisions: list[DecisionIn] = Field(min_length=1, max_length=1000)


class DecisionOut(BaseModel):
    """A decision as it is recorded; see `DecisionIn`. ``conflict``: the number of the one that it contradicts."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    id: str
    document: str
    tag: str
    verdict: str
    person: str
    reason: str
    machine: bool
    seen: int
    time: float = Field(description="Seconds since 1970.")
    reverts: int = Field(description="The number of the decision that this one takes back; 0 = none.")
    conflict: int
    row: int = Field(description="The row of the growth log by which it took effect.")

    @staticmethod
    def of(decision: Decision) -> DecisionOut:
        """The decision as clients see it."""
        return DecisionOut.model_validate(decision)


class DecisionsOut(BaseModel):
    """Decisions in the order in which they were recorded."""

    decisions: list[DecisionOut]


class CheckOut(BaseModel):
    """One measurement on documents that nobody learned from: nDCG@10 at the rows ``good`` and ``newest``."""

    model_config = ConfigDict(from_attributes=True)
    good: int
    newest: int
    documents: int
    before: float
    after: float
    held: bool
    time: float


class GuardOut(BaseModel):
    """Whether decisions are held back: after this row of the growth log documents are not used; null = all are."""

    held: int | None
    checks: list[CheckOut]


class RevertIn(Given):
    """Which decisions are taken back: all that fit everything that is given; at least one thing is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"person": "ann", "since": 1760000000}]})
    person: str | None = Field(None, max_length=100)
    document: Id | None = None
    tag: Id | None = None
    since: float | None = Field(None, ge=0, le=1e12, description="Seconds since 1970.")
    until: float | None = Field(None, ge=0, le=1e12)
    numbers: list[Number] | None = Field(None, min_length=1, max_length=1000)
    ids: list[Annotated[str, Field(min_length=1, max_length=100)]] | None = Field(
        None, min_length=1, max_length=1000, description="What their sender called them."
    )
    reason: str = Field("", max_length=2000)


class JobOut(BaseModel):
    """Long work: ``done`` of ``total`` documents; ``state`` is waiting, running, done, failed or cancelled."""

    id: str
    kind: str
    state: str
    done: int
    total: int
    said: str
    person: str
    options: dict[str, Value]
    result: dict[str, Any]
    asked: datetime | None
    started: datetime | None
    ended: datetime | None

    @staticmethod
    def of(job: Job) -> JobOut:
        """The job as clients see it."""
        return JobOut(
            id=job.id, kind=job.kind, state=job.state, done=job.done, total=job.total, said=job.said,
            person=job.person, options=dict(job.options), result=dict(job.result),
            asked=moment(job.time), started=moment(job.started), ended=moment(job.ended),
        )  # fmt: skip


class JobsOut(BaseModel):
    """The newest jobs, the newest first."""

    jobs: list[JobOut]


class EvaluationOut(BaseModel):
    """What a job of the kind "evaluate" measured: {measure: value}, of so many documents."""

    job: str
    ended: datetime | None
    measures: dict[str, float | None]
    documents: int


class EvaluationsOut(BaseModel):
    """Measurements, the newest first."""

    evaluations: list[EvaluationOut]
