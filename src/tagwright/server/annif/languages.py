"""How much of a text is in which language, by the function words that it uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from tagwright.server.annif.words import MORE
from tagwright.text.function_words import BY_LANGUAGE

_WORD = re.compile(r"[^\W\d_]+")
# So much of a text decides; more would only cost time.
_CHARACTERS_READ, _WORDS_READ = 100_000, 2_000
# At least this share of a running text are words that we know of its language; below it, more and more is unknown.
# Titles have fewer: with a third of this a language is still called more likely than none.
_USUAL = 0.2

_SETS = {code: frozenset(f"{BY_LANGUAGE.get(code, '')} {MORE.get(code, '')}".split()) for code in {*BY_LANGUAGE, *MORE}}
KNOWN = frozenset(_SETS)
"""The languages that are told apart (ISO 639-1)."""


def shares(text: str, languages: Sequence[str]) -> list[tuple[str | None, float]]:
    """(language, share from 0 to 1) of each of ``languages`` and of ``None``, which is "unknown", highest first.

    The share is that of the function words found which are the language's, so that related languages share them; of
    ``None`` it is how much the text lacks function words. Raises `KeyError` for a language that is not in `KNOWN`.
    """
    words = [found.group().casefold() for found in islice(_WORD.finditer(text[:_CHARACTERS_READ]), _WORDS_READ)]
    sets = {code: _SETS[code] for code in languages}
    known = [word for word in words if any(word in one for one in sets.values())]
    certain = min(1.0, len(known) / (_USUAL * len(words))) if words else 0.0
    found: list[tuple[str | None, float]] = []
    for code, one in sets.items():
        votes = sum(word in one for word in known)
        found.append((code, round(certain * votes / len(known), 4) if known else 0.0))
    found.append((None, round(1.0 - certain, 4)))
    return sorted(found, key=lambda pair: -pair[1])
