"""Which labels stand in which sentences: order-free matching of sets of stems, for a block of documents at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tagwright.recall.labels import LabelTable
from tagwright.recall.products import spread
from tagwright.text.tokens import Analysis, TermNumbers


@dataclass(frozen=True)
class Matches:
    """Labels found: one row a (document, label), sorted by document, then label.

    ``documents``, ``labels`` (n,) int64; ``frequency`` (n,) sentences that hold the label; ``first`` (n,) place of
    its rarest stem as a share of the document in [0, 1]; ``titles`` (n,) share of those sentences that are the
    title; ``tightness`` (n,) in (0, 1]: stems of the label by the words they are spread over, at best.
    """

    documents: NDArray[np.int64]
    labels: NDArray[np.int64]
    frequency: NDArray[np.float32]
    first: NDArray[np.float32]
    titles: NDArray[np.float32]
    tightness: NDArray[np.float32]

    def where(self, keep: NDArray[np.bool_]) -> Matches:
        """Only the rows for which ``keep`` (n,) is true."""
        return Matches(*(getattr(self, field.name)[keep] for field in fields(self)))


class Matcher:
    """Finds labels by their rarest stem, then asks the sentence for the others."""

    def __init__(self, table: LabelTable, numbers: TermNumbers) -> None:
        self._table, self._numbers = table, numbers
        lengths = table.lengths
        carriers = np.bincount(table.terms, minlength=len(table.stems))
        # The rarest stem among all labels is the key under which a label is found; ties to the lower number.
        filled = np.flatnonzero(lengths > 0)
        starts = np.asarray(table.offsets)[filled]
        keys = np.minimum.reduceat(carriers[table.terms] << 32 | table.terms, starts) & 0xFFFFFFFF
        by_key = np.argsort(keys, kind="stable")
        self._labels = filled[by_key]
        self._starts = np.searchsorted(keys[by_key], np.arange(len(table.stems) + 1))
        self._keys = np.full(len(lengths), -1, dtype=np.int64)
        self._keys[filled] = keys

    def find(self, analysis: Analysis) -> Matches:
        """All labels whose stems stand together in one sentence (or in the title) of a document."""
        terms = self._numbers(analysis.tokens)
        known = np.flatnonzero(terms >= 0)
        keys = analysis.sentences[known] << 32 | terms[known]
        held, places = np.unique(keys, return_index=True)  # the first place of a stem within its sentence
        places = known[places]
        pair, entry = spread(self._starts, (held & 0xFFFFFFFF))
        labels = self._labels[entry]
        low, high, complete = self._others(held, places, pair, labels, analysis.positions)
        pair, labels = pair[complete], labels[complete]
        span = (high - low + 1)[complete]
        return self._gather(analysis, places[pair], labels, span)

    def _others(
        self,
        held: NDArray[np.int64],
        places: NDArray[np.int64],
        pair: NDArray[np.int64],
        labels: NDArray[np.int64],
        positions: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """First and last position of each pair's stems in its sentence, and whether all of them are there."""
        key_at = positions[places[pair]]
        low, high, complete = key_at.copy(), key_at.copy(), np.ones(len(pair), dtype=bool)
        longer = np.flatnonzero(self._table.lengths[labels] > 1)
        if len(longer) == 0 or len(held) == 0:
            return low, high, complete
        owner, entry = spread(self._table.offsets, labels[longer])
        wanted = (held[pair[longer[owner]]] >> 32) << 32 | self._table.terms[entry]
        found = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
        hit = held[found] == wanted
        at = np.where(hit, positions[places[found]], 0)
        starts = np.flatnonzero(np.diff(owner, prepend=-1))
        complete[longer] = np.logical_and.reduceat(hit, starts)
        low[longer] = np.minimum.reduceat(at, starts)
        high[longer] = np.maximum.reduceat(at, starts)
        return low, high, complete

    def _gather(
        self,
        analysis: Analysis,
        places: NDArray[np.int64],
        labels: NDArray[np.int64],
        span: NDArray[np.int64],
    ) -> Matches:
        """Sentence by sentence -> one row a (document, label)."""
        documents = analysis.documents[places]
        keys = documents << 32 | labels
        order = np.argsort(keys, kind="stable")
        unique, starts = np.unique(keys[order], return_index=True)
        if len(unique) == 0:
            none = np.empty(0, dtype=np.float32)
            return Matches(unique, unique, none, none, none, none)
        counts = np.diff(np.append(starts, len(keys)))
        first = np.minimum.reduceat(analysis.positions[places][order], starts)
        titles = np.add.reduceat(analysis.in_title[places][order].astype(np.float64), starts) / counts
        tight = np.maximum.reduceat((self._table.lengths[labels] / span)[order], starts)
        rows = unique >> 32
        share = first / np.maximum(analysis.lengths[rows], 1)
        return Matches(
            rows, unique & 0xFFFFFFFF, counts.astype(np.float32), share.astype(np.float32),
            titles.astype(np.float32), np.minimum(tight, 1).astype(np.float32),
        )  # fmt: skip
