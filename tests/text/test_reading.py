"""A document as it is quoted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tagwright.text.reading import Sentence
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

DOCUMENT = Document("1", "Oaks grow. An elm, an oak: red oaks!", "The red oak", language="en")


@pytest.fixture
def analyzer() -> Analyzer:
    return Analyzer(("en", "de"))


def said(sentences: list[Sentence]) -> list[str]:
    return [getattr(DOCUMENT, one.field)[one.words[0][1] : one.words[-1][2]] for one in sentences]


def test_the_sentences_that_hold_all_stems_are_found_in_order_the_title_first(analyzer: Analyzer) -> None:
    reading, (oak, red, elm) = analyzer.reading(DOCUMENT), analyzer.words("oak red elm", "en")
    assert said(reading.holding([oak])) == ["The red oak", "Oaks grow", "An elm, an oak", "red oaks"]
    assert said(reading.holding({red, oak})) == ["The red oak", "red oaks"]
    assert reading.holding([red, elm]) == reading.holding([oak, -1]) == reading.holding([]) == []


def test_a_document_is_read_once_until_another_one_is_asked_for(analyzer: Analyzer) -> None:
    first, other = analyzer.reading(DOCUMENT), Document("1", "Die Ulme und der Baum")
    assert analyzer.reading(DOCUMENT) is first and first.language == "en"
    assert analyzer.reading(other).language == "de"
    again = analyzer.reading(DOCUMENT)
    assert again is not first and again.sentences == first.sentences


def test_threads_do_not_get_each_others_documents(analyzer: Analyzer) -> None:
    documents = [Document("1", f"oak {number}", language="en") for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: analyzer.reading(one).document, documents))
    assert all(one is other for one, other in zip(found, documents, strict=True))
