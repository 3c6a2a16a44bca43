"""The kind of curve that cross-validation finds best, and curves of its own for parts of the pairs where these help."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

import tagwright.registry as registry
from tagwright.calibration.base import CONFIDENCE, Calibration
from tagwright.calibration.parted import PARTS, Parted
from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError

KINDS = ("isotonic", "beta", "platt", "histogram", "context")
# What a person may get to see, and what the calibration error is measured on.
DEPTH = 20
_FILE = "best.json"
# Curves by part may change the order within a document; so much of nDCG@10 may that cost.
_MOST_LOSS = 0.001
# A smaller share of the Brier score is rounding, as where all documents are in one language.
_WORTH = 1e-5


@dataclass
class Best:
    """One of ``kinds``, whole or parted by frequency band or language: the one with the lowest cross-validated Brier.

    Folds are of documents; the Brier score is of the best `DEPTH` candidates of each. First the kind is chosen, then
    whether curves of the parts that ``by`` names ("seen", "language") are better: these are kept only where the
    Brier score falls and nDCG@10 does not fall by more than 0.001. ``kind_``, ``by_`` ("" = one curve for all) and
    ``brier_`` (every score) say what was chosen.
    """

    kinds: list[str] = field(default_factory=lambda: list(KINDS))
    by: list[str] = field(default_factory=lambda: list(PARTS))
    folds: int = 5

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Chooses on the documents' best candidates, and learns from all of them."""
        part = candidates.rank("fused") < 2 * DEPTH
        table, right = candidates.where(part), gold[part]
        scores = {kind: self._held_out(_new(kind, ""), table, right) for kind in self.kinds}
        kind = min(scores, key=lambda name: scores[name][0])
        chosen, (brier, ndcg) = "", scores[kind]
        told = {name: round(score, 7) for name, (score, _) in scores.items()}
        for by in self.by:
            found, order = self._held_out(_new(kind, by), table, right)
            told[f"{kind} by {by}"] = round(found, 7)
            if found < brier * (1 - _WORTH) and order >= ndcg - _MOST_LOSS:
                chosen, brier = by, found
        self.kind_, self.by_, self.brier_ = kind, chosen, told
        self.curve_ = _new(kind, chosen).fit(candidates, gold)
        return self

    def calibrate(self, candidates: Candidates) -> Candidates:
        """The table with ``confidence``."""
        if not hasattr(self, "curve_"):
            raise NotFittedError("the calibration has not been fitted", hint="train the project first")
        return self.curve_.calibrate(candidates)

    def save(self, folder: Path) -> None:
        """Writes the choice, and the curves in ``curve``."""
        self.curve_.save(folder / "curve")
        said = {"format": 1, "kind": self.kind_, "by": self.by_, "brier": self.brier_}
        (folder / _FILE).write_text(json.dumps(said), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        said = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        self.kind_, self.by_, self.brier_ = said["kind"], said["by"], said["brier"]
        self.curve_ = _new(self.kind_, self.by_).load(folder / "curve")
        return self

    def _held_out(self, curve: Calibration, table: Candidates, right: NDArray[np.bool_]) -> tuple[float, float]:
        """(Brier score, nDCG@10) of confidences from curves that have not seen the document."""
        confidence = np.full(table.n_pairs, right.mean() if len(right) else 0.0)
        fold = np.arange(table.n_documents) % self.folds
        for number in range(self.folds if table.n_documents >= 2 * self.folds else 0):
            inside = (fold == number)[table.documents]
            rest, held = table.take(np.flatnonzero(fold != number)), table.take(np.flatnonzero(fold == number))
            confidence[inside] = curve.fit(rest, right[~inside]).calibrate(held).column(CONFIDENCE)
        known = table.with_columns({CONFIDENCE: confidence})
        places = known.rank(CONFIDENCE, then="fused")
        counted = places < DEPTH
        brier = float(((confidence - right)[counted] ** 2).mean()) if counted.any() else 0.0
        return brier, _ndcg(table, right, places)


def _new(kind: str, by: str) -> Calibration:
    """A curve that has learned nothing, of the whole or of parts."""
    curve: Calibration = Parted(kind, by) if by else registry.build("calibration", kind, {})
    return curve


def _ndcg(table: Candidates, right: NDArray[np.bool_], places: NDArray[np.int64]) -> float:
    """nDCG@10 against the right ones among the candidates; 0 where there are none."""
    gain = np.where(right & (places < 10), 1 / np.log2(places + 2.0), 0.0)
    hits = np.bincount(table.documents[right], minlength=table.n_documents)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(10) + 2.0))])[np.minimum(hits, 10)]
    gained = np.bincount(table.documents, gain, minlength=table.n_documents)
    return float((gained[hits > 0] / ideal[hits > 0]).mean()) if (hits > 0).any() else 0.0
