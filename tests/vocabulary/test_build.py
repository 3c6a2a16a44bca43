"""Bad tags: each is mended or left out, counted, and named by file and line."""

from __future__ import annotations

import pytest

from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.problems import EXAMPLES


def problems(vocabulary: Vocabulary) -> dict[str, int]:
    return {problem.code: problem.count for problem in vocabulary.problems}


def test_of_tags_with_one_id_the_first_counts() -> None:
    vocabulary = Vocabulary.from_tags([Tag("a", "First"), Tag("a ", "Second"), Tag("b", "B")])
    assert (list(vocabulary.ids), list(vocabulary.names)) == (["a", "b"], ["First", "B"])
    assert problems(vocabulary) == {"duplicate-id": 1, "cleaned": 1}


def test_a_tag_without_an_id_is_left_out() -> None:
    vocabulary = Vocabulary.from_tags([Tag("", "Nameless"), Tag("\n", "Nothing"), Tag("b", "B")])
    assert (list(vocabulary.ids), problems(vocabulary)["no-id"]) == (["b"], 2)
    assert str(vocabulary.problems[0]) == "entries without an id, left out: 2; first: Nameless"


@pytest.mark.parametrize(
    ("tag", "name", "code"),
    [
        (Tag("x", "", names={"de": "Boden"}), "Boden", ""),
        (Tag("x", "", synonyms={"en": ("earth",)}), "earth", "no-name"),
        (Tag("x", " "), "x", "no-name"),
        (Tag("x", "", deprecated=True), "x", ""),
    ],
)
def test_an_empty_name_falls_back_to_a_translation_a_synonym_or_the_id(tag: Tag, name: str, code: str) -> None:
    vocabulary = Vocabulary.from_tags([tag])
    assert vocabulary.name(0) == name
    assert set(problems(vocabulary)) - {"cleaned"} == ({code} if code else set())


def test_the_name_of_most_names_language_is_shown_where_a_tag_has_none_of_its_own() -> None:
    tags = [Tag(str(n), "", names={"de": f"de{n}", "en": f"en{n}"} if n else {"en": "en0"}) for n in range(3)]
    assert list(Vocabulary.from_tags(tags).names) == ["en0", "en1", "en2"]


def test_a_language_that_is_asked_for_is_shown_even_in_a_regional_form() -> None:
    tags = [
        Tag("1", "Colour", names={"en-GB": "Colour", "de": "Farbe"}),
        Tag("2", "Farbe", names={"de": "Malfarbe"}),
        Tag("3", "Haus", names={"de": "Haus", "en": "House"}),
        Tag("4", "Unstated"),
    ]
    english = Vocabulary.from_tags(tags, language="en")
    assert list(english.names) == ["Colour", "Farbe", "House", "Unstated"]
    assert (english.language, problems(english)) == ("en", {"untranslated": 1})
    assert list(Vocabulary.from_tags(tags, language="en-GB").names)[2] == "House"
    assert list(Vocabulary.from_tags(tags).names) == ["Colour", "Farbe", "Haus", "Unstated"]


def test_labels_of_a_tag_that_states_no_language_are_in_the_one_asked_for() -> None:
    tag = Vocabulary.from_tags([Tag("1", "Soil", synonyms={"": ("earth",)})], language="en").tag(0)
    assert (tag.names, tag.synonyms) == ({"en": "Soil"}, {"en": ("earth",)})
    stated = Vocabulary.from_tags([Tag("1", "Soil", names={"de": "Boden"}, synonyms={"": ("earth",)})], language="en")
    assert stated.tag(0).synonyms == {"": ("earth",)}


def test_a_label_counts_once_in_its_strongest_role() -> None:
    tag = Tag(
        "1", "Soil", names={"en": "Soil"},
        synonyms={"en": ("Soil", "earth", "earth"), "de": ("Soil",)}, hidden={"en": ("earth", "erth")},
    )  # fmt: skip
    vocabulary = Vocabulary.from_tags([tag])
    kept = vocabulary.tag(0)
    assert (kept.synonyms, kept.hidden) == ({"en": ("earth",), "de": ("Soil",)}, {"en": ("erth",)})
    assert problems(vocabulary) == {"S13": 2}


def test_a_name_beside_another_one_without_language_makes_that_a_synonym() -> None:
    tag = Vocabulary.from_tags([Tag("1", "Soil", names={"": "Earth", "de": "Boden"})]).tag(0)
    assert (tag.name, tag.names, tag.synonyms) == ("Soil", {"": "Soil", "de": "Boden"}, {"": ("Earth",)})


def test_a_tag_is_not_linked_with_itself() -> None:
    vocabulary = Vocabulary.from_tags([Tag("1", "A", broader=("1",), related=("1", "2")), Tag("2", "B")])
    assert (vocabulary.tag(0).broader, vocabulary.tag(0).related) == ((), ("2",))
    assert problems(vocabulary) == {"self-link": 2}


def test_thousands_of_languages_are_none() -> None:
    vocabulary = Vocabulary.from_tags(Tag(str(n), "Soil", names={f"x-{n}": "Soil"}) for n in range(40_000))
    assert (len(vocabulary), vocabulary.tag(39_999).names) == (40_000, {"": "Soil"})


def test_of_a_thousand_cases_all_are_counted_and_the_first_are_kept() -> None:
    vocabulary = Vocabulary.from_tags(Tag("a", "A") for _ in range(1_001))
    assert (vocabulary.problems[0].count, len(vocabulary.problems[0].examples)) == (1_000, EXAMPLES)
