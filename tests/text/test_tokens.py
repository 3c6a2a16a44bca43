"""Words, stems and sentences."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.text.function_words import BY_LANGUAGE
from tagwright.text.tokens import BREAK, FUNCTION, Analyzer, TermNumbers
from tagwright.types import Document


@pytest.fixture
def analyzer() -> Analyzer:
    return Analyzer(("en", "de"))


def stems(analyzer: Analyzer, text: str, title: str = "", language: str | None = "en") -> list[str]:
    return analyzer.stems(analyzer.analyse([Document("1", text, title, language)]).tokens)


def sentences(analyzer: Analyzer, text: str, title: str = "") -> list[list[str]]:
    found = analyzer.analyse([Document("1", text, title, "en")])
    kept: dict[int, list[str]] = {}
    for number, sentence in zip(found.tokens, found.sentences, strict=True):
        kept.setdefault(int(sentence), []).extend(analyzer.stems([number]))
    return list(kept.values())


def test_inflected_forms_share_a_stem_and_function_words_are_left_out(analyzer: Analyzer) -> None:
    assert stems(analyzer, "The erosion of the soils and eroding a soil") == ["eros", "soil", "erod", "soil"]


def test_each_language_has_its_own_stems_and_function_words(analyzer: Analyzer) -> None:
    assert stems(analyzer, "die Böden und der Boden", language="de") == ["bod", "bod"]
    assert stems(analyzer, "die Boden", language="en") == ["die", "boden"]
    assert stems(analyzer, "ships und Meer", language="en-GB") == ["ship", "und", "meer"]
    assert stems(analyzer, "語 kala", language="xx") == ["語", "kala"]


@pytest.mark.parametrize("language", sorted(BY_LANGUAGE))
def test_function_words_of_every_language_are_left_out_in_any_case(language: str) -> None:
    words = BY_LANGUAGE[language].split()
    assert len(set(words)) == len(words) >= 15 and all(word == word.casefold() for word in words)
    text = " ".join(word.capitalize() if place % 2 else word for place, word in enumerate(words))
    assert stems(Analyzer((language,)), text, language=language) == []


def test_a_stem_has_the_same_number_in_every_language(analyzer: Analyzer) -> None:
    assert analyzer.words("radar", "en") == analyzer.words("Radar", "de")


def test_a_short_word_in_capitals_is_an_acronym_and_not_the_word(analyzer: Analyzer) -> None:
    assert stems(analyzer, "IT is not it, and AIDS is no aids; US and us") == ["IT", "AIDS", "aid", "US"]
    assert stems(analyzer, "NATO or H2O, but ERASMUS") == ["NATO", "H2O", "erasmus"]


def test_a_shouted_title_says_nothing_by_its_capitals(analyzer: Analyzer) -> None:
    assert stems(analyzer, "", "THE SEA AND ITS SHIPS") == ["sea", "ship"]
    assert stems(analyzer, "", "THE SOIL") == stems(analyzer, "", "The soil") == ["soil"]
    assert stems(analyzer, "WIND OVER LOESS.", "Title") == ["titl", "wind", "loess"]


def test_a_title_of_one_word_keeps_its_capitals(analyzer: Analyzer) -> None:
    assert stems(analyzer, "", "NATO") == ["NATO"]
    assert stems(analyzer, "", "C++") == ["C"]
    assert stems(analyzer, "written in C and in c") == ["written", "C"]


def test_a_sentence_ends_at_a_mark_before_a_blank_at_a_line_break_and_at_the_titles_end(analyzer: Analyzer) -> None:
    found = sentences(analyzer, "Oak, elm. Ash! Yew? Fir; fig: plum\npear 3.5 e.g.nut", "Trees")
    assert found == [["tree"], ["oak", "elm"], ["ash"], ["yew"], ["fir"], ["fig"], ["plum"], ["pear", "3", "5", "nut"]]


def test_places_count_every_word_and_the_title_is_marked(analyzer: Analyzer) -> None:
    found = analyzer.analyse(
        [Document("1", "of the oak. Elm", "Two trees", "en"), Document("2", ""), Document("3", "Ash")]
    )
    assert analyzer.stems(found.tokens) == ["tree", "oak", "elm", "ash"]
    assert found.documents.tolist() == [0, 0, 0, 2]
    assert found.positions.tolist() == [1, 5, 7, 0]  # "two", "tree", break, "of", "the", "oak", break, "elm"
    assert found.in_title.tolist() == [True, False, False, False]
    assert found.lengths.tolist() == [8, 0, 1]
    assert len(set(found.sentences.tolist())) == 4


def test_nothing_is_analysed_into_nothing(analyzer: Analyzer) -> None:
    found = analyzer.analyse([])
    assert len(found.tokens) == len(found.lengths) == 0
    assert analyzer.words("", "en") == [] and analyzer.spans("", "en") == []


def test_a_document_without_a_language_gets_the_likeliest(analyzer: Analyzer) -> None:
    assert analyzer.language(Document("1", "Die Böden und das Meer sind von der Küste bis zum Wald")) == "de"
    assert analyzer.language(Document("1", "Die Böden und das Meer", language="fr")) == "fr"


TEXTS = st.text(st.characters(categories=["L", "N", "P", "Z", "Cc"]), max_size=60)


@given(TEXTS)
def test_spans_are_exact_places_in_the_text_in_order(text: str) -> None:
    analyzer = Analyzer(("en",))
    spans = analyzer.spans(text, "en")
    assert all(0 <= start < end <= len(text) for _, start, end in spans)
    assert all(one[2] <= two[1] for one, two in pairwise(spans))
    assert all(text[start:end] in ".!?;:\n" for number, start, end in spans if number == BREAK)


@given(TEXTS)
def test_spans_say_the_same_stems_as_the_analysis(text: str) -> None:
    analyzer = Analyzer(("en",))
    spoken = [number for number, _, _ in analyzer.spans(text, "en") if number > FUNCTION]
    assert spoken == analyzer.analyse([Document("1", text, language="en")]).tokens.tolist()


def test_a_stem_is_shown_as_the_word_that_the_document_has_for_it_first(analyzer: Analyzer) -> None:
    document = Document("1", "Pictures of a picture, and Bees.", "The Bee", language="en")
    assert analyzer.written(document, ["pictur", "bee"]) == ["Pictures", "Bee"]


def test_a_text_that_grows_when_it_is_made_small_is_left_as_it_is(analyzer: Analyzer) -> None:
    text = "İSTANBUL VE İZMİR"  # the small İ is two characters
    assert [text[start:end] for _, start, end in analyzer.spans(text, "tr")] == ["İSTANBUL", "VE", "İZMİR"]


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_document_is_analysed_alike_in_any_company(texts: list[str]) -> None:
    analyzer = Analyzer(("en", "de"))
    documents = [Document(str(row), text, text[:5]) for row, text in enumerate(texts)]
    together = analyzer.analyse(documents)
    for row, document in enumerate(documents):
        alone = analyzer.analyse([document])
        assert together.tokens[together.documents == row].tolist() == alone.tokens.tolist()
        assert together.positions[together.documents == row].tolist() == alone.positions.tolist()
        assert together.in_title[together.documents == row].tolist() == alone.in_title.tolist()


def test_what_is_remembered_is_bounded_and_changes_nothing() -> None:
    small, large = Analyzer(("en",), memory=10), Analyzer(("en",))
    documents = [Document(str(n), f"oak elm number{n} ash") for n in range(30)]
    for _ in range(2):
        assert small.stems(small.analyse(documents).tokens) == large.stems(large.analyse(documents).tokens)
    small.forget()
    assert small.stems(small.analyse(documents[:1]).tokens) == ["oak", "elm", "number0", "ash"]


def test_threads_give_each_stem_one_number() -> None:
    texts = [" ".join(f"word{(start + n) % 400}ing" for n in range(300)) for start in range(40)]
    analyzer = Analyzer(("en",))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: analyzer.stems(analyzer.words(text, "en")), texts))
    alone = Analyzer(("en",))
    assert found == [alone.stems(alone.words(text, "en")) for text in texts]
    assert len(set(analyzer.lexicon.stems)) == len(analyzer.lexicon) == len(analyzer.lexicon.ids)


def test_a_component_numbers_the_stems_of_its_own_list(analyzer: Analyzer) -> None:
    numbers = TermNumbers(["soil", "oak"], analyzer.lexicon)
    tokens = np.array(analyzer.words("oaks on soils and sand", "en"), dtype=np.int32)
    assert numbers(tokens).tolist() == [1, 0, -1]
    later = np.array(analyzer.words("sand clay oak", "en"), dtype=np.int32)  # read after the first question
    assert numbers(later).tolist() == [-1, -1, 1]
