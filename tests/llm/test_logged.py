"""Every question is in the log with its answer, and no key."""

from __future__ import annotations

import pytest

from tagwright.llm.base import Prompt
from tagwright.llm.budget import OVER, Budget, BudgetedLLM
from tagwright.llm.cached import CachedLLM
from tagwright.llm.http import Http
from tagwright.llm.logged import LoggedLLM
from tagwright.llm.scripted import Scripted
from tagwright.store.calls import Call, CallLog
from tagwright.store.sqlite import SqliteStore
from tagwright.testing import check_llm

KEY = "sk-a-secret-of-mine"


def echo(prompt, choices, schema):
    if "fail" in prompt.user:
        raise RuntimeError("it fell over")
    return {choices[0]: 0.9, choices[1]: 0.1} if choices else prompt.user[::-1]


@pytest.fixture
def log(tmp_path) -> CallLog:
    return CallLog(tmp_path / "store.llm.sqlite")


def test_a_logged_model_keeps_every_promise(log):
    check_llm(lambda: LoggedLLM(Scripted(echo), log, Budget().cost_of))


def test_question_answer_and_price_are_written_down(log):
    budget = Budget(prompt_price=2.0, completion_price=4.0)
    llm = LoggedLLM(Scripted(echo), log, budget.cost_of)
    prompts = [Prompt("eight ch", "be brief", "judge/1/x", "d1"), Prompt("fail", about="d2")]
    answers = llm.complete(prompts, choices=["Yes", "No"])
    first, second = log.get(1), log.get(2)
    assert (first.template, first.document, first.model) == ("judge/1/x", "d1", "scripted")
    assert (first.system, first.user, first.text, first.source) == ("be brief", "eight ch", "Yes", "logprobs")
    assert first.probabilities == answers[0].probabilities == {"Yes": 0.9, "No": 0.1}
    assert first.options == {"choices": ["Yes", "No"], "most_tokens": 256}
    assert (first.calls, first.prompt_tokens, first.completion_tokens) == (1, 4, 1)
    assert first.cost == pytest.approx((4 * 2 + 1 * 4) / 1e6)
    assert (second.document, second.text) == ("d2", "") and "it fell over" in second.error


def test_what_a_question_was_asked_with_can_be_asked_again(log):
    schema = {"type": "object"}
    LoggedLLM(Scripted(echo), log, Budget().cost_of).complete([Prompt("x")], schema=schema, most_tokens=9)
    assert log.get(1).options == {"schema": schema, "most_tokens": 9}


def test_only_what_was_really_asked_is_logged(log, tmp_path):
    budget = Budget(calls=1)
    llm = CachedLLM(
        BudgetedLLM(LoggedLLM(Scripted(echo), log, budget.cost_of), budget), SqliteStore(tmp_path / "store.sqlite")
    )
    for _ in range(2):
        assert [one.error for one in llm.complete([Prompt("one"), Prompt("two")])] == ["", OVER]
    assert [call.user for call in log.recent(9)] == ["one"]
    llm.complete([])
    assert log.totals().asked == 1


def test_a_log_that_cannot_be_written_changes_no_answer(tmp_path):
    log = CallLog(tmp_path / "absent" / "log.sqlite")
    assert LoggedLLM(Scripted(echo), log, Budget().cost_of).complete([Prompt("abc")])[0].text == "cba"
    assert log.lost == 1


def test_a_key_is_never_logged_even_where_the_server_repeats_it(server, monkeypatch):
    monkeypatch.setenv("MODEL_KEY", KEY)
    server.plan = lambda body, number: (401, f"the key {KEY} is not known here", {})
    rows: list[Call] = []

    class Rows:
        def append(self, calls):
            rows.extend(calls)

    url = server.url.replace("http://", "http://me:password@")
    answer = LoggedLLM(Http(url, "m", key="MODEL_KEY"), Rows(), Budget().cost_of).complete([Prompt("x")])[0]
    assert "401" in answer.error and KEY not in answer.error
    assert KEY not in repr(rows) and "password" not in repr(rows)
    assert "the key *** is not known here" in rows[0].error and "http://***@127.0.0.1" in rows[0].model
