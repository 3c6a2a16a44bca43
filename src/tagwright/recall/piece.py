"""Some remembered documents side by side: their points and their tags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.recall.points import Points, sparse, stacked


@dataclass(eq=False)
class Piece:
    """Some documents: ``points`` (n, width) and ``tags`` (n, n_tags) CSR of edge weights in (0, 1].

    ``written`` (n,): which of them a language model wrote; ``None`` = none.
    """

    ids: list[str]
    titles: list[str]
    points: Points
    tags: sp.csr_matrix
    written: NDArray[np.bool_] | None = None

    def marks(self) -> NDArray[np.bool_]:
        """(n,): ``written``, also where that is none."""
        return np.zeros(len(self.ids), dtype=np.bool_) if self.written is None else self.written

    def followed_by(self, other: Piece) -> Piece:
        """Both, the other's documents after these, with as many tags as the other knows: these may know fewer."""
        none = self.written is None and other.written is None
        return Piece(
            [*self.ids, *other.ids], [*self.titles, *other.titles], stacked([self.points, other.points]),
            sp.vstack([widened(self.tags, None, other.tags.shape[1]), other.tags], format="csr"),
            None if none else np.concatenate([self.marks(), other.marks()]),
        )  # fmt: skip


def widened(tags: sp.csr_matrix, alive: NDArray[np.bool_] | None, n_tags: int) -> sp.csr_matrix:
    """(n, ``n_tags``): these edges, without those of rows that are gone."""
    data, indices, offsets = tags.data, tags.indices, tags.indptr
    if alive is not None:
        lengths = np.diff(offsets)
        kept = np.repeat(alive, lengths)
        data, indices = data[kept], indices[kept]
        offsets = np.concatenate([[0], np.cumsum(lengths * alive)])
    return sp.csr_matrix((data, indices, offsets), shape=(tags.shape[0], n_tags))


def equal(one: Points, other: Points) -> bool:
    """Whether two rows say the same, bit for bit."""
    if sparse(one) and sparse(other):
        return np.array_equal(one.indices, other.indices) and np.array_equal(one.data, other.data)
    return bool(np.array_equal(one, other))
