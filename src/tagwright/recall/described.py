"""A generator writes what the tags of a document should say; the tags that say so are found (LAGAMC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import tagwright.recall.writing as writing
from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.recall.base import MOST_EVIDENCE, Last
from tagwright.recall.matcher import Cosines, descriptions
from tagwright.recall.readers import Readers
from tagwright.recall.spaces import text_of
from tagwright.recall.tagpoints import TagPoints
from tagwright.recall.taught import TaughtChannel
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

KIND = "written description"


@dataclass
class Described(TaughtChannel):
    """The tags nearest to the descriptions that a taught model writes about a document (LAGAMC, sections 5 and 8.5).

    ``model``: the folder of the weights (`tagwright.training.generator`), or of what was written beforehand. Each
    description is compared with what should be written of each tag (`WrittenPoints`), in the space of the project's
    encoder, or of the one that was taught beside the model, and gives its nearest tag, where the cosine is
    ``threshold`` at least. Column: ``score``, the highest cosine of a description with the tag; other channels' tags
    have theirs, too. At most ``most_tokens`` tokens are written (0 = as it was taught), the best of ``beams``;
    ``batch`` documents at once; ``device``: "" = a GPU where there is one. A model needs the extra ``train``, and
    seconds a document on a CPU. Where it writes nothing, nothing is said. New tags are matched at once.
    """

    k: int = 20
    threshold: float = 0.4
    beams: int = 1
    most_tokens: int = 0
    batch: int = 8
    device: str = ""
    manifest: ClassVar[str] = writing.MANIFEST

    def __post_init__(self) -> None:
        for key, least in (("k", 1), ("beams", 1), ("batch", 1), ("most_tokens", 0)):
            if getattr(self, key) < least:
                raise ConfigError(f"option {key!r} of a channel is {getattr(self, key)}, but must be {least} at least")

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The tags that descriptions of the document matched, the ``k`` with the highest cosine."""
        read = self._read(documents)
        found = read.cosines.match(self.threshold)
        tags = self.points_.tags[found.labels]
        table = Candidates.from_pairs(len(documents), found.documents, tags, {self.columns[0]: found.scores})
        return table.top(k, by=self.columns[0])

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The highest cosine of a description with every candidate."""
        read, rows = self._read(documents), self.points_.rows(candidates.tags)
        return self.place(candidates, {"score": read.cosines.at(candidates.documents, rows)})

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The written descriptions that are near enough to the tag, the nearest first."""
        read = self._read([document])
        row = int(self.points_.rows(np.array([tag], dtype=np.int32))[0])
        if row < 0 or not read.descriptions:
            return []
        cosines = read.cosines.product[:, row]
        best = [n for n in np.argsort(-cosines, kind="stable")[:MOST_EVIDENCE] if cosines[n] >= self.threshold]
        return [Evidence(self.name, KIND, read.descriptions[n], value=float(cosines[n])) for n in best]

    def _open(self) -> None:
        self.writer_: writing.Writer = writing.writer_of(
            self.folder, beams=self.beams, most_tokens=self.most_tokens, batch=self.batch, device=self.device
        )

    def _own_points(self) -> TagPoints:
        own, words = str(self.folder.said.get("encoder") or ""), self.folder.said.get("words")
        points = self.points_of(self.folder.path / writing.ENCODER, own) if own else self.tag_points
        if words is None:  # nobody has said what should have been written
            return points
        self.readers = self.readers or Readers()
        return self.readers.written(points.meaning, int(words))

    def _use(self, points: TagPoints, vocabulary: Vocabulary) -> None:
        super()._use(points, vocabulary)
        self._last: Last[_Read] = Last()

    def _read(self, documents: Sequence[Document]) -> _Read:
        self.need("points_")
        state = self.points_.version
        read = self._last.of(documents, state)
        if read is None:
            # The text alone is handed over: what is known of the tags of a document cannot be looked at.
            lists = [descriptions(one) for one in self.writer_.write([text_of(document) for document in documents])]
            flat = [description for own in lists for description in own]
            vectors = self.points_.meaning.encoder.encode(flat)
            cosines = Cosines.of(vectors, self.points_.vectors, [len(own) for own in lists])
            read = self._last.keep(documents, state, _Read(flat, cosines))
        return read


@dataclass(frozen=True)
class _Read:
    """A batch: all its ``descriptions``, document by document, and their cosines with all tags."""

    descriptions: list[str]
    cosines: Cosines
