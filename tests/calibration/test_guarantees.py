"""Promises: what is said to be right on new documents must be right as often as it was said."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from math import sqrt

import numpy as np
import pytest

from tagwright.calibration.drift import LEAST, Reference, Watch
from tagwright.calibration.guarantees import (
    CUTS,
    best_stake,
    conformal_cut,
    from_most_certain,
    gate_losses,
    p_value,
    precision_losses,
    recall_losses,
)
from tagwright.calibration.rule import DOCUMENTS, PRECISION, RECALL, Promise, Rule
from tagwright.calibration.tuning import Sample, planned, tune
from tagwright.candidates import Candidates

DRAWS, ERROR = 200, 0.1
ALLOWED = ERROR + 3 * sqrt(ERROR * (1 - ERROR) / DRAWS)
EACH = 6


def draw(n: int, seed: int, *, optimism: float = 0.0) -> Sample:
    """Documents whose candidates depend on each other: whole documents are easy or hard.

    The confidence is true but for ``optimism`` (log-odds); a gold tag in ten is no candidate.
    """
    random = np.random.default_rng(seed)
    level = np.repeat(random.normal(-1, 1.5, n), EACH)
    odds = level + random.normal(0, 1, n * EACH)
    right = random.random(n * EACH) < 1 / (1 + np.exp(-odds))
    confidence = 1 / (1 + np.exp(-(odds + optimism)))
    table = Candidates.from_pairs(
        n, np.repeat(np.arange(n), EACH), np.tile(np.arange(EACH), n), {"confidence": confidence, "fused": confidence}
    )
    missed = random.random(n) < 0.1
    sizes = np.bincount(table.documents, right, minlength=n).astype(int) + missed
    return Sample(table, right, np.asarray(table.column("confidence") >= 0.3), sizes)


def risk(kind: str, target: float, sample: Sample, most: int) -> Callable[[float], float]:
    losses = sample.losses(kind, target, most)
    return lambda cut: float(losses(cut).mean())


@pytest.mark.parametrize("optimism", [0.0, 1.0])
@pytest.mark.parametrize(("kind", "target"), [(PRECISION, 0.8), (DOCUMENTS, 0.75), (RECALL, 0.6)])
def test_of_200_calibration_sets_at_most_one_in_ten_promises_too_much(
    kind: str, target: float, optimism: float
) -> None:
    planning = draw(1500, 10_000, optimism=optimism)
    most = EACH if kind == RECALL else 4
    plan = planned(kind, target, planning, most)
    true = cache(risk(kind, target, draw(60_000, 20_000, optimism=optimism), most))
    reached = broken = 0
    for seed in range(DRAWS):
        cut = plan.carry_out(draw(250, seed, optimism=optimism).losses(kind, target, most), ERROR)
        reached += cut is not None
        broken += cut is not None and true(cut) > 0
    assert broken / DRAWS <= ALLOWED
    assert reached > DRAWS / 2, "a promise that is never made is no achievement"


def test_a_bet_against_a_true_hypothesis_is_rarely_won() -> None:
    random = np.random.default_rng(0)
    wins = sum(p_value(np.where(random.random(100) < 0.3, 0.7, -0.3), 0.9) <= 0.1 for _ in range(2000))
    assert wins / 2000 <= 0.1
    assert p_value(np.full(100, -0.2), 0.9) < 1e-6
    assert p_value(np.array([]), 0.5) == p_value(np.array([0.5]), 0.5) == 1.0


def test_the_p_value_by_hand_and_for_every_order() -> None:
    losses = np.array([-0.5, 0.5, -0.5, -0.5])
    assert p_value(losses, 0.4) == pytest.approx(1 / (1.2**3 * 0.8))
    assert p_value(losses[::-1], 0.4) == pytest.approx(p_value(losses, 0.4))


def test_the_best_stake_is_the_one_that_grows_fastest_and_never_ruins() -> None:
    # right nine times in ten at even odds: Kelly stakes 0.8 of what can be lost
    losses = np.array([-1.0] * 9 + [1.0])
    assert best_stake(losses, 1.0) == pytest.approx(0.8, abs=0.02)
    assert best_stake(np.array([-1.0, -1.0]), 2.0) * 2.0 < 1


def test_the_losses_of_a_document_by_hand() -> None:
    table = Candidates.from_pairs(
        2, np.array([0, 0, 0, 1]), np.array([1, 2, 3, 1]),
        {"confidence": np.array([0.9, 0.8, 0.2, 0.6]), "fused": np.array([0.9, 0.8, 0.2, 0.6])},
    )  # fmt: skip
    right = np.array([True, False, True, True])
    assert precision_losses(table, right, 0.8, most=3)(0.5) == pytest.approx([-0.2 + 0.8, -0.2])
    assert precision_losses(table, right, 0.8, most=1)(0.5) == pytest.approx([-0.2, -0.2])
    assert precision_losses(table, right, 0.8, most=3)(0.95) == pytest.approx([0, 0])
    sizes = np.array([4, 0])
    assert recall_losses(table, right, sizes, 0.5, most=3)(0.1) == pytest.approx([0.5 - 2 / 4]), "no gold, no loss"
    given = np.array([True, True, False, True])
    gate = gate_losses(table, right, given, 0.8, most=3)
    assert gate(0.7) == pytest.approx([0.6, 0]), "the first passes with a mean of 0.85, the second does not"
    assert gate(0.5) == pytest.approx([0.6, -0.2])


def test_the_conformal_cut_by_hand() -> None:
    table = Candidates.from_pairs(
        9, np.arange(9), np.zeros(9, dtype=int), {"confidence": np.arange(1, 10) / 10, "fused": np.arange(1, 10) / 10}
    )
    losses = recall_losses(table, np.ones(9, dtype=bool), np.ones(9, dtype=int), 0.5, most=1)
    # shown from 0.5 on: five of nine; (4 missed + 1) / 10 <= 0.5; from 0.6 on (5 + 1) / 10 is too much
    assert conformal_cut([0.1, 0.3, 0.5, 0.6], losses, 0.5) == 0.5
    assert conformal_cut([0.1], recall_losses(table, np.ones(9, dtype=bool), np.full(9, 3), 0.5, most=1), 0.5) is None


def test_the_conformal_cut_keeps_recall_on_the_average_of_calibration_sets() -> None:
    whole = draw(60_000, 7)
    true = whole.losses(RECALL, 0.6, EACH)
    cuts = [conformal_cut([0.0, *CUTS], draw(200, seed).losses(RECALL, 0.6, EACH), 0.6) for seed in range(100)]
    assert np.mean([true(cut).mean() for cut in cuts if cut is not None]) <= 0.005


def test_a_sequence_begins_where_most_is_to_be_shown_and_goes_on_to_lower_cuts() -> None:
    sample = draw(1500, 1)
    sequence = from_most_certain(CUTS, sample.losses(PRECISION, 0.8, 4))
    assert sequence == CUTS[CUTS.index(sequence[0]) :] and 0.5 < sequence[0] < 0.99


def test_a_target_out_of_reach_is_said_to_be_so_and_nothing_is_applied() -> None:
    planning, testing = draw(1500, 1), draw(60, 2)
    rule = tune({PRECISION: 0.995, RECALL: 0.999}, planning, testing, level=0.99, shown=EACH, on="sixty documents")
    assert [promise.cut for promise in rule.promises] == [None, None]
    decisions = rule.decide(testing.candidates, testing.given)
    assert set(decisions.tolist()) == {0, 1} and ((decisions == 1) == testing.given).all()


def test_decisions_follow_the_promises() -> None:
    table = Candidates.from_pairs(
        2, np.array([0, 0, 0, 1]), np.array([1, 2, 3, 1]),
        {"confidence": np.array([0.9, 0.8, 0.2, 0.4]), "fused": np.array([0.9, 0.8, 0.2, 0.4])},
    )  # fmt: skip
    given = np.array([True, True, False, True])
    reference = Reference.of(table, out_of_fold=False)

    def decided(*promises: Promise) -> list[int]:
        return Rule(promises, reference, 2, "x").decide(table, given).tolist()

    assert decided(Promise(PRECISION, 0.9, 0.8, 2, 0.9)) == [2, 2, 0, 1]
    assert decided(Promise(PRECISION, 0.9, 0.8, 1, 0.9)) == [2, 1, 0, 1]
    assert decided(Promise(RECALL, 0.9, 0.3, 3, 0.9)) == [1, 1, 0, 1]
    assert decided(Promise(DOCUMENTS, 0.9, 0.849, 3, 0.9)) == [2, 2, 0, 1]
    assert decided(Promise(DOCUMENTS, 0.9, 0.851, 3, 0.9)) == [1, 1, 0, 1]
    assert decided() == [1, 1, 0, 1]


def test_a_rule_comes_back_whole_from_its_file() -> None:
    planning = draw(400, 1)
    rule = tune({PRECISION: 0.8, RECALL: 0.5}, planning, draw(400, 2), level=0.9, shown=EACH, on="400 documents")
    again = Rule.from_json(json.loads(json.dumps(rule.to_json())))
    assert (again.promises, again.documents, again.on) == (rule.promises, rule.documents, rule.on)
    assert again.reference.values == pytest.approx(rule.reference.values, abs=1e-6)
    assert not again.estimated and tune({PRECISION: 0.8}, planning, planning, level=0.9, shown=6, on="").estimated


def watched(sample: Sample) -> np.ndarray:
    watch = Watch()
    for start in range(0, sample.candidates.n_documents, 64):
        watch.see(sample.candidates.slice(start, min(start + 64, sample.candidates.n_documents)))
    return watch.values()


def test_documents_like_before_raise_an_alarm_in_at_most_5_of_100_draws_and_others_in_all() -> None:
    reference = Reference.of(draw(1000, 999).candidates, out_of_fold=False)
    alarms = sum(bool(reference.moved(watched(draw(400, seed)))) for seed in range(100))
    assert alarms <= 5
    shifted = [reference.moved(watched(draw(400, seed, optimism=-1.0))) for seed in range(20)]
    assert all("the confidence of the best tag was" in said for said in shifted)


def test_the_same_documents_raise_no_alarm_though_a_calibration_gives_them_one_number() -> None:
    n = 500
    alike = {"confidence": np.full(n, 0.6564657), "fused": np.full(n, 0.5)}
    table = Candidates.from_pairs(n, np.arange(n), np.zeros(n, dtype=int), alike)
    reference = Reference.of(table, out_of_fold=False)
    again = Reference.from_json(json.loads(json.dumps(reference.to_json())))
    watch = Watch()
    watch.see(table)
    assert reference.moved(watch.values()) == again.moved(watch.values()) == ""


def test_too_few_documents_raise_no_alarm() -> None:
    reference = Reference.of(draw(1000, 1).candidates, out_of_fold=True)
    assert reference.moved(np.full((LEAST - 1, 2), 0.99)) == ""
    assert reference.moved(np.empty((0, 2))) == "" and reference.moved(np.full((LEAST, 2), 0.99)) != ""
    again = Reference.from_json(json.loads(json.dumps(reference.to_json())))
    assert (again.documents, again.out_of_fold) == (1000, True)
