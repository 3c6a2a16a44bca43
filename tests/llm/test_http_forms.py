"""What a server knows is found out by asking it, and a fault that passes is not taken for ignorance."""

from __future__ import annotations

import pytest

from tagwright.llm.base import Prompt
from tagwright.llm.http import Http
from tagwright.llm.ladder import Ladder

SCHEMA = {"type": "object", "properties": {"tags": {"type": "array"}}}
ASKED = [Prompt(f"question {number}") for number in range(4)]


def http(server, **options):
    return Http(server.url, "small", **{"wait": 0.0, "at_once": 1, "sleep": lambda seconds: None, **options})


def form(body):
    return body.get("response_format", {}).get("type", "")


def knowing(*forms, status, chat):
    """A server that answers ``status`` to every other form."""
    return lambda body, number: chat("{}") if form(body) in forms else (status, "no such thing", {})


@pytest.mark.parametrize("status", [400, 422, 500, 501])
@pytest.mark.parametrize("known", ["json_schema", "json_object", ""])
def test_the_best_shape_that_a_server_knows_is_found_in_three_tries_and_remembered(server, chat, status, known):
    server.plan = knowing(known, status=status, chat=chat)
    llm = http(server)
    first = llm.complete(ASKED[:1], schema=SCHEMA)[0]
    assert first.text == "{}" and first.usage.calls == ["json_schema", "json_object", ""].index(known) + 1
    # 500 may have been chance: three questions have to meet it.
    more = [first.usage.calls] * 2 if status == 500 else [1, 1]
    assert [one.usage.calls for one in llm.complete(ASKED, schema=SCHEMA)] == [*more, 1, 1]
    assert {form(body) for body in server.bodies[-2:]} == {known}


def test_the_schema_itself_is_sent_in_both_forms(server, chat):
    server.plan = knowing("json_object", status=500, chat=chat)
    http(server).complete(ASKED[:1], schema=SCHEMA)
    said = [body["response_format"] for body in server.bodies]
    assert said[0]["json_schema"]["schema"] == SCHEMA and said[1] == {"type": "json_object", "schema": SCHEMA}


def test_a_server_that_falls_over_logprobs_is_asked_without_after_a_second_try(server, chat):
    server.plan = lambda body, number: (500, "", {}) if "logprobs" in body else chat("Yes")
    llm = http(server)
    answers = [llm.complete([one], choices=["Yes", "No"])[0] for one in ASKED]
    assert {(one.text, one.source) for one in answers} == {("Yes", "answer")}
    assert [one.usage.calls for one in answers] == [3, 3, 3, 1], "three times it may have been chance"


def test_one_fault_by_chance_costs_a_server_none_of_its_abilities(server, chat):
    server.plan = lambda body, number: (500, "", {}) if number == 1 else chat("{}")
    llm = http(server)
    llm.complete(ASKED, schema=SCHEMA)
    assert [form(body) for body in server.bodies] == [
        "json_schema",
        "json_object",
        "json_schema",
        "json_schema",
        "json_schema",
    ]


def test_a_fault_of_the_server_is_not_taken_for_ignorance_of_what_has_worked(server, chat):
    server.plan = lambda body, number: (500, "", {}) if number in (2, 3) else chat("{}")
    llm = http(server)
    answers = llm.complete(ASKED, schema=SCHEMA)
    assert [one.usage.calls for one in answers] == [1, 3, 1, 1]
    assert {form(body) for body in server.bodies} == {"json_schema"}


def test_a_question_that_no_form_helps_teaches_nothing(server, chat):
    server.plan = lambda body, number: (400, "the prompt is too long", {}) if number < 4 else chat("{}")
    llm = http(server)
    first, second = (llm.complete([one], schema=SCHEMA)[0] for one in ASKED[:2])
    assert "too long" in first.error and first.usage.calls == 3
    assert second.text == "{}" and form(server.bodies[-1]) == "json_schema"


def test_what_another_question_proves_counts_for_all():
    ladder = Ladder(("best", "plain"))
    assert ladder.lower(0) == 1
    ladder.worked(1)
    assert ladder.start == 1
    ladder.worked(0)
    assert ladder.start == 0 and ladder.lower(0) == 0
    assert Ladder(("only",)).lower(0) == 0
    assert [Ladder(("a", "b", "c")).lower(0, tries) for tries in (3, 2, 1)] == [0, 1, 1]


@pytest.mark.parametrize("message", [{"role": "assistant", "content": None}, {"role": "assistant"}])
def test_an_answer_without_content_is_an_empty_one(server, message):
    server.plan = lambda body, number: {"choices": [{"message": message}]}
    answer = http(server).complete(ASKED[:1])[0]
    assert (answer.text, answer.error, answer.usage.calls) == ("", "", 1)
    assert "none of Yes, No" in http(server).complete(ASKED[:1], choices=["Yes", "No"])[0].error


def test_logprobs_count_where_the_content_is_missing(server, chat):
    said = chat("x", {"Yes": 0.75, "No": 0.25})
    said["choices"][0]["message"]["content"] = None
    server.plan = lambda body, number: said
    assert http(server).complete(ASKED[:1], choices=["Yes", "No"])[0].probabilities["Yes"] == pytest.approx(0.75)
