"""Ranked suggestions of a set of documents: what every metric looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ELSEWHERE = -1  # a suggested tag that the vocabulary does not have: it takes its place and is never right


@dataclass(frozen=True, eq=False)
class Ranked:
    """Suggestions of each document, best first.

    ``offsets`` (n_documents+1,) int64; ``tags`` (n_pairs,) int64 vocabulary positions without repeats within a
    document (`ELSEWHERE` may repeat); ``confidences`` (n_pairs,) float64, not rising within a document.
    """

    offsets: Ints
    tags: Ints
    confidences: Floats

    @property
    def n_documents(self) -> int:
        """Number of documents, those without a suggestion included."""
        return len(self.offsets) - 1

    @staticmethod
    def from_candidates(candidates: Candidates, *, by: str = "confidence", then: str | None = "fused") -> Ranked:
        """The pairs of a table by falling ``by``, ties by falling ``then``; a pair without ``by`` is last, with 0."""
        order = candidates.order(by, then=then)
        values = np.nan_to_num(candidates.column(by)[order].astype(np.float64), nan=0.0)
        return Ranked(candidates.offsets, candidates.tags[order].astype(np.int64), values)

    @staticmethod
    def from_results(rows: Iterable[Sequence[tuple[str, float]]], positions: Mapping[str, int]) -> Ranked:
        """(tag id, confidence) pairs of each document, of any system; of a repeated tag the best one counts.

        Pairs are sorted by falling confidence, ties stay in their order. ``positions``: tag id -> position.
        """
        lengths = [0]
        tags: list[int] = []
        values: list[float] = []
        for row in rows:
            best: dict[str, float] = {}
            for tag, value in sorted(row, key=lambda pair: -pair[1]):
                best.setdefault(tag, value)
            lengths.append(len(best))
            tags += [positions.get(tag, ELSEWHERE) for tag in best]
            values += best.values()
        return Ranked(
            np.cumsum(lengths, dtype=np.int64), np.array(tags, dtype=np.int64), np.array(values, dtype=np.float64)
        )
