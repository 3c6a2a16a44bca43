"""What ``tagwright doctor --llm`` says about a language model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagwright.errors import ConfigError, TagwrightError

if TYPE_CHECKING:
    from tagwright.llm.base import LLM
    from tagwright.llm.probe import Probe

Finding = dict[str, Any]
Prices = tuple[float, float]


def probed(folder: Path, url: str, model: str, key: str) -> tuple[list[Finding], dict[str, Any]]:
    """(findings, what was measured) about the server at ``url``, or the model of the project's settings."""
    from tagwright.llm.logged import without_secrets
    from tagwright.llm.probe import probe

    try:
        llm, prices = _server(url, model, key) if url else _of_project(folder)
        found = probe(llm, prompt_price=prices[0], completion_price=prices[1])
    except TagwrightError as error:
        return [_finding("error", f"the language model: {error.message}", error.hint)], {}
    name = without_secrets(llm.fingerprint, llm)
    found = replace(found, error=without_secrets(found.error, llm))
    return list(_findings(name, found, priced=any(prices))), {"model": name, **asdict(found)}


def _server(url: str, model: str, key: str) -> tuple[LLM, Prices]:
    from tagwright.llm.http import Http

    if not model:
        raise ConfigError(f"which model of {url} is meant?", hint="add --llm-model NAME")
    return Http(url, model, key=key), (0.0, 0.0)


def _of_project(folder: Path) -> tuple[LLM, Prices]:
    """The model of the settings with the prices of the budget; where there is no project, the built-in model."""
    import tagwright.registry as registry
    from tagwright.project import Project
    from tagwright.project.settings import FILE, Settings

    if not (folder / FILE).is_file():
        llm: LLM = registry.build("llm", *Settings().part("llm"))
        return llm, (0.0, 0.0)
    budget = Settings.read(folder).options("budget")
    prices = (float(budget.get("prompt_price", 0.0)), float(budget.get("completion_price", 0.0)))
    return Project.open(folder).llm.model, prices


def _findings(name: str, found: Probe, priced: bool) -> Iterator[Finding]:
    if not found.answers:
        hint = "see that the server runs and 'llm.url', 'llm.model' and 'llm.key' are right, then try again"
        yield _finding("error", f"the language model {name} gives no answer: {found.error}", hint)
        return
    yield _finding("ok", f"the language model {name} answers")
    yield _either(
        found.schema, "its answers are held to a JSON schema", "its answers are not held to a JSON schema",
        "answers that cannot be read are asked again once, then dropped",
    )  # fmt: skip
    yield _either(
        found.logprobs, "it tells the probabilities of tokens", "it tells no probabilities of tokens",
        "a judgement is only yes or no, which is worth less; serve the model with log-probabilities",
    )  # fmt: skip
    yield _either(
        found.repeatable, "the same question gets the same answer", "the same question gets another answer",
        "a rerun from the cache is the same all the same",
    )  # fmt: skip
    yield _either(
        found.counted, "it counts its tokens", "it does not count its tokens",
        "caps on tokens and cost cannot be held; cap the calls",
    )  # fmt: skip
    yield _finding("ok", _speed(found))
    yield _finding("ok", _price(found, priced))


def _speed(found: Probe) -> str:
    together = f"three questions at once go {found.at_once:.1f} times as fast as one after the other"
    return f"it reads {found.reading:,.0f} and writes {found.writing:,.0f} tokens a second; {together}"


def _price(found: Probe, priced: bool) -> str:
    one = found.document
    tokens = f"{one.calls} calls, {one.prompt_tokens:,} tokens read and {one.completion_tokens:,} written"
    cost = f", {found.cost:.4f} in the money of the budget" if priced else ""
    return f"a document of 1,500 characters takes about {tokens}{cost} (select, judge and propose)"


def _either(good: bool, yes: str, no: str, hint: str) -> Finding:
    return _finding("ok", yes) if good else _finding("warning", no, hint)


def _finding(level: str, what: str, hint: str = "") -> Finding:
    return {"level": level, "what": what, "hint": hint}
