"""Content to tag: tags whose names and descriptions mean what the document means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Candidates, Ints
from tagwright.recall.base import Channel, Last
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

Vectors = NDArray[np.float32]


@dataclass
class Dense(Channel):
    """The cosine of a document and each tag in an encoder's space (C2T, LLM4Tag Eq. 1-6).

    An edge exists where the cosine lies above ``threshold`` (strictly; the paper's 0.5 is of its own encoder). Left
    at None it is set so that ``share`` of the training documents' own tags lie above, and at 0 at least. Columns:
    ``score`` the cosine; ``title_score`` that of the title alone, which says in ten words what a document is about.
    """

    tag_points: TagPoints = given()
    k: int = 60
    threshold: float | None = None
    share: float = 0.99
    parts: ClassVar[tuple[str, ...]] = ("score", "title_score")
    reason: ClassVar[str] = "meaning"

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Encodes the tags, and sets the threshold by the documents."""
        self.tag_points.fit(vocabulary)
        self._use(-1.0)
        documents = [document for document in pseudo.real(corpus) if document.tags]
        self.threshold_ = self._usual_threshold(documents, vocabulary) if self.threshold is None else self.threshold
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest cosine."""
        read = self._read(documents)
        near = self.tag_points.nearest(read.points, k)
        above = near.cosines > self.threshold_
        found = Candidates.from_pairs(len(documents), near.rows[above], near.tags[above], {})
        return self._columns(found, read)

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The cosines of every candidate."""
        return self._columns(candidates, self._read(documents))

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The cosine, as it stands."""
        row = self.tag_points.rows(np.array([tag], dtype=np.int32))
        value = float(self.tag_points.cosines(np.array([0]), row, self._read([document]).points)[0][0])
        said = Evidence(self.name, self.reason, f"cosine {value:.2f}", value=value)
        return [said] if value > self.threshold_ else []

    def save(self, folder: Path) -> None:
        """Writes the threshold; the tags' vectors are saved by those that share them."""
        self.need("threshold_")
        folder.mkdir(parents=True, exist_ok=True)
        learned = {"format": 2, "threshold": self.threshold_}
        (folder / "dense.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        learned = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
        self._use(float(learned["threshold"]))
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes the new or changed tags; they are found at once."""
        self.need("threshold_")
        self.tag_points.add_tags(vocabulary, positions)

    def moved(self, points: Vectors) -> Vectors:
        """(n, width): where points of documents are compared with those of tags: here, as the encoder put them."""
        return points

    def _use(self, threshold: float) -> None:
        self.threshold_ = threshold
        self._last: Last[_Read] = Last()

    def _read(self, documents: Sequence[Document]) -> _Read:
        self.need("threshold_")
        state = self.tag_points.version
        read = self._last.of(documents, state)
        if read is None:
            meaning = self.tag_points.meaning
            points, titles = self.moved(meaning.documents(documents)), self.moved(meaning.titles(documents))
            read = self._last.keep(documents, state, _Read(points, titles))
        return read

    def _columns(self, candidates: Candidates, read: _Read) -> Candidates:
        rows = self.tag_points.rows(candidates.tags)
        score, title = self.tag_points.cosines(candidates.documents, rows, read.points, read.titles)
        return self.place(candidates, {"score": score, "title_score": title})

    def _usual_threshold(self, documents: Sequence[Document], vocabulary: Vocabulary) -> float:
        cosines = [np.empty(0, dtype=np.float32)]
        for start in range(0, len(documents), 256):
            batch = documents[start : start + 256]
            gold = [vocabulary.positions(document.tags or (), known_only=True) for document in batch]
            owners = np.repeat(np.arange(len(batch)), [len(tags) for tags in gold])
            points = self.moved(self.tag_points.meaning.documents(batch))
            cosines += self.tag_points.cosines(owners, self.tag_points.rows(np.concatenate(gold)), points)
        found = np.concatenate(cosines)
        found = found[~np.isnan(found)]
        return max(0.0, float(np.quantile(found, 1 - self.share))) if len(found) else 0.0


@dataclass(frozen=True)
class _Read:
    """A batch: where its documents, ``points``, and its ``titles`` lie, each (n_documents, width)."""

    points: Vectors
    titles: Vectors
