"""Learns a linear map under which documents lie near their own tags: a softmax over sampled tags, plain numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.recall.products import unit

Floats = NDArray[np.float32]

_BATCH = 512
_SCALE = 20.0  # of cosines before the softmax, at first; learned
_SCALE_RATE = 10.0  # times the learning rate
_DECAY = 0.05
_LAST = 0.1  # the learning rate falls to this share of itself


@dataclass(frozen=True)
class Examples:
    """``points`` (n, width) float32 of length 1, and of each the rows of its tags, at least one.

    ``weights`` (n,) float32: how much each counts; ``None`` = all alike.
    """

    points: Floats
    gold: list[NDArray[np.int64]]
    weights: Floats | None = None


@dataclass(frozen=True)
class Schedule:
    """``epochs`` over the examples, but at most ``steps`` steps; ``negatives`` sampled tags a step."""

    epochs: int
    steps: int
    negatives: int
    learning_rate: float


def learn(examples: Examples, tags: Floats, schedule: Schedule, random: np.random.Generator) -> Floats:
    """(width, width) float32 A, so that for a document d and the tags t the softmax over cos(d + dA, t) is high.

    The target of a document is even over its tags; ``tags`` is (n_tags, width) with rows of length 1. Without examples
    A is 0. Adam (Kingma & Ba 2015) with decoupled weight decay towards 0, that is, towards the encoder as it was.
    """
    width = tags.shape[1]
    change, scale = np.zeros((width, width), dtype=np.float32), np.full(1, np.log(_SCALE), dtype=np.float32)
    batches = list(_batches(examples, schedule, random))
    # Only tags that some document has are pushed away: of the others nobody has said that they are wrong, and pushed
    # from every document they would never be found (recall among 50 of never-seen tags: 0.56 instead of 0.57).
    seen = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *examples.gold]))
    moments = [_Moments(change, schedule.learning_rate, _DECAY), _Moments(scale, schedule.learning_rate * _SCALE_RATE)]
    for number, rows in enumerate(batches):
        gold = [examples.gold[row] for row in rows.tolist()]
        drawn = seen[random.integers(0, len(seen), schedule.negatives)] if schedule.negatives < len(seen) else seen
        shown = np.unique(np.concatenate([*gold, drawn]))
        targets = _targets(gold, shown)
        counts = None if examples.weights is None else examples.weights[rows]
        slopes = _slopes(examples.points[rows], tags[shown], targets, change, float(np.exp(scale[0])), counts)
        rate = 1 - (1 - _LAST) * number / len(batches)
        for moment, slope in zip(moments, slopes, strict=True):
            moment.step(slope, rate)
    return change


def _batches(examples: Examples, schedule: Schedule, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    size = min(_BATCH, max(len(examples.gold), 1))
    a_time = len(examples.gold) // size
    for step in range(min(schedule.steps, schedule.epochs * a_time)):
        if step % a_time == 0:
            order = random.permutation(len(examples.gold))
        start = step % a_time * size
        yield order[start : start + size]


def _targets(gold: list[NDArray[np.int64]], shown: NDArray[np.int64]) -> Floats:
    """(n_documents, n_shown): even over each document's tags."""
    lengths = [len(rows) for rows in gold]
    targets = np.zeros((len(gold), len(shown)), dtype=np.float32)
    owners = np.repeat(np.arange(len(gold)), lengths)
    targets[owners, np.searchsorted(shown, np.concatenate(gold))] = 1 / np.repeat(lengths, lengths)
    return targets


def _slopes(
    points: Floats, tags: Floats, targets: Floats, change: Floats, scale: float, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """The gradients of the mean cross-entropy, weighted, for the map and for the logarithm of the scale."""
    moved = points + points @ change
    lengths = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    there = unit(moved)
    cosines = there @ tags.T
    logits = scale * cosines
    logits -= logits.max(axis=1, keepdims=True)
    wrong = np.exp(logits)
    wrong /= wrong.sum(axis=1, keepdims=True)
    wrong -= targets
    wrong *= scale / len(points)
    if weights is not None:
        wrong *= weights[:, None]
    pull = wrong @ tags
    pull -= there * (there * pull).sum(axis=1, keepdims=True)
    return points.T @ (pull / lengths), np.array([(wrong * cosines).sum()], dtype=np.float32)


class _Moments:
    """Adam's running moments of one array, which is changed in place."""

    def __init__(self, values: Floats, rate: float, decay: float = 0.0) -> None:
        self._values, self._rate, self._decay = values, rate, decay
        self._first, self._second = np.zeros_like(values), np.zeros_like(values)
        self._steps = 0

    def step(self, slope: Floats, share: float) -> None:
        """One step against the slope, at this share of the learning rate."""
        self._steps += 1
        self._first += 0.1 * (slope - self._first)
        self._second += 0.001 * (slope**2 - self._second)
        mean = self._first / (1 - 0.9**self._steps)
        spread = np.sqrt(self._second / (1 - 0.999**self._steps)) + 1e-8
        self._values -= np.float32(self._rate * share) * (mean / spread + self._decay * self._values)
