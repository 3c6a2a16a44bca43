"""Isotonic regression: the non-decreasing curve nearest to what was right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError

# A step of the curve rests on at least so many pairs: the top steps of plain isotonic regression rest on a handful
# and promise 1.0.
_LEAST = 30


@dataclass
class Isotonic:
    """A monotone curve from ``fused`` to the share that was right, linear between the middles of its steps."""

    least: int = _LEAST

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns the curve."""
        n = candidates.n_pairs
        levels, middles = _merge(*_steps(candidates.column("fused").astype(np.float64), gold), self.least)
        self.scores_ = np.asarray(middles)
        self.levels_ = np.clip(levels, 0.5 / (n + 1), 1 - 0.5 / (n + 1))
        return self

    def calibrate(self, candidates: Candidates) -> Candidates:
        """The table with ``confidence``."""
        if not hasattr(self, "scores_"):
            raise NotFittedError("the calibration has not been fitted", hint="train the project first")
        fused = np.nan_to_num(candidates.column("fused"), nan=0.0)
        return candidates.with_columns({CONFIDENCE: np.interp(fused, self.scores_, self.levels_)})

    def save(self, folder: Path) -> None:
        """Writes the curve's corners."""
        folder.mkdir(parents=True, exist_ok=True)
        curve = {"format": 1, "scores": self.scores_.tolist(), "levels": self.levels_.tolist()}
        (folder / "calibration.json").write_text(json.dumps(curve), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        curve = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        self.scores_, self.levels_ = np.array(curve["scores"]), np.array(curve["levels"])
        return self


def _steps(
    scores: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(levels, sizes, mean scores) of the steps of isotonic regression, ascending; equal scores share a step."""
    from scipy.optimize import isotonic_regression

    scores, groups = np.unique(scores, return_inverse=True)
    sizes = np.bincount(groups).astype(np.float64)
    found = isotonic_regression(np.bincount(groups, right) / sizes, weights=sizes)
    starts = np.asarray(found.blocks, dtype=np.int64)[:-1]
    steps = np.add.reduceat(sizes, starts)
    return np.asarray(found.x)[starts], steps, np.add.reduceat(scores * sizes, starts) / steps


def _merge(
    levels: NDArray[np.float64], sizes: NDArray[np.float64], middles: NDArray[np.float64], least: int
) -> tuple[list[float], list[float]]:
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
    return [level for level, _, _ in reversed(merged)], [middle for _, middle, _ in reversed(merged)]
