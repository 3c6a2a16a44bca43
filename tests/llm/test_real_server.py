"""A real server in a process of its own: llama.cpp's, with the small model."""

from __future__ import annotations

import json

import pytest

from tagwright.llm.base import Prompt
from tagwright.llm.http import Http
from tagwright.llm.probe import probe
from tagwright.testing import check_llm

pytestmark = pytest.mark.heavy

WAIT = 120.0
SCHEMA = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
    "required": ["tags"],
    "additionalProperties": False,
}


def test_it_keeps_every_promise(url):
    check_llm(lambda: Http(url, "small", at_once=2))


def test_its_judgements_are_those_of_the_same_model_in_this_process(url):
    from tagwright.llm.local import Local

    asked = [Prompt(f"Is {thing} a fruit? Answer Yes or No.", "Be brief.") for thing in ("an apple", "a car", "a plum")]
    served = Http(url, "small").complete(asked, choices=["Yes", "No"])
    own = Local(threads=1).complete(asked, choices=["Yes", "No"])
    assert {answer.source for answer in served} == {"logprobs"}
    for one, other in zip(served, own, strict=True):
        assert one.probabilities["Yes"] == pytest.approx(other.probabilities["Yes"], abs=0.02)


def test_it_is_held_to_a_schema_though_it_falls_over_the_usual_form(url):
    llm, asked = Http(url, "small", at_once=1), [Prompt("Write a poem."), Prompt("No JSON!"), Prompt("Sing.")]
    answers = llm.complete(asked, schema=SCHEMA, most_tokens=64)
    assert all(set(json.loads(answer.text)) == {"tags"} for answer in answers), [answer.error for answer in answers]
    again = llm.complete([Prompt("Write a letter.")], schema=SCHEMA, most_tokens=64)[0]
    assert json.loads(again.text) and again.usage.calls == 1, "after three questions the form that works is remembered"


def test_a_prompt_longer_than_its_context_is_a_named_error(url):
    answer = Http(url, "small").complete([Prompt("word " * 4000)])[0]
    assert "answered 400" in answer.error and "context" in answer.error and answer.usage.calls == 1


def test_a_probe_finds_out_what_it_can(url):
    found = probe(Http(url, "small"))
    # Whether it repeats itself is its own matter: what it remembers of a question changes last digits on some machines.
    assert found.answers and found.schema and found.logprobs and found.counted
    assert found.reading > 0 and found.writing > 0 and found.at_once > 0 and found.spent.calls <= 11
