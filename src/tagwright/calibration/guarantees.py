"""Promises that hold on new documents: the cut is found by tests whose errors are bounded, not by its looks.

All of it rests on documents that are exchangeable with the new ones and that nothing was fitted on. A hypothesis is
"the risk at this cut is above what was promised"; it is rejected by a bet against it (Waudby-Smith and Ramdas 2024),
and cuts are tested one after the other until one is not rejected (Learn then Test with fixed-sequence testing:
Angelopoulos et al. 2021), so that the chance of promising too much is at most 1 - level over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Losses = Callable[[float], Floats]

CUTS = np.round(np.linspace(0.99, 0.01, 99), 2).tolist()
"""The cuts that are tried, strictest first; they do not depend on the documents."""
# Stakes as shares of the highest that one document cannot ruin.
_STAKES = np.linspace(0.02, 0.99, 50)


def p_value(losses: Floats, stake: float) -> float:
    """How little these losses go with a mean of 0 or more: a valid p-value at every sample size.

    ``losses`` (n,) independent, each below 1 / ``stake``. A bettor who stakes on a mean below 0 keeps
    prod(1 - stake * loss); where the mean is 0 or more this is not expected to grow, so by Markov's inequality the
    chance that it reaches 1/p is at most p. The order of the documents does not matter. Any stake is valid that does
    not depend on these losses.
    """
    return float(np.exp(-max(float(np.log1p(-stake * losses).sum()), 0.0)))


def best_stake(losses: Floats, highest: float) -> float:
    """The stake under which the bet grows fastest, learned from other documents; ``highest``: no loss is above it.

    A stake that fits halves the documents that it takes to show something, against a mean over all stakes.
    """
    growth = [np.log1p(-share / highest * losses).mean() for share in _STAKES] if len(losses) else [0.0]
    return float(_STAKES[int(np.argmax(growth))] / highest)


@dataclass(frozen=True)
class Plan:
    """Which cuts are tested, in this order, and with which stakes: all of it settled before the test.

    ``highest``: no loss can be above it.
    """

    cuts: tuple[float, ...]
    stakes: tuple[float, ...]

    @classmethod
    def of(cls, cuts: Sequence[float], losses: Losses, highest: float) -> Self:
        """The plan for ``losses`` of documents that are not those of the test, out of fold for example."""
        return cls(tuple(cuts), tuple(best_stake(losses(cut), highest) for cut in cuts))

    def carry_out(self, losses: Losses, error: float) -> float | None:
        """The last of the cuts before the first whose risk cannot be ruled out; ``None`` where that is the first.

        ``losses(cut)`` (n_documents,): above what was promised; ``error``: chance of promising too much, in (0, 1).
        """
        found = None
        for cut, stake in zip(self.cuts, self.stakes, strict=True):
            if p_value(losses(cut), stake) > error:
                break
            found = cut
        return found


def from_most_certain(cuts: Sequence[float], losses: Losses) -> list[float]:
    """The cuts from the one that is surest to pass on, judged on other documents than those of the test.

    The strictest cuts apply so few tags that nothing can be shown of them: a sequence that began there would end there.
    """
    return list(cuts[int(np.argmax([_certainty(losses(cut)) for cut in cuts])) :])


def precision_losses(candidates: Candidates, right: Bools, target: float, most: int) -> Losses:
    """Of each document the sum over its applied tags of (wrong - (1 - target)).

    Applied are at most ``most`` tags of confidence >= cut, so a loss is at most ``target * most``. Its mean is 0 or
    less where at least the share ``target`` of all applied tags, pooled over documents, is right.
    """
    near = candidates.rank(CONFIDENCE, then="fused") < most
    documents, confidence = candidates.documents[near], candidates.column(CONFIDENCE)[near]
    each = np.where(right[near], 0.0, 1.0) - (1 - target)
    return lambda cut: _summed(documents, np.where(confidence >= np.float32(cut), each, 0.0), candidates.n_documents)


def gate_losses(candidates: Candidates, right: Bools, given: Bools, target: float, most: int) -> Losses:
    """The same where all given tags of a document are applied if the document passes the gate, else none."""
    applied = given & (candidates.rank(CONFIDENCE, then="fused") < most)
    each = np.where(right, 0.0, 1.0) - (1 - target)
    whole = _summed(candidates.documents, np.where(applied, each, 0.0), candidates.n_documents)
    scores = gate_scores(candidates, applied)
    return lambda cut: np.where(scores >= cut, whole, 0.0)


def gate_scores(candidates: Candidates, applied: Bools) -> Floats:
    """(n_documents,) the mean confidence of a document's applied tags; 0 where there are none."""
    n = candidates.n_documents
    total = _summed(candidates.documents, np.where(applied, candidates.column(CONFIDENCE), 0.0), n)
    return np.asarray(total / np.maximum(np.bincount(candidates.documents, applied, minlength=n), 1))


def recall_losses(candidates: Candidates, right: Bools, sizes: NDArray[np.integer], target: float, most: int) -> Losses:
    """Of each document with gold, ``target`` - the share of its gold tags that is shown.

    Shown are at most ``most`` tags of confidence >= cut. A lower cut never makes a loss higher, so this is what
    conformal risk control is made for; a loss is at most ``target``.
    """
    near = (candidates.rank(CONFIDENCE, then="fused") < most) & right
    documents, confidence = candidates.documents[near], candidates.column(CONFIDENCE)[near]
    with_gold = sizes > 0

    def losses(cut: float) -> Floats:
        hits = np.bincount(documents[confidence >= np.float32(cut)], minlength=candidates.n_documents)
        return np.asarray(target - hits[with_gold] / sizes[with_gold])

    return losses


def conformal_cut(cuts: Sequence[float], losses: Losses, target: float) -> float | None:
    """The strictest cut whose recall is ``target`` in the mean over calibration sets (Angelopoulos et al. 2024).

    (n R + 1) / (n + 1) <= 1 - target, R the mean share of gold tags not shown. A `Plan` promises more: the
    target is missed in at most one of so many calibration sets, not on the average of all.
    """
    found = None
    for cut in sorted(cuts):
        missed = losses(cut) + (1 - target)
        if (missed.sum() + 1) / (len(missed) + 1) > 1 - target:
            break
        found = cut
    return found


def _summed(rows: NDArray[np.integer], values: Floats, n: int) -> Floats:
    return np.bincount(rows, values, minlength=n).astype(np.float64)


def _certainty(losses: Floats) -> float:
    """How many standard errors the mean loss is below 0."""
    spread = float(losses.std())
    return -float(losses.mean()) * len(losses) ** 0.5 / spread if spread > 0 else 0.0
