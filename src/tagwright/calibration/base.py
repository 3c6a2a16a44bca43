"""What every calibration promises."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates

CONFIDENCE = "confidence"


class Calibration(Protocol):
    """The column ``fused`` -> the column ``confidence``, a probability in (0, 1)."""

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns from out-of-fold ``fused`` and which pairs are right, (n_pairs,) bool."""
        ...

    def calibrate(self, candidates: Candidates) -> Candidates:
        """The table with the column ``confidence``.

        Keeps the order within a document but for ties, unless it has curves for frequency bands or languages.
        """
        ...

    def save(self, folder: Path) -> None:
        """Writes what was learned, as JSON."""
        ...

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        ...
