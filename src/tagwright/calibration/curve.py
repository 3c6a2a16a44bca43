"""What calibrations have in common that learn a few numbers: they are kept as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError

FILE = "calibration.json"
FORMAT = 2
Floats = NDArray[np.float64]
Numbers = dict[str, list[float]]

# fused lies in (0, 1); so far from its ends its logarithms stay small enough to learn from.
_EDGE = 1e-6


class Curve(ABC):
    """A calibration that is a function of ``fused`` and of what else stands in the same document.

    A kind says what it looks at (`features`), how it learns (`learn`) and how it answers (`probabilities`); what it
    learned is ``learned_``.
    """

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_], *, only: NDArray[np.bool_] | None = None) -> Self:
        """Learns from out-of-fold ``fused``; from the pairs ``only`` (n_pairs,), seen in their whole documents."""
        features = self.features(candidates)
        if only is not None:
            features, gold = features[only], gold[only]
        n = len(gold)
        self.learned_ = {**self.learn(features, gold), "bounds": [0.5 / (n + 1), 1 - 0.5 / (n + 1)]}
        return self

    def calibrate(self, candidates: Candidates) -> Candidates:
        """The table with ``confidence``."""
        if not hasattr(self, "learned_"):
            raise NotFittedError("the calibration has not been fitted", hint="train the project first")
        low, high = self.learned_["bounds"]
        confidence = np.clip(self.probabilities(self.features(candidates)), low, high)
        return candidates.with_columns({CONFIDENCE: confidence})

    def features(self, candidates: Candidates) -> Floats:
        """(n_pairs, n_features) float64: what a kind looks at, by default ``fused`` alone."""
        return scores_of(candidates)[:, np.newaxis]

    @abstractmethod
    def learn(self, features: Floats, right: NDArray[np.bool_]) -> Numbers:
        """What it needs to answer, as lists of numbers."""

    @abstractmethod
    def probabilities(self, features: Floats) -> Floats:
        """(n_pairs,) in [0, 1]."""

    def save(self, folder: Path) -> None:
        """Writes what was learned."""
        folder.mkdir(parents=True, exist_ok=True)
        said = {"format": FORMAT, "learned": self.learned_}
        (folder / FILE).write_text(json.dumps(said), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.learned_ = json.loads((folder / FILE).read_text(encoding="utf-8"))["learned"]
        return self


def scores_of(candidates: Candidates) -> Floats:
    """(n_pairs,) ``fused``; a pair without one counts as the least likely."""
    return np.nan_to_num(candidates.column("fused").astype(np.float64), nan=0.0)


def logarithms(scores: Floats) -> tuple[Floats, Floats]:
    """Ln s and -ln(1 - s) of scores in (0, 1)."""
    inside = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.log(inside), -np.log1p(-inside)


def steps(scores: Floats, right: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """(levels, sizes, mean scores) of the steps of isotonic regression, ascending; equal scores share a step."""
    scores, groups = np.unique(scores, return_inverse=True)
    sizes = np.bincount(groups).astype(np.float64)
    return pooled(np.bincount(groups, right) / sizes, sizes, scores)


def pooled(levels: Floats, sizes: Floats, places: Floats) -> tuple[Floats, Floats, Floats]:
    """(levels, sizes, mean places) after neighbours that fall were joined."""
    from scipy.optimize import isotonic_regression

    found = isotonic_regression(levels, weights=sizes)
    starts = np.asarray(found.blocks, dtype=np.int64)[:-1]
    joined = np.add.reduceat(sizes, starts)
    return np.asarray(found.x)[starts], joined, np.add.reduceat(places * sizes, starts) / joined
