"""Labels as sets of stems, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.recall.labels import Labels, LabelTable, core
from tagwright.recall.matching import Matcher, Matches
from tagwright.text.tokens import Analyzer, TermNumbers
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary


def find(vocabulary: Vocabulary, *documents: Document) -> tuple[LabelTable, Matches]:
    analyzer = Analyzer(("en", "de"))
    table = LabelTable.build(analyzer, vocabulary)
    return table, Matcher(table, TermNumbers(table.stems, analyzer.lexicon)).find(analyzer.analyse(documents))


def found(vocabulary: Vocabulary, text: str, title: str = "") -> set[str]:
    table, matches = find(vocabulary, Document("1", text, title, "en"))
    return {vocabulary.ids[tag] for tag in table.tags[matches.labels]}


def test_a_label_is_found_in_any_order_and_inflection(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Soil erosion", "Erosion", "Water erosion")
    assert found(vocabulary, "How erosion takes the best soils") == {"Soil erosion", "Erosion"}


def test_a_label_is_not_found_across_sentences(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Soil erosion")
    assert found(vocabulary, "Good soil. Erosion") == set()
    assert found(vocabulary, "about erosion", "Soil") == set(), "a title is a sentence of its own"
    assert found(vocabulary, "Good soil.Erosion") == {"Soil erosion"}, "no blank, no end of a sentence"


def test_a_qualifier_in_brackets_is_not_looked_for(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Java (island)", "Smoothing <Surface treatment>", "Lists [computing]", "(Ana)log")
    assert found(vocabulary, "Java, smoothing and lists") == set(vocabulary.ids) - {"(Ana)log"}
    assert [core("Java (island)"), core("(Ana)log"), core("a (b) c (d)"), core("")] == ["Java", "(Ana)log", "a c", ""]


def test_a_label_that_is_a_qualifier_alone_is_looked_for_whole(named: Callable[..., Vocabulary]) -> None:
    assert found(named("(Islands)"), "of islands") == {"(Islands)"}


def test_a_name_of_function_words_alone_is_never_found(named: Callable[..., Vocabulary]) -> None:
    assert found(named("The Who", "Oak"), "who is the one with the oak") == {"Oak"}


def test_acronyms_are_not_words(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("IT", "AIDS")
    assert found(vocabulary, "it is an aid") == set() and found(vocabulary, "IT and AIDS") == {"IT", "AIDS"}


def test_deprecated_tags_have_no_labels() -> None:
    vocabulary = Vocabulary.from_tags([Tag("1", "Oak", deprecated=True), Tag("2", "Elm")])
    assert found(vocabulary, "oak and elm") == {"2"}


def test_synonyms_hidden_labels_and_other_languages_are_found_with_their_kinds() -> None:
    tag = Tag("1", "Ships", {"en": "Ships", "de": "Schiffe"}, {"en": ("Vessels",)}, {"en": ("shps",)})
    vocabulary = Vocabulary.from_tags([tag], language="en")
    document = Document("1", "vessels and shps", language="en")
    table, matches = find(vocabulary, document, Document("2", "Die Schiffe", language="de"), Document("3", "a ship"))
    kinds = [(int(row), int(table.kinds[label])) for row, label in zip(matches.documents, matches.labels, strict=True)]
    assert kinds == [(0, 2), (0, 3), (1, 1), (2, 0)]


def test_ambiguity_counts_the_tags_that_share_the_stems_and_not_their_labels() -> None:
    tags = [
        Tag("island", "Java (island)", {"en": "Java (island)", "de": "Java (Insel)"}),
        Tag("language", "Java (programming)", {"en": "Java (programming)"}),
        Tag("oak", "Oak", {"en": "Oak"}, {"en": ("Oaks", "Quercus")}),
    ]
    table = LabelTable.build(Analyzer(("en", "de")), Vocabulary.from_tags(tags, language="en"))
    assert dict(zip(table.tags.tolist(), table.ambiguity.tolist(), strict=True)) == {0: 2, 1: 2, 2: 1}


def test_what_a_match_tells_worked_out_by_hand(named: Callable[..., Vocabulary]) -> None:
    text = "Soil of the fields and erosion. Nothing here! Erosion takes soil; soil erosion."
    _, matches = find(named("Soil erosion"), Document("1", text, "On soil erosion", "en"))
    assert matches.frequency.tolist() == [4], "sentences"
    assert matches.titles.tolist() == [0.25], "one of the four is the title"
    assert matches.tightness.tolist() == [1.0], "at best the stems stand side by side"
    places = (3 + 1) + (6 + 1) + (2 + 1) + (3 + 1) + 2  # words and the breaks behind them
    assert matches.first == pytest.approx([2 / places]), "both stems are as rare: the first of the alphabet, at place 2"


def test_tightness_is_the_labels_stems_by_the_words_they_are_spread_over(named: Callable[..., Vocabulary]) -> None:
    _, matches = find(named("Soil erosion"), Document("1", "erosion of the good soil", language="en"))
    assert matches.tightness == pytest.approx([2 / 5])


def test_the_first_place_is_that_of_the_rarest_stem(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Soil erosion", "Soil water", "Soil")
    table, matches = find(vocabulary, Document("1", "soil then late erosion", language="en"))
    firsts = {
        vocabulary.ids[table.tags[label]]: first for label, first in zip(matches.labels, matches.first, strict=True)
    }
    assert firsts == {"Soil": 0.0, "Soil erosion": 0.75}


def test_a_table_does_not_depend_on_what_the_process_has_read_before(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Soil erosion", "Water of soils", "Erosion by water")
    busy = Analyzer(("en",))
    busy.analyse([Document("1", "water erosion soil", language="en")])
    one, two = LabelTable.build(Analyzer(("en",)), vocabulary), LabelTable.build(busy, vocabulary)
    assert one.stems == two.stems == sorted(one.stems) and one.terms.tolist() == two.terms.tolist()


def test_a_saved_table_is_the_same(named: Callable[..., Vocabulary], tmp_path: Path) -> None:
    analyzer = Analyzer(("en",))
    table = LabelTable.build(analyzer, named("Soil erosion", "Oak (tree)", "Elm"))
    table.save(tmp_path)
    loaded = LabelTable.load(tmp_path)
    for part in ("tags", "kinds", "languages", "offsets", "terms", "ambiguity", "lengths"):
        assert np.array_equal(getattr(table, part), getattr(loaded, part)), part
    assert (loaded.stems, loaded.language_names) == (table.stems, table.language_names)


def test_labels_of_changed_tags_are_those_of_the_new_vocabulary(named: Callable[..., Vocabulary]) -> None:
    vocabulary = named("Oak", "Elm")
    labels = Labels(Analyzer(("en",))).fit(vocabulary)
    version = labels.version
    wider = vocabulary.extended([Tag("Oak", "Yew"), Tag("new", "Ash")])
    positions = wider.positions(["Oak", "new"])
    labels.add_tags(wider, positions)
    labels.add_tags(wider, positions)
    assert labels.version == version + 1, "the second channel that tells of it changes nothing"
    assert labels.alive(0).tolist() == [False, True] and labels.alive(1) is None
    assert labels.tables[1].tags.tolist() == [0, 2]
    assert len(labels.fit(wider).tables) == 1, "a new training folds them into the base"
    assert labels.tables[0].tags.tolist() == [0, 1, 2] and labels.alive(0) is None


WORDS = st.sampled_from(["oak", "elm", "ash", "yew", "fir", "fig"])
NAMES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=8, unique=True)
TEXTS = st.lists(st.lists(WORDS | st.just("the"), max_size=5).map(" ".join), max_size=4)


@given(NAMES, TEXTS, TEXTS)
def test_a_block_finds_what_a_loop_over_sentences_and_sets_finds(
    names: list[str], one: list[str], two: list[str]
) -> None:
    vocabulary = Vocabulary.from_tags([Tag(name, name) for name in names])
    documents = [Document("1", ". ".join(one), language="en"), Document("2", ". ".join(two), "oak elm", "en")]
    table, matches = find(vocabulary, *documents)
    got = {
        (int(row), vocabulary.ids[table.tags[label]]): float(count)
        for row, label, count in zip(matches.documents, matches.labels, matches.frequency, strict=True)
    }
    expected: dict[tuple[int, str], float] = {}
    for row, sentences in enumerate([one, ["oak elm", *two]]):
        for name in names:
            count = sum(set(name.split()) <= set(sentence.split()) for sentence in sentences)
            if count:
                expected[row, name] = float(count)
    assert got == expected
