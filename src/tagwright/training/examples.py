"""Lines of chat as numbers: what a model reads, and the answer that it is to learn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import InputError
from tagwright.llm.base import Prompt
from tagwright.llm.chat import OPTIONS, Chat

Numbers = NDArray[np.int64]

# A label that no loss looks at, as PyTorch has it.
IGNORED = -100


@dataclass(frozen=True)
class Example:
    """The tokens of a question as the model gets it, and those of the answer, the mark of its end included."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    @property
    def length(self) -> int:
        """All its tokens."""
        return len(self.prompt) + len(self.answer)


@dataclass(frozen=True)
class Batch:
    """Examples side by side, padded on the left, so that all answers end at the last place; (n, length) int64 each.

    ``labels`` are the tokens of the answers, `IGNORED` everywhere else. ``answers``: the length of the longest answer.
    """

    tokens: Numbers
    mask: Numbers
    positions: Numbers
    labels: Numbers
    answers: int


def read_conversations(path: Path) -> Iterator[tuple[Prompt, str]]:
    """Question and answer of each line of a JSONL file; raises `InputError` naming the line."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _conversation(line, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error


def read_examples(path: Path, tokenizer: Any) -> Iterator[Example]:
    """The conversations of a file as tokens, question and answer as the model meets them when it is asked.

    What a document says is never read as a control token, and an answer ends where the model is to stop.
    """
    chat = Chat(partial(tokenizer.apply_chat_template, tokenize=False, add_generation_prompt=True, **OPTIONS))
    for prompt, answer in read_conversations(path):
        tokens = [token for text, own in chat.pieces(prompt) for token in _tokens(tokenizer, text, special=own)]
        said = _tokens(tokenizer, answer, special=False)
        yield Example(tuple(tokens), (*said, int(tokenizer.eos_token_id)))


def padded(examples: Sequence[Example], padding: int) -> Batch:
    """The examples as one batch; raises nothing, asks for one example at least."""
    shape = (len(examples), max(one.length for one in examples))
    tokens, labels = np.full(shape, padding, dtype=np.int64), np.full(shape, IGNORED, dtype=np.int64)
    mask, positions = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, one in enumerate(examples):
        tokens[row, -one.length :] = one.prompt + one.answer
        labels[row, -len(one.answer) :] = one.answer
        mask[row, -one.length :] = 1
        positions[row, -one.length :] = np.arange(one.length)
    return Batch(tokens, mask, positions, labels, max(len(one.answer) for one in examples))


def _conversation(line: str, path: Path, number: int) -> tuple[Prompt, str]:
    try:
        messages = json.loads(line)["messages"]
        roles = tuple(message["role"] for message in messages)
        said = [message["content"] for message in messages]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"is no conversation: {error}", path=str(path), line=number, hint=_FORM) from error
    if roles not in _ROLES or not all(isinstance(text, str) for text in said):
        what = "is not a question of the user and an answer of the assistant"
        raise InputError(what, path=str(path), line=number, hint=_FORM)
    return Prompt(said[-2], said[0] if len(said) == 3 else ""), said[-1]


_ROLES = (("system", "user", "assistant"), ("user", "assistant"))
_FORM = 'a line is {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'


def _tokens(tokenizer: Any, text: str, *, special: bool) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=not special)["input_ids"]
    return found
