"""Hard caps: what a run may spend is refused before it is spent."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tagwright.errors import ConfigError
from tagwright.llm.base import LLM, Completion, Prompt, Usage

OVER = "over the budget"
# A token of running text is about four characters; where none is counted yet, three is on the safe side.
_CHARACTERS_A_TOKEN = 3.0


@dataclass
class Budget:
    """Caps on ``calls``, ``tokens`` (read and written) and ``cost``, and the price of a million tokens of each kind.

    Shared by all threads of a run. A call is let through only if the most that it can take still fits, so no more than
    one answer's error of estimate is ever spent above a cap. ``spent_`` is what was taken so far.
    """

    calls: float = inf
    tokens: float = inf
    cost: float = inf
    prompt_price: float = 0.0
    completion_price: float = 0.0
    spent_: Usage = field(default=Usage(), init=False)
    refused_: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("calls", "tokens", "cost", "prompt_price", "completion_price"):
            if getattr(self, name) < 0:
                raise ConfigError(f"the budget's {name} is {getattr(self, name)}, but cannot be below 0")
        if self.cost < inf and self.prompt_price == self.completion_price == 0:
            raise ConfigError(
                "a cap on cost needs the price of tokens",
                hint="set the price of a million prompt and completion tokens",
            )
        self._lock = threading.Lock()
        self._held = Usage()

    def cost_of(self, usage: Usage) -> float:
        """What so many tokens cost, in the money of the prices."""
        return (usage.prompt_tokens * self.prompt_price + usage.completion_tokens * self.completion_price) / 1e6

    def hold(self, most: Usage) -> bool:
        """Whether ``most`` still fits beside what is spent and under way; if so it counts as under way."""
        with self._lock:
            after = self.spent_ + self._held + most
            fits = (
                after.calls <= self.calls
                and after.prompt_tokens + after.completion_tokens <= self.tokens
                and self.cost_of(after) <= self.cost
            )
            if fits:
                self._held = self._held + most
            else:
                self.refused_ += 1
            return fits

    def settle(self, held: Usage, taken: Usage) -> None:
        """What was held has taken this much."""
        with self._lock:
            self._held = self._held + Usage(-held.calls, -held.prompt_tokens, -held.completion_tokens)
            self.spent_ = self.spent_ + taken


@dataclass
class BudgetedLLM:
    """The answers of ``llm`` as far as ``budget`` goes; over it the error is `OVER` and nothing is asked."""

    llm: LLM
    budget: Budget

    @property
    def fingerprint(self) -> str:
        """That of the model."""
        return self.llm.fingerprint

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """Answers to the first prompts that fit, in their order."""
        most = [estimate(prompt, 1 if choices else most_tokens) for prompt in prompts]
        fits = [self.budget.hold(one) for one in most]
        allowed = [prompt for prompt, fit in zip(prompts, fits, strict=True) if fit]
        held = [one for one, fit in zip(most, fits, strict=True) if fit]
        answers: list[Completion] = []
        try:
            if allowed:
                answers = self.llm.complete(allowed, choices=choices, schema=schema, most_tokens=most_tokens)
        finally:
            for number, one in enumerate(held):
                self.budget.settle(one, answers[number].usage if number < len(answers) else one)
        rest = iter(answers)
        return [next(rest) if fit else Completion(error=OVER) for fit in fits]


def estimate(prompt: Prompt, most_tokens: int) -> Usage:
    """The most that a prompt is expected to take, before it is asked."""
    return Usage(1, int(prompt.characters / _CHARACTERS_A_TOKEN) + 8, most_tokens)
