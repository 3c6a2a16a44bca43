"""A language model that answers what it is told to: for tests, and to see what a perfect or a random one would do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tagwright.llm.base import Completion, Prompt, Usage

Answer = Callable[[Prompt, Sequence[str], Mapping[str, Any] | None], str | Mapping[str, float]]


@dataclass
class Scripted:
    """Asks ``answer(prompt, choices, schema)`` for a text, or for the probabilities of the choices.

    An exception that it raises becomes the completion's error. ``asked`` are the prompts so far; tokens are counted as
    four characters each.
    """

    answer: Answer
    fingerprint: str = "scripted"
    asked: list[Prompt] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """What the script says."""
        return [self._complete(prompt, choices or (), schema) for prompt in prompts]

    def _complete(self, prompt: Prompt, choices: Sequence[str], schema: Mapping[str, Any] | None) -> Completion:
        with self._lock:
            self.asked.append(prompt)
        usage = Usage(1, prompt.characters // 4, 0)
        try:
            said = self.answer(prompt, choices, schema)
        except Exception as error:
            return Completion(error=f"{type(error).__name__}: {error}", usage=usage)
        if isinstance(said, str):
            return Completion(said, usage=usage + Usage(completion_tokens=len(said) // 4))
        best = max(said, key=lambda choice: said[choice])
        return Completion(best, dict(said), "logprobs", usage + Usage(completion_tokens=1))
