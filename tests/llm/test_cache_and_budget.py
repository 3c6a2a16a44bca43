"""What is asked once is not paid twice, and nobody spends above the cap."""

from __future__ import annotations

import pytest

from tagwright.errors import ConfigError
from tagwright.llm.base import Prompt, Usage
from tagwright.llm.budget import OVER, Budget, BudgetedLLM, estimate
from tagwright.llm.cached import CachedLLM
from tagwright.llm.scripted import Scripted
from tagwright.store.sqlite import SqliteStore
from tagwright.testing import check_llm

ASKED = [Prompt(f"question {number}") for number in range(6)]


def echo(prompt, choices, schema):
    return {choices[0]: 0.9, choices[1]: 0.1} if choices else prompt.user[::-1]


def test_a_scripted_model_keeps_every_promise_and_so_do_what_stand_before_it(tmp_path):
    store = SqliteStore(tmp_path / "store.sqlite")
    check_llm(lambda: Scripted(echo))
    check_llm(lambda: BudgetedLLM(Scripted(echo), Budget()))
    check_llm(lambda: CachedLLM(Scripted(echo), store))


def test_the_second_run_asks_nothing_and_answers_the_same(tmp_path):
    script = Scripted(echo)
    first = CachedLLM(script, SqliteStore(tmp_path / "store.sqlite")).complete(ASKED, choices=["Yes", "No"])
    assert len(script.asked) == 6 and sum(one.usage.calls for one in first) == 6
    again = CachedLLM(script, SqliteStore(tmp_path / "store.sqlite")).complete(ASKED, choices=["Yes", "No"])
    assert len(script.asked) == 6 and sum(one.usage.calls for one in again) == 0
    assert [(a.text, a.source, a.probabilities) for a in again] == [(a.text, a.source, a.probabilities) for a in first]


def test_another_model_choice_schema_or_length_is_another_question(tmp_path):
    store = SqliteStore(tmp_path / "store.sqlite")
    script = Scripted(echo)
    llm = CachedLLM(script, store)
    for options in (
        {},
        {"choices": ["a", "b"]},
        {"choices": ["b", "a"]},
        {"schema": {"type": "string"}},
        {"most_tokens": 9},
    ):
        llm.complete(ASKED[:1], **options)
    assert len(script.asked) == 5
    CachedLLM(Scripted(echo, fingerprint="other"), store).complete(ASKED[:1])
    llm.complete([Prompt(ASKED[0].user, "other rules")])
    assert len(script.asked) == 6


def test_the_same_question_twice_is_asked_and_paid_once(tmp_path):
    script = Scripted(echo)
    answers = CachedLLM(script, SqliteStore(tmp_path / "store.sqlite")).complete([ASKED[0], ASKED[1], ASKED[0]])
    assert len(script.asked) == 2 and [one.usage.calls for one in answers] == [1, 1, 0]
    assert answers[0].text == answers[2].text


def test_failures_are_not_remembered(tmp_path):
    fails = [True]

    def answer(prompt, choices, schema):
        if fails:
            raise RuntimeError("no")
        return "fine"

    llm = CachedLLM(Scripted(answer), SqliteStore(tmp_path / "store.sqlite"))
    assert "no" in llm.complete(ASKED[:1])[0].error
    fails.clear()
    assert llm.complete(ASKED[:1])[0].text == "fine"


def test_over_the_cap_nothing_is_asked_and_the_answer_says_so():
    script = Scripted(echo)
    budget = Budget(calls=4)
    answers = BudgetedLLM(script, budget).complete(ASKED)
    assert [one.error for one in answers] == ["", "", "", "", OVER, OVER]
    assert (len(script.asked), budget.spent_.calls, budget.refused_) == (4, 4, 2)
    assert BudgetedLLM(script, budget).complete(ASKED[:1])[0].error == OVER


def test_tokens_and_money_are_capped_by_the_most_that_a_call_can_take():
    most = estimate(ASKED[0], 50)
    room = most.prompt_tokens + most.completion_tokens
    budget = Budget(tokens=2 * room)
    assert sum(not one.error for one in BudgetedLLM(Scripted(echo), budget).complete(ASKED, most_tokens=50)) == 2
    priced = Budget(cost=0.001, prompt_price=10.0, completion_price=30.0)
    assert priced.cost_of(Usage(1, 1000, 100)) == pytest.approx(0.013)
    BudgetedLLM(Scripted(echo), priced).complete(ASKED * 20, most_tokens=10)
    assert 0 < priced.cost_of(priced.spent_) <= 0.001 and priced.refused_ > 0


def test_what_was_held_and_not_taken_can_be_spent_again():
    budget = Budget(calls=10, tokens=estimate(ASKED[0], 200).completion_tokens + 60)
    llm = BudgetedLLM(Scripted(echo), budget)
    assert [llm.complete(ASKED[:1], most_tokens=200)[0].error for _ in range(3)] == ["", "", ""]
    assert budget.hold(Usage()) is True


def test_a_budget_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="cannot be below 0"):
        Budget(calls=-1)
    with pytest.raises(ConfigError, match="needs the price"):
        Budget(cost=5)
