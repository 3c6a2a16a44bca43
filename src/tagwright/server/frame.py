"""What surrounds every request: an id, headers that browsers obey, a line in the log, and the metrics."""

from __future__ import annotations

import re
import time
import traceback
import uuid
from collections.abc import MutableMapping
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import tagwright.server.logs as logs
from tagwright.server.metrics import Metrics
from tagwright.server.problems import Problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OTHER = "other"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# An answer of the API is data: should a browser be made to show it, it may do nothing at all.
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class Frame:
    """The outermost layer: nothing that goes wrong inside leaves it as anything but a problem without a traceback."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Request(self._app, self._metrics, scope).answer(receive, send)


class _Request:
    """One request on its way through."""

    def __init__(self, app: ASGIApp, metrics: Metrics, scope: Scope) -> None:
        self._app, self._metrics, self._scope = app, metrics, scope
        asked = Headers(scope=scope).get("x-request-id", "")
        self._id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        self._began, self._status = time.perf_counter(), 0
        scope.setdefault("state", {})["request_id"] = self._id

    async def answer(self, receive: Receive, send: Send) -> None:
        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._dress(MutableHeaders(raw=message["headers"]))
            await send(message)

        with self._metrics.open.track_inprogress():
            try:
                await self._app(self._scope, receive, framed)
            except Exception as error:
                problem = fault(error, self._scope["state"], self._metrics)
                if self._status:
                    raise  # half an answer is on its way: only a broken connection says that it is not whole
                await problem.response(self._scope["path"], request_id=self._id)(self._scope, receive, framed)
            finally:
                self._note()

    def _dress(self, headers: MutableHeaders) -> None:
        headers["x-request-id"] = self._id
        for name, value in _ALWAYS.items():
            headers[name] = value
        headers.setdefault("content-security-policy", _POLICY)
        headers.setdefault("cache-control", "no-store")
        public = "access-control-allow-origin" in headers
        headers.setdefault("cross-origin-resource-policy", "cross-origin" if public else "same-origin")

    def _note(self) -> None:
        seconds = time.perf_counter() - self._began
        route, method = _route(self._scope), self._scope["method"]
        method = method if method in _METHODS else _OTHER
        self._metrics.requests.labels(method, route, str(self._status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        state = self._scope["state"]
        logs.request(
            id=self._id, method=method, route=route, status=self._status, milliseconds=round(seconds * 1000, 1),
            **_said(state),
        )  # fmt: skip


def fault(error: Exception, state: MutableMapping[str, object], metrics: Metrics) -> Problem:
    """What a client is told of a fault of ours, which is counted, and noted in the request's state for the log."""
    state["fault"] = _place(error)
    metrics.faults.labels(type(error).__name__).inc()
    return Problem(500, "this is a fault of the server; its log tells more under the request's id")


def _said(state: dict[str, object]) -> dict[str, object]:
    return {key: state[key] for key in ("project", "caller", "documents", "fault") if state.get(key)}


def _route(scope: Scope) -> str:
    """The address with names in the place of values: few different ones, and nothing of what was asked."""
    if "endpoint" not in scope:
        return _OTHER
    parts = scope["path"].split("/")
    for name, value in scope.get("path_params", {}).items():
        if value in parts:
            parts[parts.index(value)] = f"{{{name}}}"
    return "/".join(parts)


def _place(error: BaseException) -> str:
    """Kind and place of a fault, without its message: that may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{type(error).__name__} at {' < '.join(reversed(places))}"
