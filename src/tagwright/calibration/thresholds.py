"""Where to cut the list: how many tags a document gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_cut(confidence: NDArray[np.floating], right: NDArray[np.bool_], n_gold: int) -> float:
    """The one cut on confidence that maximises micro-F1, in [0, 1]; the lowest confidence that is still applied.

    ``confidence`` and ``right`` (n_pairs,); ``n_gold`` counts all gold pairs, found as candidates or not.
    """
    if len(confidence) == 0 or n_gold == 0:
        return 0.5
    order = np.argsort(-confidence, kind="stable")
    values, hits = np.asarray(confidence, dtype=np.float64)[order], np.cumsum(right[order])
    score = 2 * hits / (np.arange(1, len(values) + 1) + n_gold)
    score[:-1][values[1:] == values[:-1]] = -1  # a cut lies between different confidences only
    return float(values[int(np.argmax(score))])
