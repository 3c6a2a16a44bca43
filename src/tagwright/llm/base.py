"""What every language model promises."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from tagwright.llm.trie import NameTrie

UNUSABLE = "unusable"
"""The source of an answer that came, but is none of the choices: asked again, it would be the same."""
_NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked: ``system`` (the rules, the same for many prompts, so that servers can reuse it) and ``user``.

    ``template`` names the template and its version, ``about`` the document: both are for the log, the
    cache and the caps per document; no model gets to see them.
    """

    user: str
    system: str = ""
    template: str = ""
    about: str = ""

    @property
    def messages(self) -> list[dict[str, str]]:
        """As chat servers take it."""
        first = [{"role": "system", "content": self.system}] if self.system else []
        return [*first, {"role": "user", "content": self.user}]

    @property
    def characters(self) -> int:
        """Its length."""
        return len(self.system) + len(self.user)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took: ``calls`` to the model (0 = from the cache), tokens read and written as it counts them."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to one prompt.

    ``probabilities`` {choice: share in [0, 1], together 1} where choices were asked for; ``source`` says where they
    come from: "logprobs" (of the tokens), or "answer" (the model only said one: it has 1). ``error`` says in words why
    there is no answer, "" = there is one.
    """

    text: str = ""
    probabilities: Mapping[str, float] = field(default_factory=lambda: _NONE)
    source: str = ""
    usage: Usage = Usage()
    error: str = ""


class LLM(Protocol):
    """A language model; ``fingerprint`` names it with everything that an answer depends on."""

    @property
    def fingerprint(self) -> str:
        """Names the model and its options: the same name, the same answers."""
        ...

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """An answer a prompt, in their order; one that fails has its ``error``, the others go on.

        ``choices``: the answer is one of these words, with the probability of each; ``schema``: it is JSON of this
        JSON schema, as far as the model can be held to it; ``most_tokens``: an answer is cut off there.
        """
        ...


@dataclass
class Before:
    """What stands before a model and goes by its name: it changes no answer."""

    llm: LLM

    @property
    def fingerprint(self) -> str:
        """That of the model."""
        return self.llm.fingerprint


class Constrained(Protocol):
    """What a model in this process can do beside: say names of a list, and nothing else."""

    def trie(self, names: Sequence[str]) -> NameTrie:
        """The names as this model's tokens."""
        ...

    def constrained(self, prompt: Prompt, names: NameTrie, most: int) -> list[tuple[int, float]]:
        """(number of a name, mean log-probability of its tokens), the best first: at most ``most``, each once.

        Each name is judged on its own, so the order of the list means nothing. Raises `InputError` where the prompt is
        too long.
        """
        ...


def question(prompt: Prompt, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, most_tokens: int) -> str:
    """Everything an answer depends on beside the model, as one text: equal texts, equal questions."""
    said = [prompt.template, prompt.system, prompt.user, list(choices or ()), schema, most_tokens]
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def shares(weights: Mapping[str, float], choices: Sequence[str]) -> dict[str, float]:
    """{choice: share} from the probabilities of tokens; those that mean the same choice (" Yes", "yes") are added.

    A token counts for the choice that it is, without case, spaces and punctuation around it. Empty where no token is
    one of the choices.
    """
    meant = {bare(choice): choice for choice in choices}
    found = dict.fromkeys(choices, 0.0)
    for token, weight in weights.items():
        choice = meant.get(bare(token))
        if choice is not None:
            found[choice] += weight
    total = sum(found.values())
    return {choice: weight / total for choice, weight in found.items()} if total > 0 else {}


def chosen(text: str, choices: Sequence[str]) -> str:
    """The choice that an answer begins with, "" where it begins with none."""
    words = bare(text)
    fitting = [choice for choice in choices if words.startswith(bare(choice))]
    return max(fitting, key=len, default="")


def bare(text: str) -> str:
    """A word without case, and without the spaces and punctuation around it, which tokens of many models carry."""
    return text.strip(" \t\r\n\"'`*.,:;!()[]\u2581\u0120").casefold()
