"""What one pass over a corpus lets through: each id once, tags of the vocabulary, counted problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from tagwright.corpus.base import DUPLICATE, EMPTY, UNKNOWN_TAG, Problem, Problems
from tagwright.corpus.reader import Record, TagReference
from tagwright.corpus.tags import TagLookup
from tagwright.types import Document


class Sieve:
    """Counts into ``problems`` and remembers the ids of one pass.

    Ids are kept as 8-byte hashes: of a million corpora with ten million documents each, three lose one to chance.
    """

    def __init__(
        self, problems: Problems, lookup: TagLookup, *, language: str | None = None, for_training: bool = False
    ) -> None:
        self.problems = problems
        self.lookup = lookup
        self.language = language
        self.for_training = for_training
        self._seen: set[int] = set()

    def sift(self, record: Record, path: str) -> Document | None:
        """The document with its tags looked up, or ``None`` where it is not to be read."""
        document = record.document
        key = int.from_bytes(blake2b(document.id.encode(), digest_size=8).digest())
        if key in self._seen:
            self.problems.add(Problem(DUPLICATE, f"the id {document.id!r} came before", path, record.line))
            return None
        self._seen.add(key)
        if not document.text.strip() and not document.title.strip():
            what = f"document {document.id!r} has neither text nor title"
            self.problems.add(Problem(EMPTY, what, path, record.line))
            if self.for_training:
                return None
        self.problems.documents += 1
        return replace(
            document, tags=self._tags(record.tags, record, path), language=document.language or self.language
        )

    def _tags(self, tags: Sequence[str | TagReference] | None, record: Record, path: str) -> tuple[str, ...] | None:
        if tags is None:
            return None
        found, missing = self.lookup.find(tags)
        for tag in missing:
            what = f"the vocabulary has no tag {tag!r} (document {record.document.id!r})"
            self.problems.add(Problem(UNKNOWN_TAG, what, path, record.line))
        return found
