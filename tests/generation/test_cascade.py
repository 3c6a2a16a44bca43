"""Questions are asked where an answer is expected to change what a document is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.generation.cascade import Cascade
from tagwright.generation.judge import Judge
from tagwright.generation.select import Select

GOOD = {"right": (1.0, 2.0, 3.0), "wrong": (-3.0, -2.0, -1.0)}


def table_of(*rows: list[float]) -> Candidates:
    lengths = [len(row) for row in rows]
    tags = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
    values = np.concatenate([np.asarray(row, dtype=np.float32) for row in rows])
    return Candidates(np.cumsum([0, *lengths]), tags, {"confidence": values, "fused": values})


def test_the_gain_of_an_answer_is_the_expected_f1_after_it_less_that_before():
    cascade = Cascade(0.0, right=(2.0,), wrong=(-2.0,))
    gain = cascade.gains(table_of([0.5]))[0]
    # By hand: F1 of giving the tag is 2p / (1 + p); after Yes p is 0.881, after No 0.119, each half of the time.
    up, down = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))
    before = 2 * 0.5 / 1.5
    after = 0.5 * (2 * up / (1 + up)) + 0.5 * (2 * down / (1 + down))
    assert gain == pytest.approx(max(after - before, 0), abs=1e-9)


def test_what_is_nearly_certain_is_not_asked_and_what_is_in_doubt_is():
    cascade = Cascade(0.002, **GOOD)
    asked = cascade.asked(Judge(name="judged"), table_of([0.98, 0.97, 0.45, 0.35, 0.002, 0.001]))
    assert asked.tolist() == [False, False, True, True, False, False]


def test_a_document_without_doubt_costs_no_question_at_all():
    cascade = Cascade(0.002, **GOOD)
    table = table_of([0.999, 0.001, 0.0005], [0.6, 0.5, 0.4])
    assert cascade.asked(Select(name="selected"), table).tolist() == [False, False, False, True, True, True]


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30), st.floats(0, 0.05), st.floats(0, 0.05))
@settings(max_examples=60, deadline=None)
def test_a_higher_price_never_asks_more(confidences, one, other):
    table, low, high = table_of(confidences), min(one, other), max(one, other)
    for stage in (Judge(name="judged"), Select(name="selected")):
        cheap, dear = (Cascade(price, **GOOD).asked(stage, table) for price in (low, high))
        assert not (dear & ~cheap).any()


def test_before_anything_is_known_of_the_answers_all_candidates_down_to_the_depth_are_asked():
    table = table_of([0.9, 0.5, 0.3, 0.2], [0.1])
    assert Cascade(0.01).asked(Judge(name="judged", depth=2), table).tolist() == [True, True, False, False, True]


def test_what_answers_did_is_learned_as_a_few_numbers_that_come_back_the_same():
    moves = np.array([2.0, 1.0, -1.0, -2.0, 0.0])
    right = np.array([True, True, False, False, False])
    cascade = Cascade.learn(moves, right, np.array([True] * 4 + [False]), np.zeros(5, dtype=np.bool_))
    assert min(cascade.right) >= 1.0 and max(cascade.wrong) <= -1.0
    again = Cascade.from_json(cascade.to_json(), 0.1)
    assert (again.right, again.wrong, again.least_gain) == (cascade.right, cascade.wrong, 0.1)
