"""A probe tells what a model does, not what it says of itself."""

from __future__ import annotations

import itertools
import json

import pytest

from tagwright.llm.base import Prompt
from tagwright.llm.http import Http
from tagwright.llm.probe import expected, probe
from tagwright.llm.prompts import load
from tagwright.llm.scripted import Scripted


def able(prompt, choices, schema):
    if choices:
        return {"Yes": 0.7, "No": 0.3}
    return json.dumps({"tags": [1, 2]}) if schema else f"A story. {prompt.user}"


def ticking():
    """A clock on which everything takes a second."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


def test_a_model_that_can_all_is_found_able_in_seven_calls():
    script = Scripted(able)
    found = probe(script, clock=ticking(), prompt_price=2.0, completion_price=10.0)
    assert found.answers and found.schema and found.logprobs and found.repeatable and found.counted
    assert len(script.asked) == 7 == found.spent.calls
    assert found.at_once == pytest.approx(3, abs=1), "three stories in the second that one takes"
    assert found.reading == found.spent.prompt_tokens - sum(p.characters // 4 for p in script.asked if not p.system)
    assert found.cost == pytest.approx((found.document.prompt_tokens * 2 + found.document.completion_tokens * 10) / 1e6)


def test_a_model_that_can_nothing_but_answer_is_found_so(server, chat):
    said = itertools.count()
    server.plan = lambda body, number: {"choices": [{"message": {"content": f"Yes {next(said)}"}}]}
    found = probe(Http(server.url, "small", sleep=lambda seconds: None))
    assert found.answers and not (found.schema or found.logprobs or found.repeatable or found.counted)
    assert len(server.bodies) <= 8 and found.reading == found.writing == 0


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ('{"tags": []}', True),
        ('{"tags": [true]}', False),
        ('{"tags": [1, 2, 3, 4]}', False),
        ('{"tags": [1], "more": 2}', False),
        ("[1]", False),
        ('{"tags": "x"}', False),
        ("The sea is blue.", False),
    ],
)
def test_a_schema_counts_only_where_the_answer_has_its_shape(said, held):
    assert probe(Scripted(lambda p, c, schema: said if schema else able(p, c, schema))).schema is held


def test_a_model_that_does_not_answer_is_asked_no_more():
    found = probe(Http("http://127.0.0.1:9/v1", "small", tries=2, sleep=lambda seconds: None))
    assert not found.answers and "cannot be reached" in found.error and found.spent.calls == 1


def test_time_that_a_server_took_to_learn_its_forms_is_no_time_of_reading(server, chat):
    server.plan = lambda body, number: (400, "", {}) if "logprobs" in body else chat("Yes")
    found = probe(Http(server.url, "small", sleep=lambda seconds: None), clock=ticking())
    assert found.reading == 20 and not found.logprobs


def test_a_document_costs_what_its_prompts_are_long():
    few, many = expected(4.0), expected(2.0)
    assert few.calls == 22 and many.prompt_tokens == pytest.approx(2 * few.prompt_tokens, rel=0.01)
    shortest = Prompt("x" * 1500, load("judge").system).characters
    assert 22 * shortest / 4 < few.prompt_tokens < 22 * 2 * shortest / 4
