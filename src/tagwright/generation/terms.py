"""The terms that a model wrote, whatever shape its answer has; what it wrote is read, never carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tagwright.llm.prompts import plain

MOST_CHARACTERS = 80
"""A longer one is a sentence, no term."""
# No honest answer is longer; what lies behind would be read in vain.
_READ = 20_000
_FENCE = re.compile(r"```\w*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BULLET = re.compile(r"^\s*(?:[-*•–]\s|\(?\d{1,3}[.):])\s*")
_HEADING = re.compile(r"^[^,;:]{1,40}:\s+")
_AROUND = " \t.,;:!?\"'`*_|“”„‘’«»[]{}"
_ATTEMPTS = 5


def read_terms(text: str, most: int) -> list[str] | None:
    """At most ``most`` terms in their order, each of 1 to `MOST_CHARACTERS` characters and once.

    From JSON (an object with a list, or a list), from JSON that is cut off (what was complete), or from a list in plain
    lines. ``None`` where nothing can be read; an empty list where the model says that there are none.
    """
    text = _FENCE.sub("\n", text[:_READ])
    said = _json(text)
    if said is None:
        said = _strings(text) or _lines(text) or None
    if said is None:
        return None
    found: dict[str, str] = {}
    for term in map(_cleaned, said):
        if term:
            found.setdefault(term.casefold(), term)
    terms = list(found.values())[:most]
    return None if said and not terms else terms


def _cleaned(term: str) -> str:
    """The term as one line without marks around it; "" for what is none."""
    seen = plain(term, MOST_CHARACTERS + 1)
    stripped = seen.strip(_AROUND)
    return stripped if len(seen) <= MOST_CHARACTERS and any(map(str.isalnum, stripped)) else ""


def _json(text: str) -> list[str] | None:
    """The strings of the first list in the text that is whole JSON."""
    decoder = json.JSONDecoder()
    starts = [match.start() for match in re.finditer(r"[{\[]", text)]
    for start in starts[:_ATTEMPTS]:
        try:
            said, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        found = _listed(said)
        if found is not None:
            return [one for item in found for one in _text_of(item)]
    return None


def _listed(said: Any) -> list[Any] | None:
    """The list that an answer is, or holds: that called "terms" before others."""
    if isinstance(said, list):
        return said
    values = [said["terms"], *said.values()] if "terms" in said else list(said.values())
    if values and isinstance(values[0], str):
        return re.split(r"[,;\n]", values[0])
    return next((value for value in values if isinstance(value, list)), None)


def _text_of(item: Any) -> Iterator[str]:
    """An item's text: itself, or the first text of an object such as {"term": "soil"}."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, dict):
        yield from [value for value in item.values() if isinstance(value, str)][:1]


def _strings(text: str) -> list[str]:
    """The complete strings of a list that was cut off."""
    start = text.find("[")
    found = []
    for match in _STRING.finditer(text, start) if start >= 0 else ():
        try:
            found.append(str(json.loads(match[0], strict=False)))
        except ValueError:
            continue
    return found


def _lines(text: str) -> list[str]:
    """A term a line, without bullets and headings; a single line is parted at its commas."""
    lines = [_BULLET.sub("", line).strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        lines = re.split(r"[,;]", _HEADING.sub("", lines[0]))
    return [line for line in lines if line and not line.endswith(":") and not line.startswith(("{", "["))]
