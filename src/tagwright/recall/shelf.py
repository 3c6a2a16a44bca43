"""The tagged documents that a tagger remembers, as points of one space: shared by `centroids` and `graph`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.errors import NotFittedError
from tagwright.recall.spaces import Points, Space
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

_FORMAT = 1


@dataclass(eq=False)
class Piece:
    """Some documents: ``points`` (n, width) and ``tags`` (n, n_tags) CSR of edge weights in (0, 1]."""

    ids: list[str]
    titles: list[str]
    points: Points
    tags: sp.csr_matrix


@dataclass(eq=False)
class Shelf:
    """Documents as points with their tags.

    An edge weighs 1, or ``auto_weight`` where the document's metadata say ``auto`` (a machine set its tags: LLM4Tag
    adds its own results as edges, which would confirm themselves; 0 leaves them out). The base is never written to;
    documents added and removed at run time make a small second piece, rebuilt from its rows.
    """

    space: Space
    auto_weight: float = 0.5

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Remembers the tagged documents; nothing to do where this corpus object was read already."""
        if getattr(self, "_fitted_on", None) is corpus:
            return self
        documents = [document for document in corpus if document.tags is not None]
        self._use(self._piece(documents, vocabulary), vocabulary)
        self._fitted_on: object = corpus
        return self

    @property
    def filled(self) -> bool:
        """Whether any document is remembered."""
        return hasattr(self, "_base") and bool(self._base.ids or self._added)

    @property
    def base(self) -> Piece:
        """What the last training remembered."""
        if not hasattr(self, "_base"):
            raise NotFittedError("no documents are remembered yet", hint="train the project first")
        return self._base

    def pieces(self) -> list[tuple[Piece, NDArray[np.bool_] | None]]:
        """The base and what came at run time, each with the mask of rows that still count (None = all)."""
        base = self.base
        alive = None
        if self._gone:
            alive = np.ones(len(base.ids), dtype=bool)
            alive[list(self._gone)] = False
        pieces: list[tuple[Piece, NDArray[np.bool_] | None]] = [(base, alive)]
        if self._added:
            pieces.append((self._grown(), None))
        return pieces

    def edges(self) -> sp.csr_matrix:
        """(n, n_tags) CSR over the rows of all pieces, one below the other; rows that are gone are empty."""
        stacked = []
        for piece, alive in self.pieces():
            tags = piece.tags
            if alive is not None:
                tags = sp.diags(alive.astype(np.float32)) @ tags
            stacked.append(sp.csr_matrix(tags, shape=tags.shape))
        for tags in stacked:
            tags.resize(tags.shape[0], self.n_tags)
        return sp.vstack(stacked, format="csr")

    def touched(self) -> Ints:
        """Tags whose documents changed since the base, ascending."""
        rows = self.base.tags[sorted(self._gone)].indices if self._gone else np.empty(0, dtype=np.int32)
        added = [tags for _, tags, _ in self._added.values()]
        return np.unique(np.concatenate([rows, *added])).astype(np.int32)

    def label(self, row: int) -> tuple[str, str]:
        """(id, title) of a row of `edges`."""
        for piece, _ in self.pieces():
            if row < len(piece.ids):
                return piece.ids[row], piece.titles[row]
            row -= len(piece.ids)
        raise IndexError(row)

    def add(self, documents: Sequence[Document]) -> None:
        """Remembers these too; one whose id is known replaces that one, and adding twice is adding once."""
        tagged = [document for document in documents if document.tags is not None]
        self.remove([document.id for document in tagged if document.id not in self._added])
        for document in tagged:
            tags = self._vocabulary.positions(document.tags or (), known_only=True)
            self._added[document.id] = (document, tags, self._weight(document))
        self._changed()

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets these documents; unknown ids are ignored."""
        for id in ids:
            self._added.pop(id, None)
            row = self._row(id)
            if row is not None:
                self._gone.add(row)
        self._changed()

    def widen(self, vocabulary: Vocabulary) -> None:
        """Room for tags added at run time."""
        self._vocabulary = vocabulary
        self.n_tags = len(vocabulary)
        self._changed()

    def save(self, folder: Path) -> None:
        """Writes the base as plain arrays."""
        folder.mkdir(parents=True, exist_ok=True)
        base = self.base
        labels = {"format": _FORMAT, "ids": base.ids, "titles": base.titles}
        (folder / "documents.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        save_points(base.points, folder / "points")
        save_points(base.tags, folder / "tags")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote, the arrays mapped."""
        labels = json.loads((folder / "documents.json").read_text(encoding="utf-8"))
        tags = load_points(folder / "tags")
        assert sp.issparse(tags)
        self._use(Piece(labels["ids"], labels["titles"], load_points(folder / "points"), tags), vocabulary)
        return self

    def _use(self, base: Piece, vocabulary: Vocabulary) -> None:
        self._base, self._vocabulary, self.n_tags = base, vocabulary, len(vocabulary)
        self._added: dict[str, tuple[Document, Ints, float]] = {}
        self._gone: set[int] = set()
        self._rows: dict[str, int] | None = None
        self.version = getattr(self, "version", 0) + 1
        self._piece_made: tuple[int, Piece] | None = None

    def _changed(self) -> None:
        self.version += 1

    def _row(self, id: str) -> int | None:
        if self._rows is None:
            self._rows = {known: row for row, known in enumerate(self.base.ids)}
        return self._rows.get(id)

    def _weight(self, document: Document) -> float:
        return self.auto_weight if document.metadata.get("auto") else 1.0

    def _piece(self, documents: Sequence[Document], vocabulary: Vocabulary) -> Piece:
        tags = [vocabulary.positions(document.tags or (), known_only=True) for document in documents]
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in tags])]).astype(np.int64)
        weights = np.repeat([self._weight(document) for document in documents], np.diff(offsets))
        flat = np.concatenate([np.empty(0, dtype=np.int32), *tags])
        edges = sp.csr_matrix(
            (weights.astype(np.float32), flat, offsets), shape=(len(documents), len(vocabulary))
        )
        edges.eliminate_zeros()
        edges.sort_indices()
        ids, titles = [d.id for d in documents], [d.title or d.text[:80] for d in documents]
        return Piece(ids, titles, self.space.documents(documents), edges)

    def _grown(self) -> Piece:
        """The documents added at run time, as a piece of their own."""
        if self._piece_made is None or self._piece_made[0] != self.version:
            piece = self._piece([document for document, _, _ in self._added.values()], self._vocabulary)
            self._piece_made = (self.version, piece)
        return self._piece_made[1]


def save_points(points: Points, folder: Path) -> None:
    """Writes dense rows as one npy, sparse rows as three."""
    folder.mkdir(parents=True, exist_ok=True)
    if sp.issparse(points):
        np.save(folder / "data.npy", points.data)
        np.save(folder / "indices.npy", points.indices.astype(np.int32))
        np.save(folder / "offsets.npy", points.indptr.astype(np.int64))
        np.save(folder / "shape.npy", np.array(points.shape, dtype=np.int64))
    else:
        np.save(folder / "dense.npy", np.asarray(points, dtype=np.float32))


def load_points(folder: Path) -> Points:
    """What `save_points` wrote, mapped."""
    if (folder / "dense.npy").exists():
        dense: NDArray[np.float32] = np.load(folder / "dense.npy", mmap_mode="r")
        return dense
    data, indices, offsets = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("data", "indices", "offsets"))
    shape = tuple(np.load(folder / "shape.npy").tolist())
    return sp.csr_matrix((data, indices, offsets), shape=shape, copy=False)
