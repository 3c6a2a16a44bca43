"""What every fusion promises."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates

FUSED = "fused"
# What a fusion before has said, as one that looks anew reads it.
FIRST = "first.score"


class Fusion(Protocol):
    """Columns of the channels -> the column ``fused``, higher = better."""

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns from a table and which of its pairs are right, (n_pairs,) bool."""
        ...

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with the column ``fused``."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what was learned, as text and JSON."""
        ...

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        ...
