"""Answers that end before their time, or never come to an end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import tagwright.enrichment.answers as answers
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.tail import plan

BEGUN = '{"title": "Bees in town", "text": "Bees live in the town as they live in the wood. They find lime trees and '


def test_of_json_that_was_cut_off_each_text_is_there_as_far_as_it_goes() -> None:
    said = '```json\n{"title": "A \\"b\\"", "text": "One.\nTwo'
    assert answers.whole_object(said) is None
    assert (answers.cut_off(said, "title"), answers.cut_off(said, "text")) == ('A "b"', "One.\nTwo")
    assert answers.cut_off(said, "other") is None
    assert answers.whole_object('Well: {"title": "a\nb"} and so on') == {"title": "a\nb"}


def test_a_text_ends_where_it_begins_to_say_the_same_again() -> None:
    once = "Rates were set at 417.20 a dollar. The bank said no more. No. No. "
    assert answers.said_once(once + "rates were  set at 417.20 a dollar. The bank") == once.rstrip()
    assert answers.said_once(once) == once
    assert answers.whole_sentences("At 4.5 it is. And th") == "At 4.5 it is."
    assert answers.whole_sentences("And th") == ""


@given(st.text(alphabet="ab.! 。", max_size=60))
def test_what_is_left_of_a_text_is_its_beginning(text: str) -> None:
    assert text.startswith(answers.said_once(text))
    assert text.startswith(answers.whole_sentences(text))


def test_a_sample_that_was_cut_off_or_goes_in_a_circle_keeps_its_whole_new_sentences(world: Any, write: Any) -> None:
    wanted = plan(world.library(b=1), world.vocabulary, Enrichment(per_tag=1), ["t:b"])
    whole = "Bees live in the town as they live in the wood. They find lime trees and gardens there."
    circle = BEGUN + "gardens there. " + "They find lime trees and gardens there. " * 9 + "They find"
    for answer in (
        circle,
        BEGUN + "gardens there. And in winter",
        json.dumps({"title": "Bees in town", "text": whole}),
    ):
        kept, _ = write(wanted, lambda *_, answer=answer: answer)
        assert [(one.document.title, one.document.text) for one in kept] == [("Bees in town", whole)]
    kept, report = write(wanted, lambda *_: '{"title": "Bees in town", "text": "Bees live in the town as they')
    assert not kept and report.refused == {"the text is too short": 1}
