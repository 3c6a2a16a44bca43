"""A language model that remembers: what was asked once is answered from the store, without a call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from tagwright.llm.base import UNUSABLE, Before, Completion, Prompt, Usage, question
from tagwright.store.base import cache_key

# What a crash costs at most; enough for a server to be busy with.
_AT_ONCE = 64


class Cache(Protocol):
    """The two methods of a store that are needed here."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values of those keys that have one."""
        ...

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """The values can be had from now on."""
        ...


@dataclass
class CachedLLM(Before):
    """The answers of ``llm``, from ``cache`` where the same model was asked the same before.

    Failed answers are not kept; an answer from the cache has a usage of nothing. The same question twice in one call is
    asked once.
    """

    cache: Cache

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """What is known, and the model's answers to the rest."""
        keys = [cache_key(self.fingerprint, question(one, choices, schema, most_tokens)) for one in prompts]
        found = self.cache.get_many(list(dict.fromkeys(keys)))
        known = {key: completion for key, value in found.items() if (completion := _read(value)) is not None}
        missing = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known}
        new: dict[str, Completion] = {}
        for start in range(0, len(missing), _AT_ONCE):
            part = dict(list(missing.items())[start : start + _AT_ONCE])
            asked = self.llm.complete(list(part.values()), choices=choices, schema=schema, most_tokens=most_tokens)
            answers = dict(zip(part, asked, strict=True))
            self.cache.put_many({key: _written(one) for key, one in answers.items() if _final(one)})
            new |= answers
        completions = []
        for key in keys:
            completions.append(new[key] if key in new else known[key])
            if key in new:  # asked once, paid once
                new[key] = replace(new[key], usage=Usage())
        return completions


def _final(completion: Completion) -> bool:
    """Whether the same question would be answered the same: an answer, or one that is of no use."""
    return not completion.error or completion.source == UNUSABLE


def _written(completion: Completion) -> bytes:
    said = {
        **asdict(replace(completion, usage=Usage(), probabilities={})),
        "probabilities": dict(completion.probabilities),
    }
    del said["usage"]
    return json.dumps(said, ensure_ascii=False).encode()


def _read(value: bytes) -> Completion | None:
    """The kept answer; ``None`` where another version wrote it in a way that this one does not know."""
    try:
        return Completion(**json.loads(value))
    except (ValueError, TypeError):
        return None
