"""What is written already, in the vocabulary and in a reference file, is found and matched safely."""

from __future__ import annotations

from tagwright.enrichment.sources import Reference, context, from_vocabulary, language_of, replacements
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary


def test_a_tag_is_called_by_the_labels_of_the_tag_that_it_replaced() -> None:
    vocabulary = Vocabulary.from_tags([
        Tag("new", "Soil erosion", {"en": "Soil erosion"}),
        Tag("old", "Loss of soil", {"en": "Loss of soil"}, {"en": ("Denudation",)}, deprecated=True,
            replaced_by=("new",)),
        Tag("live", "Wind", {"en": "Wind"}, replaced_by=("new",)),
    ])  # fmt: skip
    found = list(from_vocabulary(vocabulary, 0, replacements(vocabulary)))
    assert [(one.kind, one.language, one.text, one.source, one.model) for one in found] == [
        ("synonym", "en", "Loss of soil", "vocabulary", "old"), ("synonym", "en", "Denudation", "vocabulary", "old"),
    ]  # fmt: skip


def test_a_reference_is_matched_by_id_then_by_notation_then_by_a_name_that_only_one_bears() -> None:
    tags = Vocabulary.from_tags([
        Tag("cs.CE", "cs.CE"), Tag("x:1", "Something", notation="math.PR"), Tag("x:2", "Mercury"), Tag("x:3", "Honey"),
        Tag("x:4", "Twins"), Tag("x:5", "Twins"), Tag("x:6", "Unknown"),
    ])  # fmt: skip
    reference = Reference(Vocabulary.from_tags([
        Tag("cs.CE", "Computational Engineering"), Tag("math.PR", "Probability"), Tag("r:1", "Mercury"),
        Tag("r:2", "Mercury"), Tag("r:3", "Honey"), Tag("r:4", "Twins"),
    ]), "arxiv.csv")  # fmt: skip
    entries = [reference.entry(tags, row) for row in range(len(tags))]
    assert [entry.id if entry else "" for entry in entries] == ["cs.CE", "math.PR", "", "r:3", "", "", ""]
    assert reference.ambiguous == 3, "Mercury, and both Twins"


def test_a_name_of_the_reference_is_a_synonym_and_in_another_language_a_name() -> None:
    entry = Tag("cs.CE", "Computational Engineering", {"en": "Computational Engineering", "de": "Rechnergestützt"},
                {"": ("CE",)}, descriptions={"": "Covers models of nature."})  # fmt: skip
    found = Reference(Vocabulary.from_tags([entry]), "a.csv").texts(entry, Tag("cs.CE", "cs.CE", {"en": "cs.CE"}), "en")
    assert [(one.kind, one.language, one.text) for one in found] == [
        ("synonym", "en", "Computational Engineering"), ("name", "de", "Rechnergestützt"), ("synonym", "en", "CE"),
        ("description", "en", "Covers models of nature."),
    ]  # fmt: skip


def test_the_context_of_a_tag_is_its_path_and_what_stands_around_it() -> None:
    vocabulary = Vocabulary.from_tags([
        Tag("a", "Agriculture"), Tag("b", "Soil", broader=("a",)),
        Tag("c", "Soil erosion", {"en": "Soil erosion"}, {"en": ("Soil loss",)}, notation="631", broader=("b",),
            related=("d",)),
        Tag("d", "Wind"), Tag("e", "Gullies", broader=("c",)), Tag("f", "Old", broader=("c",), deprecated=True),
    ])  # fmt: skip
    assert dict(context(vocabulary, 2)) == {
        "other names": "Soil loss", "code": "631", "part of": "Agriculture › Soil", "narrower headings": "Gullies",
        "related headings": "Wind",
    }  # fmt: skip


def test_the_language_of_names_that_state_none_is_guessed_and_english_where_nothing_tells() -> None:
    assert language_of(Vocabulary.from_tags([Tag("a", "Chess")])) == "en"
    assert language_of(Vocabulary.from_tags([Tag("a", "Geschichte der Stadt"), Tag("b", "Recht und Staat")])) == "de"
    assert language_of(Vocabulary.from_tags([Tag("a", "Chess", {"fr": "Chess"})])) == "fr"
