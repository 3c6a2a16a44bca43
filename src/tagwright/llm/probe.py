"""What a language model really does, found out by a few small questions: no server's word is taken for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tagwright.llm.prompts as prompts
from tagwright.llm.base import LLM, Completion, Prompt, Usage

_NOTHING = Usage()
_STORY = "Write three sentences about {}."
_ABOUT = ("the sea", "a forest in winter", "an old railway", "the first bees of the year")
_STORY_TOKENS = 48
# The wish speaks against the schema: an answer that fits was held to it.
_WISH = "Answer with one friendly English sentence about the sea, and with nothing else. Use no braces and no digits."
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
    "required": ["tags"],
    "additionalProperties": False,
}
_CHOICES = ("Yes", "No")
# What the stages ask about one document in their usual settings: {template: (calls, tokens written a call)}.
_PLAN = {"select": (1, 32), "judge": (20, 1), "propose": (1, 48)}
_CHARACTERS, _CANDIDATES = 1500, 20
_CHARACTERS_A_TOKEN = 4.0
_TEXT = (
    "Wind and running water carry off the upper layer of the soil, above all on slopes that are ploughed. This study "
    "compares fourteen farms over nine years, measures how much earth each of them lost, and shows which ways of "
    "working the land keep it in its place. It ends with advice for farmers, and with a map of the fields at risk. "
)


@dataclass(frozen=True)
class Probe:
    """What was found; all but ``answers`` and ``error`` mean nothing where it does not answer.

    ``schema``: an answer was held to a JSON schema. ``logprobs``: choices come with the probabilities of tokens.
    ``repeatable``: the same question, the same answer. ``counted``: it tells how many tokens were read and written.
    ``at_once``: how many times as much it writes in a second when three questions come together. ``reading`` and
    ``writing``: tokens a second. ``spent``: what the questions took. ``document``: what a document of 1,500 characters
    takes, when 20 candidates are shown for selection, 10 judged in both orders, and terms proposed; ``cost``: of that.
    """

    answers: bool
    error: str = ""
    schema: bool = False
    logprobs: bool = False
    repeatable: bool = False
    counted: bool = False
    at_once: float = 0.0
    reading: float = 0.0
    writing: float = 0.0
    spent: Usage = _NOTHING
    document: Usage = _NOTHING
    cost: float = 0.0


def probe(
    llm: LLM,
    *,
    prompt_price: float = 0.0,
    completion_price: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> Probe:
    """Asks seven or eight small questions; prices are those of a million tokens."""
    asked = _Asked(llm, clock)
    first, _ = asked.one(_story(0), most_tokens=_STORY_TOKENS)
    if first.error:
        return Probe(False, first.error, spent=asked.spent)
    again, alone = asked.one(_story(0), most_tokens=_STORY_TOKENS)
    shaped, _ = asked.one(Prompt(_WISH), schema=_SCHEMA, most_tokens=64)
    judged, reading = asked.one(_filled("judge"), choices=_CHOICES)
    if judged.usage.calls > 1:  # it found out what the server knows, which took time of its own
        judged, reading = asked.one(_filled("judge", _TEXT[::-1]), choices=_CHOICES)
    crowd, together = asked.all([_story(n) for n in (1, 2, 3)], most_tokens=_STORY_TOKENS)
    writing = _length([again]) / alone
    document = expected(_characters_a_token(judged))
    return Probe(
        answers=True,
        schema=not shaped.error and _fits(shaped.text),
        logprobs=judged.source == "logprobs",
        repeatable=not again.error and again.text == first.text,
        counted=judged.usage.prompt_tokens > 0,
        at_once=_length(crowd) / together / writing if writing else 0.0,
        reading=judged.usage.prompt_tokens / reading,
        writing=again.usage.completion_tokens / alone,
        spent=asked.spent,
        document=document,
        cost=(document.prompt_tokens * prompt_price + document.completion_tokens * completion_price) / 1e6,
    )


def expected(characters_a_token: float = _CHARACTERS_A_TOKEN) -> Usage:
    """What one document takes in the usual settings, with the built-in templates and no knowledge."""
    total = Usage()
    for name, (calls, written) in _PLAN.items():
        read = int(_filled(name).characters / characters_a_token)
        total = total + Usage(calls, calls * read, calls * written)
    return total


class _Asked:
    """Questions, with the seconds that they took and what was spent on all of them."""

    def __init__(self, llm: LLM, clock: Callable[[], float]) -> None:
        self._llm, self._clock = llm, clock
        self.spent = Usage()

    def all(self, asked: Sequence[Prompt], **options: Any) -> tuple[list[Completion], float]:
        begun = self._clock()
        answers = self._llm.complete(asked, **options)
        seconds = max(self._clock() - begun, 1e-9)
        for answer in answers:
            self.spent = self.spent + answer.usage
        return answers, seconds

    def one(self, asked: Prompt, **options: Any) -> tuple[Completion, float]:
        answers, seconds = self.all([asked], **options)
        return answers[0], seconds


def _story(number: int) -> Prompt:
    return Prompt(_STORY.format(_ABOUT[number]))


def _filled(name: str, text: str = _TEXT) -> Prompt:
    """A prompt of the size that a document of 1,500 characters makes."""
    headings = [f"{number}. Soil erosion and land use" for number in range(1, _CANDIDATES + 1)]
    values = {
        "document": (text * _CHARACTERS)[:_CHARACTERS], "candidates": "\n".join(headings), "tag": "Soil erosion",
        "first": _CHOICES[0], "second": _CHOICES[1], "number": "5", "language": "English",
    }  # fmt: skip
    template = prompts.load(name)
    return template.prompt("", {**dict.fromkeys(template.slots, ""), **values})


def _characters_a_token(judged: Completion) -> float:
    read = judged.usage.prompt_tokens
    return _filled("judge").characters / read if read else _CHARACTERS_A_TOKEN


def _length(answers: Sequence[Completion]) -> float:
    """Tokens written, or characters where none were counted."""
    tokens = sum(answer.usage.completion_tokens for answer in answers)
    return float(tokens or sum(len(answer.text) for answer in answers))


def _fits(text: str) -> bool:
    try:
        said = json.loads(text)
    except ValueError:
        return False
    return isinstance(said, dict) and list(said) == ["tags"] and _numbers(said["tags"])


def _numbers(tags: Any) -> bool:
    return isinstance(tags, list) and len(tags) <= 3 and all(type(tag) is int for tag in tags)
