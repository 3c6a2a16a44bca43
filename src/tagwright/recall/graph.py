"""Content to content to tag: the tags of similar documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Ints
from tagwright.recall.base import MOST_EVIDENCE, Channel, Last
from tagwright.recall.points import Points, beside, cosines, sparse, turned
from tagwright.recall.products import best, best_dense, spread
from tagwright.recall.shelf import Shelf
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_Neighbours = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]
_Near = tuple[NDArray[np.int64], NDArray[np.float32], sp.csc_matrix]
_BATCH = 64
# Documents whose same-tag pairs decide the threshold: enough for a stable quantile.
_SAMPLED = 2000


@dataclass
class Graph(Channel):
    """The tags of the ``neighbours`` most similar documents (C2C2T, LLM4Tag Eq. 1-6).

    An edge between two contents exists where their similarity lies above ``threshold`` (strictly; the paper's 0.8
    is of its own encoder). Left at None it is set so that ``share`` of the pairs of most similar documents with a
    common tag lie above. The paper does not say how its few tags are picked: here by the sum of similarity to the
    ``power`` over the neighbours that carry the tag, ties by tag. Columns: ``score`` that sum; ``share`` the
    neighbours' similarity that carries the tag, of all; ``nearest`` the highest similarity of a carrier;
    ``carriers`` how many carry it.
    """

    shelf: Shelf = given()
    space: str = "words"
    k: int = 60
    neighbours: int = 100
    power: float = 3.0
    threshold: float | None = None
    share: float = 0.98
    parts: ClassVar[tuple[str, ...]] = ("score", "share", "nearest", "carriers")

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Remembers the documents and sets the threshold."""
        self.shelf.fit(corpus, vocabulary)
        self._use(0.0)
        self._use(self.threshold if self.threshold is not None else self._usual_threshold())
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags that most similar documents carry."""
        return self._table(documents).top(k, by=f"{self.name}.score")

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """What the neighbours say of candidates that others found; 0 where no neighbour carries them."""
        table = self._table(documents)
        keys, wanted = table.documents << 32 | table.tags, candidates.documents << 32 | candidates.tags
        places = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        hit = keys[places] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
        empty = np.zeros(len(wanted), dtype=np.float32)
        values = {n: np.where(hit, table.columns[n][places], 0) if hit.any() else empty for n in self.columns}
        return candidates.with_columns(values)

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The most similar documents that carry the tag."""
        self.need("threshold_")
        rows, similarities, edges = self._near_by(document)
        carries = edges.indices[edges.indptr[tag] : edges.indptr[tag + 1]]
        rows, similarities, written = rows[carries], similarities[carries], self.shelf.written()
        made = np.zeros(len(rows), dtype=np.bool_) if written is None else written[rows]
        found = []
        for place in np.argsort(made, kind="stable")[:MOST_EVIDENCE].tolist():  # what people have written goes first
            id, title = self.shelf.label(int(rows[place]))
            kind = "similar to a written sample" if made[place] else "similar document"
            shown = None if made[place] else id  # nobody can open what a model wrote
            found.append(Evidence(self.name, kind, title, document=shown, value=float(similarities[place])))
        return found

    def save(self, folder: Path) -> None:
        """Writes the threshold; the documents are saved by the shelf."""
        self.need("threshold_")
        folder.mkdir(parents=True, exist_ok=True)
        learned = {"format": 1, "threshold": self.threshold_}
        (folder / "graph.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        self._use(float(json.loads((folder / "graph.json").read_text(encoding="utf-8"))["threshold"]))
        return self

    def add(self, documents: Sequence[Document]) -> None:
        """New vertices, found at once."""
        self.shelf.add(documents)

    def remove(self, ids: Sequence[str]) -> None:
        """Takes vertices and their edges out."""
        self.shelf.remove(ids)

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """A new tag is reached once a document carries it."""
        self.shelf.widen(vocabulary)

    def _use(self, threshold: float) -> None:
        self.threshold_ = threshold
        self._last: Last[Candidates] = Last()
        self._found: Last[_Neighbours] = Last()
        self._near: Last[_Near] = Last()
        self._turned: dict[int, tuple[Points, Points]] = {}

    def _table(self, documents: Sequence[Document]) -> Candidates:
        self.need("threshold_")
        state = self.shelf.version
        table = self._last.of(documents, state)
        if table is None:
            table = self._last.keep(documents, state, self._vote(len(documents), *self._neighbours(documents)))
        return table

    def _vote(
        self, n: int, owners: NDArray[np.int64], rows: NDArray[np.int64], similarities: NDArray[np.float32]
    ) -> Candidates:
        """Neighbours -> their tags, each with its columns."""
        edges = self.shelf.edges()
        pair, entry = spread(edges.indptr, rows)
        keys = owners[pair] << 32 | edges.indices[entry]
        order = np.argsort(keys, kind="stable")  # within a tag the most similar neighbour stays first
        unique, starts = np.unique(keys[order], return_index=True)
        if len(unique) == 0:
            return Candidates.empty(n, self.columns)
        near = similarities[pair][order].astype(np.float64)
        weighted = edges.data[entry][order] * near
        total = np.maximum(np.bincount(owners, similarities, minlength=n), 1e-9)
        values = {
            "score": np.add.reduceat(weighted * near ** (self.power - 1), starts),
            "share": np.add.reduceat(weighted, starts) / total[unique >> 32],
            "nearest": np.maximum.reduceat(near, starts),
            "carriers": np.diff(np.append(starts, len(keys))),
        }
        columns = {f"{self.name}.{part}": column for part, column in values.items()}
        return Candidates.from_pairs(n, unique >> 32, unique & 0xFFFFFFFF, columns)

    def _near_by(self, document: Document) -> _Near:
        """The neighbours of a document and their tags, column by column: the same for every tag that is asked about."""
        state = self.shelf.version
        known = self._near.of([document], state)
        if known is None:
            _, rows, similarities = self._neighbours([document])
            edges = self.shelf.edges()[rows].tocsc()
            edges.eliminate_zeros()
            known = self._near.keep([document], state, (rows, similarities, edges))
        return known

    def _neighbours(self, documents: Sequence[Document]) -> _Neighbours:
        """(document, row of `Shelf.edges`, similarity), the most similar first within each document."""
        state = self.shelf.version
        known = self._found.of(documents, state)
        if known is None:
            known = self._found.keep(documents, state, self._looked_up(documents))
        return known

    def _looked_up(self, documents: Sequence[Document]) -> _Neighbours:
        product = self._similarities(self.shelf.space.documents(documents))
        floor = max(self.threshold_, 0.0)
        if sparse(product):
            product.data[product.data <= floor] = 0
            product.eliminate_zeros()
            owners, rows, similarities = best(product, self.neighbours)
        else:
            owners, rows = best_dense(product, self.neighbours, floor=floor)
            similarities = product[owners, rows]
        order = np.lexsort((rows, -similarities, owners))
        return owners[order], rows[order], similarities[order].astype(np.float32)

    def _similarities(self, points: Points) -> Points:
        """(n_points, n): the cosine with every row of `Shelf.edges`, 0 for rows that are gone."""
        blocks = []
        for number, (piece, alive) in enumerate(self.shelf.pieces()):
            product = cosines(points, self._by_column(number, piece.points))
            if alive is not None and sparse(product):
                product.data *= alive[product.indices]
            elif alive is not None:
                product *= alive
            blocks.append(product)
        return beside(blocks)

    def _by_column(self, number: int, points: Points) -> Points:
        """The points of a piece, turned; remembered, so that the base is turned once."""
        kept = self._turned.get(number)
        if kept is None or kept[0] is not points:
            kept = self._turned[number] = (points, turned(points))
        return kept[1]

    def _usual_threshold(self) -> float:
        """The similarity that ``share`` of sampled documents' nearest same-tag pairs exceed."""
        base = self.shelf.base
        people = np.ones(len(base.ids), dtype=np.bool_) if base.written is None else ~base.written
        step = max(1, int(people.sum()) // _SAMPLED)
        chosen = np.flatnonzero(people)[::step]
        highest = []
        across = self._by_column(0, base.points)
        for start in range(0, len(chosen), _BATCH):
            rows = chosen[start : start + _BATCH]
            near = base.points[rows] @ across
            near = near.toarray() if sparse(near) else near.copy()
            near[np.arange(len(rows)), rows] = -1
            same = (base.tags[rows] @ base.tags.T).tocsr()
            for row in range(len(rows)):
                mates = same.indices[same.indptr[row] : same.indptr[row + 1]]
                mates = mates[(mates != rows[row]) & people[mates]]
                if len(mates):
                    highest.append(float(near[row, mates].max()))
        return max(0.0, float(np.quantile(highest, 1 - self.share))) if highest else 0.0
