"""Tags as the mean of their documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Ints
from tagwright.recall.base import Channel, Last
from tagwright.recall.points import Points, beside, cosines, load_points, save_points, sparse, stacked, turned
from tagwright.recall.products import at, best, best_dense, prune, unit, unit_rows
from tagwright.recall.shelf import Shelf
from tagwright.recall.spaces import WordSpace
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_TERMS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class _Moved:
    """The centroids that are not as in the base, at one version of the shelf.

    ``touched``: tags whose centroid in the base is not theirs any more; those of them in ``tags`` have another one, a
    row of ``points``. ``kept``: places in the base that still count; these and ``points``, put in ``order``, are the
    centroids of ``all`` tags that have one. All ascend.
    """

    version: int
    touched: Ints
    tags: Ints
    points: Points
    kept: NDArray[np.int64]
    order: NDArray[np.int64]
    all: Ints

    @classmethod
    def over(cls, base: Ints, version: int, touched: Ints, tags: Ints, points: Points) -> _Moved:
        """These, over the tags of a base."""
        kept = np.flatnonzero(~np.isin(base, touched))
        every = np.concatenate([base[kept], tags])
        order = np.argsort(every, kind="stable")
        return cls(version, touched, tags, points, kept, order, every[order].astype(np.int32))


@dataclass
class Centroids(Channel):
    """The cosine of a document and the mean of each tag's documents, the tag's own name mixed in.

    The name counts as ``name_weight`` documents, so it matters for tags with few. In the space of words a centroid
    keeps its ``terms`` strongest stems (300: on library records nothing is lost, and memory stays bounded). Columns:
    ``score`` the cosine; ``documents`` the log of 1 + how many documents carry the tag, 0 for a tag without any
    (one that only a model's documents carry has a centroid all the same).
    """

    shelf: Shelf = given()
    space: str = "words"
    k: int = 60
    name_weight: float = 0.5
    terms: int = 300
    parts: ClassVar[tuple[str, ...]] = ("score", "documents")

    def __post_init__(self) -> None:
        self._renamed: Ints = np.empty(0, dtype=np.int32)
        self._made: _Moved | None = None

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Sums the documents of each tag; a tag without documents has no centroid."""
        self.shelf.fit(corpus, vocabulary)
        self._vocabulary = vocabulary
        tags = self.shelf.carried()
        self._use(tags, self._means(self.shelf.edges(), self.shelf.base.points, tags))
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the nearest centroid."""
        product, tags = self._product(documents)
        if isinstance(product, np.ndarray):
            rows, columns = best_dense(product, k, floor=0.0)
        else:
            rows, columns, _ = best(product, k)
        return self._columns(Candidates.from_pairs(len(documents), rows, tags[columns], {}), product, tags)

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The cosine with every candidate that has a centroid, and every candidate's number of documents."""
        return self._columns(candidates, *self._product(documents))

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The words that the document shares with the tag's documents, or the cosine alone."""
        found = self._centroid(tag)
        if found is None:
            return []
        centroids, place = found
        points = self.shelf.space.documents([document])
        if sparse(points) and sparse(centroids):
            return self._shared_words(document, points, centroids, place)
        value = float((points @ centroids[[place]].T)[0, 0])
        said = Evidence(self.name, "like its documents", f"cosine {value:.2f}", value=value)
        return [said] if value > 0 else []  # what was found has a reason, however weak: the cosine says so

    def save(self, folder: Path) -> None:
        """Writes the centroids; the documents are saved by the shelf."""
        self.need("tags_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", self.tags_)
        save_points(self.centroids_, folder / "centroids")
        (folder / "centroids.json").write_text(json.dumps({"format": 1}), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        self._vocabulary = vocabulary
        self._use(np.load(folder / "tags.npy"), load_points(folder / "centroids"))
        return self

    def add(self, documents: Sequence[Document]) -> None:
        """Moves the centroids of their tags."""
        self.shelf.add(documents)

    def remove(self, ids: Sequence[str]) -> None:
        """Moves them back."""
        self.shelf.remove(ids)

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """A new tag has a centroid once it has a document; that of a changed tag gets the new name."""
        self.need("tags_")
        self._vocabulary = vocabulary
        self._renamed = np.union1d(self._renamed, positions).astype(np.int32)
        if self._made is not None:
            kept = np.flatnonzero(~np.isin(self._made.tags, positions))
            self._made = replace(self._made, tags=self._made.tags[kept], points=self._made.points[kept])
        self.shelf.widen(vocabulary)  # another version: what was made is looked through before it is used again

    def _use(self, tags: Ints, centroids: Points) -> None:
        self.tags_, self.centroids_ = tags, centroids
        self._renamed = self._renamed[:0]
        self._made = None
        self._turned: Points | None = None
        self._last: Last[Points] = Last()

    def _means(self, edges: sp.csr_matrix, points: Points, tags: Ints) -> Points:
        """(n_tags, width) rows of length 1: weighted sums of the tags' documents and names."""
        sums = edges[:, tags].T.tocsr() @ points
        names = self.shelf.space.tags(self._vocabulary, tags) if self.name_weight else None
        mixed = sums if names is None else sums + self.name_weight * names
        if not sparse(mixed):
            return unit(mixed)
        rows = sp.csr_matrix(mixed)
        rows.sort_indices()  # so that lengths are added up in one order, whatever else is summed beside them
        return unit_rows(prune(unit_rows(rows), self.terms))

    def _shared_words(
        self, document: Document, point: sp.csr_matrix, centroids: sp.csr_matrix, place: int
    ) -> list[Evidence]:
        """The words of a document, one row, that add most to its cosine with the centroid at a place."""
        entries = slice(centroids.indptr[place], centroids.indptr[place + 1])
        terms, there, own = np.intersect1d(
            centroids.indices[entries], point.indices, assume_unique=True, return_indices=True
        )
        added = point.data[own] * centroids.data[entries][there]
        strongest = terms[np.argsort(-added, kind="stable")[:_TERMS_SHOWN]]
        assert isinstance(self.shelf.space, WordSpace)
        tfidf = self.shelf.space.tfidf
        words = ", ".join(tfidf.analyzer.written(document, [tfidf.stems_[term] for term in strongest]))
        return [Evidence(self.name, "shared words", words, value=float(added.sum()))] if words else []

    def _centroid(self, tag: int) -> tuple[Points, int] | None:
        """Points of which the one at a place is the centroid of a tag; ``None`` where it has none."""
        self.need("tags_")
        moved = self._moved()
        others = [] if moved is None else [(moved.tags, moved.points)]
        touched = moved is not None and tag in moved.touched
        for tags, points in others if touched else [(self.tags_, self.centroids_)]:
            place = int(np.searchsorted(tags, tag))
            if place < len(tags) and tags[place] == tag:
                return points, place
        return None

    def _moved(self) -> _Moved | None:
        """What is not as in the base any more; summed anew are tags whose documents changed since the last look."""
        shelf, before = self.shelf, self._made
        if before is not None and before.version == shelf.version:
            return before
        touched = np.union1d(shelf.touched(), self._renamed).astype(np.int32)
        if len(touched) == 0:
            return None
        parts, fresh = [], touched[np.isin(touched, shelf.carried())]
        changed = None if before is None else shelf.changed_since(before.version)
        if before is not None and changed is not None:
            kept = np.isin(before.tags, fresh) & ~np.isin(before.tags, changed)
            fresh = np.setdiff1d(fresh, before.tags[kept])
            parts = [(before.tags[kept], before.points[np.flatnonzero(kept)])]
        if len(fresh) or not parts:
            parts.append((fresh, self._summed(fresh)))
        tags, points = np.concatenate([tags for tags, _ in parts]), stacked([points for _, points in parts])
        order = np.argsort(tags, kind="stable")
        self._made = _Moved.over(self.tags_, shelf.version, touched, tags[order].astype(np.int32), points[order])
        return self._made

    def _summed(self, tags: Ints) -> Points:
        """The centroids of these tags, from the documents that they have now."""
        edges = self.shelf.edges()
        wanted = np.zeros(edges.shape[1], dtype=np.bool_)
        wanted[tags] = True
        rows = np.unique(np.repeat(np.arange(edges.shape[0]), np.diff(edges.indptr))[wanted[edges.indices]])
        return self._means(edges[rows], self.shelf.points(rows), tags)

    def _product(self, documents: Sequence[Document]) -> tuple[Points, Ints]:
        """The cosines of a batch with all centroids (n_documents, n), and the tags of those, ascending."""
        self.need("tags_")
        state, moved = self.shelf.version, self._moved()
        product = self._last.of(documents, state)
        if product is None:
            if self._turned is None:
                self._turned = turned(self.centroids_)
            points = self.shelf.space.documents(documents)
            product = cosines(points, self._turned)
            if moved is not None:
                product = beside([product[:, moved.kept], cosines(points, turned(moved.points))])[:, moved.order]
            product = self._last.keep(documents, state, product)
        return product, self.tags_ if moved is None else moved.all

    def _columns(self, candidates: Candidates, product: Points, tags: Ints) -> Candidates:
        rows, wanted = candidates.documents, candidates.tags
        places = np.minimum(np.searchsorted(tags, wanted), max(len(tags) - 1, 0))
        has = tags[places] == wanted if len(tags) else np.zeros(len(wanted), dtype=bool)
        score = np.full(len(wanted), np.nan, dtype=np.float32)
        found = at(product, rows[has], places[has]) if sparse(product) else product[rows[has], places[has]]
        score[has] = np.where(np.isnan(found), np.float32(0), found)
        counts = self.shelf.counts()[wanted].astype(np.float32)
        return self.place(candidates, {"score": score, "documents": np.log1p(counts)})
