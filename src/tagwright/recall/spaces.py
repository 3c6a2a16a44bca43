"""Where documents and tags are points: the space of words and the space of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.encoders.base import Encoder
from tagwright.recall.base import Last
from tagwright.recall.points import Points
from tagwright.text.tfidf import TfIdf
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

_SYNONYM = 2
# So many documents are read at once, and of at most so many the points are kept for the next who asks for them.
_BATCH = 256


class Space(Protocol):
    """Documents and tags as rows of length 1, sparse or dense, whose products are similarities."""

    def documents(self, documents: Sequence[Document]) -> Points:
        """(n_documents, width)."""
        ...

    def tags(self, vocabulary: Vocabulary, positions: Ints) -> Points:
        """(n_positions, width)."""
        ...


@dataclass(eq=False)
class WordSpace:
    """TF-IDF over stems, as sparse rows. Those of the last batch are kept: several channels ask for them."""

    tfidf: TfIdf

    def __post_init__(self) -> None:
        self._last: Last[sp.csr_matrix] = Last()

    def documents(self, documents: Sequence[Document]) -> sp.csr_matrix:
        """(n_documents, n_stems) CSR, not to be written to."""
        if len(documents) > _BATCH:
            starts = range(0, len(documents), _BATCH)
            return sp.vstack([self.tfidf.documents(documents[i : i + _BATCH]) for i in starts], format="csr")
        known = self._last.of(documents, self.tfidf.version)
        if known is None:
            known = self._last.keep(documents, self.tfidf.version, self.tfidf.documents(documents))
        return known

    def tags(self, vocabulary: Vocabulary, positions: Ints) -> sp.csr_matrix:
        """(n_positions, n_stems) CSR of the shown names."""
        names = [vocabulary.name(position) for position in positions.tolist()]
        return self.tfidf.texts(names, [vocabulary.language or self.tfidf.analyzer.languages[0]] * len(names))


@dataclass(eq=False)
class MeaningSpace:
    """An encoder's space, as dense float32 rows.

    Those of the last batch are kept, for several channels ask for them; those of all documents from ``remember`` on
    until `forget`.
    """

    encoder: Encoder

    def __post_init__(self) -> None:
        self._last: dict[str, Last[NDArray[np.float32]]] = {"document": Last(), "title": Last()}
        self._held: dict[tuple[str, str], tuple[Document, NDArray[np.float32]]] = {}
        self.remember = False

    def documents(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        """(n_documents, width), not to be written to; each document as its title, a full stop and its text."""
        return self._encoded("document", documents, text_of)

    def titles(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        """(n_documents, width), not to be written to; zeros for a document without a title."""
        return self._encoded("title", documents, attrgetter("title"))

    def tags(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        """(n_positions, width): the name, and where there is more, half of it name, synonyms and description."""
        names = [vocabulary.name(position) for position in positions.tolist()]
        vectors = self.encoder.encode(names)
        wider = tag_texts(vocabulary, positions)
        longer = [row for row, (name, text) in enumerate(zip(names, wider, strict=True)) if text != name]
        if longer:
            mixed = vectors[longer] + self.encoder.encode([wider[row] for row in longer])
            lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
            vectors[longer] = mixed / np.maximum(lengths, 1e-12)
        return vectors

    def forget(self) -> None:
        """Drops what is remembered of documents."""
        self._held.clear()

    def _encoded(
        self, what: str, documents: Sequence[Document], text: Callable[[Document], str]
    ) -> NDArray[np.float32]:
        if not self._held and not self.remember:
            return self._encoded_once(what, documents, text)
        fresh = [d for d in documents if self._held.get((what, d.id), (None,))[0] is not d]
        vectors = dict(zip([d.id for d in fresh], self.encoder.encode([text(d) for d in fresh]), strict=True))
        if self.remember:
            self._held.update({(what, d.id): (d, vectors[d.id]) for d in fresh})
        rows = [vectors[d.id] if d.id in vectors else self._held[what, d.id][1] for d in documents]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.encoder.width)

    def _encoded_once(
        self, what: str, documents: Sequence[Document], text: Callable[[Document], str]
    ) -> NDArray[np.float32]:
        last, state = self._last[what], hash(self.encoder.fingerprint)
        known = last.of(documents, state)
        if known is None:
            known = self.encoder.encode([text(document) for document in documents])
            if len(documents) <= _BATCH:
                last.keep(documents, state, known)
        return known


def text_of(document: Document) -> str:
    """What an encoder reads of a document."""
    return f"{document.title}. {document.text}" if document.title and document.text else document.title or document.text


def tag_texts(vocabulary: Vocabulary, positions: Ints) -> list[str]:
    """Name, other names and synonyms separated by semicolons, then the description, of each tag."""
    labels = vocabulary.labels
    edges = np.searchsorted(labels.tags, np.stack([positions, positions + 1]))
    texts = []
    for row, position in enumerate(positions.tolist()):
        low, high = int(edges[0, row]), int(edges[1, row])
        shown = [labels.texts[i] for i in range(low, high) if labels.kinds[i] <= _SYNONYM]
        text = "; ".join(dict.fromkeys([vocabulary.name(position), *shown]))
        description = vocabulary.description(position)
        texts.append(f"{text}. {description}" if description else text)
    return texts
