"""Isotonic regression: the non-decreasing curve nearest to what was right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.curve import Curve, Floats, Numbers, steps

# A step of the curve rests on at least so many pairs: the top steps of plain isotonic regression rest on a handful
# and promise 1.0.
_LEAST = 30


@dataclass
class Isotonic(Curve):
    """A monotone curve from ``fused`` to the share that was right, linear between the middles of its steps."""

    least: int = _LEAST

    def learn(self, features: Floats, right: NDArray[np.bool_]) -> Numbers:
        """The middles of the steps and their levels."""
        n = len(right)
        levels, middles = _merge(*steps(features[:, 0], right), self.least)
        return {"scores": middles, "levels": np.clip(levels, 0.5 / (n + 1), 1 - 0.5 / (n + 1)).tolist()}

    @property
    def scores_(self) -> Floats:
        """(n_steps,) ascending: the mean ``fused`` of each step."""
        return np.asarray(self.learned_["scores"])

    @property
    def levels_(self) -> Floats:
        """(n_steps,) not falling: the share right in each step, held off 0 and 1."""
        return np.asarray(self.learned_["levels"])

    def probabilities(self, features: Floats) -> Floats:
        """The height of the curve."""
        return np.interp(features[:, 0], self.learned_["scores"], self.learned_["levels"])


def _merge(levels: Floats, sizes: Floats, middles: Floats, least: int) -> tuple[list[float], list[float]]:
    """Neighbouring steps joined, from the top down, until each rests on ``least`` pairs."""
    merged: list[tuple[float, float, float]] = []
    size, mass, place = 0.0, 0.0, 0.0
    for level, count, middle in zip(levels[::-1], sizes[::-1], middles[::-1], strict=True):
        size, mass, place = size + count, mass + level * count, place + middle * count
        if size >= least:
            merged.append((mass / size, place / size, size))
            size, mass, place = 0.0, 0.0, 0.0
    if size and merged:
        level, middle, count = merged.pop()
        whole = count + size
        merged.append(((level * count + mass) / whole, (middle * count + place) / whole, whole))
    elif size:
        merged.append((mass / size, place / size, size))
    return [float(level) for level, _, _ in reversed(merged)], [float(place) for _, place, _ in reversed(merged)]
