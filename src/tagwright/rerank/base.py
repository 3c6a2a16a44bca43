"""What every reranker promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats, Ints
from tagwright.encoders.weights import Weighed
from tagwright.errors import ConfigError
from tagwright.fusion.base import FUSED
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary


@dataclass
class Reranker(Weighed, ABC):
    """A second look at the best candidates of each document, by weights that were learned beforehand.

    ``model``: the folder of the weights. ``k``: how many candidates of a document it looks at, the best by the column
    ``fused``. The column ``<name>.score`` says what it finds, from 0 (wrong) to 1 (right); NaN = not looked at.
    """

    name: str = field(default="", metadata={"given": True})
    meaning: MeaningSpace = given()
    tag_points: TagPoints = given()
    model: str = ""
    k: int = 50
    role: ClassVar[str] = "reranker"
    section: ClassVar[str] = "rerank"
    # What its evidence is called.
    kind: ClassVar[str] = ""
    # Whether it reads the tags' vectors.
    compares_tags: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"'rerank.{self.name}.k' is {self.k!r}, but must be 1 at least")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it writes."""
        return (f"{self.name}.score",)

    def know(self, vocabulary: Vocabulary) -> None:
        """Is told the vocabulary when a tagger is trained."""
        self.vocabulary_ = vocabulary
        if self.compares_tags:
            self.tag_points.fit(vocabulary)

    def load(self, vocabulary: Vocabulary) -> None:
        """Is told the vocabulary of a tagger that was trained before, whose `tag_points` are there."""
        self.vocabulary_ = vocabulary

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Is told which tags are new or changed."""
        self.vocabulary_ = vocabulary
        if self.compares_tags:
            self.tag_points.add_tags(vocabulary, positions)

    @abstractmethod
    def open(self) -> Self:
        """The reranker, its weights read and found whole and fitting; `score` and `explain` do it, too.

        Raises `ConfigError` where the folder is absent or was taught for something else, `IntegrityError` where a file
        was changed, `FormatError` where another version wrote it.
        """

    def score(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The table with this reranker's column; documents are those of the table, row by row."""
        values = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
        looked_at = self.picked(candidates)
        if looked_at.any():
            values[looked_at] = self._scores(documents, candidates.where(looked_at))
        return candidates.with_columns({self.columns[0]: values})

    def picked(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,): the ``k`` best of each document by ``fused``, those without it last, ties to the lower tag."""
        return candidates.rank(FUSED) < self.k

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The score of the tag at this vocabulary position, where it speaks for the tag: above 0.5; else []."""
        tags = np.array([tag], dtype=np.int32)
        pair = Candidates.from_pairs(1, np.zeros(1, dtype=np.int64), tags, {})
        value = float(self._scores([document], pair)[0])
        return [Evidence(self.name, self.kind, f"score {value:.2f}", value=value)] if value > 0.5 else []

    @abstractmethod
    def _scores(self, documents: Sequence[Document], picked: Candidates) -> Floats:
        """(n_pairs,) from 0 to 1 of the pairs to look at, one at least; NaN where there is nothing to say."""
