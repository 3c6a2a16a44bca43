"""The screen where anybody tries a text: suggestions while it is written, files, and copies for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import PlainTextResponse

import tagwright.web.uploaded as uploaded
from tagwright.server.access import READ, Visit
from tagwright.server.house import count, visit
from tagwright.server.problems import Problem
from tagwright.types import Document, Suggestion
from tagwright.vocabulary import Vocabulary
from tagwright.web.copying import FORMS
from tagwright.web.marking import Piece, pieces
from tagwright.web.rendering import Page, is_fragment, page, url, words_of
from tagwright.web.rows import Shown, rows_of

router = APIRouter(prefix="/p/{project}/try", route_class=Page)
HOW_MANY = (10, 20, 50)
# Longer texts are not drawn a second time to mark them, and longer addresses are cut by some programs.
_LONGEST_MARKED, _LONGEST_ADDRESS = 200_000, 2_000
# Of a file so many records are offered, and so much of their texts.
_RECORDS, _LETTERS, _ALL_LETTERS = 200, 200_000, 2_000_000
_MOST_CHOSEN = 200

Text = Annotated[str, Form()]
HowMany = Annotated[int, Form(ge=1, le=100)]


@router.get("")
def blank(
    request: Request, project: str, text: str = "", title: str = "", k: Annotated[int, Query(ge=1, le=100)] = 10
) -> Response:
    """Show the screen; with suggestions where the address holds a text."""
    return _answered(request, visit(request, project, READ), title, text, k)


@router.post("")
def tried(request: Request, project: str, text: Text = "", title: Text = "", k: HowMany = 10) -> Response:
    """Suggest tags for a text: a part of the page for the page itself, else all of it."""
    return _answered(request, visit(request, project, READ), title, text, k)


@router.post("/file")
def read(request: Request, project: str, file: UploadFile) -> Response:
    """Offer the documents of a file, to be tried one after the other."""
    here = visit(request, project, READ)
    found = list(_readable(file, hint=words_of(request)("try.file_about")))
    return page(request, "try-records.html", here, records=found[:_RECORDS], more=len(found) > _RECORDS)


@router.post("/copy")
def copy(
    request: Request, project: str, form: Annotated[str, Form()], chosen: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Give the chosen tags in a form that other programs take; each is sent as "confidence id"."""
    here = visit(request, project, READ)
    if form not in FORMS:
        raise Problem(422, f"there is no form {form!r}", hint=f"known are: {', '.join(FORMS)}")
    found = [_chosen(one, here.served.vocabulary()) for one in (chosen or [])[:_MOST_CHOSEN]]
    return PlainTextResponse(FORMS[form]([one for one in found if one is not None], datetime.now(UTC).date()))


def _answered(request: Request, here: Visit, title: str, text: str, k: int) -> Response:
    # A form sends line ends as CRLF, but they are one letter on the page, and quotations are counted in letters.
    document = Document("text", _plain(text), _plain(title).replace("\n", " "))
    shown, marked = _suggested(request, here, document, k)
    short = len(document.text) + len(document.title) < _LONGEST_ADDRESS
    asked = {"title": document.title, "text": document.text, "k": k if k != HOW_MANY[0] else ""}
    link = url(here.served.id, "try", **asked) if short else ""
    template = "try-found.html" if is_fragment(request) else "try.html"
    return page(
        request, template, here, document=document, shown=shown, marked=marked, k=k, ks=HOW_MANY, forms=list(FORMS),
        link=link if len(link) < _LONGEST_ADDRESS else "", fragment=is_fragment(request),
    )  # fmt: skip


def _suggested(request: Request, here: Visit, document: Document, k: int) -> tuple[Shown | None, list[Piece]]:
    """What is suggested, and the text with what is quoted; ``None`` where there is nothing to read."""
    if not document.text.strip() and not document.title.strip():
        return None, []
    count(request, here, [document])
    shown = rows_of(document, here.served.answer([document], k=k, why=True)[0])
    short = len(document.text) <= _LONGEST_MARKED
    return shown, pieces(document.text, shown.quoted("text")) if short else []


def _readable(file: UploadFile, *, hint: str) -> Iterator[dict[str, str]]:
    """Title and text of the file's first documents, and of one more; raises `Problem` where there are none."""
    letters = 0
    for document in islice(uploaded.documents(file, hint=hint), _RECORDS + 1):
        text = document.text[: min(_LETTERS, max(0, _ALL_LETTERS - letters))]
        letters += len(text) + len(document.title)
        yield {"title": document.title, "text": text, "id": document.id}


def _chosen(said: str, vocabulary: Vocabulary) -> Suggestion | None:
    """The tag that is sent as "0.83 id", with the name that it has now; ``None`` for what is no tag."""
    confidence, _, tag = said.partition(" ")
    place = vocabulary.find(tag)
    try:
        share = float(confidence)
    except ValueError:
        return None
    return Suggestion(vocabulary.ids[place], vocabulary.name(place), share) if place >= 0 and 0 <= share <= 1 else None


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
