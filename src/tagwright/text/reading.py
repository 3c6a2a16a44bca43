"""A document as it is quoted: its words with their places, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tagwright.types import Document

# In an analysis these two stand for no stem: the end of a sentence, and a word that carries no subject.
BREAK, FUNCTION = 0, 1
Span = tuple[int, int, int]


@dataclass(frozen=True)
class Sentence:
    """Words of one ``field`` of a document, "title" or "text": (stem number, start, end) of each, in order."""

    field: str
    words: list[Span]


@dataclass(frozen=True)
class Reading:
    """The sentences of a document in its ``language``, those of the title first."""

    document: Document
    language: str
    sentences: list[Sentence]

    def holding(self, stems: Iterable[int]) -> list[Sentence]:
        """The sentences in which all of these stems stand, in order; none where no stem is asked for."""
        found = [self._places.get(stem, frozenset()) for stem in stems]
        return [self.sentences[place] for place in sorted(frozenset.intersection(*found))] if found else []

    @cached_property
    def written(self) -> dict[int, str]:
        """{stem number: the word of the document that has it, as it first stands there}."""
        found: dict[int, str] = {}
        for sentence in self.sentences:
            text = getattr(self.document, sentence.field)
            for stem, start, end in sentence.words:
                if stem not in found:
                    found[stem] = text[start:end]
        return found

    @cached_property
    def _places(self) -> dict[int, frozenset[int]]:
        places: dict[int, set[int]] = {}
        for place, sentence in enumerate(self.sentences):
            for stem, _, _ in sentence.words:
                if stem > FUNCTION:
                    places.setdefault(stem, set()).add(place)
        return {stem: frozenset(found) for stem, found in places.items()}


def sentences(field: str, spans: Iterable[Span]) -> Iterator[Sentence]:
    """The sentences of a field; ``spans`` are its words, and breaks between sentences."""
    words: list[Span] = []
    for span in spans:
        if span[0] == BREAK:
            yield Sentence(field, words)
            words = []
        else:
            words.append(span)
    yield Sentence(field, words)
