"""Curves of their own for parts of the pairs, leaning on the curve of the whole where a part is thin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

import tagwright.registry as registry
from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.curve import Curve
from tagwright.candidates import LANGUAGE, SEEN, Candidates
from tagwright.errors import NotFittedError

PARTS = (SEEN, LANGUAGE)
BAND_STARTS = (1, 5, 20)
"""Training documents from which on a tag is in the second, third and fourth frequency band."""
_FILE = "parted.json"


@dataclass
class Parted:
    """A curve of ``kind`` for every part of the pairs, mixed with that of all pairs.

    ``by`` is "seen" (frequency bands: 0, 1-4, 5-19, 20 training documents and more) or "language". A part with r right
    pairs of its own counts r / (r + ``shrink``), the whole the rest; a part that training had none of is the whole.
    """

    kind: str = "isotonic"
    by: str = SEEN
    shrink: float = 50.0
    parts_: dict[int, tuple[float, Curve]] = field(default_factory=dict, init=False, repr=False)

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns the whole and each part that has right and wrong pairs."""
        self.whole_ = self._new().fit(candidates, gold)
        self.parts_ = {}
        numbers = self._numbers(candidates)
        for number in np.unique(numbers).tolist():
            inside = numbers == number
            right = int(gold[inside].sum())
            if 0 < right < inside.sum():
                weight = right / (right + self.shrink)
                self.parts_[number] = weight, self._new().fit(candidates, gold, only=inside)
        return self

    def calibrate(self, candidates: Candidates) -> Candidates:
        """The table with ``confidence``; the order within a document may change where it has pairs of several parts."""
        if not hasattr(self, "whole_"):
            raise NotFittedError("the calibration has not been fitted", hint="train the project first")
        whole = self.whole_.calibrate(candidates).column(CONFIDENCE).astype(np.float64)
        confidence, numbers = whole.copy(), self._numbers(candidates)
        for number, (weight, curve) in self.parts_.items():
            own = curve.calibrate(candidates).column(CONFIDENCE)
            confidence = np.where(numbers == number, weight * own + (1 - weight) * whole, confidence)
        return candidates.with_columns({CONFIDENCE: confidence})

    def save(self, folder: Path) -> None:
        """Writes the curves, a folder each."""
        self.whole_.save(folder / "whole")
        for number, (_, curve) in self.parts_.items():
            curve.save(folder / f"part-{number}")
        weights = {str(number): weight for number, (weight, _) in self.parts_.items()}
        (folder / _FILE).write_text(json.dumps({"format": 1, "weights": weights}), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.whole_ = self._new().load(folder / "whole")
        weights = json.loads((folder / _FILE).read_text(encoding="utf-8"))["weights"]
        self.parts_ = {
            int(number): (weight, self._new().load(folder / f"part-{number}")) for number, weight in weights.items()
        }
        return self

    def _new(self) -> Curve:
        curve: Curve = registry.build("calibration", self.kind, {})
        return curve

    def _numbers(self, candidates: Candidates) -> NDArray[np.int64]:
        """(n_pairs,) the part of each pair."""
        values = np.nan_to_num(candidates.column(self.by), nan=0.0)
        if self.by == SEEN:
            return band_of(values)
        return values.astype(np.int64)


def band_of(seen: NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) the frequency band, 0 to 3, of tags that so many documents were seen with."""
    return np.searchsorted(BAND_STARTS, seen, side="right")
