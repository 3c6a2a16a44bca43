"""Documents that people decide about: listed, shown with what was decided, added, and suggested for, on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

import tagwright.recall.pseudo as pseudo
from tagwright.errors import UnknownDocumentError
from tagwright.feedback import Chosen, Decision, Provenance
from tagwright.feedback.state import Grower
from tagwright.server.access import ADMIN, READ, REVIEW, Visit
from tagwright.server.api.strict import Strict
from tagwright.server.api.suggesting import shown
from tagwright.server.house import count, visit
from tagwright.server.records import (
    BriefOut,
    BriefsOut,
    DecisionOut,
    DocumentOut,
    DocumentsIn,
    EarlierOut,
    KeptOut,
    RemovedOut,
    ShowIn,
    ShownOut,
)
from tagwright.server.served import Answer
from tagwright.types import Document

router = APIRouter(prefix="/projects/{project}", tags=["documents"], route_class=Strict)

Limit = Annotated[int, Query(ge=1, le=1000)]
DocumentId = Annotated[str, Query(min_length=1, max_length=512, description="The document's id.")]
# Of a long list that holds few of what is wanted, so many are looked at for one answer.
_LOOKED_AT = 2_000


@router.get("/documents")
def listed(
    request: Request, project: str, after: Annotated[str, Query(max_length=600)] = "", limit: Limit = 100,
    waiting: Annotated[bool, Query(description="Only those that nobody has tagged yet.")] = False,
) -> BriefsOut:  # fmt: skip
    """List the documents in the order of their ids; those that the model has learned from are among them."""
    store = visit(request, project, READ).served.store
    ids = store.current_ids(after, _LOOKED_AT if waiting else limit)
    found: list[BriefOut] = []
    last = ""
    for last in ids:
        one = store.current(last)
        if one is not None and not pseudo.is_pseudo(one) and not (waiting and one.tags is not None):
            found.append(_brief(one))
        if len(found) == limit:
            break
    return BriefsOut(documents=found, next=last if ids and store.current_ids(last, 1) else None)


@router.post("/documents", status_code=201)
def add(request: Request, project: str, given: DocumentsIn) -> KeptOut:
    """Keep documents, which wait for decisions from now on; one that is there already stays as it is."""
    feedback = visit(request, project, REVIEW).served.feedback
    added = feedback.wait([one.document() for one in given.documents])
    ids = dict.fromkeys(one.id for one in given.documents)
    return KeptOut(added=added, known=[id for id in ids if id not in added])


@router.get("/document")
def one(request: Request, project: str, id: DocumentId) -> DocumentOut:
    """Show a document with the decisions that stand."""
    here = visit(request, project, READ)
    found, decisions = kept(here, id), here.served.store.decisions
    return DocumentOut(
        id=found.id, title=found.title, text=found.text, language=found.language, metadata=dict(found.metadata),
        tags=None if found.tags is None else list(found.tags), seen=seen_of(here, id),
        decisions=[DecisionOut.of(one) for one in decisions.standing(id)],
    )  # fmt: skip


@router.delete("/document")
def remove(request: Request, project: str, id: DocumentId) -> RemovedOut:
    """Forget a document, and what was learned from it."""
    here = visit(request, project, ADMIN)
    kept(here, id)
    twin = Grower(0.0)(Document(id, ""), ())[1].subject  # what machines have said of it
    ids = [id, twin] if here.served.store.current(twin) is not None else [id]
    with here.served.using() as opened:
        return RemovedOut(id=id, rows=opened.remove_documents(ids))


@router.post("/document/suggest")
def suggest(request: Request, project: str, asked: ShowIn) -> ShownOut:
    """Suggest tags for a kept document, and record what was shown and by what it was found."""
    here = visit(request, project, READ)
    document, seen = kept(here, asked.id), seen_of(here, asked.id)
    count(request, here, [document])
    answer = here.served.answer([document], k=asked.k, why=asked.why)[0]
    number = remember(here, document, answer)
    return ShownOut(**shown(document.id, answer, 0.0).model_dump(), number=number, seen=seen)


@router.get("/document/shown")
def earlier(request: Request, project: str, id: DocumentId) -> list[EarlierOut]:
    """List what was shown for a document, the newest first."""
    here = visit(request, project, READ)
    kept(here, id)
    return [EarlierOut.model_validate(one) for one in here.served.store.suggested.of(id)]


def remember(here: Visit, document: Document, answer: Answer) -> int:
    """The number of the record of what was shown for a document, and by what it was found."""
    state = answer.state
    made = Provenance(state.model, state.vocabulary.fingerprint, state.settings, state.row)
    (number,) = here.served.store.suggested.add([made.shown(document.id, answer.suggestions)])
    return number


def _brief(document: Document) -> BriefOut:
    tags = None if document.tags is None else list(document.tags)
    return BriefOut(
        id=document.id, title=document.title, language=document.language, characters=len(document.text), tags=tags
    )


def kept(here: Visit, id: str) -> Document:
    """The document as it stands now; raises `UnknownDocumentError`."""
    found = here.served.store.current(id)
    if found is None or pseudo.is_pseudo(found):
        raise UnknownDocumentError(f"there is no document {id!r}")
    return found


def seen_of(here: Visit, id: str) -> int:
    """The number of the last decision about a document."""
    told: list[Decision] = here.served.store.decisions.find(Chosen(document=id))
    return told[-1].number if told else 0
