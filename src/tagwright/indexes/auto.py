"""The kind that the number of rows asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import NotFittedError
from tagwright.indexes.base import Index, Neighbours, Positions, Vectors
from tagwright.indexes.exact import Exact
from tagwright.indexes.ivf import Ivf
from tagwright.indexes.kept import kind_of


@dataclass
class Auto:
    """`Exact` below ``exact_below`` rows, `Ivf` from there on where its library is installed.

    100,000 rows of 384 numbers take `Exact` 10 CPU milliseconds a query; that is where building cells begins to pay
    (``docs/indexes.md``). The choice is made by `build`, and stays until the next.
    """

    exact_below: int = 100_000

    def build(self, vectors: Vectors) -> Self:
        """The index over these rows, (n, width) float32."""
        small = len(vectors) < self.exact_below or not Ivf.installed()
        self.index_: Index = (Exact("float16") if small else Ivf()).build(vectors)
        return self

    def tune(self, queries: Vectors) -> Self:
        """Looks at as many rows as it takes to find nearly all neighbours of queries like these."""
        self._chosen().tune(queries)
        return self

    def search(self, vectors: Vectors, k: int) -> Neighbours:
        """The ``k`` most similar rows of each of (n_queries, width) float32; equally similar ones by position."""
        return self._chosen().search(vectors, k)

    def add(self, vectors: Vectors) -> Positions:
        """(n,) int64: the positions that these rows got."""
        return self._chosen().add(vectors)

    def remove(self, positions: Sequence[int] | NDArray[np.integer]) -> None:
        """These rows are never found again; a position that is not there is ignored."""
        self._chosen().remove(positions)

    def vectors(self, positions: NDArray[np.integer]) -> Vectors:
        """(n, width) float32: the rows at these positions, removed or not, as they are kept."""
        return self._chosen().vectors(positions)

    def __len__(self) -> int:
        """The number of rows that can be found."""
        return len(self._chosen())

    def save(self, folder: Path) -> None:
        """Writes what the chosen kind writes."""
        self._chosen().save(folder)

    def load(self, folder: Path) -> Self:
        """What `save` wrote; raises `ProjectError` where it cannot be read."""
        self.index_ = (Ivf() if kind_of(folder) == Ivf.kind else Exact()).load(folder)
        return self

    def _chosen(self) -> Index:
        if not hasattr(self, "index_"):
            raise NotFittedError("the index 'auto' holds nothing yet", hint="call build or load first")
        return self.index_
