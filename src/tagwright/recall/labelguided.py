"""Content to tag by a classifier that the library's own documents taught: the channel of SEP-MLDC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from tagwright.candidates import Candidates, Ints
from tagwright.encoders.base import LearningEncoder
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, IntegrityError
from tagwright.recall.base import Channel, Last
from tagwright.recall.labelweights import ENCODER, FROZEN, MANIFEST, Floats, Placed, Weights
from tagwright.recall.products import best_dense
from tagwright.recall.readers import Readers
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_STATE = "labelguided-state.json"


@dataclass
class LabelGuided(Channel):
    """How likely a tag is right, by a network that selects features by labels (SEP-MLDC, Eq. 16 to 19).

    ``model``: the folder of the weights, which `tagwright.training.contrastive` teaches; nothing is learned here. They
    are of the project's encoder, or bring an encoder of their own. Column: ``score`` in [0, 1]. A tag that came after
    the teaching is found at once where the head compares with tags ("labels"), and never where it has a row of weights
    for each ("linear"). What the weights `seen`, they rate too well.
    """

    tag_points: TagPoints = given()
    readers: Readers = given()
    model: str = ""
    k: int = 60
    reason: ClassVar[str] = "learned from tagged documents"

    @cached_property
    def folder(self) -> Folder:
        """The folder of the weights, read once; raises `ConfigError` where there is none."""
        if not self.model:
            hint = f"name the folder of weights that were taught as 'channels.{self.name}.model'"
            raise ConfigError(f"the channel {self.name!r} has no model", hint=hint)
        return Folder.read(Path(self.model), MANIFEST)

    @property
    def seen(self) -> Seen:
        """The documents that the weights were taught with; what is said of them is too good to learn from."""
        return self.folder.seen

    @property
    def fingerprint(self) -> str:
        """Names the contents of the folder."""
        return self.folder.fingerprint

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Reads the weights and places the tags; the documents are not looked at.

        Raises `ConfigError` where the weights are of another encoder, and what reading them raises.
        """
        weights = Weights.read(self.folder)
        self.tag_points.fit(vocabulary)
        self._use(weights, self._own_points().fit(vocabulary), vocabulary)
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest score."""
        logits = self._logits(documents)
        rows, columns = best_dense(logits, k)
        score = {f"{self.name}.score": self.weights_.probabilities(logits, rows, columns)}
        return Candidates.from_pairs(len(documents), rows, self.points_.tags[columns], score)

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The score of every candidate that it can say something of."""
        logits, rows = self._logits(documents), self.points_.rows(candidates.tags)
        known = np.flatnonzero(rows >= 0)
        score = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
        score[known] = self.weights_.probabilities(logits, candidates.documents[known], rows[known])
        return self.place(candidates, {"score": score})

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The score, as it stands, where the tag is one that the channel finds."""
        found = self.recall([document], self.k)
        value = found.column(f"{self.name}.score")[found.tags == tag]
        return [Evidence(self.name, self.reason, f"score {value[0]:.2f}", value=float(value[0]))] if len(value) else []

    def save(self, folder: Path) -> None:
        """Writes which weights these are, and the tags as their own encoder sees them; they stay where they lie."""
        self.need("weights_")
        folder.mkdir(parents=True, exist_ok=True)
        if self.points_ is not self.tag_points:
            self.points_.save(folder / "tags")
        state = {"format": 1, "weights": self.fingerprint}
        (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; raises `IntegrityError` where the weights are others than these were."""
        state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        if state["weights"] != self.fingerprint:
            what = f"the weights in {self.model} are not those that the model was trained with"
            raise IntegrityError(what, hint="tagwright train, or name the folder that was there before")
        weights, points = Weights.read(self.folder), self._own_points()
        if points is not self.tag_points:
            points.load(folder / "tags")
        self._use(weights, points, vocabulary)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes the new or changed tags; they are found at once, but for the head "linear"."""
        self.need("weights_")
        self.tag_points.add_tags(vocabulary, positions)
        if self.points_ is not self.tag_points:
            self.points_.add_tags(vocabulary, positions)

    def _own_points(self) -> TagPoints:
        """The tags in the space that the weights are of."""
        taught = str(self.folder.said.get("encoder"))
        if self.folder.said.get("backbone") != FROZEN:
            self.readers = self.readers or Readers()
            return self.readers.of(self.folder.path / ENCODER, taught)
        encoder = self.tag_points.meaning.encoder
        # One that learns anew with each training is another one each time.
        here = "lsa" if isinstance(encoder, LearningEncoder) else encoder.fingerprint
        if taught != here:
            raise ConfigError(
                f"the weights {self.model!r} were taught with the encoder {taught!r}, not with {here!r}",
                hint="teach them again with the encoder of this project, or use the encoder they were taught with",
            )
        return self.tag_points

    def _use(self, weights: Weights, points: TagPoints, vocabulary: Vocabulary) -> None:
        width = points.vectors.shape[1]
        if width != weights.form.width:
            what = f"the weights {self.model!r} are of vectors of {weights.form.width} numbers, not of {width}"
            raise ConfigError(what, hint="teach them again with the encoder of this project")
        self.weights_, self.points_ = weights, points
        self._taught = np.array([vocabulary.find(id) for id in weights.tags], dtype=np.int64)
        self._placed: tuple[int, Placed] | None = None
        self._last: Last[Floats] = Last()

    def _logits(self, documents: Sequence[Document]) -> Floats:
        """(n_documents, n_tags); -inf where nothing can be said: of a text without a word, of a tag without weights."""
        self.need("weights_")
        placed, state = self._tags(), self.points_.version
        logits = self._last.of(documents, state)
        if logits is None:
            points = self.points_.meaning.documents(documents)
            logits = self.weights_.logits(points, placed)
            logits[~np.any(points, axis=1)] = -np.inf
            self._last.keep(documents, state, logits)
        return logits

    def _tags(self) -> Placed:
        """All tags, moved; once for each state of them."""
        placed, version = self._placed, self.points_.version
        if placed is None or placed[0] != version:
            tags = self.points_.tags
            rows = np.full(int(max(tags.max(initial=-1), self._taught.max(initial=-1))) + 1, -1, dtype=np.int64)
            known = np.flatnonzero(self._taught >= 0)
            rows[self._taught[known]] = known
            placed = self._placed = (version, self.weights_.placed(self.points_.vectors, rows[tags]))
        return placed[1]
