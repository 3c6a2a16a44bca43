"""The metrics that are a ratio of sums over documents, each as its two numbers a document.

So a mean over documents (the lower number is 1), a pooled share and a ratio of sums are one thing: any of them can be
had for a part of the documents, or resampled, from the same two arrays. What each is called and how it is defined
stands in `tagwright.evaluation.names`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Floats, Ints

BANDS = (("0", 0, 0), ("1-4", 1, 4), ("5-19", 5, 19), ("20+", 20, None))
"""Frequency bands: name, lowest and highest number of training documents with the tag."""

BUDGET = 20  # suggestions a document for #Right and HR#n (LLM4Tag: 15 by C2T and 5 by C2C2T)


@dataclass(frozen=True, eq=False)
class PerDocument:
    """A metric: the sum of ``top`` over the sum of ``bottom``, both (n_documents,) float64."""

    top: Floats
    bottom: Floats

    @property
    def value(self) -> float:
        """The metric; NaN where there is nothing to divide by."""
        return share(self.top.sum(), self.bottom.sum())

    def take(self, documents: NDArray[np.integer] | NDArray[np.bool_]) -> PerDocument:
        """The metric of some of the documents."""
        return PerDocument(self.top[documents], self.bottom[documents])


def share(top: float, bottom: float) -> float:
    """``top / bottom``, NaN for nothing of nothing."""
    return float(top / bottom) if bottom else float("nan")


def precision(judged: Judged, k: int) -> PerDocument:
    """P@k: hits / k, mean over documents."""
    return _mean(judged.hits_at(k) / k)


def precision_of_given(judged: Judged, k: int) -> PerDocument:
    """P@k(annif): hits / min(k, suggestions given), 0 where none was given, mean over documents."""
    return _mean(judged.hits_at(k) / np.clip(judged.lengths, 1, k))


def recall(judged: Judged, k: int) -> PerDocument:
    """R@k: hits / gold tags, mean over documents."""
    return _mean(judged.hits_at(k) / judged.sizes)


def f1(judged: Judged, k: int) -> PerDocument:
    """F1@k: 2 hits / (suggestions among the first k + gold tags), mean over documents."""
    return _mean(2 * judged.hits_at(k) / (np.minimum(judged.lengths, k) + judged.sizes))


def f1_of_means(judged: Judged, k: int) -> float:
    """F1@k(means): the harmonic mean of P@k and R@k, which some papers and shared tasks call F1@k."""
    p, r = precision(judged, k).value, recall(judged, k).value
    return share(2 * p * r, p + r) if p + r else 0.0


def ndcg(judged: Judged, k: int) -> PerDocument:
    """nDCG@k: binary gain, discount 1 / log2(place + 1) for places from 1, ideal over min(k, gold tags)."""
    found = judged.places < k
    gained = judged.sum(judged.gold_rows[found], 1 / np.log2(judged.places[found] + 2.0))
    ideal = np.cumsum(1 / np.log2(np.arange(k) + 2.0))
    return _mean(gained / ideal[np.minimum(judged.sizes, k) - 1])


def r_precision(judged: Judged) -> PerDocument:
    """R-precision: hits among the first |gold| suggestions / |gold|, mean over documents."""
    found = judged.places < judged.sizes[judged.gold_rows]
    return _mean(judged.count(judged.gold_rows[found]) / judged.sizes)


def rp(judged: Judged, k: int) -> PerDocument:
    """RP@k: hits / min(k, gold tags), mean over documents (P@k while k <= |gold|, R@k beyond)."""
    return _mean(judged.hits_at(k) / np.minimum(judged.sizes, k))


def right(judged: Judged, budget: int = BUDGET, *, depth: int | None = None) -> PerDocument:
    """#Right: gold tags among the first ``budget`` candidates, mean over documents (LLM4Tag).

    Raises `ConfigError` where ``depth``, the candidates a document that were asked for, lies below the budget: systems
    are only compared at an equal one.
    """
    _check_budget(budget, depth)
    return _mean(judged.hits_at(budget).astype(np.float64))


def hit_rate(judged: Judged, n: int, budget: int = BUDGET, *, depth: int | None = None) -> PerDocument:
    """HR#n: share of documents with at least ``n`` gold tags among the first ``budget`` candidates (LLM4Tag).

    Raises `ConfigError` as `right` does.
    """
    _check_budget(budget, depth)
    return _mean((judged.hits_at(budget) >= n).astype(np.float64))


def coverage(judged: Judged, k: int, *, cut: float) -> PerDocument:
    """Coverage@k: share of documents with at least ``k`` suggestions of confidence >= ``cut``."""
    return _mean((_given(judged, cut) >= k).astype(np.float64))


def accuracy(judged: Judged, k: int, *, cut: float, every: bool = False) -> PerDocument:
    """Acc@k: right among the first k' / k', k' = min(k, suggestions of confidence >= cut); none: document left out.

    Always to be shown with `coverage`, which falls where this rises (LLM4Tag). With ``every`` a document that is given
    none counts, as 0.
    """
    given = np.minimum(_given(judged, cut), k)
    counted = (judged.confidences >= cut) & (judged.ranks < k) & judged.hits
    hits = judged.count(judged.rows[counted])
    return PerDocument(hits / np.maximum(given, 1), (every | (given > 0)).astype(np.float64))


def micro_precision(judged: Judged, *, cut: float) -> PerDocument:
    """Micro-P: right suggestions of confidence >= ``cut`` / all such suggestions."""
    return PerDocument(_right(judged, cut), _given(judged, cut).astype(np.float64))


def micro_recall(judged: Judged, *, cut: float) -> PerDocument:
    """Micro-R: right suggestions of confidence >= ``cut`` / all gold tags."""
    return PerDocument(_right(judged, cut), judged.sizes.astype(np.float64))


def micro_f1(judged: Judged, *, cut: float) -> PerDocument:
    """Micro-F1: 2 right / (suggestions of confidence >= ``cut`` + gold tags), sums over all documents."""
    return PerDocument(2 * _right(judged, cut), (_given(judged, cut) + judged.sizes).astype(np.float64))


def tags_given(judged: Judged, *, cut: float) -> PerDocument:
    """Tags/doc: suggestions of confidence >= ``cut``, mean over documents."""
    return _mean(_given(judged, cut).astype(np.float64))


def inverse_propensities(
    counts: NDArray[np.integer], n_documents: int, *, a: float = 0.55, b: float = 1.5
) -> tuple[Floats, float]:
    """What a right tag is worth by its rarity: of each tag (n_tags,), and of one never seen in training.

    1 + C (N_l + B)^-A with C = (ln N - 1)(B + 1)^A, where N_l of the N training documents have the tag: Jain et al.
    2016 (Amazon: A 0.6, B 2.6; Wikipedia: 0.5, 0.4). With fewer than e documents C is 0 and every tag is worth 1.
    """
    c = max(np.log(max(n_documents, 1)) - 1, 0.0) * (b + 1) ** a
    return 1 + c * (np.asarray(counts) + b) ** -a, float(1 + c * b**-a)


def psp(judged: Judged, k: int, worth: Floats, *, normalised: bool = True) -> PerDocument:
    """PSP@k: worth of the hits / worth of the best k gold tags, sums over all documents.

    ``worth`` (n_gold,): the inverse propensity of each gold tag. Not ``normalised``: worth of the hits /
    k, mean over documents.
    """
    found = judged.places < k
    top = judged.sum(judged.gold_rows[found], worth[found])
    if not normalised:
        return _mean(top / k)
    order = np.lexsort((-worth, judged.gold_rows))
    first = np.repeat(np.cumsum(judged.sizes) - judged.sizes, judged.sizes)
    best = order[np.arange(len(order)) - first < k]
    return PerDocument(top, judged.sum(judged.gold_rows[best], worth[best]))


def of_tags(tags: Ints, values: NDArray[np.generic], elsewhere: float) -> Floats:
    """(len(tags),) float64: ``values`` (n_tags,) of each of these tags; ``elsewhere`` for tags beyond them."""
    known = (tags >= 0) & (tags < len(values))
    found = np.full(len(tags), elsewhere, dtype=np.float64)
    found[known] = values[tags[known]]
    return found


def recall_by_band(judged: Judged, k: int, counts: NDArray[np.integer]) -> dict[str, PerDocument]:
    """R@k[band]: hits / gold tags, pooled over all gold tags of the band; by `BANDS` of training ``counts``."""
    seen = of_tags(judged.gold_tags, counts, 0)
    return {name: PerDocument(*_band(judged, k, seen, low, high)) for name, low, high in BANDS}


def in_band(counts: Floats, low: int, high: int | None) -> NDArray[np.bool_]:
    """Whether each of these training counts lies in the band."""
    return (counts >= low) if high is None else (counts >= low) & (counts <= high)


def _band(judged: Judged, k: int, seen: Floats, low: int, high: int | None) -> tuple[Floats, Floats]:
    inside = in_band(seen, low, high)
    top = judged.count(judged.gold_rows[inside & (judged.places < k)])
    return top.astype(np.float64), judged.count(judged.gold_rows[inside]).astype(np.float64)


def _check_budget(budget: int, depth: int | None) -> None:
    if depth is not None and depth < budget:
        raise ConfigError(
            f"#Right and HR#n look at {budget} candidates a document, but only {depth} were asked for",
            hint=f"ask every system for {budget} at least",
        )


def _given(judged: Judged, cut: float) -> Ints:
    return judged.count(judged.rows[judged.confidences >= cut])


def _right(judged: Judged, cut: float) -> Floats:
    return judged.count(judged.rows[judged.hits & (judged.confidences >= cut)]).astype(np.float64)


def _mean(values: NDArray[np.floating]) -> PerDocument:
    return PerDocument(np.asarray(values, dtype=np.float64), np.ones(len(values)))
