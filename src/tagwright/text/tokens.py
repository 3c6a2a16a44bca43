"""Words, stems and sentences of a text, as numbers that are cheap to compare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import Stemmer
from numpy.typing import NDArray

from tagwright.text.function_words import FUNCTION_WORDS

# A sentence ends at . ! ? ; : or a line break that something follows; words are runs of letters and digits.
_PIECES = re.compile(r"\w+|[.!?;:](?=\s)|\n")
_WORDS = re.compile(r"\w+")
_BREAKS = frozenset(".!?;:\n")
BREAK = 0

# Short words in capitals keep their case: "IT" is not "it", "AIDS" not "aids". Longer ones are shouted titles.
_ACRONYM_LENGTH = 5

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nb": "norwegian", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish",
}  # fmt: skip


@dataclass
class Lexicon:
    """Stems as numbers, the same number for the same stem of every language; 0 is the sentence break.

    The numbers belong to this process: what is saved is the stems themselves.
    """

    stems: list[str] = field(default_factory=lambda: ["\n"])
    ids: dict[str, int] = field(default_factory=lambda: {"\n": BREAK})

    def id(self, stem: str) -> int:
        """The number of a stem, a new one where it has none yet."""
        number = self.ids.get(stem)
        if number is None:
            number = self.ids[stem] = len(self.stems)
            self.stems.append(stem)
        return number

    def __len__(self) -> int:
        return len(self.stems)


class _Words(dict[str, int]):
    """Surface form -> number of its stem in one language; each form is stemmed once."""

    def __init__(self, language: str, lexicon: Lexicon) -> None:
        super().__init__()
        self._stemmer = Stemmer.Stemmer(_STEMMERS[language]) if language in _STEMMERS else None
        self._lexicon = lexicon

    def __missing__(self, word: str) -> int:
        if word in _BREAKS:
            number = BREAK
        elif word.isupper() and 1 < len(word) < _ACRONYM_LENGTH:
            number = self._lexicon.id(word)
        else:
            lower = word.casefold()
            number = self._lexicon.id(self._stemmer.stemWord(lower) if self._stemmer else lower)
        self[word] = number
        return number


@dataclass
class Analyzer:
    """Turns texts into arrays of stem numbers.

    One analyzer serves all components of a tagger, so that each text is read once. It is safe for threads: a stem
    may at worst be looked up twice.
    """

    lexicon: Lexicon = field(default_factory=Lexicon)

    def __post_init__(self) -> None:
        self._languages: dict[str, _Words] = {}
        self._function_words: tuple[int, NDArray[np.bool_]] = (0, np.zeros(0, dtype=bool))

    def tokens(self, text: str, language: str) -> NDArray[np.int32]:
        """(n,) int32: the stem numbers of a text in order, `BREAK` between sentences."""
        found = map(self._words(language).__getitem__, _PIECES.findall(_calm(text)))
        return np.fromiter(found, dtype=np.int32)

    def words(self, text: str, language: str) -> list[int]:
        """The stem numbers of a short text (a name), without sentence breaks."""
        return list(map(self._words(language).__getitem__, _WORDS.findall(text)))

    def spans(self, text: str, language: str) -> list[tuple[int, int, int]]:
        """(stem number, start, end) of each word, for quotations."""
        words = self._words(language)
        calm = _calm(text)
        text = calm if len(calm) == len(text) else text
        return [(words[match.group()], match.start(), match.end()) for match in _PIECES.finditer(text)]

    def stems(self, numbers: Sequence[int] | NDArray[np.int32]) -> list[str]:
        """The stems behind the numbers."""
        return [self.lexicon.stems[number] for number in numbers]

    def _words(self, language: str) -> _Words:
        code = language.partition("-")[0].lower()
        found = self._languages.get(code)
        if found is None:
            found = self._languages[code] = _Words(code, self.lexicon)
        return found


def is_function_word(stem: str) -> bool:
    """Whether a stem carries no subject ("the", "und"); such words do not count in names."""
    return stem in FUNCTION_WORDS or (len(stem) == 1 and not stem.isdigit() and stem.islower())


def _calm(text: str) -> str:
    """A text in capitals throughout says nothing by its capitals."""
    return text.lower() if text.isupper() else text
