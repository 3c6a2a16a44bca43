"""The texts of the pages in every language that they speak, from the files in ``words``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"
# What a text with a number is called for one and for all else; English and German have no other forms.
_ONE, _OTHER = "one", "other"


class Words:
    """The texts in one language; a text is asked for by its key, "review.heading"."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else DEFAULT
        self._texts = {key: said[self.language] for key, said in texts().items()}

    def __call__(self, key: str, **values: object) -> str:
        """The text with these values in it; of one with two forms the one for the number ``n``. Raises `KeyError`."""
        said = self._texts[key]
        if not isinstance(said, str):
            said = said[_ONE if values.get("n") == 1 else _OTHER]
        shown = {name: self.number(value) for name, value in values.items()}
        return str(said.format(**shown) if values else said)

    def number(self, value: object) -> str:
        """A number as people write it here: 1,234.5 or 1.234,5; anything else as it is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        text = f"{value:,}"
        return text if self.language == "en" else text.translate(str.maketrans(",.", ".,"))

    def within(self, prefix: str) -> dict[str, Any]:
        """{rest of the key: text} of all keys that begin so, for a page's script."""
        return {key.removeprefix(prefix): said for key, said in self._texts.items() if key.startswith(prefix)}


@cache
def words(language: str) -> Words:
    """The texts in that language, or in English."""
    return Words(language)


@cache
def texts() -> Mapping[str, Mapping[str, Any]]:
    """{key: {language: text}}, of all files; a key that two files have is a fault."""
    found: dict[str, Mapping[str, Any]] = {}
    for file in sorted((files(__package__) / "words").iterdir(), key=lambda one: one.name):
        for key, said in _leaves("", tomllib.loads(file.read_text(encoding="utf-8"))):
            assert key not in found, f"{file.name}: {key} is there twice"
            found[key] = said
    return found


def _leaves(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(key, {language: text}) of what lies below."""
    if set(table) == set(LANGUAGES):
        yield prefix, table
        return
    for name, below in table.items():
        yield from _leaves(f"{prefix}.{name}" if prefix else name, below)
