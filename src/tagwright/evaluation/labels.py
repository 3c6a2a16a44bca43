"""F1 of single tags and their mean; the cut that would have been best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Floats, Ints


@dataclass(frozen=True, eq=False)
class TagScores:
    """Of each tag that is gold or given (n,): ``tags`` int64, ``f1`` float64, ``support`` int64 how often it is gold.

    ``given`` and ``right`` int64: how often it is given, and rightly so.
    """

    tags: Ints
    f1: Floats
    support: Ints
    given: Ints
    right: Ints

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the tags that are gold or given; NaN where there is none."""
        return float(self.f1.mean()) if len(self.f1) else float("nan")

    @property
    def macro_f1_of_gold(self) -> float:
        """Mean F1 of the tags that are gold; NaN where there is none."""
        return float(self.f1[self.support > 0].mean()) if self.support.any() else float("nan")

    @property
    def macro_f1_of_means(self) -> float:
        """Harmonic mean of the tags' mean precision and mean recall, 0 where one divides by nothing; NaN for no tag."""
        if not len(self.tags):
            return float("nan")
        p, r = (self.right / np.maximum(self.given, 1)).mean(), (self.right / np.maximum(self.support, 1)).mean()
        return float(2 * p * r / (p + r)) if p + r else 0.0

    def macro_f1_of_all(self, n_tags: int) -> float:
        """Mean F1 of all ``n_tags`` that there are; one that is neither gold nor given counts as 0; NaN for none."""
        return float(self.f1[self.tags >= 0].sum() / n_tags) if n_tags else float("nan")


def tag_scores(judged: Judged, *, cut: float) -> TagScores:
    """F1 = 2 right / (given + gold) of each tag, where suggestions of confidence >= ``cut`` are given."""
    kept = judged.confidences >= cut
    tags, number = np.unique(np.concatenate([judged.tags[kept], judged.gold_tags]), return_inverse=True)
    given, gold = number[: kept.sum()], number[kept.sum() :]
    right = np.bincount(given[judged.hits[kept]], minlength=len(tags))
    support = np.bincount(gold, minlength=len(tags))
    counted = np.bincount(given, minlength=len(tags))
    return TagScores(tags, 2 * right / (counted + support), support, counted, right)


def best_cut(judged: Judged) -> float:
    """The cut with the highest micro-F1 on these very documents: an oracle, not what a product can promise.

    The highest such cut on a tie; NaN where nothing was suggested.
    """
    order = np.argsort(-judged.confidences, kind="stable")
    values = judged.confidences[order]
    if len(values) == 0:
        return float("nan")
    right = np.cumsum(judged.hits[order])
    f1 = 2 * right / (np.arange(1, len(values) + 1) + len(judged.gold_tags))
    last_of_its_value = np.append(values[1:] != values[:-1], True)
    return float(values[np.argmax(np.where(last_of_its_value, f1, -1))])
