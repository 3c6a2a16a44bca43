"""A corpus of documents that are already here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tagwright.corpus.base import Corpus, Problems
from tagwright.corpus.reader import Record
from tagwright.corpus.sieve import Sieve
from tagwright.corpus.tags import TagLookup
from tagwright.types import Document


@dataclass
class Memory(Corpus):
    """The documents of a sequence; problems name a document by its place in it, from 1."""

    documents: Sequence[Document]
    problems: Problems = field(default_factory=Problems, init=False)

    def __iter__(self) -> Iterator[Document]:
        self.problems = Problems()
        return self._pass(Sieve(self.problems, TagLookup()))

    def _pass(self, sieve: Sieve) -> Iterator[Document]:
        for place, document in enumerate(self.documents, start=1):
            sifted = sieve.sift(Record(place, document, document.tags), "")
            if sifted is not None:
                yield sifted
