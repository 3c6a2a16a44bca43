"""Stems that look alike: compounds, inflections and misspellings, by shared character n-grams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

_SIZES = (3, 4)
_SHORTEST = 5  # shorter stems look like too many others
_COMMON = 0.01  # an n-gram in more than this share of the stems tells little and costs much
Found = list[tuple[int, float]]


@dataclass(frozen=True)
class _Grams:
    """The labels' stems by their n-grams: numbers and idf of the n-grams, and (n_grams, n_stems) CSR."""

    numbers: dict[str, int]
    idf: NDArray[np.float32]
    stems: sp.csr_matrix


@dataclass(eq=False)
class Variants:
    """For a stem that no label has: the labels' stems most like it, by the cosine of their n-grams.

    ``stems`` are the labels' stems, numbered by place; at most ``most`` variants with a cosine over ``floor``.
    Safe for threads: what is remembered is always finished.
    """

    stems: Sequence[str]
    most: int = 3
    floor: float = 0.55

    def __post_init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._grams: _Grams | None = None

    def of(self, stems: Iterable[str]) -> dict[str, Found]:
        """{stem: [(number, cosine in (0, 1]), …]} for these unknown stems; remembered."""
        wanted = list(dict.fromkeys(stems))
        found = {stem: self._found[stem] for stem in wanted if stem in self._found}
        fresh = [stem for stem in wanted if stem not in found]
        if fresh:
            looked = self._look([stem for stem in fresh if len(stem) >= _SHORTEST and stem.isalpha()])
            found.update({stem: looked.get(stem, []) for stem in fresh})
            self._found.update({stem: found[stem] for stem in fresh})
        return found

    def _look(self, words: list[str]) -> dict[str, Found]:
        if not words or not self.stems:
            return {}
        grams = self._index()
        product = (_rows(words, grams.numbers, grams.idf) @ grams.stems).tocsr()
        product.sort_indices()
        found = {}
        for row, word in enumerate(words):
            low, high = product.indptr[row], product.indptr[row + 1]
            values, columns = product.data[low:high], product.indices[low:high]
            order = np.argsort(-values, kind="stable")[: self.most]
            found[word] = [(int(columns[i]), float(values[i])) for i in order if values[i] > self.floor]
        return found

    def _index(self) -> _Grams:
        """The labels' stems by n-gram; built at the first unknown word."""
        if self._grams is None:
            counts: dict[str, int] = {}
            for stem in self.stems:
                for gram in _grams(stem) if len(stem) >= _SHORTEST else ():
                    counts[gram] = counts.get(gram, 0) + 1
            most = max(50, int(_COMMON * len(self.stems)))
            numbers = {gram: number for number, gram in enumerate(g for g, count in counts.items() if count <= most)}
            idf = np.log(len(self.stems) / np.array([counts[gram] for gram in numbers] or [1])).astype(np.float32)
            self._grams = _Grams(numbers, idf, _rows(self.stems, numbers, idf).T.tocsr())
        return self._grams


def _rows(words: Sequence[str], numbers: dict[str, int], idf: NDArray[np.float32]) -> sp.csr_matrix:
    """(n_words, n_grams): rows of length 1, an n-gram weighing 1 + its idf."""
    rows = [[numbers[gram] for gram in _grams(word) if gram in numbers] for word in words]
    sizes = np.array([len(row) for row in rows])
    columns = np.array([number for row in rows for number in sorted(row)], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    data = idf[columns] + np.float32(1)
    lengths = np.ones(len(rows))
    filled = np.flatnonzero(sizes)
    if len(filled):
        lengths[filled] = np.sqrt(np.add.reduceat(data.astype(np.float64) ** 2, offsets[filled]))
    scaled = (data / np.repeat(lengths, sizes)).astype(np.float32)
    return sp.csr_matrix((scaled, columns, offsets), shape=(len(rows), len(numbers)))


def _grams(stem: str) -> list[str]:
    """The distinct n-grams of a stem, its ends marked, in order."""
    framed = f"^{stem}$"
    return list(dict.fromkeys(framed[i : i + size] for size in _SIZES for i in range(len(framed) - size + 1)))
