"""The labels that documents hold, found once however many channels and folds ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.recall.labels import Labels
from tagwright.recall.matching import Matcher, Matches
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

_BATCH = 128


@dataclass(eq=False)
class Finder:
    """Looks for all labels in documents; one finder serves the whole tagger and its cross-fitted copies."""

    analyzer: Analyzer
    labels: Labels

    def __post_init__(self) -> None:
        self._made: tuple[int, list[Matcher]] = (-1, [])
        self._held: dict[str, tuple[Document, NDArray[np.int32]]] = {}

    def find(self, documents: Sequence[Document]) -> list[Matches]:
        """What each label table (the base, then that of the tags added at run time) finds in a batch."""
        analysis = self.analyzer.analyse(documents)
        found = []
        for number, matcher in enumerate(self._matchers()):
            matches = matcher.find(analysis)
            alive = self.labels.alive(number)
            found.append(matches if alive is None else matches.where(alive[matches.labels]))
        return found

    def held(self, documents: Sequence[Document]) -> list[NDArray[np.int32]]:
        """For each document the tags (ascending positions) of which it holds a label; remembered."""
        self._matchers()
        fresh = [d for d in documents if self._held.get(d.id, (None,))[0] is not d]
        for start in range(0, len(fresh), _BATCH):
            self._read(fresh[start : start + _BATCH])
        return [self._held[document.id][1] for document in documents]

    def forget(self) -> None:
        """Drops what is remembered of documents, for after a training."""
        self._held.clear()

    def _read(self, documents: Sequence[Document]) -> None:
        tables = zip(self.labels.tables, self.find(documents), strict=True)
        pairs = [m.documents << 32 | np.asarray(table.tags)[m.labels] for table, m in tables]
        keys = np.unique(np.concatenate(pairs))
        edges = np.searchsorted(keys, np.arange(len(documents) + 1) << 32)
        tags = (keys & 0xFFFFFFFF).astype(np.int32)
        for row, document in enumerate(documents):
            self._held[document.id] = (document, tags[edges[row] : edges[row + 1]])

    def _matchers(self) -> list[Matcher]:
        version, matchers = self._made
        if version != self.labels.version:
            pairs = zip(self.labels.tables, self.labels.numbers, strict=True)
            matchers = [Matcher(table, numbers) for table, numbers in pairs]
            self._made = (self.labels.version, matchers)
            self._held.clear()
        return matchers
