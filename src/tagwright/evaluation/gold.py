"""The tags that people gave, as positions; those that the vocabulary does not have count as missed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tagwright.errors import InputError
from tagwright.evaluation.ranked import ELSEWHERE, Ints


@dataclass(frozen=True, eq=False)
class Gold:
    """Gold tags of each document.

    ``offsets`` (n_documents+1,) int64; ``tags`` (n_gold,) int64, rising and without repeats within a document:
    vocabulary positions, and for tags that the vocabulary does not have numbers below -1, one for each such tag.
    """

    offsets: Ints
    tags: Ints

    @property
    def n_documents(self) -> int:
        """Number of documents, those without gold included."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Ints:
        """(n_documents,) int64: how many different tags each document has."""
        return np.diff(self.offsets)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of all that is gold here."""
        return hashlib.sha256(self.offsets.tobytes() + self.tags.tobytes()).hexdigest()

    @staticmethod
    def from_ids(rows: Iterable[Iterable[str] | None], positions: Mapping[str, int]) -> Gold:
        """The gold of documents whose tags are ids (``None``: nobody looked, so none)."""
        unknown: dict[str, int] = {}
        numbered = []
        for row in rows:
            ids = dict.fromkeys(row or ())
            for tag in ids:
                if tag not in positions:
                    unknown.setdefault(tag, ELSEWHERE - 1 - len(unknown))
            numbered.append(np.array([positions.get(tag, unknown.get(tag)) for tag in ids], dtype=np.int64))
        return _packed(numbered)

    @staticmethod
    def from_lists(
        rows: Sequence[NDArray[np.integer] | Sequence[int]], sizes: NDArray[np.integer] | Sequence[int] | None = None
    ) -> Gold:
        """The gold of documents whose tags are positions.

        ``sizes`` (n_documents,): how many tags each one has, those that the vocabulary lacks included; each of these
        is taken for a tag of its own. Raises `InputError` where a document has more positions than that.
        """
        given = [np.unique(np.asarray(row, dtype=np.int64)) for row in rows]
        known = np.array([len(row) for row in given], dtype=np.int64)
        missing = np.zeros_like(known) if sizes is None else np.asarray(sizes, dtype=np.int64) - known
        if (missing < 0).any():
            row = int(np.argmax(missing < 0))
            raise InputError(f"document {row} has {known[row]} gold tags, more than its stated number of them")
        ends = ELSEWHERE - np.cumsum(missing)
        return _packed(
            [np.concatenate([np.arange(end, end + n), row]) for row, end, n in zip(given, ends, missing, strict=True)]
        )

    @staticmethod
    def from_matrix(matrix: csr_array, sizes: NDArray[np.integer] | Sequence[int] | None = None) -> Gold:
        """The gold of the matrix ``Y`` (n_documents, n_tags), whose non-zeros are the tags; ``sizes`` as above."""
        matrix = csr_array(matrix)
        matrix.eliminate_zeros()
        return Gold.from_lists(np.split(matrix.indices, matrix.indptr[1:-1]) if matrix.shape[0] else [], sizes)


def _packed(rows: list[Ints]) -> Gold:
    offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    empty = np.empty(0, dtype=np.int64)
    return Gold(offsets, np.concatenate([empty, *(np.sort(row) for row in rows)]))
