"""What the kinds share that look at a part of the rows only: which rows they compare, and when they look at all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from tagwright.indexes.base import Positions, Vectors
from tagwright.indexes.kept import Chosen, Kept, Removed
from tagwright.indexes.rows import Form, Rows

# Where so large a part of the rows is asked for, looking at all of them is as quick.
SHARE = 10
# Queries that `tune` asks, their neighbours, and the share of these to be found: a little more than the 0.98 that is
# wanted, since so few tell it to some 0.003.
_TRIED, _NEIGHBOURS, _AIM = 400, 20, 0.985


@dataclass
class Approximate(Kept):
    """A structure names the ``compared`` rows of the base that seem the nearest; the rows themselves decide.

    At least twice as many as are asked for are compared. Below ``least`` rows there is no structure, and all of them
    are. Rows that came at run time are all compared, unless the kind says otherwise; a new `build` takes them in.
    Made for rows of length 1, in float16: what is kept of a cosine is right to 0.0005.

    How far the structure looks is the kind's own setting, or, where that is 0, what `tune` found to be enough, and
    ``_usual`` before that.
    """

    rows: Form = "float16"
    least: int = 20_000
    compared: int = 100
    _scanned: ClassVar[bool] = False
    _usual: ClassVar[int]
    _steps: ClassVar[tuple[int, ...]]

    def tune(self, queries: Vectors) -> Self:
        """The first of ``_steps`` that finds 0.985 of the 20 nearest built rows of (n, width) queries, or the last one.

        Of rows that are equally similar, which a vocabulary has many of, any will do. At most 400 queries are asked,
        and all rows compared with them, half a CPU minute at a million. The settings' own stays.
        """
        built = len(self._fitted())
        removed = self.removed_[:built]
        k = min(_NEIGHBOURS, len(removed) - int(np.count_nonzero(removed)))
        asked = np.ascontiguousarray(queries[np.any(queries, axis=1)][:_TRIED], dtype=np.float32)
        if self._set or not self._structured or not len(asked) or not k:
            return self
        blocks = self._blocks(asked)
        exact = [self._best(own, k, self._possible(own, k, removed, tail=False)) for own in blocks]
        for step in self._steps:
            self.tuned_ = step
            found = [self._best(own, k, self._choose(own, k, removed)) for own in blocks]
            pairs = zip(found, exact, strict=True)
            if np.mean(np.concatenate([a.similarities >= b.similarities[:, -1:] for a, b in pairs])) >= _AIM:
                break
        return self

    @property
    def _reach(self) -> int:
        """How far the structure looks."""
        return self._set or self.tuned_ or self._usual

    @property
    @abstractmethod
    def _set(self) -> int:
        """How far the settings want it to look; 0 where that is to be found out."""

    def _write(self, folder: Path) -> dict[str, Any]:
        return {"tuned": self.tuned_}

    def _read(self, folder: Path, said: dict[str, Any]) -> None:
        self.tuned_ = int(said.get("tuned", 0))

    def _use(self, base: Rows, removed: Removed) -> None:
        super()._use(base, removed)
        self.tuned_ = 0

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
