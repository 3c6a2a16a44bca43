"""Whether a confidence is what it says: of suggestions that say 0.8, 8 in 10 should be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.evaluation.judged import Bools, Judged
from tagwright.evaluation.metrics import share

DEPTH = 20  # suggestions a document that count: what a person may get to see
BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The suggestions of one range of confidence [``low``, ``high``): how many, their mean, and the share right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def reliability(judged: Judged, *, only: Bools | None = None) -> tuple[Bin, ...]:
    """The `BINS` equal ranges of confidence over the first `DEPTH` suggestions of each document.

    ``only`` (n_pairs,): which suggestions count at all. Means are NaN in an empty range.
    """
    counts, confidence, right = _sums(judged, only)
    return tuple(
        Bin(b / BINS, (b + 1) / BINS, int(n), share(c, n), share(r, n))
        for b, (n, c, r) in enumerate(zip(counts, confidence, right, strict=True))
    )


def ece(judged: Judged, *, only: Bools | None = None, depth: int = DEPTH) -> float:
    """ECE: sum over the ranges of |mean confidence - share right| weighted by their suggestions; NaN for none.

    ``depth``: how many suggestions a document count.
    """
    counts, confidence, right = _sums(judged, only, depth)
    return share(np.abs(confidence - right).sum(), counts.sum())


def brier(judged: Judged) -> float:
    """Brier: mean of (confidence - right)^2 over the first `DEPTH` suggestions of each document; NaN for none."""
    counted = judged.ranks < DEPTH
    errors = np.clip(judged.confidences[counted], 0, 1) - judged.hits[counted]
    return share(float((errors**2).sum()), len(errors))


def overconfidence(judged: Judged, *, above: float = 0.5) -> tuple[float, int]:
    """Mean confidence - share right of the suggestions of confidence >= ``above``, and how many these are."""
    counted = judged.confidences >= above
    n = int(counted.sum())
    return share(float((judged.confidences[counted] - judged.hits[counted]).sum()), n), n


def _sums(judged: Judged, only: Bools | None, depth: int = DEPTH) -> tuple[NDArray[np.float64], ...]:
    """(BINS,) each: number of suggestions, sum of their confidences, number right."""
    counted = judged.ranks < depth
    if only is not None:
        counted &= only
    values = np.clip(judged.confidences[counted], 0, 1)
    bins = np.minimum((values * BINS).astype(np.int64), BINS - 1)
    weights = (np.ones(len(values)), values, judged.hits[counted].astype(np.float64))
    return tuple(np.bincount(bins, weights=w, minlength=BINS).astype(np.float64) for w in weights)
