"""Several files, each with the reader of its kind, as one corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tagwright.corpus.base import BROKEN, Corpus, Problem, Problems
from tagwright.corpus.reader import Broken, Reader, Record
from tagwright.corpus.sieve import Sieve
from tagwright.corpus.source import UNREADABLE, Source, unreadable
from tagwright.corpus.tags import TagLookup
from tagwright.errors import CorpusError
from tagwright.types import Document


@dataclass
class Files(Corpus):
    """The documents of all files, one file after the other.

    ``language`` is given to documents that state none; ``for_training`` leaves out documents without text and title.
    A pass raises `CorpusError` where a file ends too early or cannot be read, and at its end where no line of any
    file made a document.
    """

    parts: Sequence[tuple[Source, Reader]]
    lookup: TagLookup = field(default_factory=TagLookup)
    language: str | None = None
    for_training: bool = False
    problems: Problems = field(default_factory=Problems, init=False)

    def __iter__(self) -> Iterator[Document]:
        self.problems = Problems()
        return self._pass(self.problems)

    def _pass(self, problems: Problems) -> Iterator[Document]:
        sieve = Sieve(problems, self.lookup, language=self.language, for_training=self.for_training)
        for source, reader in self.parts:
            for record in _records(source, reader):
                if isinstance(record, Broken):
                    problems.add(Problem(BROKEN, record.what, source.shown, record.line))
                elif (document := sieve.sift(record, source.shown)) is not None:
                    yield document
        if BROKEN in problems.counts and set(problems.counts) == {BROKEN} and not problems.documents:
            first = problems.examples[BROKEN][0]
            hint = "not one document could be read; is this the right kind of file?"
            raise CorpusError(first.what, path=first.path, line=first.line, hint=hint)


def _records(source: Source, reader: Reader) -> Iterator[Record | Broken]:
    line = 0
    try:
        for record in reader.read(source):
            line = record.line
            yield record
    except UNREADABLE as error:
        raise unreadable(error, source.shown, line) from error
