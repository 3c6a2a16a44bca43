"""Labels, ids and language codes as the vocabulary keeps them: one form for what looks the same."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

# Controls (C0, DEL, C1), the byte order mark, non-characters and lone surrogates (which UTF-8 cannot hold) carry no
# meaning in a label. Joiners and directional marks stay: Persian and Hebrew names need them.
_MEANINGLESS = dict.fromkeys(
    [*range(0x00, 0x20), *range(0x7F, 0xA0), 0xFEFF, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], None
)
_KEPT_AS_SPACE = {ord(space): " " for space in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"}
_TABLE = {**_MEANINGLESS, **_KEPT_AS_SPACE}


def clean(text: str) -> str:
    """The text in NFC, without control characters, runs of white space as one space, none around it."""
    if text.isprintable() and "  " not in text and text == text.strip():
        return text if text.isascii() else normalize("NFC", text)
    return " ".join(normalize("NFC", text.translate(_TABLE)).split())


@lru_cache(maxsize=4096)
def language_code(code: str) -> str:
    """A language tag in BCP 47's usual case: "EN_gb" -> "en-GB"; "" stays "" (not stated)."""
    first, *rest = clean(code).replace("_", "-").split("-")
    return "-".join([first.lower(), *(_subtag(part) for part in rest)])


def nearest_language(language: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that serves readers of ``language``: itself, its plain form, else a regional form of it."""
    codes = list(known)
    plain = language.partition("-")[0]
    if language in codes:
        return language
    if plain in codes:
        return plain
    return next((code for code in codes if plain and code.partition("-")[0] == plain), None)


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()
