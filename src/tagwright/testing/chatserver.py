"""A stand-in for a language model's server: it speaks chat completions, answers as told, and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from typing import Any, Self

Plan = Callable[[dict[str, Any], int], Any]
"""(the request's body, its number from 1) -> an object, or a failure: (status, text, headers)."""


class ChatServer:
    """Answers each request by ``plan``, on a free port of this machine, until it is closed.

    ``bodies`` and ``headers`` were asked, in the order in which they came, so many of them ``most_at_once``.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, as the setting ``llm.url`` takes it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        """Answers nobody any more."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with self._lock:
            self.bodies.append(body)
            self.headers.append(dict(handler.headers))
            number = len(self.bodies)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        said = self.plan(body, number)
        with self._lock:
            self._now -= 1
        status, text, headers = said if isinstance(said, tuple) else (200, json.dumps(said), {})
        try:
            handler.send_response(status)
            for name, value in {**headers, "Content-Length": len(text.encode())}.items():
                handler.send_header(name, str(value))
            handler.end_headers()
            handler.wfile.write(text.encode())
        except OSError:
            pass  # whoever asked has gone


def chat(text: str, tokens: dict[str, float] | None = None) -> dict[str, Any]:
    """A chat completion, with the probabilities of its first token where there are any."""
    choice: dict[str, Any] = {"message": {"role": "assistant", "content": text}}
    if tokens:
        top = [{"token": token, "logprob": log(share)} for token, share in tokens.items()]
        choice["logprobs"] = {"content": [{"token": text, "logprob": 0.0, "top_logprobs": top}]}
    return {"choices": [choice], "usage": {"prompt_tokens": 20, "completion_tokens": 3}}
