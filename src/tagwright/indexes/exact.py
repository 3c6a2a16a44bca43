"""All rows are compared with each query: exact, and up to 100,000 rows quick enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tagwright.indexes.base import Vectors
from tagwright.indexes.kept import Chosen, Kept, Removed


@dataclass
class Exact(Kept):
    """The exact nearest rows.

    A product of matrices is rounded according to its shape. So it only chooses: each row that could be among the ``k``
    nearest, given how far rounding can reach, is compared again. ``rows`` keeps vectors as ``float32``; as ``float16``
    with int8 steps beside them, which choose as safely (a bound, not a guess) and are quicker to read; or as ``int8``
    with one scale a row, a quarter of the memory, and of the 50 nearest rows 49.8 stay.
    """

    kind: ClassVar[str] = "exact"

    def _choose(self, queries: Vectors, k: int, removed: Removed) -> Chosen:
        chosen = [self._possible(queries, k, removed, tail=tail) for tail in (False, True)]
        near, positions = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
        return near, positions
