"""Requests whose JSON is read strictly: no NaN, no half characters, which nothing behind here could write again."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

_HALF = b"\\ud"


class Strict(APIRoute):
    """A route whose requests are `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handled


class StrictRequest(Request):
    """A request that raises `json.JSONDecodeError` for what is JSON to Python only."""

    async def json(self) -> Any:
        """The body as JSON."""
        raw = await self.body()
        read = json.loads(raw, parse_constant=_refuse)
        if _HALF in raw.lower():
            _refuse_halves(read, raw)
        return read


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is not JSON", constant, 0)


def _refuse_halves(read: Any, raw: bytes) -> None:
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        place = raw.lower().index(_HALF)
        raise json.JSONDecodeError("half of a surrogate pair", raw.decode("utf-8", "replace"), place) from None
