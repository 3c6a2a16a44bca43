"""Plain text: one document a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.source import Source
from tagwright.types import Document


@dataclass(frozen=True)
class Text:
    """A .txt file or standard input as one document without tags; its id is the file's name."""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """One record."""
        try:
            yield Record(1, Document(id=source.name, text=source.text()))
        except ValueError as error:
            yield Broken(1, str(error))
