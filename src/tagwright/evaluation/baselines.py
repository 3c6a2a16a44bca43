"""Plain taggers that a product must beat: similar documents, centroids, names alone, a linear classifier a tag."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix
from sklearn.svm import LinearSVC

import tagwright.registry as registry
from tagwright.candidates import Candidates
from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report, plain
from tagwright.evaluation.saved import SavedCandidates
from tagwright.pipeline.assembly import BLOCK, Assembly, gold_of
from tagwright.pipeline.settings import TaggerSettings
from tagwright.pipeline.threads import one_thread
from tagwright.recall.base import Channel
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

CHANNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "TF-IDF neighbours": ("graph", {"kind": "graph", "space": "words", "threshold": 0.0}),
    "centroids": ("centroids", {"kind": "centroids", "space": "words"}),
    "names only": ("names", {"kind": "names"}),
}
"""Baseline -> channel whose score alone ranks, with its usual settings; every neighbour votes, however far."""

LINEAR = "linear, one-vs-rest"
MOST_TAGS = 1000  # a linear classifier a tag takes minutes from here on
GATE = "nDCG@10"  # by which the product must beat a baseline

# Baselines have scores, not probabilities, so nothing that depends on the product's cut is shown.
SHOWN = ("P@1", "P@3", "P@5", "R@5", "R@10", "R@100", "F1@5", "nDCG@5", "nDCG@10", "nDCG@20", "PSP@5", "microF1*")

Progress = Callable[[str, int, int | None], None]


def rankings(
    kept: Sequence[Document], documents: Sequence[Document], vocabulary: Vocabulary, *, k: int, progress: Progress
) -> tuple[dict[str, Ranked], dict[str, str]]:
    """The best ``k`` tags a document by each baseline, learned from the ``kept`` ones; and why one is left out."""
    languages = tuple(filter(None, dict.fromkeys([vocabulary.language, *vocabulary.languages]))) or ("en",)
    settings = TaggerSettings(channels=dict(CHANNELS.values()))
    assembly = Assembly(settings, registry.build("encoder", "lsa", {}), languages)
    assembly.informed = False  # these channels need no encoder, so it has nothing to learn
    with one_thread():
        progress("baselines", 0, None)
        assembly.prepare(kept, vocabulary).fit(kept, vocabulary)
        by_name = {channel.name: channel for channel in assembly.channels}
        found = {name: _asked(by_name[channel], documents, vocabulary, k) for name, (channel, _) in CHANNELS.items()}
        carried = _carried(gold_of(kept, vocabulary), len(vocabulary))
        used = np.flatnonzero((np.diff(carried.indptr) > 0) & vocabulary.active)
        if len(used) > MOST_TAGS:
            return found, {LINEAR: f"{len(used):,} tags are in use, and it is fitted for {MOST_TAGS:,} at most"}
        space = assembly.spaces["words"]
        known, asked = (csr_matrix(space.documents(part), dtype=np.float64) for part in (kept, documents))
        margins = _margins(known, asked, carried[:, used], progress)
        found[LINEAR] = _best(margins, used, k)
    return found, {}


def beside(report: Report, saved: SavedCandidates, found: Mapping[str, Ranked], *, n_train: int) -> dict[str, Any]:
    """The metrics of each baseline, and whether the product beats it, as plain values for `Report.beside`."""
    metrics, gate = {}, {}
    for name, ranked in found.items():
        theirs = evaluate(
            ranked, saved.gold, cut=np.inf, train_counts=saved.train_counts, n_train=n_train, ids=saved.ids,
            depth=saved.settings.get("k"),
        )  # fmt: skip
        metrics[name] = {shown: plain(theirs.metrics[shown]) for shown in SHOWN if shown in theirs.metrics}
        if GATE in report.ratios and GATE in theirs.ratios:
            d = paired_bootstrap({GATE: report.ratios[GATE]}, {GATE: theirs.ratios[GATE]})[GATE]
            numbers = {"difference": d.difference, "low": d.low, "high": d.high}
            gate[name] = {**{key: plain(value) for key, value in numbers.items()}, "beaten": d.low > 0}
    return {"baselines": metrics, "baseline_gate": {"metric": GATE, **gate}}


def _asked(channel: Channel, documents: Sequence[Document], vocabulary: Vocabulary, k: int) -> Ranked:
    blocks = [channel.recall(documents[start : start + BLOCK], k) for start in range(0, len(documents), BLOCK)]
    table = Candidates.concat(blocks) if blocks else Candidates.empty(0, channel.columns)
    return Ranked.from_candidates(table.where(vocabulary.active[table.tags]), by=f"{channel.name}.score", then=None)


def _carried(gold: Sequence[NDArray[np.integer]], n_tags: int) -> csc_matrix:
    """(n_documents, n_tags) 0/1: which documents carry which tags."""
    rows = np.repeat(np.arange(len(gold)), [len(tags) for tags in gold])
    tags = np.concatenate([np.empty(0, dtype=np.int32), *gold])
    return csc_matrix((np.ones(len(tags), dtype=np.bool_), (rows, tags)), shape=(len(gold), n_tags))


def _margins(known: csr_matrix, asked: csr_matrix, carried: csc_matrix, progress: Progress) -> NDArray[np.float32]:
    """(n_asked, n_tags): a linear support vector machine a tag over TF-IDF, with scikit-learn's usual C of 1."""
    n_tags = carried.shape[1]
    margins = np.ones((asked.shape[0], n_tags), dtype=np.float32)
    for tag in range(n_tags) if asked.shape[0] else ():
        progress("linear classifiers", tag, n_tags)
        wanted = carried[:, [tag]].toarray().ravel()
        if wanted.all():
            continue  # there is nothing to tell apart
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a classifier that has not quite converged ranks as well
            margins[:, tag] = LinearSVC(random_state=0).fit(known, wanted).decision_function(asked)
    return margins


def _best(margins: NDArray[np.float32], tags: NDArray[np.integer], k: int) -> Ranked:
    """The ``k`` tags with the highest margins of each row, ties by tag."""
    order = np.argsort(-margins, axis=1, kind="stable")[:, :k]
    n, width = order.shape
    values = np.take_along_axis(margins, order, axis=1).astype(np.float64)
    return Ranked(np.arange(n + 1) * width, tags[order].ravel().astype(np.int64), values.ravel())
