"""How many tags a document gets."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright import registry
from tagwright.calibration.adaptive_cut import AdaptiveCut
from tagwright.calibration.document_cut import DocumentCut, expected_f1
from tagwright.calibration.tag_cuts import TagCuts
from tagwright.calibration.thresholds import Global, mean_f1
from tagwright.candidates import SEEN, Candidates


def table(rows: list[list[float]], **columns: list[float]) -> Candidates:
    """Documents with a candidate a confidence, whose tags are numbered from 0 in each."""
    documents = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    tags = np.concatenate([np.arange(len(row)) for row in rows])
    flat = np.array([value for row in rows for value in row])
    return Candidates.from_pairs(len(rows), documents, tags, {"confidence": flat, "fused": flat, **columns})


def synthetic(n: int = 1500, seed: int = 0) -> tuple[Candidates, np.ndarray, np.ndarray]:
    """Documents of very different certainty, whose confidences are true."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.choice([-3.0, 0.0], n), 10)
    confidence = 1 / (1 + np.exp(-(level + random.normal(0, 1.2, n * 10))))
    right = random.random(n * 10) < confidence
    found = Candidates.from_pairs(
        n, np.repeat(np.arange(n), 10), np.tile(np.arange(10), n),
        {"confidence": confidence, "fused": confidence, SEEN: random.integers(0, 30, n * 10)},
    )  # fmt: skip
    return found, right, np.bincount(found.documents, right, minlength=n).astype(int)


@pytest.mark.parametrize("kind", registry.BUILT_IN["cuts"])
def test_a_registered_cut_gives_the_same_to_a_document_alone_and_after_loading(kind: str, tmp_path: Path) -> None:
    candidates, right, sizes = synthetic(200)
    cuts = registry.build("cuts", kind, {})
    assert cuts.fit(candidates, right, sizes) is cuts
    whole = cuts.given(candidates)
    assert 0 < whole.mean() < 1 and whole.dtype == np.bool_
    alone = [cuts.given(candidates.slice(row, row + 1)) for row in range(candidates.n_documents)]
    assert np.array_equal(whole, np.concatenate(alone))
    cuts.save(tmp_path)
    assert np.array_equal(whole, registry.build("cuts", kind, {}).load(tmp_path).given(candidates))
    assert cuts.given(Candidates.empty(3, ["confidence", "fused"])).shape == (0,)


@pytest.mark.parametrize("kind", registry.BUILT_IN["cuts"])
def test_where_nothing_is_likely_enough_nothing_is_given(kind: str) -> None:
    cuts = registry.build("cuts", kind, {"least": 0.3}).fit(*synthetic(200))
    assert not cuts.given(table([[0.29, 0.2, 0.1]])).any()


def by_hand(probabilities: list[float], k: int) -> float:
    """The expected F1 of the first k, over all outcomes."""
    total = 0.0
    for outcome in product([0, 1], repeat=len(probabilities)):
        chance = np.prod([p if o else 1 - p for p, o in zip(probabilities, outcome, strict=True)])
        gold = sum(outcome)
        total += chance * (2 * sum(outcome[:k]) / (k + gold) if k + gold else 0.0)
    return float(total)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6))
@settings(max_examples=30)
def test_expected_f1_is_the_mean_over_all_outcomes(probabilities: list[float]) -> None:
    falling = sorted(probabilities, reverse=True)
    found = expected_f1(np.array([falling]), missed=0.0, most=len(falling))[0]
    assert found == pytest.approx([by_hand(falling, k) for k in range(len(falling) + 1)], abs=1e-9)


def test_gold_tags_beside_the_candidates_lower_the_expectation_and_make_longer_answers_worth_while() -> None:
    row = np.array([[0.9, 0.35, 0.2, 0.1]])
    few, many = expected_f1(row, 0.0, 4)[0], expected_f1(row, 3.0, 4)[0]
    assert (many[1:] < few[1:]).all()
    assert few.argmax() == 1 and many.argmax() >= 2


def test_the_cut_of_each_document_beats_the_best_cut_for_all_where_documents_differ() -> None:
    candidates, right, sizes = synthetic()
    ours = DocumentCut().fit(candidates, right, sizes)
    fresh, gold, n_gold = synthetic(seed=1)
    confidence = fresh.column("confidence")
    best = max(mean_f1(fresh, confidence >= cut, gold, n_gold) for cut in np.linspace(0.01, 0.99, 99))
    assert mean_f1(fresh, ours.given(fresh), gold, n_gold) > best + 0.02


def test_a_tags_own_cut_counts_by_its_cases() -> None:
    # tag 0 is right from 0.9 on only, tag 1 always: twenty documents
    rows = [[0.95, 0.3]] * 10 + [[0.6, 0.3]] * 10
    candidates = table(rows)
    right = np.array([[True, True]] * 10 + [[False, True]] * 10).ravel()
    sizes = right.reshape(-1, 2).sum(axis=1)
    own = TagCuts(shrink=0.0, least=0).fit(candidates, right, sizes)
    assert own.cuts_ == pytest.approx([0.95, 0.3])
    whole = Global(least=0).fit(candidates, right, sizes).cut_
    half = TagCuts(shrink=10.0, least=0).fit(candidates, right, sizes)
    assert half.cuts_ == pytest.approx([(10 * 0.95 + 10 * whole) / 20, (20 * 0.3 + 10 * whole) / 30])
    assert TagCuts(shrink=1e12, least=0).fit(candidates, right, sizes).cuts_ == pytest.approx([whole, whole])


def test_the_adaptive_cut_listens_to_neighbours_where_they_know_more_than_the_confidence() -> None:
    candidates, _, _ = synthetic(400)
    random = np.random.default_rng(5)
    share = random.random(candidates.n_pairs)
    right = random.random(candidates.n_pairs) < np.clip(candidates.column("confidence") * 2 * share, 0, 1)
    sizes = np.bincount(candidates.documents, right, minlength=400).astype(int)
    told = candidates.with_columns({"graph.share": share})
    adaptive = AdaptiveCut().fit(told, right, sizes)
    assert adaptive.numbers_["neighbours"] > 0
    blind = AdaptiveCut().fit(candidates, right, sizes)
    better, worse = (mean_f1(t, c.given(t), right, sizes) for t, c in ((told, adaptive), (candidates, blind)))
    assert better > worse + 0.02
