"""All tags as points of an encoder's space: shared by the channels that compare documents with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.errors import NotFittedError
from tagwright.recall.spaces import MeaningSpace
from tagwright.vocabulary.base import Vocabulary

_BATCH = 4096


@dataclass(eq=False)
class TagPoints:
    """``tags`` (n,) positions and ``vectors`` (n, width) float32 of length 1, row by row.

    They look at no gold tag, so all folds share them. Every verb may be called once a channel: what is known already
    is not encoded again. ``version`` counts up with every change.
    """

    meaning: MeaningSpace

    def __post_init__(self) -> None:
        self.version = 0
        self._known: tuple[Vocabulary, str] | None = None
        self._last_added: tuple[Vocabulary, bytes] | None = None

    @property
    def tags(self) -> Ints:
        """The positions of the tags: first those of the last training, then what came at run time."""
        return self._have()[0]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(n, width), row by row those of `tags`."""
        return self._have()[1]

    def fit(self, vocabulary: Vocabulary) -> Self:
        """Encodes the active tags."""
        fingerprint = self.meaning.encoder.fingerprint
        if self._known is None or self._known[0] is not vocabulary or self._known[1] != fingerprint:
            positions = np.flatnonzero(vocabulary.active).astype(np.int32)
            self._use(positions, self._encode(vocabulary, positions))
            self._known = (vocabulary, fingerprint)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes new or changed tags; those that are not active any more are gone."""
        tags, vectors = self._have()
        added = (vocabulary, positions.tobytes())
        if self._last_added is not None and self._last_added[0] is vocabulary and self._last_added[1] == added[1]:
            return
        active = np.unique(positions[vocabulary.active[positions]]).astype(np.int32)
        kept = ~np.isin(tags, positions)
        fresh = self._encode(vocabulary, active)
        self._use(np.concatenate([tags[kept], active]), np.concatenate([vectors[kept], fresh]))
        self._last_added = added

    def rows(self, tags: Ints) -> NDArray[np.int64]:
        """(n_tags,) int64: the row of each tag, -1 for one that has none."""
        own = self._have()[0]
        places = np.full(int(max(own.max(initial=-1), tags.max(initial=-1))) + 1, -1, dtype=np.int64)
        places[own] = np.arange(len(own))
        return places[tags]

    def cosines(
        self, points: NDArray[np.float32], owners: NDArray[np.integer], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """(n_pairs,) float32: of row ``owners`` of ``points`` and row ``rows`` of `vectors`; NaN for a row -1 and
        for a point that is 0, which says nothing.
        """  # noqa: D205
        found = np.full(len(rows), np.nan, dtype=np.float32)
        said = np.flatnonzero((rows >= 0) & np.any(points, axis=1)[owners])
        for start in range(0, len(said), _BATCH):
            part = said[start : start + _BATCH]
            found[part] = np.einsum("ij,ij->i", points[owners[part]], self.vectors[rows[part]])
        return found

    def save(self, folder: Path) -> None:
        """Writes the vectors as float16."""
        tags, vectors = self._have()
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", tags)
        np.save(folder / "vectors.npy", vectors.astype(np.float16))

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self._use(np.load(folder / "tags.npy"), np.load(folder / "vectors.npy").astype(np.float32))
        return self

    def _have(self) -> tuple[Ints, NDArray[np.float32]]:
        if not hasattr(self, "_now"):
            raise NotFittedError("no tags have been encoded yet", hint="train the project first")
        return self._now

    def _use(self, tags: Ints, vectors: NDArray[np.float32]) -> None:
        self._now = (tags, vectors)
        self._known, self._last_added = None, None
        self.version += 1

    def _encode(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        """float32 rows that are exact in float16, so that a saved and a fresh channel answer alike."""
        blocks = [np.empty((0, self.meaning.encoder.width), dtype=np.float32)]
        for start in range(0, len(positions), _BATCH):
            block = self.meaning.tags(vocabulary, positions[start : start + _BATCH])
            blocks.append(block.astype(np.float16).astype(np.float32))
        return np.concatenate(blocks)
