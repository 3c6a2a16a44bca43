"""What a model proposes, and which tags come of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.generation.base import DOCUMENTS, Notes, furnish
from tagwright.generation.mapping import BY_STEMS
from tagwright.generation.propose import Propose
from tagwright.generation.terms import MOST_CHARACTERS
from tagwright.llm.prompts import load
from tagwright.llm.scripted import Scripted
from tagwright.recall.finder import Finder
from tagwright.recall.labels import Labels
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.testing import Told
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Evidence, Tag
from tagwright.vocabulary.base import Vocabulary

TAGS = (
    Tag("t:soil", "Soil erosion", {"en": "Soil erosion"}, {"en": ("Loss of soil",)}),
    Tag("t:bees", "Beekeeping", {"en": "Beekeeping"}, {"en": ("Apiculture",)}),
    Tag("t:java", "Java (Island)", {"en": "Java (Island)"}),
    Tag("t:code", "Java (Programming language)", {"en": "Java (Programming language)"}),
    Tag("t:cafe", "Café culture", {"en": "Café culture"}),
    Tag("t:nets", "Neural networks", {"en": "Neural networks"}),
    Tag("t:steam", "Steam navigation", {"en": "Steam navigation"}, deprecated=True),
)
VOCABULARY = Vocabulary.from_tags(TAGS, language="en")
SOIL, BEES, ISLAND, CODE, CAFE, NETS, STEAM = range(7)
TOLD = {
    "Soil erosion": (1, 0, 0), "Beekeeping": (0, 1, 0), "Neural networks": (0, 0, 1), "Java": (1, 1, 1),
    "Café culture": (-1, 0, 0), "Honey": (0, 0.8, 0.6), "Dust": (0.6, 0.64, 0.48), "Nothing": (0, -1, 0),
}  # fmt: skip
DOCUMENTS_TWO = [Document("a", "Wind over loess.", "Dust"), Document("b", "Bees in town.")]


def points(told: Any = TOLD) -> TagPoints:
    return TagPoints(MeaningSpace(Told(told))).fit(VOCABULARY)


def labels(vocabulary: Vocabulary = VOCABULARY) -> Labels:
    return Labels(Analyzer(("en", "de"))).fit(vocabulary)


def answering(*answers: str) -> Scripted:
    """Answers the documents a, b, … by these texts."""
    by_document = dict(zip("abcdefgh", answers, strict=False))
    return Scripted(lambda prompt, choices, schema: by_document[prompt.about])


def terms(*written: str) -> str:
    return json.dumps({"terms": list(written)})


def stage(llm: Any, vocabulary: Vocabulary = VOCABULARY, **given: Any) -> Propose:
    options = {key: given.pop(key) for key in list(given) if key in ("terms", "found", "least", "constrained")}
    analyzed = labels(vocabulary)
    shared = {
        "name": "proposed", "llm": llm, "vocabulary": vocabulary, "template": load("propose"), "notes": Notes(),
        "finder": Finder(analyzed.analyzer, analyzed), **given,
    }  # fmt: skip
    return furnish(Propose(**options), shared)


def table(*tags: list[int]) -> Candidates:
    """A table of documents with these candidates, all with a confidence of a half."""
    rows = np.repeat(np.arange(len(tags)), [len(own) for own in tags])
    flat = np.array([tag for own in tags for tag in own], dtype=np.int32)
    return Candidates.from_pairs(len(tags), rows, flat, {"confidence": np.full(len(flat), 0.5)})


def all_of(candidates: Candidates) -> np.ndarray:
    return np.ones(candidates.n_pairs, dtype=bool)


def column(found: Candidates, name: str = "proposed") -> dict[tuple[int, int], float]:
    values = found.column(name).tolist()
    return {
        (row, tag): value for row, tag, value in zip(found.documents.tolist(), found.tags.tolist(), values, strict=True)
    }


def test_proposed_tags_get_their_similarity_and_others_that_were_asked_about_get_nothing():
    llm = answering(terms("neural network", "soil erosion", "Loss of soil"), terms("strange things"))
    proposed = stage(llm)
    candidates = table([SOIL, BEES], [BEES])
    found = proposed.score(DOCUMENTS_TWO, candidates, all_of(candidates))
    assert column(found) == {(0, SOIL): 1.0, (0, BEES): 0.0, (0, NETS): pytest.approx(BY_STEMS), (1, BEES): 0.0}
    assert column(found, "proposed.terms") == {(0, SOIL): 2.0, (0, BEES): 0.0, (0, NETS): 1.0, (1, BEES): 0.0}
    assert column(found, "proposed.place") == {(0, SOIL): 0.5, (0, BEES): 0.0, (0, NETS): 1.0, (1, BEES): 0.0}
    confidence = column(found, "confidence")
    assert np.isnan(confidence.pop((0, NETS))) and set(confidence.values()) == {0.5}
    assert "proposed" not in candidates.columns and candidates.n_pairs == 3
    assert proposed.unit == DOCUMENTS and set(proposed.columns) <= set(found.columns)


def test_a_document_that_is_not_asked_about_or_has_no_answer_stays_unknown_and_is_noted():
    def answer(prompt, choices, schema):
        if prompt.about == "b":
            raise RuntimeError("it fell over")
        return "¿?"

    documents = [*DOCUMENTS_TWO, Document("c", "Not asked about.")]
    candidates = table([SOIL], [BEES], [NETS])
    llm = Scripted(answer)
    proposed = stage(llm)
    found = proposed.score(documents, candidates, np.array([True, True, False]))
    assert [prompt.about for prompt in llm.asked] == ["a", "b"]
    assert np.isnan(list(column(found).values())).all() and found.n_pairs == 3
    assert "could not be read" in proposed.notes.of("a") and "it fell over" in proposed.notes.of("b")
    assert proposed.notes.of("c") == ""


def test_the_question_names_no_term_that_a_small_model_could_repeat():
    template = load("propose")
    assert '"terms"' in template.user and '["' not in template.user


def test_the_question_names_the_document_the_number_and_the_language_and_what_is_known():
    @dataclass
    class Known:
        text: str = "Examples: none"

    class Knowledge:
        def retrieve(self, documents, tags, *, examples=True):
            assert examples and [list(own) for own in tags] == [[]] * len(documents)
            return [Known() for _ in documents]

    schemas = []
    llm = Scripted(lambda prompt, choices, schema: schemas.append(schema) or terms())
    candidates = table([SOIL])
    stage(llm, knowledge=Knowledge(), terms=5).score(DOCUMENTS_TWO[:1], candidates, all_of(candidates))
    asked = llm.asked[0]
    assert all(part in asked.user for part in ("Wind over loess.", "at most 5", "in English", "Examples: none"))
    assert asked.about == "a" and schemas[0]["properties"]["terms"]["maxItems"] == 5


def test_the_reason_is_the_term_that_was_proposed_even_after_the_table_was_cut_and_joined():
    llm = answering(terms("Loss of soil"), terms("soil erosion"))
    proposed = stage(llm)
    candidates = table([BEES], [BEES])
    found = proposed.score(DOCUMENTS_TWO, candidates, all_of(candidates))
    said = {
        row: proposed.explain(found, pair)
        for pair, (row, tag) in enumerate(zip(found.documents, found.tags, strict=True))
        if tag == SOIL
    }
    kind = "proposed by the language model"
    assert said == {
        0: (Evidence("proposed", kind, "Loss of soil", value=1.0),),
        1: (Evidence("proposed", kind, "soil erosion", value=1.0),),
    }
    turned = Candidates.concat([found.slice(1, 2), found.slice(0, 1)]).with_columns({"fused": np.zeros(4)})
    assert proposed.explain(turned, 0)[0].text == "soil erosion" and proposed.explain(turned, 1) == ()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(proposed.explain, turned, 2).result()[0].text == "Loss of soil"
    assert stage(llm).explain(found, 0)[0].text == "Soil erosion", "not remembered: the tag's own name"
    assert proposed.explain(candidates, 0) == ()


def test_terms_that_no_tag_stands_for_are_handed_over_and_counted():
    told: list[tuple[str, str]] = []
    llm = answering(terms("Soil erosion", "Rain gardens"), terms("rain gardens", "Bioswales"))
    candidates = table([SOIL], [SOIL])
    proposed = stage(llm, unmapped=lambda document, term: told.append((document, term)))
    proposed.score(DOCUMENTS_TWO, candidates, all_of(candidates))
    assert told == [("a", "Rain gardens"), ("b", "rain gardens"), ("b", "Bioswales")]
    assert proposed.notes.summary() == ["3 proposed terms that no tag stands for"]


def test_a_document_is_proposed_for_by_itself_and_a_second_pass_says_the_same():
    llm = answering(terms("Honey", "soil erosion"), terms("Beekeeping", "Dust"))
    proposed = stage(llm, tag_points=points())
    candidates = table([SOIL, CAFE], [BEES])
    found = proposed.score(DOCUMENTS_TWO, candidates, all_of(candidates))
    alone = [
        proposed.score(DOCUMENTS_TWO[row : row + 1], part, all_of(part))
        for row, part in enumerate([candidates.slice(0, 1), candidates.slice(1, 2)])
    ]
    again = proposed.score(DOCUMENTS_TWO, found, all_of(found))
    for other in (Candidates.concat(alone), again):
        assert other.tags.tolist() == found.tags.tolist() and set(other.columns) == set(found.columns)
        assert all(other.column(n).tobytes() == found.column(n).tobytes() for n in proposed.columns)


def test_nothing_to_ask_asks_nothing():
    llm = answering()
    proposed = stage(llm)
    empty = Candidates.empty(2, ["confidence"])
    assert proposed.score(DOCUMENTS_TWO, empty, all_of(empty)).n_pairs == 0
    candidates = table([SOIL], [BEES])
    found = proposed.score(DOCUMENTS_TWO, candidates, np.zeros(2, dtype=bool))
    assert np.isnan(found.column("proposed")).all() and llm.asked == []


def test_a_new_vocabulary_is_used_from_the_next_document_on():
    llm = answering(terms("Rain gardens"))
    proposed = stage(llm)
    candidates = table([SOIL])
    assert column(proposed.score(DOCUMENTS_TWO[:1], candidates, all_of(candidates))) == {(0, SOIL): 0.0}
    more = VOCABULARY.extended([Tag("t:rain", "Rain gardens")])
    proposed.finder.labels.add_tags(more, np.array([7], dtype=np.int32))
    proposed.vocabulary = more
    found = proposed.score(DOCUMENTS_TWO[:1], candidates, all_of(candidates))
    assert column(found) == {(0, SOIL): 0.0, (0, 7): 1.0}


@pytest.mark.parametrize("options", [{"terms": 0}, {"found": 0}, {"least": 0.0}, {"least": 1.5}, {"terms": 51}])
def test_an_option_out_of_range_is_refused_by_name(options):
    with pytest.raises(ConfigError, match=f"'{next(iter(options))}'"):
        Propose(**options)


ANYTHING = stage(answering(), tag_points=points())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(max_size=120)
        | st.lists(st.sampled_from(["Soil", "honey bees", "Steam navigation", "Java", "\ud800", "Honey"]) | st.text())
        .map(lambda said: json.dumps({"terms": said})),
        min_size=2,
        max_size=2,
    )
)  # fmt: skip
def test_whatever_the_model_answers_only_active_tags_come_out(answers):
    ANYTHING.llm = answering(*answers)
    candidates = table([SOIL, NETS], [BEES])
    found = ANYTHING.score(DOCUMENTS_TWO, candidates, all_of(candidates))
    assert VOCABULARY.active[found.tags].all() and 3 <= found.n_pairs <= 3 + 2 * 8 * 3
    values = found.column("proposed")
    told = values[~np.isnan(values)]
    assert ((told >= 0) & (told <= 1)).all()
    for pair in range(found.n_pairs):
        assert all(0 < len(one.text) <= MOST_CHARACTERS for one in ANYTHING.explain(found, pair))
