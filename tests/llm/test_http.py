"""A server that works, one that fails, and one that is gone."""

from __future__ import annotations

import threading
import time

import pytest

from tagwright.errors import ConfigError
from tagwright.llm.base import Prompt, chosen, shares
from tagwright.llm.breaker import Breaker
from tagwright.llm.http import Http
from tagwright.testing import check_llm

ASKED = [Prompt(f"question {number}", "rules") for number in range(6)]


def http(server, **options):
    return Http(server.url, "small", **{"timeout": 2.0, "wait": 0.0, "sleep": lambda seconds: None, **options})


def test_a_server_keeps_every_promise(server, chat):
    server.plan = lambda body, number: chat("Yes", {"Yes": 0.7, " no": 0.2, "x": 0.1})
    check_llm(lambda: http(server))


def test_answers_come_in_the_order_of_the_questions_whoever_is_first(server, chat):
    def plan(body, number):
        time.sleep(0.05 if body["messages"][1]["content"] == "question 0" else 0.0)
        return chat(body["messages"][1]["content"].upper())

    server.plan = plan
    answers = http(server).complete(ASKED)
    assert [one.text for one in answers] == [f"QUESTION {n}" for n in range(6)]
    assert answers[0].usage.calls == 1 and answers[0].usage.prompt_tokens == 20
    assert server.bodies[0]["messages"][0] == {"role": "system", "content": "rules"}, "what is shared comes first"
    assert {body["seed"] for body in server.bodies} == {0} and {body["temperature"] for body in server.bodies} == {0}


def test_no_more_are_under_way_than_may_be(server, chat):
    server.plan = lambda body, number: time.sleep(0.02) or chat("x")
    http(server, at_once=2).complete(ASKED)
    assert server.most_at_once == 2


def test_probabilities_are_those_of_the_tokens_with_all_their_spellings(server, chat):
    server.plan = lambda body, number: chat("yes", {" Yes": 0.5, "YES": 0.1, "no": 0.2, "maybe": 0.2})
    answer = http(server).complete([ASKED[0]], choices=["Yes", "No"])[0]
    assert answer.probabilities == pytest.approx({"Yes": 0.75, "No": 0.25})
    assert (answer.text, answer.source) == ("Yes", "logprobs")
    assert server.bodies[0]["logprobs"] is True and server.bodies[0]["top_logprobs"] == 20


def test_without_logprobs_the_answer_itself_counts_and_is_marked(server, chat):
    server.plan = lambda body, number: chat("No, it is not.")
    answer = http(server).complete([ASKED[0]], choices=["Yes", "No"])[0]
    assert (answer.text, answer.source, dict(answer.probabilities)) == ("No", "answer", {"Yes": 0.0, "No": 1.0})
    server.plan = lambda body, number: chat("Hm.")
    assert "none of Yes, No" in http(server).complete([ASKED[0]], choices=["Yes", "No"])[0].error


def test_a_server_that_refuses_a_schema_or_logprobs_is_asked_without(server, chat):
    def plan(body, number):
        return (400, "unknown field", {}) if "response_format" in body or "logprobs" in body else chat("Yes")

    server.plan = plan
    llm = http(server)
    name = llm.fingerprint
    answers = llm.complete(ASKED[:2], choices=["Yes", "No"], schema={"type": "string"})
    assert [answer.text for answer in answers] == ["Yes", "Yes"] and llm.fingerprint == name
    asked = len(server.bodies)
    assert llm.complete([ASKED[0]], choices=["Yes", "No"], schema={"type": "string"})[0].source == "answer"
    assert len(server.bodies) == asked + 1, "it is remembered"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((500, "boom", {}), "answered 500"),
        ((429, "slow down", {"retry-after": "7"}), "answered 429"),
        ((200, '{"choices": [', {}), "no chat completion"),
        ((200, "[]", {}), "no chat completion"),
        ((200, '{"choices": []}', {}), "no chat completion"),
    ],
)
def test_what_may_pass_is_tried_three_times_and_then_named(server, fault, said):
    server.plan = lambda body, number: fault
    waits = []
    answer = http(server, sleep=waits.append).complete([ASKED[0]])[0]
    assert said in answer.error and answer.usage.calls == 3 == len(server.bodies)
    assert len(waits) == 3 and (fault[0] != 429 or all(3.5 <= wait <= 10.5 for wait in waits))


def test_a_question_that_the_server_refuses_is_not_asked_again(server):
    server.plan = lambda body, number: (401, "who are you", {})
    answer = http(server).complete([ASKED[0]])[0]
    assert "answered 401: who are you" in answer.error and len(server.bodies) == 1


def test_a_server_that_hangs_costs_its_timeout_and_no_more(server, chat):
    free = threading.Event()
    server.plan = lambda body, number: free.wait(10) and chat("late")
    answer = http(server, timeout=0.1, tries=2).complete([ASKED[0]])[0]
    free.set()
    assert "did not answer in time" in answer.error and answer.usage.calls == 2


def test_one_failure_in_three_loses_no_answer(server, chat):
    seen: dict[str, int] = {}

    def plan(body, number):
        question = body["messages"][0]["content"]
        seen[question] = seen.get(question, 0) + 1
        return (503, "", {}) if int(question) % 3 == 0 and seen[question] < 3 else chat("fine")

    server.plan = plan
    answers = http(server, at_once=3).complete([Prompt(str(number)) for number in range(60)])
    assert {answer.text for answer in answers} == {"fine"}
    assert sorted({answer.usage.calls for answer in answers}) == [1, 3]


def test_a_server_that_is_gone_is_left_alone_after_a_few_tries():
    llm = Http("http://127.0.0.1:9/v1", "small", wait=0.0, at_once=1, sleep=lambda seconds: None)
    answers = llm.complete(ASKED * 5)
    assert all(answer.error for answer in answers)
    assert sum(answer.usage.calls for answer in answers) == 1, "where there is no server, one question finds that out"
    assert "left alone" in answers[-1].error


def test_the_breaker_lets_one_question_try_after_a_while():
    now = [0.0]
    breaker = Breaker(failures=2, seconds=10, clock=lambda: now[0])
    breaker.failed()
    assert breaker.closed()
    breaker.failed()
    assert not breaker.closed()
    now[0] = 11
    assert breaker.closed() and not breaker.closed(), "one tries, the others wait"
    breaker.worked()
    assert breaker.closed()


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(server, chat, monkeypatch):
    monkeypatch.setenv("SECRET_OF_TEST", "s3cret")
    llm = http(server, key="SECRET_OF_TEST")
    llm.complete([ASKED[0]])
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(llm) + llm.fingerprint + str(vars(llm))
    monkeypatch.delenv("SECRET_OF_TEST")
    with pytest.raises(ConfigError, match="SECRET_OF_TEST is not set"):
        http(server, key="SECRET_OF_TEST")


def test_options_that_make_no_sense_are_refused(server):
    for options in ({"at_once": 0}, {"tries": 0}, {"timeout": 0.0}):
        with pytest.raises(ConfigError):
            http(server, **options)
    with pytest.raises(ConfigError, match="must begin with http"):
        Http("localhost:8080", "small")


def test_tokens_count_for_the_choice_that_they_spell():
    assert shares({"Yes": 0.2, " yes.": 0.2, "No": 0.1, "Nobody": 0.5}, ["Yes", "No"]) == pytest.approx(
        {"Yes": 0.8, "No": 0.2}
    )
    assert shares({"maybe": 1.0}, ["Yes", "No"]) == {}
    assert [chosen(text, ["1", "12", "None"]) for text in ("12.", " 1)", "none", "x")] == ["12", "1", "None", ""]
