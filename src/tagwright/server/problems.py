"""Errors as clients see them: ``application/problem+json`` (RFC 9457), without tracebacks and paths of the machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tagwright.errors import (
    DecisionError,
    InputError,
    MissingExtraError,
    TagwrightError,
    UnknownDocumentError,
    UnknownTagError,
)
from tagwright.server.refusals import Busy
from tagwright.store.growth import OverruledError

MEDIA_TYPE = "application/problem+json"
ANNIF = "/v1"
"""Below this, a problem has the four keys that clients of Annif know, and no more."""

# What a client can do something about, beside what is asked for and absent; all else is for whoever runs the server.
_STATUS: dict[type[TagwrightError], int] = {
    UnknownDocumentError: 404, DecisionError: 409, OverruledError: 409, InputError: 422, MissingExtraError: 501,
}  # fmt: skip
_OUR_FAULT = "the project cannot answer at the moment; whoever runs the server finds the reason in its log"
_MOST_ERRORS = 20


class Problem(Exception):
    """An answer other than the one that was asked for: status, what is wrong, and the next step."""

    def __init__(self, status: int, detail: str, *, title: str = "", hint: str = "", **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint = status, detail, hint
        self.title = title or HTTPStatus(status).phrase
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self, path: str, *, request_id: str = "", errors: list[dict[str, str]] | None = None) -> Response:
        """The answer to a request for ``path``."""
        said: dict[str, Any] = {
            "type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail,
        }  # fmt: skip
        if not is_annif(path):
            more = {"hint": self.hint, "request_id": request_id, "errors": errors}
            said.update((key, value) for key, value in more.items() if value)
        return Response(_encoded(said), self.status, self.headers, MEDIA_TYPE)


def is_annif(path: str) -> bool:
    """Whether the path belongs to Annif's API."""
    return path == ANNIF or path.startswith(f"{ANNIF}/")


def busy(error: Busy) -> Problem:
    """Too much at once: 503, and when to come again."""
    wait = str(max(1, round(error.retry_after)))
    return Problem(503, error.message, hint=error.hint, retry_after=wait)


def problem_of(error: TagwrightError, method: str = "GET") -> Problem:
    """What a client is told of an error of the core."""
    if isinstance(error, Busy):
        return busy(error)
    if isinstance(error, UnknownTagError):
        # Asked for, it is absent; named within a request, it makes the request wrong.
        return Problem(404 if method == "GET" else 422, error.message, hint=error.hint)
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return Problem(status, error.message, hint=error.hint)
    return Problem(503, _OUR_FAULT, retry_after="30")


def handle(app: FastAPI) -> None:
    """All errors of the app's routes become problems."""

    @app.exception_handler(Problem)
    async def own(request: Request, error: Problem) -> Response:
        return error.response(request.url.path, request_id=_id(request))

    @app.exception_handler(TagwrightError)
    async def core(request: Request, error: TagwrightError) -> Response:
        problem = problem_of(error, request.method)
        if problem.detail == _OUR_FAULT:
            request.state.fault = f"{type(error).__name__}: {error}"
        return problem.response(request.url.path, request_id=_id(request))

    @app.exception_handler(HTTPException)
    async def web(request: Request, error: HTTPException) -> Response:
        headers: Mapping[str, str] = error.headers or {}
        phrase = HTTPStatus(error.status_code).phrase
        detail = error.detail if error.detail != phrase else _DETAILS.get(error.status_code, phrase)
        made = Problem(error.status_code, detail)
        made.headers = dict(headers)
        return made.response(request.url.path, request_id=_id(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = [_fault(one) for one in error.errors()[:_MOST_ERRORS]]
        broken = any(one.get("type") == "json_invalid" for one in error.errors())
        first = f"{found[0]['where']}: {found[0]['what']}" if found else "the request is not what is expected"
        made = Problem(400 if broken else 422, first)
        return made.response(request.url.path, request_id=_id(request), errors=found)


_DETAILS = {404: "there is nothing at this address", 405: "this address does not answer this method"}


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    """One thing that is wrong with a request, without what was sent: that may be a document's text."""
    where = ".".join(str(part) for part in error.get("loc", ()))
    what = error.get("ctx", {}).get("error") if error.get("type") == "json_invalid" else None
    return {"where": where, "what": str(what or error.get("msg", ""))}


def _id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


def _encoded(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=True).encode()
