"""What a pair model is taught with: documents and tags as vectors, and pairs that are right or wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, InputError
from tagwright.rerank.pairs import HEADS
from tagwright.training.options import require

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class PairTraining:
    """How a pair model is taught.

    ``head``: "concat" (the document's vector and the tag's) or "compared" (also their difference and product).
    ``dropout`` after each hidden layer. ``epochs`` at most; the one with the lowest loss on the documents that are
    held out (the share ``dev``) is kept, and ``patience`` epochs without a lower one end the teaching. AdamW with
    ``learning_rate`` and ``weight_decay``; ``batch`` pairs a step. ``negatives``: wrong tags for each right one, half
    of them hard, drawn anew each epoch. ``device``: "cpu", "cuda" or "auto".
    """

    head: str = "concat"
    dropout: float = 0.5
    epochs: int = 30
    patience: int = 5
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    batch: int = 512
    negatives: int = 4
    dev: float = 0.1
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.head not in HEADS:
            raise ConfigError(f"head is {self.head!r}, but must be one of {', '.join(HEADS)}")
        require(self, at_least_1=("epochs", "patience", "batch", "negatives"), above_0=("learning_rate",))
        require(self, shares=("dropout",))
        if self.weight_decay < 0:
            raise ConfigError(f"weight_decay is {self.weight_decay}, but must not be negative")
        if not 0 < self.dev < 1:
            raise ConfigError(f"dev is {self.dev}, but must lie between 0 and 1", hint="the share that is held out")


@dataclass(frozen=True, eq=False)
class PairExamples:
    """Documents to learn from.

    ``ids`` (n,); ``documents`` (n, h) and ``tags`` (m, h) float32, vectors of the encoder with this fingerprint; of
    each document the rows of its ``right`` tags, and those of ``hard`` wrong ones, such as candidates of an earlier
    run (none is fine; right ones among them are left out).
    """

    ids: Sequence[str]
    documents: Floats
    tags: Floats
    right: Sequence[NDArray[np.integer]]
    hard: Sequence[NDArray[np.integer]]
    encoder: str

    def __post_init__(self) -> None:
        assert len(self.ids) == len(self.documents) == len(self.right) == len(self.hard), "one of each a document"
        assert self.documents.shape[1] == self.tags.shape[1], "documents and tags come from one encoder"
        rows = np.concatenate([np.zeros(1, dtype=np.int64), *self.right, *self.hard])
        assert 0 <= rows.min() <= rows.max() < max(len(self.tags), 1), "rows of tags"

    @cached_property
    def usable(self) -> Rows:
        """The rows of the documents that say something and have a right tag; raises `InputError` below two."""
        tagged = np.array([len(rows) > 0 for rows in self.right], dtype=bool)
        rows = np.flatnonzero(tagged & np.any(self.documents, axis=1))
        if len(rows) < 2:
            raise InputError(f"{len(rows)} documents have words and tags, but it takes two: one is held out")
        return rows

    @cached_property
    def hash(self) -> str:
        """Names all of it."""
        digest = hashlib.sha256(json.dumps([list(self.ids), self.encoder]).encode())
        for matrix in (self.documents, self.tags):
            digest.update(np.ascontiguousarray(matrix, dtype=np.float32).tobytes())
        for lists in (self.right, self.hard):
            digest.update(json.dumps([rows.tolist() for rows in lists]).encode())
        return digest.hexdigest()

    def split(self, share: float, seed: int) -> tuple[Rows, Rows]:
        """Rows to learn from and rows to hold out, one at least of either."""
        return cut(self.usable, share, seed)


def cut(rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to hold out, drawn by chance, one at least of either; both ascending."""
    drawn = np.random.default_rng(seed).permutation(rows)
    held_out = min(max(round(share * len(drawn)), 1), len(drawn) - 1)
    return np.sort(drawn[held_out:]), np.sort(drawn[:held_out])


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pairs: the rows of ``documents`` and ``tags``, and ``labels`` float32 (1 = right); (n_pairs,) each."""

    documents: Rows
    tags: Rows
    labels: Floats


class Drawer:
    """Draws pairs: each right tag of a document, and wrong ones, every second of them hard, else any tag in use.

    Where a document has no hard ones, all are random among the tags that some document has: of the others nobody has
    said that they are wrong. A right tag of a document is never its wrong one.
    """

    def __init__(self, examples: PairExamples) -> None:
        self._right, self._edges = _flat(examples.right)
        self._pool = np.unique(self._right)
        self._lengths = np.diff(self._edges)
        owners = np.repeat(np.arange(len(examples.ids)), self._lengths)
        # Of a document's right tags in the pool: how many wrong ones stand before each. See `_random`.
        before = np.searchsorted(self._pool, self._right) - (np.arange(len(owners)) - self._edges[owners])
        self._before = owners << 32 | before
        hard, edges = _flat(examples.hard)
        hard_owners = np.repeat(np.arange(len(examples.ids)), np.diff(edges))
        kept = ~np.isin(hard_owners << 32 | hard, owners << 32 | self._right)
        self._hard, self._hard_edges = hard[kept], np.concatenate([[0], np.cumsum(kept)])[edges]

    def draw(self, rows: Rows, negatives: int, random: np.random.Generator) -> Drawn:
        """The pairs of these documents in random order, ``negatives`` wrong ones a right one.

        A document that has all tags in use gets no random wrong ones.
        """
        lengths = self._lengths[rows]
        places = np.repeat(self._edges[rows] - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
        owners = np.repeat(rows, lengths)
        others = np.repeat(owners, negatives)
        starts, many = self._hard_edges[others], np.diff(self._hard_edges)[others]
        hard = (np.arange(len(others)) % 2 == 0) & (many > 0)
        loose = ~hard & (self._lengths[others] < len(self._pool))
        wrong = [self._hard[starts[hard] + random.integers(0, many[hard])], self._random(others[loose], random)]
        tags = np.concatenate([self._right[places], *wrong])
        documents = np.concatenate([owners, others[hard], others[loose]])
        order = random.permutation(len(tags))
        return Drawn(documents[order], tags[order], (order < len(owners)).astype(np.float32))

    def _random(self, owners: Rows, random: np.random.Generator) -> Rows:
        """(n,) for each owner one of the tags in use that are not its own, all equally likely."""
        number = random.integers(0, len(self._pool) - self._lengths[owners])
        # The wrong tag of that number stands behind so many right ones.
        passed = np.searchsorted(self._before, owners << 32 | number, side="right") - self._edges[owners]
        return self._pool[number + passed]


def _flat(lists: Iterable[NDArray[np.integer]]) -> tuple[Rows, Rows]:
    """The lists one behind the other, and the (n + 1,) places at which they begin."""
    found = [np.unique(rows).astype(np.int64) for rows in lists]
    edges = np.concatenate([[0], np.cumsum([len(rows) for rows in found], dtype=np.int64)])
    return np.concatenate([np.empty(0, dtype=np.int64), *found]), edges.astype(np.int64)
