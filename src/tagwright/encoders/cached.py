"""An encoder that remembers: each text is encoded once, and its vector kept under model and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tagwright.encoders.around import Around
from tagwright.encoders.base import Vectors
from tagwright.store.base import cache_key

# Vectors that are kept together: half a minute of work is lost at worst when a process is killed.
_BLOCK = 512


class Cache(Protocol):
    """The two methods of a store that are needed here."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values of those keys that have one."""
        ...

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """The values can be had from now on."""
        ...


@dataclass
class Cached(Around):
    """The vectors of ``encoder``, bit for bit, from ``cache`` where they are there.

    Worth it for kinds that take milliseconds a text; `Lsa` is quicker than any cache. A value of the wrong size is
    computed again, as is one that the store itself found damaged. The cache stays with the process that has it.
    """

    cache: Cache

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32; each different text is encoded at most once."""
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK):
            self._encode_block(texts[start : start + _BLOCK], rows[start : start + _BLOCK])
        return rows

    def _encode_block(self, texts: Sequence[str], rows: Vectors) -> None:
        keys = [cache_key(self.fingerprint, text) for text in texts]
        found = self.cache.get_many(list(dict.fromkeys(keys)))
        vectors = {key: value for key, value in found.items() if len(value) == 4 * self.width}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            fresh = self.encoder.encode(list(missing.values())).astype("<f4", copy=False)
            made = {key: row.tobytes() for key, row in zip(missing, fresh, strict=True)}
            self.cache.put_many(made)
            vectors.update(made)
        for row, key in zip(rows, keys, strict=True):
            row[:] = np.frombuffer(vectors[key], dtype="<f4")
