"""How many tags a document gets: what every kind of cut promises, and the one cut for all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NOTHING_BELOW = 0.05
"""A document whose best candidate is less likely than this gets no tag: "nothing here is likely enough".

On tibkat-en (dev) it touches 1 document in 1,000; at 0.1 it would touch 2 in 100 and cost 0.003 of their mean F1.
"""
FILE = "cuts.json"


class Cuts(Protocol):
    """Which of its candidates a document is given; none is an answer, too."""

    def fit(self, candidates: Candidates, gold: Bools, sizes: NDArray[np.integer]) -> Self:
        """Learns from out-of-fold ``confidence``, which pairs are right, and how many gold tags a document has.

        ``gold`` (n_pairs,); ``sizes`` (n_documents,), gold tags that are no candidates included.
        """
        ...

    def given(self, candidates: Candidates) -> Bools:
        """(n_pairs,): whether the document is given the tag."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what was learned, as plain data."""
        ...

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        ...


@dataclass
class Global:
    """One cut on the confidence for all, the one with the best micro-F1; ``least`` as in `NOTHING_BELOW`."""

    least: float = NOTHING_BELOW

    def fit(self, candidates: Candidates, gold: Bools, sizes: NDArray[np.integer]) -> Self:
        """Finds the cut."""
        self.cut_ = best_cut(candidates.column(CONFIDENCE), gold, int(sizes.sum()))
        return self

    def given(self, candidates: Candidates) -> Bools:
        """The candidates from the cut on."""
        return np.asarray(candidates.column(CONFIDENCE) >= np.float32(self.cut_)) & likely(candidates, self.least)

    def save(self, folder: Path) -> None:
        """Writes the cut."""
        write(folder, {"cut": self.cut_})

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.cut_ = float(read(folder)["cut"])
        return self


def best_cut(confidence: NDArray[np.floating], right: NDArray[np.bool_], n_gold: int) -> float:
    """The one cut on confidence that maximises micro-F1, in [0, 1]; the lowest confidence that is still applied.

    ``confidence`` and ``right`` (n_pairs,); ``n_gold`` counts all gold pairs, found as candidates or not.
    """
    if len(confidence) == 0 or n_gold == 0:
        return 0.5
    order = np.argsort(-confidence, kind="stable")
    values, hits = np.asarray(confidence, dtype=np.float64)[order], np.cumsum(right[order])
    score = 2 * hits / (np.arange(1, len(values) + 1) + n_gold)
    score[:-1][values[1:] == values[:-1]] = -1  # a cut lies between different confidences only
    return float(values[int(np.argmax(score))])


def likely(candidates: Candidates, least: float) -> Bools:
    """(n_pairs,): whether the best candidate of the pair's document has at least this confidence."""
    best = np.zeros(candidates.n_documents)
    np.maximum.at(best, candidates.documents, np.nan_to_num(candidates.column(CONFIDENCE), nan=0.0))
    return np.asarray((best >= np.float32(least))[candidates.documents])


def mean_f1(candidates: Candidates, given: Bools, gold: Bools, sizes: NDArray[np.integer]) -> float:
    """F1 of each document's given tags, mean over the documents that have gold; 0 without any."""
    n = candidates.n_documents
    hits = np.bincount(candidates.documents, gold & given, minlength=n)
    counts = np.bincount(candidates.documents, given, minlength=n)
    with_gold = sizes > 0
    if not with_gold.any():
        return 0.0
    return float((2 * hits / np.maximum(counts + sizes, 1))[with_gold].mean())


def write(folder: Path, said: dict[str, float]) -> None:
    """Writes a few numbers into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps({"format": 1, **said}), encoding="utf-8")


def read(folder: Path) -> dict[str, float]:
    """What `write` wrote."""
    said: dict[str, float] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return said
