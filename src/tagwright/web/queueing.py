"""The screen of the documents that wait: what to see next, and many documents decided at once, tag by tag."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import ValidationError

import tagwright.server.api.queue as queue
import tagwright.web.uploaded as uploaded
from tagwright.calibration.spoken import spoken
from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.house import visit
from tagwright.server.listed import QueuedOut, State, TagDocumentOut, name_of
from tagwright.server.records import DocumentIn
from tagwright.store.reviews import STATES
from tagwright.store.wanted import ORDERS
from tagwright.types import Document
from tagwright.web.choosing import ALL, CHANCES, Chosen
from tagwright.web.marking import Piece, pieces
from tagwright.web.rendering import Page, page, words_of

router = APIRouter(prefix="/p/{project}/queue", route_class=Page)
PER_PAGE, TAGS_PER_PAGE, AT_ONCE = 25, 60, 20
# Of a document so many tags are shown in the list.
_SHOWN = 5
# "Also the unlikely ones" begins here.
_UNLIKELY = 0.05
# So many letters tell what a document is about.
_BEGINS = 180
# Of a file so many documents are taken, and so many letters together.
_MOST, _LETTERS = 5_000, 40_000_000

Number = Annotated[int, Query(ge=1, le=10**5)]
TagId = Annotated[str, Query(min_length=1, max_length=512)]
Offset = Annotated[int, Query(ge=0, le=10**7)]


@dataclass(frozen=True, slots=True)
class Line:
    """A document of the list; all its likely tags are right about ``times`` of ``of`` times, ``of`` 0 = not known.

    ``times`` 0: so rarely that numbers would say no more.
    """

    one: QueuedOut
    times: int
    of: int

    @property
    def tags(self) -> list[Any]:
        """What is shown of its tags: the likely ones, else the best."""
        return self.one.suggestions[: min(_SHOWN, self.one.likely) or 2]

    @property
    def more(self) -> int:
        """How many likely ones are not shown."""
        return max(0, self.one.likely - _SHOWN)


@dataclass(frozen=True, slots=True)
class Card:
    """A document that waits for a decision on one tag, marked where its ``title`` or a ``passage`` says it."""

    one: TagDocumentOut
    title: list[Piece]
    passage: list[Piece]
    quoted: bool

    @property
    def goes_on(self) -> tuple[bool, bool]:
        """Whether the document seems to go on before and after the passage, which may begin within a word."""
        said = "".join(piece.text for piece in self.passage)
        return said[:1].islower(), said[-1:].isalnum()

    @property
    def percent(self) -> int:
        """How likely the tag is; what is not certain is not called so."""
        return max(1, min(99, round(100 * self.one.confidence)))


@router.get("")
def listed(
    request: Request, project: str, choice: Chosen, page_: Annotated[int, Query(alias="page", ge=1, le=10**5)] = 1
) -> Response:
    """List the documents that wait, with what there is to choose them by."""
    here = visit(request, project, READ)
    wanted = choice.wanted()
    found = queue.listed(
        request, project, cast(list[State], list(wanted.states)), tag=choice.tag, low=wanted.low, high=wanted.high,
        text=wanted.text, order=cast(queue.Order, wanted.order), offset=(page_ - 1) * PER_PAGE, limit=PER_PAGE,
    )  # fmt: skip
    return page(
        request, "queue.html", here, lines=[_line(one) for one in found.documents], total=found.total,
        counts=found.states, unknown=found.unknown, states=(*STATES, ALL), orders=list(ORDERS), chances=list(CHANCES),
        choice=choice, at=page_, pages=max(1, -(-found.total // PER_PAGE)), may=here.caller.allows(REVIEW),
        tag_name=name_of(here.served.vocabulary(), choice.tag) if choice.tag else "",
    )  # fmt: skip


@router.get("/tags")
def tags(request: Request, project: str, page_: Annotated[int, Query(alias="page", ge=1, le=10**4)] = 1) -> Response:
    """List the tags that wait for decisions, those that most documents wait for first."""
    here = visit(request, project, READ)
    offset = (page_ - 1) * TAGS_PER_PAGE
    found = queue.tags(request, project, offset=offset, limit=TAGS_PER_PAGE + 1).tags
    return page(request, "queue-tags.html", here, tags=found[:TAGS_PER_PAGE], more=len(found) > TAGS_PER_PAGE, at=page_)


@router.get("/tag")
def tag(request: Request, project: str, tag: TagId, unlikely: bool = False, offset: Offset = 0) -> Response:
    """Show the documents that a tag is proposed for, to be decided together."""
    here = visit(request, project, READ)
    least = _UNLIKELY if unlikely else None
    found = queue.of_tag(request, project, tag, least=least, offset=offset, limit=AT_ONCE)
    cards = [_card(here, one) for one in found.documents]
    return page(
        request, "queue-tag.html", here, tag=found.tag, name=found.name, total=found.total, cards=cards, offset=offset,
        unlikely=unlikely, at_once=AT_ONCE, may=here.caller.allows(REVIEW),
    )  # fmt: skip


@router.post("/read")
def read(request: Request, project: str, file: UploadFile) -> Response:
    """Give the documents of a file as the API takes them; they are kept only when the page sends them there."""
    visit(request, project, REVIEW)
    found: list[dict[str, Any]] = []
    letters, more = 0, False
    for one in islice(uploaded.documents(file, hint=words_of(request)("queue.add.hint")), _MOST + 1):
        letters += len(one.text)
        more = more or len(found) == _MOST or letters > _LETTERS
        if not more:
            found.append(_sendable(one))
    return JSONResponse({"documents": found, "more": more})


def _line(one: QueuedOut) -> Line:
    if one.right is None or not one.known:
        return Line(one, 0, 0)
    times, of = spoken(one.right)
    return Line(one, times if one.right >= CHANCES["hardly"][1] else 0, of)


def _card(here: Visit, one: TagDocumentOut) -> Card:
    """Where the title says the tag, it is marked there, and what is told beside it is how the text begins."""
    said, title = one.snippet, one.title or one.id
    quoted = [(said.start, said.end, one.id)] if said.end else []
    if said.field != "title":
        return Card(one, pieces(title, []), pieces(said.text, quoted), bool(quoted))
    kept = here.served.store.current(one.id)
    begins = "" if kept is None else kept.text[:_BEGINS]
    # A long title is cut in the passage.
    place = max(0, title.find(said.text))
    return Card(
        one, pieces(title, [(place + start, place + end, id) for start, end, id in quoted]), pieces(begins, []), False
    )


def _sendable(one: Document) -> dict[str, Any]:
    """The document as the API takes it; what it would not take of its description is left out."""
    metadata = {key: value for key, value in one.metadata.items() if isinstance(value, str | int | float | bool)}
    body = {"id": one.id[:512], "title": one.title[:10_000], "text": one.text, "metadata": metadata}
    try:
        return DocumentIn.model_validate({**body, "language": one.language}).model_dump()
    except ValidationError:
        return DocumentIn.model_validate({**body, "metadata": {}}).model_dump()
