"""Channels that answer by weights which were taught beforehand; nothing is learned of the documents here."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tagwright.candidates import Ints
from tagwright.encoders.weights import Weighed
from tagwright.errors import IntegrityError
from tagwright.recall.base import Channel
from tagwright.recall.readers import Readers
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

_STATE = "weights.json"


@dataclass
class TaughtChannel(Weighed, Channel):
    """One whose weights lie in the folder ``model``; tags are points of the project's encoder, or of the weights' own.

    ``points_`` are these points. What the weights have `seen`, they rate too well.
    """

    tag_points: TagPoints = given()
    readers: Readers = given()
    model: str = ""

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Reads the weights and places the tags; the documents are not looked at.

        Raises `ConfigError` where the weights do not fit here, and what reading them raises.
        """
        self._open()
        points = self._own_points()
        self.tag_points.fit(vocabulary)
        self._use(points.fit(vocabulary), vocabulary)
        return self

    def save(self, folder: Path) -> None:
        """Writes which weights these are, and the tags as their own encoder sees them; they stay where they lie."""
        self.need("points_")
        folder.mkdir(parents=True, exist_ok=True)
        if self.points_ is not self.tag_points:
            self.points_.save(folder / "tags")
        state = {"format": 1, "weights": self.fingerprint}
        (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; raises `IntegrityError` where the weights are others than these were."""
        state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        if state["weights"] != self.fingerprint:
            what = f"the channel {self.name!r} was trained with other weights than those in {self.model!r}"
            raise IntegrityError(what, hint="train again, or name the folder of then")
        self._open()
        points = self._own_points()
        if points is not self.tag_points:
            points.load(folder / "tags")
        self._use(points, vocabulary)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes the new or changed tags."""
        self.need("points_")
        self.tag_points.add_tags(vocabulary, positions)
        if self.points_ is not self.tag_points:
            self.points_.add_tags(vocabulary, positions)

    def points_of(self, folder: Path, fingerprint: str) -> TagPoints:
        """The tags in the space of the encoder in this folder, which came with the weights."""
        self.readers = self.readers or Readers()
        return self.readers.of(folder, fingerprint)

    @abstractmethod
    def _open(self) -> None:
        """Reads the weights, before anything else is done."""

    @abstractmethod
    def _own_points(self) -> TagPoints:
        """The tags in the space that the weights are of."""

    @abstractmethod
    def _use(self, points: TagPoints, vocabulary: Vocabulary) -> None:
        """Answers with these ``points_`` from now on."""
        self.points_ = points
