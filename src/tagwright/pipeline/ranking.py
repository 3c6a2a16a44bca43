"""The order of candidates: one fusion, or a second one that also reads what rerankers say of the best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

import tagwright.registry as registry
from tagwright.candidates import Candidates, Floats
from tagwright.fusion.base import FIRST, FUSED, Fusion
from tagwright.pipeline.settings import Options
from tagwright.rerank.base import Reranker
from tagwright.types import Document

# The second fusion learns from candidates that a first one chose which had not seen their documents.
_PARTS = 3
_BLOCK = 64


class Ranking:
    """Fuses, lets the rerankers look at the best candidates of each document, and fuses these anew.

    Without rerankers it is the one fusion. With them, ``fused`` of a document's best is what a second fusion makes of
    the channels' columns, the first ``fused`` and the rerankers' columns, so that a weak reranker is learned away; the
    others keep the first one. Both are probabilities before calibration, and stand on one scale.
    """

    def __init__(self, options: Options, rerankers: Sequence[Reranker], memory: Memory | None = None) -> None:
        self._options, self._rerankers = options, list(rerankers)
        self._memory = memory
        self._depth = max((reranker.k for reranker in rerankers), default=0)

    def fit(self, documents: Sequence[Document], candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns from a table, its documents row by row, and which of its pairs are right, (n_pairs,) bool."""
        self._first = self._new().fit(candidates, gold)
        if self._rerankers:
            part = np.arange(candidates.n_documents) % _PARTS
            fused = np.empty(candidates.n_pairs, dtype=np.float32)
            for number in range(_PARTS):
                learned = part[candidates.documents] != number
                others = self._new().fit(candidates.take(np.flatnonzero(part != number)), gold[learned])
                fused[~learned] = others.fuse(candidates.take(np.flatnonzero(part == number))).column(FUSED)
            best, table = self._second_look(documents, candidates.with_columns({FUSED: fused}))
            self._second = self._new().fit(table, gold[best])
        return self

    def fuse(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The table with ``fused`` and the rerankers' columns."""
        found = self._first.fuse(candidates)
        if not self._rerankers:
            return found
        best, table = self._second_look(documents, found)
        fused = found.column(FUSED).copy()
        fused[best] = self._second.fuse(table).column(FUSED)
        said = {name: _spread(table.column(name), best) for one in self._rerankers for name in one.columns}
        return found.with_columns({FUSED: fused, **said})

    def forget(self) -> Self:
        """The same, without what was remembered while fitting."""
        self._memory = None
        return self

    def save(self, folder: Path) -> None:
        """Writes the fusions; the rerankers lie elsewhere."""
        self._first.save(folder)
        if self._rerankers:
            self._second.save(folder / "second")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self._first = self._new().load(folder)
        if self._rerankers:
            self._second = self._new().load(folder / "second")
        return self

    def _new(self) -> Fusion:
        options = dict(self._options)
        made: Fusion = registry.build("fusion", options.pop("kind"), options)
        return made

    def _second_look(
        self, documents: Sequence[Document], candidates: Candidates
    ) -> tuple[NDArray[np.bool_], Candidates]:
        """(n_pairs,) which are looked at, and their table with what is said of them."""
        best = candidates.rank(FUSED) < self._depth
        table = candidates.where(best)
        said = {name: column for one in self._rerankers for name, column in self._said(one, documents, table).items()}
        return best, table.with_columns({FIRST: table.column(FUSED), **said})

    def _said(self, reranker: Reranker, documents: Sequence[Document], table: Candidates) -> dict[str, Floats]:
        """The columns of one reranker; what it said before of a pair is not asked again where that is remembered."""
        if self._memory is None:
            found = _asked(reranker, documents, table)
            return {name: found.column(name) for name in reranker.columns}
        (name,) = reranker.columns
        return {name: self._memory.of(reranker, documents, table)}


class Memory:
    """What rerankers said of pairs while a tagger is fitted: fold after fold asks about the same ones."""

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[str, int], float]] = {}

    def of(self, reranker: Reranker, documents: Sequence[Document], table: Candidates) -> Floats:
        """(n_pairs,) the reranker's column."""
        known = self._known.setdefault(reranker.name, {})
        picked = np.flatnonzero(reranker.picked(table))
        ids, owners, tags = [one.id for one in documents], table.documents, table.tags
        keys = [(ids[owners[pair]], int(tags[pair])) for pair in picked.tolist()]
        new = np.zeros(table.n_pairs, dtype=np.bool_)
        new[picked] = [key not in known for key in keys]
        if new.any():
            column = _asked(reranker, documents, table.where(new)).column(reranker.columns[0])
            fresh = [key for key, pair in zip(keys, picked.tolist(), strict=True) if new[pair]]
            known.update(zip(fresh, column.tolist(), strict=True))
        found = np.full(table.n_pairs, np.nan, dtype=np.float32)
        found[picked] = [known[key] for key in keys]
        return found


def _asked(reranker: Reranker, documents: Sequence[Document], table: Candidates) -> Candidates:
    """The table with the reranker's column, block by block."""
    starts = range(0, table.n_documents, _BLOCK)
    parts = [
        reranker.score(documents[start : start + _BLOCK], table.slice(start, min(start + _BLOCK, table.n_documents)))
        for start in starts
    ]
    return Candidates.concat(parts) if parts else reranker.score(documents, table)


def _spread(column: Floats, places: NDArray[np.bool_]) -> Floats:
    """(n_places,) the column where ``places``, else NaN."""
    found = np.full(len(places), np.nan, dtype=np.float32)
    found[places] = column
    return found
