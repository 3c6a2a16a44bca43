"""The labels that documents hold, found once however many channels and folds ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tagwright.recall.labels import Labels, LabelTable
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
        self._matched: dict[int, tuple[LabelTable, Matcher]] = {}
        # What documents hold of the base's labels, and of those of tags that came at run time: these change more often.
        self._held: dict[int, _Held] = {}

    def find(self, documents: Sequence[Document]) -> list[Matches]:
        """What each label table (the base, then that of the tags added at run time) finds in a batch."""
        analysis = self.analyzer.analyse(documents)
        found = []
        for number in range(len(self.labels.tables)):
            matches, alive = self._matcher(number).find(analysis), self.labels.alive(number)
            found.append(matches if alive is None else matches.where(alive[matches.labels]))
        return found

    def held(self, documents: Sequence[Document]) -> list[NDArray[np.int32]]:
        """For each document the tags (ascending positions) of which it holds a label; remembered."""
        found = self._tags(documents, 0)
        if len(self.labels.tables) == 1:
            return found
        grown = self.labels.grown
        base = [tags[~np.isin(tags, grown)] for tags in found]
        return [np.union1d(*both) for both in zip(base, self._tags(documents, 1), strict=True)]

    def forget(self) -> None:
        """Drops what is remembered of documents, for after a training."""
        self._held.clear()

    def _tags(self, documents: Sequence[Document], number: int) -> list[NDArray[np.int32]]:
        """For each document the tags of which it holds a label of one table, dead labels among them."""
        held, table = self._held.get(number), self.labels.tables[number]
        if held is None or held.table is not table:
            held = self._held[number] = _Held(table)
        known = held.tags
        fresh = [d for d in documents if known.get(d.id, (None,))[0] is not d]
        for start in range(0, len(fresh), _BATCH):
            batch = fresh[start : start + _BATCH]
            known.update(zip([d.id for d in batch], zip(batch, self._read(batch, number), strict=True), strict=True))
        return [known[document.id][1] for document in documents]

    def _read(self, documents: Sequence[Document], number: int) -> list[NDArray[np.int32]]:
        matches = self._matcher(number).find(self.analyzer.analyse(documents))
        keys = np.unique(matches.documents << 32 | np.asarray(self.labels.tables[number].tags)[matches.labels])
        edges = np.searchsorted(keys, np.arange(1, len(documents)) << 32)
        return np.split((keys & 0xFFFFFFFF).astype(np.int32), edges)

    def _matcher(self, number: int) -> Matcher:
        """The matcher of a table; the base's is made once, however many tags come."""
        table = self.labels.tables[number]
        made = self._matched.get(number)
        if made is None or made[0] is not table:
            made = self._matched[number] = (table, Matcher(table, self.labels.numbers[number]))
        return made[1]


@dataclass
class _Held:
    """{document's id: (the document, its tags)} by the labels of one ``table``."""

    table: LabelTable
    tags: dict[str, tuple[Document, NDArray[np.int32]]] = field(default_factory=dict)
