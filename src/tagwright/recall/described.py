"""A generator writes what the tags of a document should say; the tags that say so are found (LAGAMC)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

import tagwright.recall.writing as writing
from tagwright.candidates import Candidates, Ints
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, IntegrityError
from tagwright.recall.base import MOST_EVIDENCE, Channel, Last
from tagwright.recall.matcher import Cosines, descriptions
from tagwright.recall.readers import Readers
from tagwright.recall.spaces import text_of
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_FORMAT = 1
KIND = "written description"


@dataclass
class Described(Channel):
    """The tags nearest to the descriptions that a taught model writes about a document (LAGAMC, sections 5 and 8.5).

    ``model``: the folder of the weights (`tagwright.training.generator`), or of what was written beforehand. Each
    description is compared with all tags in the space of the project's encoder, or of the one that was taught beside
    the model, and gives its nearest tag, where the cosine is ``threshold`` at least. Column: ``score``, the highest
    cosine of a description with the tag; other channels' tags have theirs, too. At most ``most_tokens`` tokens are
    written (0 = as it was taught), the best of ``beams``; ``batch`` documents at once; ``device``: "" = a GPU where
    there is one. A model needs the extra ``train``, and seconds a document on a CPU. Where it writes nothing, nothing
    is said. New tags are matched at once.
    """

    tag_points: TagPoints = given()
    readers: Readers = given()
    model: str = ""
    k: int = 20
    threshold: float = 0.4
    beams: int = 1
    most_tokens: int = 0
    batch: int = 8
    device: str = ""

    def __post_init__(self) -> None:
        for key, least in (("k", 1), ("beams", 1), ("batch", 1), ("most_tokens", 0)):
            if getattr(self, key) < least:
                raise ConfigError(f"option {key!r} of a channel is {getattr(self, key)}, but must be {least} at least")

    @cached_property
    def folder(self) -> Folder:
        """The folder of the weights, read once; raises what `Folder.read` raises."""
        if not self.model:
            hint = f"name the folder of a model that was taught as 'channels.{self.name}.model'"
            raise ConfigError(f"the channel {self.name!r} has no model", hint=hint)
        return Folder.read(Path(self.model), writing.MANIFEST)

    @property
    def seen(self) -> Seen:
        """The documents that the weights were taught with; what is said of them is too good to learn from."""
        return self.folder.seen

    @property
    def fingerprint(self) -> str:
        """Names the contents of the folder."""
        return self.folder.fingerprint

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Encodes the tags; of documents the weights have learned. Raises `MissingExtraError`, `ConfigError`."""
        self.tag_points.fit(vocabulary)
        self._use(self._own_points().fit(vocabulary))
        return self

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

    def save(self, folder: Path) -> None:
        """Writes which weights were used, and the tags as their own encoder sees them; they stay where they lie."""
        self.need("writer_")
        folder.mkdir(parents=True, exist_ok=True)
        if self.points_ is not self.tag_points:
            self.points_.save(folder / "tags")
        learned = {"format": _FORMAT, "weights": self.fingerprint}
        (folder / "described.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; raises `IntegrityError` where the weights are other ones now."""
        learned = json.loads((folder / "described.json").read_text(encoding="utf-8"))
        if learned["weights"] != self.fingerprint:
            what = (
                f"the folder {self.model!r} of the channel {self.name!r} holds other weights than when it was trained"
            )
            raise IntegrityError(what, hint="train again, or name the folder of then")
        points = self._own_points()
        if points is not self.tag_points:
            points.load(folder / "tags")
        self._use(points)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Encodes the new or changed tags; they are matched at once."""
        self.need("writer_")
        self.tag_points.add_tags(vocabulary, positions)
        if self.points_ is not self.tag_points:
            self.points_.add_tags(vocabulary, positions)

    def _own_points(self) -> TagPoints:
        """The tags in the space of the encoder that was taught beside the writer, else in the project's."""
        own = str(self.folder.said.get("encoder") or "")
        if not own:
            return self.tag_points
        self.readers = self.readers or Readers()
        return self.readers.of(self.folder.path / writing.ENCODER, own)

    def _use(self, points: TagPoints) -> None:
        self.writer_: writing.Writer = writing.writer_of(
            self.folder, beams=self.beams, most_tokens=self.most_tokens, batch=self.batch, device=self.device
        )
        self.points_ = points
        self._last: Last[_Read] = Last()

    def _read(self, documents: Sequence[Document]) -> _Read:
        self.need("writer_")
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
