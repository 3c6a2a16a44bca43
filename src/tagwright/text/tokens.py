"""Words, stems and sentences of a text, as numbers that are cheap to compare."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import Stemmer
from numpy.typing import NDArray

from tagwright.text.function_words import BY_LANGUAGE
from tagwright.text.language import guess
from tagwright.text.reading import BREAK, FUNCTION, Reading, Span, sentences
from tagwright.types import Document

# A sentence ends at . ! ? ; : or a line break that something follows; words are runs of letters and digits.
_PIECES = re.compile(r"\w+|[.!?;:](?=\s)|\n")
_WORDS = re.compile(r"\w+")
_BREAKS = frozenset(".!?;:\n")

_LOCK = threading.Lock()

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
    """Stems as numbers, the same number for the same stem of every language; 0 and 1 are `BREAK` and `FUNCTION`.

    The numbers belong to this process: what is saved is the stems themselves.
    """

    stems: list[str] = field(default_factory=lambda: ["\n", ""])
    ids: dict[str, int] = field(default_factory=lambda: {"\n": BREAK, "": FUNCTION})

    def id(self, stem: str) -> int:
        """The number of a stem, a new one where it has none yet."""
        number = self.ids.get(stem)
        if number is None:
            with _LOCK:
                number = self.ids.get(stem)
                if number is None:
                    self.stems.append(stem)
                    number = self.ids[stem] = len(self.stems) - 1
        return number

    def __len__(self) -> int:
        return len(self.stems)


class _Words(dict[str, int]):
    """Surface form -> number of its stem in one language; each form is stemmed once."""

    def __init__(self, language: str, lexicon: Lexicon) -> None:
        super().__init__()
        self._language, self._lexicon = language, lexicon
        self._stemmer = Stemmer.Stemmer(_STEMMERS[language]) if language in _STEMMERS else None
        self._function_words = frozenset(BY_LANGUAGE.get(language, "").split())

    def __missing__(self, word: str) -> int:
        number = self[word] = BREAK if word in _BREAKS else self._number(word)
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return _Words, (self._language, self._lexicon)  # what was stemmed is stemmed again where it travels to

    def _number(self, word: str) -> int:
        if word.isupper() and 1 < len(word) < _ACRONYM_LENGTH:
            return self._lexicon.id(word)
        lower = word.casefold()
        if lower in self._function_words or (len(word) == 1 and word.islower()):
            return FUNCTION
        if len(word) == 1:
            return self._lexicon.id(word)
        with _LOCK:  # a Snowball stemmer has state of its own
            stem = self._stemmer.stemWord(lower) if self._stemmer else lower
        return self._lexicon.id(stem)


@dataclass(frozen=True)
class Analysis:
    """The stems of a batch of documents, title first.

    ``tokens`` (n_tokens,) int32 stem numbers without breaks and function words; ``documents`` (n_tokens,) int64 row
    numbers; ``sentences`` (n_tokens,) int64, running through the batch (a title is a sentence of its own);
    ``positions`` (n_tokens,) int64 place in the document; ``in_title`` (n_tokens,) bool; ``lengths`` (n_documents,).
    """

    tokens: NDArray[np.int32]
    documents: NDArray[np.int64]
    sentences: NDArray[np.int64]
    positions: NDArray[np.int64]
    in_title: NDArray[np.bool_]
    lengths: NDArray[np.int64]


@dataclass
class Analyzer:
    """Turns texts into arrays of stem numbers.

    One analyzer serves all components of a tagger, so that each text is read once: the tokens of a document are
    remembered, up to ``memory`` tokens in all. ``languages`` are those of the vocabulary, the main one first; a
    document that does not say its own is given the one whose function words it uses most. Safe for threads.
    """

    languages: tuple[str, ...] = ("en",)
    memory: int = 40_000_000
    lexicon: Lexicon = field(default_factory=Lexicon)

    def __post_init__(self) -> None:
        self._words_of: dict[str, _Words] = {}
        self._remembered: dict[tuple[str, str, str | None], tuple[NDArray[np.int32], int]] = {}
        self._held = 0
        self._last = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _last=threading.local())

    def language(self, document: Document) -> str:
        """The document's own language, else the likeliest of the vocabulary's."""
        return document.language or guess(f"{document.title}\n{document.text}", self.languages)

    def analyse(self, documents: Sequence[Document]) -> Analysis:
        """The stems of a batch of documents."""
        found = [self._document(document) for document in documents]
        lengths = np.array([len(tokens) for tokens, _ in found], dtype=np.int64)
        title_ends = np.array([end for _, end in found], dtype=np.int64)
        tokens = np.concatenate([np.empty(0, np.int32), *(tokens for tokens, _ in found)])
        starts = np.cumsum(lengths) - lengths
        rows = np.repeat(np.arange(len(documents)), lengths)
        positions = np.arange(len(tokens)) - starts[rows]
        new = tokens == BREAK
        new[starts[lengths > 0]] = True
        sentences = np.cumsum(new)
        kept = tokens > FUNCTION
        in_title = positions < title_ends[rows]
        return Analysis(tokens[kept], rows[kept], sentences[kept], positions[kept], in_title[kept], lengths)

    def forget(self) -> None:
        """Drops the remembered tokens."""
        self._remembered.clear()
        self._held = 0

    def words(self, text: str, language: str) -> list[int]:
        """The stem numbers of a short text (a name), without sentence breaks and function words."""
        found = map(self._words(language).__getitem__, _WORDS.findall(text))
        return [number for number in found if number > FUNCTION]

    def stems(self, numbers: Sequence[int] | NDArray[np.integer]) -> list[str]:
        """The stems behind the numbers."""
        return [self.lexicon.stems[number] for number in numbers]

    def spans(self, text: str, language: str) -> list[Span]:
        """(stem number, start, end) of each word and break, for quotations."""
        words = self._words(language)
        return [(words[match.group()], match.start(), match.end()) for match in _PIECES.finditer(_calm(text))]

    def reading(self, document: Document) -> Reading:
        """The document's words with their places; remembered until the thread asks for those of another document.

        All reasons for the tags of a document are found in it, channel by channel and tag by tag.
        """
        last: Reading | None = getattr(self._last, "reading", None)
        if last is None or last.document is not document:
            language = self.language(document)
            fields = (("title", document.title), ("text", document.text))
            found = [one for field, text in fields for one in sentences(field, self.spans(text, language))]
            last = self._last.reading = Reading(document, language, found)
        return last

    def written(self, document: Document, stems: Sequence[str]) -> list[str]:
        """For each of these stems of a document the word that has it, as it first stands there, for reasons."""
        words = self.reading(document).written
        return [words[self.lexicon.ids[stem]] for stem in stems]

    def _document(self, document: Document) -> tuple[NDArray[np.int32], int]:
        key = (document.title, document.text, document.language)
        found = self._remembered.get(key)
        if found is None:
            words = self._words(self.language(document)).__getitem__
            title = [*map(words, _PIECES.findall(_calm(document.title))), BREAK] if document.title else []
            text = list(map(words, _PIECES.findall(_calm(document.text))))
            found = np.array(title + text, dtype=np.int32), len(title)
            self._remember(key, found)
        return found

    def _remember(self, key: tuple[str, str, str | None], found: tuple[NDArray[np.int32], int]) -> None:
        self._held += len(found[0])
        if self._held > self.memory:
            self._remembered.clear()
            self._held = len(found[0])
        self._remembered[key] = found

    def _words(self, language: str) -> _Words:
        code = language.partition("-")[0].lower()
        found = self._words_of.get(code)
        if found is None:
            found = self._words_of[code] = _Words(code, self.lexicon)
        return found


@dataclass
class TermNumbers:
    """Stem numbers of this process -> numbers in a component's own, saved list of stems (-1 = not in it)."""

    stems: Sequence[str]
    lexicon: Lexicon

    def __post_init__(self) -> None:
        self._places = {stem: number for number, stem in enumerate(self.stems)}
        self._known = np.empty(0, dtype=np.int32)

    def __call__(self, tokens: NDArray[np.int32]) -> NDArray[np.int32]:
        """(n,) int32: the component's numbers of these stems."""
        known = self._known
        if len(known) < len(self.lexicon):
            fresh = self.lexicon.stems[len(known) : len(self.lexicon)]
            added = np.fromiter((self._places.get(stem, -1) for stem in fresh), dtype=np.int32)
            known = self._known = np.concatenate([known, added])
        return known[tokens]


def _calm(text: str) -> str:
    """A text in capitals throughout says nothing by its capitals, unless it is one word: "IT", "C++"."""
    shouted = text.isupper() and len(_WORDS.findall(text)) > 1
    lower = text.lower() if shouted else text
    return lower if len(lower) == len(text) else text  # so that places in it are places in the text
