"""Stems that look alike: compounds, inflections and misspellings, by shared character n-grams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

_SIZES = (3, 4)
_SHORTEST = 5  # shorter stems look like too many others
_COMMON = 0.01  # an n-gram in more than this share of the stems tells little and costs much
Found = list[tuple[int, float]]


@dataclass(eq=False)
class Variants:
    """For a stem that no label has: the labels' stems most like it, by the cosine of their n-grams.

    ``stems`` are the labels' stems, numbered by place; at most ``most`` variants with a cosine over ``floor``.
    """

    stems: Sequence[str]
    most: int = 3
    floor: float = 0.55

    def __post_init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._grams: dict[str, int] | None = None

    def of(self, stems: Iterable[str]) -> dict[str, Found]:
        """{stem: [(number, cosine in (0, 1]), …]} for these unknown stems; remembered."""
        wanted = list(dict.fromkeys(stems))
        fresh = [stem for stem in wanted if stem not in self._found]
        for stem in fresh:
            self._found[stem] = []
        words = [stem for stem in fresh if len(stem) >= _SHORTEST and stem.isalpha()]
        if words and self.stems:
            self._look(words)
        return {stem: self._found[stem] for stem in wanted}

    def _look(self, words: list[str]) -> None:
        product = (self._rows(words) @ self._index()).tocsr()
        product.sort_indices()
        for row, word in enumerate(words):
            low, high = product.indptr[row], product.indptr[row + 1]
            values, columns = product.data[low:high], product.indices[low:high]
            order = np.argsort(-values, kind="stable")[: self.most]
            self._found[word] = [(int(columns[i]), float(values[i])) for i in order if values[i] > self.floor]

    def _index(self) -> sp.csr_matrix:
        """(n_grams, n_stems): the labels' stems, transposed; built at the first unknown word."""
        if self._grams is None:
            counts: dict[str, int] = {}
            for stem in self.stems:
                for gram in set(_grams(stem)) if len(stem) >= _SHORTEST else ():
                    counts[gram] = counts.get(gram, 0) + 1
            most = max(50, int(_COMMON * len(self.stems)))
            kept = [gram for gram, count in counts.items() if count <= most]
            self._grams = {gram: number for number, gram in enumerate(kept)}
            self._idf = np.log(len(self.stems) / np.array([counts[gram] for gram in kept] or [1])).astype(np.float32)
            self._columns = self._rows(self.stems).T.tocsr()
        return self._columns

    def _rows(self, words: Sequence[str]) -> sp.csr_matrix:
        if self._grams is None:
            self._index()
        known = self._grams or {}
        rows = [[known[gram] for gram in set(_grams(word)) if gram in known] for word in words]
        sizes = np.array([len(row) for row in rows])
        columns = np.array([number for row in rows for number in sorted(row)], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        data = self._idf[columns] + np.float32(1)
        lengths = np.ones(len(rows))
        filled = np.flatnonzero(sizes)
        if len(filled):
            lengths[filled] = np.sqrt(np.add.reduceat(data.astype(np.float64) ** 2, offsets[filled]))
        scaled = (data / np.repeat(lengths, sizes)).astype(np.float32)
        return sp.csr_matrix((scaled, columns, offsets), shape=(len(rows), len(known)))


def _grams(stem: str) -> list[str]:
    framed = f"^{stem}$"
    return [framed[i : i + size] for size in _SIZES for i in range(len(framed) - size + 1)]
