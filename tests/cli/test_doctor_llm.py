"""What the doctor says about a language model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagwright.testing.chatserver import ChatServer, chat

SECRET = "s3cret-of-the-test"


@pytest.fixture
def url() -> Iterator[str]:
    """A server that can all: its answers have the shape that is asked for, and log-probabilities."""

    def plan(body: dict, number: int) -> object:
        if server.headers[number - 1].get("Authorization") == f"Bearer {SECRET}":
            return 401, f"wrong key {SECRET}", {}
        text = '{"tags": [1]}' if "response_format" in body else "Yes"
        return chat(text, {"Yes": 0.9, "No": 0.1} if "logprobs" in body else None)

    with ChatServer(plan) as server:
        yield server.url


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
