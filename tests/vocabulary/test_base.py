from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import FormatError, ProjectError, UnknownTagError
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary

SOIL = Tag(
    "s",
    "Soil",
    names={"en": "Soil", "de": "Boden"},
    synonyms={"en": ("earth", "ground"), "de": ("Erdreich",)},
    hidden={"en": ("soyl",)},
    descriptions={"de": "Oberste Schicht.", "en": "The upper layer."},
    notation="R1",
    related=("w",),
)
WATER = Tag("w", "Water", names={"en": "Water"}, broader=("n",))
NATURE = Tag("n", "Nature", names={"en": "Nature"}, narrower=("s",), replaced_by=("x",), deprecated=True)
VOCABULARY = Vocabulary.from_tags([SOIL, WATER, NATURE])

texts = st.text(max_size=12)
languages = st.sampled_from(["", "de", "en", "en-GB", "fi"])
ids = st.sampled_from("abcdefgh")
lists = st.dictionaries(languages, st.lists(texts, max_size=3).map(tuple), max_size=3)
links = st.lists(ids, max_size=3).map(tuple)
tags = st.builds(
    Tag,
    id=ids | texts,
    name=texts,
    names=st.dictionaries(languages, texts, max_size=3),
    synonyms=lists,
    hidden=lists,
    descriptions=st.dictionaries(languages, texts, max_size=2),
    notation=texts,
    broader=links,
    narrower=links,
    related=links,
    deprecated=st.booleans(),
    replaced_by=links,
)
vocabularies = st.lists(tags, max_size=8).map(Vocabulary.from_tags)


def all_tags(vocabulary: Vocabulary) -> list[Tag]:
    return [vocabulary.tag(position) for position in range(len(vocabulary))]


def test_positions_are_the_order_of_the_tags() -> None:
    assert list(VOCABULARY.ids) == ["s", "w", "n"]
    assert [VOCABULARY.position(id) for id in VOCABULARY.ids] == [0, 1, 2]
    assert (VOCABULARY.find("w"), VOCABULARY.find("unknown"), "w" in VOCABULARY, 1 in VOCABULARY) == (
        1,
        -1,
        True,
        False,
    )
    assert VOCABULARY.positions(["n", "s"]).tolist() == [2, 0]
    assert VOCABULARY.positions(["n", "?", "s"], known_only=True).tolist() == [2, 0]
    assert VOCABULARY.positions([]).dtype == np.int32


def test_an_unknown_id_is_answered_with_the_nearest_one() -> None:
    vocabulary = Vocabulary.from_tags([Tag("http://x/soil", "Soil"), Tag("http://x/water", "Water")])
    with pytest.raises(UnknownTagError, match="did you mean 'http://x/water'"):
        vocabulary.position("http://x/watr")
    with pytest.raises(UnknownTagError, match="'Soil' is the name of 'http://x/soil'"):
        vocabulary.positions(["http://x/soil", "Soil"])


def test_an_id_is_found_in_any_form_that_looks_the_same() -> None:
    vocabulary = Vocabulary.from_tags([Tag("Go\u0308", "Go")])
    assert vocabulary.find("Go\u0308") == vocabulary.find("G\u00f6") == vocabulary.find(" G\u00f6\n") == 0


def test_a_tag_comes_out_as_it_went_in_with_links_in_both_directions() -> None:
    soil = VOCABULARY.tag(0)
    assert (soil.name, soil.names, soil.synonyms, soil.hidden) == (SOIL.name, SOIL.names, SOIL.synonyms, SOIL.hidden)
    assert (soil.descriptions, soil.notation, soil.deprecated) == (SOIL.descriptions, "R1", False)
    assert (soil.broader, soil.related) == (("n",), ("w",))
    assert VOCABULARY.tag(1).related == ("s",)
    assert VOCABULARY.tag(2).narrower == ("s", "w")
    assert VOCABULARY.tag(2).replaced_by == ("x",)
    assert VOCABULARY.missing("replaced_by") == [(2, "x")]
    assert VOCABULARY.narrower(2).tolist() == [0, 1]
    assert [side.tolist() for side in VOCABULARY.links("broader")] == [[0, 1], [2, 2]]


def test_labels_stand_in_the_order_of_the_tags_the_shown_name_first() -> None:
    labels = VOCABULARY.labels
    rows = [
        (tag, kind, labels.languages[code], text)
        for tag, kind, code, text in zip(
            labels.tags.tolist(), labels.kinds.tolist(), labels.language_codes.tolist(), labels.texts, strict=True
        )
    ]
    assert rows == [
        (0, 0, "en", "Soil"), (0, 1, "de", "Boden"), (0, 2, "en", "earth"), (0, 2, "en", "ground"),
        (0, 2, "de", "Erdreich"), (0, 3, "en", "soyl"), (1, 0, "en", "Water"), (2, 0, "en", "Nature"),
    ]  # fmt: skip
    assert (len(labels), labels.tags.dtype, labels.kinds.dtype, labels.language_codes.dtype) == (
        8, np.int32, np.int8, np.int16,
    )  # fmt: skip
    assert labels.languages[0] == ""


def test_columns_by_position() -> None:
    assert list(VOCABULARY.names) == ["Soil", "Water", "Nature"]
    assert VOCABULARY.names[1:] == ["Water", "Nature"]
    assert list(VOCABULARY.descriptions) == ["The upper layer.", "", ""]
    assert (VOCABULARY.description(0), VOCABULARY.description(1)) == ("The upper layer.", "")
    assert list(VOCABULARY.notations) == ["R1", "", ""]
    assert VOCABULARY.active.tolist() == [True, True, False]
    assert (VOCABULARY.n_active, VOCABULARY.language, VOCABULARY.languages) == (2, "en", ["en", "de"])


def test_a_label_finds_its_tag_unless_several_have_it() -> None:
    vocabulary = Vocabulary.from_tags(
        [
            Tag("1", "Bank", synonyms={"": ("Credit institution", "Both")}),
            Tag("2", "Shore", synonyms={"": ("Bank", "Both")}),
            Tag("3", "Shore of old", synonyms={"": ("Shore",)}, deprecated=True),
            Tag("4", "Old", deprecated=True),
        ]
    )
    found = [vocabulary.named(label) for label in ("Bank", "Credit institution", "Both", "Shore", "Old", "None")]
    assert found == [0, 0, -1, 1, 3, -1]


def test_the_path_leads_down_from_the_top_and_ends_in_a_cycle() -> None:
    assert [VOCABULARY.name(step) for step in VOCABULARY.path(0)] == ["Nature", "Soil"]
    knot = Vocabulary.from_tags(
        [Tag("a", "A", broader=("b",)), Tag("b", "B", broader=("c",)), Tag("c", "C", broader=("a",))]
    )
    assert knot.path(0) == [2, 1, 0]
    two = Vocabulary.from_tags(
        [Tag("t", "T", broader=("old", "new")), Tag("old", "Old", deprecated=True), Tag("new", "New")]
    )
    assert two.path(0) == [2, 0]


def test_a_vocabulary_without_tags_is_one_too(tmp_path: Path) -> None:
    Vocabulary.from_tags([]).save(tmp_path)
    empty = Vocabulary.load(tmp_path)
    assert (len(empty), list(empty.ids), len(empty.labels), empty.languages, list(empty.descriptions)) == (
        0,
        [],
        0,
        [],
        [],
    )
    assert len(empty.extended([Tag("a", "A")])) == 1


@given(vocabularies)
def test_a_vocabulary_made_of_its_own_tags_is_the_same(vocabulary: Vocabulary) -> None:
    again = Vocabulary.from_tags(all_tags(vocabulary))
    assert all_tags(again) == all_tags(vocabulary)
    codes = {problem.code for problem in again.problems}
    assert not codes - {"untranslated"}


@given(vocabulary=vocabularies)
def test_what_was_saved_is_loaded(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("vocabulary")
    vocabulary.save(folder)
    loaded = Vocabulary.load(folder)
    assert all_tags(loaded) == all_tags(vocabulary)
    assert (loaded.fingerprint, loaded.problems) == (vocabulary.fingerprint, vocabulary.problems)
    assert Vocabulary(loaded._columns).fingerprint == vocabulary.fingerprint
    loaded.save(folder)
    assert Vocabulary.load(folder).fingerprint == vocabulary.fingerprint


@given(vocabularies)
def test_descriptions_in_one_go_equal_those_one_by_one(vocabulary: Vocabulary) -> None:
    for position, tag in enumerate(all_tags(vocabulary)):
        assert bool(vocabulary.descriptions[position]) == bool(tag.descriptions)
        assert vocabulary.descriptions[position] in ("", *tag.descriptions.values())
    assert list(vocabulary.descriptions) == [vocabulary.description(position) for position in range(len(vocabulary))]
    assert list(vocabulary.names) == [tag.name for tag in all_tags(vocabulary)]


@given(vocabularies)
def test_every_link_has_its_mirror_and_no_tag_is_linked_with_itself(vocabulary: Vocabulary) -> None:
    for relation, mirror in (("broader", "narrower"), ("related", "related")):
        there = set(zip(*(side.tolist() for side in vocabulary.links(relation)), strict=True))
        back = set(zip(*(side.tolist() for side in vocabulary.links(mirror)), strict=True))
        assert {(target, tag) for tag, target in there} == back
        assert all(tag != target for tag, target in there)


def test_names_of_any_script_and_length_survive(tmp_path: Path) -> None:
    names = [
        "\u05e9\u05dc\u05d5\u05dd",
        "\u202eevil",
        "x" * 10_000,
        "a\tb\nc\x00d",
        "\U0001f600",
        "'; DROP TABLE",
        "-1",
        "=1+1",
    ]
    Vocabulary.from_tags(Tag(str(number), name) for number, name in enumerate(names)).save(tmp_path)
    loaded = Vocabulary.load(tmp_path)
    assert list(loaded.names) == [*names[:3], "a b cd", *names[4:]]


def test_a_saved_vocabulary_is_plain_text_json_and_npy(tmp_path: Path) -> None:
    VOCABULARY.save(tmp_path)
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == "s\nw\nn\n"
    assert {path.suffix for path in tmp_path.iterdir()} == {".txt", ".npy", ".json"}
    assert json.loads((tmp_path / "vocabulary.json").read_text(encoding="utf-8"))["tags"] == 3


def test_a_folder_of_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    VOCABULARY.save(tmp_path)
    header = tmp_path / "vocabulary.json"
    header.write_text(header.read_text(encoding="utf-8").replace('"format": 1', '"format": 99'), encoding="utf-8")
    with pytest.raises(FormatError, match=r"vocabulary\.json: format 99"):
        Vocabulary.load(tmp_path)


@pytest.mark.parametrize("name", ["vocabulary.json", "labels.txt", "links.rows.npy", "deprecated.npy"])
def test_a_folder_with_a_file_missing_or_cut_is_refused(tmp_path: Path, name: str) -> None:
    VOCABULARY.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ProjectError, match="no saved vocabulary"):
        Vocabulary.load(tmp_path)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ProjectError, match="no saved vocabulary"):
        Vocabulary.load(tmp_path)


def test_the_fingerprint_tells_content_and_order_and_nothing_else() -> None:
    same = Vocabulary.from_tags([SOIL, WATER, NATURE])
    assert same.fingerprint == VOCABULARY.fingerprint
    assert len(same.fingerprint) == 64
    others = [
        [SOIL, NATURE, WATER],
        [SOIL, WATER],
        [SOIL, WATER, NATURE, Tag("y", "Y")],
        [SOIL, Tag("w", "Wasser"), NATURE],
    ]
    assert len({Vocabulary.from_tags(other).fingerprint for other in others} | {same.fingerprint}) == 5
