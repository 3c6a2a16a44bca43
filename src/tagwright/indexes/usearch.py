"""A graph of near rows (usearch, HNSW): it grows row by row, for sets that change."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import MissingExtraError, ProjectError
from tagwright.indexes.approximate import SHARE, Approximate
from tagwright.indexes.base import Positions, Vectors
from tagwright.indexes.kept import Chosen, Removed
from tagwright.indexes.rows import Rows

_GRAPHS = ("base.usearch", "grown.usearch")


@dataclass
class Usearch(Approximate):
    """Two graphs: that of `build`, mapped from its file and never written to, and that of what came since.

    ``breadth`` rows are looked at on the way to a query's nearest (0: as many as training documents need, 200 before
    one has asked), ``built_with`` on the way of a row to its place; each has ``links`` neighbours. Building is a matter
    of 0.3 CPU ms a row, six times what `ivf` takes, and so is adding, at any size. Rows are added by one thread: the
    graph would else depend on their race. It holds rows in 8 bits a number (16 take twice as long to build and find no
    more). Needs the extra ``index``.
    """

    breadth: int = 0
    built_with: int = 64
    links: int = 16
    kind: ClassVar[str] = "usearch"
    _usual: ClassVar[int] = 200
    _steps: ClassVar[tuple[int, ...]] = (100, 200, 400, 800, 1600, 3200)

    def _learn(self, vectors: Vectors) -> None:
        if len(vectors) >= self.least:
            self._graphs[0] = self._graph(vectors, 0)

    def add(self, vectors: Vectors) -> Positions:
        """(n,) int64: the positions that these rows got."""
        positions = super().add(vectors)
        self._grow()
        return positions

    @property
    def _set(self) -> int:
        return self.breadth

    @property
    def _structured(self) -> bool:
        return self._graphs[0] is not None

    def _find(self, queries: Vectors, count: int) -> Sequence[Positions]:
        return [self._near(self._graphs[0], query, count) for query in queries]

    def _of_tail(self, queries: Vectors, k: int, removed: Removed) -> Chosen:
        graph, first = self._graphs[1], len(self.base_)
        count = max(self.compared, 2 * k) + int(np.count_nonzero(removed[first:]))
        if graph is None or count * SHARE > len(graph):
            return super()._of_tail(queries, k, removed)
        found = [self._near(graph, query, count) for query in queries]
        near = np.repeat(np.arange(len(queries)), [len(own) for own in found])
        positions = np.concatenate(found)
        known = positions < len(removed)
        near, positions = near[known], positions[known]
        return near[~removed[positions]], positions[~removed[positions]]

    def _near(self, graph: Any, query: Vectors, count: int) -> Positions:
        graph.expansion_search = max(self._reach, count)
        keys: NDArray[np.uint64] = graph.search(query, count, threads=1).keys
        return keys.astype(np.int64)

    def _grow(self) -> None:
        """The graph of what came since has all of it, as soon as there is one."""
        rows, graph = self.tail_.rows, self._graphs[1]
        if graph is None and len(rows) >= self.least:
            self._graphs[1] = self._graph(rows.at(slice(None)), len(self.base_))
        elif graph is not None and len(graph) < len(rows):
            have = len(graph)
            keys = np.arange(have, len(rows), dtype=np.uint64) + np.uint64(len(self.base_))
            graph.add(keys, rows.at(slice(have, None)), threads=1)

    def _graph(self, vectors: Vectors, first: int) -> Any:
        graph = self._empty(vectors.shape[1])
        keys = np.arange(first, first + len(vectors), dtype=np.uint64)
        graph.add(keys, np.ascontiguousarray(vectors, dtype=np.float32), threads=1)
        return graph

    def _empty(self, width: int) -> Any:
        try:
            from usearch.index import Index
        except ImportError as error:
            raise MissingExtraError("usearch", "index") from error
        return Index(
            ndim=width, metric="ip", dtype="i8", connectivity=self.links,
            expansion_add=self.built_with, expansion_search=self._reach,
        )  # fmt: skip

    def _write(self, folder: Path) -> dict[str, Any]:
        written = []
        for number, (name, graph) in enumerate(zip(_GRAPHS, self._graphs, strict=True)):
            source, target = self._files[number], folder / name
            written.append(graph is not None)
            if source is not None and target.exists() and target.samefile(source):
                continue
            target.unlink(missing_ok=True)
            if source is not None:
                shutil.copyfile(source, target)
            elif graph is not None:
                graph.save(str(target))
        return {**super()._write(folder), "graphs": written}

    def _read(self, folder: Path, said: dict[str, Any]) -> None:
        super()._read(folder, said)
        sizes = (len(self.base_), len(self.tail_.rows))
        for number, (name, there) in enumerate(zip(_GRAPHS, said["graphs"], strict=True)):
            if not there:
                continue
            graph, path = self._empty(self.base_.values.shape[1]), folder / name
            try:
                graph.load(str(path)) if number else graph.view(str(path))
            except RuntimeError as error:
                raise ProjectError(f"the index in {folder} cannot be read: {error}", hint="train again") from error
            if len(graph) != sizes[number]:
                raise ProjectError(f"the files of the index in {folder} do not belong together", hint="train again")
            self._graphs[number] = graph
            self._files[number] = None if number else path

    def _use(self, base: Rows, removed: Removed) -> None:
        super()._use(base, removed)
        self._graphs: list[Any] = [None, None]
        self._files: list[Path | None] = [None, None]
