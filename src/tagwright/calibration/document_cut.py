"""The cut of each document at which its expected F1 is highest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.thresholds import NOTHING_BELOW, Bools, Floats, likely, mean_f1, read, write
from tagwright.candidates import Candidates

# So many of the best candidates may be right; the others' chances are in what is missed.
_LOOKED_AT = 40
# More gold tags than this outside the given ones change the expected F1 by nothing.
_MOST_LEFT = 40
# Documents whose distributions are held at once: 2,000 x 21 x 40 numbers.
_AT_ONCE = 2_000
_SHARES = (0.0, 0.25, 0.5, 1.0)


@dataclass
class DocumentCut:
    """The best n candidates of a document, with the n of the highest expected F1 under the confidences.

    Right candidates are taken for independent, so the number right among the first n and that among the others are sums
    of coin throws; gold tags that are no candidates add a Poisson number (Jansche 2007; Ye et al. 2012: of all sets the
    best is a head of the ranking). At most ``most`` tags; ``least`` as in `NOTHING_BELOW`.
    """

    most: int = 20
    least: float = NOTHING_BELOW

    def fit(self, candidates: Candidates, gold: Bools, sizes: NDArray[np.integer]) -> Self:
        """Learns how many gold tags to expect beside the candidates: a share of what training missed."""
        missed = max(float(sizes.sum() - gold.sum()), 0.0) / max(candidates.n_documents, 1)
        found = []
        for share in _SHARES:
            self.missed_ = share * missed
            found.append(mean_f1(candidates, self.given(candidates), gold, sizes))
        self.missed_ = _SHARES[int(np.argmax(found))] * missed
        return self

    def given(self, candidates: Candidates) -> Bools:
        """The first n candidates."""
        places = candidates.rank(CONFIDENCE, then="fused")
        lengths = np.zeros(candidates.n_documents, dtype=np.int64)
        for start in range(0, candidates.n_documents, _AT_ONCE):
            part = candidates.slice(start, min(start + _AT_ONCE, candidates.n_documents))
            lengths[start : start + _AT_ONCE] = expected_f1(_matrix(part), self.missed_, self.most).argmax(axis=1)
        return np.asarray(places < lengths[candidates.documents]) & likely(candidates, self.least)

    def save(self, folder: Path) -> None:
        """Writes the one number that was learned."""
        write(folder, {"missed": self.missed_})

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.missed_ = float(read(folder)["missed"])
        return self


def expected_f1(probabilities: Floats, missed: float, most: int) -> Floats:
    """(n_documents, most + 1): the expected F1 of giving the first 0, 1, … candidates.

    ``probabilities`` (n_documents, n): of each document's candidates, falling; ``missed``: mean of the Poisson number
    of gold tags beside them. A document without gold and without a tag counts 0, as where F1 is averaged.
    """
    n, width = probabilities.shape
    inside = np.zeros((n, most + 1))
    inside[:, 0] = 1.0  # the number right among those given
    outside = _outside(probabilities, missed, most)
    found = np.zeros((n, most + 1))
    right, left = np.arange(most + 1)[:, np.newaxis], np.arange(_MOST_LEFT)[np.newaxis]
    for k in range(1, min(most, width) + 1):
        inside = _thrown(inside, probabilities[:, k - 1])
        gain = 2 * right / (k + right + left)
        found[:, k] = np.einsum("nt,tr,nr->n", inside[:, : k + 1], gain[: k + 1], outside[k])
    return found


def _outside(probabilities: Floats, missed: float, most: int) -> list[Floats]:
    """For each k (n_documents, _MOST_LEFT): how many gold tags are beside the first k candidates."""
    width = probabilities.shape[1]
    number = np.tile(_poisson(missed), (len(probabilities), 1))
    found = [number] * (most + 1)
    for k in range(width - 1, -1, -1):
        if k < most:
            found[k + 1] = number
        number = _thrown(number, probabilities[:, k])
    found[0] = number
    return found


def _poisson(mean: float) -> Floats:
    """(_MOST_LEFT,): the chances of 0, 1, … events; by hand, as importing scipy.stats takes half a second."""
    steps = np.concatenate([[np.exp(-mean)], mean / np.arange(1, _MOST_LEFT)])
    return np.asarray(np.cumprod(steps))


def _thrown(number: Floats, probability: Floats) -> Floats:
    """The distribution of a number after one more coin was thrown."""
    more = number * probability[:, np.newaxis]
    result = number - more
    result[:, 1:] += more[:, :-1]
    return result


def _matrix(candidates: Candidates) -> Floats:
    """(n_documents, at most 40): the confidences of each document, falling, then zeros."""
    places = candidates.rank(CONFIDENCE, then="fused")
    near = places < _LOOKED_AT
    found = np.zeros((candidates.n_documents, _LOOKED_AT))
    found[candidates.documents[near], places[near]] = candidates.column(CONFIDENCE)[near]
    return found
