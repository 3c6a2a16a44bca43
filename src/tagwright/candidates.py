"""The table that flows: (document, tag) pairs in CSR order with named columns of float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Offsets = NDArray[np.int64]

SEEN = "seen"
"""The column of the number of documents with the tag that the channels learned from; no channel's, so without a dot."""
LANGUAGE = "language"
"""The column of the document's language, as `tagwright.pipeline.assembly` numbers them; NaN = unknown."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidate tags of a batch of documents.

    ``offsets`` (n_documents+1,) int64; ``tags`` (n_pairs,) int32 vocabulary positions, ascending and without repeats
    within a document; ``columns`` {name: float32 (n_pairs,)}, where NaN means "this source did not say".
    Nothing here is ever written to: each method returns a new table.
    """

    offsets: Offsets
    tags: Ints
    columns: Mapping[str, Floats]

    @property
    def n_documents(self) -> int:
        """Number of documents, those without a pair included."""
        return len(self.offsets) - 1

    @property
    def n_pairs(self) -> int:
        """Number of (document, tag) pairs."""
        return len(self.tags)

    @property
    def documents(self) -> Offsets:
        """(n_pairs,) int64: the row number of each pair's document."""
        return np.repeat(np.arange(self.n_documents), np.diff(self.offsets))

    def column(self, name: str) -> Floats:
        """(n_pairs,) float32; all NaN where no stage has written that column."""
        if name in self.columns:
            return self.columns[name]
        return np.full(self.n_pairs, np.nan, dtype=np.float32)

    def with_columns(self, columns: Mapping[str, NDArray[np.generic]]) -> Candidates:
        """The table with these columns added or replaced; each (n_pairs,)."""
        added = {name: np.asarray(values, dtype=np.float32) for name, values in columns.items()}
        for name, values in added.items():
            assert values.shape == self.tags.shape, f"column {name}: {values.shape} for {self.tags.shape} pairs"
        return Candidates(self.offsets, self.tags, {**self.columns, **added})

    def where(self, keep: NDArray[np.bool_]) -> Candidates:
        """Only the pairs for which ``keep`` (n_pairs,) is true; documents stay, even without a pair."""
        kept = np.concatenate([[0], np.cumsum(keep)])
        return Candidates(kept[self.offsets], self.tags[keep], {n: c[keep] for n, c in self.columns.items()})

    def top(self, k: int, *, by: str) -> Candidates:
        """At most ``k`` pairs a document, those with the highest ``by``; NaN last, ties by tag position."""
        if self.n_pairs == 0 or np.diff(self.offsets).max() <= k:
            return self
        return self.where(self.rank(by) < k)

    def order(self, by: str, *, then: str | None = None) -> Offsets:
        """(n_pairs,) int64: pair numbers, document by document, falling ``by``, ties by falling ``then``, then tag."""
        keys: list[NDArray[np.generic]] = []
        for name in (then, by):
            if name is not None:
                values = self.column(name)
                keys.append(np.where(np.isnan(values), np.float32(np.inf), -values))
        return np.lexsort((self.tags, *keys, self.documents))

    def rank(self, by: str, *, then: str | None = None) -> Offsets:
        """(n_pairs,) int64: place of each pair within its document, 0 = highest ``by``."""
        places = np.empty(self.n_pairs, dtype=np.int64)
        places[self.order(by, then=then)] = np.arange(self.n_pairs) - np.repeat(
            self.offsets[:-1], np.diff(self.offsets)
        )
        return places

    def slice(self, start: int, stop: int) -> Candidates:
        """The documents ``start`` to ``stop`` (exclusive) as a table of their own."""
        low, high = self.offsets[start], self.offsets[stop]
        columns = {name: values[low:high] for name, values in self.columns.items()}
        return Candidates(self.offsets[start : stop + 1] - low, self.tags[low:high], columns)

    def take(self, documents: Sequence[int] | NDArray[np.integer]) -> Candidates:
        """The table of these document rows, in this order."""
        rows = np.asarray(documents, dtype=np.int64)
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        pairs = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Candidates(offsets, self.tags[pairs], {n: c[pairs] for n, c in self.columns.items()})

    def right(self, gold: Sequence[NDArray[np.integer]]) -> NDArray[np.bool_]:
        """(n_pairs,) bool: whether a pair's tag is among its document's ``gold`` positions."""
        sizes = [len(tags) for tags in gold]
        rows = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
        flat = np.concatenate([np.empty(0, dtype=np.int64), *gold])
        return np.isin(self.documents << 32 | self.tags, rows << 32 | flat)

    @staticmethod
    def from_pairs(
        n_documents: int,
        documents: NDArray[np.integer],
        tags: NDArray[np.integer],
        columns: Mapping[str, NDArray[np.generic]],
    ) -> Candidates:
        """A table from loose pairs in any order; each pair may occur once."""
        order = np.lexsort((tags, documents))
        counts = np.bincount(documents, minlength=n_documents)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        kept = {name: np.asarray(values, dtype=np.float32)[order] for name, values in columns.items()}
        return Candidates(offsets, np.asarray(tags, dtype=np.int32)[order], kept)

    @staticmethod
    def empty(n_documents: int, columns: Sequence[str] = ()) -> Candidates:
        """A table of ``n_documents`` documents without a pair."""
        none = np.empty(0, dtype=np.float32)
        return Candidates(
            np.zeros(n_documents + 1, dtype=np.int64), np.empty(0, dtype=np.int32), {c: none for c in columns}
        )

    @staticmethod
    def merge(tables: Sequence[Candidates]) -> Candidates:
        """The union of several channels' pairs over the same documents, their columns side by side."""
        assert len({table.n_documents for table in tables}) == 1, "channels answered for different documents"
        n_documents = tables[0].n_documents
        keys = [table.documents << 32 | table.tags for table in tables]
        union = np.unique(np.concatenate(keys))
        columns: dict[str, Floats] = {}
        for table, key in zip(tables, keys, strict=True):
            places = np.searchsorted(union, key)
            for name, values in table.columns.items():
                assert name not in columns, f"two channels write the column {name!r}"
                columns[name] = np.full(len(union), np.nan, dtype=np.float32)
                columns[name][places] = values
        offsets = np.searchsorted(union, np.arange(n_documents + 1, dtype=np.int64) << 32)
        return Candidates(offsets.astype(np.int64), (union & 0xFFFFFFFF).astype(np.int32), columns)

    @staticmethod
    def stack(tables: Sequence[Candidates]) -> Candidates:
        """Tables with the same columns over the same documents but about different tags, as one."""
        if len(tables) == 1:
            return tables[0]
        documents = np.concatenate([table.documents for table in tables])
        tags = np.concatenate([table.tags for table in tables])
        columns = {name: np.concatenate([t.columns[name] for t in tables]) for name in tables[0].columns}
        return Candidates.from_pairs(tables[0].n_documents, documents, tags, columns)

    @staticmethod
    def concat(tables: Sequence[Candidates]) -> Candidates:
        """Tables of consecutive documents, one below the other; a column that one lacks is NaN there."""
        names = list(dict.fromkeys(name for table in tables for name in table.columns))
        starts = np.cumsum([0] + [table.n_pairs for table in tables])
        pieces = [table.offsets[:-1] + start for table, start in zip(tables, starts, strict=False)]
        offsets = np.concatenate([*pieces, starts[-1:]]).astype(np.int64)
        tags = np.concatenate([table.tags for table in tables])
        return Candidates(offsets, tags, {n: np.concatenate([t.column(n) for t in tables]) for n in names})
