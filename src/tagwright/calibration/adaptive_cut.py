"""A cut for each pair, from how rare the tag is and how many similar documents carry it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.thresholds import NOTHING_BELOW, Bools, Floats, likely, mean_f1, read, write
from tagwright.candidates import SEEN, Candidates

# Log-odds of the cut; how much neighbours take from it and rarity adds to it, tried in this order.
_BASES = np.linspace(-3.5, 1.0, 19).tolist()
_GRID = {"neighbours": np.linspace(0.0, 4.0, 9).tolist(), "rarity": np.linspace(-2.0, 2.0, 9).tolist()}


@dataclass
class AdaptiveCut:
    """Global and local signals make one threshold a pair ("Adaptive Thresholding … Global-Local Signal Fusion").

    A tag is given where logit(confidence) >= base + rarity * idf - neighbours * share: ``idf`` in [0, 1] (1 = never
    seen in training) is the global signal, ``share`` of the similar documents that carry the tag (columns ``*.share``
    of the neighbour channels) the local one. The paper learns them as penalties in a loss; here the three numbers are
    those with the best document-averaged F1 out of fold. ``least`` as in `NOTHING_BELOW`.
    """

    least: float = NOTHING_BELOW

    def fit(self, candidates: Candidates, gold: Bools, sizes: NDArray[np.integer]) -> Self:
        """Finds the three numbers."""
        self.numbers_ = {"base": 0.0, "rarity": 0.0, "neighbours": 0.0}
        self.numbers_["most"] = float(np.nan_to_num(candidates.column(SEEN), nan=0.0).max(initial=1.0))
        for name, values in _GRID.items():  # each value with the base that suits it: apart they would block each other
            found = []
            for value, base in product(values, _BASES):
                self.numbers_ |= {name: value, "base": base}
                found.append((mean_f1(candidates, self.given(candidates), gold, sizes), -abs(value), value, base))
            _, _, value, base = max(found)
            self.numbers_ |= {name: value, "base": base}
        return self

    def given(self, candidates: Candidates) -> Bools:
        """The candidates above their own cut."""
        confidence = np.clip(candidates.column(CONFIDENCE).astype(np.float64), 1e-9, 1 - 1e-9)
        seen = np.nan_to_num(candidates.column(SEEN).astype(np.float64), nan=0.0)
        numbers = self.numbers_
        idf = 1 - np.log1p(np.minimum(seen, numbers["most"])) / np.log1p(numbers["most"])
        cut = numbers["base"] + numbers["rarity"] * idf - numbers["neighbours"] * _share(candidates)
        return np.asarray(np.log(confidence / (1 - confidence)) >= cut) & likely(candidates, self.least)

    def save(self, folder: Path) -> None:
        """Writes the numbers."""
        write(folder, self.numbers_)

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.numbers_ = {name: float(value) for name, value in read(folder).items() if name != "format"}
        return self


def _share(candidates: Candidates) -> Floats:
    """(n_pairs,) in [0, 1]: the mean over the neighbour channels; 0 where none spoke."""
    columns = [name for name in candidates.columns if name.endswith(".share")]
    if not columns:
        return np.zeros(candidates.n_pairs)
    said = [np.nan_to_num(candidates.column(name).astype(np.float64), nan=0.0) for name in columns]
    return np.asarray(np.clip(np.mean(said, axis=0), 0, 1))
