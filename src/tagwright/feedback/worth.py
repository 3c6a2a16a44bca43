"""What a look at a waiting document is worth: how much better the others would be suggested for, a decision.

Expected loss reduction with a proper score (Tan, Du and Buntine, "Diversity enhanced active learning with strictly
proper scoring rules", NeurIPS 2021; with Beta scores for many labels: Tan et al., "Harnessing the power of Beta scoring
in deep active learning for multi-label text classification", AAAI 2024) asks of every document how much the expected
score of the other waiting ones would rise if it were tagged, and picks documents whose vectors of such changes differ.
To train anew for each is out of the question here, and not needed: what a decided document changes before the next
training is that `graph` and `centroids` find its tags for documents like it, the more the more alike.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.recall.points import sparse, turned
from tagwright.recall.products import unit_rows
from tagwright.recall.spaces import WordSpace
from tagwright.store.queued import Place
from tagwright.tagger import Tagger
from tagwright.types import Document

# Of a document so many of its weightiest stems are remembered, 6 bytes each.
_STEMS = 64
_STORED = np.dtype([("stem", "<i4"), ("weight", "<f2")])
# The documents whose gain is looked at: an even sample of them all, as large as the estimate needs.
_SAMPLED = 3000
# So many are chosen one after the other, each in view of those before: more than are decided until then.
_CHOSEN = 500
_BLOCK = 256


def points(tagger: Tagger, documents: Sequence[Document]) -> tuple[list[bytes], NDArray[np.float32]]:
    """What is remembered of the place of each document, and its similarity to the nearest one that was learned from.

    Empty where the tagger has learned from no documents: then it has no words either.
    """
    assembly = tagger.assembly
    space = next((name for name in assembly.used_spaces() if isinstance(assembly.spaces[name], WordSpace)), None)
    if space is None or not assembly.informed:
        return [b""] * len(documents), np.zeros(len(documents), dtype=np.float32)
    rows = sp.csr_matrix(assembly.spaces[space].documents(documents))
    near = np.zeros(len(documents), dtype=np.float32)
    for piece, alive in assembly.shelves[space].pieces():
        product = rows @ turned(piece.points)
        assert sparse(product)
        if alive is not None:
            product.data *= alive[product.indices]
        near = np.maximum(near, product.max(axis=1).toarray().ravel())
    return [_stored(rows[number]) for number in range(len(documents))], near


def gains(places: Sequence[Place]) -> dict[str, float]:
    """{document: gain} of the open ones of these places; one that somebody has begun with is learned from already: 0.

    A document is worth Σ max(0, s(x, x') - c(x')) over the others x', by the effort that it takes: s the cosine of the
    words, c the highest one of x' with any document that is learned from. The first is chosen, c rises, and so on:
    after a document those like it are worth less. The sum is monotone and submodular (facility location), so the greedy
    choice is at least 63 % of the best one (Nemhauser, Wolsey and Fisher 1978), and a bound found earlier stays one.
    """
    fresh = [place for place in places if not place.known]
    begun = {place.document: 0.0 for place in places if place.known and place.open}
    if not fresh:
        return begun
    return {**_Choice(fresh, [place for place in places if place.known]).gains(), **begun}


class _Choice:
    """Documents chosen one after the other, each in view of those before."""

    def __init__(self, places: Sequence[Place], known: Sequence[Place]) -> None:
        self._places = places
        rows = _read([*places, *known])
        self._rows = rows[: len(places)]
        self._sample = np.arange(0, len(places), -(-len(places) // _SAMPLED))
        self._share = len(self._sample) / len(places)
        self._others = turned(self._rows[self._sample])
        self._near = np.array([place.near for place in places], dtype=np.float32)
        self._lack = np.array([place.lack for place in places], dtype=np.float32)
        self._effort = np.array([place.effort for place in places])
        for start in range(len(places), rows.shape[0], _BLOCK):
            self._cover(rows[start : start + _BLOCK])

    def _cover(self, rows: sp.csr_matrix) -> None:
        """These are learned from: what is like them gains less by others."""
        product = (self._rows @ turned(rows)).max(axis=1).toarray().ravel()
        self._near = np.maximum(self._near, product)

    def gains(self) -> dict[str, float]:
        """{document: gain}; what was not chosen is worth no more than the last one that was."""
        bounds = np.concatenate([self._worth(part) for part in self._blocks()])
        heap = [(-bound, number) for number, bound in enumerate(bounds.tolist())]
        heapq.heapify(heap)
        chosen: dict[int, float] = {}
        while heap and len(chosen) < _CHOSEN:
            _, number = heapq.heappop(heap)
            now = float(self._worth(np.array([number]))[0])
            if heap and now < -heap[0][0]:
                heapq.heappush(heap, (-now, number))
                continue
            chosen[number] = now
            self._cover(self._rows[[number]])
        last = min(chosen.values(), default=0.0)
        rest = {number: min(-bound, last) for bound, number in heap}
        return {self._places[number].document: gain for number, gain in {**chosen, **rest}.items()}

    def _blocks(self) -> list[NDArray[np.int64]]:
        every = np.arange(len(self._places))
        return np.array_split(every, range(_BLOCK, len(every), _BLOCK))

    def _worth(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """What these are worth now. A document counts for itself, too, as much as another one does in the sample."""
        product = (self._rows[numbers] @ self._others).toarray()
        product[numbers[:, None] == self._sample[None, :]] = 0
        more = np.maximum(product - self._near[self._sample], 0) @ self._lack[self._sample]
        own = np.maximum(1 - self._near[numbers], 0) * self._lack[numbers] * self._share
        found: NDArray[np.float64] = (more + own) / self._effort[numbers] / max(len(self._sample), 1)
        return found


def _stored(row: sp.csr_matrix) -> bytes:
    """The weightiest stems of a row."""
    kept = np.sort(np.argsort(-row.data, kind="stable")[:_STEMS])
    said = np.empty(len(kept), dtype=_STORED)
    said["stem"], said["weight"] = row.indices[kept], row.data[kept]
    return said.tobytes()


def _read(places: Sequence[Place]) -> sp.csr_matrix:
    """(n_places, n_stems) rows of length 1 of what `points` remembered."""
    said = [np.frombuffer(place.point, dtype=_STORED) for place in places]
    flat = np.concatenate([np.empty(0, dtype=_STORED), *said])
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in said])]).astype(np.int64)
    shape = (len(places), int(flat["stem"].max(initial=0)) + 1)
    return unit_rows(sp.csr_matrix((flat["weight"].astype(np.float32), flat["stem"], offsets), shape=shape))
