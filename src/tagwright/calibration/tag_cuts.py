"""A cut for each tag, leaning on the one for all where training has few cases of the tag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.thresholds import NOTHING_BELOW, Bools, best_cut, likely, read, write
from tagwright.candidates import Candidates

_ARRAY = "tags.npy"


@dataclass
class TagCuts:
    """The cut with the best F1 of each tag, mixed with the one for all.

    A tag with n right pairs out of fold has the cut (n own + ``shrink`` global) / (n + ``shrink``): single cuts follow
    chance (Yang 2001 calls this SCut, and its overfitting). ``least`` as in `NOTHING_BELOW`.
    """

    shrink: float = 20.0
    least: float = NOTHING_BELOW

    def fit(self, candidates: Candidates, gold: Bools, sizes: NDArray[np.integer]) -> Self:
        """Finds the cuts of all tags that are right somewhere."""
        confidence = candidates.column(CONFIDENCE)
        self.cut_ = best_cut(confidence, gold, int(sizes.sum()))
        order = np.argsort(candidates.tags, kind="stable")
        self.tags_, starts = np.unique(candidates.tags[order], return_index=True)
        pieces = np.split(order, starts[1:]) if len(order) else []
        self.cuts_ = np.array([self._cut(confidence[piece], gold[piece]) for piece in pieces], dtype=np.float32)
        return self

    def given(self, candidates: Candidates) -> Bools:
        """The candidates from their tags' cuts on."""
        cuts = np.full(candidates.n_pairs, self.cut_, dtype=np.float32)
        if len(self.tags_):
            at = np.minimum(np.searchsorted(self.tags_, candidates.tags), len(self.tags_) - 1)
            cuts = np.where(self.tags_[at] == candidates.tags, self.cuts_[at], cuts)
        return np.asarray(candidates.column(CONFIDENCE) >= cuts) & likely(candidates, self.least)

    def save(self, folder: Path) -> None:
        """Writes the cuts."""
        write(folder, {"cut": self.cut_})
        np.save(folder / _ARRAY, np.stack([self.tags_.astype(np.float64), self.cuts_.astype(np.float64)]))

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.cut_ = float(read(folder)["cut"])
        tags, cuts = np.load(folder / _ARRAY, allow_pickle=False)
        self.tags_ = tags.astype(np.int32)
        self.cuts_ = cuts.astype(np.float32)
        return self

    def _cut(self, confidence: NDArray[np.floating], right: Bools) -> float:
        n = int(right.sum())
        own = best_cut(confidence, right, n) if n else self.cut_
        return (n * own + self.shrink * self.cut_) / (n + self.shrink)
