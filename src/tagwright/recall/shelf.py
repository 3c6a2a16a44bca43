"""The tagged documents that a tagger remembers, as points of one space: shared by `centroids` and `graph`."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import is_
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.errors import ConfigError, NotFittedError
from tagwright.recall.piece import Piece, equal, widened
from tagwright.recall.points import Points, load_points, save_points, sparse, stacked
from tagwright.recall.spaces import Space
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

_FORMAT = 1
# So much of a text stands for the title of a document that has none.
_SHOWN = 80
# So many changes are told tag by tag; whoever looks again after more of them reads everything anew.
_TOLD = 1000


@dataclass(eq=False)
class Shelf:
    """Documents as points with their tags.

    An edge weighs 1, or ``auto_weight`` where the document's metadata say ``auto`` (a machine set its tags: LLM4Tag
    adds its own results as edges, which would confirm themselves); with 0 such documents are left out. One that a
    language model wrote (`tagwright.recall.pseudo`) weighs as it says, and is not counted. Raises `ConfigError` for a
    weight outside [0, 1]. The base is never written to; documents added at run time make a small
    second piece, and those removed are passed over. ``version`` counts up with every change.
    """

    space: Space
    auto_weight: float = 0.5
    version: int = field(default=0, init=False)
    n_tags: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.auto_weight <= 1:
            raise ConfigError(f"'shelf.auto_weight' is {self.auto_weight!r}, but must lie between 0 and 1")
        self._content: tuple[int, Vocabulary] | None = None
        self._added: dict[str, tuple[Document, Points]] = {}
        self._gone: set[int] = set()
        self._rows: dict[str, int] | None = None
        self._grown_made: tuple[list[Document], Piece] | None = None
        self._changes: deque[tuple[int, Ints]] = deque()
        self._told_from = 0
        self._edges_made: tuple[int, sp.csr_matrix, NDArray[np.int64], Ints] | None = None

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Remembers the tagged documents; quick where the same ones are the base already."""
        documents = [document for document in corpus if document.tags is not None and self._weight(document)]
        content = hash(tuple((d.id, d.title, d.text, d.language, d.tags, self._weight(d)) for d in documents))
        if self._content != (content, vocabulary):
            self._use(self._piece(documents, self.space.documents(documents), vocabulary), vocabulary)
        elif self._added or self._gone:
            self._use(self.base, vocabulary)
        self._content = (content, vocabulary)
        return self

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
        if self._edges_made is None or self._edges_made[0] != self.version:
            stacked = [widened(piece.tags, alive, self.n_tags) for piece, alive in self.pieces()]
            edges = sp.vstack(stacked, format="csr") if len(stacked) > 1 else stacked[0]
            carriers = np.bincount(edges.indices, minlength=self.n_tags)
            counts, written = carriers, self.written()
            if written is not None:
                counts = np.bincount(edges.indices[np.repeat(~written, np.diff(edges.indptr))], minlength=self.n_tags)
            self._edges_made = (self.version, edges, counts, np.flatnonzero(carriers).astype(np.int32))
        return self._edges_made[1]

    def counts(self) -> NDArray[np.int64]:
        """(n_tags,) int64: how many documents carry each tag, without those that a model wrote."""
        self.edges()
        assert self._edges_made is not None
        return self._edges_made[2]

    def carried(self) -> Ints:
        """The tags that some document carries, be it one that a model wrote; ascending."""
        self.edges()
        assert self._edges_made is not None
        return self._edges_made[3]

    def carriers(self, tag: int) -> Ints:
        """(k,) int32: the rows of `edges` that carry a tag, without those that a model wrote.

        What came at run time goes first, the newest before; then the base's, in its order. Of both, what a machine
        tagged goes last.
        """
        edges, written, n_base = self.edges(), self.written(), len(self.base.ids)
        entries = np.flatnonzero(edges.indices == tag)
        rows = np.searchsorted(edges.indptr, entries, side="right") - 1
        people = np.ones(len(rows), dtype=np.bool_) if written is None else ~written[rows]
        rows, weights = rows[people], edges.data[entries[people]]
        is_base = rows < n_base
        found: Ints = rows[np.lexsort((np.where(is_base, rows, -rows), is_base, -weights))].astype(np.int32)
        return found

    def written(self) -> NDArray[np.bool_] | None:
        """(n,) over the rows of `edges`: which ones a language model wrote; ``None`` = none."""
        pieces = [piece for piece, _ in self.pieces()]
        if all(piece.written is None for piece in pieces):
            return None
        return np.concatenate([piece.marks() for piece in pieces])

    def touched(self) -> Ints:
        """Tags whose documents changed since the base, ascending."""
        if not self._gone and not self._added:
            return np.empty(0, dtype=np.int32)
        gone = self.base.tags[sorted(self._gone)].indices
        added = self._grown().tags.indices if self._added else gone[:0]
        return np.unique(np.concatenate([gone, added])).astype(np.int32)

    def changed_since(self, version: int) -> Ints | None:
        """The tags whose documents changed after that version, with repeats; ``None``: any may have."""
        if version < self._told_from:
            return None
        return _joined([tags for at, tags in self._changes if at > version])

    def points(self, rows: NDArray[np.integer]) -> Points:
        """The points of these rows of `edges`, which ascend."""
        found, start = [], 0
        for piece, _ in self.pieces():
            found.append(piece.points[rows[(rows >= start) & (rows < start + len(piece.ids))] - start])
            start += len(piece.ids)
        return stacked(found)

    def label(self, row: int) -> tuple[str, str]:
        """(id, title) of a row of `edges`."""
        for piece, _ in self.pieces():
            if row < len(piece.ids):
                return piece.ids[row], piece.titles[row]
            row -= len(piece.ids)
        raise IndexError(row)

    def added(self, id: str) -> Document | None:
        """The document that came at run time with this id, ``None`` where none did or the base has it as it is."""
        return self._added[id][0] if id in self._added else None

    def add(self, documents: Sequence[Document]) -> None:
        """Remembers these too; one whose id is known replaces that one, and adding twice is adding once.

        A document of the base that comes back as it was is the base's own again, so a change taken back leaves nothing.
        """
        fresh = [d for d in documents if d.tags is not None and self._added.get(d.id, (None,))[0] != d]
        points, changed = self.space.documents(fresh), []
        for number, document in enumerate(fresh):
            point = points[[number]]
            changed += [self._tags_of(document.id), self._vocabulary.positions(document.tags or (), known_only=True)]
            self._drop(document.id)
            if self._weight(document) and not self._restored(document, point):
                self._added[document.id] = (document, point)
        self._tell(changed)

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets these documents; unknown ids are ignored."""
        changed = [self._tags_of(id) for id in ids]
        for id in ids:
            self._drop(id)
        self._tell(changed)

    def widen(self, vocabulary: Vocabulary) -> None:
        """Room for tags added at run time; nothing else changes unless a document that came before has one of them."""
        before, self._vocabulary, self.n_tags = self.n_tags, vocabulary, len(vocabulary)
        tags = (tag for document, _ in self._added.values() for tag in document.tags or ())
        carried = before < len(vocabulary) and any(vocabulary.find(tag) >= before for tag in tags)
        self._begin_telling() if carried else self._tell([])

    def save(self, folder: Path) -> None:
        """Writes the base as plain arrays."""
        folder.mkdir(parents=True, exist_ok=True)
        base = self.base
        labels = {"format": _FORMAT, "ids": base.ids, "titles": base.titles}
        (folder / "documents.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        save_points(base.points, folder / "points")
        save_points(base.tags, folder / "tags")
        if base.written is not None:
            np.save(folder / "written.npy", base.written)

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote, the arrays mapped."""
        labels = json.loads((folder / "documents.json").read_text(encoding="utf-8"))
        tags = load_points(folder / "tags")
        assert sparse(tags)
        written = np.load(folder / "written.npy") if (folder / "written.npy").exists() else None
        self._use(Piece(labels["ids"], labels["titles"], load_points(folder / "points"), tags, written), vocabulary)
        return self

    def _use(self, base: Piece, vocabulary: Vocabulary) -> None:
        self._base, self._vocabulary, self.n_tags = base, vocabulary, len(vocabulary)
        self._content, self._rows, self._edges_made = None, None, None
        self._added, self._gone = {}, set()
        self._begin_telling()

    def _begin_telling(self) -> None:
        """Any tag may have changed."""
        self.version += 1
        self._changes, self._told_from, self._grown_made = deque(), self.version, None

    def _tell(self, tags: Sequence[Ints]) -> None:
        """The documents of these tags have changed."""
        self.version += 1
        self._changes.append((self.version, _joined(tags)))
        if len(self._changes) > _TOLD:
            self._told_from = self._changes.popleft()[0]

    def _tags_of(self, id: str) -> Ints:
        """The tags that the document of this id has here, as far as the vocabulary knows them."""
        if id in self._added:
            return self._vocabulary.positions(self._added[id][0].tags or (), known_only=True)
        row, edges = self._row(id), self.base.tags
        if row is None or row in self._gone:
            return _joined([])
        found: Ints = edges.indices[edges.indptr[row] : edges.indptr[row + 1]]
        return found

    def _drop(self, id: str) -> None:
        row = self._row(id)
        if row is not None:
            self._gone.add(row)
        self._added.pop(id, None)

    def _restored(self, document: Document, point: Points) -> bool:
        """Whether the base has this very document; then it counts again."""
        row = self._row(document.id)
        if row is None:
            return False
        piece, base = self._piece([document], point, self._vocabulary), self.base
        same = piece.titles[0] == base.titles[row] and equal(point, base.points[[row]])
        if same and equal(piece.tags, base.tags[[row]]):
            self._gone.discard(row)
            return True
        return False

    def _row(self, id: str) -> int | None:
        if self._rows is None:
            self._rows = {known: row for row, known in enumerate(self.base.ids)}
        return self._rows.get(id)

    def _weight(self, document: Document) -> float:
        return self.auto_weight if document.metadata.get("auto") else pseudo.weight(document)

    def _piece(self, documents: Sequence[Document], points: Points, vocabulary: Vocabulary) -> Piece:
        tags = [vocabulary.positions(document.tags or (), known_only=True) for document in documents]
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in tags])]).astype(np.int64)
        weights = np.repeat([self._weight(document) for document in documents], np.diff(offsets))
        flat = np.concatenate([np.empty(0, dtype=np.int32), *tags])
        edges = sp.csr_matrix((weights.astype(np.float32), flat, offsets), shape=(len(documents), len(vocabulary)))
        edges.sort_indices()
        ids, titles = [d.id for d in documents], [d.title or d.text[:_SHOWN] for d in documents]
        written = np.array([pseudo.is_pseudo(document) for document in documents], dtype=np.bool_)
        return Piece(ids, titles, points, edges, written if written.any() else None)

    def _grown(self) -> Piece:
        """The documents added at run time, as a piece of their own."""
        documents, points = map(list, zip(*self._added.values(), strict=True))
        before, piece = self._grown_made or ([], None)
        if piece is None or len(before) > len(documents) or not all(map(is_, before, documents)):
            before, piece = [], None
        if fresh := documents[len(before) :]:  # most often they only become more
            more = self._piece(fresh, stacked(points[len(before) :]), self._vocabulary)
            piece = more if piece is None else piece.followed_by(more)
        assert piece is not None
        self._grown_made = (documents, piece)
        return piece


def _joined(tags: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype=np.int32), *tags])
