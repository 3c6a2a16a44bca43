"""A server with every fault there is: each prompt gets an answer or a named error, in three tries at most."""

from __future__ import annotations

import random
import threading

import pytest

from tagwright.llm.base import Prompt
from tagwright.llm.budget import OVER, Budget, BudgetedLLM
from tagwright.llm.http import Http

FAULTS = {
    "an error of the server": (500, "boom", {}),
    "busy": (503, "", {"retry-after": "0"}),
    "too many questions": (429, "", {}),
    "an answer cut off": (200, '{"choices": [{"message": {"content": "Ye', {}),
    "no JSON": (200, "<html>Bad gateway</html>", {}),
    "a list": (200, "[1, 2]", {}),
    "no choices": (200, '{"choices": []}', {}),
    "a wrong shape": (200, '{"choices": [{"message": "Yes"}]}', {}),
    "null": (200, "null", {}),
    "wrong counts": (200, '{"choices": [{"message": {"content": "Yes"}}], "usage": [7]}', {}),
    "wrong chances": (200, '{"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": 7}}]}', {}),
}


def http(server, **options):
    return Http(server.url, "small", **{"timeout": 5.0, "wait": 0.0, "sleep": lambda seconds: None, **options})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_named_and_one_that_passes_is_survived(server, chat, fault):
    server.plan = lambda body, number: FAULTS[fault]
    answer = http(server).complete([Prompt("x")], choices=["Yes", "No"])[0]
    assert answer.error and not answer.text and answer.usage.calls == 3 == len(server.bodies)
    server.plan = lambda body, number: FAULTS[fault] if number % 3 else chat("Yes")
    assert http(server).complete([Prompt("x")], choices=["Yes", "No"])[0].text == "Yes"


def test_of_30_percent_random_failures_nothing_is_left_without_answer_or_reason(server, chat):
    chance = random.Random(4)
    tries: dict[str, int] = {}

    def plan(body, number):
        question = body["messages"][0]["content"]
        tries[question] = tries.get(question, 0) + 1
        fails, fault = chance.random() < 0.3, chance.choice(list(FAULTS.values()))
        return fault if fails else chat("Yes", {"Yes": 0.9, "No": 0.1})

    server.plan = plan
    answers = http(server, at_once=1).complete([Prompt(f"question {n}") for n in range(400)], choices=["Yes", "No"])
    answered = [one for one in answers if not one.error]
    assert all(one.text in ("Yes", "No") and one.usage.calls <= 3 for one in answered)
    assert all(one.error.startswith("the server") for one in answers if one.error)
    assert len(answered) >= 380 and max(tries.values()) <= 3
    assert sum(one.source == "logprobs" for one in answered) >= 0.99 * len(answered)


def test_a_cap_on_calls_is_kept_among_failures(server, chat):
    server.plan = lambda body, number: (503, "", {}) if number % 3 else chat("x")
    budget = Budget(calls=20)
    llm = BudgetedLLM(http(server, at_once=1, may_retry=budget.may_retry), budget)
    answers = llm.complete([Prompt(f"question {n}") for n in range(30)])
    assert len(server.bodies) == budget.spent_.calls <= 21
    assert all(one.text == "x" or one.error for one in answers) and any(one.error == OVER for one in answers)


def test_a_cap_on_calls_is_kept_where_retries_of_a_batch_run_side_by_side(server, chat):
    chance = random.Random(1)
    server.plan = lambda body, number: (503, "", {}) if chance.random() < 0.4 else chat("x")
    budget = Budget(calls=65)
    BudgetedLLM(http(server, may_retry=budget.may_retry), budget).complete([Prompt(str(n)) for n in range(64)])
    assert len(server.bodies) <= 66 and budget.spent_.calls == len(server.bodies)
    assert budget._held.calls == 0, "what was held for tries is given back"


@pytest.mark.parametrize("letter", ["a", "蜂", "я"])
def test_a_cap_on_tokens_is_kept_whatever_the_script(server, letter):
    def plan(body, number):
        read = sum(len(message["content"].encode()) for message in body["messages"]) // 2
        return {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": read, "completion_tokens": 1}}

    server.plan = plan
    budget = Budget(tokens=20_000)
    asked = [Prompt(letter * 1500 + str(n)) for n in range(64)]
    BudgetedLLM(http(server), budget).complete(asked)
    assert 5_000 < budget.spent_.prompt_tokens <= 20_000 + 4_600, "a batch of eight may be estimated too low, once"


def test_a_server_that_counts_below_zero_gives_nothing_back(server):
    server.plan = lambda body, number: {
        "choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": -1000, "completion_tokens": 1e3},
    }  # fmt: skip
    budget = Budget(tokens=1_000_000)
    BudgetedLLM(http(server), budget).complete([Prompt("x")])
    assert budget.spent_.prompt_tokens == 0 and budget.spent_.completion_tokens == 1000


def test_hanging_answers_cost_their_timeouts_only(server, chat):
    free = threading.Event()
    server.plan = lambda body, number: free.wait(20) and chat("late")
    answers = http(server, timeout=0.15, at_once=4).complete([Prompt(f"question {n}") for n in range(40)])
    free.set()
    assert all(one.error for one in answers)
    assert sum(one.usage.calls for one in answers) <= 16 + 4, "then the server is left alone"


def test_a_dead_server_is_answered_for_at_once():
    llm = Http("http://127.0.0.1:9/v1", "small", wait=0.0, sleep=lambda seconds: None)
    llm.complete([Prompt(str(n)) for n in range(4)])
    answers = llm.complete([Prompt(str(n)) for n in range(200)])
    assert all("left alone" in one.error for one in answers)
    assert sum(one.usage.calls for one in answers) == 0, "it is not tried for each of them"
