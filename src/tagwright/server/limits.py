"""How much a client may send, and how much may be under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagwright.server.metrics import Metrics
from tagwright.server.problems import Problem

# Probes and scrapes are answered however busy the server is.
EXEMPT = ("/health", "/ready", "/metrics", "/api/v1/health", "/api/v1/ready")
# A letter may take nine bytes of a form (%E2%82%AC) or six of JSON where the text has three or two: texts of the
# permitted size must get in, whatever they are written in. What they come to is counted when they are read.
_SPREAD, _FRAME = 3, 2**20


class Limits:
    """The layer that refuses early: too many at once with 503, too large with 413, too slow in coming with 408.

    ``at_once`` requests are let in, whose bodies have ``most_bytes`` each (of text: three times as many on the wire)
    and twice that together, and must have come within ``seconds``.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, at_once: int, most_bytes: int, seconds: float) -> None:
        self._app, self._metrics = app, metrics
        self._at_once, self._seconds = at_once, seconds
        self._most = most_bytes * _SPREAD + _FRAME
        self._inside, self._held = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or scope["path"] in EXEMPT:
            await self._app(scope, receive, send)
            return
        problem = self._refusal(Headers(scope=scope))
        if problem is not None:
            await self._refuse(problem, scope, receive, send)
            return
        self._inside += 1
        body = _Body(receive, self._count, self._seconds)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._inside -= 1
            self._held -= body.size

    def _refusal(self, headers: Headers) -> Problem | None:
        if self._inside >= self._at_once:
            return Problem(503, f"{self._inside} requests are under way already", retry_after="2")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 18:
            return Problem(400, "the request's Content-Length is no number")
        return self._too_large(int(length), 0)

    def _too_large(self, size: int, held: int) -> Problem | None:
        if size > self._most:
            return Problem(413, f"a request may have {self._most:,} bytes at most")
        if self._held - held + size > 2 * self._most:
            return Problem(503, "too much is being sent at once", retry_after="5")
        return None

    def _count(self, before: int, size: int) -> None:
        problem = self._too_large(size, before)
        if problem is not None:
            self._note(problem)
            raise _refused(problem)
        self._held += size - before

    def _note(self, problem: Problem) -> None:
        why = {413: "size", 408: "slow", 400: "length"}.get(problem.status, "busy")
        self._metrics.refused.labels(why).inc()
        # What the client still sends is not read: it is told that the connection ends.
        problem.headers["connection"] = "close"

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        self._note(problem)
        await problem.response(scope["path"], request_id=scope["state"]["request_id"])(scope, receive, send)


def _refused(problem: Problem) -> HTTPException:
    """The same for the app inside, which reads the body within its own and lets only these through."""
    return HTTPException(problem.status, problem.detail, problem.headers)


class _Body:
    """A request's body on its way in, counted; what comes too slowly is given up."""

    def __init__(self, receive: Receive, count: Callable[[int, int], None], seconds: float) -> None:
        self.size = 0
        self._receive, self._count, self._seconds = receive, count, seconds
        self._until: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._until = now + self._seconds if self._until is None else self._until
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - now))
        except TimeoutError:
            problem = Problem(408, f"the request did not come within {self._seconds:.0f} seconds", connection="close")
            raise _refused(problem) from None
        if message["type"] == "http.request":
            size = self.size + len(message.get("body", b""))
            self._count(self.size, size)
            self.size = size
            self._whole = not message.get("more_body", False)
        return message
