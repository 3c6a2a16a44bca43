"""What a difference between two systems is worth: the paired bootstrap over documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.evaluation.metrics import PerDocument

ROUNDS = 2000  # the 2.5 % tail then holds 50 draws
_TAIL = 0.025
_CHUNK = 4_000_000  # draws held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of two systems, ``a`` and ``b``, and the 95 % interval from ``low`` to ``high`` of a - b."""

    a: float
    b: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """How much higher ``a`` is."""
        return self.a - self.b

    @property
    def is_significant(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def paired_bootstrap(
    a: Mapping[str, PerDocument],
    b: Mapping[str, PerDocument],
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
    tests: int = 1,
    tail: float = _TAIL,
) -> dict[str, Difference]:
    """The difference of each metric that both have, with the percentile interval over resampled documents.

    Both must be of the same documents in the same order. All metrics see the same resamples. Fewer than two documents
    give no interval (NaN). Of ``tests`` intervals, each this wide, all hold together with 95 % (Bonferroni). ``tail``:
    how much lies beyond each end, 2.5 % by default.
    """
    names = [name for name in a if name in b]
    draws = np.concatenate(list(_differences([a[n] for n in names], [b[n] for n in names], seed, rounds)))
    low, high = _interval(draws, (_tail(len(a[names[0]].top), tail) if names else tail) / tests)
    return {
        name: Difference(a[name].value, b[name].value, float(low[i]), float(high[i])) for i, name in enumerate(names)
    }


def _differences(a: list[PerDocument], b: list[PerDocument], seed: int, rounds: int) -> list[NDArray[np.float64]]:
    """(some rounds, n_metrics) each, ``rounds`` in all."""
    n = len(a[0].top) if a else 0
    if n < 2:  # one document drawn again and again never differs from itself: that is no certainty
        return [np.full((1, len(a)), np.nan)]
    chance = np.random.default_rng(seed)
    columns = np.stack([part for m in (*a, *b) for part in (m.top, m.bottom)], axis=1)
    at_once = max(1, _CHUNK // n)
    parts = []
    for start in range(0, rounds, at_once):
        count = min(at_once, rounds - start)
        drawn = chance.integers(n, size=(count, n)) + n * np.arange(count)[:, np.newaxis]
        weights = np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n)
        sums = (weights.astype(np.float64) @ columns).reshape(count, -1, 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = sums[:, :, 0] / sums[:, :, 1]
        parts.append(values[:, : len(a)] - values[:, len(a) :])
    return parts


def _tail(n: int, tail: float) -> float:
    """The share of resamples beyond each end: a little below ``tail``, as plain percentiles are too narrow for small n.

    The expanded percentile interval (Hesterberg 2015): as wide as Student's t on n - 1 degrees of freedom, not as the
    normal distribution.
    """
    from scipy.special import ndtr, stdtrit  # scipy.stats has them, too, for half a second of every command's start

    return float(ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, 1 - tail))) if n > 1 else tail


def _interval(draws: NDArray[np.float64], tail: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n_metrics,) each: the points with ``tail`` beyond; a resample without anything to divide by is left out."""
    known = ~np.isnan(draws)
    low = [np.quantile(d[k], tail) if k.any() else np.nan for d, k in zip(draws.T, known.T, strict=True)]
    high = [np.quantile(d[k], 1 - tail) if k.any() else np.nan for d, k in zip(draws.T, known.T, strict=True)]
    return np.array(low), np.array(high)
