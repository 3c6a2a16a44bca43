"""The screen where a person goes through documents: one after the other, with the keyboard, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

import tagwright.web.reviewed as reviewed
from tagwright.generation.samples import REJECTED
from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.api.documents import kept, remember, seen_of
from tagwright.server.house import count, visit
from tagwright.server.listed import name_of
from tagwright.server.served import Answer
from tagwright.store.decided import Decision
from tagwright.store.reviews import DONE
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary
from tagwright.web.cards import card_of
from tagwright.web.choosing import Choice, Chosen
from tagwright.web.marking import Piece, pieces
from tagwright.web.rendering import Page, is_fragment, language_of, page
from tagwright.web.rows import Link, Shown, rows_of, way_to

router = APIRouter(prefix="/p/{project}/review", route_class=Page)
# As many as there are digits to choose one by.
HOW_MANY = 10
# Nobody reads more than that on a screen, and a browser should not have to lay it out.
_LONGEST = 200_000
_METADATA, _LONGEST_VALUE = 12, 300
_FOUND = 8

DocumentId = Annotated[str, Query(max_length=512)]
TagId = Annotated[str, Query(min_length=1, max_length=512)]


@dataclass(frozen=True, slots=True)
class Told:
    """A decision that stands, as the page's script takes it."""

    id: str
    tag: str
    name: str
    verdict: str
    reason: str
    person: str
    mine: bool


@dataclass(frozen=True)
class Case:
    """A document under review: ``told`` was decided about its tags, ``before`` are (tag, name) that it has anyway.

    ``title`` and ``text`` in pieces, quoted or not; ``more``: how many letters of the text are not shown. ``states``
    {tag: accepted or rejected}; all else is only suggested.
    """

    document: Document
    shown: Shown
    title: list[Piece]
    text: list[Piece]
    more: int
    metadata: list[tuple[str, str]]
    told: list[Told]
    before: list[Link]
    states: Mapping[str, str]
    state: str
    seen: int

    @property
    def decided(self) -> dict[str, Any]:
        """What was decided, for the page's script."""
        return {"told": [asdict(one) for one in self.told], "before": [asdict(one) for one in self.before]}


@router.get("")
def review(request: Request, project: str, choice: Chosen, id: DocumentId = "") -> Response:
    """Show a document with what is suggested for it: the one that is asked for, else the one to be seen next."""
    here = visit(request, project, READ)
    chosen = id or _next(here, choice, [])
    case = _case(request, here, chosen) if chosen else None
    if is_fragment(request):
        return page(request, "review-document.html", here, case=case, may=here.caller.allows(REVIEW), choice=choice)
    return page(
        request, "review.html", here, case=case, may=here.caller.allows(REVIEW), progress=_progress(here),
        history=reviewed.history(here), choice=choice,
        tag_name=name_of(here.served.vocabulary(), choice.tag) if choice.tag else "",
    )  # fmt: skip


@router.get("/next")
def following(
    request: Request, project: str, choice: Chosen,
    without: Annotated[list[str], Query(max_length=100, default_factory=list)],
) -> Response:  # fmt: skip
    """Show the document to be seen next beside those that somebody has already; 204 where there is none."""
    here = visit(request, project, READ)
    chosen = _next(here, choice, without)
    if not chosen:
        return Response(status_code=204)
    case = _case(request, here, chosen)
    return page(request, "review-document.html", here, case=case, may=here.caller.allows(REVIEW), choice=choice)


@router.get("/history")
def earlier(request: Request, project: str, before: Annotated[float, Query(ge=0, le=1e12)]) -> Response:
    """List what the person did before that time, the newest first."""
    here = visit(request, project, READ)
    return page(request, "review-history.html", here, history=reviewed.history(here, before))


@router.get("/find")
def find(request: Request, project: str, query: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """List the tags that are called like what somebody types."""
    here = visit(request, project, READ)
    hits = here.served.search().find(query, limit=_FOUND)
    vocabulary = here.served.vocabulary()
    places = ((hit, vocabulary.find(hit.id)) for hit in hits)
    found = [(hit, way_to(vocabulary, at)[:-1]) for hit, at in places if at >= 0]
    return page(request, "review-found.html", here, found=found)


@router.get("/place")
def place(request: Request, project: str, tag: TagId) -> Response:
    """Show where a tag stands: what is broader and narrower, and what it means."""
    here = visit(request, project, READ)
    vocabulary = here.served.vocabulary()
    at = vocabulary.position(tag)
    return page(request, "review-place.html", here, card=card_of(vocabulary, at, (), language_of(request)))


def _next(here: Visit, choice: Choice, without: list[str]) -> str:
    """The id of the document to be seen next of those that are chosen, "" where none is left."""
    served, person, wanted = here.served, here.caller.name, choice.wanted()
    found = served.held.take(
        person, lambda others: served.queue.next(wanted, without={*others, *without}), still=without
    )
    return "" if found is None else found.document


def _case(request: Request, here: Visit, id: str) -> Case:
    """Everything that is shown of a document; what is suggested is put on record."""
    document, seen, store = kept(here, id), seen_of(here, id), here.served.store
    asked = Document(document.id, document.text, document.title, document.language)
    count(request, here, [asked])
    answer = here.served.answer([asked], k=HOW_MANY, why=True)[0]
    remember(here, document, answer)
    shown = rows_of(asked, _not_itself(answer, id))
    vocabulary = answer.state.vocabulary
    told = [_told(here, vocabulary, one) for one in store.decisions.standing(id) if not one.machine]
    decided = {one.tag for one in told}
    before = [tag for tag in document.tags or () if tag not in decided]
    states = dict.fromkeys(before, "accepted") | {
        one.tag: "rejected" if one.verdict == "reject" else "accepted" for one in told
    }
    return Case(
        document=document, shown=shown, told=told, seen=seen, states=states,
        title=pieces(document.title, shown.quoted("title")), metadata=list(_metadata(document)),
        text=pieces(document.text[:_LONGEST], shown.quoted("text")), more=max(0, len(document.text) - _LONGEST),
        before=[Link(tag, name_of(vocabulary, tag)) for tag in before], state=store.reviews.states([id])[id],
    )  # fmt: skip


def _not_itself(answer: Answer, id: str) -> Answer:
    """The answer without the document as a reason for its own tags: what was decided is learned from at once."""
    kept = [replace(one, evidence=tuple(e for e in one.evidence if e.document != id)) for one in answer.suggestions]
    return Answer(kept, answer.state)


def _progress(here: Visit) -> dict[str, Any]:
    """How many documents are done, how many there are, and how many seconds the person's last ones took."""
    store = here.served.store
    counts = here.served.queue.counts()
    latest = reviewed.standing(store.reviews.latest(here.caller.name, 50))
    seconds = [round(one.seconds, 1) for one in latest if one.state == DONE and one.seconds > 0]
    return {
        "done": counts.get(DONE, 0), "all": sum(counts.values()), "seconds": seconds,
        "median": round(median(seconds)) if seconds else 0,
    }  # fmt: skip


def _told(here: Visit, vocabulary: Vocabulary, one: Decision) -> Told:
    mine = one.person == here.caller.name
    return Told(one.id, one.tag, name_of(vocabulary, one.tag), one.verdict, one.reason, one.person, mine)


def _metadata(document: Document) -> Iterator[tuple[str, str]]:
    """(name, value) of what is known of a document beside its text."""
    for name, value in list(document.metadata.items())[:_METADATA]:
        several = value if isinstance(value, list | tuple) else [value]
        plain = [str(one) for one in several if isinstance(one, str | int | float) and str(one).strip()]
        if name != REJECTED and plain:
            yield name, "; ".join(plain)[:_LONGEST_VALUE]
