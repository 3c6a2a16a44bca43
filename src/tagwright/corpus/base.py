"""The promise that every corpus keeps, and the count of what was wrong in the last pass over it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from tagwright.errors import ConfigError
from tagwright.types import Document

DUPLICATE, BROKEN, UNKNOWN_TAG, EMPTY = "duplicate id", "broken line", "unknown tag", "empty text"
_CONSEQUENCES = {
    DUPLICATE: ("duplicate ids", "only the first document of an id is read"),
    BROKEN: ("broken lines", "skipped"),
    UNKNOWN_TAG: ("unknown tags", "left out"),
    EMPTY: ("empty texts", "nothing in them to read"),
}
# Three examples show a pattern, more of them would hide the other kinds of problem on a screen.
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong: where (``line`` counts from 1; records or rows in formats without lines) and what."""

    kind: str
    what: str
    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.path else f"document {self.line}"
        return f"{place}: {self.what}"


@dataclass
class Problems:
    """What was wrong in one pass: ``counts`` by kind, the first few ``examples`` of each, documents given out.

    Kinds: "duplicate id", "broken line", "unknown tag", "empty text". True where there is any.
    """

    documents: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Problem]] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Counts one more; it is remembered as an example while there are few."""
        self.counts[problem.kind] = self.counts.get(problem.kind, 0) + 1
        examples = self.examples.setdefault(problem.kind, [])
        if len(examples) < _EXAMPLES:
            examples.append(problem)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def summary(self) -> list[str]:
        """One sentence a kind, ready to be shown, with the first places; empty where nothing was wrong."""
        return [self._sentence(kind) for kind in _CONSEQUENCES if kind in self.counts]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON: documents, counts and examples by kind."""
        examples = {kind: [str(problem) for problem in problems] for kind, problems in self.examples.items()}
        return {"documents": self.documents, "counts": dict(self.counts), "examples": examples}

    def _sentence(self, kind: str) -> str:
        count = self.counts[kind]
        plural, consequence = _CONSEQUENCES[kind]
        shown = "; ".join(str(problem) for problem in self.examples[kind])
        more = count - len(self.examples[kind])
        rest = f"; {more:,} more" if more else ""
        return f"{count:,} {kind if count == 1 else plural} ({consequence}): {shown}{rest}"


class Corpus(ABC):
    """Documents in a fixed order, each id once, read as a stream and as often as wanted.

    ``problems`` tells what was wrong in the pass that was begun last; it is complete when that pass has ended.
    """

    problems: Problems

    @abstractmethod
    def __iter__(self) -> Iterator[Document]:
        """A new pass from the first document on; raises `CorpusError` where a file cannot be read at all."""

    def batches(self, size: int) -> Iterator[list[Document]]:
        """A new pass in lists of ``size`` documents, the last one shorter; raises `ConfigError` for a size below 1."""
        return batched(self, size)

    def fingerprint(self) -> str:
        """A hash of what tagging reads (ids, titles, texts, languages; in their order), from one pass over it all."""
        digest = sha256()
        for document in self:
            parts = (document.id, document.title, document.text, document.language)
            digest.update(json.dumps(parts).encode())
        return digest.hexdigest()


def batched(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Lists of ``size`` documents in order, the last one shorter, never an empty one."""
    if size < 1:
        raise ConfigError(f"a batch of {size} documents cannot be", hint="the smallest batch is 1")
    stream = iter(documents)
    return iter(lambda: list(islice(stream, size)), [])
