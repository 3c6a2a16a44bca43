"""The channel `lexical`: columns by hand, what it learns, and its quotations."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.recall.quotations import quotations
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

ISLAND = Tag("island", "Java (island)", {"en": "Java (island)"}, {"en": ("Jawa",)})
LANGUAGE = Tag("language", "Java (programming)", {"en": "Java (programming)"})
OAK = Tag("oak", "Oak", {"en": "Oak", "de": "Eiche"}, {"en": ("Quercus",)})
VOCABULARY = Vocabulary.from_tags([ISLAND, LANGUAGE, OAK, Tag("red", "Red oak", {"en": "Red oak"})], language="en")
LEARNED = [
    Document("1", "Java and its volcanoes", language="en", tags=("island",)),
    Document("2", "Java and its classes", language="en", tags=("language",)),
    Document("3", "Java and more classes", language="en", tags=("language",)),
    Document("4", "An oak stands there", language="en", tags=("oak",)),
    Document("5", "The oak door", language="en", tags=()),
    Document("6", "Nobody looked: Java, oak", language="en", tags=None),
]


@pytest.fixture
def columns(build: Any, rows: Any) -> Callable[[Document], dict[str, dict[str, float]]]:
    """{tag: {part: value}} of one document."""
    channel = build("lexical", VOCABULARY, LEARNED)

    def ask(document: Document) -> dict[str, dict[str, float]]:
        table = channel.recall([document], 10)
        found = {part: rows(table, VOCABULARY, f"lexical.{part}")[0] for part in channel.parts}
        return {tag: {part: found[part][tag] for part in channel.parts} for tag in found["score"]}

    return ask


def test_the_prior_is_the_smoothed_share_of_documents_with_the_name_that_carry_the_tag(columns: Any) -> None:
    found = columns(Document("q", "about Java", language="en"))
    usual = 4 / 8  # names stood in documents 3 + 3 + 2 times, 4 times rightly; "red oak" never
    assert found["island"]["prior"] == pytest.approx((1 + 3 * usual) / (3 + 3))
    assert found["language"]["prior"] == pytest.approx((2 + 3 * usual) / (3 + 3))
    assert found["language"]["score"] > found["island"]["score"]
    assert found["island"]["seen"] == pytest.approx(log(1 + 3))


def test_every_column_by_hand(columns: Any) -> None:
    found = columns(Document("q", "The quercus is red. An oak that is red.", "Oak", "en"))
    assert set(found) == {"oak", "red"}
    oak = found["oak"]  # the best label of the tag counts: the name, once in the title and once in the text
    assert (oak["frequency"], oak["title"], oak["synonym"], oak["stems"], oak["language"]) == (2, 0.5, 0, 1, 1)
    assert (oak["first"], oak["tightness"], oak["ambiguity"]) == (0, 1, 0)
    prior = (1 + 3 * 0.5) / (2 + 3)
    assert oak["score"] == pytest.approx(prior * (1 + 2 * 0.5) * (1 + log(2)) + 1e-4)
    red = found["red"]
    assert (red["frequency"], red["title"], red["stems"]) == (1, 0, 2)
    assert red["seen"] == 0 and red["prior"] == pytest.approx(0.5), "no document had the name: as right as usual"
    assert red["tightness"] == pytest.approx(2 / 4)  # "oak that is red"
    places = (1 + 1) + (4 + 1) + 5
    assert red["first"] == pytest.approx((2 + 5 + 4) / places), "where its rarest stem stands: red"


def test_a_synonym_and_another_language_are_told_apart(columns: Any) -> None:
    assert columns(Document("q", "quercus", language="en"))["oak"]["synonym"] == 1
    german = columns(Document("q", "Die Eiche", language="de"))["oak"]
    assert (german["synonym"], german["language"]) == (0, 1)
    assert columns(Document("q", "eiche", language="en"))["oak"]["language"] == 0


def test_an_ambiguous_name_says_of_how_many_tags_it_is(columns: Any) -> None:
    found = columns(Document("q", "Java", language="en"))
    assert found["island"]["ambiguity"] == found["language"]["ambiguity"] == pytest.approx(log(2))


def test_only_the_best_tags_are_given(build: Any) -> None:
    channel = build("lexical", VOCABULARY, LEARNED)
    table = channel.recall([Document("q", "Java, oak", language="en")], 1)
    assert [VOCABULARY.ids[tag] for tag in table.tags] == ["language"]


def test_documents_nobody_looked_at_are_not_counted_and_those_with_no_tag_are(build: Any) -> None:
    counts = build("lexical", VOCABULARY, LEARNED).counts_
    assert counts.held.tolist() == [3, 3, 2, 0] and counts.right.tolist() == [1, 2, 1, 0]


def test_without_documents_every_name_is_as_right_as_names_usually_are(build: Any) -> None:
    table = build("lexical", VOCABULARY, []).recall([Document("q", "red oak", language="en")], 9)
    assert table.column("lexical.prior") == pytest.approx([0.02, 0.02])
    assert VOCABULARY.ids[table.tags[table.order("lexical.score")[0]]] == "red", "the longer label comes first"


def test_added_and_removed_documents_are_counted_and_counted_no_more(build: Any) -> None:
    channel = build("lexical", VOCABULARY, LEARNED)
    counts = channel.counts_
    before = (counts.held.tolist(), counts.right.tolist())
    channel.add([Document("7", "oak, Java", language="en", tags=("oak",)), Document("8", "oak", tags=None)])
    assert counts.held.tolist() == [4, 4, 3, 0] and counts.right.tolist() == [1, 2, 2, 0]
    channel.add([Document("7", "Java", language="en", tags=("island",)), Document("4", "nothing", tags=())])
    assert counts.held.tolist() == [4, 4, 1, 0] and counts.right.tolist() == [2, 2, 0, 0], "known ids are replaced"
    channel.add([LEARNED[3]])
    channel.remove(["7", "7", "unknown"])
    assert (counts.held.tolist(), counts.right.tolist()) == before


def test_a_quotation_is_the_shortest_run_of_words_with_all_stems_of_one_label(build: Any) -> None:
    channel = build("lexical", VOCABULARY, LEARNED)
    text = "Red as no oak ever was. Now a red, old oak: red oaks!"
    reasons = channel.explain(Document("q", text, "On Oaks (red)", "en"), 3)
    assert [(r.field, r.text, r.kind) for r in reasons] == [
        ("title", "Oaks (red", "name"),
        ("text", "red oaks", "name"),
        ("text", "red, old oak", "name"),
    ]
    assert {r.label for r in reasons} == {"Red oak"}, "the name that is said, as the vocabulary writes it"
    assert [r.value for r in reasons] == pytest.approx([1 + 0.5, 1, 2 / 3])
    assert channel.explain(Document("q", text, language="en"), 0) == []


def test_at_most_three_quotations_the_strongest_first(build: Any) -> None:
    channel = build("lexical", VOCABULARY, LEARNED)
    reasons = channel.explain(Document("q", "oak. Oaks. OAK. quercus. An oak", "The oak", "en"), 2)
    assert [(r.field, r.text) for r in reasons] == [("title", "oak"), ("text", "oak"), ("text", "Oaks")]


def test_a_qualifier_is_not_quoted(build: Any) -> None:
    channel = build("lexical", VOCABULARY, LEARNED)
    assert [r.text for r in channel.explain(Document("q", "in Java, the island", language="en"), 0)] == ["Java"]


LABELS = st.lists(
    st.sampled_from(["oak", "Red oak", "OAK", "tree (oak)", "IT", "red", "Über", "a"]), min_size=1, max_size=3
)
TEXTS = st.text(st.sampled_from("oak redOAKIT .!?\n(ü)İßa"), max_size=50)


@settings(deadline=None)
@given(LABELS, TEXTS, TEXTS)
def test_quotations_are_exact_substrings_at_most_three_and_strongest_first(
    labels: list[str], title: str, text: str
) -> None:
    document = Document("q", text, title)
    tag = Tag("t", labels[0], {"en": labels[0]}, {"de": tuple(labels[1:])})
    reasons = quotations("lexical", document, tag, Analyzer(("en", "de")))
    assert len(reasons) <= 3
    assert [r.value for r in reasons] == sorted((r.value for r in reasons), reverse=True)
    for reason in reasons:
        assert reason.text and getattr(document, reason.field)[reason.start : reason.end] == reason.text


@settings(deadline=None, max_examples=50)
@given(LABELS, TEXTS, TEXTS)
def test_what_is_found_can_be_quoted_and_what_is_not_found_cannot(labels: list[str], title: str, text: str) -> None:
    from tagwright.recall.finder import Finder
    from tagwright.recall.labels import Labels

    document = Document("q", text, title, "en")
    tag = Tag("t", labels[0], {"en": labels[0]}, {"en": tuple(labels[1:])})
    analyzer = Analyzer(("en",))
    vocabulary = Vocabulary.from_tags([tag])
    held = Finder(analyzer, Labels(analyzer).fit(vocabulary)).held([document])[0]
    assert bool(len(held)) == bool(quotations("lexical", document, vocabulary.tag(0), analyzer))
