"""Content to tag by a classifier that the library's own documents taught: the channel of SEP-MLDC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tagwright.candidates import Candidates
from tagwright.encoders.base import LearningEncoder
from tagwright.errors import ConfigError
from tagwright.recall.base import Last
from tagwright.recall.labelweights import ENCODER, FROZEN, MANIFEST, Floats, Placed, Weights
from tagwright.recall.products import best_dense
from tagwright.recall.tagpoints import TagPoints
from tagwright.recall.taught import TaughtChannel
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary


@dataclass
class LabelGuided(TaughtChannel):
    """How likely a tag is right, by a network that selects features by labels (SEP-MLDC, Eq. 16 to 19).

    ``model``: the folder of the weights, which `tagwright.training.labelguided` teaches; nothing is learned here. They
    are of the project's encoder, or bring an encoder of their own. Column: ``score`` in [0, 1]. A tag that came after
    the teaching is found at once where the head compares with tags ("labels"), and never where it has a row of weights
    for each ("linear"). What the weights `seen`, they rate too well.
    """

    k: int = 60
    manifest: ClassVar[str] = MANIFEST
    reason: ClassVar[str] = "learned from tagged documents"

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

    def _open(self) -> None:
        self.weights_ = Weights.read(self.folder)

    def _own_points(self) -> TagPoints:
        taught = str(self.folder.said.get("encoder"))
        if self.folder.said.get("backbone") != FROZEN:
            return self.points_of(self.folder.path / ENCODER, taught)
        encoder = self.tag_points.meaning.encoder
        # One that learns anew with each training is another one each time.
        here = "lsa" if isinstance(encoder, LearningEncoder) else encoder.fingerprint
        if taught != here:
            raise ConfigError(
                f"the weights {self.model!r} were taught with the encoder {taught!r}, not with {here!r}",
                hint="teach them again with the encoder of this project, or use the encoder they were taught with",
            )
        return self.tag_points

    def _use(self, points: TagPoints, vocabulary: Vocabulary) -> None:
        width, own = points.meaning.encoder.width, self.weights_.form.width
        if width != own:
            what = f"the weights {self.model!r} are of vectors of {own} numbers, not of {width}"
            raise ConfigError(what, hint="teach them again with the encoder of this project")
        super()._use(points, vocabulary)
        self._taught = np.array([vocabulary.find(id) for id in self.weights_.tags], dtype=np.int64)
        self._placed: tuple[int, Placed] | None = None
        self._last: Last[Floats] = Last()

    def _logits(self, documents: Sequence[Document]) -> Floats:
        """(n_documents, n_tags); -inf where nothing can be said: of a text without a word, of a tag without weights."""
        self.need("points_")
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
