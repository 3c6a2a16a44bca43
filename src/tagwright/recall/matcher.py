"""Which tags written descriptions mean: cosines with all tags at once, the nearest one, a threshold (LAGAMC 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.llm.writer import SEPARATOR
from tagwright.recall.products import spread
from tagwright.recall.tagpoints import TagPoints
from tagwright.vocabulary.base import Vocabulary

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


def descriptions(written: str) -> list[str]:
    """The descriptions in what was written, in order, each once; [] where nothing was.

    `SEPARATOR` stands between them. The paper cuts at full stops, which a description may have itself.
    """
    return list(dict.fromkeys(text.strip() for text in written.split(SEPARATOR) if text.strip()))


def written_text(vocabulary: Vocabulary, tag: int, words: int) -> str:
    """What is to be written of a tag: its name, a full stop, so many words of its description; "" = nothing.

    In one line, and without what would end a description. Without synonyms: who writes all of them writes long.
    """
    name = _plain(vocabulary.name(tag))
    described = _plain(vocabulary.description(tag)).split()[:words]
    return f"{name}. {' '.join(described)}" if name and described else name


def _plain(text: str) -> str:
    return " ".join(text.replace(SEPARATOR, " ").split())


@dataclass(eq=False)
class WrittenPoints(TagPoints):
    """Tags as points where what is to be written of them lies (`written_text`, with so many ``words``).

    So what a model has learned to write leads back to its tag: of points that have synonyms in them, as `TagPoints`
    makes them, another one may be nearer.
    """

    words: int

    def _vectors(self, vocabulary: Vocabulary, positions: Ints) -> NDArray[np.float32]:
        return self.meaning.encoder.encode([written_text(vocabulary, tag, self.words) for tag in positions.tolist()])


@dataclass(frozen=True)
class Matched:
    """Tags that descriptions matched, ordered by document, then by the description that said them first.

    ``documents`` and ``labels`` (n,) int64, each pair once; ``scores`` (n,) float32: the highest cosine of any
    description of the document with the tag.
    """

    documents: Numbers
    labels: Numbers
    scores: Floats


@dataclass(frozen=True)
class Cosines:
    """``product`` (n_descriptions, n_labels): cosines, by one matrix product; ``offsets`` (n_documents + 1,) say whose.

    The descriptions of document i are the rows ``offsets[i]`` to ``offsets[i + 1]``.
    """

    product: Floats
    offsets: Numbers

    @classmethod
    def of(cls, descriptions: Floats, labels: Floats, counts: Sequence[int]) -> Cosines:
        """Rows of length 1: (n, width) of descriptions, ``counts`` of them a document, and (m, width) of labels."""
        offsets = np.concatenate([[0], np.cumsum(np.asarray(counts, dtype=np.int64))]).astype(np.int64)
        return cls(np.asarray(descriptions @ labels.T, dtype=np.float32), offsets)

    def match(self, threshold: float) -> Matched:
        """Each description's nearest label (ties to the lower one) where the cosine is ``threshold`` at least.

        A description that is like no label at all, as one without a word that the encoder knows, matches none.
        """
        n, m = self.product.shape
        if not n or not m:
            return Matched(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        nearest = self.product.argmax(axis=1)
        cosines = self.product[np.arange(n), nearest]
        kept = np.flatnonzero((cosines >= threshold) & ((cosines != 0) | np.any(self.product, axis=1)))
        owners = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        keys = owners[kept] * np.int64(m) + nearest[kept]
        firsts = np.sort(np.unique(keys, return_index=True)[1])
        documents, labels = owners[kept][firsts], nearest[kept][firsts].astype(np.int64)
        return Matched(documents, labels, self.at(documents, labels))

    def at(self, documents: NDArray[np.integer], labels: NDArray[np.integer]) -> Floats:
        """(n,) float32: the highest cosine of any description of the document with the label.

        NaN for a document without a description and for a label -1.
        """
        found = np.full(len(labels), np.nan, dtype=np.float32)
        filled = np.flatnonzero((np.diff(self.offsets)[documents] > 0) & (np.asarray(labels) >= 0))
        if len(filled):
            owner, rows = spread(self.offsets, np.asarray(documents)[filled])
            values = self.product[rows, np.asarray(labels)[filled][owner]]
            found[filled] = np.maximum.reduceat(values, np.flatnonzero(np.diff(owner, prepend=-1)))
        return found
