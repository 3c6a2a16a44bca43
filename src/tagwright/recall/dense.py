"""Content to tag: tags whose names and descriptions mean what the document means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Ints
from tagwright.recall.base import Channel, Last, given
from tagwright.recall.products import best_dense
from tagwright.recall.spaces import MeaningSpace
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_BATCH = 4096


@dataclass
class Dense(Channel):
    """The cosine of a document and each tag in an encoder's space (C2T, LLM4Tag Eq. 1-6).

    An edge exists where the cosine lies above ``threshold`` (strictly; the paper's 0.5 is of its own encoder). Left
    at None it is set so that ``share`` of the training documents' own tags lie above. Column: ``score`` the cosine.
    """

    meaning: MeaningSpace = given()
    k: int = 60
    threshold: float | None = None
    share: float = 0.99
    parts: ClassVar[tuple[str, ...]] = ("score",)

    def __post_init__(self) -> None:
        self._grown: Ints = np.empty(0, dtype=np.int32)
        self._version = 0

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Encodes the tags, and sets the threshold by the documents."""
        positions = np.flatnonzero(vocabulary.active).astype(np.int32)
        self._use(positions, self._encode(vocabulary, positions), -1.0)
        documents = [document for document in corpus if document.tags]
        self.threshold_ = self._usual_threshold(documents, vocabulary) if self.threshold is None else self.threshold
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest cosine."""
        product = self._product(documents)
        rows, columns = best_dense(product, k, floor=self.threshold_)
        tags = self._current()[0][columns]
        score = {f"{self.name}.score": product[rows, columns]}
        return Candidates.from_pairs(len(documents), rows, tags, score)

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The cosine of every candidate."""
        product = self._product(documents)
        column = self._columns_of(candidates.tags)
        known = column >= 0
        score = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
        score[known] = product[candidates.documents[known], column[known]]
        return self.place(candidates, {"score": score})

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The cosine, as it stands."""
        column = int(self._columns_of(np.array([tag], dtype=np.int32))[0])
        if column < 0:
            return []
        value = float(self._product([document])[0, column])
        return [Evidence(self.name, "meaning", f"cosine {value:.2f}", value=value)] if value > self.threshold_ else []

    def save(self, folder: Path) -> None:
        """Writes the tags' vectors as float16 and the threshold."""
        self.need("tags_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", self.tags_)
        np.save(folder / "vectors.npy", self.vectors_.astype(np.float16))
        learned = {"format": 1, "threshold": self.threshold_}
        (folder / "dense.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        learned = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
        vectors = np.load(folder / "vectors.npy").astype(np.float32)
        self._use(np.load(folder / "tags.npy"), vectors, float(learned["threshold"]))
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes the new or changed tags; they are found at once."""
        self.need("tags_")
        self._grown = np.union1d(self._grown, positions).astype(np.int32)
        active = self._grown[vocabulary.active[self._grown]]
        kept = ~np.isin(self.tags_, self._grown)
        tags = np.concatenate([self.tags_[kept], active])
        self._change((tags, np.concatenate([self.vectors_[kept], self._encode(vocabulary, active)])))

    def _use(self, tags: Ints, vectors: NDArray[np.float32], threshold: float) -> None:
        self.tags_, self.vectors_, self.threshold_ = tags, vectors, threshold
        self._grown = self._grown[:0]
        self._last: Last[NDArray[np.float32]] = Last()
        self._change((tags, vectors))

    def _change(self, current: tuple[Ints, NDArray[np.float32]]) -> None:
        self._now = current
        self._version += 1

    def _encode(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        """float32 rows that are exact in float16, so that a saved and a fresh channel answer alike."""
        blocks = [np.empty((0, self.meaning.encoder.width), dtype=np.float32)]
        for start in range(0, len(positions), _BATCH):
            block = self.meaning.tags(vocabulary, positions[start : start + _BATCH])
            blocks.append(block.astype(np.float16).astype(np.float32))
        return np.concatenate(blocks)

    def _current(self) -> tuple[Ints, NDArray[np.float32]]:
        """(tags, (n_tags, width) vectors): the base without what changed, then what came at run time."""
        self.need("tags_")
        return self._now

    def _product(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        vectors = self._current()[1]
        product = self._last.of(documents, self._version)
        if product is None:
            fresh = np.asarray(self.meaning.documents(documents) @ vectors.T, dtype=np.float32)
            product = self._last.keep(documents, self._version, fresh)
        return product

    def _columns_of(self, tags: Ints) -> NDArray[np.int64]:
        own = self._current()[0]
        places = np.full(int(max(own.max(initial=-1), tags.max(initial=-1))) + 1, -1, dtype=np.int64)
        places[own] = np.arange(len(own))
        return places[tags]

    def _usual_threshold(self, documents: Sequence[Document], vocabulary: Vocabulary) -> float:
        cosines = []
        for start in range(0, len(documents), 256):
            batch = documents[start : start + 256]
            points = self.meaning.documents(batch)
            for point, document in zip(points, batch, strict=True):
                columns = self._columns_of(vocabulary.positions(document.tags or (), known_only=True))
                cosines += (self.vectors_[columns[columns >= 0]] @ point).tolist()
        return float(np.quantile(cosines, 1 - self.share)) if cosines else 0.0
