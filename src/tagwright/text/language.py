"""The language of a text, by the function words that it uses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tagwright.text.function_words import BY_LANGUAGE

_WORD = re.compile(r"[^\W\d_]+")
# Two hundred words decide; a longer text would only cost time.
_WORDS_READ = 200
_LANGUAGES = {
    "ar": "Arabic", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "nb": "Norwegian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "se": "Northern Sami", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def guess(text: str, languages: Sequence[str]) -> str:
    """The one of ``languages`` whose function words the text uses most; the first where none leads.

    A dictionary-based detector (simplemma) is as right on abstracts and costs over a second of start-up.
    """
    if len(languages) <= 1:
        return languages[0] if languages else ""
    words = [match.group().casefold() for match, _ in zip(_WORD.finditer(text), range(_WORDS_READ), strict=False)]
    votes = [sum(map(_SETS.get(language, frozenset()).__contains__, words)) for language in languages]
    return languages[votes.index(max(votes))]


def in_words(code: str) -> str:
    """The English name of the language with this code, "de-AT" as "German"; the code itself where it is not known."""
    plain = code.partition("-")[0].lower()
    return _LANGUAGES.get(plain, plain)


_SETS = {language: frozenset(words.split()) for language, words in BY_LANGUAGE.items()}
