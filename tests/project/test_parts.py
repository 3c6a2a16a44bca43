"""The encoder of a project: what it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tagwright.project.parts import remembering
from tagwright.store.sqlite import SqliteStore
from tagwright.testing import Told

NAMES = [f"name {number}" for number in range(40)]


class Counting(Told):
    """Counts the texts that it is asked for."""

    asked = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += len(texts)
        return super().encode(texts)


def test_all_tags_are_remembered_however_small_the_cache_is(tmp_path: Path) -> None:
    encoder = Counting({"name": (0.6, 0.8)})
    store = SqliteStore(tmp_path / "store.sqlite", cache_megabytes=0)
    for _ in range(3):  # always in the same order: a cache that is too small would never hold the next one
        remembering(encoder, store, len(NAMES)).encode(NAMES)
    assert encoder.asked == len(NAMES)
    small = SqliteStore(tmp_path / "other.sqlite", cache_megabytes=0)
    for _ in range(2):
        remembering(encoder, small, 10).encode(NAMES)
    assert encoder.asked > 2 * len(NAMES)
    store.close()
    small.close()
