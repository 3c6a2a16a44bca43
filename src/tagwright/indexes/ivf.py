"""Rows in cells around centres (faiss: IVF, SQ8): a query is compared with the nearest cells only."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import log2
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from tagwright.errors import MissingExtraError, ProjectError
from tagwright.indexes.approximate import Approximate
from tagwright.indexes.base import Positions, Vectors
from tagwright.indexes.rows import Rows

_CELLS = "cells.faiss"
# Rows a cell from which the centres are learned: more change them little (7 CPU seconds at a million rows).
_LEARNED_FROM = 64
_BLOCK = 65_536


@dataclass
class Ivf(Approximate):
    """About twice as many cells as the root of the number of rows; of each query the ``probes`` nearest are searched.

    ``probes`` 0: as many as training documents need (`tune`), 128 before one has asked. The cells hold rows in 8 bits
    a number, mapped from their file. The centres are compared one by one: a graph over them (HNSW) loses whole cells
    (recall 0.81). Of 200,000 names in MiniLM's space 128 probes find 0.973 of the 20 nearest, 64 find 0.942, 256 find
    0.990; data that are less alike need fewer. Needs the extra ``index``.
    """

    probes: int = 0
    seed: int = 0
    kind: ClassVar[str] = "ivf"
    _usual: ClassVar[int] = 128
    _steps: ClassVar[tuple[int, ...]] = (32, 64, 96, 128, 192, 256, 320, 384, 512)

    @staticmethod
    def installed() -> bool:
        """Whether its library is there."""
        return find_spec("faiss") is not None

    def _learn(self, vectors: Vectors) -> None:
        self._cells: Any = None
        self._file: Path | None = None
        if len(vectors) < self.least:
            return
        faiss, (n, width) = _faiss(), vectors.shape
        number = 2 ** round(log2(2 * n**0.5))
        cells = faiss.index_factory(width, f"IVF{number},SQ8", faiss.METRIC_INNER_PRODUCT)
        cells.cp.seed, cells.cp.max_points_per_centroid = self.seed + 1, _LEARNED_FROM
        chosen = np.random.default_rng(self.seed).permutation(n)[: number * _LEARNED_FROM]
        with threadpool_limits(1):  # sums of other threads would be rounded otherwise
            cells.train(np.ascontiguousarray(vectors[np.sort(chosen)], dtype=np.float32))
            for low in range(0, n, _BLOCK):
                cells.add(np.ascontiguousarray(vectors[low : low + _BLOCK], dtype=np.float32))
        self._cells = cells

    @property
    def _set(self) -> int:
        return self.probes

    @property
    def _structured(self) -> bool:
        return self._cells is not None

    def _find(self, queries: Vectors, count: int) -> Sequence[Positions]:
        # One at a time: many at once are compared with the centres in another order of addition.
        how = _faiss().SearchParametersIVF(nprobe=self._reach)
        found = [self._cells.search(query[None], count, params=how)[1][0] for query in queries]
        return [own[own >= 0] for own in found]

    def _write(self, folder: Path) -> dict[str, Any]:
        target = folder / _CELLS
        if self._file is not None and target.exists() and target.samefile(self._file):
            return {**super()._write(folder), "cells": True}
        target.unlink(missing_ok=True)
        if self._file is not None:  # the mapped cells cannot be written again, only copied
            shutil.copyfile(self._file, target)
        elif self._structured:
            _faiss().write_index(self._cells, str(target))
        return {**super()._write(folder), "cells": self._structured}

    def _read(self, folder: Path, said: dict[str, Any]) -> None:
        super()._read(folder, said)
        self._cells, self._file = None, None
        if not said["cells"]:
            return
        faiss, path = _faiss(), folder / _CELLS
        try:
            self._cells = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        except RuntimeError as error:
            raise ProjectError(f"the index in {folder} cannot be read: {error}", hint="train again") from error
        self._file = path
        if (self._cells.ntotal, self._cells.d) != self.base_.values.shape:
            raise ProjectError(f"the files of the index in {folder} do not belong together", hint="train again")

    def _use(self, base: Rows, removed: Any) -> None:
        super()._use(base, removed)
        self._cells = None


def _faiss() -> Any:
    """The library; raises `MissingExtraError`."""
    try:
        import faiss
    except ImportError as error:
        raise MissingExtraError("faiss-cpu", "index") from error
    return faiss
