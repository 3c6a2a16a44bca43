"""All tags as points of an encoder's space: shared by the channels that compare documents with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.registry as registry
from tagwright.candidates import Ints
from tagwright.errors import NotFittedError
from tagwright.indexes.base import Index
from tagwright.recall.spaces import MeaningSpace
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

_BATCH = 4096
_STATE, _INDEX = "points.json", "index"
# Fewer tags are all compared, so that no document has to be encoded for an index that has nothing to choose.
_TUNED_FROM = 20_000
# Where a version before this one wrote the vectors, without an index.
_FORMER = "vectors.npy"
_GONE = np.int32(-1)


@dataclass(eq=False)
class TagPoints:
    """``tags`` (n,) positions and ``vectors`` (n, width) float32 of length 1, row by row, and the nearest by an index.

    They look at no gold tag, so all folds share them; ``asking`` are documents that tell the index what will be asked
    of it. Every verb may be called once a channel: what is known already is not encoded again. ``version`` counts up
    with every change. ``index`` {"kind": …, options}: which one.
    """

    meaning: MeaningSpace
    index: Mapping[str, Any] = field(default_factory=lambda: {"kind": "auto"}, kw_only=True)

    def __post_init__(self) -> None:
        self.version = 0
        self.asking: Sequence[Document] = ()
        self._known: tuple[Vocabulary, str] | None = None
        self._last_added: tuple[Vocabulary, bytes] | None = None
        self._made: _Rows | None = None

    @property
    def tags(self) -> Ints:
        """The positions of the tags: first those of the last training, then what came at run time."""
        return self._rows().tags

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(n, width), row by row those of `tags`: all of them widened, kept until the next change."""
        rows = self._rows()
        if rows.wide is None:
            rows = self._made = rows._replace(wide=self._have().found.vectors(rows.places))
        assert rows.wide is not None
        return rows.wide

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n_rows, width): only these rows of `vectors`, without widening the others."""
        return self._have().found.vectors(self._rows().places[rows])

    def nearest(self, points: NDArray[np.float32], k: int) -> Nearest:
        """The ``k`` tags whose cosine with each of (n_points, width) is the highest, as far as the index finds them."""
        placed = self._have()
        positions, cosines = placed.found.search(points, k)
        rows = np.repeat(np.arange(len(points)), positions.shape[1])
        flat = positions.ravel()
        # What another thread adds or takes out meanwhile has no tag yet, or none any more.
        tags = np.where(flat < len(placed.tags), placed.tags[np.minimum(flat, len(placed.tags) - 1)], _GONE)
        there = tags >= 0
        return Nearest(rows[there], tags[there], cosines.ravel()[there])

    def fit(self, vocabulary: Vocabulary) -> Self:
        """Encodes the active tags."""
        fingerprint = self.meaning.encoder.fingerprint
        if self._known is None or self._known[0] is not vocabulary or self._known[1] != fingerprint:
            positions = np.flatnonzero(vocabulary.active).astype(np.int32)
            index = self._new_index().build(self._encode(vocabulary, positions))
            if len(positions) >= _TUNED_FROM and self.asking:
                index.tune(self.meaning.documents(self.asking))
            self._use(positions, index)
            self._known = (vocabulary, fingerprint)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes new or changed tags; those that are not active any more are gone."""
        tags, index = self._have()
        added = (vocabulary, positions.tobytes())
        if self._last_added is not None and self._last_added[0] is vocabulary and self._last_added[1] == added[1]:
            return
        active = np.unique(positions[vocabulary.active[positions]]).astype(np.int32)
        gone = np.isin(tags, positions)
        index.remove(np.flatnonzero(gone))
        index.add(self._encode(vocabulary, active))
        self._use(np.concatenate([np.where(gone, _GONE, tags), active]), index)
        self._last_added = added

    def rows(self, tags: Ints) -> NDArray[np.int64]:
        """(n_tags,) int64: the row of each tag, -1 for one that has none."""
        known = self._rows().of_tag
        inside = tags < len(known)
        return np.where(inside, known[np.where(inside, tags, 0)] if len(known) else -1, -1)

    def cosines(
        self, owners: NDArray[np.integer], rows: NDArray[np.int64], *points: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        """(n_pairs,) float32 for each of ``points``: of its row ``owners`` and row ``rows`` of `vectors`.

        NaN for a row -1 and for a point that is 0, which says nothing.
        """
        found = [np.full(len(rows), np.nan, dtype=np.float32) for _ in points]
        known, places, index = np.flatnonzero(rows >= 0), self._rows().places, self._have().found
        for start in range(0, len(known), _BATCH):
            part = known[start : start + _BATCH]
            vectors = index.vectors(places[rows[part]])
            for own, cosines in zip(points, found, strict=True):
                cosines[part] = np.einsum("ij,ij->i", own[owners[part]], vectors)
        for own, cosines in zip(points, found, strict=True):
            cosines[~np.any(own, axis=1)[owners]] = np.nan
        return found

    def save(self, folder: Path) -> None:
        """Writes the tags, and the index with their vectors."""
        tags, index = self._have()
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", tags)
        index.save(folder / _INDEX)
        state = {"format": 2, "index": self.index["kind"]}
        (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote, the vectors mapped; an index of another kind than was saved is made from them."""
        tags = np.load(folder / "tags.npy")
        if (folder / _FORMER).exists():
            vectors = np.load(folder / _FORMER, mmap_mode="r")
            self._use(tags, self._new_index().build(vectors))
            return self
        kind = json.loads((folder / _STATE).read_text(encoding="utf-8"))["index"]
        if kind == self.index["kind"]:
            self._use(tags, self._new_index().load(folder / _INDEX))
            return self
        former: Index = registry.build("index", kind, {}).load(folder / _INDEX)
        there = np.flatnonzero(tags >= 0)
        self._use(tags[there], self._new_index().build(former.vectors(there)))
        return self

    def _new_index(self) -> Index:
        options = {key: value for key, value in self.index.items() if key != "kind"}
        made: Index = registry.build("index", self.index["kind"], options)
        return made

    def _have(self) -> _Placed:
        if not hasattr(self, "_now"):
            raise NotFittedError("no tags have been encoded yet", hint="train the project first")
        return self._now

    def _use(self, tags: Ints, index: Index) -> None:
        self._now = _Placed(tags, index)
        self._known, self._last_added, self._made = None, None, None
        self.version += 1

    def _rows(self) -> _Rows:
        """The rows of the tags that are there, made once after each change."""
        placed, made = self._have(), self._made
        if made is None or made.placed is not placed:
            places = np.flatnonzero(placed.tags >= 0)
            tags = placed.tags[places]
            of_tag = np.full(int(tags.max(initial=-1)) + 1, -1, dtype=np.int64)
            of_tag[tags] = np.arange(len(tags))
            made = self._made = _Rows(placed, places, tags, of_tag)
        return made

    def _encode(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        """float32 rows that are exact in float16, so that a saved and a fresh channel answer alike."""
        blocks = [np.empty((0, self.meaning.encoder.width), dtype=np.float32)]
        for start in range(0, len(positions), _BATCH):
            block = self._vectors(vocabulary, positions[start : start + _BATCH])
            blocks.append(block.astype(np.float16).astype(np.float32))
        return np.concatenate(blocks)

    def _vectors(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        """(n_positions, width) of length 1."""
        return self.meaning.tags(vocabulary, positions)


class Nearest(NamedTuple):
    """Pairs of a point (its ``rows``) and a tag near to it, with their ``cosines``, the nearest first a point."""

    rows: NDArray[np.int64]
    tags: Ints
    cosines: NDArray[np.float32]


class _Placed(NamedTuple):
    """``tags`` by position in the index that has ``found`` them; -1 for one that is gone."""

    tags: Ints
    found: Index


class _Rows(NamedTuple):
    """Those that are there: their ``places`` in the index, and the row ``of_tag``; ``wide`` are all vectors."""

    placed: _Placed
    places: NDArray[np.int64]
    tags: Ints
    of_tag: NDArray[np.int64]
    wide: NDArray[np.float32] | None = None
