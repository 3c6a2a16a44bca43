"""Why a text is not fit to describe a tag: each check gives a reason in words, "" where there is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from unicodedata import name

from tagwright.enrichment.duplicates import contents, shingles
from tagwright.generation.orders import without_orders
from tagwright.llm.prompts import plain
from tagwright.text.function_words import BY_LANGUAGE
from tagwright.text.language import guess

LONGEST = 2_000
"""Characters of a description at most; what is longer is cut after a sentence."""
LONGEST_LABEL = 80
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"[^\W\d_]+")
END = re.compile(r"[.!?。！？](?=\s|$)|[。！？]")
"""Where a sentence ends; a colon or semicolon parts it, but does not end it."""
# A description that says one thing over and over: of so many words at least a third are different ones.
_MANY, _DIFFERENT = 8, 1 / 3
_REPEATED, _ECHOED = 0.5, 0.8
_REFUSALS = re.compile(
    r"\bas an ai\b|\bi (?:cannot|can't|can not|am unable|don't know|do not know)\b|\bi(?:'m| am) sorry\b|"
    r"\blorem ipsum\b|\[(?:insert|your|the) |\bhere is (?:the|a) (?:description|json)",
    re.IGNORECASE,
)
# Scripts of languages whose function words are not known here; of the others it is Latin.
_SCRIPTS = {
    "ar": "ARABIC", "bg": "CYRILLIC", "el": "GREEK", "fa": "ARABIC", "he": "HEBREW", "hi": "DEVANAGARI",
    "hy": "ARMENIAN", "ja": "CJK HIRAGANA KATAKANA", "ka": "GEORGIAN", "ko": "HANGUL", "mk": "CYRILLIC",
    "ru": "CYRILLIC", "th": "THAI", "uk": "CYRILLIC", "ur": "ARABIC", "zh": "CJK",
    **dict.fromkeys([*BY_LANGUAGE, "ca", "cs", "da", "et", "eu", "hu", "lt", "lv", "nb", "no", "pl", "pt", "ro", "sk",
                     "sl", "tr"], "LATIN"),
}  # fmt: skip
_LETTERS_READ = 200


def tokens(text: str) -> int:
    """How many words and marks a text has: what is counted here as its tokens, whatever a model counts."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(text: str, characters: int = LONGEST, most_tokens: int = LONGEST) -> str:
    """As many of the text's whole sentences as are short enough; "" where the first one is too long in tokens.

    A first sentence that is only too long in characters is cut after a word.
    """
    if len(text) <= characters and tokens(text) <= most_tokens:
        return text
    ends = [match.end() for match in END.finditer(text[: characters + 1])]
    for end in reversed(ends):
        if end <= characters and tokens(text[:end]) <= most_tokens:
            return text[:end]
    if (ends and ends[0] <= characters) or tokens(text[:characters]) > most_tokens:
        return ""
    return f"{text[: characters - 1].rpartition(' ')[0] or text[: characters - 1]}…"


def meaningful(label: str) -> bool:
    """Whether a name says something to a reader: it has a word of three letters, or one of another script.

    "cs.CE", "7937.0" and addresses do not: what they stand for must come from somewhere else.
    """
    if "://" in label:
        return False
    return any(len(word) > 2 or not word.isascii() for word in _WORD.findall(label))


def unfit(text: str, label: str, language: str) -> str:
    """Why this is no description of the tag called ``label``, in the ``language`` that was asked for."""
    words = [word.casefold() for word in _WORD.findall(text)]
    own = {word.casefold() for word in _WORD.findall(label)}
    if not text.strip():
        return "it is empty"
    if set(words) <= own:
        return "it says no more than the name"
    if len(words) >= _MANY and len(set(words)) < len(words) * _DIFFERENT:
        return "it repeats itself"
    if _REFUSALS.search(text):
        return "it is no description but a remark of the model"
    if without_orders(text)[1]:
        return "it gives orders to a model"
    return foreign(text, language)


def foreign(text: str, language: str) -> str:
    """Why this is no text in ``language`` (a code, "" = any): its script, or the function words of another one."""
    code = language.partition("-")[0].lower()
    scripts = _SCRIPTS.get(code, "").split()
    letters = [letter for letter in text[:_LETTERS_READ] if letter.isalpha()]
    if scripts and letters:
        fitting = sum(name(letter, "").startswith(tuple(scripts)) for letter in letters)
        if fitting * 2 < len(letters):
            return f"it is not written in the script of the language {code!r}"
    if code in BY_LANGUAGE:
        found = guess(text, [code, *(other for other in BY_LANGUAGE if other != code)])
        if found != code:
            return f"it is written in the language {found!r}, not {code!r}"
    return ""


def repeats(text: str, said: Collection[str]) -> bool:
    """Whether half of what a text says, in runs of three words, stands in one of ``said``: in the prompt's words."""
    own = shingles(text, 3)
    return any(len(own & shingles(other, 3)) >= _REPEATED * len(own) for other in said if own)


def echoes(text: str, label: str, frame: str) -> bool:
    """Whether four of five words of a text, beside those of the name, are words of the prompt's ``frame``.

    A small model makes its answer of the question: "A collection of documents with one subject heading".
    """
    words, around, own = (set(contents(part)) for part in (text, frame, label))
    rest = words - own
    return bool(frame) and len(rest & around) >= _ECHOED * len(rest)


def unfit_label(text: str) -> str:
    """Why this can be no synonym or name of any tag."""
    if not any(map(str.isalnum, text)):
        return "it is empty"
    if len(text) > LONGEST_LABEL:
        return f"it is longer than {LONGEST_LABEL} characters"
    counts = Counter(_WORD.findall(text.casefold()))
    if max(counts.values(), default=0) > 2:
        return "it repeats itself"
    return "it gives orders to a model" if without_orders(text)[1] else ""


def cleaned(text: str, most: int = 4 * LONGEST) -> str:
    """The text on one line, without what a reader would not see and without quotation marks around all of it."""
    shown = plain(text, most).strip()
    if len(shown) > 1 and shown[0] in "\"'“„«" and shown[-1] in "\"'”“»":
        shown = shown[1:-1].strip()
    return shown
