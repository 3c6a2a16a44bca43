"""The promise of an index: rows of numbers in, the nearest of them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Positions = NDArray[np.int64]


class Neighbours(NamedTuple):
    """The nearest rows of each query, nearest first.

    ``positions`` (n_queries, m) int64 and ``similarities`` (n_queries, m) float32: the inner product, which for rows
    of length 1 is the cosine; higher = nearer, never a distance. ``m`` is ``k``, or less where fewer rows are left.
    """

    positions: Positions
    similarities: NDArray[np.float32]


class Index(Protocol):
    """Vectors by position: those of `build` are 0 to n-1, each added one gets the next, and none is used twice."""

    def build(self, vectors: Vectors) -> Self:
        """The index over these rows, (n, width) float32, instead of all it had."""
        ...

    def tune(self, queries: Vectors) -> Self:
        """Looks at as many rows as it takes to find nearly all neighbours of queries like these, (n_queries, width).

        A kind that compares all rows has nothing to choose, and what the settings say stays. Raises `NotFittedError`.
        """
        ...

    def search(self, vectors: Vectors, k: int) -> Neighbours:
        """The ``k`` most similar rows of each of (n_queries, width) float32; equally similar ones by position.

        Raises `NotFittedError` before `build`.
        """
        ...

    def add(self, vectors: Vectors) -> Positions:
        """(n,) int64: the positions that these rows got."""
        ...

    def remove(self, positions: Sequence[int] | NDArray[np.integer]) -> None:
        """These rows are never found again; a position that is not there is ignored."""
        ...

    def vectors(self, positions: NDArray[np.integer]) -> Vectors:
        """(n, width) float32: the rows at these positions, removed or not, as they are kept."""
        ...

    def __len__(self) -> int:
        """The number of rows that can be found."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what `load` needs as plain files into ``folder``, which is made where it is absent."""
        ...

    def load(self, folder: Path) -> Self:
        """What `save` wrote, mapped where that pays; raises `ProjectError` where it cannot be read."""
        ...
