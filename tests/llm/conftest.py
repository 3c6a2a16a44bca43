"""A server that speaks chat completions and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from typing import Any

import pytest


class Server:
    """Answers each question by ``plan(body, number)``: an object, or (status, text, headers); ``bodies`` were asked."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = self._now = 0
        self.plan: Any = lambda body, number: chat("hello")
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.answer(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
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
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(text.encode())))
            handler.end_headers()
            handler.wfile.write(text.encode())
        except OSError:
            pass  # whoever asked has gone

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def chat(text: str, tokens: dict[str, float] | None = None) -> dict[str, Any]:
    """A chat completion, with the probabilities of its first token where there are any."""
    choice: dict[str, Any] = {"message": {"role": "assistant", "content": text}}
    if tokens:
        top = [{"token": token, "logprob": log(share)} for token, share in tokens.items()]
        choice["logprobs"] = {"content": [{"token": text, "logprob": 0.0, "top_logprobs": top}]}
    return {"choices": [choice], "usage": {"prompt_tokens": 20, "completion_tokens": 3}}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(name="chat")
def chat_fixture() -> Any:
    return chat
