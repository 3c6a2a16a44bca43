"""How often suggestions were right that were as likely as this one, of tags that were seen as often: counts to show."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.best import DEPTH
from tagwright.calibration.parted import BAND_STARTS, band_of
from tagwright.candidates import SEEN, Candidates
from tagwright.errors import NotFittedError
from tagwright.types import Case

FILE = "cases.json"
FORMAT = 1
# Equally wide in the arcsine of the root of the confidence, where the scatter of a share is the same everywhere
# (Anscombe 1948): 0.49 to 0.51 is one bin, as is 0 to 0.001.
BINS = 50
_EDGES = [math.sin(math.pi / 2 * place / BINS) ** 2 for place in range(1, BINS)]
# Of fewer cases a share scatters by a fifth and more, and says nothing.
LEAST = 30
# So many bins on either side are still "as likely as this one": at one half 0.39 to 0.61, about what 30 cases scatter.
_REACH = 3


@dataclass
class Cases:
    """Counts by confidence and by frequency band, on the out-of-fold pairs that the confidence was fitted on.

    ``n_`` and ``right_``: (bands, `BINS`) int64, of the best candidates a document, those that a person may get to see.
    """

    _known: dict[tuple[int, int], Case | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Counts the pairs of a table with ``confidence``; ``gold`` (n_pairs,) bool: which of them are right."""
        shown = candidates.rank(CONFIDENCE, then="fused") < DEPTH
        table, right = candidates.where(shown), gold[shown]
        bands = band_of(np.nan_to_num(table.column(SEEN), nan=0.0))
        places = bands * BINS + np.searchsorted(_EDGES, table.column(CONFIDENCE), side="right")
        shape = (len(BAND_STARTS) + 1, BINS)
        self.n_ = np.bincount(places, minlength=math.prod(shape)).reshape(shape)
        self.right_ = np.bincount(places[right], minlength=math.prod(shape)).reshape(shape)
        self._known.clear()
        return self

    def of(self, confidence: float, seen: float = math.nan) -> Case | None:
        """The cases like a suggestion of this confidence, of a tag that ``seen`` documents were learned from.

        Bins beside its own are joined until there are 30 cases, then those of all bands; NaN: all bands at once.
        ``None`` where there are not so many near enough.
        """
        if not hasattr(self, "n_"):
            raise NotFittedError("no cases have been counted", hint="train the project first")
        key = (bisect_right(_EDGES, confidence), -1 if math.isnan(seen) else bisect_right(BAND_STARTS, seen))
        if key not in self._known:
            self._known[key] = self._joined(*key)
        return self._known[key]

    def save(self, folder: Path) -> None:
        """Writes the counts as JSON."""
        said = {"format": FORMAT, "n": self.n_.tolist(), "right": self.right_.tolist()}
        (folder / FILE).write_text(json.dumps(said), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        self.n_, self.right_ = (np.array(said[name], dtype=np.int64) for name in ("n", "right"))
        self._known.clear()
        return self

    def _joined(self, place: int, band: int) -> Case | None:
        """The fewest bins around this one that hold enough cases."""
        own, whole = slice(band, band + 1), slice(None)
        for bands in (whole,) if band < 0 else (own, whole):
            for reach in range(_REACH + 1):
                bins = slice(max(0, place - reach), place + reach + 1)
                n = int(self.n_[bands, bins].sum())
                if n >= LEAST:
                    return Case(n, int(self.right_[bands, bins].sum()))
        return None
