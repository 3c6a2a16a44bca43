"""What the project's own API takes and gives of the documents that wait for people."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tagwright.server.models import Given, Id
from tagwright.store.queued import Waiting
from tagwright.store.reviews import Review
from tagwright.vocabulary import Vocabulary

State = Literal["open", "done", "skipped", "flagged"]


class ProposedOut(BaseModel):
    """A tag that is suggested for a waiting document."""

    tag: str
    name: str
    confidence: float


class QueuedOut(BaseModel):
    """A document that waits, or did.

    ``suggestions`` by falling confidence, the first ``likely`` of which would be shown as likely. ``right``: how likely
    it is that exactly these are right. ``effort``: how much there will be to do, in decisions; ``gain``: what that is
    worth, in no unit. ``known`` is false until something was suggested for it.
    """

    id: str
    title: str
    state: State
    suggestions: list[ProposedOut]
    likely: int
    right: float | None
    effort: float
    gain: float
    known: bool

    @staticmethod
    def of(one: Waiting, vocabulary: Vocabulary) -> QueuedOut:
        """The document as clients see it."""
        proposed = [ProposedOut(tag=tag, name=name_of(vocabulary, tag), confidence=p) for tag, p in one.shown]
        return QueuedOut.model_validate({
            "id": one.document, "title": one.title, "state": one.state, "suggestions": proposed, "likely": one.likely,
            "right": one.right, "effort": one.effort, "gain": one.gain, "known": bool(one.model),
        })  # fmt: skip


class QueueOut(BaseModel):
    """Documents in the wanted order; ``total`` of them fit. ``states``: how many documents of the project are in each.

    ``unknown``: for how many open ones nothing was suggested yet, so that they come last.
    """

    documents: list[QueuedOut]
    total: int
    states: dict[State, int]
    unknown: int


class NextOut(BaseModel):
    """The document to look at next; null where there is none left."""

    document: QueuedOut | None
    states: dict[State, int]


class WaitingTagOut(BaseModel):
    """A tag that is shown as likely for ``documents`` that wait; ``expected``: for how many of them it is right."""

    tag: str
    name: str
    documents: int
    expected: float


class WaitingTagsOut(BaseModel):
    """Tags, those that wait for most documents first."""

    tags: list[WaitingTagOut]


class SnippetOut(BaseModel):
    """A passage of the ``field`` (text or title), which ``text`` equals exactly.

    From ``start`` to ``end`` of ``text`` it says the tag's name; both are 0 where the document never does.
    """

    model_config = ConfigDict(from_attributes=True)
    field: str
    text: str
    start: int
    end: int


class TagDocumentOut(BaseModel):
    """A document that waits for a decision on a tag."""

    id: str
    title: str
    confidence: float
    snippet: SnippetOut
    seen: int = Field(description="The number of the last decision about it, to be sent with the next.")


class TagQueueOut(BaseModel):
    """The documents that wait for a decision on one tag, the likeliest first; ``total`` of them do."""

    tag: str
    name: str
    total: int
    documents: list[TagDocumentOut]


class ReviewIn(Given):
    """What somebody says of a document as a whole; "open" takes back what was said before.

    An ``id`` of the client's makes it safe to send it again. ``seconds``: how long it was before the eyes.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"document": "doc-17", "state": "done", "seconds": 21.5, "id": "page-4711"}]}
    )
    document: Id
    state: State
    person: str = Field("", max_length=100)
    seconds: float = Field(0.0, ge=0, le=1e6)
    id: str = Field("", max_length=100)


class ReviewsIn(Given):
    """Reviews, which are recorded together or not at all."""

    reviews: list[ReviewIn] = Field(min_length=1, max_length=1000)


class ReviewOut(BaseModel):
    """A review as it is recorded."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    id: str
    document: str
    state: State
    person: str
    seconds: float
    time: float = Field(description="Seconds since 1970.")


class ReviewsOut(BaseModel):
    """Reviews."""

    reviews: list[ReviewOut]

    @staticmethod
    def of(reviews: list[Review]) -> ReviewsOut:
        """The reviews as clients see them."""
        return ReviewsOut(reviews=[ReviewOut.model_validate(one) for one in reviews])


def name_of(vocabulary: Vocabulary, tag: str) -> str:
    """The name of a tag; of one that is gone, its id."""
    position = vocabulary.find(tag)
    return vocabulary.name(position) if position >= 0 else tag
