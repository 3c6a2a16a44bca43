"""Tags whose names or synonyms stand in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Candidates, Ints
from tagwright.recall.base import Channel
from tagwright.recall.counts import TagCounts
from tagwright.recall.finder import Finder
from tagwright.recall.matching import Matches
from tagwright.recall.quotations import quotations
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_SYNONYM = 2


@dataclass
class Lexical(Channel):
    """All labels of all tags, looked for in each sentence as sets of stems, order-free.

    What tames ambiguous and very common names is learned: ``prior`` is the smoothed share of the training documents
    holding a tag's name that carry the tag (MLLM of Annif and Maui learn the like over all tags at once). Columns:
    ``score`` (prior, title and frequency together), ``prior``, ``seen`` (log of how many training documents hold
    the name), ``frequency``, ``first``, ``title``, ``tightness`` (see `Matches`), ``synonym`` (0 = found by a
    preferred name), ``ambiguity`` (log of how many tags share the stems), ``stems`` (stems of the label),
    ``language`` (1 = the label's language is the document's).
    """

    finder: Finder = given()
    k: int = 80
    smoothing: float = 3.0
    parts: ClassVar[tuple[str, ...]] = (
        "score", "prior", "seen", "frequency", "first", "title", "tightness", "synonym", "ambiguity", "stems",
        "language",
    )  # fmt: skip

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Counts, tag by tag, the documents that hold its name and those of them that carry it.

        What a model wrote for a tag always carries it: it tells nothing of how often this library gives a tag whose
        name it reads, so it is not counted.
        """
        self.finder.labels.fit(vocabulary)
        documents = pseudo.real(corpus)
        self.counts_ = TagCounts.of(documents, self.finder.held(documents), vocabulary)
        self._vocabulary = vocabulary
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The tags whose labels were found, the best ``k`` by score."""
        self.need("counts_")
        tables = [self._table(documents, *found) for found in enumerate(self.finder.find(documents))]
        return Candidates.stack(tables).top(k, by=f"{self.name}.score")

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The words that hold a label of the tag, quoted."""
        self.need("counts_")
        return quotations(self.name, document, self._vocabulary.tag(tag), self.finder.analyzer)

    def save(self, folder: Path) -> None:
        """Writes the counts; the labels are saved by their owner."""
        self.need("counts_")
        self.counts_.save(folder)

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads the counts."""
        self.counts_ = TagCounts.load(folder, len(vocabulary))
        self._vocabulary = vocabulary
        return self

    def add(self, documents: Sequence[Document]) -> None:
        """Counts these documents too."""
        self.need("counts_")
        tagged = pseudo.real(documents)
        self.counts_.add(tagged, self.finder.held(tagged), self._vocabulary)

    def remove(self, ids: Sequence[str]) -> None:
        """Counts these documents no more."""
        self.need("counts_")
        self.counts_.remove(ids)

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """New labels, found at once; what was counted for a changed tag under its old ones stays."""
        self.need("counts_")
        self.finder.labels.add_tags(vocabulary, positions)
        self.counts_.widen(len(vocabulary))
        self._vocabulary = vocabulary

    def _table(self, documents: Sequence[Document], number: int, matches: Matches) -> Candidates:
        table = self.finder.labels.tables[number]
        tags = np.asarray(table.tags)[matches.labels].astype(np.int64)
        held, right = self.counts_.held[tags], self.counts_.right[tags]
        prior = (right + self.counts_.usual * self.smoothing) / (held + self.smoothing)
        stems = table.lengths[matches.labels]
        weight = prior * (1 + 2 * matches.titles) * (1 + np.log(matches.frequency))
        values = {
            # The tiny part orders tags that no training document has told apart: longer labels first.
            "score": weight + 1e-4 * stems,
            "prior": prior,
            "seen": np.log1p(held),
            "frequency": matches.frequency,
            "first": matches.first,
            "title": matches.titles,
            "tightness": matches.tightness,
            "synonym": table.kinds[matches.labels] >= _SYNONYM,
            "ambiguity": np.log(table.ambiguity[matches.labels]),
            "stems": stems,
            "language": self._same_language(documents, number, matches),
        }
        best = _best_label(matches.documents, tags, values["score"])
        columns = {f"{self.name}.{part}": np.asarray(column)[best] for part, column in values.items()}
        return Candidates.from_pairs(len(documents), matches.documents[best], tags[best], columns)

    def _same_language(self, documents: Sequence[Document], number: int, matches: Matches) -> NDArray[np.bool_]:
        table = self.finder.labels.tables[number]
        names = np.array([*table.language_names, ""])[table.languages[matches.labels]]
        own = np.array([self.finder.analyzer.language(document) for document in documents])
        same: NDArray[np.bool_] = (names == own[matches.documents]) | (names == "")
        return same


def _best_label(documents: NDArray[np.int64], tags: NDArray[np.int64], score: NDArray[np.floating]) -> NDArray[np.intp]:
    """Row numbers of the best label of each (document, tag)."""
    order = np.lexsort((-score, tags, documents))
    keys = documents[order] << 32 | tags[order]
    return order[np.flatnonzero(np.diff(keys, prepend=-1))]
