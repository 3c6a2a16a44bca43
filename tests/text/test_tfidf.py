"""Rows of weighted stems and pairs of stems, against values worked out by hand."""

from __future__ import annotations

from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from tagwright.errors import NotFittedError
from tagwright.text.bigrams import Bigrams
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

DOCUMENTS = [
    Document("1", "oak oak oak elm", language="en"),
    Document("2", "oak ash", "Elm", "en"),
    Document("3", "ash yew. Oak", language="en"),
    Document("4", "", language="en"),
]


@pytest.fixture
def fitted() -> TfIdf:
    return TfIdf(Analyzer(("en",)), title_weight=3.0, min_df=1).fit(DOCUMENTS)


def test_a_row_is_one_plus_log_of_the_count_times_one_plus_log_of_the_rarity_at_length_one(fitted: TfIdf) -> None:
    assert fitted.stems_ == ["ash", "elm", "oak", "yew"]
    assert fitted.idf_ == pytest.approx([1 + log(4 / 2), 1 + log(4 / 2), 1 + log(4 / 3), 1 + log(4)])
    oak, elm = (1 + log(3)) * (1 + log(4 / 3)), 1 * (1 + log(4 / 2))
    length = sqrt(oak**2 + elm**2)
    row = fitted.documents(DOCUMENTS).toarray()[0]
    assert row == pytest.approx([0, elm / length, oak / length, 0], abs=1e-6)


def test_a_word_of_the_title_counts_three_times(fitted: TfIdf) -> None:
    ash, elm, oak = 1 + log(2), (1 + log(3)) * (1 + log(2)), 1 + log(4 / 3)
    length = sqrt(ash**2 + elm**2 + oak**2)
    assert fitted.documents(DOCUMENTS).toarray()[1] == pytest.approx(
        [ash / length, elm / length, oak / length, 0], abs=1e-6
    )


def test_a_document_without_a_known_stem_is_an_empty_row(fitted: TfIdf) -> None:
    rows = fitted.documents([DOCUMENTS[3], Document("5", "willow", language="en")])
    assert rows.shape == (2, 4) and rows.nnz == 0
    assert fitted.documents([]).shape == (0, 4)


def test_short_texts_are_rows_in_their_own_language(fitted: TfIdf) -> None:
    rows = fitted.texts(["Oaks", "the oak", "Ash yew", ""], ["en"] * 4).toarray()
    assert rows[0].tolist() == rows[1].tolist() == [0, 0, 1, 0] and not rows[3].any()
    assert np.linalg.norm(rows[2]) == pytest.approx(1)


def test_rare_stems_are_left_out_once_there_are_documents_enough() -> None:
    many = [Document(str(n), f"oak own{n}", language="en") for n in range(100)]
    assert TfIdf(Analyzer(("en",)), min_df=2).fit(many).stems_ == ["oak"]
    assert len(TfIdf(Analyzer(("en",)), min_df=2).fit(many[:40]).stems_) == 41


def test_columns_do_not_depend_on_what_the_process_has_read_before(fitted: TfIdf) -> None:
    busy = Analyzer(("en",))
    busy.analyse([Document("0", "yew willow oak", language="en")])
    other = TfIdf(busy, min_df=1).fit(DOCUMENTS)
    assert other.stems_ == fitted.stems_
    assert (other.documents(DOCUMENTS) != fitted.documents(DOCUMENTS)).nnz == 0


def test_a_row_is_the_same_in_any_company_and_after_loading(fitted: TfIdf, tmp_path: Path) -> None:
    together = fitted.documents(DOCUMENTS)
    fitted.save(tmp_path)
    loaded = TfIdf(Analyzer(("en",))).load(tmp_path)
    for row, document in enumerate(DOCUMENTS):
        assert (fitted.documents([document]) != together[row]).nnz == 0
    assert loaded.documents(DOCUMENTS).toarray().tobytes() == together.toarray().tobytes()
    assert loaded.width == fitted.width == 4


def test_no_documents_make_an_empty_space() -> None:
    empty = TfIdf(Analyzer(("en",))).fit([])
    assert empty.width == 0 and empty.documents(DOCUMENTS).shape == (4, 0)


def test_work_before_fit_is_refused() -> None:
    for work in (lambda t: t.documents(DOCUMENTS), lambda t: t.texts(["oak"], ["en"]), lambda t: t.width):
        with pytest.raises(NotFittedError):
            work(TfIdf(Analyzer(("en",))))
    with pytest.raises(NotFittedError):
        Bigrams(TfIdf(Analyzer(("en",)))).documents(DOCUMENTS)


def test_pairs_are_neighbours_in_one_sentence_with_function_words_passed_over(fitted: TfIdf, tmp_path: Path) -> None:
    texts = [
        Document("1", "oak and elm. Ash", "Yew oak", "en"),
        Document("2", "the oak of elm", language="en"),
        Document("3", "elm oak", language="en"),
    ]
    pairs = Bigrams(fitted, min_df=2).fit(texts)
    oak, elm = fitted.stems_.index("oak"), fitted.stems_.index("elm")
    assert pairs.keys_.tolist() == [oak << 32 | elm]
    assert pairs.idf_ == pytest.approx([1 + log(3 / 2)])
    assert pairs.documents(texts).toarray().tolist() == [[1], [1], [0]]
    pairs.save(tmp_path)
    assert Bigrams(fitted).load(tmp_path).documents(texts).toarray().tolist() == [[1], [1], [0]]
    all_pairs = Bigrams(fitted, min_df=1).fit(texts)
    title = (1 + log(3)) * (1 + log(3))  # "yew oak" stands in one of three documents, in its title
    text = 1 + log(3 / 2)
    expected = [title / sqrt(title**2 + text**2), text / sqrt(title**2 + text**2)]
    assert sorted(all_pairs.documents(texts).toarray()[0], reverse=True)[:2] == pytest.approx(expected)
    assert Bigrams(fitted).fit([]).documents(texts).shape == (3, 0)
