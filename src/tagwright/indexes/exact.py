"""All rows are compared with each query: exact, and up to 100,000 rows as quick as any other kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, FormatError, NotFittedError, ProjectError
from tagwright.indexes.base import Neighbours, Positions, Vectors

FORMAT = 1
_SETTINGS, _ROWS, _SCALES, _REMOVED = "exact.json", "rows.npy", "scales.npy", "removed.npy"

# Queries that are compared at once: the products of so many are as quick as those of more.
_QUERIES = 64
# Similarities that are held at a time: 64 MB.
_HELD = 16_000_000
# Rows kept as int8 that are widened to float32 at a time.
_WIDENED = 16_384
# Pairs of query and row that are compared again at a time.
_PAIRS = 16_384
# The relative error of one float32 product or sum.
_ROUNDING = 2.0**-24


@dataclass
class Exact:
    """The exact nearest rows, the same bits for every number of queries at once and of threads.

    A product of matrices is rounded according to its shape. So it only chooses: each row that could be among the
    ``k`` nearest, given how far rounding can reach, is compared again, always in the same order of addition.
    ``rows`` keeps vectors as ``float32``, or as ``int8`` with one scale a row: a quarter of the memory, and of the 50
    nearest rows 49.8 stay.
    """

    rows: Literal["float32", "int8"] = "float32"

    def build(self, vectors: Vectors) -> Self:
        """The index over these rows, (n, width) float32, which are kept, not copied; raises `ConfigError`."""
        if self.rows not in ("float32", "int8"):
            raise ConfigError(f"index 'exact' cannot keep rows as {self.rows!r}", hint="'float32' or 'int8'")
        self._use(_kept(vectors, self.rows), np.zeros(len(vectors), dtype=np.bool_))
        return self

    def search(self, vectors: Vectors, k: int) -> Neighbours:
        """The ``k`` most similar rows of each of (n_queries, width) float32; equally similar ones by position."""
        self._fitted()
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        k = min(k, len(self))
        step = max(1, min(_QUERIES, _HELD // max(1, len(self.removed_))))
        parts = [self._nearest(queries[start : start + step], k) for start in range(0, len(queries), step)]
        nothing = Neighbours(np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32))
        return Neighbours(*map(np.concatenate, zip(nothing, *parts, strict=True)))

    def add(self, vectors: Vectors) -> Positions:
        """(n,) int64: the positions that these rows got."""
        base, added = self._fitted()
        start = len(self.removed_)
        removed = np.concatenate([self.removed_, np.zeros(len(vectors), dtype=np.bool_)])
        self._use(base, removed, added.followed_by(_kept(vectors, self.rows)))
        return np.arange(start, start + len(vectors))

    def remove(self, positions: Sequence[int] | NDArray[np.integer]) -> None:
        """These rows are never found again; a position that is not there is ignored."""
        base, added = self._fitted()
        wanted = np.asarray(positions, dtype=np.int64)
        removed = self.removed_.copy()
        removed[wanted[(wanted >= 0) & (wanted < len(removed))]] = True
        self._use(base, removed, added)

    def __len__(self) -> int:
        """The number of rows that can be found."""
        self._fitted()
        return int(len(self.removed_) - np.count_nonzero(self.removed_))

    def save(self, folder: Path) -> None:
        """Writes ``exact.json``, ``rows.npy``, ``scales.npy`` and ``removed.npy``, with all that was added."""
        base, added = self._fitted()
        whole = base.followed_by(added) if len(added.values) else base
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in ((_ROWS, whole.values), (_SCALES, whole.scales), (_REMOVED, self.removed_)):
            # A new file: the old one may be what the rows are mapped from.
            (folder / name).unlink(missing_ok=True)
            np.save(folder / name, array, allow_pickle=False)
        said = {"format": FORMAT, "rows": self.rows}
        (folder / _SETTINGS).write_text(json.dumps(said) + "\n", encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """What `save` wrote, the rows mapped; raises `ProjectError` where the files do not fit together."""
        try:
            said = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            if said["format"] != FORMAT:
                raise FormatError(f"{folder / _SETTINGS}: format {said['format']!r}, this version reads {FORMAT}")
            values = np.load(folder / _ROWS, mmap_mode="r", allow_pickle=False)
            scales = np.load(folder / _SCALES, allow_pickle=False)
            removed = np.load(folder / _REMOVED, allow_pickle=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProjectError(f"the index in {folder} cannot be read: {error}", hint="train again") from error
        fits = values.ndim == 2 and len(values) == len(removed) == len(scales)
        if not fits or said["rows"] != values.dtype or removed.dtype != np.bool_:
            raise ProjectError(f"the files of the index in {folder} do not belong together", hint="train again")
        self.rows = said["rows"]
        self._use(Rows(values, scales), removed)
        return self

    def _use(self, base: Rows, removed: NDArray[np.bool_], added: Rows | None = None) -> None:
        self.base_, self.removed_ = base, removed
        self.added_ = added or Rows(base.values[:0], base.scales[:0])
        self._longest: float | None = None

    def _fitted(self) -> tuple[Rows, Rows]:
        if not hasattr(self, "base_"):
            raise NotFittedError("the index 'exact' holds nothing yet", hint="call build or load first")
        return self.base_, self.added_

    def _nearest(self, queries: Vectors, k: int) -> Neighbours:
        """The ``k`` nearest of at most `_QUERIES` queries."""
        if k == 0:
            return Neighbours(np.zeros((len(queries), 0), dtype=np.int64), np.zeros((len(queries), 0), np.float32))
        near, positions = np.nonzero(self._possible(queries, k))
        similarities = self._compared(queries, near, positions)
        order = np.lexsort((positions, -similarities, near))
        starts = np.searchsorted(near, np.arange(len(queries)))
        chosen = order[starts[:, None] + np.arange(k)]
        return Neighbours(positions[chosen], similarities[chosen])

    def _possible(self, queries: Vectors, k: int) -> NDArray[np.bool_]:
        """(n_queries, n): the rows that may be among the ``k`` nearest whatever the rounding of the products."""
        rough = np.empty((len(queries), len(self.removed_)), dtype=np.float32)
        for start, block in self._blocks():
            np.matmul(queries, block.T, out=rough[:, start : start + len(block)])
        rough[:, self.removed_] = -np.inf
        edge = np.partition(rough, rough.shape[1] - k, axis=1)[:, -k]
        # Both the edge and a row may be wrong by width * rounding, here and again when they are compared.
        reach = 4 * queries.shape[1] * _ROUNDING * self._longest_row()
        margin = reach * np.sqrt(np.einsum("ij,ij->i", queries, queries))
        found: NDArray[np.bool_] = rough >= (edge - margin)[:, None]
        return found

    def _longest_row(self) -> float:
        if self._longest is None:
            squares = [np.einsum("ij,ij->i", block, block).max(initial=0) for _, block in self._blocks()]
            self._longest = float(np.sqrt(max(squares, default=0)))
        return self._longest

    def _blocks(self) -> Iterator[tuple[int, Vectors]]:
        """(first position, rows as float32), all rows."""
        start = 0
        for part in self._fitted():
            step = len(part.values) if self.rows == "float32" else _WIDENED
            for low in range(0, len(part.values), max(1, step)):
                yield start + low, part.widened(slice(low, low + step))
            start += len(part.values)

    def _compared(self, queries: Vectors, near: Positions, positions: Positions) -> NDArray[np.float32]:
        """(n_pairs,): the similarity of a query and a row, each added up by itself."""
        base, added = self._fitted()
        found = np.empty(len(near), dtype=np.float32)
        for low in range(0, len(near), _PAIRS):
            here = slice(low, low + _PAIRS)
            rows = np.empty((len(near[here]), queries.shape[1]), dtype=np.float32)
            of_base = positions[here] < len(base.values)
            rows[of_base] = base.widened(positions[here][of_base])
            rows[~of_base] = added.widened(positions[here][~of_base] - len(base.values))
            found[here] = np.einsum("ij,ij->i", queries[near[here]], rows)
        return found


class Rows(NamedTuple):
    """``values`` (n, width), float32 or int8, and ``scales`` (n,) float32 that int8 values are multiplied by."""

    values: NDArray[np.generic]
    scales: NDArray[np.float32]

    def widened(self, places: slice | Positions) -> Vectors:
        """The rows at these places as float32."""
        values = np.asarray(self.values[places])
        if values.dtype == np.int8:
            return values.astype(np.float32) * self.scales[places][:, None]
        return values.astype(np.float32, copy=False)

    def followed_by(self, other: Rows) -> Rows:
        """These rows and then the other ones."""
        return Rows(np.concatenate([self.values, other.values]), np.concatenate([self.scales, other.scales]))


def _kept(vectors: Vectors, rows: str) -> Rows:
    """The vectors in the form in which they are kept."""
    values = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows == "float32":
        return Rows(values, np.ones(len(values), dtype=np.float32))
    largest = np.abs(values).max(axis=1, initial=0)
    scales = (largest / 127).astype(np.float32)
    steps = np.divide(values, scales[:, None], out=np.zeros_like(values), where=scales[:, None] > 0)
    return Rows(np.rint(steps).astype(np.int8), scales)
