"""How a page signs in: it shows a key once and is known by a cookie from then on, which no script can read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from tagwright.server.access import COOKIE, SESSION_SECONDS
from tagwright.server.api.strict import Strict
from tagwright.server.house import house_of
from tagwright.server.models import Given

router = APIRouter(prefix="/session", tags=["session"], route_class=Strict)


class KeyIn(Given):
    """A key."""

    key: str = Field(min_length=1, max_length=200)


class SessionOut(BaseModel):
    """What the caller may do: the role in each project; ``name`` is that of the key, "" where none is needed."""

    name: str
    roles: dict[str, str]


@router.get("")
def session(request: Request) -> SessionOut:
    """Tell what the caller may do where."""
    access = house_of(request).access
    callers = {served.id: access.caller(request, served) for served in access.visible(request)}
    name = next((caller.name for caller in callers.values() if caller.name), "")
    return SessionOut(name=name, roles={id: caller.role for id, caller in callers.items()})


@router.post("", status_code=204)
def sign_in(request: Request, given: KeyIn) -> Response:
    """Begin a session with a key."""
    answer = Response(status_code=204)
    begin(request, answer, given.key)
    return answer


@router.delete("", status_code=204)
def sign_out(request: Request) -> Response:
    """End the session."""
    answer = Response(status_code=204)
    end(request, answer)
    return answer


def begin(request: Request, answer: Response, key: str) -> None:
    """The answer brings the cookie of a new session; raises `Problem` 401 for a key that no project knows."""
    answer.set_cookie(
        COOKIE, house_of(request).access.begin_session(key), max_age=int(SESSION_SECONDS), path="/",
        httponly=True, samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip


def end(request: Request, answer: Response) -> None:
    """The request's session is over, and the answer takes its cookie away."""
    house_of(request).access.end_session(request)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
