"""From where a request may come: the Host that it names, and the page that sends it."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagwright.server.metrics import Metrics
from tagwright.server.problems import ANNIF, Problem, is_annif

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_CORS = {"access-control-allow-origin": "*"}
_PREFLIGHT = {
    **_CORS, "access-control-allow-methods": "GET, POST", "access-control-allow-headers": "content-type",
    "access-control-max-age": "600",
}  # fmt: skip


class Doors:
    """The layer that stops what a foreign page makes a browser send.

    ``hosts``: the names by which this server may be called; ``None``: any (it needs keys then). On loopback that stops
    a page whose own name is made to point here (DNS rebinding), which is of the same origin in the browser's eyes.
    A request that may change something needs the same origin or a key. What only reads, of Annif's API, may be asked
    for and read by pages of any origin, as Annif has it.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, hosts: Collection[str] | None) -> None:
        self._app, self._metrics = app, metrics
        self._hosts = None if hosts is None else {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, public = Headers(scope=scope), is_public(scope["path"])
        problem = self._host_problem(headers) or (None if public else self._origin_problem(scope["method"], headers))
        if problem is not None:
            self._metrics.refused.labels("host" if problem.status != 403 else "origin").inc()
            await problem.response(scope["path"], request_id=scope["state"]["request_id"])(scope, receive, send)
        elif public and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
        else:
            await self._app(scope, receive, _opened(send) if public else send)

    def _host_problem(self, headers: Headers) -> Problem | None:
        given = headers.getlist("host")
        if len(given) != 1 or not _HOST.fullmatch(given[0]):
            return Problem(400, "the request's Host header is missing or no name")
        if self._hosts is None or host_of(given[0]) in self._hosts:
            return None
        hint = "add the name to 'hosts' under [server] in tagwright.toml"
        return Problem(421, "this server is not called by that name", hint=hint)

    def _origin_problem(self, method: str, headers: Headers) -> Problem | None:
        if method in _SAFE or headers.get("authorization", "").lower().startswith("bearer "):
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        same = site in ("same-origin", "none") if site else origin is None or _is_at(origin, headers["host"])
        if same:
            return None
        return Problem(403, "a page of another origin may not ask for this", hint="programs send a key instead")


def is_public(path: str) -> bool:
    """Whether pages of any origin may ask for this and read the answer: what only reads, of Annif's API."""
    return is_annif(path) and not path.rstrip("/").endswith("/learn") and not path.startswith(f"{ANNIF}/ui")


def host_of(header: str) -> str:
    """The name in a Host header, without the port, in small letters."""
    found = _HOST.fullmatch(header)
    return found[1].lower() if found else ""


def _is_at(origin: str, host: str) -> bool:
    """Whether an Origin is that of the server's own pages; a proxy in front may speak https where this speaks http."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _opened(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message["headers"]).update(_CORS)
        await send(message)

    return sent
