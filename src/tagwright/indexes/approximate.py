"""What the kinds share that look at a part of the rows only: which rows they compare, and when they look at all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tagwright.indexes.base import Positions, Vectors
from tagwright.indexes.kept import Chosen, Kept, Removed
from tagwright.indexes.rows import Form

# Where so large a part of the rows is asked for, looking at all of them is as quick.
SHARE = 10


@dataclass
class Approximate(Kept):
    """A structure names the ``compared`` rows of the base that seem the nearest; the rows themselves decide.

    At least twice as many as are asked for are compared. Below ``least`` rows there is no structure, and all of them
    are. Rows that came at run time are all compared, unless the kind says otherwise; a new `build` takes them in.
    Made for rows of length 1, in float16: what is kept of a cosine is right to 0.0005.
    """

    rows: Form = "float16"
    least: int = 20_000
    compared: int = 100
    _scanned: ClassVar[bool] = False

    def _choose(self, queries: Vectors, k: int, removed: Removed) -> Chosen:
        chosen = [*self._of_base(queries, k, removed), self._of_tail(queries, k, removed)]
        near, positions = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
        return near, positions

    def _of_base(self, queries: Vectors, k: int, removed: Removed) -> list[Chosen]:
        """What the structure finds; all rows are looked at for a query that it finds too little for."""
        n = len(self.base_)
        left = n - int(np.count_nonzero(removed[:n]))
        count = max(self.compared, 2 * k)
        if not self._structured or count * SHARE > n:
            return [self._possible(queries, k, removed, tail=False)]
        found = self._alive(queries, count, min(k, left), removed)
        few = np.array([row for row, own in enumerate(found) if len(own) < min(k, left)], dtype=np.int64)
        chosen = [(np.full(len(own), row), own) for row, own in enumerate(found) if row not in few]
        if len(few):
            near, positions = self._possible(queries[few], k, removed, tail=False)
            chosen.append((few[near], positions))
        return chosen

    def _of_tail(self, queries: Vectors, k: int, removed: Removed) -> Chosen:
        """What may be the nearest of the rows that came at run time."""
        return self._possible(queries, k, removed, tail=True)

    def _alive(self, queries: Vectors, count: int, wanted: int, removed: Removed) -> list[Positions]:
        """For each query what the structure finds and was not removed; more is asked for where that is too little."""
        found = [own[~removed[own]] for own in self._find(queries, count)]
        few = [row for row, own in enumerate(found) if len(own) < wanted]
        if few and 2 * count * SHARE <= len(self.base_):
            for row, more in zip(few, self._alive(queries[few], 2 * count, wanted, removed), strict=True):
                found[row] = more
        return found

    @property
    @abstractmethod
    def _structured(self) -> bool:
        """Whether there is a structure."""

    @abstractmethod
    def _find(self, queries: Vectors, count: int) -> Sequence[Positions]:
        """For each query at most ``count`` positions of the base, those that seem the nearest, each once."""
