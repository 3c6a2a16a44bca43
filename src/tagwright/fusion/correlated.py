"""The learned fusion with a second opinion: how tags go together with those that are likely already."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats
from tagwright.errors import ConfigError
from tagwright.fusion.base import FIRST, FUSED
from tagwright.fusion.ranker import Ranker
from tagwright.fusion.together import Together

# The first fusion's answer, as the second one reads it.
_BEFORE = "together.score"
# The second fusion learns from likely tags that were found, and from counts that were made, without the document.
_PARTS = 3
_SECOND, _COUNTS = "together", "counts"


@dataclass
class Correlated(Ranker):
    """`Ranker`, and a second one that also reads how candidates go together with the ``likely`` best of the first.

    Co-occurrence never overrules the text (label correlation as in MAGNET or CFTC does). The second ranking moves the
    log-odds of the first by at most ``most``; and a tag of which no channel's score says anything (none above 0) ranks
    below all of its document's tags of which one does. The columns are those of `Together`, with ``smoothing``.
    """

    likely: int = 10
    most: float = 1.5
    smoothing: float = 1.0

    def __post_init__(self) -> None:
        if self.likely < 1 or self.most < 0 or self.smoothing <= 0:
            what = f"likely = {self.likely}, most = {self.most}, smoothing = {self.smoothing} cannot be"
            raise ConfigError(f"fusion: {what}", hint="likely is 1 at least, most 0 at least, smoothing above 0")

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns both rankings; ``gold`` (n_pairs,) bool."""
        part = np.arange(candidates.n_documents) % _PARTS
        read = [np.empty(0)] * _PARTS
        tables = []
        for number in range(_PARTS):
            mine, own = part == number, part[candidates.documents] == number
            others, right = candidates.take(np.flatnonzero(~mine)), gold[~own]
            first = self._plain().fit(others, right).fuse(candidates.take(np.flatnonzero(mine)))
            tables.append(self._wider(first, Together.of(others, right)))
            read[number] = gold[own]
        self._company = self._plain().fit(Candidates.concat(tables), np.concatenate(read))
        self._together = Together.of(candidates, gold)
        super().fit(candidates, gold)
        return self

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with ``fused``."""
        found = super().fuse(candidates)
        first = found.column(FUSED)
        second = self._company.fuse(self._wider(found, self._together)).column(FUSED)
        moved = np.clip(_odds(second) - _odds(first), -self.most, self.most)
        fused = (1 / (1 + np.exp(-(_odds(first) + moved)))).astype(np.float32)
        return candidates.with_columns({FUSED: _text_first(candidates, first, fused)})

    def save(self, folder: Path) -> None:
        """Writes both rankings and the counts."""
        super().save(folder)
        self._company.save(folder / _SECOND)
        self._together.save(folder / _COUNTS)

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        super().load(folder)
        self._company = self._plain().load(folder / _SECOND)
        self._together = Together.load(folder / _COUNTS)
        return self

    def gains(self) -> dict[str, tuple[float, float]]:
        """As of `Ranker`, of the second ranking."""
        return self._company.gains()

    def _plain(self) -> Ranker:
        return Ranker(**{field.name: getattr(self, field.name) for field in fields(Ranker)})

    def _wider(self, fused: Candidates, together: Together) -> Candidates:
        """A fused table with that answer, and what the counts say, as columns."""
        said = together.columns(fused, fused.column(FUSED), most=self.likely, smoothing=self.smoothing)
        return fused.with_columns({_BEFORE: fused.column(FUSED), **said})


def _text_first(candidates: Candidates, first: Floats, fused: Floats) -> Floats:
    """``fused``, but of tags without evidence at most ``first``, and at most the least of their document's others."""
    scores = [name for name in candidates.columns if name.endswith(".score") and name != FIRST]
    told = np.zeros(candidates.n_pairs, dtype=np.bool_)
    for name in scores:
        told |= np.nan_to_num(candidates.column(name), nan=0.0) > 0
    least = np.full(candidates.n_documents, np.inf, dtype=np.float32)
    np.minimum.at(least, candidates.documents[told], fused[told])
    # A little below: ties are broken by the tag's place, and evidence is no tie.
    below = np.nextafter(least, np.float32(0))[candidates.documents]
    found: Floats = np.where(told, fused, np.minimum(first, below)).astype(np.float32)
    return found


def _odds(probabilities: Floats) -> NDArray[np.float64]:
    """Log-odds of numbers in (0, 1)."""
    exact = np.clip(probabilities.astype(np.float64), 1e-9, 1 - 1e-7)
    return np.asarray(np.log(exact) - np.log1p(-exact))
