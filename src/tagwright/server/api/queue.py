"""The documents that wait for people: listed, the next one, those that a tag waits for, and what is done."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

import tagwright.recall.pseudo as pseudo
from tagwright.errors import UnknownDocumentError
from tagwright.feedback import Chosen
from tagwright.feedback.queue import Snippet, snippet
from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.api.strict import Strict
from tagwright.server.house import visit
from tagwright.server.listed import (
    NextOut,
    QueuedOut,
    QueueOut,
    ReviewIn,
    ReviewsIn,
    ReviewsOut,
    SnippetOut,
    State,
    TagDocumentOut,
    TagQueueOut,
    WaitingTagOut,
    WaitingTagsOut,
    name_of,
)
from tagwright.store.queued import Waiting
from tagwright.store.reviews import Review
from tagwright.store.wanted import Wanted

router = APIRouter(prefix="/projects/{project}", tags=["queue"], route_class=Strict)

Text = Annotated[str, Query(max_length=512)]
Chance = Annotated[float | None, Query(ge=0, le=1)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=10**7)]
TagId = Annotated[str, Query(min_length=1, max_length=512, description="The tag's id.")]
Order = Literal["gain", "right", "doubt", "id"]
States = Annotated[list[State], Query(default_factory=lambda: ["open"], description="In any of these states.")]


@router.get("/queue")
def listed(
    request: Request, project: str, state: States, tag: Text = "",
    low: Chance = None, high: Chance = None, text: Text = "", order: Order = "gain",
    offset: Offset = 0, limit: Limit = 50,
) -> QueueOut:  # fmt: skip
    """List the documents that wait, what is worth most to look at first.

    ``low`` and ``high``: how likely it is that all is right; ``text``: in the title; ``tag``: shown as likely for it.
    """
    served = visit(request, project, READ).served
    wanted = Wanted(
        tuple(dict.fromkeys(state)), tag or None, low=low, high=high, text=text, order=order, offset=offset, limit=limit
    )
    found, total = served.queue.page(wanted)
    vocabulary = served.vocabulary()
    return QueueOut(
        documents=[QueuedOut.of(one, vocabulary) for one in found], total=total,
        states=_states(served.queue.counts()), unknown=served.store.queued.unknown(),
    )  # fmt: skip


@router.get("/queue/next")
def following(request: Request, project: str, after: Text = "", person: Text = "") -> NextOut:
    """Tell which document to look at next: the one that teaches most, and that nobody else has before the eyes.

    ``after`` is the one that is before the eyes now, which is not given again.
    """
    here = visit(request, project, READ)
    queue = here.served.queue
    found = here.served.held.take(
        here.person(person), lambda others: queue.next(without={*others, *([after] if after else [])})
    )
    document = None if found is None else QueuedOut.of(found, here.served.vocabulary())
    return NextOut(document=document, states=_states(queue.counts()))


@router.get("/queue/tags")
def tags(request: Request, project: str, offset: Offset = 0, limit: Limit = 50) -> WaitingTagsOut:
    """List the tags that are shown as likely for waiting documents, with how many of these."""
    served = visit(request, project, READ).served
    vocabulary = served.vocabulary()
    found = served.queue.tags(limit=limit, offset=offset)
    return WaitingTagsOut(
        tags=[
            WaitingTagOut(tag=tag, name=name_of(vocabulary, tag), documents=n, expected=max(0.0, expected))
            for tag, n, expected in found
        ]
    )


@router.get("/queue/tag")
def of_tag(
    request: Request, project: str, tag: TagId, least: Chance = None, offset: Offset = 0, limit: Limit = 20
) -> TagQueueOut:
    """List the waiting documents that a tag is proposed for, with the passage that says it.

    ``least``: from this confidence on; without it those for which it is shown as likely.
    """
    here = visit(request, project, READ)
    wanted = Wanted(tag=tag, least=-1.0 if least is None else least, offset=offset, limit=limit)
    found, total = here.served.queue.page(wanted)
    name = name_of(here.served.vocabulary(), tag)
    return TagQueueOut(tag=tag, name=name, total=total, documents=_with_snippets(here, tag, found))


@router.post("/reviews", status_code=201)
def review(request: Request, project: str, given: ReviewsIn) -> ReviewsOut:
    """Record with which documents somebody is done, or not; when the answer comes it is safe."""
    here = visit(request, project, REVIEW)
    return ReviewsOut.of(here.served.queue.review([_review(here, one) for one in given.reviews]))


@router.get("/reviews")
def reviews(
    request: Request, project: str, document: Text = "", person: Text | None = None, limit: Limit = 10
) -> ReviewsOut:
    """List what was said of documents, of one or by one person if that is wanted, the newest first."""
    store = visit(request, project, READ).served.store
    found = store.reviews.of(document)[:limit] if document else store.reviews.latest(person, limit)
    return ReviewsOut.of([one for one in found if person is None or one.person == person])


def _with_snippets(here: Visit, tag: str, found: list[Waiting]) -> list[TagDocumentOut]:
    store = here.served.store
    chances = store.queued.confidences(tag, [one.document for one in found])
    snippets = _snippets(here, tag, [one.document for one in found])
    return [
        TagDocumentOut(
            id=one.document, title=one.title, confidence=chances[one.document],
            snippet=SnippetOut.model_validate(snippets[one.document]),
            seen=max((made.number for made in store.decisions.find(Chosen(document=one.document))), default=0),
        )
        for one in found
        if one.document in snippets and one.document in chances
    ]  # fmt: skip


def _snippets(here: Visit, tag: str, ids: list[str]) -> dict[str, Snippet]:
    """Where these documents say the tag's name; without those that have gone meanwhile."""
    documents = [one for one in map(here.served.store.current, ids) if one is not None]
    with here.served.using() as opened:
        vocabulary, analyzer = opened.vocabulary, opened.tagger.assembly.analyzer
        known = vocabulary.tag(vocabulary.position(tag)) if documents else None
        return {one.id: snippet(one, known, analyzer) for one in documents} if known is not None else {}


def _review(here: Visit, one: ReviewIn) -> Review:
    document = here.served.store.current(one.document)
    if document is not None and pseudo.is_pseudo(document):
        raise UnknownDocumentError(f"there is no document {one.document!r}")
    return Review(one.document, one.state, here.person(one.person), one.seconds, one.id)


def _states(counts: dict[str, int]) -> dict[State, int]:
    return {"open": counts.get("open", 0), "done": counts.get("done", 0),
            "skipped": counts.get("skipped", 0), "flagged": counts.get("flagged", 0)}  # fmt: skip
