"""The learned fusion: gradient-boosted trees over all columns, and a second look at the best of each document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats
from tagwright.errors import ConfigError, NotFittedError
from tagwright.fusion.base import FUSED
from tagwright.fusion.features import channel_columns, feature_names, features
from tagwright.fusion.lightgbm import Booster, train
from tagwright.fusion.ranks import reciprocal_ranks

_BLOCK = 256
_PARTS = 2
# What the first look has said, as the second one reads it.
_BEFORE = "look.score"
_RIGHT = "_right"
_FORMAT = 2


@dataclass
class _Rows:
    """A sample of pairs: ``features`` (n, f), ``right`` (n,), ``weights`` (n,), ``part`` (n,) of their documents."""

    features: Floats
    right: NDArray[np.bool_]
    weights: NDArray[np.float32]
    part: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> _Rows:
        """Only some rows."""
        return _Rows(self.features[keep], self.right[keep], self.weights[keep], self.part[keep])

    @classmethod
    def concat(cls, blocks: Sequence[_Rows]) -> _Rows:
        """One after the other."""
        columns = ([getattr(block, name) for block in blocks] for name in ("features", "right", "weights", "part"))
        return cls(*(np.concatenate(column) for column in columns))


@dataclass
class Ranker:
    """``fused`` is the chance that a pair is right (before calibration), in (0, 1), told by boosted trees.

    Two looks. The first is at all candidates of a document; it learns from all right pairs, the ``hard`` wrong ones
    that reciprocal ranks put highest, and ``easy`` others standing for the rest. The second is at the ``near`` best:
    the features are those within these few, and the first look's answer is among them, which comes from the other half
    of the documents while it learns; it is the mean log-odds of ``bags`` that draw differently. ``near`` = 0: one look.

    Few trees of few leaves: with 31 leaves a look at everything overfits a few thousand documents, and its scores
    depend on how many it saw, which a calibration does not survive. Up to ``many`` documents no look has more than
    ``few_trees``; with more documents the second one has ``many_trees`` of ``many_leaves``. It is worth 0.006 of
    nDCG@10 on tibkat-en, and makes a ranking head (LambdaMART) needless, whose score the one look read before: neither
    adds to the other (benchmarks/RESULTS.md).
    """

    trees: int = 120
    leaves: int = 15
    near: int = 50
    bags: int = 2
    many: int = 2000
    few_trees: int = 60
    many_trees: int = 250
    many_leaves: int = 24
    learning_rate: float = 0.08
    least_rows: int = 200
    l2: float = 10.0
    hard: int = 30
    easy: int = 20
    most_documents: int = 9000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.near < 0 or self.bags < 1:
            what = f"fusion: near = {self.near}, bags = {self.bags} cannot be"
            raise ConfigError(what, hint="near is 0 at least (0: no second look), bags 1 at least")

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Learns both looks; ``gold`` (n_pairs,) bool."""
        self.columns_ = channel_columns(candidates)
        self._order: Booster | None = None
        self._second: list[Booster] = []
        documents = self._drawn(np.flatnonzero(np.diff(candidates.offsets)))
        part = _halves(documents)
        marked = candidates.with_columns({_RIGHT: gold})
        rows = self._sample(marked, documents, part)
        large = len(documents) > self.many
        trees = self.trees if large else min(self.trees, self.few_trees)
        self._first = self._look(rows, self.columns_, trees, self.leaves)
        if self.near:
            others = [rows.where(rows.part != number) for number in range(_PARTS)]
            halves = [self._look(half, self.columns_, trees, self.leaves) for half in others]
            size = (self.many_trees, self.many_leaves) if large else (trees, self.leaves)
            best = self._best(marked, documents, part, halves)
            columns = [*self.columns_, _BEFORE]
            self._second = [self._look(best, columns, *size, seed=self.seed + bag) for bag in range(self.bags)]
        return self

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with ``fused``."""
        if not hasattr(self, "columns_"):
            raise NotFittedError("the fusion has not been fitted", hint="train the project first")
        fused = np.empty(candidates.n_pairs, dtype=np.float32)
        for start in range(0, candidates.n_documents, _BLOCK):
            block = candidates.slice(start, min(start + _BLOCK, candidates.n_documents))
            low = candidates.offsets[start]
            fused[low : low + block.n_pairs] = self._fused(block)
        return candidates.with_columns({FUSED: fused})

    def save(self, folder: Path) -> None:
        """Writes what the looks learned as LightGBM's text."""
        folder.mkdir(parents=True, exist_ok=True)
        looks = {"order": self._order, "first": self._first}
        looks.update({f"second-{number}": bag for number, bag in enumerate(self._second, 1)})
        for name, look in looks.items():
            if look is not None:
                (folder / f"{name}.txt").write_text(look.text, encoding="utf-8")
        learned = {"format": _FORMAT, "kind": "ranker", "columns": self.columns_}
        learned |= {"near": self.near, "bags": len(self._second)}
        (folder / "fusion.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote; of format 1 a ranking head, and one look that reads its score."""
        learned = json.loads((folder / "fusion.json").read_text(encoding="utf-8"))
        self.columns_, self.near = learned["columns"], learned.get("near", 0)
        order = folder / "order.txt"
        self._order = _read(order) if order.exists() else None
        self._first = _read(folder / ("probability.txt" if learned["format"] == 1 else "first.txt"))
        self._second = [_read(folder / f"second-{bag}.txt") for bag in range(1, learned.get("bags", 0) + 1)]
        return self

    def gains(self) -> dict[str, tuple[float, float]]:
        """{feature: (share of the gain in the first look, in the second)}; 0 in a look that there is not."""
        first = [*feature_names(self.columns_), *(["order"] if self._order else [])]
        second = feature_names([*self.columns_, _BEFORE])
        shares = _shares([self._first], first), _shares(self._second, second)
        return {name: (shares[0].get(name, 0.0), shares[1].get(name, 0.0)) for name in dict.fromkeys([*first, *second])}

    def _fused(self, block: Candidates) -> Floats:
        """(n_pairs,) what the looks say of a block."""
        matrix = features(block, self.columns_)
        if self._order:
            matrix = np.column_stack([matrix, self._order.raw(matrix).astype(np.float32)])
        fused = _chance(self._first.raw(matrix))
        if self._second:
            best, matrix = self._anew(block, fused)
            fused[best] = _chance(np.mean([bag.raw(matrix) for bag in self._second], axis=0))
        return fused

    def _anew(self, block: Candidates, before: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """(n_pairs,) which pairs are looked at twice, and their features, within these."""
        seen = block.with_columns({_BEFORE: before})
        best = seen.rank(_BEFORE) < self.near
        return best, features(seen.where(best), [*self.columns_, _BEFORE])

    def _look(self, rows: _Rows, columns: list[str], trees: int, leaves: int, seed: int | None = None) -> Booster:
        settings = {
            "objective": "binary", "learning_rate": self.learning_rate, "num_leaves": leaves,
            "min_data_in_leaf": self.least_rows, "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1,
            "seed": self.seed if seed is None else seed, "lambda_l2": self.l2,
        }  # fmt: skip
        names = feature_names(columns)
        return Booster(train(rows.features, rows.right, settings, trees=trees, names=names, weights=rows.weights))

    def _drawn(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those that are learned from, ascending."""
        if len(documents) <= self.most_documents:
            return documents
        return np.sort(np.random.default_rng(self.seed).permutation(documents)[: self.most_documents])

    def _sample(self, marked: Candidates, documents: NDArray[np.int64], part: NDArray[np.int64]) -> _Rows:
        """What the first look learns from."""
        random = np.random.default_rng(self.seed)
        found = []
        for block, parts in _blocks(marked, documents, part):
            right = block.columns[_RIGHT] > 0
            weights = self._weights(block, right, random)
            kept = weights > 0
            owners = parts[block.documents[kept]]
            found.append(_Rows(features(block, self.columns_)[kept], right[kept], weights[kept], owners))
        return _Rows.concat(found)

    def _best(
        self, marked: Candidates, documents: NDArray[np.int64], part: NDArray[np.int64], halves: Sequence[Booster]
    ) -> _Rows:
        """What the second look learns from: ``halves[n]`` has not seen the documents of part n."""
        found = []
        for block, parts in _blocks(marked, documents, part):
            matrix, owners = features(block, self.columns_), parts[block.documents]
            before = np.empty(block.n_pairs, dtype=np.float32)
            for number, half in enumerate(halves):
                before[owners == number] = _chance(half.raw(matrix[owners == number]))
            best, matrix = self._anew(block, before)
            right = block.columns[_RIGHT][best] > 0
            found.append(_Rows(matrix, right, np.ones(len(right), dtype=np.float32), owners[best]))
        return _Rows.concat(found)

    def _weights(self, block: Candidates, right: NDArray[np.bool_], random: np.random.Generator) -> Floats:
        """(n_pairs,) float32: 0 = not learned from; an easy pair stands for all that were left out."""
        hardness = np.where(right, np.inf, reciprocal_ranks(block, 30.0))
        place = block.with_columns({"_h": hardness}).rank("_h")
        place -= np.bincount(block.documents[right], minlength=block.n_documents)[block.documents]
        rest = place >= self.hard
        remaining = np.bincount(block.documents[rest], minlength=block.n_documents)
        share = np.minimum(1.0, self.easy / np.maximum(remaining, 1))[block.documents]
        drawn = random.random(block.n_pairs) < share
        return np.where(rest, np.where(drawn, 1 / share, 0), 1).astype(np.float32)


def _blocks(
    marked: Candidates, documents: NDArray[np.int64], part: NDArray[np.int64]
) -> Iterator[tuple[Candidates, NDArray[np.int64]]]:
    """These documents of a table, block by block, with the parts that they are in."""
    for start in range(0, len(documents), _BLOCK):
        chosen = slice(start, start + _BLOCK)
        yield marked.take(documents[chosen]), part[chosen]


def _halves(documents: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the half of each document: by its number, or where that leaves one empty by its place among them."""
    halves = documents % _PARTS
    return halves if len(np.unique(halves)) == _PARTS else np.arange(len(documents)) % _PARTS


def _chance(raw: NDArray[np.float64]) -> Floats:
    """(n,) float32 in (0, 1) of log-odds."""
    found: Floats = (1 / (1 + np.exp(-raw))).astype(np.float32)
    return found


def _shares(looks: Sequence[Booster], names: list[str]) -> dict[str, float]:
    """{feature: share of the gain}."""
    gain = np.sum([one.gains() for one in looks], axis=0) if looks else np.zeros(len(names))
    return dict(zip(names, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))


def _read(file: Path) -> Booster:
    """The trees of a file."""
    return Booster(file.read_text(encoding="utf-8"))
