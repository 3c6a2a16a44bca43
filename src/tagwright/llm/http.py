"""Any server that speaks OpenAI's chat completions: local ones (llama.cpp, vLLM, Ollama) and hosted ones."""

from __future__ import annotations

import os
import random
import re
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import exp
from typing import TYPE_CHECKING, Any, NamedTuple

from tagwright.errors import ConfigError
from tagwright.llm.base import UNUSABLE, Completion, Prompt, Usage, chosen, shares
from tagwright.llm.breaker import Breaker
from tagwright.llm.ladder import Ladder

if TYPE_CHECKING:
    import httpx

# Answers that a later try may better; all others are the question's own fault.
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# What a server says that does not know a part of a question; some fall over it (llama.cpp's over "json_schema").
_UNKNOWN, _FELL = frozenset({400, 422, 501}), 500
_SHAPES, _CHANCES = ("json_schema", "json_object", ""), ("logprobs", "")
_USER = re.compile(r"(?<=//)[^/@]+@")
_MOST_WAIT = 60.0
# A model may take long to answer; a server that is there takes a moment to say so.
_CONNECTED = 5.0
_SHOWN = 200
_TOP = 20


@dataclass
class Http:
    """A model behind ``url`` (".../v1"), asked by ``model`` name.

    ``key``: the name of the environment variable that holds the key, never the key itself. At most ``at_once``
    questions are under way; one that meets a timeout, 429 or a server's error is tried ``tries`` times in all, after
    waits that double and vary. ``logprobs`` and ``schema`` are what is asked of the server: one that refuses them (400,
    422, 501; 500 as long as they never worked) is asked in another form, and then without; what works is remembered,
    and the answer's ``source`` tells. ``seed`` makes answers repeatable where the server can.
    """

    url: str = ""
    model: str = ""
    key: str = ""
    at_once: int = 4
    timeout: float = 60.0
    tries: int = 3
    logprobs: bool = True
    schema: bool = True
    seed: int = 0
    wait: float = 0.5
    may_retry: Callable[[], bool] = field(default=lambda: True, metadata={"given": True}, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, metadata={"given": True}, repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(
                f"'llm.url' is {self.url!r}, but must begin with http:// or https://",
                hint="for example 'http://localhost:8080/v1'",
            )
        if self.at_once < 1 or self.tries < 1 or self.timeout <= 0:
            raise ConfigError("'llm.at_once' and 'llm.tries' must be 1 at least, 'llm.timeout' above 0")
        if self.key and not os.environ.get(self.key):
            raise ConfigError(f"the environment variable {self.key} is not set", hint=f"export {self.key}=…")
        if not os.environ.get(self.key, "").isascii():
            raise ConfigError(f"the key in the environment variable {self.key} has characters that no key has")
        self._client: httpx.Client | None = None
        self._connecting = threading.Lock()
        self._breaker = Breaker()
        self._chance = random.Random(self.seed)
        self._shapes = Ladder(_SHAPES if self.schema else ("",))
        self._chances = Ladder(_CHANCES if self.logprobs else ("",))

    @property
    def fingerprint(self) -> str:
        """Names the server, the model and what shapes an answer."""
        place = _USER.sub("***@", self.url)
        return f"http:{place}:{self.model}:seed={self.seed}:logprobs={self.logprobs}:schema={self.schema}"

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """An answer a prompt; several are asked at once."""
        with ThreadPoolExecutor(self.at_once) as threads:
            return list(threads.map(lambda prompt: self._answer(prompt, choices, schema, most_tokens), prompts))

    def _answer(
        self, prompt: Prompt, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, most_tokens: int
    ) -> Completion:
        usage, error, failures, fell = Usage(), "", 0, False
        form = _Form(self._shapes.start, self._chances.start)
        while failures < self.tries:
            if not self._breaker.closed():
                return Completion(usage=usage, error=error or "the server did not answer before and is left alone")
            if usage.calls and not self.may_retry():
                break
            usage = usage + Usage(calls=1)
            body = self._body(prompt, choices, schema, most_tokens, form)
            said = self._asked(body, choices)
            if isinstance(said, Completion):
                self._learn(form, choices, schema, sure=not fell)
                return replace(said, usage=usage + said.usage)
            error = said.words
            if said.status in _UNKNOWN and (lower := self._lowered(body, form)) != form:
                form = lower
                continue
            if not said.again:
                break
            failures += 1
            if said.status == _FELL:
                lower = self._lowered(body, form, self.tries - failures)
                form, fell = lower, fell or lower != form
            self.sleep(self._pause(failures, said.after))
        return Completion(usage=usage, error=error or "the budget ended before the server answered")

    def _body(
        self, prompt: Prompt, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, most: int, form: _Form
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model, "messages": prompt.messages, "temperature": 0, "seed": self.seed,
            "max_tokens": 4 if choices else most,
        }  # fmt: skip
        if choices and self._chances.forms[form.chances]:
            body |= {"logprobs": True, "top_logprobs": _TOP}
        shape = self._shapes.forms[form.shape]
        if schema is not None and shape == "json_schema":
            named = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": shape, shape: named}
        elif schema is not None and shape:
            body["response_format"] = {"type": shape, "schema": dict(schema)}
        return body

    def _lowered(self, body: Mapping[str, Any], form: _Form, tries: int = 0) -> _Form:
        """How a question that was refused is asked next: the shape is given up first."""
        if "response_format" in body:
            return form._replace(shape=self._shapes.lower(form.shape, tries))
        if "logprobs" in body:
            return form._replace(chances=self._chances.lower(form.chances, tries))
        return form

    def _learn(
        self, form: _Form, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, *, sure: bool
    ) -> None:
        if schema is not None:
            self._shapes.worked(form.shape, sure=sure)
        if choices:
            self._chances.worked(form.chances, sure=sure)

    def _asked(self, body: Mapping[str, Any], choices: Sequence[str] | None) -> Completion | _Refused:
        import httpx

        try:
            answer = self._connected().post(f"{self.url.rstrip('/')}/chat/completions", json=body)
        except httpx.HTTPError as error:
            gone = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            self._breaker.failed(gone=gone)
            late = isinstance(error, httpx.TimeoutException) and not gone
            what = "did not answer in time" if late else "cannot be reached"
            return _Refused(f"the server {what} ({type(error).__name__})", again=not gone)
        if answer.status_code in _AGAIN:
            self._breaker.failed()
            words, status = f"the server answered {answer.status_code}", answer.status_code
            return _Refused(words, again=True, after=_seconds(answer), status=status)
        if answer.status_code != 200:
            self._breaker.worked()
            words = f"the server answered {answer.status_code}: {answer.text[:_SHOWN]}"
            return _Refused(words, again=False, status=answer.status_code)
        try:
            completion = _completion(answer.json(), choices)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
            self._breaker.failed()
            return _Refused("the server's answer is no chat completion", again=True)
        self._breaker.worked()
        return completion

    def _connected(self) -> httpx.Client:
        import httpx

        with self._connecting:
            if self._client is None:
                headers = {"Authorization": f"Bearer {os.environ[self.key]}"} if self.key else {}
                limits = httpx.Limits(max_connections=self.at_once)
                patience = httpx.Timeout(self.timeout, connect=min(self.timeout, _CONNECTED))
                self._client = httpx.Client(headers=headers, timeout=patience, limits=limits)
                weakref.finalize(self, self._client.close)
            return self._client

    def _pause(self, number: int, after: float) -> float:
        """Seconds to wait: what the server asks for, else doubling; varied, so that not all come at once."""
        seconds: float = max(after, self.wait * 2 ** (number - 1)) * (0.5 + self._chance.random())
        return min(seconds, _MOST_WAIT)


class _Form(NamedTuple):
    """Which form of each part a question has, by the numbers of the ladders."""

    shape: int
    chances: int


@dataclass(frozen=True)
class _Refused:
    """Why there is no answer, whether another try may help, and after how many seconds."""

    words: str
    again: bool
    after: float = 0.0
    status: int = 0


def _seconds(answer: httpx.Response) -> float:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def _completion(said: Mapping[str, Any], choices: Sequence[str] | None) -> Completion:
    text = str(said["choices"][0]["message"].get("content") or "")
    counted = said.get("usage") or {}
    read, written = (max(int(counted.get(f"{kind}_tokens") or 0), 0) for kind in ("prompt", "completion"))
    taken = Usage(0, read, written)
    if not choices:
        return Completion(text, usage=taken)
    found = shares(_first_token(said["choices"][0]), choices)
    if found:
        return Completion(max(found, key=lambda choice: found[choice]), found, "logprobs", taken)
    choice = chosen(text, choices)
    if not choice:
        return Completion(text, {}, UNUSABLE, taken, f"the answer is none of {', '.join(choices)}")
    return Completion(choice, {one: float(one == choice) for one in choices}, "answer", taken)


def _first_token(choice: Mapping[str, Any]) -> dict[str, float]:
    """{token: probability} of the first token that says something; empty where the server told none."""
    for place in (choice.get("logprobs") or {}).get("content") or []:
        found: dict[str, float] = {}
        for one in place.get("top_logprobs") or []:
            found[str(one["token"])] = found.get(str(one["token"]), 0.0) + exp(min(float(one["logprob"]), 0.0))
        if any(token.strip() for token in found):
            return found
    return {}
