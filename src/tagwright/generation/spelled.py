"""A model in this process that can only spell the names of tags, as answers like any other's."""

from __future__ import annotations

import copy
import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tagwright.errors import ConfigError, MissingExtraError
from tagwright.llm.base import LLM, Completion, Prompt, Usage
from tagwright.llm.budget import Estimating
from tagwright.vocabulary.base import Vocabulary

_LEAST = 1e-6  # a name that was found is never as good as one that was not


@dataclass
class Spelled:
    """The ``most`` likeliest names of active tags that ``llm`` would say (PTEC), decoded along a trie of all of them.

    An answer is JSON of [place among the active tags, log-probability, name], which `read_spelled` reads. The trie is
    made when it is first needed. As a model of its own it can be cached, capped and logged like others.
    """

    llm: Any
    vocabulary: Vocabulary
    most: int
    _trie: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.active = np.flatnonzero(self.vocabulary.active).tolist()

    @property
    def fingerprint(self) -> str:
        """Names the model, the tags and how many are asked for."""
        return f"{self.llm.fingerprint}:names={self.vocabulary.fingerprint}:most={self.most}"

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """Names for each prompt; choices, schema and length are those of the trie."""
        return [self._spell(prompt) for prompt in prompts]

    def _spell(self, prompt: Prompt) -> Completion:
        usage = Usage(1, prompt.characters // 4)  # these models count no tokens here: about four characters each
        try:
            found = [(int(place), float(value)) for place, value, *_ in self._said(prompt)]
        except (ConfigError, MissingExtraError):
            raise
        except Exception as error:
            return Completion(error=f"{type(error).__name__}: {error}", usage=usage)
        names = [[place, round(value, 6), self.vocabulary.name(self.active[place])] for place, value in found]
        text = json.dumps({"tags": names}, ensure_ascii=False)
        return Completion(text, source="logprobs", usage=usage + Usage(completion_tokens=len(text) // 4))

    def _said(self, prompt: Prompt) -> Sequence[Any]:
        with self._lock:
            if self._trie is None:
                self._trie = self.llm.trie([self.vocabulary.name(tag) for tag in self.active])
        return list(self.llm.constrained(prompt, self._trie, self.most))


def read_spelled(text: str, spelled: Spelled) -> list[tuple[int, float]] | None:
    """(position of a tag, its probability in (0, 1]), in their order, each tag once; ``None``: this is no answer."""
    try:
        rows = json.loads(text)["tags"]
        pairs = [(int(place), float(value)) for place, value, _ in rows]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    found: dict[int, float] = {}
    for place, value in pairs:
        if 0 <= place < len(spelled.active) and not math.isnan(value):
            found.setdefault(spelled.active[place], max(_LEAST, math.exp(min(value, 0.0))))
    return list(found.items())


def spelling(llm: LLM, vocabulary: Vocabulary, most: int) -> tuple[LLM, Spelled]:
    """What stands before a model (cache, budget, log), before its `Spelled` form; raises `ConfigError` without one."""
    made: list[Spelled] = []

    def make(model: Any) -> Spelled:
        if not (hasattr(model, "trie") and hasattr(model, "constrained")):
            raise ConfigError(
                f"the model {model.fingerprint!r} cannot be held to the names of tags ('constrained')",
                hint="use a model in this process (llm kind 'local'), or set 'constrained' to false",
            )
        made.append(Spelled(model, vocabulary, most))
        return made[0]

    return _replaced(llm, make), made[0]


def _replaced(llm: Any, make: Callable[[Any], Any]) -> Any:
    """The same wrappers around what ``make`` makes of the innermost model; caps, logs and counts stay shared."""
    inner = getattr(llm, "llm", None)
    if inner is None:
        return make(llm)
    replaced = _replaced(inner, make)
    if isinstance(llm, Estimating):  # asks nobody, and counts for all stages together
        return llm
    twin = copy.copy(llm)
    twin.llm = replaced
    return twin
