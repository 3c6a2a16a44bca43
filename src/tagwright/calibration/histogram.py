"""Histogram binning: ranges of ``fused`` that hold equally many right pairs, and the share right in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.curve import Curve, Floats, Numbers, pooled


@dataclass
class Histogram(Curve):
    """The share right in each of ``bins`` ranges, linear between their middles (Zadrozny and Elkan 2001).

    A range ends where it has its part of the right pairs, as most pairs are wrong and lie low; ranges that fall are
    joined, so that a higher ``fused`` never gets a lower confidence.
    """

    bins: int = 25

    def learn(self, features: Floats, right: NDArray[np.bool_]) -> Numbers:
        """The middles of the ranges and their shares."""
        scores, groups = np.unique(features[:, 0], return_inverse=True)
        sizes, hits = np.bincount(groups).astype(np.float64), np.bincount(groups, right).astype(np.float64)
        mass = np.cumsum(hits + sizes / max(len(groups), 1))  # where nothing is right, pairs are counted instead
        numbers = np.minimum((self.bins * mass / mass[-1]).astype(np.int64), self.bins - 1)
        _, numbers = np.unique(numbers, return_inverse=True)
        counts = np.bincount(numbers, sizes).astype(np.float64)
        shares, middles = np.bincount(numbers, hits) / counts, np.bincount(numbers, scores * sizes) / counts
        levels, _, places = pooled(shares, counts, middles)
        return {"scores": places.tolist(), "levels": levels.tolist()}

    def probabilities(self, features: Floats) -> Floats:
        """The height of the curve."""
        return np.interp(features[:, 0], self.learned_["scores"], self.learned_["levels"])
