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
from tagwright.corpus.split import fold_of
from tagwright.errors import ConfigError
from tagwright.recall.base import Channel, Last
from tagwright.recall.hyperplanes import Hyperplanes, Sample, from_all, from_some
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
# Documents that are drawn lie first among so many places, by their ids.
_PLACES = 1 << 30


@dataclass
class Linear(Channel):
    """One-vs-rest linear classifiers (squared hinge, liblinear) over words and pairs of words, or an encoder's space.

    Where tags have many documents each, nothing quick is better; where they have few, it learns too little of each. So
    the channel is `silent` where a tag has fewer than ``least`` documents on average; tags are those that can be
    learned, see `fit`. How strictly weights are held small matters, and differs: ``firm`` and ``soft`` (liblinear's C)
    both answer, and the fusion weighs them.

    Documents times tags may be ``most``. Beyond that a tag learns from its own documents, from ``nearest`` others most
    like them, and from ``drawn`` that stand for all the rest; with one strictness, midway, which both columns tell. As
    that takes minutes a training, the channel is `silent` below ``many`` documents (where a ranking is learned
    with many trainings) and above ``most_tags`` tags.

    Columns: ``score`` and ``soft_score`` in (0, 1), 0.5 = on the edge; tags that no document or every document carries
    have neither. Documents and tags that come at run time count after the next training.
    """

    tfidf: TfIdf = given()
    meaning: MeaningSpace = given()
    space: str = "words"
    k: int = 60
    firm: float = 3.0
    soft: float = 0.3
    most: int = 2_500_000
    nearest: int = 1_000
    drawn: int = 1_000
    many: int = 30_000
    most_tags: int = 20_000
    least: int = 20
    min_df: int = 2
    pairs: float = 1.0
    grows: ClassVar[bool] = False
    parts: ClassVar[tuple[str, ...]] = ("score", "soft_score")

    def __post_init__(self) -> None:
        if self.nearest < 0 or self.drawn < 1 or min(self.firm, self.soft) <= 0:
            what = f"nearest = {self.nearest}, drawn = {self.drawn}, firm = {self.firm}, soft = {self.soft} cannot be"
            hint = "nearest is 0 at least, drawn 1 at least, firm and soft above 0"
            raise ConfigError(f"channel linear: {what}", hint=hint)

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Trains the classifiers of each tag that some documents carry and some do not."""
        documents = [document for document in corpus if document.tags is not None]
        gold, n_tagged = _carried(documents, vocabulary)
        tags = _learnable(n_tagged, len(documents))
        self._bigrams = Bigrams(self.tfidf, self.min_df)
        self._bigrams.fit(documents if self._by_words and len(tags) else [])
        rows = np.repeat(np.arange(len(documents)), [len(own) for own in gold])
        carried = sp.csc_matrix(
            (np.ones(len(rows), dtype=bool), (rows, np.concatenate([tags[:0], *gold]))),
            shape=(len(documents), len(vocabulary)),
        )[:, tags]
        self._use(tags, *self._learned(documents, carried))
        return self

    def silent(self, documents: Sequence[Document], vocabulary: Vocabulary) -> bool:
        """Whether tags have too few documents each, would take too long, or cannot be learned at all."""
        tagged = [document for document in documents if document.tags is not None]
        _, n_tagged = _carried(tagged, vocabulary)
        tags = _learnable(n_tagged, len(tagged))
        few = bool(n_tagged[tags].sum() < self.least * len(tags))
        quick = len(tags) * len(tagged) <= self.most or (len(tagged) >= self.many and len(tags) <= self.most_tags)
        return not len(tags) or few or not quick

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
        """Writes hyperplanes and pairs of words as npy."""
        self.need("tags_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", self.tags_)
        self._firm.save(folder / "firm")
        if self._soft is not self._firm:
            self._soft.save(folder / "soft")
        self._bigrams.save(folder / "bigrams")
        (folder / "linear.json").write_text(json.dumps({"format": 2}), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; the weights are mapped."""
        self._bigrams = Bigrams(self.tfidf, self.min_df).load(folder / "bigrams")
        if json.loads((folder / "linear.json").read_text(encoding="utf-8"))["format"] == 1:
            firm, soft = (_former(folder / f"{name}.npy") for name in ("firm", "soft"))
        else:
            firm = Hyperplanes.load(folder / "firm")
            soft = Hyperplanes.load(folder / "soft") if (folder / "soft").exists() else firm
        self._use(np.load(folder / "tags.npy"), firm, soft)
        return self

    def _use(self, tags: Ints, firm: Hyperplanes, soft: Hyperplanes) -> None:
        self.tags_, self._firm, self._soft = tags, firm, soft
        self._last: Last[tuple[Floats, Floats]] = Last()

    def _learned(self, documents: Sequence[Document], carried: sp.csc_matrix) -> tuple[Hyperplanes, Hyperplanes]:
        """The firm and the soft classifiers of these tags, the same ones where a sample teaches them."""
        points = self._points(documents)
        weights = np.array([pseudo.weight(document) for document in documents])
        if carried.shape[0] * carried.shape[1] <= self.most:
            firm, soft = (from_all(points, carried, weights, strength) for strength in (self.firm, self.soft))
            return firm, soft
        places = np.argsort([fold_of(document.id, _PLACES) for document in documents], kind="stable")
        sample = Sample(self.nearest, np.sort(places[: self.drawn]))
        learned = from_some(points, carried, weights, float(np.sqrt(self.firm * self.soft)), sample)
        return learned, learned

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
            found = self._last.keep(documents, 0, self._said(documents))
        return found

    def _said(self, documents: Sequence[Document]) -> tuple[Floats, Floats]:
        if not len(self.tags_):
            none = np.zeros((len(documents), 0), dtype=np.float32)
            return none, none
        points = self._points(documents)
        firm = _likelihood(self._firm.margins(points))
        return firm, firm if self._soft is self._firm else _likelihood(self._soft.margins(points))

    def _telling(self, document: Document, place: int) -> str:
        """The words of the document that add most to the score, the strongest first."""
        row = self.tfidf.documents([document])
        added = row.data * self._soft.of(row.indices, place)
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


def _former(path: Path) -> Hyperplanes:
    """Of the first format: a matrix whose last row are the intercepts."""
    rows = np.load(path, mmap_mode="r")
    return Hyperplanes(rows[:-1], np.array(rows[-1]))


def _likelihood(margins: Floats) -> Floats:
    """In (0, 1), rising with the margin; -1 and 1, the edges of the classifier, are 0.12 and 0.88."""
    found: Floats = (1 / (1 + np.exp(-2 * np.clip(margins, -20, 20)))).astype(np.float32)
    return found
