from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tagwright.types import Tag
from tagwright.vocabulary import Finding, Vocabulary, check, open_vocabulary

Write = Callable[[str, str | bytes], Path]


def found(*tags: Tag) -> list[tuple[str, str, str]]:
    return [(finding.level, finding.code, finding.tag) for finding in check(Vocabulary.from_tags(tags))]


def test_a_sound_vocabulary_has_no_findings() -> None:
    assert found(Tag("a", "A", broader=("b",), related=("c",)), Tag("b", "B"), Tag("c", "C", broader=("b",))) == []


def test_a_cycle_is_a_warning_that_names_the_way_round() -> None:
    tags = [
        Tag("below", "Below", broader=("a",)),
        Tag("a", "A", broader=("b",)),
        Tag("b", "B", broader=("c", "top")),
        Tag("c", "C", broader=("a",)),
        Tag("top", "Top"),
        Tag("x", "X", broader=("y",)),
        Tag("y", "Y", broader=("x",)),
    ]
    assert check(Vocabulary.from_tags(tags)) == [
        Finding("warning", "cycle", "a", "is broader than itself: A › B › C › A"),
        Finding("warning", "cycle", "x", "is broader than itself: X › Y › X"),
    ]


def test_related_and_broader_exclude_each_other_through_any_number_of_steps() -> None:
    tags = [Tag("a", "A", broader=("b",), related=("c",)), Tag("b", "B", broader=("c",)), Tag("c", "C", related=("b",))]
    assert found(*tags) == [("error", "S27", "a"), ("error", "S27", "b")]


def test_names_and_labels_that_clash_within_a_tag_are_errors(write: Write) -> None:
    path = write(
        "v.ttl",
        '@prefix skos: <http://www.w3.org/2004/02/skos/core#> . <http://x/a> a skos:Concept ;'
        'skos:prefLabel "A"@en, "AA"@en ; skos:altLabel "A"@en, "b"@en ; skos:hiddenLabel "b"@en .',
    )  # fmt: skip
    findings = check(open_vocabulary(path))
    assert [(finding.level, finding.code, finding.tag) for finding in findings] == [
        ("error", "S13", "http://x/a"), ("error", "S13", "http://x/a"), ("error", "S14", "http://x/a"),
    ]  # fmt: skip
    assert findings[2].message.endswith("(SKOS S14): v.ttl: 'AA'@en")


def test_references_to_nothing_are_warnings() -> None:
    tag = Tag("a", "A", broader=("?",), related=("??",), replaced_by=("???",), deprecated=True)
    findings = check(Vocabulary.from_tags([tag]))
    assert [finding.code for finding in findings] == ["dangling"] * 3
    assert findings[2].message == "replaced by names '???', which the vocabulary lacks"


def test_deprecated_tags_are_looked_at() -> None:
    tags = [
        Tag("gone", "Gone", deprecated=True),
        Tag("old", "Old", deprecated=True, replaced_by=("gone",)),
        Tag("fine", "Fine", deprecated=True, replaced_by=("a",)),
        Tag("a", "A", broader=("gone",)),
    ]
    assert found(*tags) == [
        ("warning", "deprecated-broader", "a"),
        ("warning", "deprecated-successor", "old"),
        ("note", "no-successor", "gone"),
    ]


def test_equal_names_and_ambiguous_synonyms_are_named() -> None:
    tags = [
        Tag("1", "Bank"), Tag("2", "Bank"), Tag("3", "Bank", deprecated=True, replaced_by=("1",)),
        Tag("4", "Shore", synonyms={"": ("Bank",)}), Tag("5", "Shore of a sea", hidden={"": ("Bank",)}),
    ]  # fmt: skip
    findings = check(Vocabulary.from_tags(tags))
    assert findings == [
        Finding("warning", "duplicate-name", "1", "has the name 'Bank', as has '2'"),
        Finding("note", "ambiguous", "4", "is also called 'Bank', which is the name of '1'"),
    ]


def test_missing_names_long_names_and_missing_languages_are_told() -> None:
    tags = [Tag("1", ""), Tag("2", "x" * 201), Tag("3", "Three", names={"en": "Three"}), Tag("3", "Again")]
    assert found(*tags) == [
        ("error", "duplicate-id", "3"), ("error", "no-name", "1"),
        ("note", "long-name", "2"), ("note", "no-language", ""),
    ]  # fmt: skip


def test_of_many_cases_the_rest_is_counted() -> None:
    findings = check(Vocabulary.from_tags(Tag("a", "A") for _ in range(151)))
    assert (len(findings), findings[-1].message.split(":")[0]) == (101, "50 more")


links = st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple)
tags = st.builds(
    Tag, id=st.sampled_from("abcdef"), name=st.sampled_from("XYZ"), broader=links, narrower=links, related=links,
    replaced_by=links, deprecated=st.booleans(),
)  # fmt: skip


@given(st.lists(tags, max_size=6))
def test_a_check_ends_whatever_the_links_are(tags: list[Tag]) -> None:
    vocabulary = Vocabulary.from_tags(tags)
    findings = check(vocabulary)
    assert {finding.tag for finding in findings} <= {*vocabulary.ids, ""}
    for position in range(len(vocabulary)):
        way = vocabulary.path(position)
        assert way[-1] == position
        assert len(set(way)) == len(way)
        assert all(above in vocabulary.broader(below) for above, below in pairwise(way))
