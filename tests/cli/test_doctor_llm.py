"""What the doctor says about a language model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SECRET = "s3cret-of-the-test"


@pytest.fixture
def url() -> Iterator[str]:
    """A server that can all: its answers have the shape that is asked for, and log-probabilities."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choice: dict = {"message": {"content": '{"tags": [1]}' if "response_format" in body else "Yes, a story."}}
            if "logprobs" in body:
                top = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -2.4}]
                choice["logprobs"] = {"content": [{"token": "Yes", "logprob": -0.1, "top_logprobs": top}]}
            said = {"choices": [choice], "usage": {"prompt_tokens": 500, "completion_tokens": 4}}
            status = 401 if self.headers.get("Authorization") == f"Bearer {SECRET}" else 200
            text = json.dumps(said if status == 200 else f"wrong key {SECRET}").encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def test_a_server_is_named_with_all_that_it_can(tagwright, tmp_path, url):
    done = tagwright("doctor", "--llm-url", url, "--llm-model", "small", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    for said in ("held to a JSON schema", "probabilities of tokens", "same answer", "tokens a second", "22 calls"):
        assert said in " ".join(done.out.split())
    assert "warning" not in done.out
    found = tagwright("doctor", "--llm-url", url, "--llm-model", "small", "--json", cwd=tmp_path).json()
    assert found["healthy"] and found["llm"]["schema"] and found["llm"]["document"]["calls"] == 22


def test_the_model_of_the_project_is_asked_and_its_prices_count(tagwright, project: Path, url):
    with (project / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[llm]\nkind = "http"\nurl = "{url}"\nmodel = "small"\n\n[budget]\nprompt_price = 1000.0\n')
    found = tagwright("doctor", "--llm", "-p", project, "--json").json()
    cost = found["llm"]["document"]["prompt_tokens"] / 1000
    assert found["llm"]["cost"] == pytest.approx(cost) and f"{cost:.4f} in the money" in found["findings"][-1]["what"]
    assert tagwright("doctor", "-p", project, "--json").json()["llm"] == {}, "only where it is asked for"


def test_a_server_that_is_gone_is_an_error_with_the_next_step(tagwright, tmp_path):
    done = tagwright("doctor", "--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "small", "--json", cwd=tmp_path)
    worst = done.json()["findings"][-1]
    assert done.code == 1 and worst["level"] == "error" and not done.json()["healthy"]
    assert "cannot be reached" in worst["what"] and "llm.url" in worst["hint"]


def test_a_key_is_named_by_its_variable_and_never_shown(tagwright, tmp_path, url):
    words = ("doctor", "--llm-url", url, "--llm-model", "small", "--llm-key", "KEY_OF_TEST")
    done = tagwright(*words, cwd=tmp_path, KEY_OF_TEST=SECRET)
    assert done.code == 1 and "answered 401: " in " ".join(done.out.split()) and SECRET not in done.out + done.err
    done = tagwright(*words, cwd=tmp_path)
    assert done.code == 1 and "KEY_OF_TEST is not set" in done.out


def test_a_server_without_the_name_of_a_model_is_refused(tagwright, tmp_path, url):
    done = tagwright("doctor", "--llm-url", url, cwd=tmp_path)
    assert done.code == 1 and "--llm-model" in done.out
