"""What of a model's answer can be read: its JSON, whole or cut off, and a text as far as it says something new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tagwright.enrichment.checks import END

_FENCE = re.compile(r"```\w*")
_READ = 40_000
# Shorter sentences come twice in good texts too: "No." and the like.
_TELLING = 4


def bare(text: str) -> str:
    """An answer without the marks of a code block; only so much of it as is read."""
    return _FENCE.sub("\n", text[:_READ])


def whole_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in an answer; ``None`` where there is none, or none that is closed."""
    said = bare(text)
    start = said.find("{")
    if start < 0:
        return None
    try:
        # Not strict: small models write line ends into their strings.
        found, _ = json.JSONDecoder(strict=False).raw_decode(said, start)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def cut_off(text: str, key: str) -> str | None:
    """What JSON that was never closed says under ``key``, as far as it goes; ``None`` where it has no such text."""
    match = re.search(rf'"{re.escape(key)}"\s*:\s*"((?:[^"\\]|\\.)*)', bare(text), re.DOTALL)
    try:
        return None if match is None else str(json.loads(f'"{match[1]}"', strict=False))
    except ValueError:
        return None


def whole_sentences(text: str) -> str:
    """The text up to the end of its last sentence; "" where none ends."""
    ends = [match.end() for match in END.finditer(text)]
    return text[: ends[-1]] if ends else ""


def said_once(text: str) -> str:
    """The text up to the first sentence that it said before: a small model falls into a circle, and stays in it."""
    seen: set[str] = set()
    for start, end in _sentences(text):
        sentence = " ".join(text[start:end].casefold().split())
        if sentence in seen and sentence.count(" ") >= _TELLING - 1:
            return text[:start].rstrip()
        seen.add(sentence)
    return text


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in END.finditer(text):
        yield start, match.end()
        start = match.end()
    if start < len(text):
        yield start, len(text)
