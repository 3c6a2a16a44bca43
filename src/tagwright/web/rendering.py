"""How a page is made: a template, what it is about, and the headers that let it do no more than it needs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Any
from urllib.parse import quote

import jinja2
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

import tagwright.server.problems as problems
import tagwright.web.statics as statics
from tagwright.errors import TagwrightError
from tagwright.server.access import Visit
from tagwright.server.frame import fault
from tagwright.server.house import house_of
from tagwright.server.problems import Problem
from tagwright.version import VERSION
from tagwright.web.words import LANGUAGES, Words, words

SCREENS = ("try", "review", "queue", "vocabulary", "quality")
# Nothing from elsewhere, nothing written into the page: scripts and styles are files of this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LANGUAGE = "tagwright_language"
_YEAR = 365 * 24 * 3600


class Page(APIRoute):
    """A route for people: what goes wrong is told as a page, and who is not known is asked for a key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own, with errors turned into pages."""
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as problem:
                return refusal(request, problem)
            except TagwrightError as error:
                request.state.fault = f"{type(error).__name__}: {error}"
                return refusal(request, problems.problem_of(error, request.method))
            except HTTPException as error:
                return refusal(request, Problem(error.status_code, str(error.detail)))
            except RequestValidationError:
                return refusal(request, Problem(422, "the address or the form is not what is expected"))
            except Exception as error:
                return refusal(request, fault(error, request.scope["state"], house_of(request).metrics))

        return shown


def page(request: Request, template: str, visit: Visit | None = None, *, status: int = 200, **about: Any) -> Response:
    """The template with what it is ``about``; see `_frame` for what every template knows."""
    text = _templates().get_template(template).render(**_frame(request, visit), **about)
    answer = HTMLResponse(text, status, headers={"content-security-policy": POLICY})
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE, chosen, max_age=_YEAR, path="/", httponly=True, samesite="lax")
    return answer


def refusal(request: Request, problem: Problem) -> Response:
    """The page that tells what is wrong; somebody without a key is sent where one is asked for."""
    if problem.status == 401 and request.method == "GET" and not is_fragment(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(here)}", 303)
    template = "problem-fragment.html" if is_fragment(request) else "problem.html"
    answer = page(request, template, status=problem.status, problem=problem)
    answer.headers.update({k: v for k, v in problem.headers.items() if k.lower() == "retry-after"})
    return answer


def is_fragment(request: Request) -> bool:
    """Whether a part of a page is asked for, by the page itself."""
    return request.headers.get("hx-request") == "true"


def language_of(request: Request) -> str:
    """What the address, the cookie or the browser asks for, of those that the pages speak."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE)):
        if asked in LANGUAGES:
            return str(asked)
    accepted = (
        part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")
    )
    return next((code for code in accepted if code in LANGUAGES), "en")


def words_of(request: Request) -> Words:
    """The texts in the reader's language."""
    return words(language_of(request))


def _frame(request: Request, visit: Visit | None) -> dict[str, Any]:
    """What every template knows.

    ``t``: texts, `Words`; ``lang``, ``languages``; ``static``: address of a file; ``project``: `Served` or ``None``;
    ``caller``; ``projects``: all that the caller may read; ``screens``; ``path``: what was asked for;
    ``url(project, screen, **query)``; ``again(**query)``: this page with something else asked.
    """
    said = words_of(request)
    try:
        seen = house_of(request).access.visible(request)
    except Problem:
        seen = []
    return {
        "t": said, "lang": said.language, "languages": LANGUAGES, "static": statics.address, "screens": SCREENS,
        "project": visit.served if visit else None, "caller": visit.caller if visit else None, "projects": seen,
        "path": request.url.path, "url": url, "version": VERSION, "again": partial(_again, request),
    }  # fmt: skip


def _again(request: Request, **query: str) -> str:
    """The address that was asked for, with something else asked of it."""
    return f"{quote(request.url.path)}?{request.url.include_query_params(**query).query}"


def url(project: str, screen: str, **query: object) -> str:
    """The address of a screen, with what is asked of it; what is ``None`` or "" is left out."""
    asked = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items() if value not in (None, ""))
    return f"/p/{quote(project)}/{screen}" + (f"?{asked}" if asked else "")


@cache
def _templates() -> jinja2.Environment:
    """Everything that a template shows is escaped; a name that a template does not know is a fault."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tagwright.web"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
