"""Stems that look alike: compounds, inflections and misspellings, by shared character n-grams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

_SIZES = (3, 4)
_FRAME = "^$"  # marks where a stem begins and ends
_SHORTEST = 5  # shorter stems look like too many others
_COMMON = 0.01  # an n-gram in more than this share of the stems tells little and costs much
Found = list[tuple[int, float]]


_BITS = 16  # of a character's number: four of them fit into one key
_Pairs = tuple[NDArray[np.int64], NDArray[np.uint64]]


@dataclass(frozen=True)
class _Grams:
    """The labels' stems by their n-grams: keys (ascending) and idf of the n-grams, and (n_grams, n_stems) CSR."""

    letters: NDArray[np.uint32]
    keys: NDArray[np.uint64]
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
        product = (_rows(len(words), _keys(words, grams.letters), grams.keys, grams.idf) @ grams.stems).tocsr()
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
            letters = np.unique(_characters([*self.stems, _FRAME]))
            owners, keys = _keys(self.stems, letters)
            long = np.array([len(stem) >= _SHORTEST for stem in self.stems])
            known, counts = np.unique(keys[long[owners]], return_counts=True)
            few = counts <= max(50, int(_COMMON * len(self.stems)))
            known, idf = known[few], np.log(len(self.stems) / counts[few]).astype(np.float32)
            stems = _rows(len(self.stems), (owners, keys), known, idf).T.tocsr()
            self._grams = _Grams(letters, known, idf, stems)
        return self._grams


def _rows(n: int, pairs: _Pairs, known: NDArray[np.uint64], idf: NDArray[np.float32]) -> sp.csr_matrix:
    """(n_words, n_grams): rows of length 1, an n-gram weighing 1 + its idf; unknown ones left out."""
    owners, keys = pairs
    places = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    held = known[places] == keys if len(known) else np.zeros(len(keys), dtype=bool)
    owners, columns = owners[held], places[held]
    data = idf[columns] + np.float32(1)
    lengths = np.sqrt(np.bincount(owners, data.astype(np.float64) ** 2, minlength=n))
    scaled = (data / lengths[owners]).astype(np.float32)
    offsets = np.searchsorted(owners, np.arange(n + 1))
    return sp.csr_matrix((scaled, columns, offsets), shape=(n, len(known)))


def _keys(words: Sequence[str], letters: NDArray[np.uint32]) -> _Pairs:
    """(word, key) of the distinct n-grams of each word, its ends marked; by word, then key.

    Without a Python object for each: a vocabulary of a million tags has millions of them. A key is the numbers of the
    characters side by side; those of characters beyond 65,534, which no real vocabulary has, share one.
    """
    characters = _characters([f"{_FRAME[0]}{word}{_FRAME[1]}" for word in words])
    places = np.minimum(np.searchsorted(letters, characters), len(letters) - 1)
    numbers = np.where(letters[places] == characters, np.minimum(places + 1, (1 << _BITS) - 1), 0).astype(np.uint64)
    owner = np.repeat(np.arange(len(words)), [len(word) + len(_FRAME) for word in words])
    owners, keys = [], []
    for size in _SIZES:
        first = np.arange(max(len(owner) - size + 1, 0))
        first = first[owner[first] == owner[first + size - 1]]
        key, known = np.zeros(len(first), dtype=np.uint64), np.ones(len(first), dtype=bool)
        for step in range(size):
            key = key << np.uint64(_BITS) | numbers[first + step]
            known &= numbers[first + step] > 0
        owners.append(owner[first][known])
        keys.append(key[known])
    both = np.concatenate(owners), np.concatenate(keys)
    order = np.lexsort(both[::-1])
    found, key = both[0][order], both[1][order]
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = (found[1:] != found[:-1]) | (key[1:] != key[:-1])
    return found[fresh], key[fresh]


def _characters(words: Sequence[str]) -> NDArray[np.uint32]:
    """The code points of all words, one after the other."""
    return np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
