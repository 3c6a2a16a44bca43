"""A language model whose every question and answer is written down."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tagwright.llm.base import LLM, Before, Completion, Prompt, Usage
from tagwright.store.calls import Call

# The password of an address: http://user:password@host.
_PASSWORD = re.compile(r"(?<=//)[^/@\s]+@")
_HIDDEN = "***"


class Log(Protocol):
    """The one method of a log that is needed here; it must not raise."""

    def append(self, rows: Sequence[Call]) -> None:
        """The calls are logged."""
        ...


def without_secrets(text: str, llm: LLM) -> str:
    """The text without the key of the model and without passwords in addresses."""
    key = os.environ.get(getattr(llm, "key", "") or "", "")
    return _PASSWORD.sub(f"{_HIDDEN}@", text.replace(key, _HIDDEN) if key else text)


@dataclass
class LoggedLLM(Before):
    """The answers of ``llm``, each written into ``log`` with its question and what it cost.

    It stands directly before the model, inside cache and budget: what is in the log was really asked. Where the model
    names the environment variable of its ``key``, that key is left out, whoever repeats it; passwords in addresses are.
    """

    log: Log
    cost_of: Callable[[Usage], float]

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """What the model answers."""
        said = self.llm.complete(prompts, choices=choices, schema=schema, most_tokens=most_tokens)
        # An error may quote what a server said, and a server may repeat the key.
        answers = [replace(one, error=without_secrets(one.error, self.llm)) if one.error else one for one in said]
        options: dict[str, Any] = {"most_tokens": most_tokens}
        if choices:
            options["choices"] = list(choices)
        if schema:
            options["schema"] = schema
        if answers:
            self.log.append(
                [self._call(prompt, options, answer) for prompt, answer in zip(prompts, answers, strict=True)]
            )
        return answers

    def _open(self, text: str) -> str:
        return without_secrets(text, self.llm)

    def _call(self, prompt: Prompt, options: Mapping[str, Any], answer: Completion) -> Call:
        return Call(
            template=prompt.template,
            document=prompt.about,
            model=self._open(self.fingerprint),
            system=prompt.system,
            user=prompt.user,
            options=options,
            text=self._open(answer.text),
            probabilities=answer.probabilities,
            source=answer.source,
            error=self._open(answer.error),
            calls=answer.usage.calls,
            prompt_tokens=answer.usage.prompt_tokens,
            completion_tokens=answer.usage.completion_tokens,
            cost=self.cost_of(answer.usage),
        )
