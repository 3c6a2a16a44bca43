"""The addresses of the pages, all that have no room of their own: the start, signing in and out, what is not there."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

import tagwright.web.measuring as measuring
import tagwright.web.queueing as queueing
import tagwright.web.reviewing as reviewing
import tagwright.web.statics as statics
import tagwright.web.trying as trying
import tagwright.web.vocabularies as vocabularies
from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.api.sessions import begin, end
from tagwright.server.house import house_of, visit
from tagwright.server.problems import Problem
from tagwright.store.reviews import OPEN
from tagwright.web.rendering import Page, page, url

router = APIRouter(route_class=Page)


def routers() -> list[APIRouter]:
    """All of them, in the order in which addresses are looked for."""
    screens = (trying, reviewing, queueing, vocabularies, measuring)
    return [router, *(one.router for one in screens), statics.router, last]


@router.get("/")
def start(request: Request) -> Response:
    """Go to the one project that there is, or choose among several."""
    found = house_of(request).access.visible(request)
    if len(found) == 1:
        return _first(visit(request, found[0].id, READ))
    return page(request, "projects.html", found=[(one, one.state()) for one in found])


@router.get("/p/{project}")
def project(request: Request, project: str) -> Response:
    """Go to the first screen of a project."""
    return _first(visit(request, project, READ))


@router.get("/sign-in")
def sign_in(request: Request, next: str = "/") -> Response:
    """Ask for a key."""
    return page(request, "sign-in.html", next=_inside(next), wrong=False)


@router.post("/sign-in")
def signed_in(
    request: Request, key: str = Form("", max_length=200), next: str = Form("/", max_length=2000)
) -> Response:
    """Begin a session, and go where somebody wanted to."""
    answer = RedirectResponse(_inside(next), 303)
    try:
        begin(request, answer, key.strip())
    except Problem as problem:
        if problem.status != 401:
            raise
        return page(request, "sign-in.html", status=401, next=_inside(next), wrong=True)
    return answer


@router.post("/sign-out")
def signed_out(request: Request) -> Response:
    """End the session."""
    answer = RedirectResponse("/sign-in", 303)
    end(request, answer)
    return answer


# After all others: what is no page is told as a page where people look for pages.
last = APIRouter(route_class=Page)


@last.get("/p/{rest:path}")
def nothing(request: Request, rest: str) -> Response:
    """Tell that there is nothing."""
    raise Problem(404, "there is nothing at this address")


def _first(here: Visit) -> Response:
    """What waits, for whoever may decide about it; else where anybody tries a text."""
    waits = here.caller.allows(REVIEW) and here.served.queue.counts().get(OPEN)
    return RedirectResponse(url(here.served.id, "queue" if waits else "try"), 303)


def _inside(address: str) -> str:
    """The address if it is one of this server, else its start: nobody is sent elsewhere after signing in."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain and not parts.scheme and not parts.netloc else "/"
