"""Segments of knowledge about a document: found by its words and by its candidate tags, the newest first."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tagwright.generation.folder as disk
from tagwright.generation.segment import DESCRIPTION, REFERENCE, RULE, Segment
from tagwright.llm.prompts import plain
from tagwright.text.tfidf import TfIdf, weighted
from tagwright.text.tokens import Analyzer
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

# What the project says goes before what it says of one tag, and that before everything that is only like the text.
_PROJECT, _OF_TAG, _LIKE = 3.0, 2.0, 0.0
# Cosines are compared in tenths: of what is equally good the newest counts. A paragraph needs half of one.
_STEP, _LEAST = 0.1, 0.05


class Found(NamedTuple):
    """A segment and its ``score``: 3 for a rule of the project, 2 + cosine for one of a candidate, else the cosine."""

    segment: Segment
    score: float


@dataclass(eq=False)
class Segments:
    """The rules and reference texts of a ``folder`` (see `tagwright.generation.folder`) and the vocabulary's own texts.

    ``tfidf`` says how rare a word is; one that it does not know is the rarest, as the words of what is new are. Without
    it all words count alike. Raises `ConfigError` naming file and line. Safe for threads.
    """

    analyzer: Analyzer
    tfidf: TfIdf | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        self._held = [] if self.folder is None else disk.read(self.folder)
        self._rows = sp.csr_matrix((0, 0), dtype=np.float64)
        self._weighed_by: NDArray[np.float32] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Segment]:
        return iter(tuple(self._held))

    @property
    def fingerprint(self) -> str:
        """Names all segments and what is known of the rarity of words."""
        said = [[s.text, s.tag, s.date, s.kind, s.source] for s in self]
        digest = hashlib.sha256(json.dumps([said, list(self.analyzer.languages)]).encode())
        if self.tfidf is not None:
            digest.update("\0".join(self.tfidf.stems_).encode("utf-8", "surrogatepass"))
            digest.update(self.tfidf.idf_.tobytes())
        return digest.hexdigest()

    def append(self, segment: Segment) -> Segment:
        """The segment, found from now on; where there is a folder it is written to its rules first, durably."""
        with self._lock:
            if self.folder is not None:
                segment = disk.append(self.folder / disk.RULES, segment)
            elif not segment.source:
                segment = replace(segment, source=f"{segment.kind} {len(self._held) + 1}")
            self._held = [*self._held, segment]
        return segment

    def unknown(self, vocabulary: Vocabulary) -> list[Segment]:
        """Those about a tag that the vocabulary does not have: they are never found."""
        return [segment for segment in self if segment.tag and vocabulary.find(segment.tag) < 0]

    def find(
        self, documents: Sequence[Document], tags: Sequence[Sequence[int]], vocabulary: Vocabulary, n: int
    ) -> list[list[Found]]:
        """At most ``n`` segments a document with these candidates (positions), the best first.

        Rules of the whole project first and all of them, even where they are more than ``n``; then rules of the
        candidates; then their descriptions and whatever else is like the document. No text twice.
        """
        with self._lock:
            held, rows = self._held, self._weighed()
        wanted = sorted({tag for row in tags for tag in row})
        pool = _Pool(held, _descriptions(vocabulary, wanted), vocabulary)
        about = self._vectors([Document("", s.text, language=vocabulary.language or None) for s in pool.descriptions])
        texts = self._vectors(documents)
        likeness = np.hstack([_cosines(texts, rows), _cosines(texts, about)])
        return [pool.best(likeness[place], row, n) for place, row in enumerate(tags)]

    def _weighed(self) -> sp.csr_matrix:
        """(n_held, n_stems) rows of length 1, new ones added, all anew where the rarity of words has changed."""
        idf = None if self.tfidf is None else self.tfidf.idf_
        if idf is not self._weighed_by:
            self._rows, self._weighed_by = sp.csr_matrix((0, 0), dtype=np.float64), idf
        known = self._rows.shape[0]
        if known < len(self._held):
            fresh = self._vectors([Document("", segment.text) for segment in self._held[known:]])
            self._rows = sp.vstack([_as_wide(self._rows, fresh.shape[1]), fresh], format="csr")
        return self._rows

    def _vectors(self, documents: Sequence[Document]) -> sp.csr_matrix:
        """(n_documents, n_stems known by now) float64 rows of length 1: which numbers stems have must not matter."""
        analysis = self.analyzer.analyse(documents)
        ones = np.ones(len(analysis.tokens), dtype=np.float32)
        rows = weighted(analysis.documents, analysis.tokens, ones, self._rarity(), len(documents))
        return rows.astype(np.float64)

    def _rarity(self) -> NDArray[np.float32]:
        """(n_stems,): the weight of each stem number."""
        numbers = np.arange(len(self.analyzer.lexicon), dtype=np.int32)
        if self.tfidf is None or not self.tfidf.width:
            return np.ones(len(numbers), dtype=np.float32)
        idf, terms = self.tfidf.idf_, self.tfidf.terms(numbers)
        return np.where(terms >= 0, idf[terms], idf.max())


class _Pool:
    """What may be found for a block of documents, numbered: the held segments, then the candidates' descriptions."""

    def __init__(self, held: Sequence[Segment], descriptions: dict[int, Segment], vocabulary: Vocabulary) -> None:
        self.descriptions = list(descriptions.values())
        self._all = [*held, *self.descriptions]
        self._days = np.array([segment.day for segment in self._all], dtype=np.int64)
        self._of_project = [n for n, s in enumerate(held) if s.kind == RULE and not s.tag]
        self._free = np.array([n for n, s in enumerate(held) if s.kind == REFERENCE and not s.tag], dtype=np.int64)
        self._of_tag: dict[int, list[int]] = {}
        for number, segment in enumerate(held):
            if segment.tag:
                self._of_tag.setdefault(vocabulary.find(segment.tag), []).append(number)
        for number, tag in enumerate(descriptions, len(held)):
            self._of_tag.setdefault(tag, []).append(number)

    def best(self, likeness: NDArray[np.float64], tags: Sequence[int], n: int) -> list[Found]:
        """The best for one document, ``likeness`` being its cosine with each of them."""
        near = self._free[likeness[self._free] >= _LEAST]
        of_tags = [(number, place) for place, tag in enumerate(tags) for number in self._of_tag.get(tag, ())]
        chosen = np.array([*self._of_project, *(number for number, _ in of_tags), *near], dtype=np.int64)
        places = np.array([0] * len(self._of_project) + [place for _, place in of_tags] + [len(tags)] * len(near))
        tiers = np.array([self._tier(number) for number in chosen])
        likeness = np.where(tiers == _PROJECT, 0.0, likeness[chosen])
        steps = np.round(likeness / _STEP) * _STEP
        order = np.lexsort((-chosen, places, -likeness, -self._days[chosen], -steps, -tiers))
        found: dict[str, Found] = {}
        for number in order:
            if len(found) >= n and tiers[number] < _PROJECT:
                break
            segment = self._all[chosen[number]]
            score = round(float(tiers[number] + steps[number]), 1)
            found.setdefault(" ".join(segment.text.split()).casefold(), Found(segment, score))
        return list(found.values())

    def _tier(self, number: int) -> float:
        segment = self._all[number]
        if segment.kind != RULE:
            return _LIKE
        return _OF_TAG if segment.tag else _PROJECT


def _descriptions(vocabulary: Vocabulary, tags: Sequence[int]) -> dict[int, Segment]:
    """{position: the description as a segment} of those tags that have one."""
    found = {}
    for tag in tags:
        if plain(text := vocabulary.description(tag), 1):
            id = vocabulary.ids[tag]
            found[tag] = Segment(text, id, kind=DESCRIPTION, source=f"description of {id}")
    return found


def _cosines(texts: sp.csr_matrix, others: sp.csr_matrix) -> NDArray[np.float64]:
    """(n_texts, n_others), rounded so that the order of a sum decides nothing."""
    width = max(texts.shape[1], others.shape[1])
    product = (_as_wide(texts, width) @ _as_wide(others, width).T).toarray()
    rounded: NDArray[np.float64] = np.round(product, 9)
    return rounded


def _as_wide(rows: sp.csr_matrix, width: int) -> sp.csr_matrix:
    """The rows with room for stems that came since."""
    return sp.csr_matrix((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], width))
