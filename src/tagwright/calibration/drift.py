"""Whether new documents still look like those that the confidence was learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates

Floats = NDArray[np.float64]

# Fewer documents tell nothing.
LEAST = 50
_DEPTH = 10
_DIGITS = 6
_KEPT = 1000
# Two measures, each with half of a chance of 1 in 100 of a false alarm: sqrt(-ln(0.005 / 2) / 2).
_CRITICAL = 1.731
# Out of fold, channels know a little less than afterwards: on tibkat-en the same documents then differ by up to 0.065.
_SLACK = 0.07
MEASURES = ("the confidence of the best tag", "the number of tags to expect")


@dataclass
class Watch:
    """Two numbers of every document seen: the confidence of its best candidate, and what its best ten add up to."""

    seen_: list[Floats] = field(default_factory=list)

    def see(self, candidates: Candidates) -> None:
        """Notes the documents of a table that has ``confidence``; several threads may."""
        self.seen_.append(measured(candidates))

    def values(self) -> Floats:
        """(n_documents, 2)."""
        return np.concatenate(self.seen_) if self.seen_ else np.empty((0, 2))


@dataclass(frozen=True, eq=False)
class Reference:
    """The two numbers of the documents that were calibrated on.

    ``values`` (at most 1000, 2) each column sorted; ``documents`` how many there were; ``out_of_fold`` whether they
    come from channels that know less than those in use.
    """

    values: Floats
    documents: int
    out_of_fold: bool

    @classmethod
    def of(cls, candidates: Candidates, *, out_of_fold: bool) -> Self:
        """What documents to come are held against."""
        values = np.sort(measured(candidates), axis=0)
        kept = np.unique(np.linspace(0, len(values) - 1, min(_KEPT, len(values))).astype(np.int64))
        return cls(values[kept], len(values), out_of_fold)

    def moved(self, values: Floats) -> str:
        """In words how documents with these ``values`` (n, 2) differ; "" where they do not, or are too few to tell.

        Kolmogorov and Smirnov's distance between the distributions, with some room where the reference is out of fold.
        """
        if min(len(values), self.documents) < LEAST:
            return ""
        least = _CRITICAL * (1 / len(values) + 1 / self.documents) ** 0.5 + (_SLACK if self.out_of_fold else 0.0)
        said = []
        for place, name in enumerate(MEASURES):
            before, now = self.values[:, place], values[:, place]
            if _distance(before, now) > least:
                said.append(f"{name} was {before.mean():.2f} on average, now it is {now.mean():.2f}")
        return "; ".join(said)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"values": self.values.tolist(), "documents": self.documents, "out_of_fold": self.out_of_fold}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        values = np.asarray(said["values"], dtype=np.float64).reshape(-1, 2)
        return cls(values, int(said["documents"]), bool(said["out_of_fold"]))


def measured(candidates: Candidates) -> Floats:
    """(n_documents, 2): the best confidence, and the sum of the best ten, rounded.

    A calibration gives many documents the same number: with more digits in one place than in another these were apart.
    """
    confidence = np.nan_to_num(candidates.column(CONFIDENCE).astype(np.float64), nan=0.0)
    best = np.zeros(candidates.n_documents)
    np.maximum.at(best, candidates.documents, confidence)
    near = candidates.rank(CONFIDENCE, then="fused") < _DEPTH
    total = np.bincount(candidates.documents, confidence * near, minlength=candidates.n_documents)
    return np.asarray(np.round(np.stack([best, total], axis=1), _DIGITS), dtype=np.float64)


def _distance(one: Floats, other: Floats) -> float:
    """The greatest distance between the two distribution functions."""
    both = np.concatenate([one, other])
    first = np.searchsorted(np.sort(one), both, side="right") / len(one)
    second = np.searchsorted(np.sort(other), both, side="right") / len(other)
    return float(np.abs(first - second).max())
