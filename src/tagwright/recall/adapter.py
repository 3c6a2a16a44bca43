"""Content to tag through a map that the library's own documents taught."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

import tagwright.recall.pseudo as pseudo
from tagwright.recall.adaptation import Examples, Schedule, learn
from tagwright.recall.dense import Dense, Vectors
from tagwright.recall.products import unit
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary


@dataclass
class Adapter(Dense):
    """The cosine of tags and documents whose vectors are moved towards the tags that such documents get.

    An encoder knows what words mean, not how this library indexes. A linear map, the identity at first, is fitted on
    the documents and their titles so that their own tags stand out among others (a softmax over sampled tags, as
    in DEXML, Gupta et al. 2024). Tags stay where they are, so a tag without a document gains as well,
    and a new one is found at once. Columns as of `dense`. ``documents``: at most so many are learned from.
    Beside an encoder that learns (`Lsa`), and without documents, it is not asked.
    """

    threshold: float | None = 0.0
    documents: int = 20_000
    epochs: int = 6
    steps: int = 100
    negatives: int = 2000
    learning_rate: float = 2e-3
    seed: int = 0
    adapts: ClassVar[bool] = True
    reason: ClassVar[str] = "meaning, as this library indexes"

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Learns the map."""
        documents = [document for document in corpus if document.tags]
        self.tag_points.fit(vocabulary)
        examples = self._examples(documents, vocabulary)
        schedule = Schedule(self.epochs, self.steps, self.negatives, self.learning_rate)
        self.map_ = learn(examples, self.tag_points.vectors, schedule, np.random.default_rng(self.seed))
        super().fit(documents, vocabulary)
        return self

    def moved(self, points: Vectors) -> Vectors:
        """(n, width) of length 1; a point that is 0 stays there."""
        self.need("map_")
        return unit(points + points @ self.map_)

    def save(self, folder: Path) -> None:
        """Writes the map and the threshold."""
        self.need("map_")
        super().save(folder)
        np.save(folder / "map.npy", self.map_)

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        self.map_ = np.load(folder / "map.npy")
        super().load(folder, vocabulary)
        return self

    def _examples(self, documents: Sequence[Document], vocabulary: Vocabulary) -> Examples:
        """Documents and titles with the rows of their tags."""
        if len(documents) > self.documents:
            chosen = np.linspace(0, len(documents) - 1, self.documents).astype(np.int64)
            documents = [documents[row] for row in chosen]
        gold = []
        for document in documents:
            rows = self.tag_points.rows(vocabulary.positions(document.tags or (), known_only=True))
            gold.append(rows[rows >= 0])
        meaning = self.tag_points.meaning
        points = np.concatenate([meaning.documents(documents), meaning.titles(documents)])
        tagged = np.array([len(rows) > 0 for rows in gold], dtype=bool)
        useful = np.flatnonzero(np.any(points, axis=1) & np.tile(tagged, 2))
        weights = np.array([pseudo.weight(document) for document in documents], dtype=np.float32)
        shares = None if np.all(weights == 1) else np.tile(weights, 2)[useful]
        return Examples(points[useful], [gold[row % len(gold)] for row in useful.tolist()], shares)
