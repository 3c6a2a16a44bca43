"""What a kind of file promises: records with their lines, and the lines that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tagwright.corpus.source import Source
from tagwright.types import Document


@dataclass(frozen=True, slots=True)
class TagReference:
    """A tag as a source points to it: ids of which the first one that is known counts, and else its name."""

    ids: tuple[str, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return self.ids[0] if self.ids else self.name


@dataclass(frozen=True, slots=True)
class Record:
    """A document as the file has it; ``tags`` are not looked up yet (``None``: the file says nothing about tags)."""

    line: int
    document: Document
    tags: tuple[str | TagReference, ...] | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A line (row, record) that cannot be read, and why; the rest of the file can."""

    line: int
    what: str


class Reader(Protocol):
    """One kind of file. A dataclass whose fields are the kind's options, registered under ("corpus", name)."""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """The file's records in order, as a stream; raises `CorpusError` where the file is not of this kind."""
        ...
