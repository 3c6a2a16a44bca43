"""Ranked suggestions held against gold: which are right, and at which place each gold tag was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.ranked import Floats, Ints, Ranked

NEVER = np.iinfo(np.int64).max  # the place of a gold tag that was not suggested

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """The documents that have gold, renumbered from 0, with their suggestions (pairs) and gold tags.

    ``documents`` (n_documents,) int64: their row numbers in the tables that were given; ``left_out``: how many had no
    gold. Of each pair (n_pairs,): ``rows`` int64 its document, ``ranks`` int64 its place (0 = best), ``tags``,
    ``confidences``, ``hits`` bool whether it is gold. Of each gold tag (n_gold,): ``gold_rows`` int64 its document,
    ``gold_tags``, ``places`` int64 the rank at which it was suggested, or `NEVER`.
    """

    documents: Ints
    left_out: int
    rows: Ints
    ranks: Ints
    tags: Ints
    confidences: Floats
    hits: Bools
    gold_rows: Ints
    gold_tags: Ints
    places: Ints

    @staticmethod
    def judge(ranked: Ranked, gold: Gold) -> Judged:
        """The suggestions held against the gold of the same documents in the same order."""
        if ranked.n_documents != gold.n_documents:
            raise ConfigError(
                f"suggestions of {ranked.n_documents} documents cannot be held against gold of {gold.n_documents}",
                hint="evaluate both on the same documents in the same order",
            )
        documents = np.flatnonzero(gold.sizes > 0)
        renumbered = np.full(gold.n_documents, -1)
        renumbered[documents] = np.arange(len(documents))
        rows = np.repeat(renumbered, np.diff(ranked.offsets))
        kept = rows >= 0
        ranks = np.arange(len(rows)) - np.repeat(ranked.offsets[:-1], np.diff(ranked.offsets))
        rows, tags = rows[kept], ranked.tags[kept]
        gold_rows = np.repeat(renumbered, gold.sizes)
        hits, found = _match(rows, tags, gold_rows, gold.tags)
        places = np.full(len(gold.tags), NEVER)
        places[found] = ranks[kept][hits]
        return Judged(
            documents=documents,
            left_out=gold.n_documents - len(documents),
            rows=rows,
            ranks=ranks[kept],
            tags=tags,
            confidences=ranked.confidences[kept],
            hits=hits,
            gold_rows=gold_rows,
            gold_tags=gold.tags,
            places=places,
        )

    @property
    def n_documents(self) -> int:
        """Number of documents that have gold."""
        return len(self.documents)

    @cached_property
    def sizes(self) -> Ints:
        """(n_documents,) int64: gold tags of each document, at least 1."""
        return self.count(self.gold_rows)

    @cached_property
    def lengths(self) -> Ints:
        """(n_documents,) int64: suggestions of each document."""
        return self.count(self.rows)

    def hits_at(self, k: int) -> Ints:
        """(n_documents,) int64: gold tags among the first ``k`` suggestions."""
        return self.count(self.gold_rows[self.places < k])

    def count(self, rows: Ints) -> Ints:
        """(n_documents,) int64: how often each document occurs in ``rows``."""
        return np.bincount(rows, minlength=self.n_documents)

    def sum(self, rows: Ints, values: Floats) -> Floats:
        """(n_documents,) float64: the sum of ``values`` of each document in ``rows``."""
        return np.bincount(rows, weights=values, minlength=self.n_documents).astype(np.float64)


def _match(rows: Ints, tags: Ints, gold_rows: Ints, gold_tags: Ints) -> tuple[Bools, Ints]:
    """Which pairs are gold, and the place in the gold of each that is."""
    # One number a pair; the gold's rise, as its rows do and its tags within a row. Tags are 32-bit, of either sign.
    wanted, have = (rows << 33) + tags, (gold_rows << 33) + gold_tags
    if len(have) == 0:
        return np.zeros(len(rows), dtype=np.bool_), np.empty(0, dtype=np.int64)
    at = np.minimum(np.searchsorted(have, wanted), len(have) - 1)
    hits = have[at] == wanted
    return hits, at[hits]
