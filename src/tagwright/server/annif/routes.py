"""The routes of Annif's REST API, below ``/v1``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

import tagwright.server.annif.answers as answers
import tagwright.server.annif.asking as asking
import tagwright.server.annif.bodies as bodies
import tagwright.server.annif.languages as languages
import tagwright.server.annif.learning as learning
from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.annif.checks import check
from tagwright.server.annif.description import BATCH, DETECT, LEARN, TITLE, VERSION, describe
from tagwright.server.annif.page import page
from tagwright.server.house import house_of, visit
from tagwright.server.problems import ANNIF, Problem

Endpoint = Callable[[Request], Awaitable[Response]]
# A visit to the project that a request names; where there is none, what is to be said once all else is right.
Entered = Visit | Problem
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes() -> list[Route]:
    """All addresses, for an application whose ``state.house`` is a `House`.

    A body is read by the event loop, all else happens in threads. An address that has a slash too many or too few leads
    to the right one.
    """
    one = f"{ANNIF}/projects/{{project}}"
    asked = _sent(bodies.FORM, _enter(READ), suggest)
    found = [
        Route(f"{ANNIF}/", _plain(info)),
        Route(f"{ANNIF}/vocabs", _plain(vocabularies)),
        Route(f"{ANNIF}/projects", _plain(projects)),
        Route(one, _plain(project)),
        Route(f"{one}/suggest", asked, methods=["POST"]),
        Route(f"{one}/analyze", asked, methods=["POST"]),  # its name before Annif 0.50, which some still use
        Route(f"{one}/suggest-batch", _sent(bodies.JSON, _enter(READ), suggest_batch), methods=["POST"]),
        Route(f"{one}/learn", _sent(bodies.JSON, _enter(REVIEW), learn), methods=["POST"]),
        Route(f"{ANNIF}/detect-language", _sent(bodies.JSON, _require, detect), methods=["POST"]),
        Route(f"{ANNIF}/openapi.json", _plain(description)),
        Route(f"{ANNIF}/ui/", _plain(ui)),
    ]
    return [*found, *(Route(_other(route.path), _elsewhere, methods=_METHODS) for route in found)]


# --- what there is ---------------------------------------------------------------------------------------------


def info(request: Request) -> Response:
    """What answers here."""
    return answers.answer({"title": TITLE, "version": VERSION})


def vocabularies(request: Request) -> Response:
    """The vocabularies of the projects, each once."""
    found: dict[str, Any] = {}
    for served in house_of(request).access.visible(request):
        found.setdefault(answers.vocabulary_id(served), served)
    said = [answers.about_vocabulary(one, answers.vocabulary(one)) for one in found.values()]
    return answers.answer({"vocabs": said})


def projects(request: Request) -> Response:
    """The projects, in the order in which they were given to the server."""
    return answers.answer({"projects": [answers.project(one) for one in house_of(request).access.visible(request)]})


def project(request: Request) -> Response:
    """One project."""
    return answers.answer(answers.project(_visit(_enter(READ)(request)).served))


def description(request: Request) -> Response:
    """The description of the interface."""
    return answers.answer(_describe(request))


def ui(request: Request) -> Response:
    """The same for people."""
    return HTMLResponse(page(_describe(request), VERSION))


# --- what is asked ---------------------------------------------------------------------------------------------


def suggest(request: Request, entered: Entered, raw: bytes) -> Response:
    """Suggestions for the text of a form."""
    form = bodies.form(raw)
    wanted = asking.Wanted.of(form, bodies.IN_FORM)
    if "text" not in form:
        raise Problem(400, "'text' is a required property")
    metadata = {
        key.removeprefix(bodies.METADATA): said[0] for key, said in form.items() if key.startswith(bodies.METADATA)
    }
    here = _visit(entered)
    documents = [asking.document("text", form["text"][0], metadata)]
    return answers.answer({"results": asking.suggest(request, here, documents, wanted)[0]})


def suggest_batch(request: Request, entered: Entered, raw: bytes) -> Response:
    """Suggestions for each of some documents, in their order."""
    given = {key: [value] for key, value in request.query_params.items()}  # of a name given twice, the last
    wanted = asking.Wanted.of(given, bodies.IN_QUERY)
    said = bodies.json_value(raw)
    check(said, BATCH, "too many items")
    here, rows = _visit(entered), said["documents"]
    documents = [asking.document(f"text-{n}", row["text"], row.get("metadata", {})) for n, row in enumerate(rows)]
    found = asking.suggest(request, here, documents, wanted)
    pairs = zip(rows, found, strict=True)
    return answers.answer([{"document_id": row.get("document_id"), "results": results} for row, results in pairs])


def learn(request: Request, entered: Entered, raw: bytes) -> Response:
    """Nothing (204): the documents and their subjects are learned when this returns."""
    said = bodies.json_value(raw)
    check(said, LEARN)
    learning.learn(request, _visit(entered), said)
    return Response(status_code=204, headers={"content-type": bodies.JSON})


def detect(request: Request, entered: None, raw: bytes) -> Response:
    """How much of a text is in each of some languages."""
    said = bodies.json_value(raw)
    check(said, DETECT)
    if not languages.KNOWN.issuperset(said["languages"]):
        raise Problem(400, "unsupported candidate languages")
    shares = languages.shares(said["text"], said["languages"])
    return answers.answer({"results": [{"language": code, "score": score} for code, score in shares]})


# --- who asks --------------------------------------------------------------------------------------------------


def _sent(kind: str, enter: Callable[[Request], Any], work: Callable[[Request, Any, bytes], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        entered = await run_in_threadpool(enter, request)
        raw = await bodies.body(request, kind)
        return await run_in_threadpool(work, request, entered, raw)

    return endpoint


def _enter(role: str) -> Callable[[Request], Entered]:
    def enter(request: Request) -> Entered:
        named = request.path_params["project"]
        try:
            return visit(request, named, role)
        except Problem as problem:
            if problem.status != 404:
                raise
            return Problem(404, f"Project '{named[:100]}' not found", title="Project not found")

    return enter


def _require(request: Request) -> None:
    house_of(request).access.require(request, READ)


def _describe(request: Request) -> dict[str, Any]:
    projects = house_of(request).access.visible(request)
    spoken = {code for one in projects for code in answers.languages(one, answers.vocabulary(one))}
    return describe([one.id for one in projects], spoken, languages.KNOWN)


def _plain(work: Callable[[Request], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request)

    return endpoint


def _visit(entered: Entered) -> Visit:
    if isinstance(entered, Problem):
        raise entered
    return entered


def _other(path: str) -> str:
    return path[:-1] if path.endswith("/") else f"{path}/"


async def _elsewhere(request: Request) -> Response:
    return RedirectResponse(request.url.replace(path=_other(request.url.path)), 307)
