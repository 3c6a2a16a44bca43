"""Asks only where an answer is expected to change what a document is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.generation.base import PAIRS, Stage

Floats = NDArray[np.float64]

_CONFIDENCE = "confidence"
# Candidates beyond these add next to nothing to what a document is expected to hold.
_LOOKED_AT = 40
_LEAST = 1e-6
# The chance of a pair that a stage added, before anything is known of such pairs.
_OF_ADDED = 0.1


@dataclass(frozen=True, eq=False)
class Cascade:
    """Which pairs a stage is asked about.

    A question about a pair is worth the F1 that its document is expected to gain by the answer: the expected F1 of its
    best cut after the answer, over what the answer may be, less that before. ``right`` and ``wrong`` are samples of by
    how much answers moved the log-odds of right and of wrong pairs. A call that is expected to gain no more than
    ``least_gain`` (F1 of one document, in [0, 1]) is not made. Without samples nothing is known of the model's answers
    yet, and it is asked about all.
    """

    least_gain: float = 0.0
    right: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()
    prior: float = _OF_ADDED

    def asked(self, stage: Stage, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,): what the stage is asked about, at most ``depth`` pairs a document."""
        near = _ranked(candidates, self.prior) < stage.depth
        if not self.right or not self.wrong or self.least_gain <= 0:
            return near
        gains = self.gains(candidates) * near
        if stage.unit == PAIRS:
            return near & (gains > self.least_gain * stage.calls)
        whole = np.bincount(candidates.documents, gains, minlength=candidates.n_documents)
        return near & (whole > self.least_gain * stage.calls)[candidates.documents]

    def gains(self, candidates: Candidates) -> Floats:
        """(n_pairs,) the F1 that an answer about each pair is expected to bring; 0 for those far below."""
        places = _ranked(candidates, self.prior)
        near = places < _LOOKED_AT
        matrix = np.zeros((candidates.n_documents, _LOOKED_AT))
        matrix[candidates.documents[near], places[near]] = _first(candidates, self.prior)[near]
        found = np.zeros(candidates.n_pairs)
        for place in range(min(_LOOKED_AT, int(places.max(initial=-1)) + 1)):
            here = places == place
            found[here] = self._gain(matrix, place)[candidates.documents[here]]
        return found

    def _gain(self, matrix: Floats, place: int) -> Floats:
        """(n_documents,) what the answer about the candidate at ``place`` is expected to gain."""
        before, p = _best_f1(matrix), matrix[:, place]
        odds = np.log(np.clip(p, _LEAST, 1 - _LEAST) / (1 - np.clip(p, _LEAST, 1 - _LEAST)))
        after = np.zeros(len(matrix))
        for moves, share in ((self.right, p), (self.wrong, 1 - p)):
            for move in moves:
                changed = matrix.copy()
                changed[:, place] = 1 / (1 + np.exp(-(odds + move)))
                after += share / len(moves) * _best_f1(changed)
        return np.maximum(after - before, 0.0)

    def to_json(self) -> dict[str, Any]:
        """What was learned, as plain values."""
        return {"right": list(self.right), "wrong": list(self.wrong), "prior": self.prior}

    @classmethod
    def from_json(cls, said: dict[str, Any], least_gain: float) -> Self:
        """What `to_json` gave, with a price of today."""
        return cls(least_gain, tuple(said["right"]), tuple(said["wrong"]), float(said["prior"]))

    @classmethod
    def learn(cls, moves: Floats, right: NDArray[np.bool_], told: NDArray[np.bool_], added: NDArray[np.bool_]) -> Self:
        """From ``moves`` (n_pairs,) of log-odds of the pairs ``told``; ``added`` ones had no odds before."""
        shares = np.linspace(0.1, 0.9, 5)
        first = told & ~added
        samples = [
            tuple(np.round(np.quantile(moves[part], shares), 4).tolist()) if part.any() else ()
            for part in (first & right, first & ~right)
        ]
        prior = float((right & added).sum() + 1) / float(added.sum() + 10)
        return cls(0.0, samples[0], samples[1], prior)


def _first(candidates: Candidates, prior: float) -> Floats:
    return np.nan_to_num(candidates.column(_CONFIDENCE).astype(np.float64), nan=prior)


def _ranked(candidates: Candidates, prior: float) -> NDArray[np.int64]:
    """(n_pairs,) the place of each pair within its document; pairs that a stage added count with the prior."""
    return candidates.with_columns({"_first": _first(candidates, prior)}).rank("_first", then="fused")


def _best_f1(matrix: Floats) -> Floats:
    """(n_documents,) the expected F1 of the best cut, about: twice the expected right ones over given plus expected."""
    falling = -np.sort(-matrix, axis=1)
    given = np.arange(1, matrix.shape[1] + 1)
    return np.asarray((2 * np.cumsum(falling, axis=1) / (given + matrix.sum(axis=1, keepdims=True))).max(axis=1))
