"""One call from suggestions and gold to a report, and one from two reports to their differences."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

import tagwright.evaluation.metrics as m
from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.evaluation.bootstrap import ROUNDS, Difference, paired_bootstrap
from tagwright.evaluation.channels import recall_by_channel
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.hierarchy import hierarchical
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.labels import best_cut, tag_scores
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.reliability import brier, ece, overconfidence, reliability
from tagwright.evaluation.report import Report

KS = (1, 3, 5, 10, 20)
DEEP = (50, 100)  # depths at which only recall is of interest
SHOWN = (1, 3, 5)  # how many suggestions a person looks at


def evaluate(
    ranked: Ranked,
    gold: Gold,
    *,
    cut: float,
    train_counts: NDArray[np.integer] | None = None,
    n_train: int = 0,
    candidates: Candidates | None = None,
    channels: Mapping[str, Sequence[str]] | None = None,
    closure: csr_array | None = None,
    ids: Sequence[str] = (),
    depth: int | None = None,
    given: NDArray[np.bool_] | None = None,
) -> Report:
    """The report on suggestions held against gold, both of the same documents in the same order.

    ``cut``: the product's own; ``train_counts`` (n_tags,): training documents of each tag, ``n_train`` of all, for
    PSP and the frequency bands; ``candidates`` and ``channels`` (name -> columns): for the recall of each channel;
    ``closure`` (`tagwright.vocabulary.hierarchy.ancestors`): for hP, hR, hF1; ``ids``: of the documents, so that a
    comparison can tell them apart; ``depth``: how many candidates a document were asked for, so that nothing is
    reported that looks at more; ``given`` (n_pairs,): the ``candidates`` that the product gives each document by its
    own kind of cut. What is not given is not reported.
    """
    judged = Judged.judge(ranked, gold)
    ratios = {**_at_k(judged, depth), **_at_cut(judged, cut)}
    values = {**_of_tags(judged, cut, depth), **_of_confidence(judged)}
    if train_counts is not None:
        ratios |= _by_frequency(judged, train_counts, n_train, depth)
        values |= _counts_by_frequency(judged, train_counts)
        values["macroF1(all)"] = tag_scores(judged, cut=cut).macro_f1_of_all(len(train_counts))
    if closure is not None:
        ratios |= hierarchical(judged, closure, cut=cut)
    if candidates is not None and given is not None:
        ratios |= _of_set(Judged.judge(Ranked.from_candidates(candidates.where(given)), gold))
    if candidates is not None and channels is not None:
        ratios |= _by_channel(candidates, gold, channels)
    fingerprint = hashlib.sha256("\n".join([gold.fingerprint, *ids]).encode()).hexdigest()
    named = tuple(ids[row] for row in judged.documents) if ids else ()
    return Report(ratios, values, reliability(judged), judged.documents, judged.left_out, cut, fingerprint, named)


def compare(a: Report, b: Report, *, seed: int = 0, rounds: int = ROUNDS) -> dict[str, Difference]:
    """How much higher ``a`` is than ``b`` in each metric that both have, with 95 % intervals (paired bootstrap).

    Raises `ConfigError` where they are not of the same documents with the same gold.
    """
    if a.gold != b.gold:
        raise ConfigError(
            "the two reports are not about the same documents with the same gold tags",
            hint="evaluate both systems on one file",
        )
    return paired_bootstrap(a.ratios, b.ratios, seed=seed, rounds=rounds)


def _at_k(judged: Judged, depth: int | None) -> dict[str, PerDocument]:
    found: dict[str, PerDocument] = {}
    for k in _within(KS, depth):
        found[f"P@{k}"] = m.precision(judged, k)
        found[f"P@{k}(annif)"] = m.precision_of_given(judged, k)
        found[f"R@{k}"] = m.recall(judged, k)
        found[f"F1@{k}"] = m.f1(judged, k)
        found[f"nDCG@{k}"] = m.ndcg(judged, k)
        found[f"RP@{k}"] = m.rp(judged, k)
    found |= {f"R@{k}": m.recall(judged, k) for k in _within(DEEP, depth)}
    found["R-precision"] = m.r_precision(judged)
    if _within([m.BUDGET], depth):
        found["#Right"] = m.right(judged, depth=depth)
        found |= {f"HR#{n}": m.hit_rate(judged, n, depth=depth) for n in (1, 2, 3)}
    return found


def _within(ks: Sequence[int], depth: int | None) -> list[int]:
    return [k for k in ks if depth is None or k <= depth]


def _of_set(judged: Judged) -> dict[str, PerDocument]:
    """Of the sets that the documents are given, whatever their size."""
    whole = max(int(judged.lengths.max(initial=0)), 1)
    return {
        "F1(set)": m.f1(judged, whole),
        "P(set)": m.precision_of_given(judged, whole),
        "R(set)": m.recall(judged, whole),
        "tags/doc(set)": m.tags_given(judged, cut=0.0),
    }


def _at_cut(judged: Judged, cut: float) -> dict[str, PerDocument]:
    return {
        "microP": m.micro_precision(judged, cut=cut),
        "microR": m.micro_recall(judged, cut=cut),
        "microF1": m.micro_f1(judged, cut=cut),
        "tags/doc": m.tags_given(judged, cut=cut),
        **{f"Acc@{k}": m.accuracy(judged, k, cut=cut) for k in SHOWN},
        **{f"Acc@{k}(every)": m.accuracy(judged, k, cut=cut, every=True) for k in SHOWN},
        **{f"Coverage@{k}": m.coverage(judged, k, cut=cut) for k in SHOWN},
    }


def _of_tags(judged: Judged, cut: float, depth: int | None) -> dict[str, float]:
    scores, best = tag_scores(judged, cut=cut), best_cut(judged)
    return {
        **{f"F1@{k}(means)": m.f1_of_means(judged, k) for k in _within(KS, depth)},
        "macroF1": scores.macro_f1,
        "macroF1(gold)": scores.macro_f1_of_gold,
        "macroF1(means)": scores.macro_f1_of_means,
        "microF1*": m.micro_f1(judged, cut=best).value,
        "microP*": m.micro_precision(judged, cut=best).value,
        "microR*": m.micro_recall(judged, cut=best).value,
        "tags/doc*": m.tags_given(judged, cut=best).value,
        "cut*": best,
    }


def _of_confidence(judged: Judged) -> dict[str, float]:
    excess, confident = overconfidence(judged)
    at = {f"ECE@{k}": ece(judged, depth=k) for k in (1, 5, 10)}
    return {"ECE": ece(judged), **at, "Brier": brier(judged), "overconfidence": excess, "confident": float(confident)}


def _by_frequency(
    judged: Judged, counts: NDArray[np.integer], n_train: int, depth: int | None
) -> dict[str, PerDocument]:
    per_tag, unseen = m.inverse_propensities(counts, n_train)
    worth = m.of_tags(judged.gold_tags, per_tag, unseen)
    found = {f"PSP@{k}": m.psp(judged, k, worth) for k in _within(KS, depth)} if n_train else {}
    for k in _within((10, 50), depth):
        found |= {f"R@{k}[{band}]": ratio for band, ratio in m.recall_by_band(judged, k, counts).items()}
    return found


def _counts_by_frequency(judged: Judged, counts: NDArray[np.integer]) -> dict[str, float]:
    bands = m.recall_by_band(judged, 1, counts)
    found = {f"gold[{band}]": float(ratio.bottom.sum()) for band, ratio in bands.items()}
    suggested = m.of_tags(judged.tags, counts, 0)
    return found | {f"ECE[{name}]": ece(judged, only=m.in_band(suggested, *limits)) for name, *limits in m.BANDS}


def _by_channel(candidates: Candidates, gold: Gold, channels: Mapping[str, Sequence[str]]) -> dict[str, PerDocument]:
    found = recall_by_channel(candidates, gold, channels)
    named = {f"R[{name}]": recall for name, (recall, _) in found.items()}
    return named | {f"alone[{name}]": alone for name, (_, alone) in found.items() if name in channels}
