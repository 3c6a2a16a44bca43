"""Hard caps: what a run may spend is refused before it is spent."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Protocol

from tagwright.errors import ConfigError
from tagwright.llm.base import Before, Completion, Prompt, Usage
from tagwright.registry import given

OVER = "over the budget"
DRY = "a dry run"
# A token of running text is about four letters; three is on the safe side. Of other scripts a model that was made for
# English may take a token for every two bytes of a character.
_LETTERS_A_TOKEN, _BYTES_A_TOKEN = 3.0, 2.0
# An answer that is one of a few words.
_OF_CHOICE = 4
# Where tokens are capped, what so many questions took is known before the next ones are let through.
_AT_ONCE = 8


@dataclass
class Budget:
    """Caps on ``calls``, ``tokens`` (read and written) and ``cost`` of a run, and on calls and tokens a document.

    ``prompt_price`` and ``completion_price`` are of a million tokens, in the money of ``cost``. Shared by all threads
    of a run. A call is let through only if the most that it can take still fits: what is estimated for it, times the
    worst error of an estimate so far. ``spent_`` is what was taken so far.
    """

    calls: float = inf
    tokens: float = inf
    cost: float = inf
    document_calls: float = inf
    document_tokens: float = inf
    prompt_price: float = 0.0
    completion_price: float = 0.0
    spent_: Usage = field(default=Usage(), init=False)
    refused_: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.init and not one.metadata and not getattr(self, one.name) >= 0:
                raise ConfigError(f"'budget.{one.name}' is {getattr(self, one.name)}, but cannot be below 0")
        if self.cost < inf and self.prompt_price == self.completion_price == 0:
            raise ConfigError(
                "a cap on cost needs the price of tokens",
                hint="set budget.prompt_price and budget.completion_price, of a million tokens",
            )
        self._lock = threading.Lock()
        self._held = Usage()
        self._capped = min(self.document_calls, self.document_tokens) < inf
        self._documents: dict[str, Usage] = {}
        self._error = 1.0

    @property
    def capped(self) -> bool:
        """Whether a run may spend only so much."""
        return min(self.calls, self.tokens, self.cost) < inf

    def cost_of(self, usage: Usage) -> float:
        """What so many tokens cost, in the money of the prices."""
        return (usage.prompt_tokens * self.prompt_price + usage.completion_tokens * self.completion_price) / 1e6

    def hold(self, most: Usage, about: str = "") -> bool:
        """Whether ``most`` still fits beside what is spent and under way; if so it counts as under way."""
        with self._lock:
            likely = Usage(most.calls, int(most.prompt_tokens * self._error), most.completion_tokens)
            fits = self._reserve(most, likely)
            if fits and not self._fits_document(about, most):
                self._pay(most, Usage())
                fits = False
            self.refused_ += not fits
            return fits

    def settle(self, held: Usage, taken: Usage, about: str = "") -> None:
        """What was held has taken this much."""
        with self._lock:
            again = max(taken.calls - held.calls, 0)
            self._pay(held + Usage(again), taken)
            self.spent_ = self.spent_ + taken
            if held.prompt_tokens:
                self._error = max(self._error, taken.prompt_tokens / held.prompt_tokens)
            if self._capped:
                self._documents[about] = self._documents[about] + _negative(held) + taken

    def may_retry(self) -> bool:
        """Whether one more call still fits, for a question that got no answer; if so it counts as under way."""
        with self._lock:
            return self._reserve(Usage(calls=1), Usage(calls=1))

    def fits(self, after: Usage) -> bool:
        """Whether so much may be spent in all."""
        tokens = after.prompt_tokens + after.completion_tokens
        return after.calls <= self.calls and tokens <= self.tokens and self.cost_of(after) <= self.cost

    def _reserve(self, most: Usage, likely: Usage) -> bool:
        """Whether what is ``likely`` taken still fits; if so ``most`` counts as under way."""
        fits = self.fits(self.spent_ + self._held + likely)
        if fits:
            self._held = self._held + most
        return fits

    def _pay(self, held: Usage, taken: Usage) -> None:
        """What was under way is so no more."""
        self._held = _positive(self._held + _negative(held))

    def _fits_document(self, about: str, most: Usage) -> bool:
        if not self._capped:
            return True
        after = self._documents.get(about, Usage()) + most
        fits = (
            after.calls <= self.document_calls and after.prompt_tokens + after.completion_tokens <= self.document_tokens
        )
        if fits:
            self._documents[about] = after
        return fits


class Purse(Protocol):
    """What several budgets pay from, in other processes or on other machines, too."""

    def hold(self, most: Usage, likely: Usage) -> bool:
        """Whether what is ``likely`` taken still fits beside all that is spent and under way anywhere.

        If so ``most`` counts as under way.
        """
        ...

    def settle(self, held: Usage, taken: Usage) -> None:
        """What was held has taken this much."""
        ...


@dataclass
class SharedBudget(Budget):
    """A budget whose caps hold for all that pay from one ``purse``; ``spent_`` is what was taken through this one."""

    purse: Purse = given()

    def _reserve(self, most: Usage, likely: Usage) -> bool:
        return self.purse.hold(most, likely)

    def _pay(self, held: Usage, taken: Usage) -> None:
        self.purse.settle(held, taken)


def _positive(usage: Usage) -> Usage:
    return Usage(max(usage.calls, 0), max(usage.prompt_tokens, 0), max(usage.completion_tokens, 0))


def _negative(usage: Usage) -> Usage:
    return Usage(-usage.calls, -usage.prompt_tokens, -usage.completion_tokens)


@dataclass
class BudgetedLLM(Before):
    """The answers of ``llm`` as far as ``budget`` goes; over it the error is `OVER` and nothing is asked."""

    budget: Budget

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """Answers to the first prompts that fit, in their order."""
        size = _AT_ONCE if min(self.budget.tokens, self.budget.cost) < inf else max(len(prompts), 1)
        parts = [prompts[start : start + size] for start in range(0, len(prompts), size)]
        return [answer for part in parts for answer in self._complete(part, choices, schema, most_tokens)]

    def _complete(
        self,
        prompts: Sequence[Prompt],
        choices: Sequence[str] | None,
        schema: Mapping[str, Any] | None,
        most_tokens: int,
    ) -> list[Completion]:
        most = [estimate(prompt, _OF_CHOICE if choices else most_tokens) for prompt in prompts]
        abouts = [prompt.about for prompt in prompts]
        fits = [self.budget.hold(one, about) for one, about in zip(most, abouts, strict=True)]
        allowed = [prompt for prompt, fit in zip(prompts, fits, strict=True) if fit]
        held = [pair for pair, fit in zip(zip(most, abouts, strict=True), fits, strict=True) if fit]
        answers: list[Completion] = []
        try:
            if allowed:
                answers = self.llm.complete(allowed, choices=choices, schema=schema, most_tokens=most_tokens)
        finally:
            for number, (one, about) in enumerate(held):
                self.budget.settle(one, answers[number].usage if number < len(answers) else one, about)
        rest = iter(answers)
        return [next(rest) if fit else Completion(error=OVER) for fit in fits]


@dataclass
class Estimating(Before):
    """Answers nothing and counts what answers would take at most: the dry run of a model."""

    most_: Usage = field(default=Usage(), init=False)

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """No answers."""
        for prompt in prompts:
            self.most_ = self.most_ + estimate(prompt, _OF_CHOICE if choices else most_tokens)
        return [Completion(error=DRY) for _ in prompts]


def estimate(prompt: Prompt, most_tokens: int) -> Usage:
    """The most that a prompt is expected to take, before it is asked."""
    said = prompt.system + prompt.user
    others = len(said.encode("utf-8", "replace")) - len(said)  # bytes beyond the first of a character
    plain = len(said) - sum(1 for letter in said if not letter.isascii()) if others else len(said)
    rest = others + len(said) - plain
    return Usage(1, int(plain / _LETTERS_A_TOKEN + rest / _BYTES_A_TOKEN) + 8, most_tokens)
