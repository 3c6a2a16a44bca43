"""Prompts in a model's own chat template, where the words of a document can never be read as its control tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tagwright.errors import InputError
from tagwright.llm.base import Prompt

# What a template may ask for beside the messages: an answer must depend neither on the day nor on thoughts before it.
OPTIONS = {"date_string": "1 January 2025", "enable_thinking": False}
_SYSTEM, _USER = "\x02system\x02", "\x02user\x02"


class Piece(NamedTuple):
    """A part of what the model reads; ``own``: it is the template's, so "<|im_end|>" in it means what it says."""

    text: str
    own: bool


class Chat:
    """Cuts prompts into pieces; ``render`` writes messages as the model's template has it (and may raise anything).

    A template that knows no system message gets its words at the head of the user's; a model without a template reads
    both as plain text.
    """

    def __init__(self, render: Callable[[list[dict[str, str]]], str]) -> None:
        self._render = render
        self._frames: dict[bool, list[str]] = {}

    def pieces(self, prompt: Prompt) -> list[Piece]:
        """What the model reads, in order, up to where its answer begins."""
        frame = self._frames.get(bool(prompt.system))
        if frame is None:
            frame = self._frames[bool(prompt.system)] = self._frame(bool(prompt.system))
        words = {_SYSTEM: prompt.system, _USER: prompt.user}
        return [Piece(words.get(part, part), part not in words) for part in frame if part]

    def _frame(self, system: bool) -> list[str]:
        """The template around two marks, cut at them; written once, so that a prompt costs no template."""
        user = {"role": "user", "content": _USER}
        ways = [[user]]
        if system:
            ways = [[{"role": "system", "content": _SYSTEM}, user], [{**user, "content": f"{_SYSTEM}\n\n{_USER}"}]]
        marks = [_SYSTEM, _USER] if system else [_USER]
        for messages in ways:
            try:
                text = self._render(messages)
            except Exception:  # a template refuses what it does not know with an error of its own
                continue
            if all(text.count(mark) == 1 for mark in marks):
                return _cut(text, marks)
        return _cut("\n\n".join(marks) + "\n", marks)


def fitting(tokens: list[int], context: int, answer: int = 1) -> list[int]:
    """The tokens of a prompt; raises `InputError` where no ``answer`` of so many fits behind them in the context."""
    if len(tokens) + answer > context:
        raise InputError(
            f"the prompt has {len(tokens)} tokens, too many for the model's context of {context}",
            hint="show it less text, or set 'llm.context' higher",
        )
    return tokens


def _cut(text: str, marks: list[str]) -> list[str]:
    parts = [text]
    for mark in sorted(marks, key=text.index):
        before, _, after = parts.pop().partition(mark)
        parts += [before, mark, after]
    return parts
