"""How tags go together: counts of a table, and what they say of a candidate beside tags that are likely already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats, Ints

COLUMNS = ("together.pmi", "together.conditional", "together.set")
# Two positions make one number to look up: the lower one times this, and the higher one.
_APART = np.int64(1) << 32
_BLOCK = 256
_P = "_likelihood"

Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Together:
    """Counts of ``documents``: ``tags`` (m,) ascending, carried by ``carried`` (m,); ``pairs`` (p,) ascending, two
    tags each, carried together by ``both`` (p,). Memory: one number for each two tags that were seen together.
    """  # noqa: D205

    documents: int
    tags: Ints
    carried: Counts
    pairs: Counts
    both: Counts

    @classmethod
    def of(cls, candidates: Candidates, right: NDArray[np.bool_]) -> Self:
        """Counts the ``right`` (n_pairs,) pairs of a table: tags that no channel found are not looked at."""
        tags, places = np.unique(candidates.tags[right], return_inverse=True)
        rows = candidates.documents[right]
        shape = (candidates.n_documents, len(tags))
        carries = sp.csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, places)), shape=shape)
        both = sp.triu(carries.T @ carries, k=1).tocoo()
        pairs = tags[both.row].astype(np.int64) * _APART + tags[both.col]
        order = np.argsort(pairs)
        carried = np.bincount(places, minlength=len(tags))
        return cls(candidates.n_documents, tags.astype(np.int32), carried, pairs[order], both.data[order])

    def columns(self, candidates: Candidates, likely: Floats, *, most: int, smoothing: float) -> dict[str, Floats]:
        """{name in `COLUMNS`: (n_pairs,)}, about each candidate i and the ``most`` others j that are likeliest.

        ``likely`` (n_pairs,), p below, is in [0, 1]. PMI(i, j) = ln((n_ij + s) / (n_i n_j / n + s)) with the
        ``smoothing`` s, which draws tags that were hardly seen towards 0. ``pmi``: the sum of p_j PMI(i, j);
        ``conditional``: the highest p_j n_ij / (n_j + s); ``set``: the mean PMI of all two tags of the set that i makes
        with the others, weighted by their p, that of i being 1. NaN where i was never seen.
        """
        found: dict[str, Floats] = {name: np.empty(candidates.n_pairs, dtype=np.float32) for name in COLUMNS}
        for place, block in _blocks(candidates.with_columns({_P: likely})):
            beside = _Beside(self, block, most, smoothing)
            for name, values in zip(COLUMNS, beside.said(), strict=True):
                found[name][place] = np.where(self._n(block.tags) > 0, values, np.nan)
        return found

    def save(self, folder: Path) -> None:
        """Writes the counts as npy."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("tags", "carried", "pairs", "both"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / "together.json").write_text(json.dumps({"format": 1, "documents": self.documents}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what `save` wrote; the pairs are mapped."""
        said = json.loads((folder / "together.json").read_text(encoding="utf-8"))
        small = (np.load(folder / f"{name}.npy") for name in ("tags", "carried"))
        large = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("pairs", "both"))
        return cls(int(said["documents"]), *small, *large)

    def _n(self, tags: NDArray[np.integer]) -> Counts:
        """How many documents carry each of these tags; 0 for -1."""
        return _looked_up(self.tags, self.carried, tags)

    def _pmi(self, one: NDArray[np.integer], other: NDArray[np.integer], smoothing: float) -> tuple[Doubles, Counts]:
        """(PMI, n_ij) of two tags each."""
        low, high = np.minimum(one, other).astype(np.int64), np.maximum(one, other)
        both = np.where(low < 0, 0, _looked_up(self.pairs, self.both, low * _APART + high))
        expected = self._n(one) * self._n(other) / max(self.documents, 1)
        return np.log((both + smoothing) / (expected + smoothing)), both


class _Beside:
    """The candidates of some documents beside their likeliest ones; ``weights`` (n_documents, most), 0 = none there."""

    def __init__(self, known: Together, block: Candidates, most: int, smoothing: float) -> None:
        self._known, self._block, self._smoothing = known, block, smoothing
        rank, p = block.rank(_P), block.column(_P).astype(np.float64)
        best = rank < most
        shape = (block.n_documents, most)
        self._tags, self._weights = np.full(shape, -1, dtype=np.int64), np.zeros(shape)
        where = block.documents[best], rank[best].astype(np.int64)
        self._tags[where], self._weights[where] = block.tags[best], p[best]

    def said(self) -> tuple[Doubles, Doubles, Doubles]:
        """The three columns, (n_pairs,) each."""
        owners, own = self._block.documents, self._block.tags[:, None]
        others = self._tags[owners]
        weights = np.where(others == own, 0.0, self._weights[owners])
        pmi, both = self._known._pmi(own, others, self._smoothing)
        conditional = (weights * both / (self._known._n(others) + self._smoothing)).max(axis=1, initial=0.0)
        total = (weights * pmi).sum(axis=1)
        sums, parts = self._sets()
        # Of a likely candidate the pairs with itself are counted anew, with a weight of 1.
        itself = others == own
        rest, share = sums[owners].sum(axis=1) / 2, parts[owners].sum(axis=1) / 2
        rest -= np.where(itself, sums[owners], 0.0).sum(axis=1)
        share -= np.where(itself, parts[owners], 0.0).sum(axis=1)
        share = np.maximum(share, 0.0) + weights.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return total, conditional, np.where(share > 0, (rest + total) / share, np.nan)

    def _sets(self) -> tuple[Doubles, Doubles]:
        """(n_documents, most) of each likely tag the sums of p_j p_k PMI(j, k), and of p_j p_k, over the others."""
        tags, weights = self._tags, self._weights
        pmi, _ = self._known._pmi(tags[:, :, None], tags[:, None, :], self._smoothing)
        both = weights[:, :, None] * weights[:, None, :] * ~np.eye(tags.shape[1], dtype=np.bool_)
        return (both * pmi).sum(axis=2), both.sum(axis=2)


def _looked_up(known: NDArray[np.integer], values: Counts, wanted: NDArray[np.integer]) -> Counts:
    """The value of each wanted number among the ascending known ones; 0 where it is not known."""
    if not len(known):
        return np.zeros(wanted.shape, dtype=np.int64)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found: Counts = np.where(known[places] == wanted, values[places], 0)
    return found


def _blocks(candidates: Candidates) -> Iterator[tuple[slice, Candidates]]:
    """Some documents after the other, and where their pairs stand in the whole."""
    for start in range(0, candidates.n_documents, _BLOCK):
        stop = min(start + _BLOCK, candidates.n_documents)
        low, high = int(candidates.offsets[start]), int(candidates.offsets[stop])
        yield slice(low, high), candidates.slice(start, stop)
