"""Labels as rows of weighted stems, and the share of each that a document has."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Floats
from tagwright.recall.labels import LabelTable
from tagwright.recall.products import Pairs, best, product, spread
from tagwright.recall.variants import Variants
from tagwright.text.tokens import Analysis, Analyzer, TermNumbers

# A stem of very many labels ("system", "theory") finds nothing by itself: it only counts once a label is found.
_COMMON_SHARE, _COMMON_LEAST = 0.02, 1000


@dataclass(frozen=True)
class Words:
    """(n_documents, n_stems) float32: 1 where a document has a stem, less where it has one like it."""

    text: sp.csr_matrix
    title: sp.csr_matrix


class NameIndex:
    """One label table, weighted by the ``rarity`` (n_stems,) of its stems.

    ``variants``: those of the table's stems; ``None``: only the stems themselves count.
    """

    def __init__(
        self,
        table: LabelTable,
        rarity: NDArray[np.float32],
        *,
        variants: Variants | None,
    ) -> None:
        self._table, self._rarity = table, rarity
        self._terms, self._offsets = np.asarray(table.terms), np.asarray(table.offsets)
        self._tags = np.asarray(table.tags)
        weights = rarity[self._terms]
        totals = np.concatenate([[0.0], np.cumsum(weights, dtype=np.float64)])
        self._mass = (totals[self._offsets[1:]] - totals[self._offsets[:-1]]).astype(np.float32)
        self._alive = np.ones(len(self._tags), dtype=bool)
        self._variants = variants
        # Several labels of one tag may be among the best: look deeper where tags have several.
        self._depth = 3 if np.any(self._tags[1:] == self._tags[:-1]) else 1  # they ascend
        self._starts: NDArray[np.int64] | None = None
        self._index: sp.csr_matrix | None = None

    def living(self, alive: NDArray[np.bool_]) -> NameIndex:
        """The same labels, of which only those count that are ``alive`` (n_labels,); nothing is made anew."""
        self._by_stem()
        other = copy(self)
        other._alive = alive
        return other

    def words(self, analysis: Analysis, numbers: TermNumbers, analyzer: Analyzer) -> Words:
        """What the documents have of the labels' stems."""
        terms = numbers(analysis.tokens)
        known = np.flatnonzero(terms >= 0)
        places, stems, weights = self._alike(analysis, terms, analyzer)
        places, stems = np.concatenate([known, places]), np.concatenate([terms[known], stems])
        weights = np.concatenate([np.ones(len(known), dtype=np.float32), weights])
        rows, titled, n = analysis.documents[places], analysis.in_title[places], len(analysis.lengths)
        return Words(
            self._matrix(rows, stems, weights, n), self._matrix(rows[titled], stems[titled], weights[titled], n)
        )

    def best(self, words: Words, k: int) -> Pairs:
        """(rows, tags): at least the ``k`` best tags of each document, by the best of their labels."""
        index = self._by_stem()
        score, title = product(words.text, index), product(words.title, index)
        score.data = _cubed(score.data) * np.sqrt(self._mass[score.indices])
        title.data = title.data**2 * self._mass[title.indices]
        self._add(title, score)
        score.data *= self._alive[score.indices]
        rows, labels, scores = best(score, k * self._depth)
        rows, labels = rows[scores > 0], labels[scores > 0]
        keys = np.unique(rows << 32 | self._tags[labels])
        return keys >> 32, keys & 0xFFFFFFFF

    def shares(self, words: Words, rows: NDArray[np.int64], tags: NDArray[np.int32]) -> dict[str, Floats]:
        """``title``, ``text``, ``mass`` and ``score`` (n_pairs,) of each pair's best label; NaN without a label."""
        pair, label = self._labels_of(tags)
        alive = self._alive[label]
        pair, label = pair[alive], label[alive]
        found = {
            "title": self._share(words.title, rows[pair], label),
            "text": self._share(words.text, rows[pair], label),
        }
        mass = self._mass[label]
        found["mass"] = mass
        found["score"] = _cubed(found["text"]) * np.sqrt(mass) + found["title"] ** 2 * mass
        order = np.lexsort((-found["score"], pair))
        firsts = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
        result = {part: np.full(len(tags), np.nan, dtype=np.float32) for part in ("score", "title", "text", "mass")}
        for part, values in result.items():
            values[pair[firsts]] = found[part][firsts]
        return result

    def shared(self, words: Words, tag: int) -> tuple[float, list[str]] | None:
        """For a batch of one: (share, stems) of the tag's best label; None where the tag is not in this table."""
        _, labels = self._labels_of(np.array([tag]))
        labels = labels[self._alive[labels]]
        if len(labels) == 0:
            return None
        shares = self._share(words.text, np.zeros(len(labels), dtype=np.int64), labels)
        label = int(labels[int(np.argmax(shares))])
        terms = self._terms[self._offsets[label] : self._offsets[label + 1]]
        held = np.isin(terms, words.text.indices[words.text.data > 0])
        return float(shares.max()), [self._table.stems[term] for term in terms[held]]

    def _add(self, part: sp.csr_matrix, whole: sp.csr_matrix) -> None:
        """Adds what is stored in ``part`` to what is stored at the same places of ``whole``, which has them all."""
        row = np.zeros(whole.shape[1], dtype=np.float32)
        for n in np.flatnonzero(np.diff(part.indptr)):
            columns = part.indices[part.indptr[n] : part.indptr[n + 1]]
            row[columns] = part.data[part.indptr[n] : part.indptr[n + 1]]
            low, high = whole.indptr[n], whole.indptr[n + 1]
            whole.data[low:high] += row[whole.indices[low:high]]
            row[columns] = 0

    def _share(self, held: sp.csr_matrix, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        pair, entry = spread(self._offsets, labels)
        terms = self._terms[entry]
        stored = np.repeat(np.arange(held.shape[0], dtype=np.int64), np.diff(held.indptr)) << 32 | held.indices
        wanted = rows[pair] << 32 | terms
        places = np.minimum(np.searchsorted(stored, wanted), max(len(stored) - 1, 0))
        hit = stored[places] == wanted if len(stored) else np.zeros(len(wanted), dtype=bool)
        weights = np.where(hit, held.data[places] if len(stored) else 0, 0) * self._rarity[terms]
        sums = np.bincount(pair, weights, minlength=len(labels))
        shares: NDArray[np.float64] = sums / np.maximum(self._mass[labels], 1e-9)
        return shares.astype(np.float32)

    def _alike(
        self, analysis: Analysis, terms: NDArray[np.int32], analyzer: Analyzer
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """(places in the analysis, stems, weights) that unknown words of the documents stand for."""
        unknown = np.flatnonzero(terms < 0) if self._variants else np.empty(0, dtype=np.int64)
        numbers, inverse = np.unique(analysis.tokens[unknown], return_inverse=True)
        stems = analyzer.stems(numbers)
        variants = self._variants.of(stems) if self._variants else {}
        edges = np.concatenate([[0], np.cumsum([len(variants[stem]) for stem in stems])]).astype(np.int64)
        flat = [pair for stem in stems for pair in variants[stem]]
        owner, entry = spread(edges, inverse)
        alike = np.array([stem for stem, _ in flat], dtype=np.int32)
        weights = np.array([weight for _, weight in flat], dtype=np.float32)
        return unknown[owner], alike[entry], weights[entry]

    def _matrix(
        self, rows: NDArray[np.int64], stems: NDArray[np.int32], weights: NDArray[np.floating], n_rows: int
    ) -> sp.csr_matrix:
        """The highest weight of each (row, stem)."""
        keys = rows << 32 | stems
        order = np.argsort(keys, kind="stable")
        unique, starts = np.unique(keys[order], return_index=True)
        data = np.maximum.reduceat(weights[order], starts) if len(unique) else np.empty(0)
        offsets = np.searchsorted(unique, np.arange(n_rows + 1, dtype=np.int64) << 32)
        columns = (unique & 0xFFFFFFFF).astype(np.int32)
        return sp.csr_matrix((data.astype(np.float32), columns, offsets), shape=(n_rows, len(self._table.stems)))

    def _by_stem(self) -> sp.csr_matrix:
        """(n_stems, n_labels): each label's stems by their share of its weight; common stems are left out."""
        if self._index is None:
            carriers = np.bincount(self._terms, minlength=len(self._table.stems))
            common = carriers > max(_COMMON_LEAST, _COMMON_SHARE * len(self._tags))
            owner = np.repeat(np.arange(len(self._tags)), np.diff(self._offsets))
            data = self._rarity[self._terms] / np.maximum(self._mass[owner], 1e-9)
            data = np.where(common[self._terms], np.float32(0), data)
            rows = sp.csr_matrix(
                (data.astype(np.float32), self._terms, self._offsets), shape=(len(self._tags), len(self._table.stems))
            )
            index = rows.T.tocsr()
            index.eliminate_zeros()
            self._index = index  # only when it is finished: other threads may be waiting for it
        return self._index

    def _labels_of(self, tags: NDArray[np.integer]) -> Pairs:
        """(which of ``tags``, label) of all their labels; tags after the last one of the table have none."""
        starts = self._starts
        if starts is None:
            last = int(self._tags[-1]) if len(self._tags) else -1
            starts = self._starts = np.searchsorted(self._tags, np.arange(last + 3)).astype(np.int64)
        return spread(starts, np.minimum(tags, len(starts) - 2))


def _cubed(values: Floats) -> Floats:
    """A third of the time of ``values**3``, which numpy leaves to a general power."""
    return values * values * values
