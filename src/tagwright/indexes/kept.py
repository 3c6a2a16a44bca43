"""What the kinds share that keep their rows here: positions, growth, the comparing that decides, the files."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.cluster import packed, unpacked
from tagwright.errors import FormatError, NotFittedError, ProjectError
from tagwright.indexes.base import Neighbours, Positions, Vectors
from tagwright.indexes.rows import Form, Rows, Tail

FORMAT = 1
SETTINGS = "index.json"
_REMOVED = "removed.npy"

# Queries that are compared at once: the products of so many are as quick as those of more.
_QUERIES = 64
# Similarities that are held at a time: 64 MB.
_HELD = 16_000_000
# Pairs of query and row that are compared again at a time.
_PAIRS = 16_384
# Rows a heap, and heaps for each row that is asked for, when an edge is looked for.
_HEAP, _HEAPS = 8, 16

Chosen = tuple[Positions, Positions]
Removed = NDArray[np.bool_]


@dataclass
class Kept(ABC):
    """Rows in the form ``rows``: those of `build` are never written to, added ones lie in a `Tail` behind them.

    A kind chooses the rows that may be the nearest; they are compared again here, always in the same order of
    addition, and only that decides. So an answer has the same bits alone, in any company, and for any number of
    threads.
    """

    rows: Form = "float32"
    base_: Rows = field(init=False, repr=False, compare=False)
    tail_: Tail = field(init=False, repr=False, compare=False)
    removed_: Removed = field(init=False, repr=False, compare=False)
    kind: ClassVar[str]

    def build(self, vectors: Vectors) -> Self:
        """The index over these rows, (n, width) float32; raises `ConfigError` for an unknown form of rows."""
        self._use(Rows.kept(vectors, self.rows, steps=self._scanned), np.zeros(len(vectors), dtype=np.bool_))
        self._learn(vectors)
        return self

    def tune(self, queries: Vectors) -> Self:
        """Nothing to choose where all rows are compared."""
        self._fitted()
        return self

    def search(self, vectors: Vectors, k: int) -> Neighbours:
        """The ``k`` most similar rows of each of (n_queries, width) float32; equally similar ones by position."""
        self._fitted()
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        removed = self.removed_  # what others add or remove meanwhile is not looked at
        k = min(k, len(removed) - int(np.count_nonzero(removed)))
        found = [self._nearest(block, k, removed) for block in self._blocks(queries)]
        nothing = Neighbours(np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32))
        return Neighbours(*map(np.concatenate, zip(nothing, *found, strict=True)))

    def add(self, vectors: Vectors) -> Positions:
        """(n,) int64: the positions that these rows got."""
        self._fitted()
        start = len(self.removed_)
        self.tail_.append(vectors)  # first, so that whoever searches meanwhile has all rows that it knows of
        self.removed_ = np.concatenate([self.removed_, np.zeros(len(vectors), dtype=np.bool_)])
        return np.arange(start, start + len(vectors))

    def remove(self, positions: Sequence[int] | NDArray[np.integer]) -> None:
        """These rows are never found again; a position that is not there is ignored."""
        self._fitted()
        wanted = np.asarray(positions, dtype=np.int64)
        removed = self.removed_.copy()
        removed[wanted[(wanted >= 0) & (wanted < len(removed))]] = True
        self.removed_ = removed

    def vectors(self, positions: NDArray[np.integer]) -> Vectors:
        """(n, width) float32: the rows at these positions, removed or not, as they are kept."""
        base, n = self._fitted(), np.asarray(positions, dtype=np.int64)
        inside = n < len(base)
        if inside.all():
            return base.at(n)
        found = np.empty((len(n), base.values.shape[1]), dtype=np.float32)
        found[inside], found[~inside] = base.at(n[inside]), self.tail_.rows.at(n[~inside] - len(base))
        return found

    def __len__(self) -> int:
        """The number of rows that can be found."""
        self._fitted()
        return int(len(self.removed_) - np.count_nonzero(self.removed_))

    def save(self, folder: Path) -> None:
        """Writes ``index.json``, ``rows.npy`` and what belongs to it, with all that was added."""
        base, tail = self._fitted(), self.tail_.rows
        folder.mkdir(parents=True, exist_ok=True)
        base.save(folder, tail)
        (folder / _REMOVED).unlink(missing_ok=True)
        np.save(folder / _REMOVED, self.removed_, allow_pickle=False)
        said = {
            "format": FORMAT, "kind": self.kind, "rows": self.rows,
            "built": len(self.removed_) if self._scanned else len(base),
            "off": max(base.off, tail.off), "longest": max(base.longest, tail.longest), **self._write(folder),
        }  # fmt: skip
        (folder / SETTINGS).write_text(json.dumps(said) + "\n", encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """What `save` wrote, the rows mapped; raises `ProjectError` where the files do not fit together."""
        try:
            said = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if said["format"] != FORMAT or said["kind"] != self.kind:
                what = f"format {said['format']!r} of kind {said['kind']!r}, this one reads {FORMAT} of {self.kind!r}"
                raise FormatError(f"{folder / SETTINGS}: {what}", hint="train again")
            rows = Rows.load(folder, float(said["off"]), float(said["longest"]))
            removed, built = np.load(folder / _REMOVED, allow_pickle=False), int(said["built"])
            fits = 0 <= built <= len(rows) == len(removed) and removed.dtype == np.bool_
            if not fits or said["rows"] != rows.values.dtype:
                raise ProjectError(f"the files of the index in {folder} do not belong together", hint="train again")
            self.rows = said["rows"]
            self._use(rows.first(built), removed)
            self.tail_.append(rows.at(slice(built, None)))
            self._read(folder, said)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProjectError(f"the index in {folder} cannot be read: {error}", hint="train again") from error
        return self

    def __getstate__(self) -> dict[str, Any]:
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return {"options": own, "files": packed(self) if hasattr(self, "base_") else None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state["options"])  # type: ignore[misc]
        if state["files"] is not None:
            with unpacked(state["files"]) as folder:
                self.load(folder)

    # What a kind adds.

    _scanned: ClassVar[bool] = True

    @abstractmethod
    def _choose(self, queries: Vectors, k: int, removed: Removed) -> Chosen:
        """(query, position) of rows that may be among the ``k`` nearest, ``k`` of each query at least, each once.

        None of those ``removed``, nor of those behind them, which came meanwhile.
        """

    def _learn(self, vectors: Vectors) -> None:  # noqa: B027 - nothing to make where all rows are compared
        """Makes what finds rows quickly."""

    def _write(self, folder: Path) -> dict[str, Any]:
        """Saves that, and gives what `_read` has to know of it."""
        return {}

    def _read(self, folder: Path, said: dict[str, Any]) -> None:  # noqa: B027
        """Reads what `_write` wrote."""

    # What they share.

    def _use(self, base: Rows, removed: Removed) -> None:
        self.base_, self.removed_, self.tail_ = base, removed, Tail(base)

    def _fitted(self) -> Rows:
        if not hasattr(self, "base_"):
            raise NotFittedError(f"the index {self.kind!r} holds nothing yet", hint="call build or load first")
        return self.base_

    def _blocks(self, queries: Vectors) -> list[Vectors]:
        """As many queries at a time as all rows may be compared with."""
        step = max(1, min(_QUERIES, _HELD // max(1, len(self.removed_))))
        return [queries[start : start + step] for start in range(0, len(queries), step)]

    def _nearest(self, queries: Vectors, k: int, removed: Removed) -> Neighbours:
        """The ``k`` nearest of at most `_QUERIES` queries."""
        positions = np.zeros((len(queries), k), dtype=np.int64)
        similarities = np.zeros((len(queries), k), dtype=np.float32)
        said = np.flatnonzero(np.any(queries, axis=1))
        if k and len(said) < len(queries):  # all rows are equally similar to nothing
            positions[:] = np.flatnonzero(~removed)[:k]
        if k and len(said):
            positions[said], similarities[said] = self._best(queries[said], k, self._choose(queries[said], k, removed))
        return Neighbours(positions, similarities)

    def _best(self, queries: Vectors, k: int, possible: Chosen) -> Neighbours:
        """The ``k`` nearest of each query's ``possible`` rows, which are as many at least."""
        near, chosen = possible
        compared = self._compared(queries, near, chosen)
        order = np.lexsort((chosen, -compared, near))
        starts = np.searchsorted(near[order], np.arange(len(queries)))
        best = order[starts[:, None] + np.arange(k)]
        return Neighbours(chosen[best], compared[best])

    def _possible(self, queries: Vectors, k: int, removed: Removed, *, tail: bool) -> Chosen:
        """(query, position): the rows, of the base or the tail, that may be among its ``k`` nearest, whatever rounding.

        All of them where fewer than ``k`` are left.
        """
        first, n = (len(self.base_), len(removed)) if tail else (0, len(self.base_))
        rows, removed = self.tail_.rows.first(n - first) if tail else self.base_, removed[first:n]
        k = min(k, len(rows) - int(np.count_nonzero(removed)))
        if k == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        rough = rows.rough(queries)
        rough[:, removed] = -np.inf
        least = (_edge(rough, k) - rows.reach(queries))[:, None]
        near, found = np.divmod(np.flatnonzero((rough >= least).ravel()), rough.shape[1])
        return near, found + first

    def _compared(self, queries: Vectors, near: Positions, positions: Positions) -> NDArray[np.float32]:
        """(n_pairs,): the similarity of a query and a row, each added up by itself."""
        found = np.empty(len(near), dtype=np.float32)
        for low in range(0, len(near), _PAIRS):
            here = slice(low, low + _PAIRS)
            found[here] = np.einsum("ij,ij->i", queries[near[here]], self.vectors(positions[here]))
        return found


def _edge(rough: Vectors, k: int) -> NDArray[np.float32]:
    """(n_queries,): what the ``k``-th highest number of each row is at least.

    As many heaps have a number that is as high as the ``k``-th highest of the heaps' highest ones. That is seldom much
    less, and found four times as quickly.
    """
    heaps = rough.shape[1] // _HEAP
    if heaps >= _HEAPS * k:
        highest = rough[:, : heaps * _HEAP].reshape(len(rough), _HEAP, heaps).max(axis=1)
        edge: NDArray[np.float32] = np.partition(highest, heaps - k, axis=1)[:, -k]
        if np.isfinite(edge).all():
            return edge
    whole: NDArray[np.float32] = np.partition(rough, rough.shape[1] - k, axis=1)[:, -k]
    return whole


def kind_of(folder: Path) -> str:
    """The kind of the index that was saved in this folder; raises `ProjectError` where none can be read."""
    try:
        return str(json.loads((folder / SETTINGS).read_text(encoding="utf-8"))["kind"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"the index in {folder} cannot be read: {error}", hint="train again") from error
