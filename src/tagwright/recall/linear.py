"""A linear classifier for each tag: what documents of few tags teach best."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Candidates, Floats, Ints
from tagwright.recall.base import Channel, Last
from tagwright.recall.points import Points
from tagwright.recall.products import best_dense, unit_rows
from tagwright.recall.spaces import MeaningSpace
from tagwright.registry import given
from tagwright.text.bigrams import Bigrams
from tagwright.text.tfidf import TfIdf
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_TERMS_SHOWN = 5
# A word that adds less than this share of what the strongest adds tells nothing.
_WORTH_SAYING = 0.1
_BATCH = 256
# Coarser than the library's default: half the time, and the ranking learns from the order, not from the fourth digit.
_TOLERANCE = 0.1
_ROUNDS = 200


@dataclass
class Linear(Channel):
    """One-vs-rest linear classifiers (squared hinge, liblinear) over words and pairs of words, or an encoder's space.

    Where a few dozen tags have many documents each, nothing quick is better; with thousands of tags it takes too long
    and learns too little of each. So the channel is `silent` where documents times tags are more than ``most``, and
    where a tag has fewer than ``least`` documents on average; tags are those that can be learned, see `fit`.

    How strictly weights are held small matters, and differs: ``firm`` and ``soft`` (liblinear's C) both answer, and
    the fusion weighs them. Columns: ``score`` and ``soft_score`` in (0, 1), 0.5 = on the edge; tags that no document
    or every document carries have neither. Documents and tags that come at run time count after the next training.
    """

    tfidf: TfIdf = given()
    meaning: MeaningSpace = given()
    space: str = "words"
    k: int = 60
    firm: float = 3.0
    soft: float = 0.3
    most: int = 2_500_000
    least: int = 20
    min_df: int = 2
    pairs: float = 1.0
    grows: ClassVar[bool] = False
    parts: ClassVar[tuple[str, ...]] = ("score", "soft_score")

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Trains the classifiers, two for each tag that some documents carry and some do not."""
        documents = [document for document in corpus if document.tags is not None]
        gold, n_tagged = _carried(documents, vocabulary)
        tags = _learnable(n_tagged, len(documents))
        self._bigrams = Bigrams(self.tfidf, self.min_df)
        self._bigrams.fit(documents if self._by_words and len(tags) else [])
        points = self._points(documents)
        rows = np.repeat(np.arange(len(documents)), [len(own) for own in gold])
        carried = sp.csc_matrix(
            (np.ones(len(rows), dtype=bool), (rows, np.concatenate([tags[:0], *gold]))),
            shape=(len(documents), len(vocabulary)),
        )[:, tags]
        weights = np.array([pseudo.weight(document) for document in documents])
        learned = [_classifiers(points, carried, weights, strength) for strength in (self.firm, self.soft)]
        self._use(tags, *learned)
        return self

    def silent(self, documents: Sequence[Document], vocabulary: Vocabulary) -> bool:
        """Whether tags are too many, have too few documents each, or cannot be learned at all."""
        tagged = [document for document in documents if document.tags is not None]
        _, n_tagged = _carried(tagged, vocabulary)
        tags = _learnable(n_tagged, len(tagged))
        too_many = len(tags) * len(tagged) > self.most
        return not len(tags) or too_many or bool(n_tagged[tags].sum() < self.least * len(tags))

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest score; all tags have one, whatever the text."""
        firm, _ = self._scores(documents)
        rows, columns = best_dense(firm, k)
        return self.complete(documents, Candidates.from_pairs(len(documents), rows, self.tags_[columns], {}))

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The scores of all candidates that were learned."""
        found = self._scores(documents)
        places = np.minimum(np.searchsorted(self.tags_, candidates.tags), max(len(self.tags_) - 1, 0))
        known = self.tags_[places] == candidates.tags if len(self.tags_) else np.zeros(candidates.n_pairs, dtype=bool)
        values = {}
        for part, scores in zip(self.parts, found, strict=True):
            values[part] = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
            values[part][known] = scores[candidates.documents[known], places[known]]
        return self.place(candidates, values)

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The document's words that speak most for the tag; the score in an encoder's space, or where it is low."""
        self.need("tags_")
        place = int(np.searchsorted(self.tags_, tag))
        if place == len(self.tags_) or self.tags_[place] != tag:
            return []
        value = float(self._scores([document])[0][0, place])
        words = self._telling(document, place) if self._by_words and value > 0.5 else ""
        kind = "telling words" if words else "learned from documents"
        return [Evidence(self.name, kind, words or f"score {value:.2f}", value=value)]

    def save(self, folder: Path) -> None:
        """Writes weights and pairs of words as npy."""
        self.need("tags_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", self.tags_)
        np.save(folder / "firm.npy", self._firm)
        np.save(folder / "soft.npy", self._soft)
        self._bigrams.save(folder / "bigrams")
        (folder / "linear.json").write_text(json.dumps({"format": 1}), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; the weights are mapped."""
        self._bigrams = Bigrams(self.tfidf, self.min_df).load(folder / "bigrams")
        firm, soft = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("firm", "soft"))
        self._use(np.load(folder / "tags.npy"), firm, soft)
        return self

    def _use(self, tags: Ints, firm: Floats, soft: Floats) -> None:
        self.tags_, self._firm, self._soft = tags, firm, soft
        self._last: Last[tuple[Floats, Floats]] = Last()

    @property
    def _by_words(self) -> bool:
        return self.space == "words"

    def _points(self, documents: Sequence[Document]) -> Points:
        """(n_documents, width) rows of length 1: words and pairs of words, or the encoder's vectors."""
        if not self._by_words:
            return self.meaning.documents(documents)
        blocks = [documents[start : start + _BATCH] for start in range(0, len(documents), _BATCH)] or [[]]
        words = sp.vstack([self.tfidf.documents(block) for block in blocks], format="csr")
        pairs = sp.vstack([self._bigrams.documents(block) for block in blocks], format="csr")
        return unit_rows(sp.csr_matrix(sp.hstack([words, self.pairs * pairs], format="csr")))

    def _scores(self, documents: Sequence[Document]) -> tuple[Floats, Floats]:
        """(n_documents, n_tags) of the firm and the soft classifiers."""
        self.need("tags_")
        found = self._last.of(documents, 0)
        if found is None:
            points = self._points(documents) if len(self.tags_) else np.zeros((len(documents), 0), dtype=np.float32)
            firm, soft = (_likelihood(points @ weights[:-1] + weights[-1]) for weights in (self._firm, self._soft))
            found = self._last.keep(documents, 0, (firm, soft))
        return found

    def _telling(self, document: Document, place: int) -> str:
        """The words of the document that add most to the score, the strongest first."""
        row = self.tfidf.documents([document])
        added = row.data * np.asarray(self._soft[row.indices, place])
        least = max(_WORTH_SAYING * float(added.max(initial=0.0)), 1e-9)
        strongest = [i for i in np.argsort(-added, kind="stable")[:_TERMS_SHOWN] if added[i] >= least]
        stems = [self.tfidf.stems_[row.indices[i]] for i in strongest]
        return ", ".join(self.tfidf.analyzer.written(document, stems))


def _carried(documents: Sequence[Document], vocabulary: Vocabulary) -> tuple[list[Ints], NDArray[np.int64]]:
    """(the positions of each document's tags, (n_tags,) how many documents carry each)."""
    gold = [vocabulary.positions(document.tags or (), known_only=True) for document in documents]
    return gold, np.bincount(np.concatenate([np.empty(0, dtype=np.int32), *gold]), minlength=len(vocabulary))


def _learnable(n_tagged: NDArray[np.int64], documents: int) -> Ints:
    """The positions of the tags that some of so many documents carry and some do not."""
    found: Ints = np.flatnonzero((n_tagged > 0) & (n_tagged < documents)).astype(np.int32)
    return found


def _classifiers(points: Points, carried: sp.csc_matrix, weights: NDArray[np.float64], strength: float) -> Floats:
    """(width + 1, n_tags) float32: a column of weights for each tag, its intercept last."""
    from sklearn.svm import LinearSVC  # not before it is needed: a cold start would wait for it

    found = np.zeros((points.shape[1] + 1 if carried.shape[1] else 1, carried.shape[1]), dtype=np.float32)
    exact = points.astype(np.float64)  # once, and not by the library for each tag
    for place in range(carried.shape[1]):
        right = np.zeros(points.shape[0], dtype=bool)
        right[carried.indices[carried.indptr[place] : carried.indptr[place + 1]]] = True
        # Coordinates are visited in an order drawn by chance: the seed makes trainings alike.
        model = LinearSVC(C=strength, tol=_TOLERANCE, dual=True, max_iter=_ROUNDS, random_state=0)
        model.fit(exact, right, sample_weight=weights)
        found[:-1, place], found[-1, place] = model.coef_[0], model.intercept_[0]
    return found


def _likelihood(margins: Floats) -> Floats:
    """In (0, 1), rising with the margin; -1 and 1, the edges of the classifier, are 0.12 and 0.88."""
    found: Floats = (1 / (1 + np.exp(-2 * np.clip(margins, -20, 20)))).astype(np.float32)
    return found
