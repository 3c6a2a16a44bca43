"""The second fusion: what the answers of a language model change in a confidence that is right without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError

Floats = NDArray[np.float64]

_FUSED, _CONFIDENCE = "fused", "confidence"
# Log-odds of probabilities nearer to 0 or 1 are cut off: a model that is never unsure is no surer for it.
_MOST = 4.0
# Of a first confidence: that of a pair with one chance in a million is no more than that.
_FAR = 14.0
# A document's answers are compared with those about so many of its best candidates.
_BEST = 10
# The strength of the ridge on standardised features; at 1.0 columns of noise move no confidence by more than 0.01.
_RIDGE = 1.0


@dataclass
class Revision:
    """Moves ``confidence`` and ``fused`` of the pairs that a model was asked about, by the log-odds that it is worth.

    The log-odds of being right are a weighted sum of the first confidence's log-odds and, of each column in
    ``columns``, its log-odds beyond what is usual of it, how far these lie above the mean of the document's other
    answers, and that it said anything at all. Another sum of the same pairs knows only the first confidence and what
    was asked; by as much as the first sum is higher the answers move the log-odds. So answers that tell nothing move
    nothing, and what was not asked keeps what it has, to the last bit. Pairs that a stage added have no first
    confidence and get one.

    This is not the learned ranking of the first fusion, fitted anew with more columns: the few hundred documents that
    a model can be asked about teach a handful of weights, but not a ranking of thirty columns, which thousands of
    documents have taught.
    """

    columns: list[str] = field(default_factory=list)

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns the weights; ``gold`` (n_pairs,) bool, ``confidence`` out-of-fold."""
        told = self.told(candidates)
        self.usual_ = [_usual(candidates.column(name)) for name in self.columns]
        features, right = self._features(candidates)[told], gold[told]
        self.weights_ = _weights(features, right)
        self.free_ = _weights(features * _free(features.shape[1]), right)
        return self

    def believe(self) -> Self:
        """Half of each answer's log-odds count: what there is to go by where nothing can be learned."""
        self.usual_ = [0.0] * len(self.columns)
        self.weights_ = np.array([1.0, -1.0, *([0.0, 0.5, 0.0] * len(self.columns)), 0.0])
        self.free_ = np.array([1.0, *([0.0] * (len(self.weights_) - 1))])
        return self

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with ``confidence`` and ``fused`` as the answers leave them."""
        moved, told = self.moves(candidates), self.told(candidates)
        columns = {}
        for name in (_CONFIDENCE, _FUSED):
            column = candidates.column(name).copy()
            base = np.nan_to_num(_odds(column.astype(np.float64), _FAR), nan=0.0)
            column[told] = (1 / (1 + np.exp(-(base + moved))))[told]
            columns[name] = np.nan_to_num(column, nan=0.0)
        return candidates.with_columns(columns)

    def moves(self, candidates: Candidates) -> Floats:
        """(n_pairs,) by how much the log-odds move; 0 where nothing was said."""
        if not hasattr(self, "weights_"):
            raise NotFittedError("the second fusion has not been fitted", hint="tagwright train --generation")
        features = self._features(candidates)
        added = features[:, 1] > 0
        moved = _sum(self.weights_, features) - np.where(added, 0.0, _sum(self.free_, features))
        return np.where(self.told(candidates), moved, 0.0)

    def told(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,) whether any of the columns says something."""
        found = np.zeros(candidates.n_pairs, dtype=np.bool_)
        for name in self.columns:
            found |= ~np.isnan(candidates.column(name))
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "columns": self.columns,
            "weights": self.weights_.tolist(),
            "free": self.free_.tolist(),
            "usual": self.usual_,
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        made = cls([str(name) for name in said["columns"]])
        made.weights_, made.free_ = (np.asarray(said[name], dtype=np.float64) for name in ("weights", "free"))
        made.usual_ = [float(value) for value in said["usual"]]
        return made

    def _features(self, candidates: Candidates) -> Floats:
        """(n_pairs, 2 + 3 a column): the first log-odds, that there are none, and what each column says."""
        base = _odds(candidates.column(_CONFIDENCE).astype(np.float64), _FAR)
        added = np.isnan(base)
        found = [np.where(added, 0.0, base), added.astype(np.float64)]
        for name, usual in zip(self.columns, self.usual_, strict=True):
            values = candidates.column(name).astype(np.float64)
            told = ~np.isnan(values)
            # Beyond the usual: one that says nothing counts like one that says what it always says.
            odds = np.where(told, _said(values) - usual, 0.0)
            found += [told.astype(np.float64), odds, np.where(told, odds - _mean(candidates, odds, told), 0.0)]
        return np.stack(found, axis=1)


def _said(values: Floats) -> Floats:
    """The log-odds of a column's values; NaN stays."""
    return _odds(np.clip(values, 0.0, 1.0), _MOST)


def _usual(column: NDArray[np.float32]) -> float:
    """The mean log-odds of what a column says; 0 where it says nothing."""
    values = column[~np.isnan(column)].astype(np.float64)
    return float(_said(values).mean()) if len(values) else 0.0


def _free(width: int) -> Floats:
    """(width,) 1 for the features that hold nothing of what was answered, else 0."""
    return np.array([1.0, 1.0, *([1.0, 0.0, 0.0] * ((width - 2) // 3))])


def _sum(weights: Floats, features: Floats) -> Floats:
    """(n_pairs,) the weighted sum; column by column, as a product's last bits depend on what stands beside."""
    total = np.full(len(features), weights[-1])
    for weight, column in zip(weights, features.T, strict=False):
        total += weight * column
    return total


def _odds(probabilities: Floats, most: float) -> Floats:
    """Log-odds, at most ``most`` from 0; NaN stays."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.clip(np.log(probabilities) - np.log1p(-probabilities), -most, most))


def _mean(candidates: Candidates, odds: Floats, told: NDArray[np.bool_]) -> Floats:
    """(n_pairs,) the mean over the document's best candidates about which something was said; without one, its own.

    Of the best only, for a mean over all would tell how many candidates there are, which is no answer.
    """
    owners = candidates.documents
    counted = told & (candidates.rank(_CONFIDENCE) < _BEST)
    total = np.bincount(owners, np.where(counted, odds, 0.0), minlength=candidates.n_documents)
    number = np.bincount(owners[counted], minlength=candidates.n_documents)[owners]
    return np.where(number > 0, total[owners] / np.maximum(number, 1), odds)


def _weights(features: Floats, right: NDArray[np.bool_]) -> Floats:
    """(n_features + 1,) of each feature, the last one of 1; where all pairs are right, or none, nothing is learned."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros(features.shape[1] + 1)
    weights[0] = 1.0
    if right.all() or not right.any():
        return weights
    middle, spread = features.mean(axis=0), features.std(axis=0)
    used = spread > 0
    if not used.any():
        share = right.mean()
        return np.append(np.zeros(len(used)), np.log(share / (1 - share)))
    scaled = (features[:, used] - middle[used]) / spread[used]
    fitted = LogisticRegression(C=_RIDGE, max_iter=1000).fit(scaled, right)
    slopes = np.zeros(len(used))
    slopes[used] = fitted.coef_[0] / spread[used]
    return np.append(slopes, fitted.intercept_[0] - slopes @ middle)


def columns_of(names: Sequence[str]) -> list[str]:
    """Those of a stage's columns that the second fusion reads: the first one, and places, but not sources or counts."""
    return [name for name in names if "." not in name or name.endswith(".place")]
