"""Who may do what: keys, the sessions that pages begin with one, and the roles that a project gives them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from tagwright.server.problems import Problem, is_annif
from tagwright.server.served import Served
from tagwright.store.keys import ADMIN, READ, REVIEW, ROLES, Key

__all__ = ["ADMIN", "COOKIE", "READ", "REVIEW", "ROLES", "Access", "Caller", "Visit"]

COOKIE = "tagwright_session"
SESSION_SECONDS = 12 * 3600.0
# A cookie has a token a project, for each project keeps its own sessions.
_BETWEEN = "."
_SCHEME, _PASSWORD = "bearer", "basic"


@dataclass(frozen=True)
class Caller:
    """Who asks: ``name`` of the key ("" where none was needed), ``role``, and whether a ``key`` was shown at all."""

    name: str
    role: str
    key: bool

    def allows(self, role: str) -> bool:
        """Whether the caller may do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Visit:
    """One request at one project, by somebody who may."""

    served: Served
    caller: Caller

    def person(self, stated: str = "") -> str:
        """Who decides: the name of the key; where none is needed, whoever the client says it is.

        An administrator may decide in somebody else's name, as when older decisions are taken over.
        """
        if not self.caller.key:
            return stated
        if stated and stated != self.caller.name and not self.caller.allows(ADMIN):
            raise Problem(
                403, f"this key decides as {self.caller.name!r}, not as {stated!r}", hint="leave 'person' out"
            )
        return stated or self.caller.name


class Access:
    """The doors of all projects of a server.

    A key opens exactly the projects whose stores hold it. Where a project needs a key: none or an unknown one is 401,
    one of another project 404, as for a project that does not exist, a role that is too low 403.
    """

    def __init__(self, projects: Mapping[str, Served], *, loopback: bool) -> None:
        self._projects, self._loopback = projects, loopback

    def needs_key(self, served: Served) -> bool:
        """Whether nobody gets in without: off loopback, where the settings say so, and where a key was made."""
        return not self._loopback or served.options.keys == "always" or bool(served.store.keys.valid())

    def visit(self, request: Request, project: str, role: str) -> Visit:
        """The project of that id, for somebody with that role; raises `Problem` 401, 403 or 404."""
        served = self._projects.get(project)
        key = None if served is None else self._key(request, served)
        if served is None or (key is None and self.needs_key(served)):
            raise self._absent(request, project)
        if key is None and _bearer(request) and not self._opened(request):
            raise _who_are_you(known=True)
        caller = _caller(key)
        if not caller.allows(role):
            raise Problem(403, f"this needs the role {role!r}; the key has {caller.role!r}")
        return Visit(served, caller)

    def caller(self, request: Request, served: Served) -> Caller:
        """Who asks, of a project that is `visible`."""
        return _caller(self._key(request, served))

    def visible(self, request: Request) -> list[Served]:
        """The projects that the caller may read, in the server's order; raises `Problem` 401 where that needs a key."""
        opened = self._opened(request)
        found = [served for id, served in self._projects.items() if id in opened or not self.needs_key(served)]
        if (not found and self._projects) or (_bearer(request) and not opened and self._any_key_needed()):
            raise _who_are_you(known=_shows_key(request))
        return found

    def require(self, request: Request, role: str) -> None:
        """Somebody with that role in any project, where any of them needs a key; raises `Problem` 401 or 403."""
        if not any(map(self.needs_key, self._projects.values())):
            return
        found = self._opened(request)
        if not found:
            raise _who_are_you(known=_shows_key(request))
        if not any(key.allows(role) for key in found.values()):
            raise Problem(403, f"this needs the role {role!r}")

    def begin_session(self, secret: str) -> str:
        """What a cookie holds that stands for a key; raises `Problem` 401 for a key that no project knows."""
        tokens = []
        for served in self._projects.values():
            key = served.store.keys.find(secret)
            if key is not None:
                tokens.append(served.store.keys.begin_session(key, SESSION_SECONDS))
        if not tokens:
            raise _who_are_you(known=True)
        return _BETWEEN.join(tokens)

    def end_session(self, request: Request) -> None:
        """The request's session stands for nothing any more."""
        for token in filter(None, request.cookies.get(COOKIE, "").split(_BETWEEN)[: len(self._projects)]):
            for served in self._projects.values():
                served.store.keys.end_session(token)

    def _absent(self, request: Request, project: str) -> Problem:
        """What is said of a project that is not there for the caller: the same whether or not it exists."""
        if self._opened(request) or not (_shows_key(request) or self._any_key_needed()):
            return Problem(404, f"there is no project {project!r}")
        return _who_are_you(known=_shows_key(request))

    def _any_key_needed(self) -> bool:
        return any(map(self.needs_key, self._projects.values()))

    def _opened(self, request: Request) -> dict[str, Key]:
        """{project: key} of all that the request's key or session opens."""
        found = {id: self._key(request, served) for id, served in self._projects.items()}
        return {id: key for id, key in found.items() if key is not None}

    def _key(self, request: Request, served: Served) -> Key | None:
        """The key that the request shows or its session stands for, where the project knows it."""
        if secret := _bearer(request):  # a key that is shown counts, and nothing else beside it
            return served.store.keys.find(secret)
        tokens = request.cookies.get(COOKIE, "").split(_BETWEEN)[: len(self._projects)]
        found = (served.store.keys.session(token) for token in tokens)
        return next((key for key in found if key is not None), None)


def _caller(key: Key | None) -> Caller:
    """Where no key is needed, everything is allowed."""
    return Caller("", ADMIN, key=False) if key is None else Caller(key.name, key.role, key=True)


def _shows_key(request: Request) -> bool:
    return bool(_bearer(request) or request.cookies.get(COOKIE))


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == _PASSWORD and is_annif(request.url.path):
        return _password(secret)
    return secret.strip() if scheme.lower() == _SCHEME else ""


def _password(said: str) -> str:
    """The key of a client of Annif's, which knows no keys, but sends the password that its address holds."""
    try:
        return base64.b64decode(said).decode().partition(":")[2]
    except ValueError:
        return ""


def _who_are_you(*, known: bool) -> Problem:
    what = "this key is not known here, or not any more" if known else "this needs a key"
    hint = "send it as 'Authorization: Bearer tw_…'; tagwright keys add makes one"
    return Problem(401, what, hint=hint, www_authenticate="Bearer")
