"""What terms are read from the answers of a model."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.generation.terms import MOST_CHARACTERS, read_terms


def terms(*written: str) -> str:
    return json.dumps({"terms": list(written)})


@pytest.mark.parametrize(
    "text",
    [
        '{"terms": ["soil erosion", "land use"]}',
        '```json\n{"terms": ["soil erosion", "land use"]}\n```\nI hope this helps!',
        'Sure: {"note": "x", "terms": ["soil erosion", "land use"]}',
        '["soil erosion", "land use"]',
        '{"terms": ["soil erosion", "land use", "wind ero',
        '{"terms": [{"term": "soil erosion"}, {"term": "land use"}]}',
        '{"terms": "soil erosion, land use"}',
        "Here are the headings:\n1. Soil erosion\n2. Land use",
        "- soil erosion\n* land use\n",
        "Headings: soil erosion; land use.",
        '{"terms": ["soil erosion", "Soil Erosion", " land use. ", "", "...", 7, null]}',
    ],
)
def test_terms_are_read_from_whatever_shape_an_answer_has(text):
    assert [term.casefold() for term in read_terms(text, 8) or []] == ["soil erosion", "land use"]


@pytest.mark.parametrize("text", ["", "  \n", "{", "```json\n```", "[" * 5000, '{"terms": [', "¿…?", "x" * 200])
def test_what_holds_no_term_is_no_answer(text):
    assert read_terms(text, 8) is None


def test_a_model_may_say_that_there_is_nothing():
    assert read_terms('{"terms": []}', 8) == []


def test_terms_are_few_short_and_without_hidden_characters():
    written = [f"term {number}" for number in range(20)]
    assert read_terms(terms(*written), 8) == written[:8]
    assert read_terms(terms("a" * 80, "b" * 81, "so\u200bil\u0000 <b>"), 8) == ["a" * 80, "soil ‹b›"]


@given(st.text(max_size=300) | st.from_regex(r'\{"terms": \[("[^"]*",? ?){0,12}\]?\}?'))
def test_reading_never_raises_and_keeps_to_its_promise(text):
    found = read_terms(text, 8)
    assert found is None or (len(found) <= 8 and all(0 < len(term) <= MOST_CHARACTERS for term in found))
