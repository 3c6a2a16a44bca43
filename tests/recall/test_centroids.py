"""The channel `centroids`: means by hand, in both spaces."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

VOCABULARY = Vocabulary.from_tags([Tag("a", "Apples"), Tag("b", "Bells"), Tag("c", "Clocks")])
TOLD = {
    "one": (0.8, 0.6, 0.0),
    "two": (0.6, 0.8, 0.0),
    "Apples": (0.0, 0.0, 1.0),
    "Bells": (0.0, 1.0, 0.0),
    "Clocks": (1.0, 0.0, 0.0),
}
LEARNED = [Document("1", "one", tags=("a",)), Document("2", "two", tags=("a", "b")), Document("3", "one", tags=())]
QUERY = Document("q", "one", language="en")


def test_a_centroid_is_the_mean_of_the_documents_and_half_the_name(build: Any, rows: Any) -> None:
    channel = build("centroids", VOCABULARY, LEARNED, TOLD, space="meaning", name_weight=0.5)
    apples = np.array([0.8 + 0.6, 0.6 + 0.8, 0.5])
    bells = np.array([0.6, 0.8 + 0.5, 0.0])
    expected = {
        "a": (apples @ [0.8, 0.6, 0]) / np.linalg.norm(apples),
        "b": (bells @ [0.8, 0.6, 0]) / np.linalg.norm(bells),
    }
    table = channel.recall([QUERY], 9)
    assert rows(table, VOCABULARY, "centroids.score")[0] == pytest.approx(expected, abs=5e-4)  # `cosines` rounds
    assert rows(table, VOCABULARY, "centroids.documents")[0] == pytest.approx({"a": log(3), "b": log(2)})


def test_the_name_may_be_left_out(build: Any, rows: Any) -> None:
    channel = build("centroids", VOCABULARY, LEARNED, TOLD, space="meaning", name_weight=0.0)
    score = rows(channel.recall([QUERY], 9), VOCABULARY, "centroids.score")[0]
    assert score == pytest.approx({"a": sqrt(2) * 0.7, "b": 0.96}, abs=5e-4)


def test_in_the_space_of_words_only_the_strongest_stems_are_kept(build: Any, rows: Any) -> None:
    learned = [
        Document("1", "oak oak oak elm", language="en", tags=("a",)),
        Document("2", "fir", language="en", tags=()),
    ]
    whole = build("centroids", VOCABULARY, learned, name_weight=0.0)
    pruned = build("centroids", VOCABULARY, learned, name_weight=0.0, terms=1)
    elm, oak = Document("q", "elm", language="en"), Document("r", "oak", language="en")
    weight = 1 + log(3)  # of oak beside elm, which is as rare
    found = rows(whole.recall([elm, oak], 9), VOCABULARY, "centroids.score")
    assert found[0]["a"] == pytest.approx(1 / sqrt(1 + weight**2)) and found[1]["a"] == pytest.approx(
        weight / sqrt(1 + weight**2)
    )
    assert rows(pruned.recall([elm, oak], 9), VOCABULARY, "centroids.score") == [{}, {"a": 1.0}]


def test_a_tag_without_a_document_has_no_centroid_and_counts_none(build: Any) -> None:
    channel = build("centroids", VOCABULARY, LEARNED, TOLD, space="meaning")
    whole = Candidates.from_pairs(1, np.zeros(3, dtype=int), np.arange(3), {})
    completed = channel.complete([QUERY], whole)
    assert np.isnan(completed.column("centroids.score")).tolist() == [False, False, True]
    assert completed.column("centroids.documents").tolist() == pytest.approx([log(3), log(2), 0])
    assert channel.explain(QUERY, 2) == []


def test_completed_words_that_share_nothing_have_cosine_zero(build: Any) -> None:
    learned = [Document("1", "oak", language="en", tags=("a",)), Document("2", "elm", language="en", tags=("b",))]
    channel = build("centroids", VOCABULARY, learned, name_weight=0.0)
    whole = Candidates.from_pairs(1, np.zeros(2, dtype=int), np.arange(2), {})
    completed = channel.complete([Document("q", "oak", language="en")], whole)
    assert completed.column("centroids.score").tolist() == [1.0, 0.0]


def test_a_reason_lists_the_words_that_weigh_most_in_both(build: Any) -> None:
    text = "oak oak oak elm elm ash"
    learned = [Document("1", text, language="en", tags=("a",)), Document("2", "fir", language="en", tags=())]
    channel = build("centroids", VOCABULARY, learned)
    (reason,) = channel.explain(Document("q", text, language="en"), 0)
    assert (reason.kind, reason.text) == ("shared words", "oak, elm, ash") and reason.start is None
    assert 0.9 < reason.value <= 1
    assert channel.explain(Document("q", "fir", language="en"), 0) == []
    (inflected,) = channel.explain(Document("q", "Of elms", "Oaks", language="en"), 0)
    assert inflected.text == "Oaks, elms", "as the document has them"


def test_a_reason_in_an_encoders_space_is_the_cosine(build: Any) -> None:
    channel = build("centroids", VOCABULARY, LEARNED, TOLD, space="meaning", name_weight=0.0)
    (reason,) = channel.explain(QUERY, 1)
    assert (reason.kind, reason.text) == ("like its documents", "cosine 0.96")
