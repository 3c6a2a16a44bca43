"""Label trees: thousands of small linear classifiers, asked from the root down (extra ``trees``)."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Candidates, Ints
from tagwright.cluster import packed, unpacked
from tagwright.corpus.split import fold_of
from tagwright.errors import MissingExtraError, ProjectError
from tagwright.recall.base import Channel, Last
from tagwright.recall.products import at, unit_rows
from tagwright.registry import given
from tagwright.text.bigrams import Bigrams
from tagwright.text.tfidf import TfIdf
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

# So many tags of each tree are kept: what lies behind has a score of nearly nothing.
_KEPT = 300
# Beside words, pairs of words count half: counted whole they cost 0.01 R@10 on technical library records.
_PAIRS = 0.5
# Of documents that weigh less than 1 a share is read, drawn in so many parts by their ids.
_SHARES = 1000


@dataclass
class Trees(Channel):
    """The score of a forest of label trees over TF-IDF words and pairs of words (omikuji, Bonsai form).

    Bonsai (Khandagale et al. 2020): shallow trees whose nodes have up to ``cluster_k`` children, clusters of tags with
    similar documents, unbalanced; a linear classifier at each. Column: ``score`` in (0, 1], the mean over ``trees``.
    Tags without a document are never found. Documents and tags that come at run time count after the next training
    (it does not grow), and no two trainings are alike: the library draws its clusters by chance, without a seed.
    """

    tfidf: TfIdf = given()
    k: int = 60
    trees: int = 3
    cluster_k: int = 100
    max_depth: int = 3
    min_df: int = 2
    bigrams: bool = True
    beam: int = 10
    grows: ClassVar[bool] = False

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Trains the trees, one after the other; raises `MissingExtraError` without the library omikuji."""
        library = _library()
        documents = [document for document in corpus if document.tags is not None and _weighs_in(document)]
        self._bigrams = Bigrams(self.tfidf, self.min_df).fit(documents if self.bigrams else [])
        points = self._points(documents)
        gold = [vocabulary.positions(document.tags or (), known_only=True) for document in documents]
        # The library fails on rows without a feature, and one without a tag teaches nothing.
        rows = [row for row in np.flatnonzero(np.diff(points.indptr)).tolist() if len(gold[row])]
        tags = np.unique(np.concatenate([np.empty(0, dtype=np.int32), *(gold[row] for row in rows)]))
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "rows.txt"
            _write(path, points[rows], [np.searchsorted(tags, gold[row]) for row in rows], len(tags))
            models = [self._grown(library, path) for _ in range(self.trees if rows else 0)]
        self._use(tags, models)
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest score."""
        scores = self._scores(documents).tocoo()
        score = {f"{self.name}.score": scores.data}
        return Candidates.from_pairs(len(documents), scores.row, self.tags_[scores.col], score).top(
            k, by=f"{self.name}.score"
        )

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The score of candidates that the trees came across."""
        scores = self._scores(documents)
        places = np.minimum(np.searchsorted(self.tags_, candidates.tags), max(len(self.tags_) - 1, 0))
        known = self.tags_[places] == candidates.tags if len(self.tags_) else np.zeros(candidates.n_pairs, dtype=bool)
        score = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
        score[known] = at(scores, candidates.documents[known], places[known])
        return self.place(candidates, {"score": score})

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The score, as it stands: what thousands of weights add up to cannot be said in a few words."""
        scores = self._scores([document])
        place = int(np.searchsorted(self.tags_, tag))
        value = float(scores[0, place]) if place < len(self.tags_) and self.tags_[place] == tag else 0.0
        return [Evidence(self.name, "learned words", f"score {value:.2f}", value=value)] if value > 0 else []

    def save(self, folder: Path) -> None:
        """Writes each tree in omikuji's own format (JSON and CBOR), the rest as npy."""
        self.need("tags_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "tags.npy", self.tags_)
        self._bigrams.save(folder / "bigrams")
        for number, model in enumerate(self._models):
            (folder / f"tree-{number}").mkdir(exist_ok=True)
            with _silence():
                model.save(str(folder / f"tree-{number}"))
        learned = {"format": 1, "trees": len(self._models)}
        (folder / "trees.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; raises `ProjectError` where a tree cannot be read."""
        return self._load(folder)

    def _load(self, folder: Path) -> Self:
        library = _library()
        number = json.loads((folder / "trees.json").read_text(encoding="utf-8"))["trees"]
        self._bigrams = Bigrams(self.tfidf, self.min_df).load(folder / "bigrams")
        try:
            with _silence():
                models = [library.Model.load(str(folder / f"tree-{tree}")) for tree in range(number)]
        except RuntimeError as error:
            raise ProjectError(f"the label trees in {folder} cannot be read", hint="train again") from error
        self._use(np.load(folder / "tags.npy"), models)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """With the trees as files: the library keeps them in memory of its own."""
        learned = ("tags_", "_models", "_bigrams", "_last")
        own = {name: value for name, value in self.__dict__.items() if name not in learned}
        return {"own": own, "files": packed(self) if hasattr(self, "tags_") else None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state["own"])
        if state["files"] is not None:
            with unpacked(state["files"]) as folder:
                self._load(folder)

    def _use(self, tags: Ints, models: list[Any]) -> None:
        self.tags_, self._models = tags, models
        for model in models:
            model.init_prediction_thread_pool(1)
        self._last: Last[sp.csr_matrix] = Last()

    def _grown(self, library: Any, path: Path) -> Any:
        """One tree; trained by itself, so that scores are always added up in the same order."""
        options = library.Model.default_hyper_param()
        options.n_trees, options.max_depth = 1, self.max_depth
        options.cluster_balanced, options.cluster_k = False, self.cluster_k
        with _silence():
            return library.Model.train_on_data(str(path), options, n_threads=1)

    def _points(self, documents: Sequence[Document]) -> sp.csr_matrix:
        """(n_documents, n_words + n_pairs) CSR rows of length 1."""
        blocks = [self.tfidf.documents(documents), _PAIRS * self._bigrams.documents(documents)]
        return unit_rows(sp.csr_matrix(sp.hstack(blocks, format="csr")))

    def _scores(self, documents: Sequence[Document]) -> sp.csr_matrix:
        """(n_documents, n_tags) CSR: the mean score of the tags that a tree came across."""
        self.need("tags_")
        scores = self._last.of(documents, 0)
        if scores is None:
            points = self._points(documents)
            rows = [self._asked(points, row) for row in range(len(documents))]
            offsets = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in rows])]).astype(np.int64)
            columns = np.concatenate([np.empty(0, dtype=np.int64), *(columns for columns, _ in rows)])
            values = np.concatenate([np.empty(0, dtype=np.float32), *(values for _, values in rows)])
            shape = (len(documents), len(self.tags_))
            scores = self._last.keep(documents, 0, sp.csr_matrix((values, columns, offsets), shape=shape))
        return scores

    def _asked(self, points: sp.csr_matrix, row: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(columns ascending, mean scores) that the trees give one row."""
        low, high = points.indptr[row], points.indptr[row + 1]
        pairs = list(zip(points.indices[low:high].tolist(), points.data[low:high].tolist(), strict=True))
        answers = [model.predict(pairs, beam_size=self.beam, top_k=_KEPT) if pairs else [] for model in self._models]
        total: dict[int, float] = {}
        for column, value in (answer for answers_of_tree in answers for answer in answers_of_tree):
            total[column] = total.get(column, 0.0) + value / len(answers)
        columns = sorted(total)
        return np.array(columns, dtype=np.int64), np.array([total[c] for c in columns], dtype=np.float32)


def _weighs_in(document: Document) -> bool:
    """Whether it is read: the library knows no weights, so of documents that weigh half it reads every other one."""
    weight = pseudo.weight(document)
    return weight == 1 or fold_of(document.id, _SHARES) < weight * _SHARES


def _write(path: Path, points: sp.csr_matrix, labels: Sequence[NDArray[np.int64]], n_labels: int) -> None:
    """The rows as the library reads them: a header, then ``label,label feature:value feature:value …`` each."""
    with path.open("w", encoding="ascii") as file:
        file.write(f"{points.shape[0]} {points.shape[1]} {n_labels}\n")
        for row, own in enumerate(labels):
            low, high = points.indptr[row], points.indptr[row + 1]
            pairs = zip(points.indices[low:high].tolist(), points.data[low:high].tolist(), strict=True)
            features = " ".join(f"{feature}:{value:.7g}" for feature, value in pairs)
            file.write(f"{','.join(map(str, own.tolist()))} {features}\n")


def _library() -> Any:
    try:
        import omikuji
    except ImportError as error:
        raise MissingExtraError("omikuji", "trees") from error
    return omikuji


@contextmanager
def _silence() -> Iterator[None]:
    """The library writes log and progress to the process's own output, past `sys.stdout`; nobody shall see them."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    with open(os.devnull, "w", encoding="ascii") as nothing:
        for number, _ in kept:
            os.dup2(nothing.fileno(), number)
        try:
            yield
        finally:
            for number, copy in kept:
                os.dup2(copy, number)
                os.close(copy)
