"""The learned fusion: gradient-boosted trees over all columns, one head for the order, one for the probability."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError
from tagwright.fusion.base import FUSED
from tagwright.fusion.features import channel_columns, feature_names, features
from tagwright.fusion.lightgbm import Booster, train
from tagwright.fusion.ranks import reciprocal_ranks

_BLOCK = 256
_PARTS = 2


@dataclass
class _Rows:
    """A sample of pairs: ``features`` (n, f), ``right`` (n,), ``weights`` (n,), ``documents`` (n,) ascending."""

    features: NDArray[np.float32]
    right: NDArray[np.bool_]
    weights: NDArray[np.float32]
    documents: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> _Rows:
        """Only some rows."""
        return _Rows(self.features[keep], self.right[keep], self.weights[keep], self.documents[keep])


@dataclass
class Ranker:
    """``fused`` is the probability head's score (before calibration), in (0, 1).

    The ranking head (LambdaMART) is fitted on halves of the documents, so that the probability head, a classifier,
    learns from a ranking score that has not seen the document. Of each document all right pairs are learned from,
    the ``hard`` wrong ones that reciprocal ranks put highest, and ``easy`` others standing for the rest.

    Few trees of few leaves: with 31 leaves the heads overfit a few thousand documents (nDCG@10 0.645 instead of 0.654
    on tibkat-en, dev), and their scores depend on how many documents they saw, which a calibration does not survive.
    From more than ``many`` documents ``many_trees`` of ``many_leaves`` learn (tibkat, dev F1@5: 0.339 to 0.343).
    """

    trees: int = 120
    leaves: int = 15
    many: int = 5000
    many_trees: int = 250
    many_leaves: int = 24
    learning_rate: float = 0.08
    least_rows: int = 200
    l2: float = 10.0
    hard: int = 30
    easy: int = 20
    most_documents: int = 9000
    seed: int = 1

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns both heads; ``gold`` (n_pairs,) bool."""
        self.columns_ = channel_columns(candidates)
        large = candidates.n_documents > self.many
        self._trees, self._leaves = (self.many_trees, self.many_leaves) if large else (self.trees, self.leaves)
        rows = self._sample(candidates, gold)
        part = _halves(rows.documents)
        held = np.zeros(len(rows.right))
        for number in range(_PARTS):
            head = Booster(self._rank(rows.where(part != number)))
            held[part == number] = head.raw(rows.features[part == number])
        self._order = Booster(self._rank(rows))
        wider = np.column_stack([rows.features, held.astype(np.float32)])
        settings = {**self._settings(), "objective": "binary"}
        names = [*feature_names(self.columns_), "order"]
        text = train(wider, rows.right, settings, trees=self._trees, names=names, weights=rows.weights)
        self._probability = Booster(text)
        return self

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with ``fused``."""
        if not hasattr(self, "columns_"):
            raise NotFittedError("the fusion has not been fitted", hint="train the project first")
        fused = np.empty(candidates.n_pairs, dtype=np.float32)
        for start in range(0, candidates.n_documents, _BLOCK):
            block = candidates.slice(start, min(start + _BLOCK, candidates.n_documents))
            matrix = features(block, self.columns_)
            order = self._order.raw(matrix).astype(np.float32)
            raw = self._probability.raw(np.column_stack([matrix, order]))
            low = candidates.offsets[start]
            fused[low : low + block.n_pairs] = 1 / (1 + np.exp(-raw))
        return candidates.with_columns({FUSED: fused})

    def save(self, folder: Path) -> None:
        """Writes both heads as LightGBM's text."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "order.txt").write_text(self._order.text, encoding="utf-8")
        (folder / "probability.txt").write_text(self._probability.text, encoding="utf-8")
        learned = {"format": 1, "kind": "ranker", "columns": self.columns_}
        (folder / "fusion.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.columns_ = json.loads((folder / "fusion.json").read_text(encoding="utf-8"))["columns"]
        self._order = Booster((folder / "order.txt").read_text(encoding="utf-8"))
        self._probability = Booster((folder / "probability.txt").read_text(encoding="utf-8"))
        return self

    def gains(self) -> dict[str, tuple[float, float]]:
        """{feature: (share of the gain in the ranking head, in the probability head)}."""
        names = [*feature_names(self.columns_), "order"]
        shares = []
        for head in (self._order, self._probability):
            gain = np.zeros(len(names))
            gain[: len(head.gains())] = head.gains()
            shares.append(gain / max(gain.sum(), 1e-12))
        return {name: (float(a), float(b)) for name, a, b in zip(names, *shares, strict=True)}

    def _rank(self, rows: _Rows) -> str:
        settings = {**self._settings(), "objective": "lambdarank", "lambdarank_truncation_level": 15}
        groups = np.unique(rows.documents, return_counts=True)[1]
        names = feature_names(self.columns_)
        return train(rows.features, rows.right, settings, trees=self._trees, names=names, groups=groups)

    def _settings(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate, "num_leaves": self._leaves, "min_data_in_leaf": self.least_rows,
            "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": self.seed,
            "lambda_l2": self.l2,
        }  # fmt: skip

    def _sample(self, candidates: Candidates, gold: NDArray[np.bool_]) -> _Rows:
        random = np.random.default_rng(self.seed)
        chosen = np.arange(candidates.n_documents)
        if len(chosen) > self.most_documents:
            chosen = np.sort(random.permutation(chosen)[: self.most_documents])
        marked = candidates.with_columns({"_right": gold})
        blocks = []
        for start in range(0, len(chosen), _BLOCK):
            documents = chosen[start : start + _BLOCK]
            block = marked.take(documents)
            right = block.columns["_right"] > 0
            weights = self._weights(block, right, random)
            kept = weights > 0
            owners = documents[block.documents[kept]]
            blocks.append(_Rows(features(block, self.columns_)[kept], right[kept], weights[kept], owners))
        return _Rows(
            np.concatenate([b.features for b in blocks]), np.concatenate([b.right for b in blocks]),
            np.concatenate([b.weights for b in blocks]), np.concatenate([b.documents for b in blocks]),
        )  # fmt: skip

    def _weights(self, block: Candidates, right: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.float32]:
        """(n_pairs,) float32: 0 = not learned from; an easy pair stands for all that were left out."""
        hardness = np.where(right, np.inf, reciprocal_ranks(block, 30.0))
        place = block.with_columns({"_h": hardness}).rank("_h")
        place -= np.bincount(block.documents[right], minlength=block.n_documents)[block.documents]
        rest = place >= self.hard
        remaining = np.bincount(block.documents[rest], minlength=block.n_documents)
        share = np.minimum(1.0, self.easy / np.maximum(remaining, 1))[block.documents]
        drawn = random.random(block.n_pairs) < share
        return np.where(rest, np.where(drawn, 1 / share, 0), 1).astype(np.float32)


def _halves(documents: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the half of each row: by its document's number, or where that leaves one empty by its place among them."""
    halves = documents % _PARTS
    return halves if len(np.unique(halves)) == _PARTS else np.unique(documents, return_inverse=True)[1] % _PARTS
